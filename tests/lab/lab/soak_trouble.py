"""What the soak does to a machine: each trouble is a function that begins something, waits for nothing, and
says what it was. All chance comes from the round's own source, so a seed repeats them."""

import random
import time
from dataclasses import dataclass, field

from . import config_space, guest_vfio
from .agent import GuestError
from .guest import Guest
from .guest_pci import DEVICES
from .soak_world import Place, World
from .topology import Nic, Nvme, TwoFunctions, VirtioDisk, VirtioNet

DROP_MS, OUT_OF_REACH_MS = (0.0, 150.0), (140.0, 200.0)
METHODS = ("auto", "slot", "bus", "flr", "vfio", "reenumerate")


@dataclass
class Round:
    """One round: what was begun in it. `alive`: nobody has killed slotd or slotd-exec."""

    guest: Guest
    world: World
    chance: random.Random
    level: str
    begun: list[tuple[str, bytes]] = field(default_factory=list)
    raced: list[tuple[Place, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    owners: list[tuple[int, list[str]]] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    alive: bool = True

    def port(self, place: Place) -> str:
        return self.guest.pci.port(place.number)

    def functions(self, place: Place) -> list[str]:
        return self.guest.pci.functions(self.port(place))

    def begin(self, what: str, *words: str) -> None:
        self.begun.append((what, self.guest.begin(*words, timeout=150)))
        self.said.append(what)

    def later(self, what: str, script: str, up_to_ms: int = 400) -> None:
        """In the guest, after a time of the guest's."""
        delay = self.chance.uniform(0, up_to_ms) / 1000
        self.begin(f"{what} after {delay * 1000:.0f} ms", "sh", "-c", f"sleep {delay:.3f}; {script}")


def race(r: Round, place: Place) -> None:
    function = r.functions(place)[0]
    knobs = f"/sys/kernel/debug/linkdrop/{r.port(place)}"
    fatal = r.chance.random() < 0.85
    kind = "fatal" if fatal else "nonfatal"
    words = ["lab-fault", function, kind]
    what = f"{kind} error of slot {place.number}"
    if fatal and not place.nested:
        answers = r.chance.random() < 0.8
        after_ms = r.chance.uniform(*(DROP_MS if answers else OUT_OF_REACH_MS))
        r.guest.write(f"{knobs}/answers", str(int(answers)))
        words += [r.port(place), str(int(after_ms * 1000)), "60"]
        what += f", link down {after_ms:.0f} ms later{'' if answers else ' (out of reach)'}"
    r.begin(what, *words)
    if fatal and not place.nested:
        r.raced.append((place, function))


def hardware_error(r: Round, place: Place) -> None:
    card = place.card.id + ("0" if isinstance(place.card, TwoFunctions) else "")
    for function in r.functions(place):
        config_space.let_report(r.guest, function)
    r.guest.inject_hardware_error(card)
    r.said.append(f"the card in slot {place.number} reports an error")


def drop(r: Round, place: Place) -> None:
    knob = f"/sys/kernel/debug/linkdrop/{r.port(place)}/drop"
    r.later(f"link of slot {place.number} drops", f"echo {r.chance.randint(1, 300)} >{knob}")


def leave_and_come(r: Round, place: Place) -> None:
    knobs = f"/sys/kernel/debug/linkdrop/{r.port(place)}"
    away = r.chance.choice((0.0, 0.05, 0.3, 1.0, 2.5))
    other = r.chance.random() < 0.4
    # 10f6 is another 82574 that e1000e drives too.
    comes = "10f6 0" if other and isinstance(place.card, Nic) else "0 0"
    r.later(
        f"the card in slot {place.number} leaves, {comes} comes after {away} s",
        f"echo 1 >{knobs}/gone; sleep {away}; echo '{comes}' >{knobs}/back",
    )


def request(r: Round, place: Place) -> None:
    method = r.chance.choice(METHODS)
    words = f"slotctl reset {r.port(place)} --method {method} --reason soak --wait"
    if r.chance.random() < 0.3:
        words += " --force"
    r.later(f"reset of slot {place.number} by {method}", words)


def hold(r: Round, place: Place) -> None:
    r.held.append(r.port(place))
    r.later(f"hold of slot {place.number}", f"slotctl hold {r.port(place)} --for 1h --reason soak")


def reload(r: Round, config: str, path: str) -> None:
    r.guest.write(path, config, create=True)
    r.later("reload", "slotctl reload")


def own(r: Round, place: Place) -> None:
    """Somebody's virtual machine has the card for this round."""
    functions = r.functions(place)
    guest_vfio.bind(r.guest, functions)
    r.owners.append((guest_vfio.hold(r.guest, functions), functions))
    r.said.append(f"VFIO owns slot {place.number}")


def disown(r: Round) -> None:
    for pid, functions in r.owners:
        # Its end resets the functions.
        r.guest.signal(pid, 9)
        deadline = time.monotonic() + 60
        while r.guest.signal(pid, 0):
            if time.monotonic() > deadline:
                raise GuestError(f"the owner of {functions} does not end")
            time.sleep(0.05)
        guest_vfio.release(r.guest, [f for f in functions if r.guest.try_read(f"{DEVICES}/{f}/vendor")])


def virtual_functions(r: Round, place: Place) -> None:
    number = r.chance.randint(0, place.card.virtual_functions)
    attribute = f"{DEVICES}/{r.functions(place)[0]}/sriov_numvfs"
    r.guest.write(attribute, "0")
    r.guest.write(attribute, str(number))
    r.world.vfs[place.number] = number
    r.said.append(f"{number} virtual functions in slot {place.number}")


def kill(r: Round) -> None:
    r.alive = False
    victim = r.chance.choice(("slotd", "slotd-exec"))
    r.later(f"kill -9 of {victim}", f"kill -9 $(pidof {victim})", up_to_ms=600)


def begin_all(r: Round, config: str, path: str) -> None:
    """A round's troubles, at the same time: races wherever there can be one, the others now and then."""
    chance, world = r.chance, r.world
    pairs = world.of(TwoFunctions)
    if pairs and chance.random() < 0.2:
        own(r, pairs[0])
    for place in world.of(Nvme):
        if chance.random() < 0.2:
            virtual_functions(r, place)
    if chance.random() < 0.1:
        kill(r)
    for place in world.of(VirtioDisk, TwoFunctions):
        if chance.random() < 0.15:
            hardware_error(r, place)
    for place in world.of(Nic):
        if chance.random() < (0.4 if place.nested else 0.9):
            race(r, place)
        elif chance.random() < 0.3:
            chance.choice((drop, leave_and_come) if not place.nested else (leave_and_come,))(r, place)
    for place in world.of(VirtioNet):
        if chance.random() < 0.1:
            leave_and_come(r, place)
    if chance.random() < 0.25:
        request(r, chance.choice(world.places))
    if chance.random() < 0.05:
        hold(r, chance.choice(world.places))
    if chance.random() < 0.1:
        reload(r, config, path)
