"""Did the kernel's two recoveries get into each other's way? A pure verdict over one race's
events."""

from collections.abc import Iterable
from dataclasses import dataclass

from . import record
from .record import Event

# A removal this soon after a successful recovery is still the recovery's own link change coming
# home to roost.
RIGHT_AFTER_US = 2_000_000

# The log line and the uevents of one end are this close together at most.
END_REPEATED_US = 1_000_000
LONG_AGO = -(1 << 62)

_BEGINNINGS = {record.BEGIN, record.NO_CALLBACK}
_ENDS = {record.SUCCESS, record.FAILED}
_TAKING_AWAY = {record.UNBIND, record.REMOVE}
_DISTURBING = {record.LINK_DOWN, record.CARD_GONE} | _TAKING_AWAY


@dataclass(frozen=True)
class Verdict:
    """`overlaps`: what of pciehp happened in the middle of a recovery. `removed_after`: the card
    never left, was recovered, and was removed all the same. `unfinished`: a recovery began and no
    end was recorded.
    """

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
    """`functions` are those below `port` before the race.

    The uevents name each function, so a recovery of several is over when the last of them has its
    end; the kernel log's "device recovery ..." ends it for all. Which of the two is seen first is
    chance: later ends of a recovery that is over change nothing, unless no beginning of it was seen
    (some kernels announce none).
    """
    concerned = {port, *functions}
    overlaps: list[Event] = []
    removed_after: list[Event] = []
    recovering: set[str] = set()
    recoveries = 0
    ended_at = succeeded_at = LONG_AGO
    left = False

    for event in (e for e in events if e.address in concerned):
        if event.kind == record.LEFT:
            left = True
        elif event.kind in _BEGINNINGS:
            recoveries += not recovering
            recovering.add(event.address)
        elif event.kind in _ENDS:
            recoveries += not recovering and event.at_us - ended_at >= END_REPEATED_US
            recovering = recovering - {event.address} if event.source == "uevent" else set()
            ended_at = event.at_us
            succeeded_at = event.at_us if event.kind == record.SUCCESS else LONG_AGO
        elif event.kind in _DISTURBING and recovering:
            overlaps.append(event)
        elif (
            event.kind in _TAKING_AWAY and not left and event.at_us - succeeded_at < RIGHT_AFTER_US
        ):
            removed_after.append(event)
    return Verdict(tuple(overlaps), tuple(removed_after), recoveries, bool(recovering))
