"""What a reset by slotd's hand costs more than the bare write to `reset`, at every level.

Wanted is 2 % at most at level observe. That held (1.014) until slotd looked who uses the card before it
touches it: the survey is 5.8 of 9.1 ms. What is missed is printed; what is asserted keeps it from growing.

The guest's clock counts instructions, 1 ns each (a slow core), so the figures do not depend on the host.
"""

import unittest

from lab import overhead
from lab.scenario import Scenario

RATIO_WANTED, RATIO_MAX = 1.02, 1.07  # at level observe


class Overhead(Scenario):
    CARDS = overhead.CARDS
    WITH_SLOTD = True
    CLOCK = overhead.CLOCK

    def test_at_level_observe_a_reset_costs_at_most_seven_percent_more(self) -> None:
        costs = [
            overhead.measure(self.guest, device, level)
            for level in overhead.LEVELS
            for device in overhead.DEVICES
        ]

        print(overhead.table(costs), flush=True)
        for cost in costs:
            if cost.level == "observe" and cost.ratio > RATIO_WANTED:
                print(f"MISSED: {cost.device} {cost.ratio:.4f}, wanted {RATIO_WANTED}", flush=True)
        observed = {cost.device: cost.ratio for cost in costs if cost.level == "observe"}
        self.assertEqual(
            [device for device, ratio in observed.items() if ratio > RATIO_MAX], [], observed
        )


if __name__ == "__main__":
    unittest.main(verbosity=2)
