"""The soak's own judgement, on records that were made up: each invariant that it watches is broken once."""

import unittest

from lab import record, soak_check, soak_world
from lab.record import Event

ROOT, INNER, OTHER = "0000:00:02.0", "0000:03:00.0", "0000:00:03.0"
CARD = "0000:04:00.0"
ABOVE = {ROOT: (), INNER: (ROOT,), OTHER: ()}
DOMAIN = {ROOT: ROOT, INNER: ROOT, CARD: ROOT, OTHER: OTHER}


def moved(at_us: int, port: str, before: str, after: str, why: str = "") -> Event:
    text = f"<6>{port} (slot 1) [incident 6b08851200010001 attempt 1] {before} -> {after}: {why}"
    return Event(at_us, "slotd", "slotd", "other", "", text)


def reset(port: str, begun: int, ended: int, step: str = "slot") -> list[Event]:
    return [
        moved(begun, port, "draining", "resetting", f"trying {step}"),
        moved(ended, port, "resetting", "verifying", "the step is done, looking at the card"),
    ]


def service(at_us: int, what: str, port: str, bit: str) -> Event:
    return Event(at_us, "uevent", "driver", f"service-{what}", port, f"{what} service {port}:pcie0{bit}")


def seen(at_us: int, kind: str, address: str) -> Event:
    return Event(at_us, "uevent", "AER", kind, address, kind)


def acting(*resets: list[Event]) -> list[soak_check.Acting]:
    return soak_check.actings(sorted(sum(resets, []), key=lambda e: e.at_us))


class Operations(unittest.TestCase):
    def broken(self, *resets: list[Event]) -> list[str]:
        return [text[0] for text in soak_check.overlapping(acting(*resets), ABOVE)]

    def test_of_a_switch_and_of_a_slot_in_it_overlap(self) -> None:
        self.assertEqual(self.broken(reset(ROOT, 0, 10), reset(INNER, 5, 15)), ["1"])

    def test_of_unrelated_slots_do_not(self) -> None:
        self.assertEqual(self.broken(reset(ROOT, 0, 10), reset(OTHER, 5, 15)), [])

    def test_one_after_the_other_do_not(self) -> None:
        self.assertEqual(self.broken(reset(ROOT, 0, 10), reset(INNER, 10, 15)), [])

    def test_without_an_end_last_for_ever(self) -> None:
        self.assertEqual(self.broken(reset(ROOT, 0, 10)[:1], reset(INNER, 500, 600)), ["1"])

    def test_in_a_recovery_that_slotd_has_heard_of_are_wrong(self) -> None:
        late = soak_check.HEARD_LATE_US + 1
        for begun, expected in ((late, 1), (late - 2, 0)):
            with self.subTest(begun):
                events = [seen(0, record.BEGIN, CARD), seen(10 * late, record.SUCCESS, CARD)]
                found = soak_check.in_recovery(events, acting(reset(ROOT, begun, begun + 5)), DOMAIN)

                self.assertEqual(len(found), expected, found)


class Token(unittest.TestCase):
    def followed(self, bound: dict[str, set[str]], *events: Event) -> list[str]:
        return soak_check.Token(bound, DOMAIN).follow(events)

    def test_is_in_one_hand_when_each_lets_go_first(self) -> None:
        moves = (
            service(1, "unbind", ROOT, "02"), service(2, "bind", INNER, "04"),
            service(3, "unbind", INNER, "04"), service(4, "bind", ROOT, "02"),
        )  # fmt: skip

        self.assertEqual(self.followed({ROOT: {"aer"}, OTHER: {"aer"}}, *moves), [])

    def test_is_in_two_hands_when_a_nested_slot_gets_pciehp_too_early(self) -> None:
        found = self.followed({ROOT: {"aer"}}, service(1, "bind", INNER, "04"))

        self.assertEqual([text[0] for text in found], ["3"])

    def test_is_in_two_hands_from_the_first_look(self) -> None:
        self.assertEqual(len(self.followed({ROOT: {"aer", "pciehp"}})), 1)


class Fought(unittest.TestCase):
    def test_what_slotd_took_away_itself_is_no_overlap(self) -> None:
        late = soak_check.LINE_LATE_US
        for line_at, ours in ((22, True), (25 + late, True), (26 + late, False)):
            with self.subTest(line_at):
                removal = Event(25, "uevent", "pciehp", record.REMOVE, CARD, "remove")
                events = [
                    seen(0, record.BEGIN, CARD), seen(20, record.SUCCESS, CARD), removal,
                    *reset(ROOT, line_at, line_at + 8, "reenumerate"),
                ]  # fmt: skip
                mine = soak_check.actings(events)

                self.assertEqual(soak_check.fought(events, mine, ROOT, [CARD], ()).overlapped, not ours)
                self.assertTrue(soak_check.fought(events, [], ROOT, [CARD], ()).overlapped)


class World(unittest.TestCase):
    def test_a_seed_makes_the_same_machine_again_and_another_seed_another(self) -> None:
        made = [soak_world.make(seed).describe() for seed in ("1/0", "1/0", "1/1")]

        self.assertEqual(made[0], made[1])
        self.assertNotEqual(made[0], made[2])


if __name__ == "__main__":
    unittest.main(verbosity=2)
