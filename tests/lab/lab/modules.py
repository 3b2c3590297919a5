"""Which kernel modules the guest has, and what they need."""

import lzma
import re
import shutil
from pathlib import Path

from . import cached, kernel_of_other_release, places, shell
from .cpio import Archive
from .kernel import Kernel

# In the order of loading, with their parameters. The slots' cards come last: every tool is there
# before them.
LOADED = {
    "virtio_pci": "",
    "virtio_console": "",
    "linkdrop": "",
    # A card that was re-added masks errors that the module would otherwise refuse to inject.
    "aer_inject": "aer_mask_override=1",
    "vfio_iommu_type1": "",
    "vfio_pci": "",
    "virtio_blk": "",
    "virtio_net": "",
    "nvme": "",
    "e1000e": "",
}

# In the guest, loaded by the scenario that needs them (`modprobe` in the guest): the boot does not wait.
AVAILABLE = ("ext4", "crc32c_generic", "loop", "dm_mod", "wedge")
# Newer kernels have it in their CRC library.
NOT_EVERYWHERE = ("crc32c_generic",)
# Those of the lab itself.
OURS = ("linkdrop", "wedge")


def build(kernel: Kernel, name: str) -> Path:
    """One of our own, from tests/lab/guest/<name>."""
    sources = places.LAB_SOURCES / "guest" / name

    def make(folder: Path) -> None:
        if kernel.tree:
            kernel_of_other_release.build_inside(kernel.tree, sources, kernel.make, folder)
            return
        for file in sources.iterdir():
            shutil.copy(file, folder)
        shell.run(*kernel.make, f"M={folder}", "modules")

    made = cached.folder(f"{name}-{kernel.release}", [sources, kernel.release], make)
    return made / f"{name}.ko"


def _name(path: Path) -> str:
    """Modules have dashes or underscores in file names, always underscores for the kernel."""
    return path.name.split(".ko")[0].replace("-", "_")


def _content(path: Path) -> bytes:
    """Plain module bytes: newer kernels' are packed, which the guest's busybox need not know
    about."""
    if path.suffix == ".xz":
        return lzma.decompress(path.read_bytes())
    return path.read_bytes()


def _needs(path: Path, by_name: dict[str, Path]) -> list[Path]:
    listed = re.search(rb"\0depends=([^\0]*)\0", _content(path))
    names = listed[1].decode().split(",") if listed and listed[1] else []
    return [by_name[name] for name in (n.replace("-", "_") for n in names) if name in by_name]


def add_modules(archive: Archive, kernel: Kernel, extra: list[Path], prefix: str = "") -> None:
    """The modules of LOADED and AVAILABLE and all below them, with the modules.dep that modprobe reads."""
    by_name = {_name(path): path for path in sorted(kernel.modules.rglob("*.ko*"))}
    by_name |= {_name(path): path for path in extra}
    builtin = {
        _name(Path(line)) for line in (kernel.modules / "modules.builtin").read_text().split()
    }
    lacks = {name for name in NOT_EVERYWHERE if name not in by_name}
    wanted = [by_name[n] for n in (*LOADED, *AVAILABLE) if n not in builtin and n not in lacks]
    needs: dict[Path, list[Path]] = {}
    while wanted:
        path = wanted.pop()
        if path not in needs:
            needs[path] = _needs(path, by_name)
            wanted += needs[path]

    folder = f"{prefix}lib/modules/{kernel.release}"
    for path in needs:
        archive.file(f"{folder}/{_name(path)}.ko", _content(path), 0o644)
    lines = [
        f"{_name(path)}.ko:" + "".join(f" {_name(n)}.ko" for n in _closure(path, needs))
        for path in needs
    ]
    archive.file(f"{folder}/modules.dep", "\n".join([*lines, ""]).encode(), 0o644)
    loaded = [f"{name} {parameters}" for name, parameters in LOADED.items() if name not in builtin]
    archive.file("etc/lab-modules", "\n".join([*loaded, ""]).encode(), 0o644)


def _closure(path: Path, needs: dict[Path, list[Path]]) -> list[Path]:
    """As in modules.dep: all that is needed, the nearest first; modprobe loads from the end."""
    found: list[Path] = []
    for need in needs[path]:
        for each in [need, *_closure(need, needs)]:
            if each in found:
                found.remove(each)
            found.append(each)
    return found
