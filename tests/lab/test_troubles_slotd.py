"""The machine itself is in trouble: the clock jumps, the kernel is locked down, tracefs, udevd or journald is
not there, slotd is stopped. docs/operations.md, "When the machine itself is in trouble"."""

import json
import time
import unittest

from lab import config_space, disk
from lab.guest import Guest
from lab.scenario import Scenario
from lab.service_scenario import ServiceScenario
from lab.topology import Slot, VirtioDisk
from test_failed_recovery_stock import fail_recovery

YEAR_S = 365 * 24 * 3600
JOURNALD = (
    "systemd-journald.socket",
    "systemd-journald-dev-log.socket",
    "systemd-journald-audit.socket",
    "systemd-journald.service",
)
UDEVD = ("systemd-udevd-control.socket", "systemd-udevd-kernel.socket", "systemd-udevd.service")


def kinds(doctor: dict) -> set[str]:
    return {
        finding["kind"]
        for one in (doctor["machine"], *doctor["slots"])
        for finding in one["findings"]
    }


class Troubles(Scenario):
    WITH_SLOTD = True

    @classmethod
    def cards(cls):
        return (Slot(1, VirtioDisk(image=disk.image())),)

    def setUp(self) -> None:
        self.port = self.guest.pci.port(1)
        self.addCleanup(self.guest.slotd.stop)

    def _doctor(self) -> dict:
        return json.loads(self.guest.slotctl("doctor", "--json", check=False).text)

    def _phase(self) -> str:
        return self.guest.slotd.slot(self.port)["phase"]

    def _recovers(self) -> None:
        function = self.guest.pci.function(1)
        config_space.let_report(self.guest, function)
        since = self.guest.now_us()

        fail_recovery(self.guest)

        deadline = time.monotonic() + 60
        while not any("recovered and verified; its" in e.text for e in self.guest.record(since)):
            self.assertLess(time.monotonic(), deadline, self.guest.slotd.lines())
            time.sleep(0.1)
        self.guest.slotd.wait_for_phase(self.port, "idle", timeout=60)
        function = self.guest.pci.wait_for_driver(1, "virtio-pci")
        self.assertTrue(disk.read_block(self.guest, self.guest.pci.disk(function), 2).good)


class ClockAndTracefs(Troubles):
    def _now_s(self) -> int:
        return int(self.guest.shell("date +%s"))

    def _set_clock(self, seconds: int) -> None:
        self.guest.run("date", "-s", f"@{seconds}")

    def test_a_wall_clock_that_jumps_neither_ends_a_hold_nor_keeps_it(self) -> None:
        self.guest.start_slotd("fence", automatic_action=True)
        true = self._now_s()
        self.addCleanup(lambda: self._set_clock(true))
        self.guest.slotctl("hold", "1", "--for", "1h", "--reason", "the clock jumps")

        self._set_clock(true + 5 * YEAR_S)
        self.guest.shell("sleep 1")
        self.assertEqual(self._phase(), "held", "years forward: one hour has not passed")
        self._set_clock(true - 5 * YEAR_S)
        self.guest.shell("sleep 1")
        self.assertEqual(self._phase(), "held", "years back")
        # What is remembered is read with another wall clock than it was written with.
        self.guest.slotd.stop()
        self._set_clock(true + 10 * YEAR_S)
        self.guest.start_slotd("fence", automatic_action=True)
        self.assertEqual(self._phase(), "held", "after a restart as well")
        self.guest.slotctl("release", "1", "--reason", "test")

        self.guest.slotctl("hold", "1", "--for", "5s", "--reason", "short")
        self._set_clock(true - 10 * YEAR_S)
        self.guest.slotd.wait_for_phase(self.port, "idle", timeout=60)

    def test_a_recovery_takes_no_notice_of_the_wall_clock(self) -> None:
        true = self._now_s()
        self.addCleanup(lambda: self._set_clock(true))
        self.guest.start_slotd("fence", automatic_action=True)
        before = self.guest.slotd.slot(self.port)["budget_left"]
        jumps = self.guest.begin(
            "sh",
            "-c",
            f"for i in 1 2 3 4 5 6 7 8 9 10; do date -s @{true + 5 * YEAR_S}; usleep 100000;"
            f" date -s @{true - 5 * YEAR_S}; usleep 100000; done",
            timeout=60,
        )

        self._recovers()

        self.guest.finish(jumps, timeout=60)
        self._set_clock(true + 5 * YEAR_S)
        self.assertEqual(self.guest.slotd.slot(self.port)["budget_left"], before - 1)

    def test_without_tracefs_it_says_what_is_lost_and_recovers_by_uevents(self) -> None:
        self.guest.run("umount", "/sys/kernel/tracing")
        self.addCleanup(
            lambda: self.guest.run("mount", "-t", "tracefs", "tracefs", "/sys/kernel/tracing")
        )
        self.guest.shell("umount /sys/kernel/debug/tracing 2>/dev/null; true")
        self.guest.start_slotd("fence", automatic_action=True)

        self.assertIn("trace-unheard", kinds(self._doctor()))
        self._recovers()

    def test_stopped_in_a_recovery_it_looks_everywhere_afresh_and_does_nothing_twice(self) -> None:
        """5 s: longer than the deadlines that would pass, and no longer than a test may wait."""
        self.guest.start_slotd("fence", automatic_action=True)
        before = self.guest.slotd.slot(self.port)["budget_left"]
        since = self.guest.now_us()
        self.guest.shell(f"kill -STOP {self.guest.slotd.pid}")
        config_space.let_report(self.guest, self.guest.pci.function(1))
        fail_recovery(self.guest)
        self.guest.shell("sleep 5")
        self.guest.shell(f"kill -CONT {self.guest.slotd.pid}")
        self.guest.slotd.wait_for_phase(self.port, "idle", timeout=60)

        resets = [e for e in self.guest.record(since) if "trying reenumerate" in e.text]
        self.assertEqual(len(resets), 1, self.guest.slotd.lines())
        self.assertEqual(self.guest.slotd.slot(self.port)["budget_left"], before - 1)
        function = self.guest.pci.wait_for_driver(1, "virtio-pci")
        self.assertTrue(disk.read_block(self.guest, self.guest.pci.disk(function), 2).good)


