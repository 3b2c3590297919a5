"""A whole ladder that slotd walks, cut off by kill -9 at a chosen boundary, and what is left of it."""

import json
import time
from dataclasses import dataclass

from . import config_space, disk, gates, guest_history, record
from .guest import Guest
from .guest_slotd import START_S

# What an uncut ladder passes, as its lines name it.
PHASES = {
    "waiting", "surveying", "reserving", "draining", "resetting", "verifying", "opening", "soaking",
    "cooling-down", "idle",
}  # fmt: skip
BUDGET = 5  # for each slot, the default
DECODES = 0x6  # memory and bus master, in Command
CONFIG = "soak_ms = 300\n"
QUARANTINED = ("needs-operator", "quarantined")


@dataclass(frozen=True)
class Cut:
    """Where it is cut off. `line`: at the n-th line of slotd, or the first with a text (lab-kill); else at
    the n-th crash point of slotd-exec. `victim`: "slotd", or "executor" with its workers."""

    victim: str
    nth: int | str
    line: bool = True

    @property
    def under(self) -> tuple[str, ...]:
        return ("lab-kill", str(self.nth if self.line else 0), self.victim)

    @property
    def arguments(self) -> tuple[str, ...]:
        if self.line:
            return ()
        whom = "client" if self.victim == "slotd" else "both"
        words = ("--crash-at", str(self.nth), "--crash-victim", whom)
        return tuple(f"--executor-argument={word}" for word in words)

    def reached(self, events: list[record.Event]) -> str | None:
        """The line, or the point, at which it was; None: the ladder has not so many."""
        said = [e.text for e in events if e.source == "slotd"]
        if self.line:
            at = [i for i, text in enumerate(said) if text.startswith("lab-kill: killed")]
            return said[at[0] - 1] if at else None
        at = [text for text in said if f"crash point {self.nth} " in text]
        return at[0] if at else None


@dataclass(frozen=True)
class Left:
    """What a cut has left: right after the death of both, and when slotd has been started again."""

    cut: Cut
    boundary: str
    survivor: str | None  # the phase that slotd had reached with another slotd-exec; None: it was dead
    closed: list[str]  # gates that are not as before, and whose
    afresh: bool  # the kernel has enumerated the card since: by that it is known what became of the attempt
    promised: int  # reservations that slotd had gone on from
    attempts: list[guest_history.Attempt]
    attempts_later: list[guest_history.Attempt]
    phase: str
    reason: str
    budget_left: int
    touched: list[str]  # what happened to the card after the restart
    works: bool

    def mistakes(self) -> list[str]:
        unknown = [one for one in self.attempts if one.unknown]
        found = [f"not as before: {gate}" for gate in self.closed]
        settled = self.afresh and self.works
        if unknown and not settled and self.survivor not in (None, *QUARANTINED):
            found.append(f"an attempt has no known outcome, and slotd went on to {self.survivor}")
        if len(self.attempts) < self.promised:
            found.append(f"{self.promised} attempts were made, {len(self.attempts)} are remembered")
        if self.attempts_later[: len(self.attempts)] != self.attempts:
            found.append(f"the history was {self.attempts} and is {self.attempts_later}")
        if unknown and not settled and self.phase not in QUARANTINED:
            found.append(f"an attempt has no known outcome, and the slot is {self.phase}")
        if unknown and (self.touched or len(self.attempts_later) != len(self.attempts)):
            found.append(f"an attempt without a known outcome is retried: {self.touched}")
        spent = sum(one.automatic for one in self.attempts_later)
        if self.budget_left != BUDGET - spent:
            found.append(f"{spent} attempts of {BUDGET} are spent, {self.budget_left} are left")
        if self.phase != "idle" and not self.reason:
            found.append(f"{self.phase}, and nobody says why")
        if self.phase == "idle" and not self.works:
            found.append("the card is dead, and the slot is idle")
        return found

    def __str__(self) -> str:
        how = [one.outcome for one in self.attempts]
        works = "works" if self.works else "DOES NOT WORK"
        return (
            f"{self.cut.victim} at {self.cut.nth}: {self.boundary}\n"
            f"      attempts {how}; then {self.phase} ({self.reason}), the card {works}"
        )


