"""Hot-plug that is held back is not lost: a card that goes, comes, or is swapped for another while
slotd keeps pciehp from the slot is removed, added or replaced afterwards."""

import os
import time
import unittest

from lab.scenario import Scenario
from lab.topology import Nic, Slot, Switch

SLOW = bool(os.environ.get("LAB_SLOW"))
SWAPPED = "10f6 00018086"  # another 82574 that e1000e drives too, other subsystem


class HeldBack(Scenario):
    CARDS = (Slot(1, Nic()),)
    WITH_SLOTD = True
    SLOT = ROOT_SLOT = 1

    def setUp(self) -> None:
        self.port = self.guest.pci.port(self.SLOT)
        self.root = self.guest.pci.port(self.ROOT_SLOT)
        self.knobs = f"/sys/kernel/debug/linkdrop/{self.port}"
        self.function = self.guest.pci.wait_for_driver(self.SLOT, "e1000e")
        self.guest.write(f"{self.knobs}/answers", "1")
        self.device = self._device()
        self.addCleanup(self._as_before)

    def _as_before(self) -> None:
        self.guest.slotd.stop()
        if self._device() is not None:
            self.guest.write(f"{self.knobs}/gone", "1")
            self.guest.settle(quiet_ms=1000)
        self.guest.write(f"{self.knobs}/back", "0 0")
        self.guest.pci.wait_for_driver(self.SLOT, "e1000e")

    def _device(self) -> str | None:
        found = self.guest.try_read(f"/sys/bus/pci/devices/{self.function}/device")
        return found.decode().strip() if found else None

    def _wait_for(self, device: str | None, timeout: float = 30.0) -> None:
        deadline = time.monotonic() + timeout
        while self._device() != device or not self.guest.slotd.at_rest():
            if time.monotonic() > deadline:
                self.fail(
                    f"device is {self._device()}, expected {device}; slotd said:\n"
                    + self.guest.slotd.lines()
                )
            time.sleep(0.05)

    def _occupied(self) -> bool:
        return self.guest.slotd.slot(self.port)["occupied"]

    def _leave_during_recovery(self, level: str, timeout: float = 30.0) -> None:
        self.guest.start_slotd(level, automatic_action=False)

        # At once: a card that leaves after the kernel has seen the link up again, and before it has
        # seen the card answer, is waited for for 65 s.
        self.guest.inject_error(self.function, drop_port=self.port, drop_for_ms="gone")

        self._wait_for(None, timeout)

    def test_exclusive_removes_a_card_that_left_and_adds_one_that_came(self) -> None:
        self.guest.start_slotd("exclusive", automatic_action=False)

        self.guest.write(f"{self.knobs}/gone", "1")
        self._wait_for(None)
        self.assertFalse(self._occupied())
        self.guest.write(f"{self.knobs}/back", "0 0")
        self._wait_for(self.device)
        self.assertTrue(self._occupied())

        self.assertIsNone(self.guest.pci.service(self.port, "pciehp"), "the token is kept")
        self.assertIsNotNone(self.guest.pci.service(self.root, "aer"))

    def test_exclusive_replaces_a_card_that_was_swapped(self) -> None:
        self.guest.start_slotd("exclusive", automatic_action=False)

        self.guest.write(f"{self.knobs}/gone", "1")
        self.guest.write(f"{self.knobs}/back", SWAPPED)  # quicker than a sample

        self._wait_for("0x10f6")

    def test_exclusive_replaces_a_card_that_was_swapped_during_a_recovery(self) -> None:
        self.guest.start_slotd("exclusive", automatic_action=False)

        self.guest.inject_error(self.function)
        self.guest.write(f"{self.knobs}/gone", "1")
        self.guest.write(f"{self.knobs}/back", SWAPPED)

        self._wait_for("0x10f6")

    def test_fence_lets_pciehp_remove_a_card_that_left_during_a_recovery(self) -> None:
        self._leave_during_recovery("fence")

    def test_fence_lets_pciehp_replace_a_card_that_was_swapped_during_a_recovery(self) -> None:
        self.guest.start_slotd("fence", automatic_action=False)

        self.guest.inject_error(self.function)
        self.guest.write(f"{self.knobs}/gone", "1")
        self.guest.write(f"{self.knobs}/back", SWAPPED)

        self._wait_for("0x10f6")


class HeldBackInNestedSlot(HeldBack):
    """The same with the card in a slot of a switch that is in a slot itself."""

    CARDS = (Slot(2, Switch("switch", (Slot(11, Nic()), Slot(12)))),)
    SLOT, ROOT_SLOT = 11, 2

    @unittest.skipUnless(SLOW, "the kernel waits 2 x 65 s for the card: LAB_SLOW=1 runs it")
    def test_fence_lets_pciehp_remove_a_card_that_left_during_a_recovery(self) -> None:
        # This port cannot say that its link is down, so the kernel's slot reset waits until the card
        # answers, and then its bus reset does the same.
        self._leave_during_recovery("fence", timeout=240)


if __name__ == "__main__":
    unittest.main(verbosity=2)
