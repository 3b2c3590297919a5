"""The kernel of another Debian release: unpacked beside a small tree of that release, whose compiler
builds the lab's modules for it."""

import shutil
from pathlib import Path

from . import cached, shell

# What is no use in a tree that only compiles.
_LEAVE_OUT = ("/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*")
# Newer releases ship the image and its modules apart.
_DOWNLOAD = """
cd /root
release=$(ls /lib/modules)
for package in linux-image-$release linux-binary-$release linux-modules-$release; do
    if apt-cache show $package >/dev/null 2>&1; then
        apt-get download -o APT::Sandbox::User=root $package
    fi
done
"""


def _build(folder: Path, debian_release: str) -> None:
    tree = folder / "tree"
    shell.run(
        "mmdebstrap",
        "--variant=apt",
        # Between two point releases the list of a testing release may be past its date.
        '--aptopt=Acquire::Check-Valid-Until "false"',
        "--include=linux-headers-amd64,make,gcc",
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in _LEAVE_OUT),
        f"--customize-hook=chroot \"$1\" sh -ec '{_DOWNLOAD}'",
        debian_release,
        tree,
    )
    for deb in sorted((tree / "root").glob("*.deb")):
        shell.run("dpkg", "-x", deb, folder)
        deb.unlink()
    if not (folder / "lib").exists():
        (folder / "lib").symlink_to("usr/lib")
    (of_headers,) = (tree / "lib/modules").iterdir()
    for listed in of_headers.glob("modules.*"):
        shutil.copy(listed, folder / "lib/modules" / of_headers.name)


def _image(folder: Path, release: str) -> Path:
    places = (folder / "boot" / f"vmlinuz-{release}", folder / "lib/modules" / release / "vmlinuz")
    return next(path for path in places if path.exists())


def fetch(name: str, debian_release: str) -> tuple[str, Path, Path, tuple[str, ...], Path]:
    """Release, image, modules, make, tree."""
    folder = cached.folder(
        f"kernel-{name}",
        [debian_release, *_LEAVE_OUT, _DOWNLOAD],
        lambda unfinished: _build(unfinished, debian_release),
    )
    tree = folder / "tree"
    (headers,) = (tree / "lib/modules").iterdir()
    release = headers.name
    # A new mount namespace, so that nothing is left mounted: some of kbuild's tools want /proc.
    inside = ("unshare", "--mount", "--pid", "--fork", f"--root={tree}", "--mount-proc=/proc")
    make = (*inside, "make", "-C", f"/lib/modules/{release}/build")
    return release, _image(folder, release), folder / "lib" / "modules" / release, make, tree


def build_inside(tree: Path, sources: Path, make: tuple[str, ...], into: Path) -> None:
    """Compiles the module in a folder of the tree, which then is removed."""
    inside = tree / "root" / sources.name
    shutil.copytree(sources, inside, dirs_exist_ok=True)
    try:
        shell.run(*make, f"M=/root/{sources.name}", "modules")
        shutil.copytree(inside, into, dirs_exist_ok=True)
    finally:
        shutil.rmtree(inside)
