"""slotd in the guest: started, asked, ended."""

import json
import time
from typing import TYPE_CHECKING

from .agent import Ended, GuestError

if TYPE_CHECKING:
    from .guest import Guest

CONFIG = "/etc/slotd/slotd.toml"
SOCKET = "/run/slotd/io.slotd.Coordinator"
AT_REST = ("idle", "needs-operator", "quarantined", "held")
START_S = 90.0  # a neighbour's build can keep the guest from its core for half a minute
QUIET_LINES = "/run/slotd.lines"


class GuestSlotd:
    """A process of the agent's, root and without a sandbox. SandboxedSlotd is the other one."""

    sandboxed = False

    def __init__(self, guest: "Guest") -> None:
        self._guest = guest
        self.pid: int | None = None

    def start(
        self,
        level: str,
        automatic_action: bool,
        extra: str = "",
        arguments: tuple[str, ...] = (),
        timeout: float = START_S,
        quiet: bool = False,
    ) -> int:
        """Starts slotd and waits until every slot is at rest (at level exclusive: until it has the
        token). Its lines are in the record, lane "slotd", or if `quiet`, in a file of the guest."""
        self.spawn(level, automatic_action, extra, arguments, quiet=quiet)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.at_rest():
                return self.pid
            if not self.alive():
                break
            time.sleep(0.05)
        raise GuestError(f"slotd did not come up:\n{self.lines()}")

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
        """Writes the configuration and starts slotd in the foreground, by the program `under` if there
        is one; waits for nothing."""
        self._guest.run("mkdir", "-p", "/etc/slotd", "/run/slotd", "/var/lib/slotd")
        self._guest.write(CONFIG, self.config(level, automatic_action, extra), create=True)
        self._guest.run(
            "rm", "-f", SOCKET
        )  # one left by a killed slotd would look like a ready one
        words = [*under, "slotd", "--config", CONFIG, *arguments]
        if quiet:
            words = ["sh", "-c", f'exec "$@" >>{QUIET_LINES} 2>&1', "sh", *words]
        self.pid = self._guest.spawn("slotd", *words)
        return self.pid

    @staticmethod
    def config(level: str, automatic_action: bool, extra: str) -> str:
        automatic = str(automatic_action).lower()
        return f'[coordinator]\nlevel = "{level}"\nautomatic_action = {automatic}\n{extra}'

    def alive(self) -> bool:
        return self.pid is not None and self._guest.signal(self.pid, 0)

    def slots(self) -> list[dict]:
        return json.loads(self.ctl("list", "--json").text)["slots"]

    def slot(self, port: str) -> dict:
        return json.loads(self.ctl("show", port, "--json").text)["slot"]

    def wait_for_phase(self, port: str, phase: str, timeout: float = 30.0) -> None:
        deadline = time.monotonic() + timeout
        while (seen := self.slot(port)["phase"]) != phase:
            if time.monotonic() > deadline:
                raise GuestError(f"{port} is {seen}, not {phase}:\n{self.lines()}")
            time.sleep(0.05)

    def at_rest(self) -> bool:
        if not self._guest.run("test", "-S", SOCKET, check=False).ok:
            return False
        listed = self.ctl("list", "--json", check=False)
        return listed.ok and all(
            slot["phase"] in AT_REST for slot in json.loads(listed.text)["slots"]
        )

    def stop(self, signal: int = 15, timeout: float = START_S) -> None:
        """Ends it and waits until it is gone."""
        if self.pid is None:
            return
        self._guest.signal(self.pid, signal)
        deadline = time.monotonic() + timeout
        while self._guest.signal(self.pid, 0):
            if time.monotonic() > deadline:
                raise GuestError(f"slotd did not end on signal {signal}:\n{self.lines()}")
            time.sleep(0.05)
        self.pid = None

    def ctl(self, *arguments: str, timeout: float = 30.0, check: bool = True) -> Ended:
        return self._guest.run("slotctl", *arguments, timeout=timeout, check=check)

    def effects(self, *words: str, options: tuple[str, ...] = ()) -> tuple[list[str], str]:
        """slotd-exec, started with these options, does one effect after another, without slotd (lab-exec).
        Their outcomes, and the lines of slotd-exec."""
        done = self._guest.run("lab-exec", *words, "--", *options, timeout=120, check=False)
        return done.text.splitlines(), done.err.decode(errors="replace")

    def lines(self) -> str:
        return "\n".join(e.text for e in self._guest.record() if e.source == "slotd")
