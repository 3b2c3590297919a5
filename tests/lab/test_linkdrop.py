"""The test-only link-drop module against the stock pciehp: it has to look like hardware, or every
other result here is worth nothing. What the kernel does with it is written down along the way."""

import time
import unittest

from lab import config_space as cs
from lab import record
from lab.scenario import Scenario
from lab.topology import Nic, Slot


class LinkDrop(Scenario):
    CARDS = (Slot(1, Nic()),)

    def setUp(self) -> None:
        self.port = self.guest.pci.port(1)
        self.card = self.guest.pci.wait_for_driver(1, "e1000e")
        self.knobs = f"/sys/kernel/debug/linkdrop/{self.port}"
        self.capability = cs.express_capability(self.guest, self.port)
        self.since = self.guest.now_us()
        self.addCleanup(self.put_card_back)

    def put_card_back(self) -> None:
        if not self.guest.pci.service(self.port, "pciehp"):
            self.service("bind")
        if "presence=no" not in self.guest.read(f"{self.knobs}/state"):
            if self.guest.pci.functions(self.port) and self.device_id() == "0x10d3":
                return
            self.turn("gone", "1")
            self.kinds()
        self.turn("back", "0 0")

    def kinds(self) -> list[str]:
        """What has happened since the test began, once nothing more does. Never too early: a change
        that was to come would have begun within this quiet."""
        return [e.kind for e in self.guest.settle(self.since, quiet_ms=1000) if e.kind != "other"]

    def turn(self, knob: str, value: str) -> None:
        self.guest.write(f"{self.knobs}/{knob}", value)

    def raised(self) -> int:
        """How many interrupts the module has sent; the port's own "Command Completed" is none of
        them."""
        return int(self.guest.read(f"{self.knobs}/state").rpartition("raised=")[2])

    def service(self, verb: str) -> None:
        self.guest.write(f"/sys/bus/pci_express/drivers/pciehp/{verb}", f"{self.port}:pcie004")

    def device_id(self) -> str:
        return self.guest.read(f"/sys/bus/pci/devices/{self.card}/device")

    def test_a_dropped_link_is_an_unplug_and_a_plug(self) -> None:
        self.turn("drop", "60")

        self.assertIn(record.LINK_DOWN, self.kinds())
        self.assertEqual(
            [k for k in self.kinds() if k in (record.REMOVE, record.ADD, record.BIND)],
            [record.REMOVE, record.ADD, record.BIND],
        )

    def test_nothing_happens_while_nothing_is_asked(self) -> None:
        self.assertEqual(self.kinds(), [])

    def test_a_gone_card_is_removed_and_one_that_comes_is_added(self) -> None:
        self.turn("gone", "1")
        self.assertIn(record.REMOVE, self.kinds())
        self.assertEqual(self.guest.pci.functions(self.port), [])

        self.turn("back", "10f6 00018086")
        self.guest.pci.wait_for_driver(1, "e1000e")

        self.assertEqual(self.device_id(), "0x10f6")

    def test_a_card_that_comes_differs_where_it_was_told_to_and_nowhere_else(self) -> None:
        before = self.guest.pci.config(self.card)
        self.turn("gone", "1")
        self.kinds()
        self.turn("other", "8 02000042")
        self.turn("other", "144 12345678")
        self.turn("back", "0 0")
        self.guest.pci.wait_for_driver(1, "e1000e")

        after = self.guest.pci.config(self.card)
        self.assertEqual(after[:4], before[:4])
        self.assertEqual(after[8:12].hex(), "42000002")
        self.assertEqual(after[0x144:0x148].hex(), "78563412")
        self.assertEqual(self.guest.read(f"/sys/bus/pci/devices/{self.card}/revision"), "0x42")
        self.turn("gone", "1")
        self.kinds()
        self.turn("back", "0 0")
        self.guest.pci.wait_for_driver(1, "e1000e")
        self.assertEqual(self.guest.pci.config(self.card)[8:12], before[8:12], "it left with it")

    def test_a_card_that_left_while_pciehp_was_unbound_is_removed_by_the_rebind(self) -> None:
        self.service("unbind")
        self.turn("gone", "1")
        self.assertNotIn(record.REMOVE, self.kinds())
        self.assertEqual(self.guest.pci.config(self.card)[:4], b"\xff" * 4)

        self.service("bind")

        self.assertIn(record.REMOVE, self.kinds())

    def test_a_card_that_came_while_pciehp_was_unbound_is_added_by_the_rebind(self) -> None:
        self.turn("gone", "1")
        self.kinds()
        self.service("unbind")
        self.turn("back", "0 0")
        self.assertNotIn(record.ADD, self.kinds())

        self.service("bind")

        self.guest.pci.wait_for_driver(1, "e1000e")

    def test_the_rebind_does_not_notice_another_card(self) -> None:
        # So whoever held pciehp back has to compare identities: the kernel believes that this is
        # the old card.
        self.service("unbind")
        self.turn("gone", "1")
        self.turn("back", "10f6 00018086")
        self.service("bind")

        self.assertNotIn(record.REMOVE, self.kinds())
        self.assertEqual(self.device_id(), "0x10d3")
        self.assertEqual(self.guest.pci.config(self.card)[:4].hex(), "8680f610")

        power = "/sys/bus/pci/slots/1/power"
        self.guest.write(power, "0")
        self.guest.write(power, "1")
        self.assertEqual(self.device_id(), "0x10f6")

    def test_a_change_is_held_back_by_its_enable_bit_and_sent_when_that_is_set_again(self) -> None:
        control = self.capability + cs.SLOT_CONTROL
        before = cs.read_word(self.guest, self.port, control)
        self.assertTrue(before & cs.DLLSCE and before & cs.HPIE, hex(before))
        cs.write_word(self.guest, self.port, control, before & ~cs.DLLSCE)
        raised = self.raised()
        self.turn("drop", "20")
        self.assertNotIn(record.LINK_DOWN, self.kinds())
        self.assertEqual(self.raised(), raised)

        cs.write_word(self.guest, self.port, control, before)

        self.assertIn(record.LINK_DOWN, self.kinds())
        self.assertGreater(self.raised(), raised)
        self.guest.pci.wait_for_driver(1, "e1000e")

    def test_a_change_cleared_while_held_back_is_gone(self) -> None:
        control, status = self.capability + cs.SLOT_CONTROL, self.capability + cs.SLOT_STATUS
        before = cs.read_word(self.guest, self.port, control)
        cs.write_word(self.guest, self.port, control, before & ~cs.DLLSCE)
        self.turn("drop", "20")
        time.sleep(0.5)
        cs.write_word(self.guest, self.port, status, cs.read_word(self.guest, self.port, status))

        cs.write_word(self.guest, self.port, control, before)

        self.assertNotIn(record.LINK_DOWN, self.kinds())

    def test_a_change_held_back_leaks_out_with_any_other_interrupt_of_the_port(self) -> None:
        # pciehp's handler takes every latched bit, enabled or not. A command to the slot is enough,
        # its "Command Completed" being an interrupt; and every write to Slot Control is a command,
        # a setpci included.
        control = self.capability + cs.SLOT_CONTROL
        before = cs.read_word(self.guest, self.port, control)
        cs.write_word(self.guest, self.port, control, before & ~cs.DLLSCE)
        self.turn("drop", "20")
        self.assertNotIn(record.LINK_DOWN, self.kinds())

        self.guest.write("/sys/bus/pci/slots/1/attention", "1")

        self.assertIn(record.LINK_DOWN, self.kinds())
        cs.write_word(self.guest, self.port, control, before)

    def test_the_kernels_slot_reset_is_not_taken_for_an_unplug(self) -> None:
        self.turn("sbr_drop_ms", "60")
        self.guest.write(f"/sys/bus/pci/devices/{self.card}/reset_method", "bus")
        self.guest.write(f"/sys/bus/pci/devices/{self.card}/reset", "1")
        self.turn("sbr_drop_ms", "0")

        self.assertIn(record.RESTORED, self.kinds())
        self.assertNotIn(record.LINK_DOWN, self.kinds())

    def test_a_bus_reset_by_hand_is(self) -> None:
        self.turn("sbr_drop_ms", "60")
        before = cs.read_word(self.guest, self.port, cs.BRIDGE_CONTROL)
        cs.write_word(self.guest, self.port, cs.BRIDGE_CONTROL, before | cs.BUS_RESET)
        cs.write_word(self.guest, self.port, cs.BRIDGE_CONTROL, before)

        self.assertIn(record.LINK_DOWN, self.kinds())
        self.turn("sbr_drop_ms", "0")
        self.guest.pci.wait_for_driver(1, "e1000e")

    def test_unloading_leaves_the_config_space_as_it_was(self) -> None:
        self.guest.run("rmmod", "aer_inject")  # its config operations lie on top of ours
        self.guest.run("rmmod", "linkdrop")
        # Cleanups run from the last to the first, and the one of setUp needs both.
        self.addCleanup(self.guest.run, "modprobe", "aer_inject", "aer_mask_override=1")
        self.addCleanup(self.guest.run, "modprobe", "linkdrop")

        self.assertEqual(self.guest.pci.config(self.card)[:4].hex(), "8680d310")
        log = [e.text for e in self.guest.record(self.since) if "somebody else" in e.text]
        self.assertEqual(log, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
