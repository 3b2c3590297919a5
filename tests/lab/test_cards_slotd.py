"""Cards with several functions under slotd: two functions that only VFIO can reset together, with
slotd's own hands or with descriptors that their owner lends, and a card with virtual functions."""

# lab: newest kernel too

import unittest

from lab import gates, guest_vfio, record
from lab.guest_pci import DEVICES
from lab.scenario import Scenario
from lab.topology import Nvme, Slot, TwoFunctions

PAIR, NVME = 1, 2  # slots
LEVELS = ("observe", "fence", "exclusive")
FAILED, REFUSED, IN_USE = 1, 6, 9  # slotctl's exit status


class CardsWithSlotd(Scenario):
    CARDS = (Slot(PAIR, TwoFunctions("pair")), Slot(NVME, Nvme("nvme")))
    WITH_SLOTD = True

    def setUp(self) -> None:
        self.port = self.guest.pci.port(PAIR)
        self.functions = self.guest.pci.functions(self.port)
        self.addCleanup(self.guest.slotd.stop)

    def _reset(self, slot: int, method: str) -> tuple[int | None, str, list[record.Event]]:
        """slotctl's exit status, what it said, and all that happened."""
        since = self.guest.now_us()
        done = self.guest.slotctl(
            "reset", self.guest.pci.port(slot), "--method", method, "--reason", "test", "--wait",
            timeout=90, check=False,
        )  # fmt: skip
        said = done.text + done.err.decode(errors="replace")
        return done.code, said, self.guest.settle(since, quiet_ms=700)

    def _state(self) -> list[dict]:
        return [gates.of_port(self.guest, self.port)] + [
            gates.of_function(self.guest, function) for function in self.functions
        ]

    def _bus_resets(self, events: list[record.Event]) -> set[str]:
        return {e.address for e in events if e.kind == record.RESET_BEGINS}

    def test_a_card_with_two_functions_is_reset_and_both_drivers_are_back(self) -> None:
        for level in LEVELS:
            with self.subTest(level=level):
                self.guest.slotd.stop()
                before = self._state()
                self.guest.start_slotd(level, automatic_action=False)

                code, said, events = self._reset(PAIR, "vfio")

                self.assertEqual(code, 0, said)
                self.assertEqual(self._bus_resets(events), {self.port})
                for function in self.functions:
                    bound = [
                        e.fields.get("DRIVER")
                        for e in events
                        if e.kind == record.BIND and e.address == function
                    ]
                    self.assertEqual(bound, ["vfio-pci", "virtio-pci"])
                    self.assertEqual(len(self.guest.pci.interfaces(function)), 1)
                kinds = {e.kind for e in events if e.address in self.functions}
                self.assertFalse(kinds & {record.REMOVE, record.ADD}, kinds)
                self.guest.slotd.stop()
                self.assertEqual(self._state(), before)

    def test_a_card_with_two_functions_comes_back_from_a_fatal_error(self) -> None:
        self.guest.start_slotd("fence", automatic_action=True)
        since = self.guest.now_us()

        self.guest.inject_hardware_error("pair0")
        for _ in range(2):
            self.guest.settle(since, quiet_ms=1500)
        self.guest.slotd.wait_for_phase(self.port, "idle")

        added = [e.address for e in self.guest.record(since) if e.kind == record.ADD]
        self.assertEqual(sorted(set(added) & set(self.functions)), self.functions)
        for function in self.functions:
            self.assertEqual(self.guest.pci.driver(function), "virtio-pci")
            self.assertEqual(len(self.guest.pci.interfaces(function)), 1)

    def _owned(self) -> None:
        guest_vfio.bind(self.guest, self.functions)
        self.addCleanup(guest_vfio.release, self.guest, self.functions)

    def test_descriptors_that_their_owner_lends_are_enough(self) -> None:
        self._owned()
        self.guest.start_slotd("fence", automatic_action=False)
        since = self.guest.now_us()

        done = guest_vfio.lend(self.guest, self.functions)

        reply = done.reply.get("parameters", {})
        self.assertTrue(reply.get("succeeded"), done.reply)
        self.assertEqual(done.config, "f41a4110", "the owner's card answers")
        events = self.guest.settle(since, quiet_ms=700)
        self.assertEqual(self._bus_resets(events), {self.port})
        # Nobody but the owner ever had a driver's hand on it, and nothing of its is open any more:
        # an unbind would wait for that for ever.
        kinds = {e.kind for e in events if e.address in self.functions}
        self.assertFalse(kinds & {record.BIND, record.UNBIND, record.REMOVE}, kinds)
        guest_vfio.release(self.guest, self.functions)
        for function in self.functions:
            self.assertEqual(self.guest.pci.driver(function), "virtio-pci")

    def test_what_somebody_owns_by_vfio_is_not_touched(self) -> None:
        self._owned()
        self.guest.start_slotd("fence", automatic_action=False)
        owner = guest_vfio.hold(self.guest, self.functions)
        self.addCleanup(self.guest.signal, owner, 9)

        for method in ("vfio", "reenumerate"):
            code, said, events = self._reset(PAIR, method)

            self.assertIn(code, (REFUSED, IN_USE), f"{method}: {said}")
            self.assertEqual(self._bus_resets(events), set())
            kinds = {e.kind for e in events if e.address in self.functions}
            self.assertFalse(kinds & {record.UNBIND, record.REMOVE}, f"{method}: {kinds}")
        self.assertTrue(self.guest.signal(owner, 0), "the owner still runs")

    def _virtual_functions(self) -> tuple[str, list[str]]:
        """Two for the test; the physical one, and all."""
        physical = self.guest.pci.function(NVME)
        self.guest.write(f"{DEVICES}/{physical}/sriov_numvfs", "2")
        self.addCleanup(self._no_virtual_functions, physical)
        functions = self.guest.pci.functions(self.guest.pci.port(NVME))
        self.assertEqual(len(functions), 3)
        self.guest.settle()  # QEMU's do not get ready without more set-up: the driver gives them up
        return physical, functions

    def test_virtual_functions_that_a_reset_has_killed_are_noticed(self) -> None:
        # In QEMU a Function Level Reset takes them from the bus, and the kernel does not notice.
        self._virtual_functions()
        self.guest.start_slotd("fence", automatic_action=False)

        code, said, _ = self._reset(NVME, "flr")

        self.assertEqual(code, FAILED, said)
        self.assertIn("unreachable", said)

    def test_a_card_keeps_its_virtual_functions(self) -> None:
        physical, functions = self._virtual_functions()
        port = self.guest.pci.port(NVME)
        drivers = [self.guest.pci.driver(function) for function in functions]
        self.guest.start_slotd("fence", automatic_action=False)

        for method in ("reenumerate", "vfio", "reenumerate"):
            with self.subTest(method=method):
                code, said, _ = self._reset(NVME, method)

                self.assertEqual(code, 0, said)
                self.assertEqual(self.guest.read(f"{DEVICES}/{physical}/sriov_numvfs"), "2")
                self.assertEqual(self.guest.pci.functions(port), functions)
                self.assertEqual([self.guest.pci.driver(f) for f in functions], drivers)

    def _no_virtual_functions(self, physical: str) -> None:
        self.guest.slotd.stop()
        self.guest.write(f"{DEVICES}/{physical}/sriov_numvfs", "0")


if __name__ == "__main__":
    unittest.main(verbosity=2)
