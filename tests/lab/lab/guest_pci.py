"""What is where in the guest, asked afresh from its sysfs: bus numbers are the guest's business."""

import time
from typing import TYPE_CHECKING

from .agent import GuestError

if TYPE_CHECKING:
    from .guest import Guest

DEVICES = "/sys/bus/pci/devices"


class GuestPci:
    def __init__(self, guest: "Guest") -> None:
        self._guest = guest
        self._ports: dict[int, str] = {}

    def port(self, slot: int) -> str:
        """The port of that physical slot. Remembered: the slot is not in sysfs while pciehp is
        unbound."""
        if slot not in self._ports:
            bus = self._guest.read(
                f"/sys/bus/pci/slots/{slot}/address"
            )  # of the bus below the port
            link = self._guest.shell(
                f"readlink -f /sys/class/pci_bus/{bus[:7]}/device || true"
            ).strip()
            self._ports[slot] = link.rpartition("/")[2]
        return self._ports[slot]

    def functions(self, port: str) -> list[str]:
        """All functions below the port, nested ones included."""
        # What vanishes while find is in it is no mistake; the port is there.
        found = self._guest.shell(
            f"test -d {DEVICES}/{port}/ && "
            f"{{ find {DEVICES}/{port}/ -mindepth 1 -type d -name '????:??:??.?' 2>/dev/null || true; }}"
        )
        return sorted(line.rpartition("/")[2] for line in found.split())

    def function(self, slot: int) -> str:
        """The one function (the first one) of the card in that slot."""
        found = self.functions(self.port(slot))
        if not found:
            raise GuestError(f"slot {slot} is empty")
        return found[0]

    def driver(self, function: str) -> str | None:
        link = self._guest.shell(f"readlink {DEVICES}/{function}/driver || true").strip()
        return link.rpartition("/")[2] or None

    def disk(self, function: str) -> str | None:
        """The name of the block device below that function."""
        found = self._guest.shell(
            f"ls -d {DEVICES}/{function}/*/block/* {DEVICES}/{function}/block/* "
            "2>/dev/null || true"
        ).split()
        return found[0].rpartition("/")[2] if found else None

    def interfaces(self, function: str) -> list[str]:
        """Names of the network interfaces below that function."""
        found = self._guest.shell(
            f"ls -d {DEVICES}/{function}/net/* {DEVICES}/{function}/*/net/* 2>/dev/null || true"
        ).split()
        return sorted(path.rpartition("/")[2] for path in found)

    def reset_methods(self, function: str) -> list[str]:
        """What the kernel's `reset` would try, in this order; empty if it offers no reset at all."""
        found = self._guest.try_read(f"{DEVICES}/{function}/reset_method")
        return found.decode().split() if found else []

    def service(self, port: str, service: str) -> str | None:
        """The port service device ("aer", "dpc", "pciehp") that is bound now, as
        `0000:00:02.0:pcie004`."""
        found = self._guest.shell(
            f"cd /sys/bus/pci_express/drivers/{service} 2>/dev/null && "
            f"ls -d {port}:pcie* 2>/dev/null || true"
        ).split()
        return found[0] if found else None

    def config(self, function: str) -> bytes:
        found = self._guest.try_read(f"{DEVICES}/{function}/config")
        if found is None:
            raise GuestError(f"{function} has no config space")
        return found

    def wait_for_driver(self, slot: int, driver: str, timeout: float = 30.0) -> str:
        """Waits until the slot's card is bound to that driver and at rest; returns its function.
        Host time: it is a wait for the test's next step, never a measurement."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            found = self.functions(self.port(slot))
            if found and self.driver(found[0]) == driver:
                # The link to the driver is there before its probe has ended: only the quiet after
                # it says so.
                self._guest.settle()
                if self.driver(found[0]) == driver:
                    return found[0]
            time.sleep(0.05)
        raise GuestError(f"slot {slot} did not come to driver {driver} within {timeout:.0f} s")
