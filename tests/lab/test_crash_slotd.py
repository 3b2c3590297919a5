"""kill -9 of slotd or slotd-exec wherever a gate is closed: afterwards every service is bound and
every register is as it was before.

slotd-exec counts its crash points (one before and one after each thing that it does); a run at
point N kills there. A run is a start, one reset by each step of the ladder that the card can take,
and an end. LAB_CRASH_STRIDE=1 walks through all points, which takes hours; the default takes every
80th from a random first one (LAB_SEED).
"""

import os
import random
import time
import unittest

from lab import gates, record
from lab.scenario import Scenario
from lab.topology import Nic, Slot, TwoFunctions

STRIDE = int(os.environ.get("LAB_CRASH_STRIDE", "80"))
SEED = int(os.environ.get("LAB_SEED", random.randrange(1_000_000)))


class Walk(Scenario):
    """What the cards have in common; it has no test of its own."""

    WITH_SLOTD = True
    DRIVER = ""
    METHODS: tuple[str, ...] = ()

    def setUp(self) -> None:
        self.port = self.guest.pci.port(1)
        self.guest.pci.wait_for_driver(1, self.DRIVER)
        self.functions = self.guest.pci.functions(self.port)
        self.before = self._state()

    def _state(self) -> list[dict]:
        return [
            gates.of_port(self.guest, self.port),
            *(gates.of_function(self.guest, function) for function in self.functions),
        ]

    def _spawn(self, level: str, *more: str) -> int:
        return self.guest.slotd.spawn(level, False, "soak_ms = 0\n", more)

    def _alive(self, pid: int) -> bool:
        return self.guest.signal(pid, 0)

    def _wait(self, condition, what: str, timeout: float = 60.0) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                self.fail(f"{what} did not happen; slotd said:\n{self.guest.slotd.lines()}")
            time.sleep(0.02)

    def _no_executor(self) -> bool:
        return not self.guest.run("pidof", "slotd-exec", check=False).ok

    def _kill_at(self, level: str, victim: str, point: int) -> bool:
        """A start, the resets and an end of slotd, with a death at that point; False: there are not
        so many."""
        since = self.guest.now_us()
        arguments = ("--crash-at", str(point), "--crash-victim", victim)
        pid = self._spawn(level, *(f"--executor-argument={word}" for word in arguments))
        self._wait(lambda: not self._alive(pid) or self.guest.slotd.at_rest(), "rest or death")
        for method in self.METHODS:
            if self._alive(pid):
                self.guest.slotctl(
                    "reset", self.port, "--method", method, "--reason", "crash test", "--wait",
                    check=False, timeout=60,
                )  # fmt: skip
        if self._alive(pid):
            self.guest.signal(pid, 15)
        self._wait(lambda: not self._alive(pid) and self._no_executor(), "the end of both")
        return any(
            e.source == "slotd" and f"crash point {point} " in e.text
            for e in self.guest.record(since)
        )

    def _walk(self, level: str, victim: str) -> None:
        first = random.Random(SEED).randint(1, STRIDE)
        points = 0
        for point in range(first, 100_000, STRIDE):
            reached = self._kill_at(level, victim, point)
            self.assertEqual(self._state(), self.before, f"after {victim} died at point {point}")
            if not reached:
                break
            points += 1
        print(f"{level}: {victim} killed at {points} points (every {STRIDE}th, seed {SEED})")
        self.assertGreater(points, 0)


class CrashWithTwoFunctions(Walk):
    """A reset by VFIO: both functions change their drivers, and back."""

    CARDS = (Slot(1, TwoFunctions()),)
    DRIVER = "virtio-pci"
    METHODS = ("vfio",)

    def test_of_slotd_at_level_fence(self) -> None:
        self._walk("fence", "client")

    def test_of_slotd_exec_and_its_worker_at_level_fence(self) -> None:
        self._walk("fence", "both")


class Crash(Walk):
    CARDS = (Slot(1, Nic()),)
    DRIVER = "e1000e"
    METHODS = ("slot", "reenumerate")

    def test_of_slotd_at_level_fence(self) -> None:
        self._walk("fence", "client")

    def test_of_slotd_at_level_exclusive(self) -> None:
        self._walk("exclusive", "client")

    def test_of_slotd_exec_and_its_worker_at_level_fence(self) -> None:
        self._walk("fence", "both")

    def test_of_slotd_exec_and_its_worker_at_level_exclusive(self) -> None:
        self._walk("exclusive", "both")

    def test_of_a_worker_alone_at_level_fence(self) -> None:
        self._walk("fence", "worker")

    def test_of_slotd_in_a_recovery_leaves_pciehp_unbound_until_its_end(self) -> None:
        # Bound in the middle of it, pciehp can meet it in the kernel's deadlock (KERNEL 5.2-1).
        pid = self._spawn("exclusive")
        self._wait(self.guest.slotd.at_rest, "rest")
        since = self.guest.now_us()

        self.guest.inject_error(self.functions[0])
        self.guest.signal(pid, 9)
        self._wait(lambda: not self._alive(pid) and self._no_executor(), "the end of both")

        events = self.guest.settle(since)
        ended = [e.at_us for e in events if e.kind == record.SUCCESS]
        opened = [e.at_us for e in events if "opening all gates" in e.text]
        bound = [
            e.at_us for e in events if e.kind == "service-bind" and e.text.endswith(":pcie004")
        ]
        self.assertEqual((len(opened), len(bound)), (1, 1))
        self.assertTrue(opened[0] < ended[0] < bound[0], f"{opened} {ended} {bound}")
        self.assertEqual(self._state(), self.before)

    def _kill_both_with_pciehp_unbound(self) -> None:
        pid = self._spawn("exclusive")
        self._wait(self.guest.slotd.at_rest, "rest")
        self.guest.shell(f"kill -9 {pid} $(pidof slotd-exec)")
        self._wait(lambda: not self._alive(pid) and self._no_executor(), "the end of both")
        if not self.guest.slotd.sandboxed:  # there ExecStopPost has opened it
            self.assertIsNone(self.guest.pci.service(self.port, "pciehp"), "the gate is still closed")

    def test_of_both_at_once_is_mended_by_open_gates(self) -> None:
        self._kill_both_with_pciehp_unbound()

        self.guest.run("slotd-exec", "--open-gates")

        self.assertEqual(self._state(), self.before)

    def test_of_both_at_once_is_mended_by_the_next_start(self) -> None:
        self._kill_both_with_pciehp_unbound()

        pid = self._spawn("observe")
        self._wait(self.guest.slotd.at_rest, "rest")

        self.assertEqual(self._state(), self.before)
        self.guest.signal(pid, 15)
        self._wait(lambda: not self._alive(pid) and self._no_executor(), "the end of both")


if __name__ == "__main__":
    unittest.main(verbosity=2)
