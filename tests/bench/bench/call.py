"""What every producer of rows is called with."""

import argparse
import json
import pathlib
import subprocess
import tempfile
from collections.abc import Callable

from bench import rows


def main(produce: Callable[[pathlib.Path, pathlib.Path], list[dict]], what: str | None) -> None:
    """`produce` takes the folder of programs and a scratch folder in memory: sysfs is no disk either."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--rows", type=pathlib.Path, required=True)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="slotd-bench.", dir="/dev/shm") as scratch:
        rows.write(words.rows, produce(words.programs, pathlib.Path(scratch)))


def core(programs: pathlib.Path, only: str) -> dict[str, float]:
    """Nanoseconds of one item on a CPU in bench_core: medians of repetitions that take turns."""
    ran = subprocess.run(
        [
            str(programs / "bench_core"),
            f"--benchmark_filter={only}",
            "--benchmark_repetitions=9",
            "--benchmark_enable_random_interleaving=true",
            "--benchmark_report_aggregates_only=true",
            "--benchmark_min_time=0.2",
            "--benchmark_format=json",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    measured = json.loads(ran.stdout)["benchmarks"]
    if wrong := [one["error_message"] for one in measured if one.get("error_occurred")]:
        raise RuntimeError(f"bench_core: {wrong[0]}")
    return {
        one["run_name"].split("/repeats")[0]: 1e9 / one["items_per_second"]
        for one in measured
        if one["aggregate_name"] == "median"
    }
