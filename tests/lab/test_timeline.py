"""The lab's pure parts: records become events, events become a verdict. No guest is started."""

import unittest
from pathlib import Path

from lab import overlap, record, timeline
from lab.record import Event, parse_line, parse_record

DATA = Path(__file__).parent / "data"
PORT, CARD = "0000:00:02.0", "0000:01:00.0"
SYSFS = f"/devices/pci0000:00/{PORT}"


def recorded(name: str) -> list[Event]:
    return parse_record((DATA / name).read_text())


def event(at_ms: float, kind: str, address: str = CARD, source: str = "uevent") -> Event:
    return Event(int(at_ms * 1000), source, "AER", kind, address, kind)


class ParsedRecord(unittest.TestCase):
    def test_a_recovery_uevent_is_an_event_of_its_function(self) -> None:
        line = (
            f"77 uevent change@{SYSFS}/0000:01:00.0\tACTION=change\tSUBSYSTEM=pci\t"
            "ERROR_EVENT=FAILED_RECOVERY\tDEVICE_ONLINE=0"
        )

        self.assertEqual(
            parse_line(line),
            Event(77, "uevent", "AER", record.FAILED, CARD, f"FAILED_RECOVERY {CARD}"),
        )

    def test_a_child_of_a_function_is_not_the_function(self) -> None:
        line = (
            f"77 uevent remove@{SYSFS}/0000:01:00.0/net/eth0\tACTION=remove\t"
            "SUBSYSTEM=net"
        )

        self.assertEqual(parse_line(line).kind, "other")

    def test_a_port_service_is_not_its_port(self) -> None:
        line = (
            f"77 uevent unbind@{SYSFS}/0000:00:02.0:pcie004\tACTION=unbind\t"
            "SUBSYSTEM=pci_express"
        )

        self.assertEqual(
            (parse_line(line).kind, parse_line(line).lane), ("service-unbind", "driver")
        )

    def test_an_ignored_link_change_is_no_link_down(self) -> None:
        line = f"77 kernel pcieport {PORT}: pciehp: Slot(1): Link Down/Up ignored"

        self.assertEqual(parse_line(line).kind, record.IGNORED)

    def test_both_generations_of_the_error_line_are_known(self) -> None:
        old = (
            f"1 kernel pcieport {PORT}: AER: Uncorrected (Fatal) error message received from {CARD}"
        )
        new = old.replace("Uncorrected", "Multiple Uncorrectable")

        self.assertEqual([parse_line(old).kind, parse_line(new).kind], [record.ERROR, record.ERROR])
        self.assertEqual(parse_line(old).address, PORT)

    def test_events_come_in_the_order_of_time(self) -> None:
        events = parse_record("20 kernel b\n10 slotd <6>a\n30 lost uevents\n")

        self.assertEqual(
            [(e.at_us, e.lane) for e in events], [(10, "slotd"), (20, "kernel"), (30, "lost")]
        )

    def test_earlier_events_are_left_out(self) -> None:
        self.assertEqual(
            [e.at_us for e in parse_record("10 host a\n20 host b\n", since_us=20)], [20]
        )


class RecordedRaces(unittest.TestCase):
    def test_a_recorded_race_of_a_stock_kernel_is_an_overlap(self) -> None:
        verdict = overlap.judge(recorded("overlap.record"), PORT, [CARD])

        self.assertEqual(
            verdict.kinds, (record.LINK_DOWN, "unbind after success", "remove after success")
        )
        self.assertEqual((verdict.recoveries, verdict.unfinished), (1, False))

    def test_a_recorded_drop_that_the_reset_swallowed_is_none(self) -> None:
        verdict = overlap.judge(recorded("swallowed_drop.record"), PORT, [CARD])

        self.assertEqual(verdict, overlap.Verdict(recoveries=1))

    def test_a_recovery_that_failed_without_a_beginning_counts_once(self) -> None:
        verdict = overlap.judge(
            recorded("failed_recovery.record"), "0000:00:03.0", ["0000:02:00.0"]
        )

        self.assertEqual(verdict, overlap.Verdict(recoveries=1))

    def test_another_slots_fight_is_not_ours(self) -> None:
        self.assertEqual(
            overlap.judge(recorded("overlap.record"), "0000:00:04.0", ["0000:03:00.0"]),
            overlap.Verdict(),
        )


