"""A disk image with known content, and reads of it in the guest that cannot hang the test."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from . import cached
from .guest import Guest

BLOCK = 4096
BLOCKS = 2048
BLANK_BYTES = 16 << 20


def block(number: int) -> bytes:
    """Every block is different and says where it belongs."""
    seed = hashlib.sha256(f"slotd lab block {number}".encode()).digest()
    return seed * (BLOCK // len(seed))


def image() -> Path:
    """Made once; scenarios only read it."""

    def build(folder: Path) -> None:
        (folder / "disk.raw").write_bytes(b"".join(block(n) for n in range(BLOCKS)))

    return cached.folder("disk", [Path(__file__)], build) / "disk.raw"


def blank() -> Path:
    """For a file system that the guest makes itself; whatever is written to it ends with the guest."""

    def build(folder: Path) -> None:
        with open(folder / "blank.raw", "wb") as file:
            file.truncate(BLANK_BYTES)

    return cached.folder("blank", [Path(__file__)], build) / "blank.raw"


@dataclass(frozen=True)
class Read:
    """`status` is "good", "wrong" (other bytes than written), "error" (the read failed) or "dead"
    (no end)."""

    status: str
    ended_us: int

    @property
    def good(self) -> bool:
        return self.status == "good"


def read_block(guest: Guest, disk: str, number: int, timeout: float = 5.0) -> Read:
    """One block past every cache, by a child process in the guest: a read of a dead disk never
    returns, and its process cannot be killed."""
    done = guest.run(
        "dd",
        f"if=/dev/{disk}",
        "iflag=direct",
        f"bs={BLOCK}",
        f"skip={number}",
        "count=1",
        timeout=timeout,
        check=False,
    )
    if done.status in ("timeout", "stuck"):
        return Read("dead", done.ended_us)
    if not done.ok:
        return Read("error", done.ended_us)
    return Read("good" if done.out == block(number) else "wrong", done.ended_us)
