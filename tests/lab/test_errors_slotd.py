"""Errors with slotd in charge and allowed to act: cards whose drivers have AER callbacks and cards
whose drivers have none, non-fatal and fatal, at levels fence and exclusive.

What happened is taken from the guest's own uevents, kernel log and devices, not from slotd's lines.
"""

# lab: newest kernel too

import time
import unittest

from lab import config_space, disk, gates, kernel_table, record
from lab.guest_slotd import AT_REST
from lab.record import Event
from lab.scenario import Scenario
from lab.topology import Nic, Slot, VirtioDisk, VirtioNet

NET, DISK, NIC = 1, 2, 3  # slots
HARDWARE_ERROR = {"nonfatal": "COMP_TIME", "fatal": "MALF_TLP"}
SEVERITY = {"nonfatal": "Non-Fatal", "fatal": "Fatal"}


class Errors(Scenario):
    WITH_SLOTD = True

    @classmethod
    def cards(cls):
        return (
            Slot(NET, VirtioNet("net")),
            Slot(DISK, VirtioDisk("disk", disk.image())),
            Slot(NIC, Nic("nic")),
        )

    def setUp(self) -> None:
        self.addCleanup(self.guest.slotd.stop)

    def _error(self, slot: int, card: str | None, kind: str) -> list[Event]:
        """One error, by the card itself or (None) by aer_inject; all that happened until slotd and
        the machine came to rest."""
        port = self.guest.pci.port(slot)
        function = self.guest.pci.function(slot)
        config_space.let_report(self.guest, function)
        since = self.guest.now_us()
        if card:
            self.guest.inject_hardware_error(card, HARDWARE_ERROR[kind])
        else:
            self.guest.inject_error(function, kind)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            events = self.guest.settle(since, quiet_ms=700)
            ended = {e.kind for e in events} & {record.SUCCESS, record.FAILED}
            # Asked after the quiet: at first slotd may not have heard of the error yet.
            if ended and self.guest.slotd.slot(port)["phase"] in AT_REST:
                return self.guest.settle(since, quiet_ms=700)
        self.fail(f"no rest after a {kind} error of slot {slot}:\n{self.guest.slotd.lines()}")

    def _assert_reported(self, events: list[Event], kind: str) -> None:
        said = [e.text for e in events if e.kind == record.ERROR]
        self.assertEqual(len(said), 1, said)
        self.assertIn(f"({SEVERITY[kind]})", said[0])

    def _assert_given_up(self, slot: int, card: str, kind: str) -> str:
        """A driver without callbacks: the kernel gives up. After a fatal error, with the link reset by
        then and the function frozen, slotd enumerates the card afresh, once; after a non-fatal one,
        which resets nothing, it finds the card as it was and leaves it in peace."""
        port, function = self.guest.pci.port(slot), self.guest.pci.function(slot)
        driver = self.guest.pci.driver(function)

        events = self._error(slot, card, kind)

        self._assert_reported(events, kind)
        mine = [(e.kind, e.source) for e in events if e.address == function and e.kind != "other"]
        self.assertIn((record.NO_CALLBACK, "kernel"), mine)
        afresh = [record.UNBIND, record.REMOVE, record.ADD, record.BIND]
        self.assertEqual(
            [what for what, source in mine if source == "uevent"],
            [record.FAILED, *(afresh if kind == "fatal" else [])],
        )
        # The kernel's own reset; re-enumeration needs none.
        resets = [e.address for e in events if e.kind == record.RESET_BEGINS]
        self.assertEqual(resets, [port] if kind == "fatal" else [])
        self.assertNotIn(record.LINK_DOWN, [e.kind for e in events])
        self.assertEqual(self.guest.pci.driver(function), driver)
        return function

    def _check_net(self, kind: str) -> None:
        function = self._assert_given_up(NET, "net", kind)

        interfaces = self.guest.pci.interfaces(function)
        self.assertEqual(len(interfaces), 1)
        self.guest.run("ip", "link", "set", interfaces[0], "up")
        self.assertIn("LOWER_UP", self.guest.run("ip", "link", "show", interfaces[0]).text)
        self.guest.run("ip", "link", "set", interfaces[0], "down")

    def _check_disk(self, kind: str) -> None:
        function = self._assert_given_up(DISK, "disk", kind)

        read = disk.read_block(self.guest, self.guest.pci.disk(function), 3)
        self.assertTrue(read.good, read)

    def _check_nic(self, kind: str) -> None:
        """The driver recovers the card with the kernel: slotd verifies and touches nothing."""
        port, function = self.guest.pci.port(NIC), self.guest.pci.function(NIC)
        interfaces = self.guest.pci.interfaces(function)

        events = self._error(NIC, None, kind)

        self._assert_reported(events, kind)
        mine = [e.kind for e in events if e.address == function and e.source == "uevent"]
        self.assertEqual(
            [k for k in mine if k != "other"], [record.BEGIN, record.SUCCESS], "and nothing else"
        )
        resets = [e.address for e in events if e.kind == record.RESET_BEGINS]
        reset = kind == "fatal" or kernel_table.says("non-fatal-resets") == "yes"
        self.assertEqual(resets, [port] if reset else [], "the kernel's, no other")
        self.assertEqual(self.guest.pci.driver(function), "e1000e")
        self.assertEqual(self.guest.pci.interfaces(function), interfaces)

    def _at_level(self, level: str) -> None:
        ports = [self.guest.pci.port(slot) for slot in (NET, DISK, NIC)]
        before = [gates.of_port(self.guest, port) for port in ports]
        self.guest.start_slotd(level, automatic_action=True)
        for check in (self._check_net, self._check_disk, self._check_nic):
            for kind in ("nonfatal", "fatal"):
                with self.subTest(check=check.__name__, kind=kind, level=level):
                    check(kind)
        self.guest.slotd.stop()
        self.assertEqual([gates.of_port(self.guest, port) for port in ports], before)

    def test_every_card_is_well_after_an_error_at_level_fence(self) -> None:
        self._at_level("fence")

    def test_every_card_is_well_after_an_error_at_level_exclusive(self) -> None:
        self._at_level("exclusive")


if __name__ == "__main__":
    unittest.main(verbosity=2)
