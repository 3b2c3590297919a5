"""The stock kernels that the lab boots, as Debian ships them."""

import re
from dataclasses import dataclass
from pathlib import Path

from . import cached, shell


@dataclass(frozen=True)
class KernelPackage:
    """Which kernel: its metapackages, and how the package that they pull in is called."""

    name: str
    image_meta: str
    headers_meta: str
    image_pattern: str


BOOKWORM = KernelPackage(
    "6.1", "linux-image-amd64", "linux-headers-amd64", r"linux-image-6\.1\.\S*-amd64"
)
PACKAGES = {kernel.name: kernel for kernel in (BOOKWORM,)}


@dataclass(frozen=True)
class Kernel:
    release: str
    image: Path
    modules: Path  # .../lib/modules/<release>
    headers: Path  # what `make -C` takes to build a module


def _resolve(package: KernelPackage) -> str:
    depends = shell.run("apt-cache", "depends", package.image_meta)
    found = re.search(rf"Depends: ({package.image_pattern})$", depends, re.MULTILINE)
    if not found:
        raise shell.CommandFailed(
            f"{package.image_meta} depends on no {package.image_pattern}:\n{depends}"
        )
    return found[1]


def _version(name: str) -> str:
    shown = shell.run("apt-cache", "policy", name)
    return re.search(r"Candidate: (\S+)", shown)[1]


def _headers(release: str) -> Path:
    """Headers of exactly that kernel: a module built against others would not load."""
    headers = Path(f"/lib/modules/{release}/build")
    if not headers.exists():
        shell.run(
            "apt-get",
            "install",
            "-y",
            "--no-install-recommends",
            f"linux-headers-{release}",
            "make",
            "gcc",
        )
    return headers


def fetch(package: KernelPackage = BOOKWORM) -> Kernel:
    """Downloads and unpacks it, once per version."""
    name = _resolve(package)
    version = _version(name)

    def unpack(folder: Path) -> None:
        shell.run(
            "apt-get", "download", "-o", "APT::Sandbox::User=root", f"{name}={version}", cwd=folder
        )
        (deb,) = folder.glob("*.deb")
        shell.run("dpkg", "-x", deb, folder)
        deb.unlink()

    folder = cached.folder(f"kernel-{package.name}", [name, version], unpack)
    release = name.removeprefix("linux-image-")
    return Kernel(
        release,
        folder / "boot" / f"vmlinuz-{release}",
        folder / "lib" / "modules" / release,
        _headers(release),
    )
