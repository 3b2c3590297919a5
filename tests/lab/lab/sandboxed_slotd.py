"""slotd in the guest as its package has it: services in their sandboxes, which systemd starts and ends. Tests
use it as they use GuestSlotd; LAB_SANDBOX=1 chooses it.

What the lab adds to the units is in drop-ins, and none of it is about a sandbox but the last. The AppArmor profiles
get the FIFO and that last one; whatever else they deny fails the test.
* slotd's own lines go through a FIFO to the record, where they have the time of their writing. Its real way,
  to journald, is in test_service_slotd.
* slotd is started once for each start: a slotd that is killed stays dead until the test starts it again. So
  there is no slotd.socket, and no restart.
* arguments of the test: of slotd, and of the first slotd-exec after a start.
* CAP_KILL, where slotd-exec is to kill slotd at a crash point.
"""

import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import places
from .agent import GuestError
from .guest_service import GuestService
from .guest_slotd import CONFIG, QUIET_LINES, SOCKET, START_S, GuestSlotd

if TYPE_CHECKING:
    from .guest import Guest

UNITS = ("slotd.service", "slotd-exec.service")
LINES = "/run/lab-slotd.lines"
MAY_START = "/run/lab-slotd.start"
ARGUMENTS = "/run/lab-slotd.arguments"
SOCKET_OF_EXECUTOR = "/run/slotd-exec.socket"
NEXT, NOW = "/run/lab-slotd-exec.next", "/run/lab-slotd-exec.arguments"
_EXECUTOR = "--executor-argument="


# Of the profiles: what they may beside, in their local files.
_PROFILE = "/etc/apparmor.d/slotd"
_LINES_TOO = f"{LINES} rw,\n{QUIET_LINES} rw,\n"
_LOCAL = {
    "slotd": _LINES_TOO + "signal (receive) set=(kill) peer=slotd-exec,\n",
    "slotd-exec": _LINES_TOO + "capability kill,\nsignal (send) set=(kill) peer=slotd,\n",
    "slotd-survey": _LINES_TOO,
}


def _command(unit: str) -> str:
    text = (places.REPOSITORY / "systemd" / unit).read_text()
    return re.search(r"^ExecStart=(.*)$", text, re.MULTILINE)[1]


def drop_ins(*, quiet: bool, kills_slotd: bool) -> dict[str, str]:
    lines = f"StandardError=append:{QUIET_LINES}\n" if quiet else f"StandardError=file:{LINES}\n"
    return {
        "slotd.service": f"""[Unit]
ConditionPathExists={MAY_START}
StartLimitIntervalSec=0
[Service]
Restart=no
ExecStartPre=+/bin/rm -f {MAY_START}
EnvironmentFile=-{ARGUMENTS}
ExecStart=
ExecStart={_command("slotd.service")} $LAB_ARGUMENTS
{lines}""",
        "slotd-exec.service": f"""[Unit]
StartLimitIntervalSec=0
[Service]
ExecStartPre=+/bin/sh -c 'mv -f {NEXT} {NOW} 2>/dev/null || echo LAB_ARGUMENTS= >{NOW}'
EnvironmentFile=-{NOW}
ExecStart=
ExecStart={_command("slotd-exec.service")} $LAB_ARGUMENTS
{"CapabilityBoundingSet=CAP_KILL" if kills_slotd else ""}
{lines}""",
        "slotd-survey@.service": f"[Service]\n{lines}",
    }


