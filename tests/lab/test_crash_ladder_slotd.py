"""kill -9 of slotd, or of slotd-exec with its workers, at every boundary of a full ladder: nothing stays
closed, nothing is tried again silently, nothing that was spent is given back.

A boundary is a line of slotd (a phase entered, an incident opened or closed) or a crash point of slotd-exec
(before and after each entry of the gate record, each register, attribute and binding, each message).
LAB_FULL=1 goes to all of them, which takes the better part of an hour; else LAB_BOUNDARIES (2) of each kind,
chosen by LAB_SEED.
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
SAMPLE = int(os.environ.get("LAB_BOUNDARIES", "2"))
SEED = int(os.environ.get("LAB_SEED", random.randrange(1_000_000)))
DISK, PAIR = 1, 2  # slots
VICTIMS = ("slotd", "executor")


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
        self.addCleanup(self.guest.slotd.stop)

    def _ladder(self, slot: int, level: str) -> Ladder:
        kind = GivenUp if slot == DISK else AskedFor
        return kind(self.guest, slot, level, "virtio-pci")

    def _boundaries(self, ladder: Ladder) -> int:
        """Walks it to its end. How many lines it has."""
        ladder.make_well()
        events = ladder.run(Cut("slotd", 0))
        said = [e.text for e in events if e.source == "slotd"]
        entered = {found[1] for found in (re.search(r"-> (\S+):", text) for text in said) if found}
        self.assertLessEqual(PHASES, entered, "not the whole ladder\n" + "\n".join(said))
        self.assertTrue(ladder.works(), "\n".join(said))
        return len([text for text in said if re.match(r"<\d>", text)])

    def _numbers(self, last: int) -> list[int]:
        if FULL:
            return list(range(1, last + 1))
        return sorted(random.Random(SEED).sample(range(1, last + 1), SAMPLE))

    def _cut(self, ladder: Ladder, cut: Cut) -> bool:
        """False: there is no such boundary."""
        left = ladder.cut_off(cut)
        if left is None:
            return False
        print(f"{ladder.level}, slot {ladder.slot}, {left}", flush=True)
        self.assertEqual(left.mistakes(), [], f"seed {SEED}; slotd said:\n{self.guest.slotd.lines()}")
        self.assertFalse(left.forgotten, f"the card is dead and called well (seed {SEED})")
        return True

    def _at_lines(self, slot: int, level: str) -> None:
        ladder = self._ladder(slot, level)
        last = self._boundaries(ladder)
        for victim in VICTIMS:
            for nth in self._numbers(last):
                with self.subTest(victim=victim, line=nth, level=level):
                    self._cut(ladder, Cut(victim, nth))
        print(f"{level}, slot {slot}: {last} lines, seed {SEED}", flush=True)

    def test_of_either_at_the_lines_of_a_recovery_at_level_fence(self) -> None:
        self._at_lines(DISK, "fence")

    def test_of_either_at_the_lines_of_a_recovery_at_level_exclusive(self) -> None:
        self._at_lines(DISK, "exclusive")

    def test_of_either_at_the_lines_of_a_request_at_level_fence(self) -> None:
        self._at_lines(PAIR, "fence")

    def test_of_either_at_the_lines_of_a_request_at_level_exclusive(self) -> None:
        self._at_lines(PAIR, "exclusive")


if __name__ == "__main__":
    unittest.main(verbosity=2)
