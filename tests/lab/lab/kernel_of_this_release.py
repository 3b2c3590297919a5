"""The kernel of the Debian that this machine runs: its archive is known, its compiler builds modules."""

import re
from pathlib import Path

from . import cached, shell


def _resolve(name: str) -> str:
    depends = shell.run("apt-cache", "depends", "linux-image-amd64")
    version = re.escape(name)
    found = re.search(rf"Depends: (linux-image-{version}\.\S*-amd64)$", depends, re.MULTILINE)
    if not found:
        raise shell.CommandFailed(f"linux-image-amd64 depends on no {name}:\n{depends}")
    return found[1]


def _version(package: str) -> str:
    shown = shell.run("apt-cache", "policy", package)
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


def fetch(name: str) -> tuple[str, Path, Path, tuple[str, ...], None]:
    """Release, image, modules, make, no tree."""
    package = _resolve(name)
    version = _version(package)

    def unpack(folder: Path) -> None:
        shell.run(
            "apt-get",
            "download",
            "-o",
            "APT::Sandbox::User=root",
            f"{package}={version}",
            cwd=folder,
        )
        (deb,) = folder.glob("*.deb")
        shell.run("dpkg", "-x", deb, folder)
        deb.unlink()

    folder = cached.folder(f"kernel-{name}", [package, version], unpack)
    release = package.removeprefix("linux-image-")
    return (
        release,
        folder / "boot" / f"vmlinuz-{release}",
        folder / "lib" / "modules" / release,
        ("make", "-C", str(_headers(release))),
        None,
    )
