"""The stock kernels that the lab boots, as Debian ships them."""

import os
from dataclasses import dataclass
from pathlib import Path

from . import kernel_of_this_release, kernel_of_other_release


@dataclass(frozen=True)
class Kernel:
    """One kernel, unpacked."""

    name: str  # "6.1"
    release: str  # as uname -r says it
    image: Path
    modules: Path  # .../lib/modules/<release>
    make: tuple[str, ...]  # how `make` is called for a module, but for the folder M=
    tree: Path | None  # the root that `make` sees; None: this machine's


# Which Debian release a kernel comes from.
RELEASES = {"6.1": "bookworm", "6.12": "trixie", "7.2": "forky"}
OLDEST = "6.1"
NEWEST = "7.2"


def chosen() -> str:
    """LAB_KERNEL: the one that the tests are run on."""
    name = os.environ.get("LAB_KERNEL", OLDEST)
    if name not in RELEASES:
        raise ValueError(f"LAB_KERNEL is {name}; there are {', '.join(RELEASES)}")
    return name


def fetch(name: str = OLDEST) -> Kernel:
    """Downloads and unpacks it, once: this machine's release again for each version, another one until
    the lab's cache is deleted."""
    if RELEASES[name] == "bookworm":
        return Kernel(name, *kernel_of_this_release.fetch(name))
    return Kernel(name, *kernel_of_other_release.fetch(name, RELEASES[name]))
