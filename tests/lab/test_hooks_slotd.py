"""Hooks on a real kernel: a program that slotd-run-hooks runs is asked before a step, can keep slotd from it,
and is told of its end."""

import unittest

from lab.scenario import Scenario
from lab.topology import Nic, Slot

PROGRAM = "/etc/slotd/hooks.d/10-witness"
SAID = "/run/hook.said"
OBJECTS = "/run/hook.objects"
SCRIPT = f"""#!/bin/sh
echo "$1 $SLOTD_PORT $SLOTD_STEP $SLOTD_FUNCTIONS automatic=$SLOTD_AUTOMATIC well=$SLOTD_WELL" >>{SAID}
if [ "$1" = before ] && [ -e {OBJECTS} ]; then
    echo "the bond has no other member" >&2
    exit 1
fi
"""


class Hooks(Scenario):
    WITH_SLOTD = True

    @classmethod
    def cards(cls):
        return (Slot(1, Nic()),)

    def setUp(self) -> None:
        self.port = self.guest.pci.port(1)
        self.function = self.guest.pci.wait_for_driver(1, "e1000e")
        self.guest.run("mkdir", "-p", "/etc/slotd/hooks.d", "/run/slotd/hooks")
        self.guest.write(PROGRAM, SCRIPT, create=True)
        self.guest.run("chmod", "755", PROGRAM)
        self.guest.run("rm", "-f", SAID, OBJECTS)
        pid = self.guest.spawn("hooks", "slotd-run-hooks", "--listen", "/run/slotd/hooks/programs")
        self.addCleanup(self.guest.run, "rm", "-f", "/run/slotd/hooks/programs")
        self.addCleanup(self.guest.run, "kill", str(pid))
        self.addCleanup(self.guest.slotd.stop)
        self.guest.shell("until [ -S /run/slotd/hooks/programs ]; do sleep 0.05; done")
        self.guest.run("chmod", "666", "/run/slotd/hooks/programs")  # slotd need not be root

    def _said(self) -> list[str]:
        return self.guest.shell(f"cat {SAID}").splitlines()

    def _reset(self):
        return self.guest.slotctl(
            "reset", self.port, "--method", "slot", "--reason", "test", "--wait", check=False
        )

    def test_that_agrees_is_asked_before_and_told_after(self) -> None:
        self.guest.start_slotd("fence", automatic_action=False)

        answer = self._reset()

        self.assertEqual(answer.code, 0, answer.text)
        self.guest.shell(f"until grep -q ^after {SAID}; do sleep 0.05; done")
        self.assertEqual(
            self._said(),
            [
                f"before {self.port} slot {self.function}=e1000e automatic=0 well=",
                f"after {self.port}   automatic= well=1",
            ],
        )

    def test_that_objects_keeps_slotd_from_the_step(self) -> None:
        self.guest.write(OBJECTS, "", create=True)
        self.guest.start_slotd("fence", automatic_action=False)
        since = self.guest.now_us()

        answer = self._reset()

        self.assertEqual(answer.code, 6, answer.text)
        self.assertIn("hook programs: 10-witness: the bond has no other member", answer.text)
        self.assertEqual([line.split()[0] for line in self._said()], ["before"])
        self.assertFalse([e.text for e in self.guest.record(since) if "-> resetting" in e.text])
        self.assertEqual(self.guest.slotd.slot(self.port)["phase"], "idle")

    def test_that_does_not_end_in_time_keeps_slotd_from_the_step(self) -> None:
        self.guest.write(PROGRAM, "#!/bin/sh\nsleep 600\n")
        self.guest.start_slotd("fence", automatic_action=False, extra="[hooks]\npatience_ms = 1000\n")

        answer = self._reset()

        self.assertEqual(answer.code, 6, answer.text)
        self.assertIn("hook programs: ", answer.text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
