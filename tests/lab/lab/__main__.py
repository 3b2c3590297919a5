"""python3 -m lab build | race | overhead | shell: the lab by hand. docs/lab.md shows examples."""

import argparse
import sys

from . import initramfs, kernel, overhead, places, race, timeline
from .guest import Guest
from .topology import Nic, Slot


def build(arguments: argparse.Namespace) -> None:
    """Everything that a guest is made of, so that the first test does not have to wait for it."""
    made = [initramfs.base(kernel.fetch(arguments.kernel))]
    if places.slotd_binaries().is_dir():
        made.append(initramfs.slotd(places.slotd_binaries()))
    for path in made:
        print(path)


def run_races(arguments: argparse.Namespace) -> None:
    slotd = {"level": arguments.level, "automatic_action": True} if arguments.level else None
    settings = race.RaceSettings(
        races=arguments.races,
        seed=arguments.seed,
        with_slotd=slotd,
        card_answers=not arguments.out_of_reach,
    )
    guest = Guest((Slot(1, Nic()),), with_slotd=slotd is not None, kernel=arguments.kernel)
    try:
        outcome = race.run(guest, settings)
    finally:
        guest.stop()
    print(timeline.render(timeline.select(outcome.most_telling.events)))
    print(outcome.summary())


def run_overhead(arguments: argparse.Namespace) -> None:
    guest = Guest(
        overhead.CARDS,
        with_slotd=True,
        kernel=arguments.kernel,
        clock=None if arguments.host_clock else overhead.CLOCK,
    )
    try:
        costs = [
            overhead.measure(guest, device, level, arguments.rounds)
            for level in overhead.LEVELS
            for device in overhead.DEVICES
        ]
    finally:
        guest.stop()
    print(overhead.table(costs))


def shell(arguments: argparse.Namespace) -> None:
    """One line, one shell in the guest; the guest lives until the end of input."""
    with_slotd = places.slotd_binaries().is_dir()
    guest = Guest((Slot(1, Nic()), Slot(2)), with_slotd=with_slotd, kernel=arguments.kernel)
    try:
        for line in sys.stdin:
            done = guest.run("sh", "-c", line, timeout=60, check=False)
            print(f"{done.text}{done.err.decode(errors='replace')}[{done.status}]", flush=True)
    finally:
        guest.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python3 -m lab", description=__doc__)
    parser.add_argument("--kernel", choices=kernel.RELEASES, default=kernel.OLDEST)
    verbs = parser.add_subparsers(required=True)
    verbs.add_parser("build").set_defaults(call=build)
    verbs.add_parser("shell").set_defaults(call=shell)
    races = verbs.add_parser("race")
    races.set_defaults(call=run_races)
    races.add_argument("--races", type=int, default=10)
    races.add_argument("--seed", type=int, default=1)
    races.add_argument(
        "--level", choices=("observe", "fence", "exclusive"), help="with slotd at that level"
    )
    races.add_argument(
        "--out-of-reach", action="store_true", help="the dropped link takes the card with it"
    )
    costs = verbs.add_parser("overhead")
    costs.set_defaults(call=run_overhead)
    costs.add_argument("--rounds", type=int, default=overhead.ROUNDS)
    costs.add_argument(
        "--host-clock", action="store_true", help="not by instructions: what TCG takes here and now"
    )
    arguments = parser.parse_args()
    arguments.call(arguments)


if __name__ == "__main__":
    main()
