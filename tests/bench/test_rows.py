"""The merging and the verdicts of scripts/bench."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

from bench import rows

BENCH = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "bench"


def made(name: str, value: float, bound: float | None) -> dict:
    return rows.row(name, value, "ms", "floor", 2.0, bound)


class Rows(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name: str, content: object) -> pathlib.Path:
        (self.folder / name).write_text(json.dumps(content))
        return self.folder / name

    def test_a_row_is_a_ratio_to_its_floor_and_holds_up_to_its_bound(self) -> None:
        self.assertEqual(
            rows.row("start", 3.0, "ms", "lspci", 2.0, 1.5),
            {
                "name": "start",
                "value": 3.0,
                "unit": "ms",
                "against": "lspci: 2.00 ms",
                "ratio": 1.5,
                "bound": 1.5,
                "holds": True,
            },
        )
        self.assertFalse(made("start", 3.1, 1.5)["holds"])
        self.assertTrue(made("shown only", 300, None)["holds"])

    def test_a_floor_of_nothing_is_refused(self) -> None:
        with self.assertRaisesRegex(rows.BadRows, "lspci was measured as 0 ms"):
            rows.row("start", 3.0, "ms", "lspci", 0, 1)

    def test_files_are_merged_in_their_order(self) -> None:
        one = self.file("b.json", [made("x", 1, 1)])
        two = self.file("a.json", [made("y", 5, 1), made("z", 5, None)])

        merged = rows.merge([one, two])

        self.assertEqual([one["name"] for one in merged], ["x", "y", "z"])
        self.assertEqual(rows.broken(merged), ["y: 2.50 times floor: 2.00 ms, at most 1.00 asked"])

    def test_a_row_that_contradicts_itself_or_comes_twice_is_refused(self) -> None:
        good = made("x", 5, 1)
        for bad, why in (
            ([good | {"holds": True}], "its ratio says otherwise"),
            ([good, good], "a second row x"),
            ([{"name": "x"}], "has not exactly"),
            ([good | {"ratio": "5"}], "something else than numbers"),
            ({}, "no list of rows"),
        ):
            with self.subTest(why), self.assertRaisesRegex(rows.BadRows, why):
                rows.merge([self.file("bad.json", bad)])

    def test_a_file_that_is_not_there_is_named(self) -> None:
        with self.assertRaisesRegex(rows.BadRows, "absent.json"):
            rows.merge([self.folder / "absent.json"])

    def bench(self, *words: object) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-B", str(BENCH), *map(str, words)], capture_output=True, text=True
        )

    def test_the_script_prints_one_table_writes_one_list_and_says_what_does_not_hold(self) -> None:
        first = self.file("first.json", [made("x", 1, 1)])
        second = self.file("second.json", [made("y", 5, 1)])
        out = self.folder / "bench.json"

        ran = self.bench("--merge", first, second, "--out", out)

        self.assertEqual(ran.returncode, 1, ran)
        self.assertIn("y: 2.50 times floor: 2.00 ms, at most 1.00 asked", ran.stderr)
        self.assertEqual([one["name"] for one in json.loads(out.read_text())], ["x", "y"])
        self.assertEqual(self.bench("--merge", first, "--out", out).returncode, 0)

    def test_a_bench_that_is_none_is_a_wrong_call(self) -> None:
        ran = self.bench("--only", "scales")

        self.assertEqual(ran.returncode, 2)
        self.assertIn("scales", ran.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
