"""What scripts/run shows: the fight over one slot, and a card brought back."""
