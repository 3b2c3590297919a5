"""Registers of a port, read and written in the guest the way setpci does it. The kernel is not
asked."""

import struct

from .guest import Guest
from .guest_pci import DEVICES

SLOT_CONTROL, SLOT_STATUS = 0x18, 0x1A  # in the PCI Express capability
LINK_STATUS = 0x12
BRIDGE_CONTROL = 0x3E  # of a bridge's header
DLLSCE, HPIE = 1 << 12, 1 << 5  # in Slot Control
INDICATORS = 0x3C0  # in Slot Control
BUS_RESET = 1 << 6  # in Bridge Control
COMMAND = 0x04
SERR = 1 << 8  # in Command
_EXPRESS = 0x10


def express_capability(guest: Guest, function: str) -> int:
    config, at = guest.pci.config(function), guest.pci.config(function)[0x34]
    for _ in range(48):  # as many as fit: a damaged list may be a ring
        if at == 0 or config[at] == _EXPRESS:
            break
        at = config[at + 1]
    if at == 0:
        raise ValueError(f"{function} has no PCI Express capability")
    return at


def let_report(guest: Guest, function: str) -> None:
    """SERR# in Command: firmware sets it at boot, nobody does on a card that was enumerated afresh, and
    QEMU's cards report an error with it only (hardware: or by Device Control)."""
    command = read_word(guest, function, COMMAND)
    write_word(guest, function, COMMAND, command | SERR)


def read_word(guest: Guest, function: str, offset: int) -> int:
    """Only these two bytes: a read of the whole space would touch registers that mean something."""
    done = guest.run(
        "dd", f"if={DEVICES}/{function}/config", "bs=2", f"skip={offset // 2}", "count=1"
    )
    return struct.unpack("<H", done.out)[0]


def write_word(guest: Guest, function: str, offset: int, value: int) -> None:
    octal = "".join(f"\\{byte:03o}" for byte in struct.pack("<H", value))
    guest.shell(
        f"printf '{octal}' | dd of={DEVICES}/{function}/config bs=2 seek={offset // 2} conv=notrunc"
    )
