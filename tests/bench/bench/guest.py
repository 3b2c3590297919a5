"""Figures that only a guest can give: a real kernel with udev and rasdaemon beside slotd.

A Debian with slotd as the service of its package, on a clock that counts instructions (1 ns each): a figure does
not depend on the host, and who is compared is compared in one run. It has one processor: with two, and such a
clock, QEMU's guest does not come up within minutes.
"""

import json
import os
import re
import statistics
from pathlib import Path

from bench import call, rows
from lab import cached, config_space, disk, overhead, record, shell
from lab.agent import GuestError
from lab.guest import Guest
from lab.guest_pci import DEVICES
from lab.guest_service import GuestService
from lab.machine import Clock
from lab.topology import Nic, Slot, VirtioDisk

DISK, NIC = 1, 2  # slots
CLOCK = Clock(instruction_ns=1, jumps=True)
ERRORS, FOR_MS = 500, 10_000
REACTIONS = 20
PATIENCE_S = 30.0
RULES = "/etc/udev/rules.d/99-lab.rules"
TRACING = "/sys/kernel/tracing"
WRITES = f"{TRACING}/events/syscalls/sys_enter_write/enable", f"{TRACING}/events/syscalls/sys_enter_pwrite64/enable"
# "  slotd-worker-412     [000] .....   77.123456: sys_pwrite64(fd: 7, buf: 7ffc, count: 2, pos: 6c)"
_WRITE = re.compile(r"^\s*(\S+)-\d+\s+\[\d+\].*? (\d+\.\d+): (sys_p?write.*)")


def rasdaemon() -> bytes:
    def build(folder: Path) -> None:
        shell.run("apt-get", "download", "-o", "APT::Sandbox::User=root", "rasdaemon", cwd=folder)
        (package,) = folder.glob("rasdaemon_*.deb")
        shell.run("dpkg", "-x", package, folder / "tree")

    return (cached.folder("rasdaemon", [Path(__file__)], build) / "tree/usr/sbin/rasdaemon").read_bytes()