class Judged(unittest.TestCase):
    def judge(self, *events: Event, functions: tuple[str, ...] = (CARD,)) -> overlap.Verdict:
        return overlap.judge(events, PORT, functions)

    def test_each_disturbance_inside_a_recovery_is_an_overlap(self) -> None:
        for kind in (record.LINK_DOWN, record.CARD_GONE, record.UNBIND, record.REMOVE):
            with self.subTest(kind):
                verdict = self.judge(
                    event(0, record.BEGIN), event(5, kind), event(9, record.FAILED)
                )

                self.assertEqual(verdict.kinds, (kind,))

    def test_a_removal_before_the_recovery_is_none(self) -> None:
        verdict = self.judge(
            event(0, record.REMOVE), event(5, record.BEGIN), event(9, record.SUCCESS)
        )

        self.assertFalse(verdict.overlapped)

    def test_a_removal_after_a_failed_recovery_is_none(self) -> None:
        verdict = self.judge(
            event(0, record.BEGIN), event(5, record.FAILED), event(9, record.REMOVE)
        )

        self.assertFalse(verdict.overlapped)

    def test_a_removal_right_after_success_is_one(self) -> None:
        verdict = self.judge(
            event(0, record.BEGIN), event(5, record.SUCCESS), event(1_900, record.REMOVE)
        )

        self.assertEqual(verdict.kinds, ("remove after success",))

    def test_a_removal_long_after_success_is_none(self) -> None:
        verdict = self.judge(
            event(0, record.BEGIN), event(5, record.SUCCESS), event(2_100, record.REMOVE)
        )

        self.assertFalse(verdict.overlapped)

    def test_removing_a_card_that_left_is_right(self) -> None:
        verdict = self.judge(
            event(0, record.BEGIN),
            event(5, record.SUCCESS),
            event(6, record.LEFT, PORT, "kernel"),
            event(7, record.REMOVE),
        )

        self.assertFalse(verdict.overlapped)

    def test_a_link_up_is_no_disturbance(self) -> None:
        verdict = self.judge(
            event(0, record.BEGIN),
            event(5, record.LINK_UP, PORT, "kernel"),
            event(9, record.SUCCESS),
        )

        self.assertFalse(verdict.overlapped)

    def test_a_recovery_of_two_functions_ends_with_the_last(self) -> None:
        second = "0000:01:00.1"
        verdict = self.judge(
            event(0, record.BEGIN),
            event(1, record.BEGIN, second),
            event(5, record.SUCCESS),
            event(6, record.LINK_DOWN, PORT, "kernel"),
            event(7, record.SUCCESS, second),
            functions=(CARD, second),
        )

        self.assertEqual((verdict.kinds, verdict.recoveries), ((record.LINK_DOWN,), 1))

    def test_the_kernel_logs_end_is_the_end_for_all(self) -> None:
        verdict = self.judge(
            event(0, record.BEGIN),
            event(5, record.SUCCESS, PORT, "kernel"),
            event(6, record.LINK_DOWN, PORT, "kernel"),
            event(7, record.SUCCESS),
        )

        self.assertEqual(
            (verdict.overlapped, verdict.recoveries, verdict.unfinished), (False, 1, False)
        )

    def test_a_card_without_callbacks_is_recovering_from_the_kernels_complaint_on(self) -> None:
        verdict = self.judge(
            event(0, record.NO_CALLBACK, CARD, "kernel"),
            event(5, record.LINK_DOWN, PORT, "kernel"),
            event(9, record.FAILED),
        )

        self.assertEqual((verdict.kinds, verdict.recoveries), ((record.LINK_DOWN,), 1))

    def test_two_recoveries_are_two(self) -> None:
        verdict = self.judge(
            event(0, record.BEGIN),
            event(5, record.SUCCESS),
            event(10, record.BEGIN),
            event(15, record.FAILED),
        )

        self.assertEqual(verdict.recoveries, 2)

    def test_a_recovery_without_an_end_is_unfinished(self) -> None:
        self.assertTrue(self.judge(event(0, record.BEGIN)).unfinished)


class Rendered(unittest.TestCase):
    def test_each_event_stands_in_its_actors_column(self) -> None:
        events = timeline.select(recorded("overlap.record"), {PORT, CARD})
        lines = timeline.render(events).splitlines()

        down = next(line for line in lines if "Link Down" in line)
        self.assertEqual(down.index("Link Down"), lines[0].index("pciehp"))

    def test_log_line_and_uevent_of_one_end_are_shown_once(self) -> None:
        shown = timeline.render(timeline.select(recorded("overlap.record")))

        self.assertEqual(shown.count("SUCCESSFUL_RECOVERY"), 1)

    def test_slotds_lines_are_shown_without_their_priority(self) -> None:
        shown = timeline.render(parse_record("10 slotd <5>slot 1: recovering\n"), lanes=("slotd",))

        self.assertEqual(shown.splitlines()[1], "     0.0  slot 1: recovering")

    def test_two_pictures_stand_beside_each_other(self) -> None:
        self.assertEqual(
            timeline.beside("one", "a\nbb\n", "two", "c\n"), "one    two\na      c\nbb\n"
        )

    def test_nothing_is_said_to_be_nothing(self) -> None:
        self.assertEqual(timeline.render([]), "(nothing happened)\n")


if __name__ == "__main__":
    unittest.main()
