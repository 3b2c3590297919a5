"""Random machines, random troubles, slotd in charge, and after every round the invariants of the design by
the guest's own records: python3 -m lab.soak, or scripts/soak.

World W of seed S is made by "S/W", its round R by "S/W/R": a failure names all three, and --world repeats it.
"""

import argparse
import json
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path

from . import config_space, gates, kernel, places, soak_check, soak_trouble, soak_world, stuck_tasks, timeline
from .agent import GuestDead, GuestError
from .guest import Guest
from .guest_pci import DEVICES
from .guest_slotd import AT_REST, CONFIG, GuestSlotd
from .soak_trouble import Round
from .soak_world import Place
from .topology import Nvme, Switch

REST_S = 240.0  # of the host's time; the kernel itself waits for a minute for a card that has left
# A card that came or went while nobody listens is sampled after half a second at most, and 0.4 s later believed.
UNHEARD_MS = 1200
ROUNDS = 25  # of a world: a guest's record is read again and again
STOPPED_EVERY = 8
WELL = "idle"


class Violated(Exception):
    pass


class Life:
    """One world from its boot to its end."""

    def __init__(self, seed: str, kernel_name: str, level: str, counts: Counter) -> None:
        self.seed, self.level, self.counts = seed, level, counts
        self.chance = random.Random(f"{seed}/life")
        self.killed = False  # a world that it was, has been the kernel's alone for a while
        self.world = soak_world.make(seed)
        self.guest = Guest(self.world.cards, with_slotd=True, kernel=kernel_name)
        try:
            self.get_to_know()
        except (GuestError, GuestDead):
            self.guest.stop()
            raise

    def get_to_know(self) -> None:
        pci = self.guest.pci
        self.ports = {place.number: pci.port(place.number) for place in self.world.places}
        roots = {self.ports[place.number]: self.ports[place.root] for place in self.world.places}
        self.domain_of = dict(roots)
        self.above = {port: () if port == root else (root,) for port, root in roots.items()}
        self.before = {port: gates.of_port(self.guest, port) for port in set(roots.values())}
        # Now and then a budget that is soon spent.
        self.budget = self.chance.choice((3, 1000, 1000, 1000))

    def config(self) -> str:
        soak_ms = self.chance.choice((0, 200, 600))
        return (
            f"soak_ms = {soak_ms}\n[budget]\nslot = {self.budget}\n"
            f"root_port = {self.budget}\nhost = {min(2 * self.budget, 1000)}\n"
        )

    def start(self) -> None:
        self.guest.start_slotd(self.level, True, self.config())
        self.token = self._look()

    def _look(self) -> soak_check.Token:
        bound = {
            port: {s for s in ("aer", "pciehp") if self.guest.pci.service(port, s)}
            for port in self.domain_of
        }
        return soak_check.Token(bound, self.domain_of)

    def at_rest(self) -> list[dict]:
        """The slots, once all of them are."""
        deadline = time.monotonic() + REST_S
        slots: list[dict] = []
        while time.monotonic() < deadline:
            if not self.guest.slotd.alive():
                self.start()
            listed = self.guest.slotctl("list", "--json", check=False)
            slots = json.loads(listed.text)["slots"] if listed.ok else []
            if slots and all(slot["phase"] in AT_REST for slot in slots):
                return slots
            time.sleep(0.1)
        phases = {slot["port"]: slot["phase"] for slot in slots}
        raise Violated(f"9: no rest within {REST_S:.0f} s: {phases}")

    def run(self, number: int) -> Round:
        r = Round(self.guest, self.world, random.Random(f"{self.seed}/{number}"), self.level)
        since = self.guest.now_us()
        try:
            soak_trouble.begin_all(r, GuestSlotd.config(self.level, True, self.config()), CONFIG)
            self.killed = self.killed or not r.alive
            for what, begun in r.begun:
                ended = self.guest.finish(begun, timeout=REST_S)
                if ended.code is None:
                    raise Violated(f"9: '{what}' has no end: {ended.status}")
                self.counts[what.split(" ")[0]] += 1
        finally:
            soak_trouble.disown(r)
        self.at_rest()
        for port in r.held:
            self.guest.slotctl("release", port, "--reason", "soak", check=False)
        events = self.guest.settle(since, quiet_ms=UNHEARD_MS)
        self.at_rest()
        self._judge(r, events)
        self._heal(r)
        return r

    def _judge(self, r: Round, events: list) -> None:
        domain_of = dict(self.domain_of)
        for place in self.world.places:
            for function in r.functions(place):
                domain_of[function] = self.domain_of[self.ports[place.number]]
        acting = soak_check.actings(events)
        found = soak_check.overlapping(acting, self.above)
        # Whoever holds a slot has pciehp there again.
        handed_over = {domain_of[port] for port in r.held}
        for place, function in r.raced:
            port = self.ports[place.number]
            verdict = soak_check.fought(events, acting, port, [function], self.above[port])
            alone = not r.alive or domain_of[port] in handed_over
            kind = "races that nobody kept apart" if alone else "races"
            self.counts[kind] += verdict.recoveries > 0
            self.counts["not raced"] += verdict.recoveries == 0
            if not alone and verdict.overlapped:
                self.counts["overlaps"] += 1
                if self.level == "exclusive":
                    found.append(f"3: slot {place.number}: {', '.join(verdict.kinds)}")
        if r.alive:
            found += soak_check.in_recovery(events, acting, domain_of)
            if self.level == "exclusive":
                found += self.token.follow(e for e in events if domain_of.get(e.address) not in handed_over)
        self.token = self._look()
        if found:
            print(timeline.render(timeline.select(events)), flush=True)
            raise Violated("; ".join(found))

    def _works(self, place: Place) -> bool:
        """Every function is there, decodes, and has its driver."""
        pci, functions = self.guest.pci, self.guest.pci.functions(self.ports[place.number])
        if isinstance(place.card, Switch):
            return len(functions) >= 1 + len(place.card.slots)
        vfs = self.world.vfs.get(place.number, 0)
        physical = functions[: len(functions) - vfs] if vfs else functions
        return bool(physical) and all(
            pci.driver(f) == place.driver and self._decodes(f) for f in physical
        )

    def _decodes(self, function: str) -> bool:
        """Memory and bus master: a card that was reset behind its driver's back does not."""
        command = config_space.read_word(self.guest, function, config_space.COMMAND)
        return command != 0xFFFF and command & 0x6 == 0x6

    def _heal(self, r: Round) -> None:
        """What slotd has left to an operator, an operator does: invariant 9 allows it, a dead card that it
        calls well is a violation."""
        for slot in self.at_rest():
            place = next((p for p in self.world.places if self.ports[p.number] == slot["port"]), None)
            if place is None:
                continue
            works = self._works(place)
            if slot["phase"] == WELL and not works and not self._lost_with_its_driver(place):
                raise Violated(f"6: slot {place.number} is idle and its card does not work ({r.said})")
            if slot["phase"] != WELL or not works:
                self.counts[f"left to an operator: {slot['phase']}"] += 1
                print(f"left to an operator: slot {place.number}, {slot['phase']}: {slot['reason']}", flush=True)
                self.guest.slotctl("release", slot["port"], "--reason", "soak", check=False)
                if not works:
                    self.guest.slotctl(
                        "reset", slot["port"], "--method", "reenumerate", "--force", "--reason", "soak",
                        "--wait", timeout=150, check=False,
                    )  # fmt: skip
                    self.world.vfs.pop(place.number, None)
        self.at_rest()
        for place in self.world.places:
            if not self._works(place):
                raise Violated(f"6: nobody brings the card in slot {place.number} back")
            self._check_overrides(place)

    def _lost_with_its_driver(self, place: Place) -> bool:
        """A kernel's own recovery by hot-plug takes virtual functions, which nobody has asked to keep."""
        if isinstance(place.card, Nvme):
            self.world.vfs.pop(place.number, None)
            return self._works(place)
        return False

    def _check_overrides(self, place: Place) -> None:
        for function in self.guest.pci.functions(self.ports[place.number]):
            override = self.guest.read(f"{DEVICES}/{function}/driver_override")
            if override != "(null)":
                raise Violated(f"5: {function} is left with driver_override {override}")

    def stop(self) -> None:
        """Both processes end; every gate is open, the record is empty."""
        self.guest.slotd.stop()
        self.guest.settle(quiet_ms=300)
        for port, was in self.before.items():
            now = gates.of_port(self.guest, port)
            closed = {what: (now[what], state) for what, state in was.items() if now[what] != state}
            if closed:
                raise Violated(f"5: not as before, {port}: {closed}")
        for port in self.domain_of:
            if not self.guest.pci.service(port, "pciehp"):
                raise Violated(f"5: pciehp is not bound to {port}")


