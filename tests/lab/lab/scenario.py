"""The base of every test that needs a guest."""

import unittest

from . import places, topology
from .guest import Guest
from .machine import Clock


class Scenario(unittest.TestCase):
    """One guest per class, booted before its first test, or one per test where a test breaks its
    guest for good. A failed test leaves the guest's console and record in the cache's folder
    `runs/<test>` and says so.
    """

    CARDS: topology.Topology = ()
    WITH_SLOTD = False
    KERNEL: str | None = None  # LAB_KERNEL's, where a test needs no particular one
    RELEASE: str | None = None  # of Debian, with systemd; None: busybox
    ONE_GUEST_PER_TEST = False
    CLOCK: Clock | None = None  # the host's
    guest: Guest

    @classmethod
    def cards(cls) -> topology.Topology:
        """Overridden where a card needs a file made first."""
        return cls.CARDS

    @classmethod
    def _boot(cls) -> Guest:
        guest = Guest(
            cls.cards(),
            with_slotd=cls.WITH_SLOTD,
            kernel=cls.KERNEL,
            clock=cls.CLOCK,
            release=cls.RELEASE,
        )
        print(
            f"{cls.__name__}: kernel {guest.kernel.release}, "
            f"agent up after {guest.boot_seconds:.1f} s",
            flush=True,
        )
        return guest

    @classmethod
    def setUpClass(cls) -> None:
        if not cls.ONE_GUEST_PER_TEST:
            cls.guest = cls._boot()
            cls.addClassCleanup(cls.guest.stop)

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        result = result or self.defaultTestResult()
        before = len(result.failures) + len(result.errors)
        if self.ONE_GUEST_PER_TEST:
            self.guest = self._boot()
        try:
            done = super().run(result)
            if len(result.failures) + len(result.errors) > before:
                folder = places.runs() / self.id()
                self.guest.save_evidence(folder)
                print(f"{self.id()}: evidence in {folder}", flush=True)
            return done
        finally:
            if self.ONE_GUEST_PER_TEST:
                self.guest.stop()
