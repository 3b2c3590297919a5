"""A machine that the soak lives in: chosen by a seed, and what is plugged into it at the moment."""

import random
from dataclasses import dataclass, field

from . import disk
from .topology import Nic, Nvme, Slot, Switch, Topology, TwoFunctions, VirtioDisk, VirtioNet

VFS = 2
# Which driver a card's functions have when all is well.
DRIVERS = {Nic: "e1000e", VirtioNet: "virtio-pci", VirtioDisk: "virtio-pci", Nvme: "nvme", TwoFunctions: "virtio-pci"}


@dataclass(frozen=True)
class Place:
    """One slot, as the soak sees it. `root`: the slot of its Root Port; `card`: None is a slot that is empty
    at first and gets its cards from QEMU; a Switch has no driver of its own."""

    slot: Slot
    root: int

    @property
    def number(self) -> int:
        return self.slot.number

    @property
    def card(self):
        return self.slot.card

    @property
    def nested(self) -> bool:
        return self.number != self.root

    @property
    def driver(self) -> str | None:
        return DRIVERS.get(type(self.card))


@dataclass
class World:
    cards: Topology
    places: tuple[Place, ...]
    vfs: dict[int, int] = field(default_factory=dict)  # by slot: virtual functions that were asked for

    def of(self, *kinds: type, nested: bool | None = None) -> list[Place]:
        return [
            place
            for place in self.places
            if isinstance(place.card, kinds) and nested in (None, place.nested)
        ]

    def describe(self) -> str:
        return ", ".join(
            f"{place.number}{f' in {place.root}' if place.nested else ''} {type(place.card).__name__}"
            for place in self.places
        )


def make(seed: str) -> World:
    """Two slots at least are raced in: an e1000e has the callbacks without which the kernel gives up at once."""
    chance = random.Random(seed)
    kinds = ["nic"] * chance.randint(2, 4)
    kinds += chance.sample(["disk", "pair", "nvme", "switch"], chance.randint(1, 3))
    chance.shuffle(kinds)
    cards = []
    for number, kind in enumerate(kinds, 1):
        match kind:
            case "nic":
                card = Nic(f"nic{number}")
            case "disk":
                card = VirtioDisk(f"disk{number}", disk.image())
            case "pair":
                card = TwoFunctions(f"pair{number}")
            case "nvme":
                card = Nvme(f"nvme{number}", VFS)
            case "switch":
                nested = (Nic(f"nic{number}1"), VirtioNet(f"vnet{number}2"), Nic(f"nic{number}3"))
                few = chance.sample(nested, chance.randint(1, 3))
                inner = tuple(Slot(10 * number + at, inner) for at, inner in enumerate(few, 1))
                card = Switch(f"switch{number}", inner)
        cards.append(Slot(number, card))
    return World(tuple(cards), tuple(_places(cards)))


def _places(cards: list[Slot]):
    for slot in cards:
        yield Place(slot, slot.number)
        if isinstance(slot.card, Switch):
            for inner in slot.card.slots:
                yield Place(inner, slot.number)
