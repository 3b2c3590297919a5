"""slotd as its package installs it on Debian 12: units, sandbox, journal, upgrade and purge."""

import json
import os
import re
import unittest
from pathlib import Path

from lab import config_space, disk, gates, kernel_table, places
from lab.service_scenario import ServiceScenario
from test_failed_recovery_stock import fail_recovery

# What each verb answers whom: 0 done, 5 this user may not (docs/control.md).
# doctor ends with what it has found, where it may look (docs/doctor.md): that is "done" here.
EXAMINES = {"doctor": ("1",)}
READS = {
    "list": (), "show": ("1",), "plan": ("1",), "config": (), "history": (), "metrics": (), "version": ()
}
CHECK = {"check": ()}  # which has exit codes of its own
# Not slotd is asked: who may read the journal may read these.
JOURNAL = {"timeline": ("last",), "replay": ("local", "--config", "/etc/slotd/slotd.toml")}
ACTS = {
    "hold": ("1", "--reason", "test"),
    "release": ("1", "--reason", "test"),
    "reset": ("1", "--method", "reenumerate", "--reason", "test", "--wait"),
    "reload": ("--reason", "test"),
}


DYNAMIC = range(61184, 65520)  # systemd's, for DynamicUser=
APPARMOR = "/sys/kernel/security/apparmor"
PROFILES = ("slotd", "slotd-exec", "slotd-survey")


