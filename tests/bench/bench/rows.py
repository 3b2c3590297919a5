"""Rows of the benchmarks: what was measured, against what, and whether its bound holds.

A producer writes a file with a JSON list of rows; scripts/bench merges the files. Every bound is an upper one:
a rate is written as time for one event, "fifty times faster" as a ratio of 0.02.
"""

import json
import math
import pathlib
from collections.abc import Iterable

FIELDS = ("name", "value", "unit", "against", "ratio", "bound", "holds")


class BadRows(Exception):
    """The text says which file and which row."""


def row(name: str, value: float, unit: str, against: str, floor: float, bound: float | None) -> dict:
    """`floor` in the same unit; `bound` None where nothing was asked and the ratio is only shown."""
    if floor <= 0:
        raise BadRows(f"{name}: {against} was measured as {floor} {unit}")
    ratio = value / floor
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "against": f"{against}: {number(floor)} {unit}",
        "ratio": ratio,
        "bound": bound,
        "holds": holds(ratio, bound),
    }


def holds(ratio: float, bound: float | None) -> bool:
    return bound is None or ratio <= bound


def write(path: pathlib.Path, rows: list[dict]) -> None:
    path.write_text(json.dumps(rows, indent=1) + "\n")


def merge(files: Iterable[pathlib.Path]) -> list[dict]:
    """All rows in the order of the files. A row that contradicts itself is a mistake of its producer."""
    merged: dict[str, dict] = {}
    for file in files:
        try:
            rows = json.loads(file.read_text())
        except (OSError, ValueError) as error:
            raise BadRows(f"{file}: {error}") from None
        if not isinstance(rows, list):
            raise BadRows(f"{file}: no list of rows")
        for one in rows:
            _check(file, one)
            if one["name"] in merged:
                raise BadRows(f"{file}: a second row {one['name']}")
            merged[one["name"]] = one
    return list(merged.values())


def _check(file: pathlib.Path, one: object) -> None:
    if not isinstance(one, dict) or tuple(one) != FIELDS:
        raise BadRows(f"{file}: a row has not exactly {', '.join(FIELDS)}: {one}")
    numbers = [one["value"], one["ratio"]] + ([] if one["bound"] is None else [one["bound"]])
    if not all(isinstance(n, (int, float)) and math.isfinite(n) for n in numbers):
        raise BadRows(f"{file}: {one['name']} has something else than numbers")
    if one["holds"] != holds(one["ratio"], one["bound"]):
        raise BadRows(f"{file}: {one['name']} says holds={one['holds']}, its ratio says otherwise")


def broken(rows: list[dict]) -> list[str]:
    return [
        f"{one['name']}: {number(one['ratio'])} times {one['against']}, at most {number(one['bound'])} asked"
        for one in rows
        if not one["holds"]
    ]


def table(rows: list[dict]) -> str:
    cells = [["what", "measured", "against", "ratio", "bound", ""]]
    for one in rows:
        bound = one["bound"]
        verdict = "" if bound is None else "holds" if one["holds"] else "DOES NOT HOLD"
        cells.append(
            [
                one["name"],
                f"{number(one['value'])} {one['unit']}",
                one["against"],
                number(one["ratio"]),
                "-" if bound is None else number(bound),
                verdict,
            ]
        )
    widths = [max(len(line[at]) for line in cells) for at in range(len(cells[0]))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in cells]
    return "\n".join(lines)


def number(value: float) -> str:
    """Three digits that count."""
    if value == 0 or not math.isfinite(value):
        return str(value)
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"
