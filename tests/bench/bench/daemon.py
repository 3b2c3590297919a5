"""slotd as a program on a tree of files, from its start to READY=1 and to its end."""

import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time


def slots_at_rest(programs: pathlib.Path, control: pathlib.Path) -> int:
    words = [str(programs / "slotctl"), "list", "--json", "--socket", str(control)]
    ran = subprocess.run(words, capture_output=True, text=True)
    return ran.stdout.count('"phase":"idle"') if ran.returncode == 0 else 0


class Daemon:
    """Starts it; `ready` are the seconds until it said READY=1. Its folder goes with it."""

    def __init__(
        self,
        programs: pathlib.Path,
        root: str,
        level: str = "fence",
        config: str = "",
        history: pathlib.Path | None = None,
    ):
        self._programs = programs
        self._folder = tempfile.TemporaryDirectory(prefix="slotd-bench.")
        folder = pathlib.Path(self._folder.name)
        (folder / "slotd.toml").write_text(f'[coordinator]\nlevel = "{level}"\n{config}')
        (folder / "state").mkdir()
        self.socket = folder / "control"
        self.log = folder / "log"
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(str(folder / "notify"))
        notify.settimeout(120)
        command = [
            str(programs / "slotd"),
            "--config", str(folder / "slotd.toml"),
            "--sysfs-root", root,
            "--control-socket", str(self.socket),
            "--executor-state-dir", str(folder / "state"),
            "--history-directory", str(history or folder / "history"),
        ]  # fmt: skip
        with open(self.log, "wb") as log:
            begin = time.monotonic()
            self.process = subprocess.Popen(
                command,
                stderr=log,
                stdout=log,
                env={**os.environ, "NOTIFY_SOCKET": str(folder / "notify")},
            )
        try:
            while b"READY=1" not in notify.recv(4096):
                pass
        except TimeoutError:
            self.process.kill()
            raise RuntimeError("slotd does not start: " + self.log.read_text()[-2000:]) from None
        self.ready = time.monotonic() - begin
        notify.close()

    def __enter__(self) -> "Daemon":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._folder.cleanup()

    def wait_for_rest(self, ports: int, patience: float = 120) -> None:
        end = time.monotonic() + patience
        while slots_at_rest(self._programs, self.socket) < ports:
            if time.monotonic() > end:
                raise RuntimeError("the slots do not come to rest: " + self.log.read_text()[-2000:])
            time.sleep(0.1)

    def family(self) -> list[int]:
        """slotd, slotd-exec and its workers."""
        found = [self.process.pid]
        for pid in found:
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            found += [int(child) for child in children]
        return found


def memory(pids: list[int], field: str) -> float:
    """MiB of them together; `field` as in smaps_rollup. Pss counts a page that several share once in all."""
    total = 0
    for pid in pids:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith(field + ":"))
    return total / 1024


def scheduled(pids: list[int]) -> tuple[float, int]:
    """Seconds on a CPU, and how many times they were put on one, all threads together."""
    seconds, times = 0.0, 0
    for pid in pids:
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            on_cpu, _, turns = map(int, (task / "schedstat").read_text().split())
            seconds += on_cpu / 1e9
            times += turns
    return seconds, times
