"""A whole Debian as the guest's root file system: systemd, journald and udev as servers have them."""

from pathlib import Path

from . import cached, initramfs, modules, places, shell
from .cpio import Archive
from .kernel import Kernel

# What slotd's package depends on comes with it: the guest has no archive to ask.
PACKAGES = (
    "systemd",
    "systemd-sysv",
    "udev",
    "dbus",
    "kmod",
    "procps",
    "adduser",
    "apparmor",
    "libncursesw6",
    "libpci3",
    "libsqlite3-0",
    "libstdc++6",
)
# The package is made of programs that were built on Debian 12. A newer one has all their libraries but one,
# whose package goes in beside it.
BUILT_ON = "bookworm"
BY_RELEASE = {BUILT_ON: ("libfmt9",), "trixie": ()}
MEMORY_MIB = 1536  # the root is in it
_LEAVE_OUT = ("/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*")

AGENT_UNIT = """[Unit]
Description=Agent of the lab
DefaultDependencies=no
After=systemd-udevd.service sys-kernel-tracing.mount sys-kernel-debug.mount local-fs.target
Before=sysinit.target

[Service]
# kmod reads the binary index only.
ExecStartPre=/sbin/depmod
ExecStartPre=/bin/sh -c 'while read -r module parameters; do modprobe $module $parameters || true; done </etc/lab-modules'
# What a minimal Debian lacks (mke2fs, ip) is busybox's.
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/busybox
ExecStart=/usr/bin/lab-agent
KillMode=process
OOMScoreAdjust=-1000

[Install]
WantedBy=sysinit.target
"""


def root(release: str) -> Path:
    """The release's files, unpacked by the kernel as they are."""
    packages = [*PACKAGES, *BY_RELEASE[release]]

    def build(folder: Path) -> None:
        tree = folder / "tree"
        excluded = [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEAVE_OUT]
        shell.run(
            "mmdebstrap",
            "--variant=minbase",
            f"--include={','.join(packages)}",
            *excluded,
            release,
            tree,
        )
        shell.run("sh", "-c", f"rm -rf {tree}/var/cache/apt/* {tree}/var/lib/apt/lists/* {tree}/dev/*")
        shell.run(
            "sh", "-c", f"cd {tree} && find . | LC_ALL=C sort | cpio -o -H newc --quiet >../root.cpio"
        )
        shell.run("rm", "-rf", tree)

    return cached.folder(f"debian-{release}", [*packages, *_LEAVE_OUT], build) / "root.cpio"


def additions(kernel: Kernel) -> Path:
    """The lab's own: modules, tools, the agent as a service."""
    ours = [modules.build(kernel, name) for name in modules.OURS]
    tools = initramfs.build_tools()
    busybox = Path("/bin/busybox")

    def build(folder: Path) -> None:
        archive = Archive(existing=("etc", "usr", "usr/bin", "usr/lib", "etc/systemd", "etc/systemd/system", "opt"))
        for tool in sorted(tools.iterdir()):
            archive.file(f"usr/bin/{tool.name}", tool.read_bytes())
        archive.file("opt/busybox/busybox", busybox.read_bytes())
        for name in shell.run(busybox, "--list").split():
            if name != "busybox":
                archive.symlink(f"opt/busybox/{name}", "busybox")
        archive.symlink("init", "/lib/systemd/systemd")
        archive.file("etc/systemd/system/lab-agent.service", AGENT_UNIT.encode(), 0o644)
        archive.symlink(
            "etc/systemd/system/sysinit.target.wants/lab-agent.service", "../lab-agent.service"
        )
        archive.file("etc/hostname", b"guest\n", 0o644)
        archive.file("etc/machine-id", b"0123456789abcdef0123456789abcdef\n", 0o644)
        modules.add_modules(archive, kernel, ours, prefix="usr/")
        (folder / "additions.cpio").write_bytes(archive.finished())

    parts = [kernel.release, *ours, tools, busybox, AGENT_UNIT, Path(__file__), Path(modules.__file__)]
    return cached.folder(f"debian-additions-{kernel.release}", parts, build) / "additions.cpio"


def package() -> Path:
    """slotd's package, made of the programs that are built, and what a newer release than theirs lacks,
    as /root/*.deb in the guest."""
    binaries = places.slotd_binaries()
    packaging = places.REPOSITORY / "packaging"
    programs = [binaries / n for n in (*initramfs.SLOTD_PROGRAMS, *initramfs.TEST_PROGRAMS)]

    def build(folder: Path) -> None:
        shell.run(packaging / "build-deb", "--built", binaries.parent, folder)
        archive = Archive(existing=("root", "usr", "usr/bin"))
        (deb,) = folder.glob("slotd_*.deb")
        archive.file("root/slotd.deb", deb.read_bytes(), 0o644)
        for name in BY_RELEASE[BUILT_ON]:
            shell.run("apt-get", "download", "-o", "APT::Sandbox::User=root", name, cwd=folder)
            (library,) = folder.glob(f"{name}_*.deb")
            archive.file(f"root/{name}.deb", library.read_bytes(), 0o644)
        for name in initramfs.TEST_PROGRAMS:
            archive.file(f"usr/bin/{name}", (binaries / name).read_bytes())
        (folder / "package.cpio").write_bytes(archive.finished())

    parts = [*programs, packaging, *(places.REPOSITORY / name for name in ("systemd", "config", "man"))]
    return cached.folder("package", [*parts, Path(__file__)], build) / "package.cpio"
