"""The lab's own tools: commands, files, records, and every kind of card in its slot."""

import time
import unittest

from lab import disk, guest_vfio, record
from lab.agent import GuestError
from lab.guest_pci import DEVICES
from lab.race import RaceSettings, run_one
from lab.scenario import Scenario
from lab.topology import Nic, Nvme, Slot, Switch, TwoFunctions, VirtioDisk, VirtioNet


class Commands(Scenario):
    def test_output_and_exit_code_come_back(self) -> None:
        done = self.guest.run("sh", "-c", "echo out; echo err >&2; exit 3", check=False)

        self.assertEqual((done.out, done.err, done.code), (b"out\n", b"err\n", 3))

    def test_a_command_past_its_time_is_killed_with_all_it_started(self) -> None:
        done = self.guest.run("sh", "-c", "sleep 100 & sleep 100", timeout=0.5, check=False)

        self.assertEqual(done.status, "timeout")
        self.assertEqual(self.guest.shell("pidof sleep || echo none").strip(), "none")

    def test_a_slow_command_does_not_hold_up_another(self) -> None:
        slow = self.guest.begin("sleep", "3")
        quick = self.guest.run("true")

        self.assertLess(quick.ended_us, self.guest.finish(slow).ended_us)

    def test_files_travel_unchanged(self) -> None:
        content = bytes(range(256)) * 8192
        self.guest.write("/tmp/file", content, create=True)

        self.assertEqual(self.guest.try_read("/tmp/file"), content)

    def test_a_missing_file_is_none_and_is_not_made(self) -> None:
        self.assertIsNone(self.guest.try_read("/tmp/missing"))
        with self.assertRaisesRegex(GuestError, "exit 2"):  # ENOENT
            self.guest.write("/tmp/missing", "x")

    def test_background_lines_are_in_the_record(self) -> None:
        since = self.guest.now_us()
        pid = self.guest.spawn("talker", "sh", "-c", "echo one; echo two >&2; sleep 100")
        time.sleep(0.5)
        self.guest.signal(pid, 15)
        time.sleep(0.5)

        said = [e.text for e in self.guest.record(since) if e.source == "talker"]
        self.assertEqual(said, [f"(started, pid {pid})", "one", "two", "(ended, signal 15)"])

    def test_kernel_log_and_uevents_are_on_one_clock(self) -> None:
        before = self.guest.now_us()
        self.guest.shell(
            "echo lab: here >/dev/kmsg; echo change >/sys/devices/virtual/mem/null/uevent"
        )
        after = self.guest.now_us()

        events = self.guest.record(before)
        heard = [
            e
            for e in events
            if e.text == "lab: here" or (e.source == "uevent" and "null" in e.text)
        ]
        self.assertEqual([e.source for e in heard], ["kernel", "uevent"])
        self.assertTrue(all(before <= e.at_us <= after for e in heard))

    def test_nothing_was_lost_and_every_module_was_there(self) -> None:
        events = self.guest.record()

        self.assertEqual(
            [e.text for e in events if e.source == "lost" or "is missing" in e.text], []
        )


