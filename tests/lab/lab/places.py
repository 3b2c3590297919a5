"""Where the lab finds its sources and keeps what it builds."""

import os
from pathlib import Path

LAB_SOURCES = Path(__file__).resolve().parents[1]
REPOSITORY = LAB_SOURCES.parents[1]


def cache() -> Path:
    """Everything built or downloaded; may be deleted at any time, LAB_CACHE puts it elsewhere."""
    return Path(os.environ.get("LAB_CACHE", REPOSITORY / "build" / "lab"))


def runs() -> Path:
    """What failed tests leave behind."""
    return cache() / "runs"


def slotd_binaries() -> Path:
    """LAB_BIN: the folder of slotd, slotd-exec and slotctl that the guest gets."""
    return Path(os.environ.get("LAB_BIN", REPOSITORY / "build" / "release" / "bin"))


def sandbox() -> bool:
    """LAB_SANDBOX: slotd runs as the service of its package, in a Debian, not as the agent's process."""
    return bool(os.environ.get("LAB_SANDBOX"))
