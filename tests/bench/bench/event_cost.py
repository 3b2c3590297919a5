"""CPU of slotd for one uevent, the socket included, on a small and on a big machine. Runs in a network namespace
of its own (unshare -n), where the kernel takes uevents from root and sends them on as its own.

Called with the folder of programs, then ROOT=CARDS_FILE for each machine; prints microseconds, one line each.
"""

import pathlib
import socket
import statistics
import struct
import sys
import time

from bench.daemon import Daemon, scheduled

NETLINK_KOBJECT_UEVENT = 15
NLMSG_MIN_TYPE, NLM_F_REQUEST = 0x10, 1
EVENTS = 3840  # once about each card of the big machine
ROUNDS = 2


def send(to_kernel: socket.socket, card: str, devpath: str) -> None:
    parts = (
        f"change@{devpath}",
        "ACTION=change",
        f"DEVPATH={devpath}",
        "SUBSYSTEM=pci",
        "ERROR_EVENT=BEGIN_RECOVERY",
        f"PCI_SLOT_NAME={card}",
    )
    text = b"".join(part.encode() + b"\0" for part in parts)
    to_kernel.send(struct.pack("=IHHII", 16 + len(text), NLMSG_MIN_TYPE, NLM_F_REQUEST, 0, 0) + text)


def cost(programs: pathlib.Path, root: str, cards: list[list[str]]) -> float:
    with Daemon(programs, root, "observe") as slotd:
        slotd.wait_for_rest(len(cards) * 16 // 15)
        to_kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_KOBJECT_UEVENT)
        for card, devpath in cards:  # the first one opens an incident: other work
            send(to_kernel, card, devpath)
            time.sleep(0.0005)
        time.sleep(3)
        before = scheduled([slotd.process.pid])[0]
        for at in range(EVENTS):
            send(to_kernel, *cards[at * 7 % len(cards)])
            time.sleep(0.0002)
        time.sleep(0.5)
        return (scheduled([slotd.process.pid])[0] - before) / EVENTS * 1e6


def main() -> None:
    programs = pathlib.Path(sys.argv[1])
    machines = [words.split("=", 1) for words in sys.argv[2:]]
    costs: dict[str, list[float]] = {root: [] for root, _ in machines}
    for _ in range(ROUNDS):
        for root, file in machines:
            cards = [line.split() for line in pathlib.Path(file).read_text().splitlines()]
            costs[root].append(cost(programs, root, cards))
    for root, _ in machines:
        print(statistics.median(costs[root]))


if __name__ == "__main__":
    main()