class Ladder:
    """One slot's ladder; `provoke` begins it."""

    def __init__(self, guest: Guest, slot: int, level: str, driver: str) -> None:
        self.guest, self.slot, self.level, self.driver = guest, slot, level, driver
        self.port = guest.pci.port(slot)
        self.functions = guest.pci.functions(self.port)
        # A function that pciehp has added may list other reset methods than one that the boot has added.
        self._enumerate_afresh()

    def provoke(self) -> None:
        raise NotImplementedError

    def reads(self) -> bool:
        """The working card does its work."""
        raise NotImplementedError

    def state(self) -> dict[str, dict]:
        """Of the port, and of those functions that are there."""
        seen = {self.port: gates.of_port(self.guest, self.port)}
        there = set(self.guest.pci.functions(self.port)) & set(self.functions)
        return seen | {f: gates.of_function(self.guest, f) for f in sorted(there)}

    def works(self) -> bool:
        """Nothing is asked of a card that does not decode: it would never answer."""
        for function in self.functions:
            if self.guest.pci.driver(function) != self.driver:
                return False
            command = config_space.read_word(self.guest, function, config_space.COMMAND)
            if command == 0xFFFF or command & DECODES != DECODES:
                return False
        return self.reads()

    def make_well(self) -> None:
        """Whatever the test before has left. SERR#: so that the card's next error is reported."""
        self.guest.run("rm", "-rf", guest_history.FOLDER)
        if not self.works():
            self._enumerate_afresh()
        for function in self.functions:
            config_space.let_report(self.guest, function)

    def _enumerate_afresh(self) -> None:
        # Off already (ENODEV) if slotd-exec has died between the two halves of a re-enumeration.
        self.guest.shell(f"echo 0 >/sys/bus/pci/slots/{self.slot}/power", check=False)
        self.guest.write(f"/sys/bus/pci/slots/{self.slot}/power", "1")
        self.guest.pci.wait_for_driver(self.slot, self.driver)

    def _until(self, condition, timeout: float = 30.0) -> bool:
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.03)
        return True

    def _at_rest(self) -> bool:
        return not self.guest.slotd.alive() or self.guest.slotd.at_rest()

    def _phase(self) -> str | None:
        """None: slotd is dead, though lab-kill may not have seen the end of slotd-exec yet."""
        shown = self.guest.slotctl("show", self.port, "--json", check=False)
        return json.loads(shown.text)["slot"]["phase"] if shown.ok else None

    def _closed(self, since_us: int) -> bool:
        said = [e.text for e in self.guest.record(since_us) if e.source == "slotd"]
        return not self.guest.slotd.alive() or any("incident closed" in text for text in said)

    def run(self, cut: Cut) -> tuple[list[record.Event], str | None]:
        """From slotd's start until it is dead or at rest, and then ended: both processes are gone. Returns
        what happened, and the phase at rest."""
        since = self.guest.now_us()
        self.guest.slotd.spawn(self.level, True, CONFIG, cut.arguments, under=cut.under)
        if not self._until(self._at_rest, timeout=START_S):
            raise AssertionError(f"neither rest nor death: {self.guest.slotd.lines()}")
        if self.guest.slotd.alive():
            self.provoke()
            self._until(lambda: self._closed(since))
        if not self._until(self._at_rest, timeout=START_S):
            raise AssertionError(f"neither rest nor death: {self.guest.slotd.lines()}")
        phase = self._phase()
        self.guest.slotd.stop()
        return self.guest.settle(since), phase

    def cut_off(self, cut: Cut) -> Left | None:
        """None: the ladder has not so many boundaries."""
        self.make_well()
        before = self.state()
        events, survivor = self.run(cut)
        boundary = cut.reached(events)
        if boundary is None:
            return None
        # What is in the gate record is opened by the next start: slotd-exec may have died as the last one.
        recorded = self.guest.try_read("/run/slotd-exec/gates")
        closed = [] if recorded and cut.victim == "executor" else self._not_as(before)
        kept = guest_history.attempts(self.guest)
        since = self.guest.now_us()
        self.guest.slotd.spawn(self.level, True, CONFIG)
        if not self._until(self._at_rest, timeout=START_S) or not self.guest.slotd.alive():
            raise AssertionError(f"no rest after the restart: {self.guest.slotd.lines()}")
        later = self.guest.settle(since)
        seen = self.guest.slotd.slot(self.port)
        self.guest.slotd.stop()
        return Left(
            cut,
            boundary,
            survivor,
            closed + self._not_as(before),
            self._added_after(boundary, events),
            sum("closing the gates for" in e.text and self.port in e.text for e in events),
            kept,
            guest_history.attempts(self.guest),
            seen["phase"],
            seen["reason"],
            seen["budget_left"],
            [e.text for e in later if e.address in self.functions and e.kind != "other"],
            self.works(),
        )

    def _added_after(self, boundary: str, events: list[record.Event]) -> bool:
        at = next(i for i, event in enumerate(events) if event.text == boundary)
        return any(e.kind == record.ADD and e.address in self.functions for e in events[at:])

    def _not_as(self, before: dict[str, dict]) -> list[str]:
        now = self.state()
        return [
            f"{where} {what} is {now[where][what]}, was {was}"
            for where, gate in before.items()
            if where in now  # what is not there has no gate; `works` tells
            for what, was in gate.items()
            if now[where][what] != was
        ]


class GivenUp(Ladder):
    """A fatal error of a card whose driver has no callbacks: the kernel gives up, slotd enumerates the
    card afresh of its own accord."""

    def provoke(self) -> None:
        self.guest.inject_hardware_error("disk")

    def reads(self) -> bool:
        return disk.read_block(self.guest, self.guest.pci.disk(self.functions[0]), 3).good


class AskedFor(Ladder):
    """A reset by hand with two steps: VFIO's fails, having had the functions, re-enumeration helps."""

    def provoke(self) -> None:
        self.guest.begin(
            "slotctl", "reset", self.port, "--method", "auto", "--reason", "crash test", "--wait",
            timeout=60,
        )  # fmt: skip

    def reads(self) -> bool:
        return all(len(self.guest.pci.interfaces(function)) == 1 for function in self.functions)
