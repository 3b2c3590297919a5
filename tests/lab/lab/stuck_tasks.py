"""Tasks of the guest that sleep and cannot be killed, with where in the kernel they do, and the kernel's known
deadlock among them."""

from .agent import GuestDead, GuestError
from .guest import Guest

_ALL = r"""
for task in /proc/[0-9]*; do
  grep -q '^State:.D' $task/status 2>/dev/null || continue
  echo "= $(cat $task/comm)"
  cat $task/stack
done
"""


def text_of(guest: Guest) -> str:
    """Empty where the guest does not say."""
    try:
        return guest.run("sh", "-c", _ALL, check=False).text
    except (GuestError, GuestDead):
        return ""


def of_aer_and_pciehp(text: str) -> bool:
    """KERNEL 5.2-1: a recovery has pci_slot_mutex and waits for reset_lock, to write; pciehp has that, to read,
    and waits for pci_slot_mutex in a hot-add."""
    stacks = [task for task in text.split("= ") if task]
    recovers = any("pciehp_reset_slot" in s and "down_write" in s for s in stacks)
    adds = any("pci_dev_assign_slot" in s and "pciehp_ist" in s for s in stacks)
    return recovers and adds
