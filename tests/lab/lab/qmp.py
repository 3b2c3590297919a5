"""QEMU's control socket: JSON lines, one command at a time."""

import json
import socket
import time
from pathlib import Path


class QmpError(Exception):
    pass


def connect(path: Path, timeout: float = 10.0) -> socket.socket:
    """QEMU makes its sockets a moment after it has started."""
    deadline = time.monotonic() + timeout
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(path))
            return connection
        except OSError:
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


class Qmp:
    def __init__(self, path: Path) -> None:
        self._socket = connect(path)
        self._socket.settimeout(30)
        self._lines = self._socket.makefile("r")
        self.events: list[dict] = []
        self._lines.readline()  # greeting
        self.command("qmp_capabilities")

    def command(self, name: str, **arguments) -> dict:
        request = {"execute": name, "arguments": arguments}
        self._socket.sendall((json.dumps(request) + "\n").encode())
        while line := self._lines.readline():
            answer = json.loads(line)
            if "event" in answer:
                self.events.append(answer)
            elif "error" in answer:
                raise QmpError(f"{name}: {answer['error']['desc']}")
            else:
                return answer["return"]
        raise QmpError(f"{name}: QEMU has closed the connection")

    def monitor(self, line: str) -> str:
        """A command of the human monitor, for what QMP has no words for: error injection is one."""
        return self.command("human-monitor-command", **{"command-line": line})

    def close(self) -> None:
        self._lines.close()
        self._socket.close()
