"""The base of tests of slotd as a service."""

from . import disk
from .guest_service import GuestService
from .scenario import Scenario
from .topology import Slot, VirtioDisk


class ServiceScenario(Scenario):
    """A Debian with slotd's package installed and at rest, and a disk without AER callbacks in slot 1."""

    RELEASE = "bookworm"
    WITH_SLOTD = True
    service: GuestService
    port: str

    @classmethod
    def cards(cls):
        return (Slot(1, VirtioDisk(image=disk.image())),)

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.service = GuestService(cls.guest)
        cls.guest.run("systemctl", "is-system-running", "--wait", timeout=120, check=False)
        cls.guest.pci.wait_for_driver(1, "virtio-pci")
        cls.port = cls.guest.pci.port(1)
        cls.before_installing()
        cls.service.install()
        cls.service.wait_for_rest()

    @classmethod
    def before_installing(cls) -> None:
        """For what a test wants to compare with."""