class SandboxedSlotd(GuestSlotd):
    sandboxed = True

    def __init__(self, guest: "Guest") -> None:
        super().__init__(guest)
        self.service = GuestService(guest)
        self._dropped_in: dict[str, str] = {}
        self._reader: tuple[str, ...] = ()
        self._reader_pid = 0

    def install(self) -> None:
        """The package, at rest; nothing of it runs."""
        self.service.ctl("is-system-running", "--wait", check=False)
        self.service.install()
        self.service.wait_for_rest()
        self.service.ctl("stop", "slotd.socket", "slotd.service", "slotd-trace.socket")
        self._wait_for_end()
        self.service.ctl("mask", "--runtime", "slotd.socket")
        self._guest.run("rm", "-rf", "/var/lib/slotd")
        for profile, rules in _LOCAL.items():
            self._guest.write(f"/etc/apparmor.d/local/{profile}", rules, create=True)
        self._guest.run("apparmor_parser", "--replace", _PROFILE)
        # Somebody has it open all the time: a line never waits for a reader, and none is lost between two.
        self._guest.run("mkfifo", "-m", "622", LINES)
        self._guest.spawn("lab", "sh", "-c", f"exec sleep 1000000 <>{LINES}")
        self._read_lines(("cat",))

    def spawn(
        self,
        level: str,
        automatic_action: bool,
        extra: str = "",
        arguments: tuple[str, ...] = (),
        *,
        quiet: bool = False,
        under: tuple[str, ...] = (),
    ) -> int:
        self._wait_for_end()
        # A kernel that says something to a dead slotd would have it started: that is refused, and left behind.
        self.service.ctl("stop", "slotd-trace.socket", "slotd.service")
        self.service.ctl("reset-failed", "slotd*", check=False)
        self._guest.write(CONFIG, self.config(level, automatic_action, extra), create=True)
        self._guest.run("rm", "-f", SOCKET)
        executor = [word.removeprefix(_EXECUTOR) for word in arguments if word.startswith(_EXECUTOR)]
        slotd = [word for word in arguments if not word.startswith(_EXECUTOR)]
        self._guest.write(ARGUMENTS, f'LAB_ARGUMENTS="{" ".join(slotd)}"\n', create=True)
        self._start_with(executor, quiet=quiet)
        self._read_lines((*under, "--lines", LINES) if under else ("cat",))
        self._guest.write(MAY_START, "", create=True)
        self.service.ctl("start", "--no-block", "slotd.service")
        self.pid = self._started()
        return self.pid

    def _start_with(self, options: Sequence[str], *, quiet: bool) -> None:
        """The next slotd-exec, and none after it, has these options."""
        self._guest.run("rm", "-f", NEXT)
        if options:
            self._guest.write(NEXT, f'LAB_ARGUMENTS="{" ".join(options)}"\n', create=True)
        self._drop_in(drop_ins(quiet=quiet, kills_slotd="client" in options))

    def _drop_in(self, wanted: dict[str, str]) -> None:
        if wanted == self._dropped_in:
            return
        for unit, text in wanted.items():
            folder = f"/run/systemd/system/{unit}.d"
            self._guest.run("mkdir", "-p", folder)
            self._guest.write(f"{folder}/lab.conf", text, create=True)
        self.service.ctl("daemon-reload")
        self._dropped_in = wanted

    def _read_lines(self, reader: tuple[str, ...]) -> None:
        if reader == self._reader and reader == ("cat",):
            return
        if self._reader_pid:
            self._guest.signal(self._reader_pid, 9)
        words = reader if reader[0] == "lab-kill" else ("sh", "-c", f"exec cat <>{LINES}")
        self._reader_pid = self._guest.spawn("slotd", *words)
        self._reader = reader

    def _started(self) -> int:
        """The process; one that has ended already counts."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            pid = self.service.pid()
            if pid:
                return pid
            if not self._guest.run("test", "-e", MAY_START, check=False).ok and not self._running():
                return int(self.service.property("slotd.service", "ExecMainPID"))
            time.sleep(0.05)
        raise GuestError(f"systemd did not start slotd:\n{self.service.journal()}")

    def _running(self) -> bool:
        """slotd, or a slotd-exec that has still to open a gate."""
        states = self._guest.run("systemctl", "is-active", *UNITS, check=False).text.split()
        return any(state not in ("inactive", "failed") for state in states)

    def _wait_for_end(self) -> None:
        self.service.wait_for(lambda: not self._running(), "the end of slotd", START_S)

    def effects(self, *words: str, options: tuple[str, ...] = ()) -> tuple[list[str], str]:
        self._wait_for_end()
        self._start_with(options, quiet=False)
        since = self._guest.now_us()
        done = self._guest.run("lab-exec", "--socket", SOCKET_OF_EXECUTOR, *words, timeout=120, check=False)
        self._wait_for_end()
        said = [e.text for e in self._guest.record(since) if e.source == "slotd"]
        return done.text.splitlines(), "\n".join(said)

    def alive(self) -> bool:
        return self.pid is not None and self._running()

    def stop(self, signal: int = 15, timeout: float = START_S) -> None:
        if self.pid is None:
            return
        if signal == 15:
            self.service.ctl("stop", "slotd.service", timeout=timeout)
        else:
            self._guest.signal(self.pid, signal)
        self._wait_for_end()
        self.pid = None
        if denied := self.denied():
            raise GuestError("\n".join(denied))

    def denied(self) -> list[str]:
        """What AppArmor has kept from slotd, in the kernel's words."""
        said = (e.text for e in self._guest.record() if e.source == "kernel")
        return [text for text in said if 'apparmor="DENIED"' in text and 'profile="slotd' in text]