class Service(ServiceScenario):
    @classmethod
    def before_installing(cls) -> None:
        cls.before = cls._state()

    def setUp(self) -> None:
        # The tests start it more often than a service that falls over may be started.
        self.service.ctl("reset-failed", "slotd.service", "slotd.socket", "slotd-trace.socket", check=False)
        self.service.ctl("start", "slotd.socket", "slotd.service")
        self.service.wait_for_rest()

    @classmethod
    def _state(cls) -> list[dict]:
        return [
            gates.of_port(cls.guest, cls.port),
            *(gates.of_function(cls.guest, one) for one in cls.guest.pci.functions(cls.port)),
        ]

    def _nothing_moved_since(self, since_us: int) -> None:
        events = self.guest.record(since_us)
        moved = [e for e in events if e.source == "uevent" and e.kind != "other"]
        # A service that is bound again is a gate that was opened.
        self.assertEqual([e for e in moved if not e.kind.startswith("service-")], [])

    def test_each_has_the_privileges_that_it_needs_and_no_others(self) -> None:
        def privileges(pid: int) -> tuple[str, str]:
            user = int(self.guest.run("ps", "-o", "uid=", "-p", str(pid)).text)
            # Which names are dynamic, only nss-systemd knows, and a server need not have it.
            names = {int(self.guest.run("id", "-u", "slotd").text): "slotd", 0: "root"}
            return names.get(user, "dynamic" if user in DYNAMIC else str(user)), self.service.capabilities(pid)

        self.assertEqual(privileges(self.service.pid()), ("slotd", "0000000000000000"))
        # SYS_ADMIN (21)
        self.assertEqual(
            privileges(self.service.pid("slotd-exec.service")), ("root", "0000000000200000")
        )
        # DAC_READ_SEARCH (2), SYS_PTRACE (19)
        self.assertEqual(privileges(self.service.survey_pid()), ("dynamic", "0000000000080004"))

    def test_slotd_and_slotd_exec_come_before_other_services_where_they_want_one_processor(self) -> None:
        units = "slotd.service", "slotd-exec.service", "systemd-udevd.service"

        weights = [self.guest.read(f"/sys/fs/cgroup/system.slice/{unit}/cpu.weight") for unit in units]

        # Out of 1 to 10,000; 100 is what everybody has who asks for nothing.
        self.assertEqual(list(map(int, weights)), [10_000, 10_000, 100])

    def _denied(self) -> list[str]:
        """The kernel's words; of what the guest itself does, nothing is confined."""
        said = [e.text for e in self.guest.record() if e.source == "kernel"]
        return [text for text in said if 'apparmor="DENIED"' in text]

    def test_each_is_confined_by_its_profile_and_a_recovery_is_not_in_its_way(self) -> None:
        modes = dict(re.findall(r"^(\S+) \((\w+)\)$", self.guest.read(f"{APPARMOR}/profiles"), re.MULTILINE))
        self.assertEqual({name: modes.get(name) for name in PROFILES}, dict.fromkeys(PROFILES, "enforce"))
        pids = self.service.pid(), self.service.pid("slotd-exec.service"), self.service.survey_pid()

        confined = [self.guest.read(f"/proc/{pid}/attr/current") for pid in pids]

        self.assertEqual(confined, [f"{name} (enforce)" for name in PROFILES])
        self._recover()
        self.assertEqual(self._denied(), [])

    def test_what_no_profile_allows_is_denied(self) -> None:
        """By the profile alone: root without one may do all of it."""
        registers = f"/sys/bus/pci/devices/{self.port}/config"
        denied = {
            "slotd": {"read": ["/etc/shadow"], "write": [registers, "/sys/bus/pci/rescan", "/run/slotd-exec/lock"]},
            "slotd-exec": {"read": ["/etc/shadow", "/proc/1/mem"], "write": ["/proc/sysrq-trigger", "/etc/slotd/slotd.toml"]},
            "slotd-survey": {"read": ["/etc/shadow", "/proc/1/mem"], "write": [registers, "/run/slotd-exec/lock"]},
        }
        before = self._denied()
        for profile, tries in denied.items():
            for how, paths in tries.items():
                with self.subTest(profile=profile, how=how):
                    for one, errno in (("unconfined", 0), (profile, 13)):
                        said = self.guest.run("lab-confined", one, how, *paths).text.split()
                        self.assertEqual(said, [str(errno)] * len(paths), one)
        # The profile lets each do its work: nothing but what was tried here is ever denied.
        self.assertEqual(self.guest.run("lab-confined", "slotd-exec", "write", registers).text.split(), ["0"])
        self.service.wait_for(lambda: len(self._denied()) > len(before), "a word of the kernel's about it")

    def test_a_survey_that_cannot_be_made_is_refused_and_nothing_else_suffers(self) -> None:
        def plan() -> dict:
            return json.loads(self.guest.slotctl("plan", "1", "--json", timeout=60).text)

        before = plan()
        self.assertFalse(before["would_refuse"], before)
        since = self.guest.now_us()
        slotd, executor = self.service.pid(), self.service.pid("slotd-exec.service")

        self.guest.signal(self.service.survey_pid(), 9)
        self.assertEqual(plan(), before, "another one is asked")
        hung = self.service.survey_pid()
        self.guest.signal(hung, 19)
        self.assertIn("slotd-survey has not answered", plan()["text"])
        self.assertEqual(plan(), before, "another one is asked")
        self.guest.signal(hung, 18)
        self.service.wait_for(lambda: not self.guest.signal(hung, 0), "the end of the one that hung")
        self.service.ctl("stop", "slotd-survey.socket", "slotd-survey@*.service")
        refused = self.guest.slotctl(
            *("reset", "1", "--method", "reenumerate", "--reason", "test", "--wait"), timeout=60, check=False
        )

        self.assertIn("cannot tell what is in use: refused: ", refused.text)
        self._nothing_moved_since(since)
        self.service.ctl("start", "slotd-survey.socket")
        self.assertEqual(plan(), before)
        self.assertEqual((self.service.pid(), self.service.pid("slotd-exec.service")), (slotd, executor))

    def test_the_sandbox_scores_what_the_page_says(self) -> None:
        for unit, at_most in (("slotd.service", 1.0), ("slotd-exec.service", 1.0), ("slotd-survey@.service", 1.1), ("slotd-metrics.service", 0.7)):
            told = self.guest.run(
                "systemd-analyze", "security", "--offline=true", f"/lib/systemd/system/{unit}", check=False
            ).text
            score = float(re.search(r"exposure level for \S+: ([\d.]+)", told)[1])
            print(f"{unit}: {score}")
            self.assertLessEqual(score, at_most)
            self.assertIn(f"{score:.1f}", (places.REPOSITORY / "docs" / "operations.md").read_text())

    def test_it_starts_with_the_machine_and_by_its_udev_rule(self) -> None:
        self.assertEqual(self.service.property("slotd.service", "UnitFileState"), "enabled")
        self.service.ctl("stop", "slotd.socket", "slotd.service")

        self.guest.run("udevadm", "trigger", "--subsystem-match=pci_express", "--action=add")

        self.service.wait_for(lambda: self.service.pid() != 0, "a start by udev")
        self.service.ctl("start", "slotd.socket", check=False)
        self.service.wait_for_rest()

    def _recover(self) -> None:
        """A fatal error of the disk, whose driver has no callbacks; slotd brings it back."""
        self.service.configure(automatic_action="true")
        self.addCleanup(self.service.configure)
        self.service.ctl("restart", "slotd")
        self.service.wait_for_rest()
        function = self.guest.pci.function(1)
        config_space.let_report(self.guest, function)
        since = self.service.journal().count("recovered and verified; its")

        fail_recovery(self.guest)

        self.service.wait_for(
            lambda: self.service.journal().count("recovered and verified; its") > since, "the recovery", 90
        )
        self.service.wait_for_rest()

    def test_what_the_kernel_gave_up_on_is_recovered_and_the_journal_tells_the_story(self) -> None:
        self._recover()

        name = self.guest.pci.disk(self.guest.pci.function(1))
        self.assertTrue(disk.read_block(self.guest, name, 3).good)
        closed = [
            json.loads(line)
            for line in self.guest.run("journalctl", "-b", "-u", "slotd", "-o", "json").text.splitlines()
            if "recovered and verified" in line
        ][-1]
        story = self.service.journal("-x", f"SLOTD_INCIDENT={closed['SLOTD_INCIDENT']}")
        self.assertIn("recovered and verified", story)
        self.assertIn("Subject: An incident has ended at slot ", story)  # of the catalog
        self.assertIn("soaking -> cooling-down", story)
        self._the_incident_can_be_drawn(closed["SLOTD_INCIDENT"])
        self._the_history_can_be_played()

    def _the_incident_can_be_drawn(self, incident: str) -> None:
        text = self.guest.slotctl("timeline", incident[:12]).text
        self.assertLessEqual(max(map(len, text.splitlines())), 80, text)
        head, said = text.split("What slotd said:")
        self.assertIn(incident, head)
        for lane in ("AER", "pciehp", "slotd", "owner"):
            self.assertIn(lane, head)
        for word in ("FAILED", "removed", "driver off", "driver on", "power off", "incident closed"):
            self.assertIn(word, head, text)
        self.assertIn("recovered and verified", said)
        page = self.guest.slotctl("timeline", "last", "--html", "-").text
        self.assertTrue(page.startswith("<!DOCTYPE html>"), page[:200])
        self.assertIn("</svg>", page)
        told = json.loads(self.guest.slotctl("timeline", "last", "--json").text)
        self.assertEqual(told["notes"], [])
        if folder := os.environ.get("LAB_PICTURES"):  # to look at
            (Path(folder) / "incident.html").write_text(page)
            (Path(folder) / "incident.txt").write_text(text)
            journal = self.guest.run("journalctl", "-b", "-u", "slotd", "-o", "export", "--all").text
            (Path(folder) / "incident.export").write_text(journal)

    def _the_history_can_be_played(self) -> None:
        self.guest.run("mkdir", "-p", "/run/replay")
        for name, action in (("same", "true"), ("other", "false")):
            text = f"[coordinator]\nautomatic_action = {action}\n"
            self.guest.write(f"/run/replay/{name}.toml", text, create=True)
        played = {
            name: json.loads(
                self.guest.slotctl("replay", "local", "--config", f"/run/replay/{name}.toml", "--json").text
            )["incidents"][-1]
            for name in ("same", "other")
        }

        self.assertTrue(played["same"]["same"], played["same"])
        self.assertIn("recovered and verified", played["same"]["would"]["end"])
        self.assertFalse(played["other"]["same"], played["other"])
        self.assertEqual(played["other"]["would"]["steps"], [])
        self.assertIn("automatic_action is off", " ".join(played["other"]["would"]["refusals"]))

    def test_metrics_have_the_incident_and_its_timer_writes_them_while_slotd_runs(self) -> None:
        folder = "/var/lib/prometheus/node-exporter"
        file = f"{folder}/slotd.prom"
        counted = 'slotd_incidents_total{cause="fatal-error",outcome="recovered"} 1\n'
        self.guest.run("mkdir", "-p", folder)  # as prometheus-node-exporter has it, root's
        self._recover()

        told = self.guest.slotctl("metrics").text

        self.assertIn(counted, told)
        self.assertIn('slotd_incident_recovery_seconds_count{cause="fatal-error"} 1\n', told)
        self.assertIn('slotd_attempts_total{step="reenumerate",by="slotd",outcome="succeeded"} 1\n', told)
        self.assertRegex(told, r'slotd_gate_closed_seconds_total\{port="[^"]+",slot="1",gate="fence"\} \d')
        self.assertRegex(told, r'slotd_slot_budget_left\{port="[^"]+",slot="1"\} [0-4]\n')
        self.assertTrue(told.endswith("# EOF\n"))

        self.service.ctl("enable", "--now", "slotd-metrics.timer")
        self.addCleanup(self.service.ctl, "disable", "--now", "slotd-metrics.timer")
        self.service.wait_for(lambda: counted in self.guest.shell(f"cat {file} 2>/dev/null; true"), file)
        self.assertEqual(self.guest.run("stat", "-c", "%U %a", file).text.strip(), "root 644")
        self.service.ctl("restart", "slotd")
        self.service.wait_for_rest()
        self.assertEqual(self.service.property("slotd-metrics.timer", "ActiveState"), "active")

        self.service.ctl("stop", "slotd.socket", "slotd")
        self.service.ctl("start", "slotd.socket")
        self.assertEqual(self.service.property("slotd-metrics.timer", "ActiveState"), "inactive")
        self.assertNotEqual(self.service.ctl("start", "slotd-metrics.service", check=False).code, 0)
        self.assertEqual(self.service.property("slotd.service", "ActiveState"), "inactive")

    def test_a_stop_opens_every_gate_and_moves_nothing(self) -> None:
        self.service.configure(level='"exclusive"')
        self.addCleanup(self.service.configure)
        self.service.ctl("restart", "slotd")
        self.service.wait_for_rest()
        self.assertIsNone(self.guest.pci.service(self.port, "pciehp"))
        functions = self.guest.pci.functions(self.port)
        since = self.guest.now_us()

        self.service.ctl("stop", "slotd.socket", "slotd")

        self.assertIsNotNone(self.guest.pci.service(self.port, "pciehp"))
        self.assertEqual(self.guest.pci.functions(self.port), functions)
        self._nothing_moved_since(since)
        # What slotd-exec has bound again is no reason to start slotd again.
        self.guest.run("udevadm", "settle")
        self.assertEqual(self.service.property("slotd.service", "ActiveState"), "inactive")

    def test_a_reload_loses_no_incident_hold_or_budget(self) -> None:
        # The soak keeps the incident open while the configuration changes.
        self.service.configure(automatic_action="true", soak_ms="15000")
        self.addCleanup(self._back_to_defaults)
        self.service.ctl("reload", "slotd")
        pid = self.service.pid()
        left = self.guest.slotd.slot(self.port)["budget_left"]
        config_space.let_report(self.guest, self.guest.pci.function(1))
        fail_recovery(self.guest)
        self.guest.slotd.wait_for_phase(self.port, "soaking", 90)
        before = self.guest.slotd.slot(self.port)

        self.service.configure(automatic_action="true", soak_ms="15000", level='"exclusive"')
        self.service.ctl("reload", "slotd")

        after = self.guest.slotd.slot(self.port)
        self.assertNotEqual(before["incident"], 0)
        self.assertEqual(after, before)  # its level included: it waits for the end
        self.assertEqual(after["budget_left"], left - 1)
        self.service.wait_for(
            lambda: self.guest.slotd.slot(self.port)["level"] == "exclusive", "the level", 60
        )
        self.service.wait_for_rest()
        self.assertIsNone(self.guest.pci.service(self.port, "pciehp"))
        story = self.service.journal(f"SLOTD_INCIDENT={before['incident']:016x}")
        self.assertRegex(story, "incident closed after .*: recovered and verified")

        self.guest.slotctl("hold", "1", "--reason", "test")
        self.addCleanup(self.guest.slotctl, "release", "1", "--reason", "test")
        self.service.wait_for_rest()
        self.service.configure(level='"fence"')
        self.service.ctl("reload", "slotd")

        held = self.guest.slotd.slot(self.port)
        self.assertEqual((held["phase"], held["level"]), ("held", "fence"))
        self.assertEqual(held["budget_left"], left - 1)
        self.assertEqual(self.service.pid(), pid)
        self.assertEqual(self.service.property("slotd.service", "ActiveState"), "active")

    def test_a_reload_of_a_wrong_file_fails_and_changes_nothing(self) -> None:
        self.addCleanup(self._back_to_defaults)
        pid = self.service.pid()
        before = self.guest.slotctl("config").text
        self.service.configure(level='"exclusiv"', steps="5")

        ended = self.service.ctl("reload", "slotd", check=False)

        self.assertNotEqual(ended.code, 0)
        self.assertEqual(self.service.property("slotd.service", "ActiveState"), "active")
        self.assertEqual(self.service.pid(), pid)
        self.assertEqual(self.guest.slotctl("config").text, before)
        for place in ("50-test.toml:2: coordinator.level", "50-test.toml:3: coordinator.steps"):
            self.assertIn(place, self.service.journal())
        self.assertIn("nothing has changed", self.service.journal())

    def _back_to_defaults(self) -> None:
        self.service.configure()
        self.service.ctl("reload", "slotd")
        self.service.wait_for_rest()

    def test_a_restart_moves_nothing(self) -> None:
        pid = self.service.pid()
        since = self.guest.now_us()

        self.service.ctl("restart", "slotd")

        self.service.wait_for_rest()
        self.assertNotEqual(self.service.pid(), pid)
        self._nothing_moved_since(since)

    def test_whoever_of_the_two_is_killed_is_back_and_no_gate_stays_closed(self) -> None:
        for unit in ("slotd.service", "slotd-exec.service"):
            pid = self.service.pid(unit)

            self.guest.signal(pid, 9)

            self.service.wait_for(lambda: self.service.pid(unit) not in (0, pid), f"another {unit}")
            self.service.wait_for_rest()
            self.assertEqual(
                self.guest.run("slotd-exec", "--open-gates", check=False).code, 4, "in use, by the service"
            )

    def test_a_slotd_that_hangs_is_replaced_by_the_watchdog(self) -> None:
        folder = "/run/systemd/system/slotd.service.d"
        self.guest.run("mkdir", "-p", folder)
        self.guest.write(f"{folder}/watchdog.conf", "[Service]\nWatchdogSec=3s\n", create=True)
        self.service.ctl("daemon-reload")
        self.service.ctl("restart", "slotd")
        self.service.wait_for_rest()
        pid = self.service.pid()

        self.guest.signal(pid, 19)

        self.service.wait_for(lambda: self.service.pid() not in (0, pid), "another slotd")
        self.service.wait_for_rest()
        self.assertIn("Watchdog timeout", self.service.journal())

    def test_each_user_may_do_what_the_table_says(self) -> None:
        for name, group in (
            ("plain", None), ("reader", "slotd"), ("admin", "slotd-admin"), ("logs", "systemd-journal")
        ):
            self.guest.run("useradd", name, *(("-G", group) if group else ()), check=False)
        expected = {
            "plain": dict.fromkeys([*READS, *EXAMINES, *ACTS, *JOURNAL], 5) | {"check": 3},
            "reader": dict.fromkeys([*READS, *EXAMINES], 0) | dict.fromkeys([*ACTS, *JOURNAL], 5) | {"check": 0},
            "admin": dict.fromkeys([*READS, *EXAMINES, *ACTS], 0) | dict.fromkeys(JOURNAL, 5) | {"check": 0},
            "logs": dict.fromkeys([*READS, *EXAMINES, *ACTS], 5) | dict.fromkeys(JOURNAL, 0) | {"check": 3},
        }

        def code(name: str, verb: str, words: tuple[str, ...]) -> int:
            ended = self.guest.run(
                "runuser", "-u", name, "--", "slotctl", verb, *words, timeout=90, check=False
            ).code
            return 0 if verb in EXAMINES and ended <= 2 else ended

        verbs = (READS | EXAMINES | ACTS | CHECK | JOURNAL).items()
        found = {name: {verb: code(name, verb, words) for verb, words in verbs} for name in expected}

        self.assertEqual(found, expected)

    def test_doctor_says_the_same_to_a_reader_as_to_root(self) -> None:
        self.guest.run("useradd", "reader", "-G", "slotd", check=False)

        told = {
            user: json.loads(
                self.guest.run("runuser", "-u", user, "--", "slotctl", "doctor", "--json", check=False).text
            )
            for user in ("reader", "root")
        }

        self.assertEqual(told["reader"], told["root"])
        machine = told["reader"]["machine"]
        self.assertIsNone(machine["trace_problem"])
        self.assertIsNone(machine["history_problem"])
        self.assertEqual(machine["kernel"]["lockdown"], "none")
        traced = kernel_table.says("doctor.has_hotplug_trace") == "yes"
        self.assertEqual(machine["kernel"]["has_hotplug_trace"], traced)
        print(self.guest.run("runuser", "-u", "reader", "--", "slotctl", "doctor", check=False).text)

    def test_programs_are_asked_through_their_socket(self) -> None:
        program = "/etc/slotd/hooks.d/50-no"
        self.guest.run("mkdir", "-p", "/etc/slotd/hooks.d")
        self.guest.write(program, "#!/bin/sh\necho not tonight >&2\nexit 1\n", create=True, mode="0755")
        self.addCleanup(self.guest.run, "rm", "-f", program)
        self.service.ctl("start", "slotd-hooks.socket")
        self.addCleanup(self.service.ctl, "stop", "slotd-hooks.socket")

        answer = self.guest.slotctl(
            *("reset", "1", "--method", "reenumerate", "--reason", "test", "--wait"), timeout=60, check=False
        )

        self.assertEqual(answer.code, 6, answer.text)
        self.assertIn("hook programs: 50-no: not tonight", answer.text)

    def test_a_crowd_holds_up_no_incident_and_takes_no_memory(self) -> None:
        self.service.configure(automatic_action="true")
        self.addCleanup(self.service.configure)
        self.service.ctl("restart", "slotd")
        self.service.wait_for_rest()
        # A shell keeps its standard input open: lab-crowd ends with it.
        self.guest.shell("mkfifo /run/crowd; (exec 9<>/run/crowd; sleep 600) & sleep 0.2")
        self.addCleanup(self.guest.shell, "echo end >/run/crowd; pkill lab-crowd; rm -f /run/crowd", check=False)
        self.guest.spawn("crowd", "sh", "-c", "ulimit -n 4096; exec lab-crowd 1000 100 10 1 </run/crowd")
        self._crowd_says("ready")
        self._crowd("noise 300")
        self._crowd_says("records ")
        self._crowd("malformed")
        self._crowd_says("malformed answered, ended")
        function = self.guest.pci.function(1)
        config_space.let_report(self.guest, function)
        since = self.service.journal().count("recovered and verified")

        fail_recovery(self.guest)

        self.service.wait_for(
            lambda: self.service.journal().count("incident closed") and self.service.journal().count("recovered and verified") > since,
            "the recovery", 90,
        )
        status = self.guest.read(f"/proc/{self.service.pid()}/status")
        resident_kib = int(re.search(r"VmHWM:\s*(\d+)", status)[1])
        print(f"1,000 idle clients, 100 subscribers, 10 of them deaf: {resident_kib} KiB at most")
        self.assertLess(resident_kib, 64 * 1024)
        self._crowd("read")
        missed = int(self._crowd_says("missed ").split()[1])
        print(f"the deaf were told of at least {missed} missed records")
        self.assertGreater(missed, 0)

    def _crowd(self, words: str) -> None:
        self.guest.shell(f"echo '{words}' >/run/crowd")

    def _crowd_says(self, words: str) -> str:
        def said() -> list[str]:
            return [e.text for e in self.guest.record() if e.source == "crowd" and e.text.startswith(words)]

        self.service.wait_for(said, f"{words!r} of the crowd", 120)
        return said()[-1]

    def test_zz_an_upgrade_moves_nothing_and_a_purge_leaves_nothing(self) -> None:
        pid = self.service.pid()
        since = self.guest.now_us()

        self.service.install()

        self.service.wait_for_rest()
        self.assertNotEqual(self.service.pid(), pid)
        self._nothing_moved_since(since)

        self.guest.shell("mkdir -p /var/lib/prometheus/node-exporter && touch /var/lib/prometheus/node-exporter/slotd.prom")
        self.guest.run("dpkg", "--purge", "slotd", timeout=120)

        self._nothing_moved_since(since)
        left = self.guest.shell(
            "find / -xdev -iname '*slotd*' -not -path '/proc/*' -not -path '/sys/*' -not -path '/root/*'"
            " -not -path '/var/log/*' -not -path '/run/systemd/*' -not -path '/tmp/*'; true"
        )
        self.assertEqual(left, "")
        self.assertNotIn("slotd", self.guest.read(f"{APPARMOR}/profiles"))
        self.assertEqual(self._state()[0], self.before[0])


if __name__ == "__main__":
    unittest.main(verbosity=2)
