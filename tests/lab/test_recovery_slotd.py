"""A card whose driver has no AER callbacks: the kernel gives up, slotd brings it back."""

# lab: newest kernel too

import json
import time
import unittest

from lab import config_space, disk, kernel_table
from lab.machine import Clock
from lab.scenario import Scenario
from lab.topology import Slot, VirtioDisk
from test_failed_recovery_stock import fail_recovery

WITHIN_S = 5.0


class FailedRecoveryBase(Scenario):
    WITH_SLOTD = True
    # Counts instructions: seconds and deadlines are the guest's, however busy the host is.
    CLOCK = Clock(instruction_ns=4, jumps=False)

    @classmethod
    def cards(cls):
        return (Slot(1, VirtioDisk(image=disk.image())),)

    def setUp(self) -> None:
        self.port = self.guest.pci.port(1)
        function = self.guest.pci.function(1)
        config_space.let_report(self.guest, function)
        self.assertTrue(disk.read_block(self.guest, self.guest.pci.disk(function), 1).good)
        self.since = self.guest.now_us()

    def _said(self) -> str:
        events = self.guest.record(self.since)
        return "\n".join(e.text for e in events if e.source == "slotd")


class FailedRecoveryWithSlotd(FailedRecoveryBase):
    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(self.guest.slotd.stop)

    def _good_read(self) -> disk.Read | None:
        """The disk has a new name after re-enumeration; None while there is none that answers."""
        functions = self.guest.pci.functions(self.port)
        name = self.guest.pci.disk(functions[0]) if functions else None
        read = disk.read_block(self.guest, name, 2) if name else None
        return read if read and read.good else None

    def _time_to_good_read(self, since_us: int) -> float:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            # Reading a disk that is still dead would leave a read in flight, and the removal would
            # wait for it for ever: that is the next scenario, not this one.
            if self.guest.slotd.slot(self.port)["phase"] in ("idle", "cooling-down"):
                read = self._good_read()
                if read:
                    return (read.ended_us - since_us) / 1e6
            time.sleep(0.02)
        self.fail(f"no good read; slotd said:\n{self.guest.slotd.lines()}")

    def _recovers(self, level: str) -> None:
        self.guest.start_slotd(level, automatic_action=True)

        failed = fail_recovery(self.guest)
        took = self._time_to_good_read(failed.at_us)

        print(f"{level}: FAILED_RECOVERY to a good read: {took:.2f} s of guest time")
        self.assertLess(took, WITHIN_S)
        self.assertIn("recovered and verified", self._said())
        self.guest.slotd.stop()
        self.assertIsNotNone(self.guest.pci.service(self.port, "pciehp"))
        self.assertIsNotNone(self.guest.pci.service(self.port, "aer"))

    def test_reads_work_again_within_five_seconds_at_level_fence(self) -> None:
        self._recovers("fence")

    def test_reads_work_again_within_five_seconds_at_level_exclusive(self) -> None:
        self._recovers("exclusive")

    def test_without_leave_to_act_it_says_what_it_would_do_and_the_operator_does_it(self) -> None:
        self.guest.start_slotd("fence", automatic_action=False)
        failed = fail_recovery(self.guest)
        self.guest.slotd.wait_for_phase(self.port, "needs-operator")
        self.assertIn("would have tried reenumerate", self._said())

        refused = self.guest.slotctl(
            "reset", "1", "--method", "slot", "--reason", "test", "--wait", check=False
        )
        self.assertEqual(refused.code, 6, refused.text)
        self.guest.slotctl("reset", "1", "--method", "reenumerate", "--reason", "test", "--wait")

        self.assertLess(self._time_to_good_read(failed.at_us), 60)

    def _doctor(self) -> tuple[int, dict, set[str]]:
        answer = self.guest.slotctl("doctor", "1", "--json", check=False)
        told = json.loads(answer.text)
        (slot,) = told["slots"]
        return answer.code, told, {finding["kind"] for finding in slot["findings"]}

    def test_doctor_tells_of_a_driver_without_callbacks_once_the_kernel_has_given_up(self) -> None:
        self.guest.start_slotd("fence", automatic_action=False)

        code, told, before = self._doctor()

        print(self.guest.slotctl("doctor", check=False).text)
        (slot,) = told["slots"]
        self.assertEqual(code, 0, told)
        self.assertIn("not-exclusive", before)
        self.assertNotIn("driver-without-callbacks", before)
        self.assertEqual(slot["guarantee"]["level"], "fence")
        self.assertEqual(slot["guarantee"]["strength"], "best effort")
        self.assertEqual(slot["traits"], {"hotplug": True, "surprise": True, "power_controller": False})
        self.assertEqual(set(slot["services"]) & {"aer", "pciehp"}, {"aer", "pciehp"})
        self.assertEqual((slot["link"]["speed"], slot["link"]["width"]), (2500, 1))
        table = kernel_table.column(self.guest.kernel.name)
        expected = {key.removeprefix("doctor."): {"yes": True, "no": False}[is_so]
                    for key, is_so in table.items() if key.startswith("doctor.")}  # fmt: skip
        kernel = told["machine"]["kernel"]
        self.assertTrue(kernel["release"].startswith(f"{self.guest.kernel.name}."))
        self.assertIn("pcie_ports=native", kernel["parameters"])
        self.assertEqual(
            {name: kernel[name] for name in expected}, expected, "found in /proc/kallsyms and sysfs"
        )

        failed = fail_recovery(self.guest)
        self.guest.slotd.wait_for_phase(self.port, "needs-operator")
        code, told, ill = self._doctor()
        self.assertEqual(code, 2, told)
        self.assertLessEqual({"needs-person", "driver-without-callbacks"}, ill)

        self.guest.slotctl("reset", "1", "--method", "reenumerate", "--reason", "test", "--wait")
        self._time_to_good_read(failed.at_us)
        self.guest.slotd.wait_for_phase(self.port, "idle")
        code, told, well = self._doctor()
        self.assertEqual(code, 1, told)
        self.assertIn("driver-without-callbacks", well)
        self.assertNotIn("needs-person", well)


class StuckRemoval(FailedRecoveryBase):
    """The guest is thrown away."""

    def test_a_call_that_never_returns_is_reported_and_slotd_goes_on(self) -> None:
        # A read in flight on the dead card: the removal waits for it for ever. slotd must not. (Its
        # own deadline, 75 s, is longer than a test should be.) It refuses such a step unless it is
        # told that nothing counts as in use.
        self.guest.start_slotd(
            "observe",
            automatic_action=False,
            extra="in_use = []\n",
            arguments=("--executor-argument=--deadline-max-ms", "--executor-argument=5000"),
        )
        fail_recovery(self.guest)
        name = self.guest.pci.disk(self.guest.pci.function(1))
        self.assertEqual(disk.read_block(self.guest, name, 5, timeout=2).status, "dead")

        ended = self.guest.slotctl(
            "reset", "1", "--method", "reenumerate", "--reason", "test", "--wait",
            timeout=120, check=False,
        )  # fmt: skip

        self.assertEqual(ended.code, 1, ended.text)
        self.assertEqual(self.guest.slotd.slot(self.port)["phase"], "wedged")
        self.assertIn("wedged", self._said())


if __name__ == "__main__":
    unittest.main(verbosity=2)
