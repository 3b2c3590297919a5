"""From a uevent of a recovery to the first register write: slotd and slotd-exec against recv and pwrite, and
against udevd with one rule."""

import pathlib
import statistics
import subprocess
import time

from bench import call, rows
from bench.daemon import slots_at_rest
from bench.tree import Tree

EVENTS = 10_000
SHELL_EVENTS = 1_000
PORTS = 256
PATIENCE = 120


# A mount namespace of its own: this machine's udevd, its rules and its database are left alone.
UDEVD = """#!/bin/sh
exec unshare --mount --propagation private sh -c '
mount -t tmpfs none /run && mount -t tmpfs none /lib/udev/rules.d && mount -t tmpfs none /etc/udev/rules.d &&
cp "{scratch}/60-reset.rules" /etc/udev/rules.d/ && exec /lib/systemd/systemd-udevd'
"""
RULE = 'SUBSYSTEM=="pci", ENV{{ERROR_EVENT}}=="BEGIN_RECOVERY", RUN+="{scratch}/reset"\n'
# The script of bench_reaction's shell. The number is another than at the event before, which is 5 uevents
# back, or 245 where a round lies between.
RESET = """#!/bin/sh
n=$((SEQNUM % 61 + 1))
printf "\\\\$((n / 8))$((n % 8))" | dd of={scratch}/udev bs=1 seek=104 conv=notrunc 2>/dev/null
"""


def function_of_this_machine() -> str:
    for function in sorted(pathlib.Path("/sys/bus/pci/devices").glob("*")):
        return str(function.resolve()).removeprefix("/sys")
    raise RuntimeError("this machine has no PCI function, and udevd believes in no others")


def prepare_udevd(scratch: pathlib.Path) -> None:
    for name, text in (("udevd", UDEVD), ("60-reset.rules", RULE), ("reset", RESET)):
        (scratch / name).write_text(text.format(scratch=scratch))
        (scratch / name).chmod(0o755)


def measure(programs: pathlib.Path, scratch: pathlib.Path) -> dict[str, list[float]]:
    """Microseconds of each, in the order of the events."""
    tree = Tree(scratch / "tree", PORTS)
    cards = [(port, tree.card_of[port]) for port in tree.ports if port in tree.card_of]
    (scratch / "slots").write_text(
        "".join(
            f"{card} /devices/{tree.path_of[card]} {tree.root}/devices/{tree.path_of[port]}/config\n"
            for port, card in cards
        )
    )
    (scratch / "slotd.toml").write_text('[coordinator]\nlevel = "fence"\n')
    (scratch / "state").mkdir()
    prepare_udevd(scratch)
    control = scratch / "control"
    slotd = [
        str(programs / "slotd"),
        "--config", str(scratch / "slotd.toml"),
        "--sysfs-root", tree.root,
        "--control-socket", str(control),
        "--executor-state-dir", str(scratch / "state"),
        "--history-directory", str(scratch / "history"),
    ]  # fmt: skip
    words = [str(programs / "bench_reaction"), str(EVENTS), str(SHELL_EVENTS), str(scratch)]
    with open(scratch / "log", "w") as log:
        bench = subprocess.Popen(
            [*words, str(scratch / "slots"), function_of_this_machine(), "--", *slotd],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        times = {}
        for line in bench.stdout:
            if line == "rest?\n":
                _wait_for_rest(programs, control, scratch / "log")
                bench.stdin.write("\n")
                bench.stdin.flush()
            else:
                who, *each = line.split()
                times[who] = [float(one) for one in each]
    if bench.wait() != 0:
        raise RuntimeError("bench_reaction: " + (scratch / "log").read_text()[-1500:])
    return times


def _wait_for_rest(programs: pathlib.Path, control: pathlib.Path, log: pathlib.Path) -> None:
    end = time.monotonic() + PATIENCE
    while slots_at_rest(programs, control) < PORTS:
        if time.monotonic() > end:
            raise RuntimeError("the slots do not come to rest: " + log.read_text()[-1500:])
        time.sleep(0.1)


def produce(programs: pathlib.Path, scratch: pathlib.Path) -> list[dict]:
    times = measure(programs, scratch)
    at = {who: statistics.quantiles(each, n=100) for who, each in times.items()}
    floor = "recv and pwrite"
    what = f"uevent to first register write, {len(times['slotd']):,} events"
    return [
        rows.row(f"{what}: p50", at["slotd"][49], "us", floor, at["bare"][49], 2.5),
        rows.row(f"{what}: p99", at["slotd"][98], "us", floor, at["bare"][98], 4.0),
        rows.row(f"{what}: p50 of three processes that only pass it on", at["three"][49], "us",
                 floor, at["bare"][49], None),
        rows.row(f"{what}: p50 against a shell", at["slotd"][49], "us",
                 "recv, fork and exec of sh and dd (floor of RUN+=)", at["shell"][49], None),
        rows.row(f"{what}: p50 against udevd", at["slotd"][49], "us",
                 "udevd with one rule, whose RUN+= is sh and dd", at["udev"][49], 0.02),
    ]  # fmt: skip


if __name__ == "__main__":
    call.main(produce, __doc__)
