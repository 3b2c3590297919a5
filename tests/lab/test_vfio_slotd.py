"""slotd-exec's resets through VFIO, and what it notes of virtual functions, on a real kernel. The same
through slotd, with its gates around it: test_cards_slotd."""

import unittest

from lab import guest_vfio, record
from lab.guest_pci import DEVICES
from lab.scenario import Scenario
from lab.topology import Nvme, Slot, TwoFunctions


class Vfio(Scenario):
    CARDS = (Slot(4, TwoFunctions()), Slot(5, Nvme()))
    WITH_SLOTD = True

    def effects(self, *words: str) -> list[str]:
        """Outcomes of effects and ports, in turn."""
        return self.guest.slotd.effects(*words)[0]

    def kinds(self, since: int) -> list[str]:
        return [event.kind for event in self.guest.settle(since, quiet_ms=1000)]

    def assert_both_have_their_driver(self, functions: list[str]) -> None:
        for function in functions:
            self.assertEqual(self.guest.pci.driver(function), "virtio-pci")
            self.assertEqual(self.guest.read(f"{DEVICES}/{function}/driver_override"), "(null)")
            self.assertEqual(len(self.guest.pci.interfaces(function)), 1)

    def test_a_card_with_two_functions_is_reset_and_both_get_their_drivers_back(self) -> None:
        port = self.guest.pci.port(4)
        functions = self.guest.pci.functions(port)
        since = self.guest.now_us()

        outcomes = self.effects("reset-by-vfio", port)

        self.assertEqual(outcomes, ["done"])
        events = self.guest.settle(since, quiet_ms=1000)
        resets = [e.address for e in events if e.kind == record.RESET_BEGINS]
        print("resets:", resets, flush=True)
        self.assertIn(port, resets)
        self.assertNotIn(record.REMOVE, [e.kind for e in events if e.address in functions])
        self.assert_both_have_their_driver(functions)
        self.assertEqual(self.guest.read("/run/slotd-exec/gates"), "")

    def test_a_card_that_vfio_has_already_is_not_touched(self) -> None:
        port = self.guest.pci.port(4)
        functions = self.guest.pci.functions(port)
        guest_vfio.bind(self.guest, functions)
        self.addCleanup(guest_vfio.release, self.guest, functions)

        outcomes = self.effects("reset-by-vfio", port)

        self.assertEqual(len(outcomes), 1)
        self.assertIn("belongs to VFIO already", outcomes[0])
        self.assertEqual([self.guest.pci.driver(one) for one in functions], ["vfio-pci"] * 2)

    def test_a_killed_reset_gives_the_functions_back(self) -> None:
        port = self.guest.pci.port(4)
        functions = self.guest.pci.functions(port)
        killed_at = []
        for point in range(5, 60, 6):
            options = ("--crash-victim", "both", "--crash-at", str(point))
            said = self.guest.slotd.effects("reset-by-vfio", port, options=options)[1]
            if "crash point" not in said:
                break
            killed_at.append(next(x for x in said.splitlines() if "crash point" in x))

            self.guest.run("slotd-exec", "--open-gates", "--patience-s", "60", timeout=90)

            self.assert_both_have_their_driver(functions)
            self.assertEqual(self.guest.read("/run/slotd-exec/gates"), "")
        print("\n".join(killed_at), flush=True)
        self.assertGreater(len(killed_at), 3)

    def test_a_card_is_reset_with_what_its_owner_lends(self) -> None:
        port = self.guest.pci.port(4)
        functions = self.guest.pci.functions(port)
        guest_vfio.bind(self.guest, functions)
        self.addCleanup(guest_vfio.release, self.guest, functions)
        since = self.guest.now_us()

        outcomes = self.effects("lend-reset", port, "lend-reset", port)

        # The second time the groups could be opened again: nobody had kept the first loan.
        self.assertEqual(outcomes, ["done", "done"])
        events = self.guest.settle(since, quiet_ms=1000)
        self.assertIn(port, [e.address for e in events if e.kind == record.RESET_BEGINS])
        self.assertNotIn(record.REMOVE, [e.kind for e in events if e.address in functions])
        self.assertEqual([self.guest.pci.driver(one) for one in functions], ["vfio-pci"] * 2)

    def test_virtual_functions_come_back_after_slot_power(self) -> None:
        port = self.guest.pci.port(5)
        card = self.guest.pci.functions(port)[0]
        self.guest.write(f"{DEVICES}/{card}/sriov_numvfs", "2")
        self.addCleanup(self.guest.write, f"{DEVICES}/{card}/sriov_numvfs", "0")
        # QEMU's VFs are offline, so nvme takes them and lets them go a moment later.
        self.guest.settle(quiet_ms=1000)
        vfs = self.guest.pci.functions(port)[1:]
        self.assertEqual(len(vfs), 2)
        guest_vfio.bind(self.guest, [vfs[1]])
        before = [self.guest.pci.driver(vf) for vf in vfs]

        outcomes = self.effects(
            "note-vfs", port, "power-off", port, "power-on", port, "restore-vfs", port
        )

        print(outcomes, before, flush=True)
        self.assertEqual(outcomes, ["done", "done", "done", "done"])
        self.assertEqual([self.guest.pci.driver(vf) for vf in vfs], before)
        self.assertEqual(
            self.guest.read(f"{DEVICES}/{vfs[1]}/driver_override"), "vfio-pci"
        )
        self.assertEqual(self.guest.read(f"{DEVICES}/{card}/sriov_drivers_autoprobe"), "1")

    def test_a_card_with_virtual_functions_is_reset_with_them(self) -> None:
        port = self.guest.pci.port(5)
        card = self.guest.pci.functions(port)[0]
        self.guest.write(f"{DEVICES}/{card}/sriov_numvfs", "2")
        self.addCleanup(self.guest.write, f"{DEVICES}/{card}/sriov_numvfs", "0")
        # QEMU's VFs are offline, so nvme takes them and lets them go a moment later.
        self.guest.settle(quiet_ms=1000)
        vfs = self.guest.pci.functions(port)[1:]
        before = [self.guest.pci.driver(vf) for vf in vfs]
        self.guest.write(f"{DEVICES}/{vfs[1]}/driver_override", "none")

        outcomes = self.effects("note-vfs", port, "reset-by-vfio", port, "restore-vfs", port)

        self.assertEqual(outcomes, ["done", "done", "done"])
        self.assertEqual(self.guest.pci.driver(card), "nvme")
        self.assertEqual([self.guest.pci.driver(vf) for vf in vfs], before)
        self.assertEqual(self.guest.read(f"{DEVICES}/{vfs[1]}/driver_override"), "none")


if __name__ == "__main__":
    unittest.main()
