"""What this kernel does where kernels differ, found by doing it in the guest."""

import json

from . import guest_vfio, record
from .guest import Guest
from .guest_pci import DEVICES
from .topology import Nic, Slot, TwoFunctions, VirtioNet

NIC, NET, PAIR = 1, 2, 3  # slots
CARDS = (Slot(NIC, Nic()), Slot(NET, VirtioNet("vnet")), Slot(PAIR, TwoFunctions("pair")))
# What `slotctl doctor` says of the kernel itself.
DOCTOR = (
    "ignores_reset_flaps", "ignores_dpc_flaps", "resets_nested_slots", "resets_below_slots",
    "has_error_trace", "has_hotplug_trace", "shares_interrupt",
)  # fmt: skip


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _after_error(guest: Guest, kind: str) -> list[record.Event]:
    function = guest.pci.wait_for_driver(NIC, "e1000e")
    since = guest.now_us()
    guest.inject_error(function, kind)
    return guest.settle(since, quiet_ms=1500)


def _errors(guest: Guest) -> dict[str, str]:
    fatal, nonfatal = _after_error(guest, "fatal"), _after_error(guest, "nonfatal")
    # The card in hand is one that the firmware has configured, so it reports.
    since = guest.now_us()
    guest.inject_hardware_error("vnet")
    given_up = guest.settle(since, quiet_ms=1500)
    told = {e.kind for e in given_up if e.source == "uevent"}
    return {
        "non-fatal-resets": _yes(any(e.kind == record.RESET_BEGINS for e in nonfatal)),
        "begin": _yes(any(e.kind == record.BEGIN for e in fatal)),
        "begin-without-callbacks": _yes(record.BEGIN in told),
        "failed": _yes(record.FAILED in told),
        "failed-names": ", ".join(
            sorted(
                {
                    "port" if e.address == guest.pci.port(NET) else "function"
                    for e in given_up
                    if e.kind == record.FAILED and e.source == "uevent"
                }
            )
        ) or "nothing",
    }  # fmt: skip


def _vfio_names_device(guest: Guest) -> str:
    functions = guest.pci.functions(guest.pci.port(PAIR))
    guest_vfio.bind(guest, functions)
    owner = guest_vfio.hold(guest, functions)
    found = guest.shell(f"cat /proc/{owner}/fdinfo/* | grep -c vfio-device-syspath || true").strip()
    guest.signal(owner, 9)
    return _yes(int(found) > 0)


def _there(guest: Guest, path: str) -> str:
    return _yes(guest.run("test", "-e", path, check=False).ok)


def _doctor(guest: Guest) -> dict[str, str]:
    guest.start_slotd("observe", automatic_action=False)
    said = json.loads(guest.slotctl("doctor", "--json", check=False, timeout=60).text)
    guest.slotd.stop()
    told = said["machine"]["kernel"]
    return {f"doctor.{name}": {True: "yes", False: "no", None: "unknown"}[told[name]] for name in DOCTOR}


def probe(guest: Guest) -> dict[str, str]:
    port, nic = guest.pci.port(NIC), guest.pci.function(NIC)
    events = "/sys/kernel/tracing/events"
    found = _errors(guest)
    found |= {
        "reset_subordinate": _there(guest, f"{DEVICES}/{port}/reset_subordinate"),
        "ratelimits": _there(guest, f"{DEVICES}/{nic}/aer"),
        "reset_method": _there(guest, f"{DEVICES}/{nic}/reset_method"),
        "slot-reset-of-the-card": guest.read(f"{DEVICES}/{nic}/reset_method"),
        "trace-aer": _there(guest, f"{events}/ras/aer_event"),
        "trace-hotplug": _there(guest, f"{events}/pci/pci_hp_event"),
        "vfio-names-its-device": _vfio_names_device(guest),
        "service-name-of-pciehp": (guest.pci.service(port, "pciehp") or "").rpartition(":")[2],
    }
    return found | _doctor(guest)
