"""The guest's root file system, in two archives: one for the kernel and the lab, one for slotd.

The kernel unpacks them one after the other. The second is small, so a change of the daemon is in
the guest within a second.
"""

import re
from pathlib import Path

from . import cached, modules, places, shell
from .cpio import Archive
from .kernel import Kernel

SLOTD_PROGRAMS = ("slotd", "slotd-exec", "slotctl", "slotd-run-hooks")
# Built with the tests: effects of slotd-exec by hand. A package does not have it.
TEST_PROGRAMS = ("lab-exec",)
_COMPILE = ("g++", "-std=c++23", "-O2", "-static", "-Wall", "-Wextra", "-Wpedantic", "-Werror")


def build_tools() -> Path:
    """The agent and the other programs of tests/lab/guest, static: they run beside any library."""
    guest = places.LAB_SOURCES / "guest"

    def build(folder: Path) -> None:
        shell.run(*_COMPILE, "-o", folder / "lab-agent", *sorted((guest / "agent").glob("*.cpp")))
        for tool in sorted((guest / "tools").glob("*.cpp")):
            shell.run(*_COMPILE, "-o", folder / tool.stem.replace("_", "-"), tool)

    return cached.folder("tools", [guest / "agent", guest / "tools", " ".join(_COMPILE)], build)


def base(kernel: Kernel) -> Path:
    """Kernel modules, busybox, the lab's tools."""
    ours = [modules.build(kernel, name) for name in modules.OURS]
    tools = build_tools()
    init = places.LAB_SOURCES / "guest" / "init"
    busybox = Path("/bin/busybox")

    def build(folder: Path) -> None:
        archive = Archive()
        for name in (
            "proc",
            "sys",
            "dev",
            "run",
            "tmp",
            "root",
            "var/lib",
            "etc",
            "sbin",
            "bin",
            "mnt",
        ):
            archive.folder(name)
        archive.character_device("dev/console", 5, 1)
        archive.file("init", init.read_bytes())
        archive.file("usr/bin/busybox", busybox.read_bytes())
        for name in shell.run(busybox, "--list-full").split():
            if name.rpartition("/")[2] != "busybox":
                archive.symlink(name, "/usr/bin/busybox")
        for tool in sorted(tools.iterdir()):
            archive.file(f"usr/bin/{tool.name}", tool.read_bytes())
        archive.file(
            "etc/passwd",
            b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n",
            0o644,
        )
        archive.file(
            "etc/group", b"root:x:0:\nslotd:x:900:\nslotd-admin:x:901:\nnogroup:x:65534:\n", 0o644
        )
        archive.file("etc/nsswitch.conf", b"passwd: files\ngroup: files\n", 0o644)
        modules.add_modules(archive, kernel, ours)
        (folder / "base.cpio").write_bytes(archive.finished())

    parts = [
        kernel.release,
        str(kernel.image),
        *ours,
        tools,
        init,
        busybox,
        Path(__file__),
        Path(modules.__file__),
    ]
    return cached.folder(f"base-{kernel.release}", parts, build) / "base.cpio"


def _libraries(program: Path) -> list[Path]:
    """What the dynamic loader would map, and the loader itself, at the places where it looks for
    them."""
    return [Path(found) for found in re.findall(r"(/\S+) \(0x", shell.run("ldd", program))]


def slotd(binaries: Path) -> Path:
    """slotd's programs from that folder, release or sanitizer build, and their libraries."""
    programs = [binaries / name for name in SLOTD_PROGRAMS]
    programs += [binaries / name for name in TEST_PROGRAMS if (binaries / name).is_file()]
    missing = [str(p) for p in programs if not p.is_file()]
    if missing:
        raise FileNotFoundError(f"not built: {', '.join(missing)} (LAB_BIN chooses another folder)")

    def build(folder: Path) -> None:
        archive = Archive()
        for program in programs:
            # The root is in the guest's memory, and what is for a debugger is most of a program.
            stripped = folder / program.name
            shell.run("strip", "-g", "-o", stripped, program)
            archive.file(f"usr/bin/{program.name}", stripped.read_bytes())
            stripped.unlink()
        for library in sorted({lib for program in programs for lib in _libraries(program)}):
            archive.file(str(library).lstrip("/"), library.read_bytes())
        # glibc loads it by itself when a name of a group is asked for.
        nss = Path("/lib/x86_64-linux-gnu/libnss_files.so.2")
        if nss.is_file():
            archive.file(str(nss).lstrip("/"), nss.read_bytes())
        (folder / "slotd.cpio").write_bytes(archive.finished())

    return cached.folder("slotd", [*programs, Path(__file__)], build) / "slotd.cpio"
