"""The 2018 thread's scenario in one guest: the kernel alone, then the same moments with slotd."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from lab import race
from lab.guest import Guest
from lab.race import Race, RaceSettings
from lab.topology import Nic, Slot

from . import picture
from .picture import Panel, States

SLOT = 1
LEVEL = "exclusive"
SEED = 2018
# The thread: the link goes down 50 to 100 ms after the error. Whether that meets the kernel off its
# guard is a matter of milliseconds, so several moments are tried until one does.
THREADS_MOMENTS_MS = (50.0, 100.0)
LATER_MOMENTS_MS = (100.0, 150.0)
TRIES = 6  # in each of the two ranges
WITH_SLOTD_MIN = 3  # one race that goes well says little
LEGEND = (
    "  ms: guest time since the error   : that side is at work",
    "  !   in the middle of the recovery, or a removal right after it",
    "  unbound: slotd keeps pciehp off the slot while AER has it",
)
SETTINGS = RaceSettings(slot=SLOT, drop_for_ms=100)


@dataclass(frozen=True)
class Told:
    """A race, and who had the slot before and after it."""

    race: Race
    states: States
    concerned: frozenset[str]

    @property
    def good(self) -> bool:
        return not self.race.verdict.overlapped and self.race.same_device

    @property
    def verdict(self) -> str:
        match self.race.verdict.overlapped, self.race.same_device:
            case True, False:
                return "overlap: card removed and added again"
            case True, True:
                return "overlap: pciehp in the middle of the recovery"
            case False, False:
                return "no overlap, but the card was removed and added again"
        return "no overlap: same card, never removed"


@dataclass(frozen=True)
class Fight:
    alone: tuple[Told, ...]
    with_slotd: tuple[Told, ...]
    given_back: bool  # after slotd's end the kernel has both services, as before its start

    @property
    def shown(self) -> bool:
        """The kernel alone did fight with itself."""
        return any(told.race.verdict.overlapped for told in self.alone)

    @property
    def good(self) -> bool:
        return bool(self.with_slotd) and not self.bad

    @property
    def bad(self) -> list[Told]:
        return [told for told in self.with_slotd if not told.good]

    @property
    def pictured(self) -> tuple[Told, Told]:
        """The last race alone is the one that overlapped, if any did; beside it the one with slotd
        at the same moment, or one that went wrong."""
        same_moment = self.with_slotd[len(self.alone) - 1]
        return self.alone[-1], (self.bad or [same_moment])[0]


def moments(seed: int = SEED) -> list[float]:
    """Milliseconds from the error to the link drop; the same ones on every run."""
    chance = random.Random(seed)
    ranges = [THREADS_MOMENTS_MS] * TRIES + [LATER_MOMENTS_MS] * TRIES
    return [chance.uniform(*some) for some in ranges]


def _who_has_it(guest: Guest, port: str) -> dict[str, str]:
    return {
        lane: "bound" if guest.pci.service(port, service) else "unbound"
        for lane, service in (("AER", "aer"), ("pciehp", "pciehp"))
    }


def _told(guest: Guest, moment: float) -> Told:
    port = guest.pci.port(SLOT)
    function = guest.pci.wait_for_driver(SLOT, SETTINGS.driver)
    before = {**_who_has_it(guest, port), "card": SETTINGS.driver}
    ran = race.run_one(guest, SETTINGS, moment)
    same = "same card" if ran.same_device else "bound anew"
    after = {**_who_has_it(guest, port), "card": same}
    return Told(ran, States(before, after), frozenset({port, function}))


def play(progress: Callable[[str], None]) -> Fight:
    progress("booting a guest with an e1000e in a hot-plug slot")
    guest = Guest((Slot(SLOT, Nic()),), with_slotd=True)
    try:
        progress(f"kernel {guest.kernel.release} is up after {guest.boot_seconds:.0f} s")
        port = guest.pci.port(SLOT)
        guest.write(f"/sys/kernel/debug/linkdrop/{port}/answers", "1")
        alone: list[Told] = []
        for moment in moments():
            alone.append(_told(guest, moment))
            progress(f"without slotd, link drop at {moment:3.0f} ms: {alone[-1].verdict}")
            if alone[-1].race.verdict.overlapped:
                break
        guest.start_slotd(LEVEL, automatic_action=True)
        with_slotd = []
        for moment in moments()[: max(len(alone), WITH_SLOTD_MIN)]:
            with_slotd.append(_told(guest, moment))
            progress(f"with slotd,    link drop at {moment:3.0f} ms: {with_slotd[-1].verdict}")
        guest.slotd.stop()
        given_back = _who_has_it(guest, port) == {"AER": "bound", "pciehp": "bound"}
        return Fight(tuple(alone), tuple(with_slotd), given_back)
    finally:
        guest.stop()


def _panel(title: str, told: Told) -> Panel:
    drop = f"drop at {told.race.drop_after_ms:.0f} ms"
    made = picture.rows(told.race.events, set(told.concerned), told.race.verdict, told.states)
    return Panel(f"{title}, {drop}", made, told.verdict)


def show(fight: Fight, width: int) -> str:
    alone, with_slotd = fight.pictured
    text = picture.beside(
        _panel("WITHOUT slotd", alone), _panel(f"WITH slotd ({LEVEL})", with_slotd), width
    )
    title = "What slotd said, in the time of its picture:"
    said = picture.said(title, with_slotd.race.events, width)
    return "\n".join([text, *LEGEND, "", *said]) + "\n"