class Cards(Scenario):
    @classmethod
    def cards(cls):
        nested = (Slot(11, Nic("nested-nic")), Slot(12))
        return (
            Slot(1, VirtioNet()),
            Slot(2, VirtioDisk(image=disk.image())),
            Slot(3),
            Slot(4, TwoFunctions()),
            Slot(5, Nvme()),
            Slot(6, Switch("switch", nested)),
            Slot(7, VirtioDisk("data", disk.blank())),
        )

    def below(self, slot: int) -> list[str]:
        return self.guest.pci.functions(self.guest.pci.port(slot))

    def test_every_slot_is_found_with_its_functions(self) -> None:
        self.assertEqual(
            [len(self.below(slot)) for slot in (1, 2, 3, 4, 5, 6, 7, 11, 12)],
            [1, 1, 0, 2, 1, 4, 1, 1, 0],
        )

    def test_a_nested_slots_port_lies_below_the_outer_port(self) -> None:
        self.assertIn(self.guest.pci.port(11), self.below(6))

    def test_the_disk_reads_what_was_written(self) -> None:
        name = self.guest.pci.disk(self.guest.pci.function(2))

        self.assertTrue(disk.read_block(self.guest, name, 7).good)

    def test_virtual_functions_come_and_go(self) -> None:
        path = f"/sys/bus/pci/devices/{self.guest.pci.function(5)}/sriov_numvfs"
        self.guest.write(path, "2")
        self.assertEqual(len(self.below(5)), 3)

        self.guest.write(path, "0")
        self.assertEqual(len(self.below(5)), 1)

    def test_a_function_of_a_card_with_two_has_no_bus_reset(self) -> None:
        # Function 0 is listed with one: it was added to the kernel while it was still alone there.
        first, second = self.below(4)
        self.assertIn("bus", self.guest.pci.reset_methods(first))
        self.assertNotIn("bus", self.guest.pci.reset_methods(second))

        for function in (first, second):
            with self.assertRaisesRegex(GuestError, "exit 22"):  # EINVAL
                self.guest.write(f"{DEVICES}/{function}/reset_method", "bus")
            self.guest.write(f"{DEVICES}/{function}/reset_method", "default")
            self.assertNotIn("bus", self.guest.pci.reset_methods(function))

    def test_vfio_resets_a_card_with_two_functions_through_its_slot(self) -> None:
        functions = self.below(4)
        guest_vfio.bind(self.guest, functions)
        self.addCleanup(guest_vfio.release, self.guest, functions)
        since = self.guest.now_us()

        done = guest_vfio.hot_reset(self.guest, functions)

        self.assertEqual(done, guest_vfio.HotReset(tuple(functions), 0, "f41a4110"))
        events = self.guest.settle(since, quiet_ms=1000)
        # The last close of a function resets the card as well, if nobody has reset it since.
        resets = [e.address for e in events if e.kind == record.RESET_BEGINS]
        self.assertIn(self.guest.pci.port(4), resets)
        self.assertNotIn(record.REMOVE, [e.kind for e in events])
        self.doCleanups()
        for function in functions:
            self.assertEqual(self.guest.pci.driver(function), "virtio-pci")
            self.assertEqual(len(self.guest.pci.interfaces(function)), 1)

    def test_vfio_resets_nothing_while_another_function_has_its_own_driver(self) -> None:
        mine, other = self.below(4)
        guest_vfio.bind(self.guest, [mine])
        self.addCleanup(guest_vfio.release, self.guest, [mine])

        done = self.guest.run("lab-vfio", "reset", mine, check=False)

        # The group of two functions that nothing isolates is not viable: it cannot even be opened.
        self.assertNotEqual(done.code, 0, done.text)
        self.assertEqual(self.guest.pci.driver(other), "virtio-pci")

    def test_a_file_system_can_be_made_and_mounted(self) -> None:
        name = self.guest.pci.disk(self.guest.pci.function(7))
        self.guest.run("mke2fs", f"/dev/{name}")
        self.guest.shell("modprobe crc32c_generic || true")  # not in newer kernels
        self.guest.run("modprobe", "ext4")
        self.guest.run("mount", "-t", "ext2", f"/dev/{name}", "/mnt")
        self.addCleanup(self.guest.run, "umount", "/mnt")

        self.guest.write("/mnt/file", "content", create=True)

        self.assertEqual(self.guest.read("/mnt/file"), "content")

    def test_a_nested_card_recovers_alone(self) -> None:
        done = run_one(self.guest, RaceSettings(slot=11), drop_after_ms=None)

        self.assertEqual((done.verdict.recoveries, done.same_device), (1, True))
        begun = {e.address for e in done.events if e.kind == record.BEGIN}
        self.assertIn(self.guest.pci.function(11), begun)


if __name__ == "__main__":
    unittest.main(verbosity=2)
