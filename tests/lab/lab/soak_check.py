"""The invariants of the design (shared numbers 1 to 4), judged over what the guest has recorded. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from . import overlap, record
from .record import Event

AER, HOTPLUG = "aer", "pciehp"
# include/linux/pci.h PCIE_PORT_SERVICE_*: the bit in the name of the port service device.
_SERVICES = {"02": AER, "08": AER, "04": HOTPLUG}  # dpc counts as aer: one side of the token
# A reset that begins this soon after the beginning of a recovery was on its way when slotd heard of it.
HEARD_LATE_US = 50_000
# slotd's line follows the effect that it tells of, and later where others have the processor.
LINE_LATE_US = 50_000
_MOVE = re.compile(r"^<\d>([0-9a-f:.]{12}) .*?\b([a-z-]+) -> ([a-z-]+)\b(.*)")
_ACTING = ("resetting", "replaying")


@dataclass(frozen=True)
class Acting:
    """slotd did something to what is below `port`, by its own lines."""

    port: str
    begun_us: int
    ended_us: int
    what: str


def actings(events: Iterable[Event]) -> list[Acting]:
    """One without an end lasts for ever."""
    begun: dict[str, tuple[int, str]] = {}
    found = []
    for event in (e for e in events if e.source == "slotd"):
        move = _MOVE.match(event.text)
        if not move:
            continue
        port, _, after, why = move.groups()
        if port in begun:
            at_us, what = begun.pop(port)
            found.append(Acting(port, at_us, event.at_us, what))
        if after in _ACTING:
            begun[port] = (event.at_us, after if after == "replaying" else why.strip(": "))
    found += [Acting(port, at, 1 << 62, what) for port, (at, what) in begun.items()]
    return sorted(found, key=lambda a: a.begun_us)


def together(one: Acting, other: Acting) -> bool:
    return one.begun_us < other.ended_us and other.begun_us < one.ended_us


def overlapping(all_of_them: list[Acting], above: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Invariant 1. `above`: of each port, the ports on the way to the root. Not invariant 4: what is one at a time
    on the machine are effects, of which no line tells; steps of unrelated slots may take turns at them."""
    found = []
    for at, one in enumerate(all_of_them):
        for other in all_of_them[at + 1 :]:
            if not together(one, other):
                continue
            if one.port == other.port or one.port in above[other.port] or other.port in above[one.port]:
                found.append(f"1: {one} and {other} in one reset domain")
    return found


def in_recovery(events: list[Event], acting: list[Acting], domain_of: Mapping[str, str]) -> list[str]:
    """Invariant 2: nothing of ours begins in a domain that the kernel is recovering. `domain_of`: the Root
    Port of each port and function."""
    found = []
    recovering: dict[str, int] = {}
    moments = sorted(
        [(e.at_us, 1, e) for e in events if e.kind in (record.BEGIN, record.SUCCESS, record.FAILED)]
        + [(a.begun_us, 0, a) for a in acting],
        key=lambda moment: moment[:2],
    )
    for at_us, is_event, what in moments:
        domain = domain_of.get(what.address if is_event else what.port)
        if domain is None:
            continue
        if not is_event:
            if at_us - recovering.get(domain, at_us) > HEARD_LATE_US:
                found.append(f"2: {what} begins in a recovery of {domain}")
        elif what.kind == record.BEGIN:
            recovering.setdefault(domain, at_us)
        else:
            recovering.pop(domain, None)
    return found


@dataclass
class Token:
    """Invariant 3: which services are bound in each AER domain, from one look and every change since."""

    bound: dict[str, set[str]]  # by port
    domain_of: Mapping[str, str]

    def _sides(self, domain: str) -> set[str]:
        return {s for port, services in self.bound.items() if self.domain_of[port] == domain for s in services}

    def follow(self, events: Iterable[Event]) -> list[str]:
        found = [f"3: both bound in {domain} at first" for domain in set(self.domain_of.values())
                 if {AER, HOTPLUG} <= self._sides(domain)]  # fmt: skip
        for event in events:
            service = _SERVICES.get(event.text[-2:]) if event.kind.startswith("service-") else None
            if service is None or event.address not in self.domain_of:
                continue
            services = self.bound.setdefault(event.address, set())
            (services.add if event.kind == "service-bind" else services.discard)(service)
            domain = self.domain_of[event.address]
            if {AER, HOTPLUG} <= self._sides(domain):
                found.append(f"3: aer and pciehp are bound in {domain} at {event.at_us}: {event.text}")
        return found


def fought(
    events: list[Event], acting: list[Acting], port: str, functions: Iterable[str],
    above: tuple[str, ...],
) -> overlap.Verdict:  # fmt: skip
    """overlap.judge, but for what slotd itself took away."""
    mine = [a for a in acting if a.port == port or a.port in above]
    return overlap.judge(
        [
            e
            for e in events
            if e.kind not in (record.UNBIND, record.REMOVE)
            or not any(a.begun_us - LINE_LATE_US <= e.at_us <= a.ended_us for a in mine)
        ],
        port,
        functions,
    )
