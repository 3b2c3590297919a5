"""Everything that slotd may close for a while, as the guest shows it: read before and after, compared."""

from . import config_space
from .guest import Guest
from .guest_pci import DEVICES

_DEVICE_CONTROL = 0x08  # in the PCI Express capability


def of_port(guest: Guest, port: str) -> dict[str, str | None]:
    """The port's registers and services."""
    express = config_space.express_capability(guest, port)
    registers = {
        "bridge control": config_space.BRIDGE_CONTROL,
        "command": config_space.COMMAND,
        "slot control": express + config_space.SLOT_CONTROL,
        "device control": express + _DEVICE_CONTROL,
    }
    words = {name: config_space.read_word(guest, port, at) for name, at in registers.items()}
    words["slot control"] &= ~config_space.INDICATORS  # pciehp's, each time that it powers the slot
    state: dict[str, str | None] = {name: hex(word) for name, word in words.items()}
    for service in ("aer", "pciehp"):
        state[service] = guest.pci.service(port, service)
    return state


def of_function(guest: Guest, function: str) -> dict[str, str | None]:
    """What a function's card is left with: its driver, and the ways to choose one and to reset it."""
    return {
        "driver": guest.pci.driver(function),
        "driver_override": guest.read(f"{DEVICES}/{function}/driver_override"),
        "reset_method": guest.read(f"{DEVICES}/{function}/reset_method"),
    }
