"""What slotd costs: a bare write to `reset` against the same reset by slotd's hand, on one device in
one guest, in turns."""

import json
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from .guest import Guest
from .guest_slotd import SOCKET
from .machine import Clock
from .topology import Nic, Slot, Switch

CLOCK = Clock(instruction_ns=1, jumps=True)  # a slow core
LEVELS = ("observe", "fence", "exclusive")
ROUNDS = 20


@dataclass(frozen=True)
class Device:
    """A card whose `bus` reset is measured. `slot`: of its port; `name`: for people."""

    name: str
    slot: int
    driver: str


# A reset of about 0.15 s, as most hardware takes, and one whose port cannot say that its link is up,
# so that the kernel waits a full second.
DEVICES = (Device("card", 1, "e1000e"), Device("card in a switch", 11, "e1000e"))
CARDS = (Slot(1, Nic()), Slot(2, Switch("switch", (Slot(11, Nic("nested")),))))


@dataclass(frozen=True)
class Cost:
    """All times of one device at one level, milliseconds of guest time, in the order of the turns."""

    device: str
    level: str
    bare_ms: tuple[float, ...]
    coordinated_ms: tuple[float, ...]

    @property
    def bare(self) -> float:
        return statistics.median(self.bare_ms)

    @property
    def coordinated(self) -> float:
        return statistics.median(self.coordinated_ms)

    @property
    def ratio(self) -> float:
        return self.coordinated / self.bare

    @property
    def added(self) -> float:
        """What a turn cost more on average. Each alone costs so many whole ticks more or less, so
        their median says little."""
        return statistics.fmean(self.coordinated_ms) - statistics.fmean(self.bare_ms)


def table(costs: Iterable[Cost]) -> str:
    lines = ["device           level       bare ms  slotd ms  added ms  ratio   rounds"]
    lines += [
        f"{c.device:16} {c.level:10} {c.bare:8.1f} {c.coordinated:9.1f} {c.added:9.2f}  "
        f"{c.ratio:.4f}  {len(c.bare_ms)}"
        for c in costs
    ]
    return "\n".join(lines)


def measure(
    guest: Guest,
    device: Device,
    level: str,
    rounds: int = ROUNDS,
    extra: str = "",
) -> Cost:
    """slotd runs throughout, so that whatever it costs by being there is in both. Its lines go into
    a file of the guest: whoever records them takes a processor that a journal has elsewhere."""
    function = guest.pci.wait_for_driver(device.slot, device.driver)
    # The soak is a time that the administrator asks for, not a cost.
    guest.start_slotd(level, automatic_action=False, extra=f"soak_ms = 0\n{extra}", quiet=True)
    done = guest.run("lab-overhead", SOCKET, function, str(rounds), timeout=300)
    guest.slotd.stop()
    said = json.loads(done.text)
    return Cost(
        device.name,
        level,
        tuple(us / 1000 for us in said["bare_us"]),
        tuple(us / 1000 for us in said["asked_us"]),
    )
