"""slotd as a service on Debian 13, and systemd's own Varlink client on its socket."""

# lab: by hand

import json
import time
import unittest

from lab import config_space, disk
from lab.agent import Ended
from lab.guest_slotd import SOCKET
from lab.service_scenario import ServiceScenario
from test_failed_recovery_stock import fail_recovery


class Trixie(ServiceScenario):
    RELEASE = "trixie"

    def _varlinkctl(self, *words: str, timeout: float = 30.0, check: bool = True) -> Ended:
        return self.guest.run("varlinkctl", *words, timeout=timeout, check=check)

    def test_varlinkctl_introspects_and_calls(self) -> None:
        print(self.guest.run("systemctl", "--version").text.splitlines()[0])
        address = f"unix:{SOCKET}"

        self.assertIn("io.slotd.Coordinator", self._varlinkctl("list-interfaces", address).text)
        described = self._varlinkctl("introspect", address, "io.slotd.Coordinator").text
        self.assertIn("method Reset(", described)
        listed = json.loads(
            self._varlinkctl("--json=short", "call", address, "io.slotd.Coordinator.List", "{}").text
        )
        self.assertEqual([slot["port"] for slot in listed["slots"]], [self.port])
        wrong = self._varlinkctl(
            "call", address, "io.slotd.Coordinator.Show", '{"slot":"77"}', check=False
        )
        self.assertNotEqual(wrong.code, 0)
        self.assertIn("io.slotd.Coordinator.NoSuchSlot", wrong.err.decode())

    def test_varlinkctl_subscribes_and_the_incident_comes_by(self) -> None:
        self.service.configure(automatic_action="true")
        self.service.ctl("restart", "slotd")
        self.service.wait_for_rest()
        config_space.let_report(self.guest, self.guest.pci.function(1))
        # Each of its objects begins with a record separator (RFC 7464), which ends a line of the record.
        self.guest.spawn(
            "varlinkctl",
            *("sh", "-c", "varlinkctl --json=short --more --timeout=infinity call $0 $1 {} | sed -u 's/\\x1e//'"),
            *(f"unix:{SOCKET}", "io.slotd.Coordinator.Subscribe"),
        )
        self.addCleanup(self.guest.run, "pkill", "varlinkctl", check=False)
        self.service.wait_for(
            lambda: self.guest.run("pgrep", "-x", "varlinkctl", check=False).ok, "its start"
        )
        time.sleep(2)  # until it has called: nothing tells from outside

        fail_recovery(self.guest)

        self.service.wait_for(
            lambda: any(
                e.source == "varlinkctl" and '"kind":"incident-closed"' in e.text and "recovered and verified" in e.text
                for e in self.guest.record()
            ),
            "the end of the incident at varlinkctl",
            90,
        )
        self.service.wait_for_rest()
        self.assertTrue(disk.read_block(self.guest, self.guest.pci.disk(self.guest.pci.function(1)), 3).good)


if __name__ == "__main__":
    unittest.main(verbosity=2)
