"""What a reset by slotd's hand costs more than the bare write to `reset`, at every level.

At level observe 2 % at most, the survey of who uses the card included. Levels fence and exclusive do more
around a reset; theirs is printed.

The guest's clock counts instructions, 1 ns each (a slow core), so the figures do not depend on the host.
"""

import unittest

from lab import overhead
from lab.scenario import Scenario

RATIO_MAX = 1.02  # at level observe


class Overhead(Scenario):
    CARDS = overhead.CARDS
    WITH_SLOTD = True
    CLOCK = overhead.CLOCK

    def test_at_level_observe_a_reset_costs_at_most_two_percent_more(self) -> None:
        costs = [
            overhead.measure(self.guest, device, level)
            for level in overhead.LEVELS
            for device in overhead.DEVICES
        ]

        print(overhead.table(costs), flush=True)
        observed = {cost.device: cost.ratio for cost in costs if cost.level == "observe"}
        self.assertEqual(
            [device for device, ratio in observed.items() if ratio > RATIO_MAX], [], observed
        )


if __name__ == "__main__":
    unittest.main(verbosity=2)
