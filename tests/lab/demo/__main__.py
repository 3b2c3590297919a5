"""python3 -m demo: what scripts/run shows after the build. Run from tests/lab."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from lab import initramfs, kernel, places, shell
from lab.agent import GuestDead, GuestError

from . import fight, picture, recovery

FAILED, NOT_SET_UP, INTERRUPTED = 1, 3, 130
WIDTH_MIN, WIDTH_MAX = 60, 140


def stage(text: str) -> None:
    print("\n" + "\n".join(picture.wrapped("== ", text, width())), flush=True)


def progress(text: str) -> None:
    print("\n".join(picture.wrapped("   ", text, width())), flush=True)


def width() -> int:
    """120 where there is no terminal to ask; COLUMNS decides where it is set."""
    return min(max(shutil.get_terminal_size((120, 40)).columns, WIDTH_MIN), WIDTH_MAX)


def prepare() -> None:
    """All that a guest is made of; the first time this fetches the kernel."""
    try:
        fetched = kernel.fetch()
    except shell.CommandFailed:
        progress("the package lists are old or missing: apt-get update")
        shell.run("apt-get", "update")
        fetched = kernel.fetch()
    progress(f"kernel {fetched.release}")
    initramfs.base(fetched)
    initramfs.slotd(places.slotd_binaries())
    progress("guest ready: kernel, link-drop module, slotd")


def play() -> int:
    wrong = []
    stage(
        "The fight: a fatal error on an e1000e, and its link drops for "
        f"{fight.SETTINGS.drop_for_ms} ms while the kernel recovers"
    )
    fought = fight.play(progress)
    print("\n" + fight.show(fought, width()), flush=True)
    if not fought.shown:
        progress(
            f"NOTE: in {len(fought.alone)} tries without slotd the kernel did not get into its own "
            "way on this machine. The first picture shows no overlap, so the second proves little."
        )
    if not fought.good:
        wrong.append("with slotd the kernel's two recoveries overlapped, or the card was replaced")

    if not fought.given_back:
        wrong.append("slotd has ended and not given pciehp and AER back to the kernel")

    stage("The card that the kernel gives up on: a disk whose driver has no AER callbacks")
    recovered = recovery.play(progress)
    print("\n" + recovery.show(recovered, width()), flush=True)
    if not recovered.good:
        wrong.append("the disk did not come back")

    stage("Result")
    overlaps = sum(told.race.verdict.overlapped for told in fought.alone)
    kept = sum(told.good for told in fought.with_slotd)
    progress(f"without slotd: overlap in {overlaps} of {len(fought.alone)} races")
    progress(f"with slotd:    no overlap, same card in {kept} of {len(fought.with_slotd)} races")
    given_back = "both services are bound" if fought.given_back else "NOT given back"
    progress(f"after slotd:   {given_back}")
    progress(f"the disk:      {'answers again' if recovered.answers else 'does NOT answer'}")
    for line in wrong:
        print(f"run: {line}", file=sys.stderr)
    return FAILED if wrong else 0


def _end_children() -> None:
    """Our own QEMU, if we were interrupted while it was starting."""
    for task in Path("/proc/self/task").iterdir():
        for pid in (task / "children").read_text().split():
            os.kill(int(pid), signal.SIGKILL)
            os.waitpid(int(pid), 0)


def main() -> int:
    def interrupted(number: int, frame) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the way out is short, and is not interrupted
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    # Everything temporary below one folder, so that nothing stays behind.
    with tempfile.TemporaryDirectory(prefix="slotd-run-") as folder:
        tempfile.tempdir = folder
        try:
            stage("Lab guest (the first time: kernel package, module, root file system)")
            try:
                prepare()
            except (shell.CommandFailed, OSError, subprocess.SubprocessError) as error:
                print(f"run: the lab guest cannot be made: {error}", file=sys.stderr)
                return NOT_SET_UP
            return play()
        except KeyboardInterrupt:
            print("\nrun: interrupted", file=sys.stderr)
            return INTERRUPTED
        except (GuestDead, GuestError, RuntimeError) as error:
            print(f"run: the guest did not play its part: {error}", file=sys.stderr)
            return FAILED
        finally:
            _end_children()


if __name__ == "__main__":
    sys.exit(main())
