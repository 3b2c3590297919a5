"""What differs between the kernels: docs/kernels.md says what each of them does, and here it is done."""

# lab: newest kernel too

import unittest

from lab import kernel_probe, kernel_table
from lab.scenario import Scenario


class Kernels(Scenario):
    CARDS = kernel_probe.CARDS
    WITH_SLOTD = True

    def test_the_page_says_what_this_kernel_does(self) -> None:
        found = kernel_probe.probe(self.guest)

        for key, value in found.items():
            print(f"{self.guest.kernel.name} {key}: {value}", flush=True)
        self.assertEqual(kernel_table.column(self.guest.kernel.name), found)


if __name__ == "__main__":
    unittest.main(verbosity=2)
