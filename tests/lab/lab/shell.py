"""Running the build's commands, with their output shown only when they fail."""

import subprocess
from pathlib import Path


class CommandFailed(Exception):
    pass


def run(*words: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(
        [str(w) for w in words],
        cwd=cwd,
        text=True,
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode != 0:
        shown = " ".join(str(w) for w in words)
        raise CommandFailed(f"{shown}: exit {done.returncode}\n{done.stdout}")
    return done.stdout
