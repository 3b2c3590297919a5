"""The fight over one slot: a fatal error, and the link drops while the kernel recovers. With slotd
or without."""

import random
import time
from collections import Counter
from dataclasses import dataclass, field

from . import overlap, record
from .agent import GuestError
from .guest import Guest
from .record import Event


@dataclass(frozen=True)
class RaceSettings:
    slot: int = 1
    driver: str = "e1000e"
    races: int = 50
    seed: int = 0
    drop_after_ms: tuple[float, float] = (0.0, 150.0)
    drop_for_ms: int = 60
    # True: a port whose link state reporting bounces while the card still answers, so a reset in
    # progress does not wait for the link. False: the card is out of reach too, and the kernel's own
    # reset outwaits an early drop.
    card_answers: bool = True
    # How slotd is to run, as arguments of Guest.start_slotd; None: the kernel is alone.
    with_slotd: dict | None = None


@dataclass(frozen=True)
class Race:
    drop_after_ms: float | None
    verdict: overlap.Verdict
    same_device: bool  # neither removed nor bound anew: the driver never let go of it
    guest_ms: float  # from the error to the last event about the slot
    events: tuple[Event, ...] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Outcome:
    settings: RaceSettings
    port: str
    races: tuple[Race, ...]
    host_seconds: float

    @property
    def overlaps(self) -> int:
        return sum(race.verdict.overlapped for race in self.races)

    @property
    def replaced(self) -> int:
        return sum(not race.same_device for race in self.races)

    @property
    def most_telling(self) -> Race:
        """The first race that overlapped, else the first in which anything of pciehp happened, else
        the first."""
        return max(self.races, key=lambda race: (race.verdict.overlapped, not race.same_device))

    def summary(self) -> str:
        kinds = Counter(kind for race in self.races for kind in race.verdict.kinds)
        listed = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common()) or "none"
        host_seconds = self.host_seconds / max(len(self.races), 1)
        mean = sum(race.guest_ms for race in self.races) / max(len(self.races), 1)
        return (
            f"races={len(self.races)} overlaps={self.overlaps} replaced={self.replaced} "
            f"kinds: {listed} "
            f"(guest {mean:.0f} ms, host {host_seconds:.2f} s per race, "
            f"seed {self.settings.seed})"
        )


def _events_of_race(guest: Guest, since_us: int, timeout: float = 60.0) -> list[Event]:
    """All until a recovery has ended and the machine has come to rest. A removal waits for the
    recovery, so there is no rest between the two."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        events = guest.settle(since_us, quiet_ms=700)
        if any(e.kind in (record.SUCCESS, record.FAILED) for e in events):
            return events
    raise GuestError(f"no recovery has ended within {timeout:.0f} s")


def run_one(guest: Guest, settings: RaceSettings, drop_after_ms: float | None) -> Race:
    """None: the error alone, the link stays."""
    port = guest.pci.port(settings.slot)
    function = guest.pci.wait_for_driver(settings.slot, settings.driver)
    times = guest.inject_error(
        function,
        drop_port=None if drop_after_ms is None else port,
        drop_after_ms=drop_after_ms or 0.0,
        drop_for_ms=settings.drop_for_ms,
    )
    events = _events_of_race(guest, times["injected_us"])
    mine = [e for e in events if e.address in (port, function) and e.kind != "other"]
    lost = any(e.kind in (record.UNBIND, record.REMOVE) and e.address == function for e in mine)
    # A removed card comes back by itself, the link being up: if not, the next line says so.
    guest.pci.wait_for_driver(settings.slot, settings.driver)
    return Race(
        drop_after_ms,
        overlap.judge(events, port, [function]),
        not lost,
        (mine[-1].at_us - times["injected_us"]) / 1000,
        tuple(events),
    )


def run(guest: Guest, settings: RaceSettings) -> Outcome:
    """Never stops at the first overlap: the count is the result."""
    moments = random.Random(settings.seed)
    port = guest.pci.port(settings.slot)
    guest.write(f"/sys/kernel/debug/linkdrop/{port}/answers", str(int(settings.card_answers)))
    if settings.with_slotd is not None:
        guest.start_slotd(**settings.with_slotd)
    begun = time.monotonic()
    races = tuple(
        run_one(guest, settings, moments.uniform(*settings.drop_after_ms))
        for _ in range(settings.races)
    )
    elapsed = time.monotonic() - begun
    if settings.with_slotd is not None:
        guest.slotd.stop()
    return Outcome(settings, port, races, elapsed)
