"""Manual resets on a real kernel: they wait for the kernel's recovery, and never run together in one
reset domain."""

import unittest

from lab import record
from lab.scenario import Scenario
from lab.topology import Nic, Slot, Switch


class Requests(Scenario):
    WITH_SLOTD = True

    @classmethod
    def cards(cls):
        return (Slot(1, Nic()), Slot(2, Switch("sw", (Slot(11, Nic(id="inner")), Slot(12)))))

    def setUp(self) -> None:
        self.one = self.guest.pci.port(1)
        self.outer = self.guest.pci.port(2)
        self.inner = self.guest.pci.port(11)
        self.addCleanup(self.guest.slotd.stop)

    def _reset(self, slot: str, method: str) -> bytes:
        return self.guest.begin(
            "slotctl", "reset", slot, "--method", method, "--reason", "test", "--wait", timeout=90
        )

    def _span(self, since_us: int, port: str) -> tuple[int, int]:
        """From the first step of the operation on that port to the opening of its gates."""
        lines = [e for e in self.guest.record(since_us) if e.source == "slotd" and port in e.text]
        begun = [e.at_us for e in lines if "-> resetting" in e.text]
        ended = [e.at_us for e in lines if "incident closed" in e.text]
        self.assertEqual((len(begun), len(ended)), (1, 1), [e.text for e in lines])
        return begun[0], ended[0]

    def test_a_reset_asked_for_during_a_recovery_runs_after_it(self) -> None:
        for level in ("observe", "fence", "exclusive"):
            with self.subTest(level=level):
                self.guest.start_slotd(level, automatic_action=False)
                function = self.guest.pci.wait_for_driver(1, "e1000e")
                since = self.guest.now_us()

                self.guest.inject_error(function)
                asked = self._reset(self.one, "slot")
                answer = self.guest.finish(asked, timeout=90)

                self.assertEqual(answer.code, 0, answer.text)
                events = self.guest.record(since)
                success = [e.at_us for e in events if e.kind == record.SUCCESS]
                resets = [
                    e.at_us for e in events if e.source == "slotd" and "-> resetting" in e.text
                ]
                self.assertEqual(len(resets), 1)
                self.assertLess(success[0], resets[0])
                self.guest.slotd.stop()

    def test_resets_of_a_slot_and_of_its_nested_slot_never_run_together(self) -> None:
        self.guest.start_slotd("observe", automatic_action=False)
        since = self.guest.now_us()

        asked = [self._reset(self.inner, "slot"), self._reset(self.outer, "reenumerate")]
        answers = [self.guest.finish(number, timeout=90) for number in asked]

        self.assertEqual([a.code for a in answers], [0, 0], [a.text for a in answers])
        inner, outer = self._span(since, self.inner), self._span(since, self.outer)
        self.assertLess(inner[1], outer[0], "the inner one was asked for first")

    def test_two_resets_of_one_slot_run_one_after_the_other(self) -> None:
        self.guest.start_slotd("fence", automatic_action=False)
        self.guest.pci.wait_for_driver(1, "e1000e")
        since = self.guest.now_us()

        asked = [self._reset(self.one, "slot"), self._reset(self.one, "reenumerate")]
        answers = [self.guest.finish(number, timeout=90) for number in asked]

        self.assertEqual([a.code for a in answers], [0, 0], [a.text for a in answers])
        steps = [
            e.text.partition(" -> ")[2].split(":")[0]
            for e in self.guest.record(since)
            if e.source == "slotd" and ("-> resetting" in e.text or "-> cooling-down" in e.text)
        ]
        self.assertEqual(steps, ["resetting", "cooling-down"] * 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
