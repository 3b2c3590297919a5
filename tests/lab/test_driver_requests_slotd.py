"""What drivers and their tools ask for: a DRM driver calls its device wedged (`WEDGED=`), and a firmware tool
needs a hot reset with full link training and no hot-plug teardown (hfi1), `slotctl reset --method slot`."""

import time
import unittest

from lab import config_space, gates, record
from lab.record import Event
from lab.scenario import Scenario
from lab.topology import Nic, Slot

WEDGE = "/sys/kernel/debug/wedge"
LEVELS = ("observe", "fence", "exclusive")
TEARDOWN = {record.UNBIND, record.REMOVE, record.ADD, record.BIND}
PCIEHP = {record.LINK_DOWN, record.LINK_UP, record.CARD_GONE, record.CARD_HERE}


class DriverRequests(Scenario):
    CARDS = (Slot(1, Nic()),)
    WITH_SLOTD = True

    def setUp(self) -> None:
        self.port = self.guest.pci.port(1)
        self.function = self.guest.pci.wait_for_driver(1, "e1000e")
        self.guest.run("modprobe", "wedge")
        self.knobs = f"/sys/kernel/debug/linkdrop/{self.port}"
        self.addCleanup(self.guest.slotd.stop)

    def _of_card(self, events: list[Event]) -> list[str]:
        return [e.kind for e in events if e.address == self.function and e.kind in TEARDOWN]

    def _wedged(self, methods: str) -> list[Event]:
        """The kernel's own uevent, and all that happened until slotd was at rest again."""
        since = self.guest.now_us()
        self.guest.write(WEDGE, f"{self.function} {methods}")
        self.guest.settle(since, quiet_ms=1000)
        deadline = time.monotonic() + 30
        while not self.guest.slotd.at_rest():
            self.assertLess(time.monotonic(), deadline, self.guest.slotd.lines())
        events = self.guest.settle(since, quiet_ms=700)
        said = [e for e in events if e.source == "uevent" and e.fields.get("WEDGED") == methods]
        self.assertEqual([e.fields["SUBSYSTEM"] for e in said], ["drm"])
        self.assertNotIn("SYNTH_UUID", said[0].fields)
        return events

    def _assert_well(self) -> None:
        self.assertEqual(self.guest.pci.driver(self.function), "e1000e")
        (interface,) = self.guest.pci.interfaces(self.function)
        self.guest.run("ip", "link", "set", interface, "up")
        deadline = time.monotonic() + 20
        while "LOWER_UP" not in self.guest.run("ip", "link", "show", interface).text:
            self.assertLess(time.monotonic(), deadline, "no link")
        self.guest.run("ip", "link", "set", interface, "down")

    def test_a_wedged_device_is_enumerated_afresh(self) -> None:
        for level in ("fence", "exclusive"):
            for methods in ("rebind,bus-reset", "bus-reset"):
                with self.subTest(level=level, methods=methods):
                    before = gates.of_port(self.guest, self.port)
                    self.guest.start_slotd(level, automatic_action=True)

                    events = self._wedged(methods)

                    afresh = [record.UNBIND, record.REMOVE, record.ADD, record.BIND]
                    self.assertEqual(self._of_card(events), afresh)
                    self._assert_well()
                    self.guest.slotd.stop()
                    self.assertEqual(gates.of_port(self.guest, self.port), before)

    def test_a_device_that_needs_no_help_or_its_vendors_tool_is_left_alone(self) -> None:
        self.guest.start_slotd("fence", automatic_action=True)

        for methods in ("none", "vendor-specific"):
            self.assertEqual(self._of_card(self._wedged(methods)), [], methods)

    def test_without_leave_to_act_nothing_is_done_about_a_wedged_device(self) -> None:
        self.guest.start_slotd("fence", automatic_action=False)

        self.assertEqual(self._of_card(self._wedged("rebind,bus-reset")), [])
        self.assertEqual(self.guest.slotd.slot(self.port)["phase"], "needs-operator")

    def test_a_tool_gets_a_hot_reset_with_link_training_and_no_teardown(self) -> None:
        # The link drops with each bus reset and is back 60 ms after it: it trains afresh.
        self.guest.write(f"{self.knobs}/sbr_drop_ms", "60")
        self.addCleanup(self.guest.write, f"{self.knobs}/sbr_drop_ms", "0")
        for level in LEVELS:
            with self.subTest(level=level):
                before = self._registers()
                self.guest.start_slotd(level, automatic_action=False)
                since = self.guest.now_us()

                done = self.guest.slotctl(
                    "reset", self.port, "--method", "slot", "--reason", "firmware", "--wait"
                )

                self.assertEqual(done.code, 0, done.text)
                events = self.guest.settle(since, quiet_ms=1000)
                seen = [
                    e.kind
                    for e in events
                    if e.kind in (record.RESET_BEGINS, record.RESET_ENDS, record.RESTORED)
                ]
                self.assertEqual(
                    seen, [record.RESET_BEGINS, record.RESET_ENDS, record.RESTORED]
                )
                self.assertEqual(self._of_card(events), [], "no driver lost its device")
                self.assertEqual({e.kind for e in events} & PCIEHP, set(), "pciehp has seen nothing")
                self.guest.slotd.stop()
                self.assertEqual(self._registers(), before)
                self._assert_well()

    def _registers(self) -> list:
        command = config_space.read_word(self.guest, self.function, config_space.COMMAND)
        return [
            gates.of_port(self.guest, self.port),
            gates.of_function(self.guest, self.function),
            command,
        ]


if __name__ == "__main__":
    unittest.main(verbosity=2)
