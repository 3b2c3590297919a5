"""Functions of the guest in the hands of VFIO, as a virtual machine monitor would have them."""

import json
import time
from dataclasses import dataclass, field

from .agent import GuestError
from .guest import Guest
from .guest_pci import DEVICES
from .guest_slotd import SOCKET


@dataclass(frozen=True)
class HotReset:
    """What lab-vfio has said. `error` is errno, 0 if the reset was done, -1 if slotd was to do it;
    `config`: the first bytes of the card's config space, as its owner sees them afterwards."""

    affected: tuple[str, ...]
    error: int
    config: str
    reply: dict = field(default_factory=dict, compare=False)  # slotd's


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
    return HotReset(tuple(said["affected"]), said["error"], said["config"], said["reply"] or {})


def hot_reset(guest: Guest, functions: list[str], timeout: float = 20.0) -> HotReset:
    """By hand, slotd not asked: all of them are opened, their groups are shown to the kernel."""
    return _parse(guest.run("lab-vfio", "reset", *functions, timeout=timeout).text)


def lend(guest: Guest, functions: list[str], timeout: float = 60.0) -> HotReset:
    """The owner of the functions asks slotd for the reset and lends it the descriptors."""
    return _parse(guest.run("lab-vfio", "lend", SOCKET, *functions, timeout=timeout).text)


def hold(guest: Guest, functions: list[str]) -> int:
    """Somebody owns them from now on; returns the process, which has them open."""
    since = guest.now_us()
    pid = guest.spawn("owner", "lab-vfio", "hold", *functions)
    deadline = time.monotonic() + 20
    while not any(e.source == "owner" and "affected" in e.text for e in guest.record(since)):
        if time.monotonic() > deadline or not guest.signal(pid, 0):
            raise GuestError(f"nobody could take {functions}")
        time.sleep(0.05)
    return pid