def live(seed: str, arguments: argparse.Namespace, counts: Counter) -> bool:
    """One world; False: something was violated, or nothing could be judged."""
    try:
        life = Life(seed, arguments.kernel, arguments.level, counts)
    except (GuestError, GuestDead) as wrong:  # slotd is not there yet: the lab's own trouble
        print(f"world {seed}: not judged, the guest did not come up: {wrong}", flush=True)
        counts["not judged"] += 1
        return False
    print(f"world {seed}: {life.world.describe()}; budget {life.budget}", flush=True)
    at = "its start"
    try:
        life.start()
        for number in range(ROUNDS):
            if counts["races"] >= arguments.races:
                break
            at = f"round {number}"
            r = life.run(number)
            print(
                f"{seed}/{number}: races {counts['races']} of {arguments.races}, overlaps "
                f"{counts['overlaps']}, {'; '.join(r.said) or 'nothing'}",
                flush=True,
            )
            if number % STOPPED_EVERY == STOPPED_EVERY - 1:
                at = f"the stop after round {number}"
                life.stop()
                life.start()
        at = "its end"
        life.stop()
        return True
    except (Violated, GuestError, GuestDead) as wrong:
        folder = places.runs() / f"soak-{seed.replace('/', '-')}"
        stuck = stuck_tasks.text_of(life.guest)
        life.guest.save_evidence(folder)
        (folder / "stuck-tasks").write_text(stuck)
        if life.killed and stuck_tasks.of_aer_and_pciehp(stuck):
            print(f"KERNEL'S DEADLOCK in world {seed}, {at}, since slotd was killed: {wrong}\n"
                  f"stacks in {folder}", flush=True)  # fmt: skip
            counts["kernel's deadlock after a kill"] += 1
            return False
        again = f"scripts/soak --kernel {arguments.kernel} --level {arguments.level} --world {seed}"
        print(f"VIOLATED in world {seed}, {at}: {wrong}\nevidence in {folder}; again: {again}", flush=True)
        counts["violations"] += 1
        return False
    finally:
        life.guest.stop()


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--races", type=int, default=100, help="until so many races were judged (100)")
    parser.add_argument("--kernel", choices=kernel.RELEASES, default=kernel.OLDEST)
    parser.add_argument("--seed", type=int, default=None, help="random, and printed")
    parser.add_argument("--level", choices=("observe", "fence", "exclusive"), default="exclusive")
    parser.add_argument("--world", metavar="SEED/WORLD", help="this world alone, as a failure names it")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the counts, into this file")
    parser.add_argument("--check", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.races < 1:
        parser.error("--races: at least 1")
    if arguments.check:
        return 0
    seed = random.randrange(1_000_000) if arguments.seed is None else arguments.seed
    # Also where a shell has started it in the background, which then ignores Ctrl-C's signal.
    for ended_by in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ended_by, signal.default_int_handler)
    counts: Counter = Counter()
    begun = time.monotonic()
    try:
        if arguments.world:
            live(arguments.world, arguments, counts)
        else:
            number = 0
            while counts["races"] < arguments.races and counts["violations"] + counts["not judged"] < 10:
                live(f"{seed}/{number}", arguments, counts)
                number += 1
            counts["worlds"] = number
    except KeyboardInterrupt:
        print("stopped; what was seen until then:", flush=True)
        counts["stopped"] = 1
    counts["seconds"] = round(time.monotonic() - begun)
    for name in ("races", "overlaps", "violations"):
        counts[name] += 0
    print(f"kernel {arguments.kernel}, level {arguments.level}, seed {seed}: "
          + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))  # fmt: skip
    if arguments.json:
        arguments.json.write_text(json.dumps({"kernel": arguments.kernel, "seed": seed, **counts}) + "\n")
    return 1 if counts["violations"] or counts["stopped"] else 0


if __name__ == "__main__":
    sys.exit(main())
