"""What slotd and slotd-exec do while nothing happens, and what they keep in memory on a small machine."""

import pathlib
import time

from bench import call, rows
from bench.daemon import Daemon, memory, scheduled
from bench.tree import DriverCore, Tree

PORTS = 64
SECONDS = 20.0
CORE_MAX = 0.002  # of a core, at level exclusive
MEMORY_MAX_MIB = 16.0


def idle(programs: pathlib.Path, tree: Tree, level: str) -> dict:
    """No watchdog is set here: with one, slotd wakes up for it twice in its interval."""
    with Daemon(programs, tree.root, level) as slotd:
        slotd.wait_for_rest(PORTS)
        time.sleep(5)  # the last look, and what it leaves to be put away
        seconds, times = scheduled(slotd.family())
        begin = time.monotonic()
        time.sleep(SECONDS)
        later, more = scheduled(slotd.family())
        took = time.monotonic() - begin
    what = f"idle at {level}, {PORTS} ports"
    if level == "exclusive":
        share = (later - seconds) / took
        return rows.row(f"{what}: share of a core", 100 * share, "%", "asked", 100 * CORE_MAX, 1.0)
    return rows.row(f"{what}: wake-ups in {SECONDS:.0f} s", more - times, "times", "one", 1.0, 0.0)


def produce(programs: pathlib.Path, scratch: pathlib.Path) -> list[dict]:
    tree = Tree(scratch / "tree", PORTS)
    with DriverCore(tree):
        made = [idle(programs, tree, level) for level in ("observe", "fence", "exclusive")]
    small = Tree(scratch / "small", 16)
    with Daemon(programs, small.root) as slotd:
        slotd.wait_for_rest(16)
        time.sleep(2)
        pss, rss = memory(slotd.family(), "Pss"), memory(slotd.family(), "Rss")
    what = "memory on a small machine, 16 ports: slotd, slotd-exec, worker"
    return [
        *made,
        rows.row(f"{what}, PSS", pss, "MiB", "asked", MEMORY_MAX_MIB, 1.0),
        rows.row(f"{what}, RSS (shared pages thrice)", rss, "MiB", "asked", MEMORY_MAX_MIB, None),
    ]


if __name__ == "__main__":
    call.main(produce, __doc__)
