"""What scripts/run shows: the fight over one slot without and with slotd, and a card brought back."""
