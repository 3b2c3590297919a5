"""The guest's record as typed events, on one clock.

A line is "<microseconds> <source> <text>"; sources are "uevent", "kernel" (log), "slotd" (or any
other background process), "host" (marks of the test) and "lost".
"""

import re
from dataclasses import dataclass, field

# What an event says, independent of who said it. Everything else is "other".
BEGIN, SUCCESS, FAILED = "recovery-begins", "recovery-succeeded", "recovery-failed"
ERROR, RESET = "error-reported", "link-reset"
NO_CALLBACK = "driver-has-no-callback"  # such a function gets no BEGIN_RECOVERY
LINK_DOWN, LINK_UP, CARD_GONE, CARD_HERE = (
    "link-down",
    "link-up",
    "card-not-present",
    "card-present",
)
IGNORED = "link-change-ignored"
BIND, UNBIND, ADD, REMOVE = "bind", "unbind", "add", "remove"
DROPPED, RESTORED, LEFT, CAME = (
    "lab-link-dropped",
    "lab-link-restored",
    "lab-card-left",
    "lab-card-came",
)
# A secondary bus reset as the port sees it, whoever asked for it.
RESET_BEGINS, RESET_ENDS = "bus-reset-begins", "bus-reset-ends"

_ERS = {"BEGIN_RECOVERY": BEGIN, "SUCCESSFUL_RECOVERY": SUCCESS, "FAILED_RECOVERY": FAILED}
_ADDRESS = re.compile(r"[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
_LOG = [  # pattern, kind, lane
    (re.compile(r"AER: .*[Ee]rror message received"), ERROR, "AER"),
    (re.compile(r"AER: can't recover"), NO_CALLBACK, "AER"),
    (re.compile(r"AER: .*Port link has been reset"), RESET, "AER"),
    (re.compile(r"AER: device recovery successful"), SUCCESS, "AER"),
    (re.compile(r"AER: device recovery failed"), FAILED, "AER"),
    (re.compile(r"pciehp: .*Link Down/Up ignored"), IGNORED, "pciehp"),
    (re.compile(r"pciehp: .*Link Down"), LINK_DOWN, "pciehp"),
    (re.compile(r"pciehp: .*Link Up"), LINK_UP, "pciehp"),
    (re.compile(r"pciehp: .*Card not present"), CARD_GONE, "pciehp"),
    (re.compile(r"pciehp: .*Card present"), CARD_HERE, "pciehp"),
    (re.compile(r"linkdrop: link down"), DROPPED, "lab"),
    (re.compile(r"linkdrop: link up"), RESTORED, "lab"),
    (re.compile(r"linkdrop: card gone"), LEFT, "lab"),
    (re.compile(r"linkdrop: card back"), CAME, "lab"),
    (re.compile(r"linkdrop: bus reset begins"), RESET_BEGINS, "lab"),
    (re.compile(r"linkdrop: bus reset ends"), RESET_ENDS, "lab"),
]


@dataclass(frozen=True)
class Event:
    at_us: int
    source: str
    lane: str  # AER, pciehp, driver, slotd, lab, host, or kernel for the rest
    kind: str
    address: str  # the function or port it is about, "" if none
    text: str
    fields: dict[str, str] = field(default_factory=dict, compare=False)


def _uevent(at_us: int, text: str) -> Event:
    header, *rest = text.split("\t")
    action, _, path = header.partition("@")
    fields = dict(item.partition("=")[::2] for item in rest)
    found = _ADDRESS.findall(path.rpartition("/")[2])
    address = found[0] if found else ""
    kind, lane, shown = "other", "kernel", header
    if fields.get("SUBSYSTEM") == "pci" and address:
        if fields.get("ERROR_EVENT") in _ERS:
            kind, lane, shown = (
                _ERS[fields["ERROR_EVENT"]],
                "AER",
                f"{fields['ERROR_EVENT']} {address}",
            )
        elif action in (BIND, UNBIND):
            kind, lane, shown = (
                action,
                "driver",
                f"{action} {address} {fields.get('DRIVER', '')}".rstrip(),
            )
        elif action in (ADD, REMOVE):
            kind, lane, shown = action, "pciehp", f"{action} {address}"
    elif fields.get("SUBSYSTEM") == "pci_express" and action in (BIND, UNBIND):
        kind, lane, shown = (
            f"service-{action}",
            "driver",
            f"{action} service {path.rpartition('/')[2]}",
        )
    return Event(at_us, "uevent", lane, kind, address, shown, fields)


def _log_line(at_us: int, text: str) -> Event:
    found = _ADDRESS.findall(text)
    for pattern, kind, lane in _LOG:
        if pattern.search(text):
            return Event(at_us, "kernel", lane, kind, found[0] if found else "", text)
    lane = "AER" if "AER:" in text else "pciehp" if "pciehp:" in text else "kernel"
    return Event(at_us, "kernel", lane, "other", found[0] if found else "", text)


def parse_line(line: str) -> Event:
    stamp, source, text = line.split(" ", 2)
    at_us = int(stamp)
    if source == "uevent":
        return _uevent(at_us, text)
    if source == "kernel":
        return _log_line(at_us, text)
    return Event(at_us, source, source, "other", "", text)


def parse_record(text: str, since_us: int = 0) -> list[Event]:
    """In the order of time: the sources are stamped when they speak, but written down one after the
    other."""
    events = [parse_line(line) for line in text.splitlines() if line]
    return sorted((e for e in events if e.at_us >= since_us), key=lambda e: e.at_us)
