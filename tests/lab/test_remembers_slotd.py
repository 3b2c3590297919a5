"""What slotd must still know when it, or slotd-exec, has ended and has come back: that a card is dead, that
nobody knows what an attempt has done, that a card was changed for another.

Each is a boundary of test_crash_ladder_slotd by its name.
"""

import time
import unittest

from lab import disk
from lab.guest_pci import DEVICES
from lab.ladder import CONFIG, QUARANTINED, Cut, GivenUp, Left
from lab.scenario import Scenario
from lab.topology import Nic, Slot, VirtioDisk

DISK, NIC = 1, 2  # slots
RESERVED = "reserving -> draining"
BEFORE = "incident opened"


class Remembers(Scenario):
    WITH_SLOTD = True

    @classmethod
    def cards(cls):
        return (Slot(DISK, VirtioDisk("disk", disk.image())), Slot(NIC, Nic("nic")))

    def setUp(self) -> None:
        self.addCleanup(self.guest.slotd.stop)
        self.ladder = GivenUp(self.guest, DISK, "fence", "virtio-pci")

    def _cut(self, victim: str, text: str) -> Left:
        left = self.ladder.cut_off(Cut(victim, text))
        self.assertIsNotNone(left)
        print(left, flush=True)
        return left

    def test_an_attempt_that_slotd_died_in_is_left_to_an_operator(self) -> None:
        left = self._cut("slotd", RESERVED)

        self.assertEqual(left.mistakes(), [])

    def test_an_attempt_that_slotd_exec_died_in_is_left_to_an_operator(self) -> None:
        left = self._cut("executor", RESERVED)

        self.assertIn(left.survivor, QUARANTINED)

    def test_a_card_that_the_kernel_gave_up_on_while_slotd_was_dead_is_not_called_well(self) -> None:
        left = self._cut("slotd", BEFORE)

        self.assertEqual(left.mistakes(), [])

    def _give_up_without_leave(self) -> None:
        """The kernel gives up, slotd may not act: it says so, and leaves the card to an operator."""
        self.ladder.make_well()
        self.guest.start_slotd("fence", automatic_action=False, extra=CONFIG)
        self.ladder.provoke()
        self.guest.slotd.wait_for_phase(self.ladder.port, "needs-operator")
        self.assertFalse(self.ladder.works())

    def test_a_dead_card_is_still_an_operators_after_a_restart_of_slotd(self) -> None:
        self._give_up_without_leave()

        self.guest.slotd.stop()
        self.guest.start_slotd("fence", automatic_action=False, extra=CONFIG)

        self.assertEqual(self.guest.slotd.slot(self.ladder.port)["phase"], "needs-operator")

    def test_a_dead_card_is_still_an_operators_after_the_death_of_slotd_exec(self) -> None:
        self._give_up_without_leave()
        since = self.guest.now_us()

        self.guest.shell("kill -9 $(pidof slotd-exec)")
        deadline = time.monotonic() + 20
        while not any("started anew" in e.text for e in self.guest.record(since)):
            self.assertLess(time.monotonic(), deadline, self.guest.slotd.lines())
        while not self.guest.slotd.at_rest():
            self.assertLess(time.monotonic(), deadline, self.guest.slotd.lines())

        self.assertEqual(self.guest.slotd.slot(self.ladder.port)["phase"], "needs-operator")

    def _both_die_and_the_card_is(self, *knobs: tuple[str, str]) -> str:
        """At level exclusive, so pciehp is unbound then. Returns the function, slotd started again."""
        port = self.guest.pci.port(NIC)
        function = self.guest.pci.wait_for_driver(NIC, "e1000e")
        pid = self.guest.start_slotd("exclusive", automatic_action=False)
        self.guest.shell(f"kill -9 {pid} $(pidof slotd-exec)")
        for knob, value in knobs:
            self.guest.write(f"/sys/kernel/debug/linkdrop/{port}/{knob}", value)
        self.guest.slotd.pid = None
        self.guest.start_slotd("exclusive", automatic_action=False, timeout=60)
        self.guest.settle()
        self.addCleanup(self._nic_as_before, port)
        return function

    def _nic_as_before(self, port: str) -> None:
        self.guest.slotd.stop()
        if "presence=no" not in self.guest.read(f"/sys/kernel/debug/linkdrop/{port}/state"):
            self.guest.write(f"/sys/kernel/debug/linkdrop/{port}/gone", "1")
            self.guest.settle(quiet_ms=1000)
        self.guest.write(f"/sys/kernel/debug/linkdrop/{port}/back", "0 0")
        self.guest.pci.wait_for_driver(NIC, "e1000e")

    def test_a_card_that_left_while_both_were_dead_is_removed(self) -> None:
        function = self._both_die_and_the_card_is(("gone", "1"))

        self.assertIsNone(self.guest.try_read(f"{DEVICES}/{function}/device"))

    def test_a_card_that_was_swapped_while_both_were_dead_is_replaced(self) -> None:
        function = self._both_die_and_the_card_is(("gone", "1"), ("back", "10f6 00018086"))

        self.assertEqual(self.guest.read(f"{DEVICES}/{function}/device"), "0x10f6")


if __name__ == "__main__":
    unittest.main(verbosity=2)
