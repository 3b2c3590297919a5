"""The pictures of the demo, drawn from a recorded race. No guest is started."""

import unittest
from pathlib import Path

from lab import overlap
from lab.record import parse_record

from . import picture
from .picture import Panel

DATA = Path(__file__).parents[1] / "data"
PORT, CARD = "0000:00:02.0", "0000:01:00.0"


def panel(name: str) -> Panel:
    events = parse_record((DATA / name).read_text())
    verdict = overlap.judge(events, PORT, [CARD])
    return Panel(name, picture.rows(events, {PORT, CARD}, verdict), "so it was")


class Picture(unittest.TestCase):
    def drawn(self, width: int) -> list[str]:
        text = picture.beside(panel("overlap.record"), panel("swallowed_drop.record"), width)
        return text.splitlines()

    def test_two_pictures_are_beside_each_other_in_100_columns_and_in_120(self) -> None:
        for width in (100, 120):
            lines = self.drawn(width)
            self.assertLessEqual(max(map(len, lines)), width)
            self.assertIn("overlap.record", lines[0])
            self.assertIn("swallowed_drop.record", lines[0])

    def test_in_80_columns_one_is_below_the_other(self) -> None:
        lines = self.drawn(80)

        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertNotIn("swallowed_drop.record", lines[0])
        self.assertEqual(sum(line == "=> so it was" for line in lines), 2)

    def test_verdicts_stand_on_one_line(self) -> None:
        self.assertEqual(self.drawn(120)[-1].count("=> so it was"), 2)

    def test_a_removal_in_the_fight_is_marked(self) -> None:
        marked = [line for line in self.drawn(80) if line.startswith("!")]

        self.assertTrue(any("REMOVED" in line for line in marked))

    def test_both_sides_at_work_are_two_bars(self) -> None:
        self.assertTrue(any("SUCCESSFUL_RECOVERY  :" in line for line in self.drawn(80)))


class SlotdWords(unittest.TestCase):
    def test_priority_slot_and_incident_are_left_out(self) -> None:
        text = "<5>0000:00:02.0 (slot 1) [incident 6b03 attempt 1] draining -> resetting: now"

        self.assertEqual(picture.slotd_words(text), "draining -> resetting: now")

    def test_debugging_is_not_shown(self) -> None:
        self.assertIsNone(picture.slotd_words("<7>0000:00:02.0 (slot 1) opening"))

    def test_long_words_are_wrapped_below_themselves(self) -> None:
        self.assertEqual(picture.wrapped("12 ", "a " * 30, 41)[1].rstrip(), "   " + "a " * 10 + "a")


if __name__ == "__main__":
    unittest.main()