class Bench:
    def __init__(self) -> None:
        cards = (Slot(DISK, VirtioDisk("disk", disk.image())), Slot(NIC, Nic()))
        self.guest = Guest(cards, with_slotd=True, release="bookworm", clock=CLOCK)
        self.service = GuestService(self.guest)
        self.service.ctl("is-system-running", "--wait", check=False)
        self.guest.pci.wait_for_driver(DISK, "virtio-pci")
        self.service.install()
        self.service.configure(level='"fence"', automatic_action="true")
        self.service.ctl("restart", "slotd.service")
        self.service.wait_for_rest()
        self.nic = self.guest.pci.function(NIC)

    def _cpu_us(self, *groups: str) -> int:
        texts = [self.guest.try_read(f"/sys/fs/cgroup/system.slice/{group}/cpu.stat") for group in groups]
        return sum(int(re.search(rb"usage_usec (\d+)", text)[1]) for text in texts if text)

    def storm(self, kind: str) -> dict:
        """Processor time of all of slotd's services, and of rasdaemon as its unit starts it, for the same
        errors."""
        ours = ("slotd.service", "slotd-exec.service", "system-slotd\\x2dsurvey.slice")
        before = self._cpu_us(*ours), self._cpu_us("lab-rasdaemon.service")
        since = self.guest.now_us()
        said = self.guest.run("lab-storm", self.nic, kind, str(ERRORS), str(FOR_MS), timeout=300).text
        injected = json.loads(said)["injected"]
        self.guest.settle(since, quiet_ms=2000, timeout=300)
        self.service.wait_for_rest()
        after = self._cpu_us(*ours), self._cpu_us("lab-rasdaemon.service")
        mine, peer = ((a - b) / injected for a, b in zip(after, before))
        return rows.row(f"guest: {ERRORS} {kind} errors, CPU for each", mine, "us", "rasdaemon -f -r", peer, 0.5)

    def _first_writes(self, comm: str, call: str, begun: list[int]) -> list[float]:
        """For each BEGIN_RECOVERY, in microseconds until the first such call of processes with that name."""
        text = self.guest.read(f"{TRACING}/trace", timeout=60)
        writes = [
            float(found[2]) * 1e6
            for line in text.splitlines()
            if (found := _WRITE.match(line)) and found[1].startswith(comm) and re.match(call, found[3])
        ]
        if not writes:
            raise GuestError(f"no {call} of {comm}:\n{text[-3000:]}")
        return [min(at for at in writes if at >= begin) - begin for begin in begun]

    def _reactions(self, comm: str, call: str) -> list[float]:
        self.guest.write(f"{TRACING}/trace_clock", "mono")
        self.guest.write(f"{TRACING}/trace", "\n")
        for event in WRITES:
            self.guest.write(event, "1")
        since = self.guest.now_us()
        for _ in range(REACTIONS):
            self.guest.inject_error(self.nic, "nonfatal")
            self.guest.settle(self.guest.now_us(), quiet_ms=1500, timeout=120)
        for event in WRITES:
            self.guest.write(event, "0")
        begun = [
            e.at_us
            for e in self.guest.record(since)
            if e.kind == record.BEGIN and e.address == self.nic and e.source == "uevent"
        ]
        return self._first_writes(comm, call, begun)

    def reaction(self) -> dict:
        """slotd-exec masks the hot-plug notification; a udev rule's shell writes to the same port's config."""
        mine = statistics.median(self._reactions("slotd-", r"sys_pwrite64\(.*count: 0?x?2,"))
        self._stop()
        port = self.guest.pci.port(NIC)
        self._rule("BEGIN_RECOVERY", f"printf x >{DEVICES}/{port}/config")
        peer = statistics.median(self._reactions("sh", "sys_write"))
        self.guest.run("rm", RULES)
        return rows.row(
            f"guest: BEGIN_RECOVERY to the first write, median of {REACTIONS}",
            mine, "us", "a udev rule with RUN+=", peer, 0.02,
        )  # fmt: skip

    def _stop(self) -> None:
        self.service.ctl("stop", "slotd.socket", "slotd.service", "slotd-trace.socket")

    def _rule(self, event: str, command: str) -> None:
        self.guest.write(
            RULES,
            f'ACTION=="change", SUBSYSTEM=="pci", ENV{{ERROR_EVENT}}=="{event}", '
            f"RUN+=\"/bin/sh -c '{command}'\"\n",
            create=True,
        )
        self.guest.run("udevadm", "control", "--reload")

    def _time_to_read(self, guest_s: float) -> float | None:
        """From the error to the first good read, tried every half second after the kernel has given up."""
        since = self.guest.now_us()
        self.guest.inject_hardware_error("disk")
        while self.guest.now_us() - since < guest_s * 1e6:
            self.guest.run("sleep", "0.5")
            events = self.guest.record(since)
            if not any(e.kind == record.FAILED for e in events):
                continue
            found = self.guest.pci.functions(self.guest.pci.port(DISK))
            name = self.guest.pci.disk(found[0]) if found else None
            # A read of a dead disk has no end, and keeps everybody from taking it away.
            if name and self._may_read():
                read = disk.read_block(self.guest, name, 3, timeout=20)
                if read.good:
                    return (read.ended_us - since) / 1e6
        return None

    def _may_read(self) -> bool:
        """slotd is at rest; or it is stopped, and the rule has had its time."""
        if self.guest.run("systemctl", "is-active", "slotd.service", check=False).ok:
            return self.guest.slotd.at_rest()
        self.guest.run("sleep", "3")
        return True

    def recovery(self) -> list[dict]:
        """A card without AER callbacks. The rule does what scripts do: write `reset` when the kernel has given
        up; what it leaves behind is a dead disk."""
        mine = self._time_to_read(PATIENCE_S)
        self._stop()
        self.guest.shell("echo 0 >/sys/bus/pci/slots/1/power; echo 1 >/sys/bus/pci/slots/1/power")
        function = self.guest.pci.wait_for_driver(DISK, "virtio-pci")
        config_space.let_report(self.guest, function)
        self._rule("FAILED_RECOVERY", "echo 1 >/sys%p/reset")
        peer = self._time_to_read(PATIENCE_S)
        if mine is None:
            raise GuestError("slotd has not brought the card back")
        how = "" if peer else f", which has not brought the card back in {PATIENCE_S:.0f} s"
        return [
            rows.row("guest: fatal error to the first good read, soak of 1 s included", mine, "s",
                     f"a udev rule that writes reset{how}", peer or PATIENCE_S, None),
        ]  # fmt: skip

    def storms_and_reaction(self) -> list[dict]:
        self.guest.write("/root/rasdaemon", rasdaemon(), create=True, mode="0755")
        self.guest.run("mkdir", "-p", "/var/lib/rasdaemon")
        # Debian 12's rasdaemon leaves this at 50: its poll wakes it when the ring is half full, and it would sleep
        # through the whole storm.
        ring = f"{TRACING}/instances/rasdaemon"
        self.guest.run("mkdir", "-p", ring)
        self.guest.write(f"{ring}/buffer_percent", "0")
        self.guest.run("systemd-run", "--unit=lab-rasdaemon", "/root/rasdaemon", "-f", "-r")
        self.guest.run("sleep", "2")
        found = [self.storm("corrected"), self.storm("nonfatal")]
        self.service.ctl("stop", "lab-rasdaemon.service")
        return [*found, self.reaction()]


def overheads() -> list[dict]:
    """In the small guest, where nothing else runs."""
    guest = Guest(overhead.CARDS, with_slotd=True, clock=overhead.CLOCK)
    try:
        costs = [
            overhead.measure(guest, device, level)
            for level in overhead.LEVELS
            for device in overhead.DEVICES
        ]
    finally:
        guest.stop()
    return [
        rows.row(f"guest: reset of a {cost.device} at {cost.level}, median of {len(cost.bare_ms)}",
                 cost.coordinated, "ms", "the bare write to reset", cost.bare,
                 1.02 if cost.level == "observe" else None)
        for cost in costs
    ]  # fmt: skip


def produce(programs: Path, _: Path) -> list[dict]:
    os.environ["LAB_BIN"] = str(programs)
    found = []
    # The time to a good read is not that of fetching a storm's record over and over.
    for measure in (Bench.storms_and_reaction, Bench.recovery):
        bench = Bench()
        try:
            found += measure(bench)
        finally:
            bench.guest.stop()
    return [*found, *overheads()]


if __name__ == "__main__":
    call.main(produce, __doc__)
