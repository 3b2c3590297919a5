"""Did the kernel's two recoveries get into each other's way? A pure verdict over one race's events."""

from collections.abc import Iterable
from dataclasses import dataclass

from . import record
from .record import Event

# A removal this soon after a successful recovery is still the recovery's own link change coming home to roost.
RIGHT_AFTER_US = 2_000_000

_DISTURBING = {record.LINK_DOWN, record.CARD_GONE, record.UNBIND, record.REMOVE}


@dataclass(frozen=True)
class Verdict:
    """`overlaps`: what of pciehp happened in the middle of a recovery. `removed_after`: the card never left, was
    recovered, and was removed all the same. `unfinished`: a recovery began and no end was recorded."""

    overlaps: tuple[Event, ...] = ()
    removed_after: tuple[Event, ...] = ()
    recoveries: int = 0
    unfinished: bool = False

    @property
    def overlapped(self) -> bool:
        return bool(self.overlaps or self.removed_after)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Each kind once, in the order of its first occurrence."""
        inside = [e.kind for e in self.overlaps]
        after = [f"{e.kind} after success" for e in self.removed_after]
        return tuple(dict.fromkeys(inside + after))


def judge(events: Iterable[Event], port: str, functions: Iterable[str]) -> Verdict:
    """`functions` are those below `port` before the race. The kernel log's "device recovery ..." names whatever
    reported the error or its port; the uevents name each function. A recovery lasts from the first word of its
    beginning to the last of its end, so a slot with several functions is one recovery."""
    concerned = {port, *functions}
    overlaps: list[Event] = []
    pending: list[Event] = []  # disturbances since the last word of an end: of the recovery if another end follows
    removed_after: list[Event] = []
    recoveries, recovering = 0, False
    succeeded_at: int | None = None
    left = False

    for event in events:
        if event.address not in concerned:
            continue
        if event.kind == record.LEFT:
            left = True
        elif event.kind == record.BEGIN:
            recoveries += not recovering
            recovering, succeeded_at = True, None
        elif event.kind in (record.SUCCESS, record.FAILED):
            # BEGIN may be missing (older kernels): the end alone proves a recovery.
            recoveries += not recovering and succeeded_at is None
            recovering = False
            succeeded_at = event.at_us if event.kind == record.SUCCESS else None
            overlaps += pending
            pending = []
        elif event.kind in _DISTURBING:
            if recovering:
                pending.append(event)
            elif (succeeded_at is not None and not left and event.kind in (record.UNBIND, record.REMOVE)
                  and event.at_us - succeeded_at <= RIGHT_AFTER_US):
                removed_after.append(event)
    return Verdict(tuple(overlaps + pending), tuple(removed_after), recoveries, recovering)
