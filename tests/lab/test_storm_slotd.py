"""1,000 errors in 10 s: the budget is honoured, the slot ends in quarantine, the machine answers.

The guest's clock counts instructions, 4 ns each (a very slow core), so ten seconds are ten seconds
whatever else the host does.
"""

import json
import time
import unittest

from lab import gates, record
from lab.guest_slotd import AT_REST
from lab.machine import Clock
from lab.scenario import Scenario
from lab.topology import Nic, Slot, VirtioNet

BUDGET = 5  # attempts within the hour, the default
ANSWER_MAX_MS = 1000.0  # of guest time


class Storm(Scenario):
    CARDS = (Slot(1, VirtioNet("net")), Slot(2, Nic()))
    WITH_SLOTD = True
    CLOCK = Clock(instruction_ns=4, jumps=False)

    def setUp(self) -> None:
        self.port, self.other = self.guest.pci.port(1), self.guest.pci.port(2)
        self.function = self.guest.pci.function(1)
        self.addCleanup(self.guest.slotd.stop)

    def _storm(self, kind: str) -> list[float]:
        """Returns how long the guest took for a program and for an answer of slotd meanwhile."""
        storm = self.guest.begin("lab-storm", self.function, kind, "1000", "10000", timeout=120)
        end = time.monotonic() + 10
        took_ms = []
        while time.monotonic() < end:
            for words in (("true",), ("slotctl", "show", self.port)):
                done = self.guest.run(*words, timeout=60)
                took_ms.append((done.ended_us - done.started_us) / 1000)
        said = json.loads(self.guest.finish(storm, timeout=120).text)
        print(f"{kind}: {said}; slowest answer {max(took_ms):.0f} ms of {len(took_ms)}", flush=True)
        # The card is absent for a part of it if slotd enumerates it afresh.
        self.assertEqual(said["injected"] + said["absent"], 1000)
        self.assertLess(said["took_ms"], 11_000)
        return took_ms

    def _enumerations(self, since_us: int) -> int:
        return sum(
            e.kind == record.ADD and e.address == self.function for e in self.guest.record(since_us)
        )

    def _rest(self, guest_s: float = 90.0) -> str:
        """Waits until slotd waits for nothing at this slot any more; returns the phase. By the guest's
        clock: on a busy host its second may take a quarter of a minute."""
        deadline_us = self.guest.now_us() + guest_s * 1e6
        while (phase := self.guest.slotd.slot(self.port)["phase"]) not in AT_REST:
            now_us = self.guest.now_us()
            self.assertLess(now_us, deadline_us, f"{phase}:\n{self.guest.slotd.lines()}")
            time.sleep(0.1)
        return phase

    def test_a_storm_of_fatal_errors_ends_in_quarantine_and_the_machine_answers(self) -> None:
        before = gates.of_port(self.guest, self.port), gates.of_port(self.guest, self.other)
        self.guest.start_slotd("fence", automatic_action=True)
        since = self.guest.now_us()

        took_ms = self._storm("fatal")

        self.assertLess(max(took_ms), ANSWER_MAX_MS)
        # The kernel has 128 errors queued when the storm is over, and slotd keeps its hands off until
        # it is through with them. Then the card gets one chance after the other, and no more of them.
        phase, more = self._rest(), 0
        print(f"{phase} after {self._enumerations(since)} enumerations by slotd", flush=True)
        while phase != "quarantined" and more <= BUDGET:
            self.guest.inject_error(self.function)
            self.guest.settle(since, quiet_ms=1000)
            phase, more = self._rest(), more + 1
        self.assertEqual(phase, "quarantined")
        print(f"{more} more errors and {self._enumerations(since)} enumerations in all", flush=True)
        self.assertLessEqual(self._enumerations(since), BUDGET)
        done = self.guest.slotctl(
            "reset", self.other, "--method", "slot", "--reason", "test", "--wait"
        )
        self.assertEqual(done.code, 0, "the other slot is not concerned")

        # It stays so: over the next error, and over a restart.
        since = self.guest.now_us()
        self.guest.inject_error(self.function)
        self.guest.settle(since, quiet_ms=2000)
        self.guest.slotd.stop()
        self.guest.start_slotd("fence", automatic_action=True)
        self.assertEqual(self.guest.slotd.slot(self.port)["phase"], "quarantined")
        self.assertEqual(self._enumerations(since), 0)
        self.guest.slotd.stop()
        self.assertEqual(
            (gates.of_port(self.guest, self.port), gates.of_port(self.guest, self.other)), before
        )


if __name__ == "__main__":
    unittest.main(verbosity=2)
