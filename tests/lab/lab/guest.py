"""A running guest: commands, files, faults, and what it has recorded."""

import json
import time
from pathlib import Path

from . import debian, initramfs, kernel as kernels, places, topology
from .agent import Agent, Ended, GuestDead, GuestError
from .guest_pci import GuestPci
from .guest_slotd import GuestSlotd
from .machine import MEMORY_MIB, Clock, Machine
from .record import Event, parse_record
from .sandboxed_slotd import SandboxedSlotd

BOOT_TIMEOUT_S = 300.0


class Guest:
    """Boots in the constructor; `stop` ends it. `with_slotd` adds slotd's programs to its root; with a
    Debian `release` for a root, its package as /root/slotd.deb. With LAB_SANDBOX slotd is a service of a
    Debian even where no release is named; without a `kernel` it is LAB_KERNEL's."""

    def __init__(
        self,
        cards: topology.Topology,
        *,
        with_slotd: bool = False,
        kernel: str | None = None,
        processors: int = 1,
        command_line: str = "",
        clock: Clock | None = None,
        release: str | None = None,
    ) -> None:
        sandboxed = with_slotd and release is None and places.sandbox()
        release = debian.BUILT_ON if sandboxed else release
        self.kernel = kernels.fetch(kernel or kernels.chosen())
        if release:
            archives = [debian.root(release), debian.additions(self.kernel)]
        else:
            archives = [initramfs.base(self.kernel)]
        if with_slotd:
            archives.append(
                debian.package() if release else initramfs.slotd(places.slotd_binaries())
            )
        begun = time.monotonic()
        self.machine = Machine(
            self.kernel,
            archives,
            cards,
            processors=processors,
            command_line=command_line,
            clock=clock,
            memory_mib=debian.MEMORY_MIB if release else MEMORY_MIB,
        )
        self.qmp = self.machine.qmp
        self._agent = Agent(self.machine.agent_socket)
        self._record_text = ""
        self._record_next = "0"
        try:
            self._agent.wait_for_hello(BOOT_TIMEOUT_S)
        except GuestDead as error:
            console = self.machine.console_text()
            self.stop()
            raise GuestDead(f"the guest did not boot: {error}\n{console[-4000:]}") from error
        self.boot_seconds = time.monotonic() - begun
        self.pci = GuestPci(self)
        self.slotd = SandboxedSlotd(self) if sandboxed else GuestSlotd(self)
        self.start_slotd = self.slotd.start
        self.slotctl = self.slotd.ctl
        if sandboxed:
            try:
                self.slotd.install()
            except Exception:
                self.stop()
                raise

    def stop(self) -> None:
        self.machine.stop()

    def run(self, *words: str, timeout: float = 20.0, check: bool = True) -> Ended:
        ended = self._agent.call("run", str(int(timeout * 1000)), *words, timeout=timeout)
        if check and not ended.ok:
            raise GuestError(
                f"{' '.join(words)}: {ended.status}: "
                f"{ended.err.decode(errors='replace')}{ended.text}"
            )
        return ended

    def begin(self, *words: str, timeout: float = 20.0) -> bytes:
        """Like `run`, but does not wait: `finish` does. For things that are to happen at the same
        time."""
        return self._agent.send("run", str(int(timeout * 1000)), *words)

    def finish(self, number: bytes, timeout: float = 20.0) -> Ended:
        return self._agent.answer(number, timeout)

    def shell(self, script: str, timeout: float = 20.0, check: bool = True) -> str:
        return self.run("sh", "-c", script, timeout=timeout, check=check).text

    def spawn(self, lane: str, *words: str) -> int:
        """A background process; what it prints is in the record, in that lane."""
        return int(self._agent.call("start", lane, *words).text)

    def signal(self, pid: int, number: int) -> bool:
        """False: there is no such process (any more)."""
        return self._agent.call("signal", str(pid), str(number)).ok

    def try_read(self, path: str, timeout: float = 5.0) -> bytes | None:
        """None: not there, or not readable now. GuestError: it hangs."""
        ended = self._agent.call("read", str(int(timeout * 1000)), path, timeout=timeout)
        if ended.code is None:
            raise GuestError(f"reading {path}: {ended.status}")
        return ended.out if ended.ok else None

    def read(self, path: str, timeout: float = 5.0) -> str:
        found = self.try_read(path, timeout)
        if found is None:
            raise GuestError(f"cannot read {path}")
        return found.decode(errors="replace").strip()

    def write(
        self,
        path: str,
        content: str | bytes,
        *,
        timeout: float = 20.0,
        create: bool = False,
        mode: str = "0644",
    ) -> None:
        ended = self._agent.call(
            "write",
            str(int(timeout * 1000)),
            path,
            content,
            mode if create else "",
            timeout=timeout,
        )
        if not ended.ok:
            raise GuestError(f"writing {path}: {ended.status} (an exit code is the errno)")

    def mark(self, text: str) -> None:
        """A line of the test's own in the record."""
        self._agent.call("mark", text)

    def record_text(self) -> str:
        """All that was recorded since the boot, as text."""
        got = self._agent.call("record", self._record_next)
        self._record_text += got.text
        self._record_next = got.err.decode()
        return self._record_text

    def record(self, since_us: int = 0) -> list[Event]:
        return parse_record(self.record_text(), since_us)

    def now_us(self) -> int:
        return self._agent.call("clock").ended_us

    def settle(self, since_us: int = 0, quiet_ms: int = 500, timeout: float = 60.0) -> list[Event]:
        """Waits until nothing about PCI has happened for that long, in guest time; returns what
        did."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            now_us = self.now_us()
            events = self.record(since_us)
            last_us = max((e.at_us for e in events if e.kind != "other"), default=since_us)
            if now_us - last_us >= quiet_ms * 1000:
                return events
            time.sleep(0.05)
        raise GuestError(f"PCI did not come to rest within {timeout:.0f} s")

    def inject_error(
        self,
        function: str,
        kind: str = "fatal",
        *,
        drop_port: str | None = None,
        drop_after_ms: float = 0.0,
        drop_for_ms: int | str = 60,
    ) -> dict[str, int]:
        """An AER error through aer_inject; then the link of `drop_port` drops, or for "gone" in place
        of a time, its card leaves. Returns both times."""
        drop = [drop_port, str(int(drop_after_ms * 1000)), str(drop_for_ms)] if drop_port else []
        return json.loads(self.run("lab-fault", function, kind, *drop).text)

    def inject_hardware_error(self, card_id: str, error: str = "MALF_TLP") -> None:
        """The emulated card itself reports it (virtio with aer=on, ports)."""
        said = self.qmp.monitor(f"pcie_aer_inject_error {card_id} {error}")
        if not said.startswith("OK"):
            raise GuestError(f"{card_id} cannot report {error}: {said}")

    def save_evidence(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "console").write_text(self.machine.console_text())
        try:
            (folder / "record").write_text(self.record_text())
        except GuestDead as error:
            (folder / "record").write_text(
                f"{self._record_text}(the guest no longer answered: {error})\n"
            )
