"""Hot-plug that is held back is not lost: a card that goes, comes, is swapped for another, or comes back
itself while slotd keeps pciehp from the slot is removed, added, replaced or kept afterwards.

A swapped card is another one by any one field of its identity: LAB_FULL=1 goes through all of them in each
situation, else LAB_SEED chooses one for each.
"""

import os
import random
import time
import unittest
from collections.abc import Callable

from lab import config_space, kernel_table, record
from lab.guest_pci import DEVICES
from lab.scenario import Scenario
from lab.topology import Nic, Slot, Switch

SLOW = bool(os.environ.get("LAB_SLOW"))
FULL = bool(os.environ.get("LAB_FULL"))
SEED = int(os.environ.get("LAB_SEED", random.randrange(1_000_000)))
SERIAL = 0x144  # the lower half, in the Device Serial Number capability of QEMU's e1000e
# Four bytes of config space, the bits of them that differ, and the attribute that shows it.
FIELDS = {
    "vendor": (0x00, 0x0000_0001, "vendor"),
    "device": (0x00, 0x0025_0000, "device"),  # 10f6: another 82574 that e1000e drives too
    "class": (0x08, 0x0080_0000, "class"),
    "revision": (0x08, 0x0000_0001, "revision"),
    "subsystem vendor": (0x2C, 0x0000_0001, "subsystem_vendor"),
    "subsystem": (0x2C, 0x0001_0000, "subsystem_device"),
    "serial number": (SERIAL, 0x0000_0001, None),
}
DECODES = 0x6  # memory and bus master, in Command


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
        self.config = self.guest.pci.config(self.function)
        self.addCleanup(self._as_before)

    def _is_as_before(self) -> bool:
        config = self.guest.try_read(f"{DEVICES}/{self.function}/config")
        same = config and all(
            config[at : at + 4] == self.config[at : at + 4] for at, _, _ in FIELDS.values()
        )
        return bool(same) and self._works()

    def _as_before(self) -> None:
        self.guest.slotd.stop()
        if self._is_as_before():
            return
        if self._device() is not None:
            self.guest.write(f"{self.knobs}/gone", "1")
            self.guest.settle(quiet_ms=700)
        self.guest.write(f"{self.knobs}/back", "0 0")
        self.guest.pci.wait_for_driver(self.SLOT, "e1000e")

    def _device(self) -> str | None:
        found = self.guest.try_read(f"/sys/bus/pci/devices/{self.function}/device")
        return found.decode().strip() if found else None

    def _wait(self, condition: Callable[[], bool], what: str, timeout: float = 30.0) -> None:
        """And until slotd is at rest then."""
        deadline = time.monotonic() + timeout
        while not condition() or not self.guest.slotd.at_rest():
            if time.monotonic() > deadline:
                self.fail(f"{what}; slotd said:\n{self.guest.slotd.lines()}")
            time.sleep(0.05)

    def _wait_for(self, device: str | None, timeout: float = 30.0) -> None:
        self._wait(lambda: self._device() == device, f"device is not {device}", timeout)

    def _happened(self, since_us: int) -> list[str]:
        """To the card, by the guest's own uevents."""
        wanted = (record.REMOVE, record.ADD)
        events = self.guest.record(since_us)
        return [e.kind for e in events if e.address == self.function and e.kind in wanted]

    def _swap(self, field: str) -> None:
        """Quicker than slotd samples."""
        offset, differs, _ = FIELDS[field]
        was = int.from_bytes(self.config[offset : offset + 4], "little")
        self.guest.write(f"{self.knobs}/gone", "1")
        self.guest.write(f"{self.knobs}/other", f"{offset:x} {was ^ differs:x}")
        self.guest.write(f"{self.knobs}/back", "0 0")

    def _attribute(self, name: str | None) -> str:
        path = f"{DEVICES}/{self.function}/{name}"
        return self.guest.read(path) if name and self._device() else ""

    def _swapped(self, level: str, error: str | None) -> None:
        mine = random.Random(f"{SEED}{self.id()}")
        for field in FIELDS if FULL else [mine.choice(list(FIELDS))]:
            with self.subTest(field=field, seed=SEED):
                try:
                    self._is_replaced(field, level, error)
                    print(f"{level}, error {error}, another {field}: replaced", flush=True)
                finally:
                    self._as_before()

    def _is_replaced(self, field: str, level: str, error: str | None) -> None:
        attribute = FIELDS[field][2]
        before = self._attribute(attribute)
        self.guest.start_slotd(level, automatic_action=False)
        since = self.guest.now_us()

        if error:
            self.guest.inject_error(self.function, error)
        self._swap(field)

        replaced = [record.REMOVE, record.ADD]
        self._wait(lambda: self._happened(since)[-2:] == replaced, f"another {field}: not replaced")
        self.assertEqual(self._happened(since), replaced, "once")
        if attribute:
            self.assertNotEqual(self._attribute(attribute), before)
        if field != "vendor":  # of that nobody has a driver
            self.guest.pci.wait_for_driver(self.SLOT, "e1000e")
        self.assertEqual(self.guest.slotd.slot(self.port)["phase"], "idle")

    def _occupied(self) -> bool:
        return self.guest.slotd.slot(self.port)["occupied"]

    def _leave_during_recovery(
        self, level: str, error: str = "fatal", timeout: float = 30.0
    ) -> None:
        self.guest.start_slotd(level, automatic_action=False)

        # At once: a card that leaves after the kernel has seen the link up again, and before it has
        # seen the card answer, is waited for for 65 s.
        self.guest.inject_error(self.function, error, drop_port=self.port, drop_for_ms="gone")

        self._wait_for(None, timeout)
        self.assertFalse(self._occupied())

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
        self._swapped("exclusive", error=None)

    def test_exclusive_replaces_a_card_that_was_swapped_during_a_recovery(self) -> None:
        self._swapped("exclusive", error="fatal")

    def test_fence_lets_pciehp_replace_a_card_that_was_swapped_during_a_recovery(self) -> None:
        self._swapped("fence", error="fatal")

    def test_fence_lets_pciehp_remove_a_card_that_left_during_a_non_fatal_recovery(self) -> None:
        # Where nothing is reset nobody waits for the card.
        self._leave_during_recovery("fence", "nonfatal")

    def test_a_flap_that_is_held_back_removes_nothing(self) -> None:
        self.guest.start_slotd("exclusive", automatic_action=False)
        since = self.guest.now_us()

        self.guest.write(f"{self.knobs}/drop", "60")
        self.guest.settle(since, quiet_ms=2000)

        self._wait(lambda: True, "no rest")
        self.assertEqual(self._happened(since), [])
        self.assertTrue(self._works())

    def _works(self) -> bool:
        command = config_space.read_word(self.guest, self.function, config_space.COMMAND)
        return self.guest.pci.driver(self.function) == "e1000e" and command & DECODES == DECODES

    def _same_card_again(self, level: str, error: str | None) -> None:
        """It has lost what was in its registers: either it is enumerated afresh, or slotd says that it
        is not well."""
        self.guest.start_slotd(level, automatic_action=False)
        since = self.guest.now_us()

        if error:
            self.guest.inject_error(self.function, error)
        self.guest.write(f"{self.knobs}/gone", "1")
        self.guest.write(f"{self.knobs}/back", "0 0")
        self.guest.settle(since, quiet_ms=2000)

        self._wait(lambda: True, "no rest")
        slot = self.guest.slotd.slot(self.port)
        works = self._works()
        print(f"{level}, error {error}: {self._happened(since)}, works {works}, {slot['phase']}")
        self.assertEqual(works, slot["phase"] == "idle", slot["reason"])

    def test_the_same_card_again_during_a_recovery_is_enumerated_or_called_ill_at_fence(self) -> None:
        self._same_card_again("fence", "fatal")

    def test_the_same_card_again_during_a_recovery_is_enumerated_or_called_ill(self) -> None:
        self._same_card_again("exclusive", "fatal")

    def test_the_same_card_again_at_rest_is_enumerated_or_called_ill(self) -> None:
        self._same_card_again("exclusive", None)

    def test_fence_lets_pciehp_remove_a_card_that_left_during_a_recovery(self) -> None:
        self._leave_during_recovery("fence")


class HeldBackInNestedSlot(HeldBack):
    """The same with the card in a slot of a switch that is in a slot itself."""

    CARDS = (Slot(2, Switch("switch", (Slot(11, Nic()), Slot(12)))),)
    SLOT, ROOT_SLOT = 11, 2

    @unittest.skipUnless(SLOW, "the kernel waits 2 x 65 s for the card: LAB_SLOW=1 runs it")
    def test_fence_lets_pciehp_remove_a_card_that_left_during_a_recovery(self) -> None:
        # This port cannot say that its link is down, so the kernel's slot reset waits until the card
        # answers, and then its bus reset does the same.
        self._leave_during_recovery("fence", timeout=240)

    @unittest.skipIf(
        not SLOW and kernel_table.says("non-fatal-resets") == "yes",
        "the kernel resets, and waits 2 x 65 s for the card: LAB_SLOW=1 runs it",
    )
    def test_fence_lets_pciehp_remove_a_card_that_left_during_a_non_fatal_recovery(self) -> None:
        self._leave_during_recovery("fence", "nonfatal", timeout=240)


if __name__ == "__main__":
    unittest.main(verbosity=2)
