"""kill -9 of slotd, or of slotd-exec with its workers, at every boundary of a full ladder: nothing stays
closed, nothing is tried again silently, nothing that was spent is given back.

A boundary is a line of slotd (a phase entered, an incident opened or closed) or a crash point of slotd-exec
(before and after each entry of the gate record, each register, attribute and binding, each message).
LAB_FULL=1 goes to all lines and every LAB_CRASH_STRIDE-th (then 1) crash point, which takes hours; else it is
LAB_BOUNDARIES (1) lines and every 120th point, chosen by LAB_SEED.
"""

import os
import random
import re
import unittest

from lab import disk
from lab.ladder import PHASES, AskedFor, Cut, GivenUp, Ladder
from lab.scenario import Scenario
from lab.topology import Slot, TwoFunctions, VirtioDisk

FULL = bool(os.environ.get("LAB_FULL"))
SAMPLE = int(os.environ.get("LAB_BOUNDARIES", "1"))
SEED = int(os.environ.get("LAB_SEED", random.randrange(1_000_000)))
DISK, PAIR = 1, 2  # slots
VICTIMS = ("slotd", "executor")
STRIDE = int(os.environ.get("LAB_CRASH_STRIDE", "1" if FULL else "120"))


class CrashOnTheLadder(Scenario):
    WITH_SLOTD = True

    @classmethod
    def cards(cls):
        return (Slot(DISK, VirtioDisk("disk", disk.image())), Slot(PAIR, TwoFunctions("pair")))

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        # So VFIO's reset of the pair fails when both functions have been bound to vfio-pci.
        cls.guest.run("rmmod", "vfio_iommu_type1")

    def setUp(self) -> None:
        self.cuts = 0
        self.addCleanup(self.guest.slotd.stop)
        self.addCleanup(self._count)

    def _count(self) -> None:
        print(f"{self.cuts} cuts, seed {SEED}", flush=True)

    def _ladder(self, slot: int, level: str) -> Ladder:
        kind = GivenUp if slot == DISK else AskedFor
        return kind(self.guest, slot, level, "virtio-pci")

    def _boundaries(self, ladder: Ladder) -> range:
        """Walks it to its end. The numbers of its lines, from where the incident begins; LAB_FULL: all."""
        ladder.make_well()
        events, _ = ladder.run(Cut("slotd", 0))
        said = [e.text for e in events if e.source == "slotd"]
        entered = {found[1] for found in (re.search(r"-> (\S+):", text) for text in said) if found}
        self.assertLessEqual(PHASES, entered, "not the whole ladder\n" + "\n".join(said))
        self.assertTrue(ladder.works(), "\n".join(said))
        lines = [text for text in said if re.match(r"<\d>", text)]
        opened = next(i for i, text in enumerate(lines, 1) if "incident opened" in text)
        return range(1 if FULL else opened, len(lines) + 1)

    def _chosen(self, numbers: range) -> list[int]:
        few = random.Random(SEED).sample(numbers, min(SAMPLE, len(numbers)))
        return list(numbers) if FULL else sorted(few)

    def _cut(self, ladder: Ladder, cut: Cut) -> bool:
        """False: there is no such boundary."""
        left = ladder.cut_off(cut)
        if left is None:
            return False
        self.cuts += 1
        print(f"{ladder.level}, slot {ladder.slot}, {left}", flush=True)
        self.assertEqual(left.mistakes(), [], f"seed {SEED}; slotd said:\n{self.guest.slotd.lines()}")
        return True

    def _at_lines(self, slot: int, level: str) -> None:
        ladder = self._ladder(slot, level)
        numbers = self._boundaries(ladder)
        for victim in VICTIMS:
            for nth in self._chosen(numbers):
                with self.subTest(victim=victim, line=nth, level=level):
                    self._cut(ladder, Cut(victim, nth))
        print(f"{level}, slot {slot}: {len(numbers)} lines", flush=True)

    def _at_points(self, slot: int, level: str) -> None:
        ladder = self._ladder(slot, level)
        for victim in VICTIMS:
            for nth in range(random.Random(f"{SEED}{victim}").randint(1, STRIDE), 100_000, STRIDE):
                reached = False  # and after an error it is not gone on from
                with self.subTest(victim=victim, point=nth, level=level):
                    reached = self._cut(ladder, Cut(victim, nth, line=False))
                if not reached:
                    break
        print(f"{level}, slot {slot}: every {STRIDE}th crash point", flush=True)

    def test_of_either_at_the_lines_of_a_recovery_at_level_fence(self) -> None:
        self._at_lines(DISK, "fence")

    def test_of_either_at_the_lines_of_a_recovery_at_level_exclusive(self) -> None:
        self._at_lines(DISK, "exclusive")

    def test_of_either_at_the_lines_of_a_request_at_level_fence(self) -> None:
        self._at_lines(PAIR, "fence")

    def test_of_either_at_the_lines_of_a_request_at_level_exclusive(self) -> None:
        self._at_lines(PAIR, "exclusive")

    def test_of_either_at_the_gates_of_a_recovery_at_level_fence(self) -> None:
        self._at_points(DISK, "fence")

    def test_of_either_at_the_gates_of_a_recovery_at_level_exclusive(self) -> None:
        self._at_points(DISK, "exclusive")

    def test_of_either_at_the_gates_of_a_request_at_level_fence(self) -> None:
        self._at_points(PAIR, "fence")

    def test_of_either_at_the_gates_of_a_request_at_level_exclusive(self) -> None:
        self._at_points(PAIR, "exclusive")


if __name__ == "__main__":
    unittest.main(verbosity=2)
