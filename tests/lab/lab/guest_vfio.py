"""Functions of the guest in the hands of VFIO, as a virtual machine monitor would have them."""

import json
from dataclasses import dataclass

from .agent import GuestError
from .guest import Guest
from .guest_pci import DEVICES


@dataclass(frozen=True)
class HotReset:
    """What lab-vfio has said. `error` is errno, 0 if the reset was done, -1 if it was not tried."""

    affected: tuple[str, ...]
    error: int


def bind(guest: Guest, functions: list[str]) -> None:
    """Takes them from their drivers for vfio-pci; `release` gives them back."""
    for function in functions:
        _override(guest, function, "vfio-pci")
        if guest.pci.driver(function) != "vfio-pci":
            raise GuestError(f"vfio-pci did not take {function}")


def release(guest: Guest, functions: list[str]) -> None:
    for function in functions:
        _override(guest, function, "\n")


def _override(guest: Guest, function: str, driver: str) -> None:
    guest.write(f"{DEVICES}/{function}/driver_override", driver)
    if guest.pci.driver(function):
        guest.write(f"{DEVICES}/{function}/driver/unbind", function)
    guest.write("/sys/bus/pci/drivers_probe", function)


def _parse(text: str) -> HotReset:
    said = json.loads(text)
    return HotReset(tuple(said["affected"]), said["error"])


def hot_reset(guest: Guest, functions: list[str], timeout: float = 20.0) -> HotReset:
    """By hand, slotd not asked: all of them are opened, their groups are shown to the kernel."""
    return _parse(guest.run("lab-vfio", "reset", *functions, timeout=timeout).text)
