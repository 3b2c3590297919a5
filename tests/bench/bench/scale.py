"""slotd on machines of 16, 256 and 4,096 ports: its start against lspci, its memory, the cost of an event."""

import os
import pathlib
import statistics
import subprocess
import sys
import time

from bench import call, rows
from bench.daemon import Daemon, memory
from bench.tree import Tree

ROUNDS = {16: 9, 256: 7, 4096: 5}
BIGGEST = 4096
MEMORY_MAX_MIB = 32.0
SETTLING = 2  # seconds after the first looks: workers that are not needed any more go


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
        slotd.wait_for_rest(len(tree.ports))
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


def cards_file(tree: Tree, file: pathlib.Path) -> pathlib.Path:
    cards = tree.card_of.values()
    file.write_text("".join(f"{card} /devices/{tree.path_of[card]}\n" for card in cards))
    return file


def event(programs: pathlib.Path, scratch: pathlib.Path, trees: list[Tree]) -> dict:
    machines = [f"{t.root}={cards_file(t, scratch / f'cards-{len(t.ports)}')}" for t in trees]
    words = ["unshare", "-n", sys.executable, "-B", "-m", "bench.event_cost", str(programs), *machines]
    ran = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    small, big = map(float, ran.stdout.split())
    return rows.row(f"one uevent, slotd's CPU, {len(trees[-1].ports)} ports", big, "us", "16 ports", small, 1.2)


def produce(programs: pathlib.Path, scratch: pathlib.Path) -> list[dict]:
    made = []
    trees = {}
    for ports in ROUNDS:
        tree = trees[ports] = Tree(scratch / str(ports), ports)
        made.append(start(programs, tree, scratch / f"history-{ports}"))
        if ports == BIGGEST:
            made += resident(programs, tree)
    made += [event(programs, scratch, [trees[16], trees[ports]]) for ports in (256, BIGGEST)]
    cost = call.core(programs, "^one_event")
    small, big = cost["one_event/16"], cost[f"one_event/{BIGGEST}"]
    made.append(rows.row(f"one event, the core alone, {BIGGEST} ports", big, "ns", "16 ports", small, 1.2))
    return made


if __name__ == "__main__":
    os.environ.pop("WATCHDOG_USEC", None)
    call.main(produce, __doc__)
