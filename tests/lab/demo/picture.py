"""Timelines for people, in the columns that a terminal has. Pure: events in, text out.

A lane shows a bar while its actor is at work: two recoveries at the same time are two bars side by
side.
"""

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from lab import overlap, record, timeline
from lab.record import Event

LANES = ("AER", "pciehp", "card")
SEPARATOR = " | "
GAP = 2  # between lanes
BAR = ":"
VERDICT = "=> "

# What each kind of event is called, and in which lane.
_WORDS = {
    record.ERROR: ("AER", "fatal error"),
    record.BEGIN: ("AER", "BEGIN_RECOVERY"),
    record.NO_CALLBACK: ("AER", "can't recover"),
    record.RESET: ("AER", "link reset"),
    record.SUCCESS: ("AER", "SUCCESSFUL_RECOVERY"),
    record.FAILED: ("AER", "FAILED_RECOVERY"),
    record.LINK_DOWN: ("pciehp", "Link Down"),
    record.LINK_UP: ("pciehp", "Link Up"),
    record.CARD_GONE: ("pciehp", "Card not present"),
    record.CARD_HERE: ("pciehp", "Card present"),
    record.IGNORED: ("pciehp", "change ignored"),
    record.DROPPED: ("card", "link drops"),
    record.RESTORED: ("card", "link is back"),
    record.UNBIND: ("card", "driver off"),
    record.REMOVE: ("card", "REMOVED"),
    record.ADD: ("card", "added"),
    record.BIND: ("card", "driver on"),
}
_SHORTER = {
    "BEGIN_RECOVERY": "BEGIN",
    "SUCCESSFUL_RECOVERY": "SUCCESSFUL",
    "FAILED_RECOVERY": "FAILED",
    "Card not present": "not present",
}
_AT_WORK = {
    "AER": ({record.ERROR, record.BEGIN}, {record.SUCCESS, record.FAILED}),
    "pciehp": ({record.LINK_DOWN, record.CARD_GONE, record.REMOVE}, {record.BIND}),
}
# The last digits of a port service's name say which service it is.
_SERVICES = {0x2: "AER", 0x4: "pciehp"}
_SERVICE_WORDS = {"service-unbind": "unbound", "service-bind": "bound"}

_PRIORITY = re.compile(r"^<([0-7])>")
_ABOUT_SLOT = re.compile(r"^[0-9a-f:.]+ \(slot [^)]*\) (\[incident [^]]*\] )?")


@dataclass(frozen=True)
class Row:
    """One line. `lane` "slotd" spans all columns; `at_ms` None is a state, labelled `label`."""

    at_ms: float | None
    cells: dict[str, str]
    marked: bool = False
    said: str = ""
    label: str = ""


@dataclass(frozen=True)
class States:
    """Who has the slot, before and after: what sysfs says in the guest."""

    before: dict[str, str]
    after: dict[str, str]


def slotd_words(text: str) -> str | None:
    """A line of slotd without priority, slot and incident number, which the picture's title says;
    None for debugging."""
    priority = _PRIORITY.match(text)
    if priority and priority[1] == "7":
        return None
    return _ABOUT_SLOT.sub("", _PRIORITY.sub("", text))


def _cell(event: Event) -> tuple[str, str] | None:
    if event.kind in _SERVICE_WORDS:
        number = re.search(r"pcie([0-9a-f]{3})$", event.text)
        lane = _SERVICES.get(int(number[1], 16) & 0xF) if number else None
        return (lane, _SERVICE_WORDS[event.kind]) if lane else None
    return _WORDS.get(event.kind)


def rows(
    events: Iterable[Event],
    concerned: set[str],
    verdict: overlap.Verdict | None = None,
    states: States | None = None,
    slotd_lines: bool = False,
) -> list[Row]:
    """Milliseconds since the error that began it all."""
    chosen = timeline.select(events, concerned)
    start = _start(chosen)
    wrong = {*verdict.overlaps, *verdict.removed_after} if verdict else set()
    made = [Row(None, states.before, label="before")] if states else []
    busy: set[str] = set()
    for event in chosen:
        at_ms = (event.at_us - start) / 1000
        bars = {lane: BAR for lane in busy}
        if event.lane == "slotd":
            said = slotd_words(event.text)
            if slotd_lines and said:
                made.append(Row(at_ms, bars, said=said))
            continue
        cell = _cell(event)
        if cell is None:
            continue
        made.append(Row(at_ms, {**bars, cell[0]: cell[1]}, marked=event in wrong))
        for lane, (begins, ends) in _AT_WORK.items():
            busy = busy | {lane} if event.kind in begins else busy
            busy = busy - {lane} if event.kind in ends else busy
    if states:
        made.append(Row(None, states.after, label="after"))
    return made


