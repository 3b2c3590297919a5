"""A card whose driver has no AER callbacks, on a stock kernel: the recovery fails, and then nobody
does anything."""

import time
import unittest

from lab import disk, record
from lab.guest import Guest
from lab.scenario import Scenario
from lab.topology import Slot, VirtioDisk

POWER = "/sys/bus/pci/slots/1/power"


def fail_recovery(guest: Guest, timeout: float = 10.0) -> record.Event:
    """A fatal error from the emulated card itself; returns the kernel's word that it has given
    up."""
    since = guest.now_us()
    guest.inject_hardware_error("disk")
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        failed = [e for e in guest.record(since) if e.kind == record.FAILED]
        if failed:
            return failed[0]
        time.sleep(0.05)
    raise AssertionError(f"no FAILED_RECOVERY within {timeout:.0f} s")


class StockFailedRecovery(Scenario):
    ONE_GUEST_PER_TEST = True  # a read that never ends takes its guest with it

    @classmethod
    def cards(cls):
        return (Slot(1, VirtioDisk(image=disk.image())),)

    def setUp(self) -> None:
        self.name = self.guest.pci.disk(self.guest.pci.function(1))
        self.assertTrue(
            disk.read_block(self.guest, self.name, 1).good, "the disk works before the error"
        )

    def test_the_disk_stays_dead(self) -> None:
        fail_recovery(self.guest)

        first = disk.read_block(self.guest, self.name, 2)
        time.sleep(10)
        later = disk.read_block(self.guest, self.name, 3)

        print(f"reads after the failed recovery: {first.status}, 10 s later: {later.status}")
        self.assertFalse(first.good)
        self.assertFalse(later.good)
        self.assertEqual(self.guest.pci.driver(self.guest.pci.function(1)), "virtio-pci")

    def test_slot_power_brings_an_idle_disk_back(self) -> None:
        fail_recovery(self.guest)

        begun = self.guest.now_us()
        self.guest.write(POWER, "0")
        self.guest.write(POWER, "1")
        # The write has returned after the probe: the disk is there or it never will be.
        read = disk.read_block(self.guest, self.guest.pci.disk(self.guest.pci.function(1)), 4)

        print(f"slot power 0, 1 and a good read: {(read.ended_us - begun) / 1000:.0f} ms")
        self.assertTrue(read.good)

    def test_slot_power_never_returns_while_a_read_is_in_flight(self) -> None:
        # Documented, not wished for: the removal waits for the read, the read for the card. Whoever
        # writes to `power` here is stuck for ever, and so is everything that needs the kernel's
        # rescan lock.
        fail_recovery(self.guest)
        self.assertEqual(disk.read_block(self.guest, self.name, 5, timeout=2).status, "dead")

        off = self.guest.run("sh", "-c", f"echo 0 >{POWER}", timeout=10, check=False)
        rescan = self.guest.run("sh", "-c", "echo 1 >/sys/bus/pci/rescan", timeout=5, check=False)

        print(f"slot power off: {off.status}; rescan of the machine after it: {rescan.status}")
        self.assertEqual(off.status, "stuck")
        self.assertEqual(rescan.status, "stuck")

    def test_even_a_card_that_leaves_cannot_be_removed_while_a_read_is_in_flight(self) -> None:
        # Nor does the surprise path help: pciehp's own thread waits for the read and will never
        # look at the slot again.
        fail_recovery(self.guest)
        self.assertEqual(disk.read_block(self.guest, self.name, 6, timeout=2).status, "dead")
        port = self.guest.pci.port(1)
        since = self.guest.now_us()

        self.guest.write(f"/sys/kernel/debug/linkdrop/{port}/gone", "1")
        kinds = [e.kind for e in self.guest.settle(since, quiet_ms=5000)]

        self.assertIn(record.LINK_DOWN, kinds)
        self.assertNotIn(record.REMOVE, kinds)
        self.assertIn(
            "blk_mq_freeze_queue_wait",
            self.guest.shell(
                "for p in /proc/[0-9]*; do grep -q pciehp $p/comm && cat $p/stack; done; true"
            ),
        )


if __name__ == "__main__":
    unittest.main(verbosity=2)
