"""slotd as a program on a tree of files, from its start to READY=1 and to its end."""

import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time


class Daemon:
    """Starts it; `ready` are the seconds until it said READY=1. Its folder goes with it."""

    def __init__(
        self,
        programs: pathlib.Path,
        root: str,
        level: str = "fence",
        config: str = "",
        command_before: list[str] | None = None,
    ):
        self._folder = tempfile.TemporaryDirectory(prefix="slotd-bench.")
        folder = pathlib.Path(self._folder.name)
        (folder / "slotd.toml").write_text(f'[coordinator]\nlevel = "{level}"\n{config}')
        (folder / "state").mkdir()
        self.socket = folder / "control"
        self.log = folder / "log"
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(str(folder / "notify"))
        notify.settimeout(120)
        command = (command_before or []) + [
            str(programs / "slotd"),
            "--config", str(folder / "slotd.toml"),
            "--sysfs-root", root,
            "--control-socket", str(self.socket),
            "--executor-state-dir", str(folder / "state"),
            "--history-directory", str(folder / "history"),
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

    def family(self) -> list[int]:
        """slotd, slotd-exec and its workers."""
        found = [self.process.pid]
        for pid in found:
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            found += [int(child) for child in children]
        return found
