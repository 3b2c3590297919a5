"""A record as a picture: one line per event, one column per actor."""

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from . import record
from .record import Event

LANES = ("lab", "AER", "pciehp", "driver", "slotd")
_WIDTHS = {"lab": 16, "AER": 26, "pciehp": 26, "driver": 26, "slotd": 60}
_SHOWN_OTHERS = {"slotd"}

# Short words for the columns; what is not here is shown as it was said.
_WORDS = {
    record.ERROR: "error reported",
    record.BEGIN: "BEGIN_RECOVERY",
    record.RESET: "link reset",
    record.NO_CALLBACK: "no callback in driver",
    record.SUCCESS: "SUCCESSFUL_RECOVERY",
    record.FAILED: "FAILED_RECOVERY",
    record.LINK_DOWN: "Link Down",
    record.LINK_UP: "Link Up",
    record.CARD_GONE: "Card not present",
    record.CARD_HERE: "Card present",
    record.IGNORED: "link change ignored",
    record.DROPPED: "link dropped",
    record.RESTORED: "link restored",
    record.LEFT: "card left",
    record.CAME: "card came",
    record.RESET_BEGINS: "bus reset",
    record.RESET_ENDS: "bus reset ends",
}


def select(events: Iterable[Event], concerned: set[str] | None = None) -> list[Event]:
    """What belongs in the picture: what is about the slot's port and functions, and all that slotd
    says. A uevent and a log line that say the same within some milliseconds become one."""
    chosen: list[Event] = []
    for event in events:
        if event.lane not in LANES or (event.kind == "other" and event.lane not in _SHOWN_OTHERS):
            continue
        if concerned is not None and event.lane != "slotd" and event.address not in concerned:
            continue
        if any(
            e.kind == event.kind != "other"
            and e.lane == "AER"
            and e.source != event.source
            and event.at_us - e.at_us < 10_000
            for e in chosen[-3:]
        ):
            continue
        chosen.append(event)
    return chosen


def _words(event: Event) -> str:
    if event.kind in _WORDS:
        return _WORDS[event.kind]
    return re.sub(r"^<[0-7]>", "", event.text)  # the priority that slotd's lines begin with


def render(events: Sequence[Event], lanes: Sequence[str] = LANES) -> str:
    """Times are milliseconds since the first event."""
    if not events:
        return "(nothing happened)\n"
    start = events[0].at_us
    lines = ["      ms  " + "".join(lane.ljust(_WIDTHS[lane]) for lane in lanes).rstrip()]
    for event in events:
        cells = [(_words(event) if lane == event.lane else "|") for lane in lanes]
        row = "".join(
            cell[: _WIDTHS[lane] - 2].ljust(_WIDTHS[lane]) for lane, cell in zip(lanes, cells)
        )
        lines.append(f"{(event.at_us - start) / 1000:8.1f}  {row.rstrip()}")
    return "\n".join(lines) + "\n"


def beside(left_title: str, left: str, right_title: str, right: str) -> str:
    """Two pictures next to each other."""
    left_lines, right_lines = [left_title, *left.splitlines()], [right_title, *right.splitlines()]
    width = max(map(len, left_lines)) + 4
    return "".join(
        f"{a.ljust(width)}{b}".rstrip() + "\n"
        for a, b in zip_longest(left_lines, right_lines, fillvalue="")
    )
