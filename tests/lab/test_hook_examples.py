"""The example hooks in config/hooks, with a sysfs in a folder and tools that write down how they were called."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

HOOKS = Path(__file__).resolve().parents[2] / "config" / "hooks"
FUNCTION = "0000:3b:00.0"


class Examples(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.sys = self.root / "sys"
        self.calls = self.root / "calls"
        self.device = self.sys / "bus/pci/devices" / FUNCTION
        self.device.mkdir(parents=True)
        (self.root / "bin").mkdir()

    def _tool(self, name: str, says: str = "") -> None:
        tool = self.root / "bin" / name
        tool.write_text(f"#!/bin/sh\necho {name} \"$@\" >>{self.calls}\ncat <<'END'\n{says}\nEND\n")
        tool.chmod(0o755)

    def _write(self, path: str, text: str) -> None:
        file = self.sys / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")

    def _run(self, hook: str, when: str = "before", **more: str) -> tuple[int, str]:
        environment = {
            "PATH": f"{self.root}/bin:{os.environ['PATH']}",
            "SYSFS": str(self.sys),
            "SLOTD_FUNCTIONS": f"{FUNCTION}=x",
            **more,
        }
        ended = subprocess.run(
            [HOOKS / hook, when], env=environment, capture_output=True, text=True, timeout=30
        )
        return ended.returncode, ended.stderr.strip()

    def _called(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []

    def _bond(self, other: str) -> None:
        self._tool("ip")
        (self.device / "net/eth0").mkdir(parents=True)
        self._write("class/net/bond0/bonding/slaves", "eth0 eth1")
        self._write("class/net/eth0/operstate", "up")
        self._write("class/net/eth1/operstate", other)
        os.symlink("../bond0", self.sys / "class/net/eth0/master")

    def test_bond_takes_a_member_down_that_is_not_the_last(self) -> None:
        self._bond("up")

        self.assertEqual(self._run("bond"), (0, ""))
        self.assertEqual(self._called(), ["ip link set dev eth0 down"])

    def test_bond_objects_for_the_last_member_but_not_to_force_or_after(self) -> None:
        self._bond("down")

        self.assertEqual(self._run("bond"), (1, "eth0 is the last member of bond0 that is up"))
        self.assertEqual(self._run("bond", "after"), (0, ""))
        self.assertEqual(self._called(), [])
        self.assertEqual(self._run("bond", SLOTD_FORCED="1"), (0, ""))
        self.assertEqual(self._called(), ["ip link set dev eth0 down"])

    def test_bond_has_nothing_to_do_without_a_bond(self) -> None:
        self._tool("ip")
        (self.device / "net/eth0").mkdir(parents=True)

        self.assertEqual(self._run("bond"), (0, ""))
        self.assertEqual(self._called(), [])

    def _map(self, paths: str) -> None:
        self._tool("multipathd", paths)
        (self.device / "host0/target0/block/sda").mkdir(parents=True)
        self._write("class/block/sda/holders/dm-3/dm/uuid", "mpath-3600")
        self._write("class/block/sda/holders/dm-3/dm/name", "mpatha")

    def test_multipath_fails_a_path_that_is_not_the_last(self) -> None:
        self._map("mpatha sda active\nmpatha sdb active")

        self.assertEqual(self._run("multipath"), (0, ""))
        self.assertEqual(self._called()[-1], "multipathd fail path sda")

    def test_multipath_objects_for_the_last_active_path(self) -> None:
        self._map("mpatha sda active\nmpatha sdb failed\nother sdc active")

        self.assertEqual(self._run("multipath"), (1, "sda is the last active path of mpatha"))
        self.assertNotIn("multipathd fail path sda", self._called())

    def _fleetlock(self, code: str, when: str = "before") -> tuple[int, str]:
        self._tool("curl", code)
        (self.root / "conf").write_text("FLEETLOCK_URL=http://127.0.0.1:9\nFLEETLOCK_GROUP=gpus\n")
        (self.root / "id").write_text("abc\n")
        return self._run(
            "fleetlock", when, FLEETLOCK_CONF=f"{self.root}/conf", MACHINE_ID=f"{self.root}/id"
        )

    def test_fleetlock_asks_before_and_gives_back_after(self) -> None:
        self.assertEqual(self._fleetlock("200"), (0, ""))
        self.assertEqual(self._fleetlock("200", "after"), (0, ""))
        asked, gave_back = self._called()
        self.assertIn('--data {"client_params":{"id":"abc","group":"gpus"}}', asked)
        self.assertTrue(asked.endswith("/v1/pre-reboot"), asked)
        self.assertTrue(gave_back.endswith("/v1/steady-state"), gave_back)

    def test_fleetlock_objects_when_the_server_does(self) -> None:
        self.assertEqual(
            self._fleetlock("409"), (1, "the FleetLock server says no to pre-reboot: 409")
        )


if __name__ == "__main__":
    unittest.main(verbosity=2)