def _start(events: Sequence[Event]) -> int:
    errors = [e.at_us for e in events if e.kind == record.ERROR]
    return (errors or [e.at_us for e in events] or [0])[0]


def shorter(some: Sequence[Row]) -> list[Row]:
    """The same with shorter words, for a narrow terminal."""
    return [
        Row(
            row.at_ms,
            {lane: _SHORTER.get(word, word) for lane, word in row.cells.items()},
            row.marked,
            row.said,
            row.label,
        )
        for row in some
    ]


def _stamp(row: Row) -> str:
    stamp = row.label if row.at_ms is None else f"{row.at_ms:.1f}"
    return f"{'!' if row.marked else ' '}{stamp:>7}  "


def draw(some: Sequence[Row], width: int) -> list[str]:
    """A heading and one line per row; slotd's words run over all lanes and are wrapped."""
    wide = {lane: max(len(lane), *(len(r.cells.get(lane, "")) for r in some)) for lane in LANES}
    heading = {lane: lane for lane in LANES}

    def line(stamp: str, cells: dict[str, str]) -> str:
        return (
            stamp + "".join(cells.get(lane, "").ljust(wide[lane] + GAP) for lane in LANES).rstrip()
        )

    lines = [line(f" {'ms':>7}  ", heading)]
    for row in some:
        lines += (
            wrapped(f"{_stamp(row)}slotd: ", row.said, width)
            if row.said
            else [line(_stamp(row), row.cells)]
        )
    return lines


def wrapped(first: str, text: str, width: int) -> list[str]:
    """`first` once; the lines after it begin below the text."""
    return textwrap.wrap(
        text,
        max(width, 40),
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )


def said(title: str, events: Iterable[Event], width: int) -> list[str]:
    """Only slotd's words, on the same clock as `rows` of these events."""
    events = list(events)
    start = _start(events)
    words = ((e.at_us, slotd_words(e.text)) for e in events if e.lane == "slotd")
    return [
        title,
        *(
            line
            for at_us, text in words
            if text
            for line in wrapped(f"  {(at_us - start) / 1000:6.1f}  ", text, width)
        ),
    ]


@dataclass(frozen=True)
class Panel:
    title: str
    rows: Sequence[Row]
    verdict: str


def _panel(panel: Panel, lines: Sequence[str], width: int) -> list[str]:
    return [
        *textwrap.wrap(panel.title, width),
        *lines,
        *wrapped(VERDICT, panel.verdict, width),
    ]


def beside(left: Panel, right: Panel, width: int) -> str:
    """Next to each other where they fit, with shorter words if need be; else one below the
    other."""
    for fit in (list, shorter):
        drawn = [draw(fit(panel.rows), width) for panel in (left, right)]
        wide = [max(map(len, lines)) for lines in drawn]
        if sum(wide) + len(SEPARATOR) <= width:
            spare = (width - len(SEPARATOR) - sum(wide)) // 2
            columns = [
                _level(_panel(panel, lines, w + spare))
                for panel, lines, w in zip((left, right), drawn, wide)
            ]
            return _columns(*_same_height(*columns), wide[0] + spare)
    return "\n".join(
        "\n".join(_panel(panel, draw(panel.rows, width), width)) + "\n" for panel in (left, right)
    )


def _level(lines: list[str]) -> tuple[list[str], list[str]]:
    """The picture, and the verdict that goes below the longer of the two pictures."""
    first = next(i for i, line in enumerate(lines) if line.startswith(VERDICT))
    return lines[:first], lines[first:]


def _same_height(left, right) -> tuple[list[str], list[str]]:
    height = max(len(left[0]), len(right[0]))
    return tuple(
        [*lines, *([""] * (height - len(lines))), *verdict] for lines, verdict in (left, right)
    )


def _columns(left: list[str], right: list[str], width: int) -> str:
    return "".join(
        f"{a.ljust(width)}{SEPARATOR}{b}".rstrip() + "\n"
        for a, b in zip_longest(left, right, fillvalue="")
    )
