"""A card whose driver has no AER callbacks: the kernel gives up, slotd brings it back. Blocks are
read before and after."""

import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab import disk, record
from lab.guest import Guest
from lab.record import Event
from lab.topology import Slot, VirtioDisk

from . import picture

SLOT = 1
LEVEL = "exclusive"
BEFORE, AFTER = range(8), range(8, 16)  # other blocks afterwards: nothing can come from a cache
PATIENCE_S = 60.0  # of the host: how long slotd may take before the demo gives up
AT_REST = {"idle", "cooling-down", "needs-operator"}


@dataclass(frozen=True)
class Recovery:
    """Times in microseconds of the guest's clock; None for what did not happen."""

    concerned: frozenset[str]
    events: tuple[Event, ...]
    reads_before: tuple[disk.Read, ...]
    reads_after: tuple[disk.Read, ...]
    phase: str
    driver: str | None

    def _first(self, *kinds: str) -> int | None:
        return next((e.at_us for e in self.events if e.kind in kinds), None)

    @property
    def error_us(self) -> int | None:
        return self._first(record.ERROR)

    @property
    def failed_us(self) -> int | None:
        return self._first(record.FAILED)

    @property
    def closed_us(self) -> int | None:
        closed = [e for e in self.events if e.lane == "slotd" and "incident closed" in e.text]
        return closed[-1].at_us if closed else None

    @property
    def answers(self) -> bool:
        return len(self.reads_after) == len(AFTER) and all(read.good for read in self.reads_after)

    @property
    def good(self) -> bool:
        """The kernel gave up, and the card answers all the same."""
        return self.failed_us is not None and self.closed_us is not None and self.answers


def _read(guest: Guest, blocks: range) -> tuple[disk.Read, ...]:
    """Stops at the first that is not good: behind it others would only wait, too."""
    reads: list[disk.Read] = []
    functions = guest.pci.functions(guest.pci.port(SLOT))
    name = guest.pci.disk(functions[0]) if functions else None
    for block in blocks if name else ():
        reads.append(disk.read_block(guest, name, block))
        if not reads[-1].good:
            break
    return tuple(reads)


def _wait_for_slotd(guest: Guest, port: str, since_us: int) -> str:
    """The phase in which slotd leaves the slot. The disk is not read meanwhile: on a dead disk a
    read never ends, and holds up every removal."""
    deadline = time.monotonic() + PATIENCE_S
    phase = "unknown"
    while time.monotonic() < deadline:
        lines = [e.text for e in guest.record(since_us) if e.lane == "slotd"]
        listed = [slot for slot in guest.slotd.slots() if slot["port"] == port]
        phase = listed[0]["phase"] if listed else "unknown"
        if any("incident closed" in line for line in lines) and phase in AT_REST:
            break
        time.sleep(0.1)
    return phase


def play(progress: Callable[[str], None]) -> Recovery:
    progress("booting a guest with a virtio disk in a hot-plug slot")
    # A copy: QEMU locks an image, and another lab may be using it.
    image = Path(tempfile.mkdtemp(prefix="slotd-disk-")) / "disk.raw"
    shutil.copyfile(disk.image(), image)
    guest = Guest((Slot(SLOT, VirtioDisk(image=image)),), with_slotd=True)
    try:
        progress(f"kernel {guest.kernel.release} is up after {guest.boot_seconds:.0f} s")
        port, function = guest.pci.port(SLOT), guest.pci.function(SLOT)
        guest.start_slotd(LEVEL, automatic_action=True)
        before = _read(guest, BEFORE)
        progress(f"before the error: {told(before, BEFORE)}")
        since_us = guest.now_us()
        guest.inject_hardware_error("disk")
        phase = _wait_for_slotd(guest, port, since_us)
        progress(f"slotd leaves the slot {phase}")
        after = _read(guest, AFTER)
        progress(f"after it: {told(after, AFTER)}")
        functions = guest.pci.functions(port)
        driver = guest.pci.driver(functions[0]) if functions else None
        events = tuple(guest.record(since_us))
        guest.slotd.stop()
        concerned = frozenset({port, function, *functions})
        return Recovery(concerned, events, before, after, phase, driver)
    finally:
        guest.stop()
        shutil.rmtree(image.parent, ignore_errors=True)


def told(reads: tuple[disk.Read, ...], wanted: range) -> str:
    if reads and not reads[-1].good:
        return f"block {wanted[len(reads) - 1]}: {reads[-1].status}"
    if len(reads) < len(wanted):
        return "there is no disk to read"
    return f"{len(reads)} blocks read, each with the content that was written there"


def _seconds(later: int | None, earlier: int | None) -> str:
    return "?" if later is None or earlier is None else f"{(later - earlier) / 1e6:.2f} s"


def _verdict(recovery: Recovery) -> str:
    if recovery.good:
        first_us = recovery.reads_after[0].ended_us
        return (
            f"recovered {_seconds(recovery.closed_us, recovery.failed_us)} after the kernel had "
            f"given up, {_seconds(recovery.closed_us, recovery.error_us)} after the error; first "
            f"good block {_seconds(first_us, recovery.error_us)} after the error (guest time)"
        )
    if recovery.failed_us is None:
        return "the kernel did not report FAILED_RECOVERY: nothing was shown here"
    return f"NOT recovered: slotd left the slot {recovery.phase}"


def show(recovery: Recovery, width: int) -> str:
    made = picture.rows(recovery.events, set(recovery.concerned), slotd_lines=True)
    lines = [
        f"A virtio disk, WITH slotd, level {LEVEL}, automatic_action = true",
        *picture.wrapped("  before  ", told(recovery.reads_before, BEFORE), width),
        *picture.draw(made, width),
        *picture.wrapped("   after  ", told(recovery.reads_after, AFTER), width),
        f"          its driver: {recovery.driver or 'none'}",
        *picture.wrapped(picture.VERDICT, _verdict(recovery), width),
    ]
    return "\n".join(lines) + "\n"
