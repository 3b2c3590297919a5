"""slotd on machines of 16, 256 and 4,096 ports: its start against lspci, its memory, the cost of an event."""

import os
import pathlib
import statistics
import subprocess
import time

from bench import call, rows
from bench.daemon import Daemon, memory
from bench.tree import Tree

ROUNDS = {16: 25, 256: 15, 4096: 7}
BIGGEST = 4096
MEMORY_MAX_MIB = 32.0
SETTLING = 8  # seconds in which slotd looks at its slots for the first time


def lspci(root: str) -> float:
    begin = time.monotonic()
    words = ["lspci", "-O", f"sysfs.path={root}/bus/pci", "-D"]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - begin


def start(programs: pathlib.Path, tree: Tree, history: pathlib.Path) -> dict:
    """Median of rounds in which both are started once, in turn. The history is there: slotd has run before."""
    ports = len(tree.ports)
    with Daemon(programs, tree.root, history=history):
        pass
    ours, theirs = [], []
    for _ in range(ROUNDS[ports]):
        theirs.append(lspci(tree.root))
        with Daemon(programs, tree.root, history=history) as slotd:
            ours.append(slotd.ready)
    value, floor = statistics.median(ours) * 1000, statistics.median(theirs) * 1000
    return rows.row(f"start to READY=1, {ports} ports", value, "ms", "lspci -D", floor, 1.0)


def resident(programs: pathlib.Path, tree: Tree) -> list[dict]:
    with Daemon(programs, tree.root) as slotd:
        time.sleep(SETTLING)
        both = slotd.family()
        pss, rss = memory(both, "Pss"), memory(both, "Rss")
        own = memory(both[:1], "Rss")
    what = f"memory, {len(tree.ports)} ports and {tree.functions} functions"
    asked = MEMORY_MAX_MIB
    return [
        rows.row(f"{what}: slotd, RSS", own, "MiB", "asked", asked, 1.0),
        rows.row(f"{what}: slotd, slotd-exec, worker, PSS", pss, "MiB", "asked", asked, 1.0),
        rows.row(f"{what}: the same, RSS (shared pages thrice)", rss, "MiB", "asked", asked, None),
    ]


def produce(programs: pathlib.Path, scratch: pathlib.Path) -> list[dict]:
    made = []
    for ports in ROUNDS:
        tree = Tree(scratch / str(ports), ports)
        made.append(start(programs, tree, scratch / f"history-{ports}"))
        if ports == BIGGEST:
            made += resident(programs, tree)
    cost = call.core(programs, "^one_event")
    for ports in (256, BIGGEST):
        value = cost[f"one_event/{ports}"]
        made.append(
            rows.row(f"one event in the core, {ports} ports", value, "ns", "16 ports", cost["one_event/16"], 1.2)
        )
    return made


if __name__ == "__main__":
    os.environ.pop("WATCHDOG_USEC", None)
    call.main(produce, __doc__)
