"""A storm of events: through the decoders and the core, and from the kernel through the socket to slotd."""

import pathlib
import subprocess
import sys
import tempfile
import time

from bench import call, rows
from bench.daemon import Daemon, scheduled
from bench.tree import Tree

ASKED_NS = 2000.0  # 500,000 events a second on one core
EVENTS_OF_WRITER = 10_000
WRITERS = 2
# Each writer to the `uevent` of a function of its own; the kernel makes a uevent of each write.
WRITER = """
import os, sys
uevent = os.open(sys.argv[1], os.O_WRONLY)
for _ in range(int(sys.argv[2])):
    os.write(uevent, b"change")
"""


def core_rows(programs: pathlib.Path) -> list[dict]:
    cost = call.core(programs, "^storm")
    asked = "500,000 a second"
    made = [
        rows.row(f"storm, decoded and decided, {ports} ports, one event", cost[f"storm/{ports}"], "ns", asked, ASKED_NS, 1.0)
        for ports in (256, 4096)
    ]  # fmt: skip
    copied = cost["storm_copied/256"]
    return made + [rows.row("the same, 256 ports", cost["storm/256"], "ns", "its bytes copied", copied, None)]


def kernel_rows(programs: pathlib.Path, scratch: pathlib.Path) -> list[dict]:
    functions = sorted(pathlib.Path("/sys/bus/pci/devices").iterdir())[:WRITERS]
    if len(functions) < WRITERS:
        print("SKIPPED: fewer than 2 PCI functions here, no uevents of the kernel's own", file=sys.stderr)
        return []
    tree = Tree(scratch / "tree", 16)
    with Daemon(programs, tree.root) as slotd, tempfile.TemporaryFile() as heard:
        slotd.wait_for_rest(16)
        monitor = subprocess.Popen(["udevadm", "monitor", "--kernel"], stdout=heard)
        time.sleep(1)
        before = [scheduled([pid])[0] for pid in (slotd.process.pid, monitor.pid)]
        writers = [
            subprocess.Popen([sys.executable, "-c", WRITER, f"{one}/uevent", str(EVENTS_OF_WRITER)])
            for one in functions
        ]
        if any(writer.wait() != 0 for writer in writers):
            raise RuntimeError("a writer of uevents failed")
        time.sleep(3)
        after = [scheduled([pid])[0] for pid in (slotd.process.pid, monitor.pid)]
        monitor.terminate()
        monitor.wait()
        missed = sum("missed " in line for line in slotd.log.read_text().splitlines())
        heard.seek(0)
        seen = sum(line.startswith(b"KERNEL[") for line in heard)
    sent = WRITERS * EVENTS_OF_WRITER
    if seen < sent:
        print(f"udevadm monitor heard {seen} of {sent}", file=sys.stderr)
    ours, theirs = ((a - b) / sent * 1e6 for a, b in zip(after, before, strict=True))
    what = f"storm of the kernel's, {sent:,} uevents of {WRITERS} writers"
    return [
        rows.row(f"{what}: CPU for each", ours, "us", "udevadm monitor", theirs, 1.0),
        rows.row(f"{what}: times that slotd missed some", missed, "times", "one", 1.0, 0.0),
    ]


def produce(programs: pathlib.Path, scratch: pathlib.Path) -> list[dict]:
    return core_rows(programs) + kernel_rows(programs, scratch)


if __name__ == "__main__":
    call.main(produce, __doc__)
