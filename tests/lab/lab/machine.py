"""One QEMU process."""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import topology
from .kernel import Kernel
from .qmp import Qmp, connect

# With one processor the order of two events is never a matter of two clocks, and aer_inject's trick
# with the bus' config operations is not a race; a scenario that wants true parallelism asks for
# more.
PROCESSORS = 1
MEMORY_MIB = 384
COMMAND_LINE = (
    "console=ttyS0 loglevel=4 panic=-1 pcie_ports=native intel_iommu=on log_buf_len=4M "
    "printk.devkmsg=on tsc=reliable no_timer_check"  # the last: a busy host starves the early test of it
)


@dataclass(frozen=True)
class Clock:
    """A guest's clock that counts instructions, each `instruction_ns` long (a power of two): what is
    measured with it depends neither on how fast the host emulates nor on what else the host does.
    While all wait, it jumps to whatever comes next, or goes with the host's clock.

    Such a guest has no fast string instructions: with them the kernel clears a page by one
    instruction for each byte, 4,096 ns for what took 23 ns on the host, and every system call with
    a path clears one (Debian: init_on_alloc). Without them it is 8 bytes each.
    """

    instruction_ns: int
    jumps: bool

    @property
    def cpu(self) -> str:
        return "max,erms=off,fsrm=off"

    @property
    def words(self) -> list[str]:
        shift = self.instruction_ns.bit_length() - 1
        if self.instruction_ns != 1 << shift:
            raise ValueError(f"{self.instruction_ns} ns for an instruction is no power of two")
        return ["-icount", f"shift={shift},sleep={'off' if self.jumps else 'on'}"]


class Machine:
    """Started by the constructor, gone after `stop`. `folder` holds its sockets and its console."""

    def __init__(
        self,
        kernel: Kernel,
        archives: list[Path],
        cards: topology.Topology,
        *,
        processors: int = PROCESSORS,
        command_line: str = "",
        clock: Clock | None = None,
        memory_mib: int = MEMORY_MIB,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="slotd-lab-"))
        initrd = self.folder / "initrd"
        with open(initrd, "wb") as whole:
            for archive in archives:
                whole.write(archive.read_bytes())
        words = [
            "qemu-system-x86_64",
            "-nodefaults",
            "-no-user-config",
            "-display",
            "none",
            "-no-reboot",
            "-machine",
            f"q35,accel={os.environ.get('LAB_ACCEL', 'tcg')},kernel-irqchip=split",
            "-cpu",
            clock.cpu if clock else "max",
            "-smp",
            str(processors),
            *(clock.words if clock else []),
            "-m",
            str(memory_mib),
            "-global",
            "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
            "-device",
            "intel-iommu,intremap=on,caching-mode=on",
            "-kernel",
            str(kernel.image),
            "-initrd",
            str(initrd),
            "-append",
            f"{COMMAND_LINE} {command_line}".strip(),
            "-serial",
            f"file:{self.console}",
            "-qmp",
            f"unix:{self.folder / 'qmp'},server=on,wait=off",
            "-chardev",
            f"socket,id=agent,path={self.folder / 'agent'},server=on,wait=off",
            "-device",
            "virtio-serial-pci,id=serial,bus=pcie.0",
            "-device",
            "virtserialport,chardev=agent,nr=1",
            *topology.arguments(cards),
        ]
        self._log = open(self.folder / "qemu.log", "wb")
        self.process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )
        try:
            self.qmp = Qmp(self.folder / "qmp")
            self.agent_socket = connect(self.folder / "agent")
        except OSError as error:
            self.process.kill()
            self.process.wait()
            raise RuntimeError(
                f"QEMU did not start: {(self.folder / 'qemu.log').read_text()}"
            ) from error

    @property
    def console(self) -> Path:
        return self.folder / "console"

    def console_text(self) -> str:
        return self.console.read_text(errors="replace") if self.console.exists() else ""

    def stop(self) -> None:
        self.qmp.close()
        self.agent_socket.close()
        self.process.kill()
        self.process.wait()
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
