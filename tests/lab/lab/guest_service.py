"""slotd as the service that its package makes of it, in a guest with systemd."""

import re
import time
from typing import TYPE_CHECKING

from .agent import Ended, GuestError

if TYPE_CHECKING:
    from .guest import Guest

UNITS = (
    "slotd.service",
    "slotd-exec.service",
    "slotd-survey@*.service",
    *(f"{name}.socket" for name in ("slotd", "slotd-exec", "slotd-survey", "slotd-trace", "slotd-hooks")),
)


class GuestService:
    def __init__(self, guest: "Guest") -> None:
        self._guest = guest

    def install(self) -> str:
        lacks = self._guest.run("dpkg", "-s", "libfmt9", check=False).code != 0
        words = ["/root/libfmt9.deb", "/root/slotd.deb"] if lacks else ["/root/slotd.deb"]
        return self._guest.run("dpkg", "-i", *words, timeout=180).text

    def property(self, unit: str, name: str) -> str:
        return self._guest.run("systemctl", "show", "-P", name, unit).text.strip()

    def ctl(self, *words: str, timeout: float = 120.0, check: bool = True) -> Ended:
        return self._guest.run("systemctl", *words, timeout=timeout, check=check)

    def pid(self, unit: str = "slotd.service") -> int:
        return int(self.property(unit, "MainPID"))

    def survey_pid(self) -> int:
        """Of the process that slotd is connected to, the newest."""
        listed = self._guest.run("systemctl", "show", "-P", "MainPID", "slotd-survey@*.service").text
        return max(int(pid) for pid in listed.split())

    def wait_for(self, condition, what: str, timeout: float = 60.0) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise GuestError(f"{what} did not happen:\n{self.journal()}")
            time.sleep(0.2)

    def wait_for_rest(self) -> None:
        self.wait_for(self._guest.slotd.at_rest, "rest")

    def journal(self, *matches: str) -> str:
        words = matches or tuple(word for unit in UNITS for word in ("-u", unit))
        return self._guest.run(
            "journalctl", "--boot", "--no-pager", "--output=short", *words, timeout=60
        ).text

    def configure(self, **values: str) -> None:
        """A drop-in with these keys of [coordinator]; without keys, one that says nothing."""
        folder = "/etc/slotd/slotd.toml.d"
        self._guest.run("mkdir", "-p", folder)
        lines = "".join(f"{key} = {value}\n" for key, value in values.items())
        self._guest.write(f"{folder}/50-test.toml", f"[coordinator]\n{lines}", create=True)

    def capabilities(self, pid: int) -> str:
        return re.search(r"CapEff:\s*(\w+)", self._guest.read(f"/proc/{pid}/status"))[1]
