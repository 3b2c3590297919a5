"""Manual resets on a real kernel: they wait for the kernel's recovery, and never run together in one
reset domain."""

import time
import unittest

from lab import record
from lab.scenario import Scenario
from lab.soak_check import LINE_LATE_US
from lab.topology import Nic, Slot, Switch


class Requests(Scenario):
    WITH_SLOTD = True

    @classmethod
    def cards(cls):
        return (Slot(1, Nic()), Slot(2, Switch("sw", (Slot(11, Nic("inner")), Slot(12, Nic("other"))))))

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
        """From the first step of the operation on that port to the opening of its gates, by lines, each of
        which follows what it tells of."""
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
                # The same by the kernel's log alone: its own reset, the end of the recovery, ours.
                begun = [
                    e.at_us
                    for e in events
                    if e.kind == record.RESET_BEGINS and e.address == self.one
                ]
                self.assertEqual(len(begun), 2, begun)
                self.assertTrue(begun[0] < success[0] and success[-1] < begun[1], begun)
                self.guest.slotd.stop()

    def _assert_never_together(self, since_us: int, ports: list[str]) -> None:
        """By slotd's records no operation in the switch overlaps the one of the switch; by the guest's
        uevents and bus resets nothing happens to a card in the time of another's operation."""
        spans = {port: self._span(since_us, port) for port in ports}
        outer_begun, outer_ended = spans[self.outer]
        for port in ports[1:]:
            begun, ended = spans[port]
            self.assertTrue(ended <= outer_begun or outer_ended <= begun, f"{port}: {spans}")
        for event in self.guest.record(since_us):
            inner = self.guest.pci.port(11), self.guest.pci.port(12)
            if event.kind == record.RESET_BEGINS and event.address in spans:
                begun, ended = spans[event.address]
                self.assertTrue(begun - LINE_LATE_US <= event.at_us <= ended, f"{event}: {spans}")
            if event.kind in (record.UNBIND, record.REMOVE, record.ADD) and event.address in inner:
                begun, ended = spans[self.outer]
                self.assertTrue(begun - LINE_LATE_US <= event.at_us <= ended, f"{event}: {spans}")

        self._assert_apart_in_the_kernel(since_us)

    def _assert_apart_in_the_kernel(self, since_us: int) -> None:
        """Without a word of slotd's: no bus reset in the switch between the first and the last of what
        re-enumeration of the switch does to the functions below it."""
        events = self.guest.record(since_us)
        below = self.guest.pci.functions(self.outer)
        moved = [
            e.at_us
            for e in events
            if e.address in below
            and e.kind in (record.UNBIND, record.REMOVE, record.ADD, record.BIND)
        ]
        self.assertTrue(moved, "the switch was enumerated afresh")
        for port in below:
            begun = [
                e.at_us for e in events if e.address == port and e.kind == record.RESET_BEGINS
            ]
            ended = [e.at_us for e in events if e.address == port and e.kind == record.RESET_ENDS]
            for first, last in zip(begun, ended, strict=True):
                apart = last < moved[0] or moved[-1] < first
                self.assertTrue(apart, f"{port}: reset {first} to {last}, moved {moved}")

    def _under_way(self, port: str, method: str) -> bytes:
        """Asks, and waits until it has begun."""
        number = self._reset(port, method)
        deadline = time.monotonic() + 30
        while self.guest.slotd.slot(port)["phase"] == "idle":
            self.assertLess(time.monotonic(), deadline, f"{port} stays idle")
            time.sleep(0.01)
        return number

    def test_a_switch_is_reset_after_the_cards_in_its_slots(self) -> None:
        other = self.guest.pci.port(12)
        for level in ("observe", "fence", "exclusive"):
            with self.subTest(level=level):
                self.guest.slotd.stop()
                self.guest.start_slotd(level, automatic_action=False)
                since = self.guest.now_us()

                asked = [self._under_way(port, "slot") for port in (self.inner, other)]
                asked.append(self._reset(self.outer, "reenumerate"))
                answers = [self.guest.finish(number, timeout=90) for number in asked]

                self.assertEqual([a.code for a in answers], [0, 0, 0], [a.text for a in answers])
                self._assert_never_together(since, [self.outer, self.inner, other])
                for slot in (11, 12):
                    self.guest.pci.wait_for_driver(slot, "e1000e")

    def test_a_card_in_a_switch_is_not_reset_while_the_switch_is(self) -> None:
        # Its port goes and comes meanwhile: what was asked for is refused, or done afterwards.
        for level in ("observe", "fence", "exclusive"):
            with self.subTest(level=level):
                self.guest.slotd.stop()
                self.guest.start_slotd(level, automatic_action=False)
                since = self.guest.now_us()

                outer = self._under_way(self.outer, "reenumerate")
                inner = self.guest.finish(self._reset(self.inner, "slot"), timeout=90)
                answer = self.guest.finish(outer, timeout=90)

                self.assertEqual(answer.code, 0, answer.text)
                self.assertIn(inner.code, (0, 3, 6), inner.text + inner.err.decode())
                print(f"{level}: the card's reset, asked for meanwhile: exit {inner.code}")
                ports = [self.outer] + [self.inner] * (inner.code == 0)
                self._assert_never_together(since, ports)
                self.guest.pci.wait_for_driver(11, "e1000e")

    def test_two_resets_of_one_slot_run_one_after_the_other(self) -> None:
        self.guest.start_slotd("fence", automatic_action=False)
        self.guest.pci.wait_for_driver(1, "e1000e")
        since = self.guest.now_us()

        asked = [self._under_way(self.one, "slot"), self._reset(self.one, "reenumerate")]
        answers = [self.guest.finish(number, timeout=90) for number in asked]

        self.assertEqual([a.code for a in answers], [0, 0], [a.text for a in answers])
        steps = [
            e.text.partition(" -> ")[2].split(":")[0]
            for e in self.guest.record(since)
            if e.source == "slotd" and ("-> resetting" in e.text or "-> cooling-down" in e.text)
        ]
        self.assertEqual(steps, ["resetting", "cooling-down"] * 2)
        kinds = [
            e.kind
            for e in self.guest.record(since)
            if e.kind in (record.RESET_BEGINS, record.RESET_ENDS, record.REMOVE, record.ADD)
        ]
        reset, afresh = [record.RESET_BEGINS, record.RESET_ENDS], [record.REMOVE, record.ADD]
        self.assertEqual(kinds, reset + afresh)


if __name__ == "__main__":
    unittest.main(verbosity=2)
