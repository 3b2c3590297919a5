"""The 2018 fight on a stock kernel, nobody in charge: AER recovers a slot and pciehp takes its card
away.

LAB_RACES sets how many races (20), LAB_SEED their seed (random, printed).
"""

import os
import random
import unittest

from lab import race, record, timeline
from lab.scenario import Scenario
from lab.topology import Nic, Slot

RACES = int(os.environ.get("LAB_RACES", "20"))
SEED = int(os.environ.get("LAB_SEED", random.randrange(1_000_000)))


class StockRace(Scenario):
    CARDS = (Slot(1, Nic()),)

    def _race(self, title: str, settings: race.RaceSettings) -> race.Outcome:
        outcome = race.run(self.guest, settings)
        print(f"{title}: {outcome.summary()}", flush=True)
        shown = outcome.most_telling
        if shown.verdict.overlapped:
            print(f"first overlap, link dropped {shown.drop_after_ms:.0f} ms after the error:")
            print(timeline.render(timeline.select(shown.events)), flush=True)
        # A race in which the kernel never recovered anything would count as "no overlap" and prove
        # nothing.
        self.assertTrue(
            all(r.verdict.recoveries for r in outcome.races), "a race without a recovery"
        )
        return outcome

    def test_recovery_and_hot_plug_overlap_when_the_link_bounces(self) -> None:
        outcome = self._race("stock", race.RaceSettings(races=RACES, seed=SEED))

        self.assertGreater(outcome.overlaps, 0)
        self.assertGreater(outcome.replaced, 0)

    def test_no_overlap_without_a_link_drop(self) -> None:
        # The control: the same error alone leaves the card in place, so it is the drop that makes
        # the fight.
        port = self.guest.pci.port(1)
        self.guest.write(f"/sys/kernel/debug/linkdrop/{port}/answers", "0")
        for _ in range(3):
            done = race.run_one(self.guest, race.RaceSettings(), drop_after_ms=None)
            self.assertEqual(
                (done.verdict.recoveries, done.verdict.overlapped, done.same_device),
                (1, False, True),
            )

    def test_no_overlap_while_pciehp_is_unbound(self) -> None:
        # What level "exclusive" rests on: the same drops with nobody there to see them, and the
        # rebind finds all well.
        port = self.guest.pci.port(1)
        service = self.guest.pci.service(port, "pciehp")
        self.guest.write("/sys/bus/pci_express/drivers/pciehp/unbind", service)
        self.addCleanup(self.guest.write, "/sys/bus/pci_express/drivers/pciehp/bind", service)

        outcome = self._race(
            "pciehp unbound", race.RaceSettings(races=max(RACES // 5, 5), seed=SEED)
        )
        since = self.guest.now_us()
        self.doCleanups()
        after = [e.kind for e in self.guest.settle(since, quiet_ms=1000)]

        self.assertEqual((outcome.overlaps, outcome.replaced), (0, 0))
        self.assertNotIn(record.REMOVE, after)

    def test_recovery_and_hot_plug_overlap_when_the_card_is_out_of_reach_too(self) -> None:
        # The kernel's reset waits until the card answers, about 140 ms after the error: a drop
        # before that is swallowed with the reset, a later one is not.
        outcome = self._race(
            "stock, card out of reach",
            race.RaceSettings(
                races=max(RACES // 5, 8),  # of which a half overlaps
                seed=SEED,
                drop_after_ms=(140.0, 200.0),
                card_answers=False,
            ),
        )

        self.assertGreater(outcome.overlaps, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
