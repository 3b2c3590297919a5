"""The base of every test that needs a guest."""

import unittest

from . import places, topology
from .guest import Guest


class Scenario(unittest.TestCase):
    """One guest per class, booted before its first test. A failed test leaves the guest's console and record in the
    cache's folder `runs/<test>` and says so."""

    CARDS: topology.Topology = ()
    WITH_SLOTD = False
    KERNEL = "6.1"
    guest: Guest

    @classmethod
    def cards(cls) -> topology.Topology:
        """Overridden where a card needs a file made first."""
        return cls.CARDS

    @classmethod
    def setUpClass(cls) -> None:
        cls.guest = Guest(cls.cards(), with_slotd=cls.WITH_SLOTD, kernel=cls.KERNEL)
        cls.addClassCleanup(cls.guest.stop)
        print(f"{cls.__name__}: kernel {cls.guest.kernel.release}, agent up after {cls.guest.boot_seconds:.1f} s",
              flush=True)

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        before = len(result.failures) + len(result.errors) if result else 0
        done = super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            folder = places.runs() / self.id()
            self.guest.save_evidence(folder)
            print(f"{self.id()}: evidence in {folder}", flush=True)
        return done
