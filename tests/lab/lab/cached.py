"""Files that are rebuilt when, and only when, what they are made of has changed."""

import fcntl
import hashlib
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from pathlib import Path

from . import places

KEPT_S = 3600


@contextmanager
def lock(name: str):
    """Two labs may start at once; one of them builds."""
    folder = places.cache()
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{name}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def digest(parts: Iterable[bytes | str | Path]) -> str:
    """One hash over names and contents; of a folder, all its files."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            for file in sorted(part.rglob("*")) if part.is_dir() else [part]:
                if file.is_file() and "__pycache__" not in file.parts:
                    total.update(f"\0{file.name}\0".encode() + file.read_bytes())
        else:
            total.update(b"\0" + (part.encode() if isinstance(part, str) else part))
    return total.hexdigest()[:16]


def folder(name: str, parts: Iterable[bytes | str | Path], build: Callable[[Path], None]) -> Path:
    """The folder `name-<digest>`, filled by `build` the first time; older ones of that name are
    removed."""
    wanted = places.cache() / f"{name}-{digest(parts)}"
    with lock(name):
        if not wanted.is_dir():
            unfinished = wanted.with_name(wanted.name + ".part")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True)
            build(unfinished)
            unfinished.rename(wanted)
            for old in places.cache().glob(f"{name}-*"):
                # Another lab, with another slotd say, may be about to read its own.
                same_kind = old.is_dir() and len(old.name) == len(wanted.name)
                if same_kind and old.stat().st_mtime < time.time() - KEPT_S:
                    shutil.rmtree(old)
    return wanted
