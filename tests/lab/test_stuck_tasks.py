"""The kernel's deadlock of AER and pciehp is told from tasks that only wait."""

import unittest

from lab import stuck_tasks

RECOVERS = """= irq/24-aerdrv
[<0>] rwsem_down_write_slowpath+0x28e/0x5d0
[<0>] pciehp_reset_slot+0x5a/0x160
[<0>] pci_reset_hotplug_slot+0x3c/0x70
[<0>] pci_bus_error_reset+0x91/0x110
[<0>] aer_root_reset+0x83/0x1a0
"""
WAITS = """= irq/24-aerdrv
[<0>] msleep+0x29/0x40
[<0>] pci_bridge_wait_for_secondary_bus+0x10/0x20
[<0>] pciehp_reset_slot+0x5a/0x160
"""
ADDS = """= irq/25-pciehp
[<0>] pci_dev_assign_slot+0x25/0x90
[<0>] pci_setup_device+0x1b4/0x770
[<0>] pci_scan_slot+0x59/0x1e0
[<0>] pciehp_configure_device+0x3a/0x140
[<0>] pciehp_ist+0x1a1/0x1c0
"""


class Deadlock(unittest.TestCase):
    def test_takes_both(self) -> None:
        for text, expected in ((RECOVERS + ADDS, True), (RECOVERS, False), (ADDS, False), (WAITS + ADDS, False)):
            with self.subTest(text):
                self.assertEqual(stuck_tasks.of_aer_and_pciehp(text), expected)


if __name__ == "__main__":
    unittest.main(verbosity=2)
