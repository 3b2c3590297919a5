"""What is plugged into the guest, as values; `arguments` turns them into QEMU's words.

Ids name things on the host's side: a port's card is found in the guest through the port's slot
number, because bus numbers are given out by the guest.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Nic:
    """e1000e: its driver has AER callbacks; the emulated card cannot report errors, so aer_inject
    has to."""

    id: str = "nic"


@dataclass(frozen=True)
class VirtioNet:
    """Reports errors on pcie_aer_inject_error; its driver has no AER callbacks."""

    id: str = "vnet"


@dataclass(frozen=True)
class VirtioDisk:
    """Reports errors on pcie_aer_inject_error; its driver has no AER callbacks, so the kernel gives
    up on it."""

    id: str = "disk"
    image: Path = Path()


@dataclass(frozen=True)
class Nvme:
    """With virtual functions to turn on; the card cannot report errors."""

    id: str = "nvme"
    virtual_functions: int = 2


@dataclass(frozen=True)
class TwoFunctions:
    """One card, two virtio-net functions: no bus reset for either, a hot reset for both. Both report
    errors on pcie_aer_inject_error, as `<id>0` and `<id>1`."""

    id: str = "pair"


@dataclass(frozen=True)
class Slot:
    """A hot-plug port. With a power controller QEMU takes the card out when pciehp powers the slot
    off."""

    number: int
    card: "Nic | VirtioNet | VirtioDisk | Nvme | TwoFunctions | Switch | None" = None
    power_controller: bool = False

    @property
    def id(self) -> str:
        return f"port{self.number}"


@dataclass(frozen=True)
class Switch:
    """A card that is a switch: its downstream ports are nested slots."""

    id: str
    slots: tuple[Slot, ...]


Topology = tuple[Slot, ...]


def _card(card, bus: str) -> list[str]:
    match card:
        case None:
            return []
        case Nic(id):
            return ["-device", f"e1000e,id={id},bus={bus}"]
        case VirtioNet(id):
            return ["-device", f"virtio-net-pci,id={id},bus={bus},aer=on,disable-legacy=on"]
        case VirtioDisk(id, image):
            return [
                "-drive",
                # A copy of its own: two guests may have the same image.
                f"if=none,id={id}-image,format=raw,snapshot=on,file={image}",
                "-device",
                f"virtio-blk-pci,id={id},bus={bus},aer=on,disable-legacy=on,drive={id}-image",
            ]
        case Nvme(id, vfs):
            return [
                "-device",
                f"nvme-subsys,id={id}-subsys",
                "-device",
                f"nvme,id={id},bus={bus},serial={id},subsys={id}-subsys,sriov_max_vfs={vfs},"
                "sriov_vq_flexible=4,sriov_vi_flexible=4,max_ioqpairs=8,msix_qsize=9",
            ]
        case TwoFunctions(id):
            return [
                "-device",
                f"virtio-net-pci,id={id}0,bus={bus},addr=0.0,multifunction=on,aer=on,"
                "disable-legacy=on",
                "-device",
                f"virtio-net-pci,id={id}1,bus={bus},addr=0.1,aer=on,disable-legacy=on",
            ]
        case Switch(id, slots):
            return [
                "-device",
                f"x3130-upstream,id={id},bus={bus}",
                *(
                    word
                    for slot in slots
                    for word in _slot(slot, id, f"xio3130-downstream,chassis={slot.number}")
                ),
            ]
    raise TypeError(f"not a card: {card!r}")


def _slot(slot: Slot, bus: str, device: str) -> list[str]:
    power = "on" if slot.power_controller else "off"
    return [
        "-device",
        f"{device},id={slot.id},bus={bus},slot={slot.number},power_controller_present={power}",
        *_card(slot.card, slot.id),
    ]


def arguments(topology: Topology) -> list[str]:
    return [
        word
        for slot in topology
        for word in _slot(slot, "pcie.0", f"pcie-root-port,chassis={slot.number}")
    ]
