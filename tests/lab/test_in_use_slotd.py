"""A card that is in use is not reset without --force, by nobody, and slotd says who uses it."""

import unittest

from lab import disk, record
from lab.scenario import Scenario
from lab.topology import Nic, Slot, VirtioDisk

DISK, NIC = 1, 2  # slots
IN_USE = 9  # slotctl's exit status
TOUCHED = {record.UNBIND, record.REMOVE, record.ADD, record.RESET_BEGINS}


class InUseBase(Scenario):
    WITH_SLOTD = True

    @classmethod
    def cards(cls):
        return (Slot(DISK, VirtioDisk("data", disk.blank())), Slot(NIC, Nic("nic")))

    def setUp(self) -> None:
        self.addCleanup(self.guest.slotd.stop)

    def _reset(self, slot: int, *more: str) -> tuple[int | None, str, set[str]]:
        """slotctl's exit status, what it said, and the kinds of what happened to the card."""
        since = self.guest.now_us()
        port = self.guest.pci.port(slot)
        done = self.guest.slotctl(
            "reset", port, "--method", "reenumerate", "--reason", "test", "--wait", *more,
            timeout=90, check=False,
        )  # fmt: skip
        events = self.guest.settle(since, quiet_ms=700)
        kinds = {e.kind for e in events} & TOUCHED
        return done.code, done.text + done.err.decode(errors="replace"), kinds

    def _mount(self) -> str:
        """A file system that ends where it began, with the test."""
        name = self.guest.pci.disk(self.guest.pci.function(DISK))
        self.guest.run("mke2fs", f"/dev/{name}")
        self.guest.shell("modprobe crc32c_generic || true; modprobe ext4")
        self.guest.run("mount", "-t", "ext2", f"/dev/{name}", "/mnt")
        self.addCleanup(self.guest.run, "umount", "/mnt", check=False)
        self.guest.write("/mnt/file", "content", create=True)
        return name


class InUse(InUseBase):
    def test_a_mounted_card_is_not_reset_and_the_plan_says_where_it_is_mounted(self) -> None:
        for level in ("observe", "fence", "exclusive"):
            with self.subTest(level=level):
                self.guest.slotd.stop()
                name = self._mount()
                port = self.guest.pci.port(DISK)
                self.guest.start_slotd(level, automatic_action=False)

                plan = self.guest.slotctl("plan", port)
                code, said, touched = self._reset(DISK)

                self.assertIn("/mnt", plan.text)
                self.assertIn(name, plan.text)
                self.assertEqual((code, touched), (IN_USE, set()), said)
                self.assertIn("/mnt", said)
                self.assertEqual(self.guest.read("/mnt/file"), "content")
                self.guest.run("umount", "/mnt")
                code, said, touched = self._reset(DISK)
                self.assertEqual(code, 0, f"not in use any more: {said}")
                self.assertIn(record.ADD, touched)

    def test_force_resets_a_network_card_that_is_up(self) -> None:
        function = self.guest.pci.wait_for_driver(NIC, "e1000e")
        (interface,) = self.guest.pci.interfaces(function)
        self.guest.run("ip", "link", "set", interface, "up")
        self.guest.start_slotd("fence", automatic_action=False)

        code, said, touched = self._reset(NIC)
        self.assertEqual((code, touched), (IN_USE, set()), said)
        self.assertIn(interface, said)
        code, said, touched = self._reset(NIC, "--force")

        self.assertEqual(code, 0, said)
        self.assertIn(record.REMOVE, touched)
        self.assertEqual(len(self.guest.pci.interfaces(function)), 1)


    def test_force_resets_a_mounted_card(self) -> None:
        # Last but one in the order of names; the file system is lost, which is what was asked for.
        self._mount()
        self.guest.start_slotd("fence", automatic_action=False)

        code, said, touched = self._reset(DISK)
        self.assertEqual((code, touched), (IN_USE, set()), said)
        code, said, touched = self._reset(DISK, "--force")
        self.guest.run("umount", "-l", "/mnt")

        self.assertEqual(code, 0, said)
        self.assertLessEqual({record.REMOVE, record.ADD}, touched)
        self.assertEqual(self.guest.pci.driver(self.guest.pci.function(DISK)), "virtio-pci")


class InUseAndDead(InUseBase):
    """The guest is thrown away: a file system on a dead disk cannot even be unmounted."""

    def test_a_mounted_card_is_not_reset_by_slotd_itself(self) -> None:
        self._mount()
        self.guest.start_slotd("fence", automatic_action=True)
        port = self.guest.pci.port(DISK)
        since = self.guest.now_us()

        self.guest.inject_error(self.guest.pci.function(DISK))
        self.guest.settle(since, quiet_ms=2000)
        self.guest.slotd.wait_for_phase(port, "needs-operator")

        kinds = {e.kind for e in self.guest.record(since)}
        self.assertFalse(kinds & {record.UNBIND, record.REMOVE}, kinds)


if __name__ == "__main__":
    unittest.main(verbosity=2)