class LockedDown(Troubles):
    @classmethod
    def _boot(cls) -> Guest:
        return Guest(cls.cards(), with_slotd=True, command_line="lockdown=integrity")

    def test_without_config_writes_it_promises_less_and_resets_what_it_is_asked_to(self) -> None:
        self.guest.run("mount", "-t", "securityfs", "securityfs", "/sys/kernel/security", check=False)
        self.assertIn("[integrity]", self.guest.read("/sys/kernel/security/lockdown"))
        registers = f"/sys/bus/pci/devices/{self.port}/config"
        denied = self.guest.run("dd", "if=/dev/zero", f"of={registers}", "bs=1", "count=1", check=False)
        self.assertFalse(denied.ok, "the kernel refuses")
        self.guest.start_slotd("fence", automatic_action=True)

        doctor = self._doctor()

        self.assertEqual(doctor["machine"]["kernel"]["lockdown"], "integrity")
        self.assertIn("lockdown", kinds(doctor))
        self.assertEqual(doctor["slots"][0]["guarantee"]["strength"], "watches only")
        done = self.guest.slotctl(
            "reset", "1", "--method", "reenumerate", "--reason", "test", "--wait",
            timeout=60, check=False,
        )  # fmt: skip
        print(done.text, done.err.decode(), self.guest.slotd.lines())
        self.assertEqual(done.code, 0, self.guest.slotd.lines())
        function = self.guest.pci.wait_for_driver(1, "virtio-pci")
        self.assertTrue(disk.read_block(self.guest, self.guest.pci.disk(function), 2).good)
        self.guest.slotd.wait_for_phase(self.port, "idle", timeout=60)


class ServiceTroubles(ServiceScenario):
    def setUp(self) -> None:
        self.service.ctl("reset-failed", "slotd.service", check=False)
        self.service.ctl("start", "slotd.socket", "slotd.service")
        self.service.wait_for_rest()

    def _reenumerate(self) -> None:
        done = self.guest.slotctl(
            "reset", "1", "--method", "reenumerate", "--reason", "test", "--wait",
            timeout=90, check=False,
        )  # fmt: skip
        self.assertEqual(done.code, 0, done.err)
        self.service.wait_for_rest()

    def test_without_journald_nothing_waits_and_what_was_lost_is_counted_and_said(self) -> None:
        pids = self.service.pid(), self.service.pid("slotd-exec.service")
        self.service.ctl("stop", *JOURNALD)
        self.addCleanup(lambda: self.service.ctl("start", *JOURNALD))

        self._reenumerate()

        self.assertEqual((self.service.pid(), self.service.pid("slotd-exec.service")), pids)
        metrics = self.guest.slotctl("metrics").text
        (dropped,) = [
            line for line in metrics.splitlines() if line.startswith("slotd_journal_dropped_lines")
        ]
        self.assertGreater(float(dropped.split()[-1]), 5)
        self.service.ctl("start", *JOURNALD)
        self._reenumerate()
        self.service.wait_for(
            lambda: "of slotd could not be written here and are lost" in self.service.journal("-u", "slotd.service"),
            "a word about the lost lines",
        )

    def test_without_udevd_it_starts_hears_of_cards_and_brings_them_back(self) -> None:
        self.service.ctl("stop", *UDEVD)
        self.addCleanup(lambda: self.service.ctl("start", *UDEVD))
        self.service.ctl("restart", "slotd")
        self.service.wait_for_rest()

        self._reenumerate()

        function = self.guest.pci.wait_for_driver(1, "virtio-pci")
        self.assertTrue(disk.read_block(self.guest, self.guest.pci.disk(function), 2).good)

    def test_a_state_directory_of_somebody_else_is_taken_back_at_the_next_start(self) -> None:
        self.guest.slotctl("hold", "1", "--for", "1h", "--reason", "to be remembered")
        self.service.ctl("stop", "slotd.socket", "slotd.service")
        self.guest.run("chown", "-R", "root:root", "/var/lib/slotd")

        self.service.ctl("start", "slotd.socket", "slotd.service")
        self.service.wait_for(lambda: self.guest.slotd.slot(self.port)["phase"] == "held", "the hold")

        doctor = json.loads(self.guest.slotctl("doctor", "--json", check=False).text)
        self.assertNotIn("history-unusable", kinds(doctor))
        self.guest.slotctl("release", "1", "--reason", "test")

    def test_the_doctor_says_what_became_of_a_slotd_that_does_not_answer(self) -> None:
        def said() -> str:
            ended = self.guest.slotctl("doctor", check=False)
            self.assertEqual(ended.code, 4, ended.text)
            return ended.err.decode()

        self.service.ctl("stop", "slotd.socket", "slotd.service")
        self.assertIn("slotd.service is not running (", said())
        self.service.ctl("mask", "--runtime", "slotd.service")
        self.addCleanup(lambda: self.service.ctl("unmask", "--runtime", "slotd.service"))
        self.assertIn("slotd.service is masked", said())


if __name__ == "__main__":
    unittest.main(verbosity=2)
