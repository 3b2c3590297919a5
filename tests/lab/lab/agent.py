"""The host's end of the guest agent. tests/lab/guest/agent/main.cpp lists the verbs."""

import itertools
import socket
import time
from dataclasses import dataclass

from . import wire


class GuestDead(Exception):
    """The guest no longer answers at all."""


class GuestError(Exception):
    """A command in the guest did not end as it should."""


@dataclass(frozen=True)
class Ended:
    """How a command in the guest ended. `stuck`: it was killed and has still not died (D state)."""

    status: str
    out: bytes
    err: bytes
    started_us: int
    ended_us: int

    @property
    def code(self) -> int | None:
        return int(self.status.split()[1]) if self.status.startswith("exit ") else None

    @property
    def ok(self) -> bool:
        return self.status == "exit 0"

    @property
    def text(self) -> str:
        return self.out.decode(errors="replace")


class Agent:
    # A guest under TCG on a busy host is slow, but not silent for this long.
    PATIENCE_S = 60.0

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._received = bytearray()
        self._numbers = itertools.count(1)
        self._answers: dict[bytes, Ended] = {}

    def wait_for_hello(self, timeout: float) -> None:
        self._wait_for(b"0", timeout)

    def send(self, verb: str, *arguments: str | bytes) -> bytes:
        """Returns the request's number; `answer` waits for it. Several may be under way."""
        number = str(next(self._numbers)).encode()
        fields = [a.encode() if isinstance(a, str) else a for a in (verb, *arguments)]
        self._socket.settimeout(self.PATIENCE_S)
        self._socket.sendall(wire.encode([number, *fields]))
        return number

    def answer(self, number: bytes, timeout: float) -> Ended:
        """`timeout` is the guest's time for the command; the host waits longer."""
        return self._wait_for(number, timeout + self.PATIENCE_S)

    def call(self, verb: str, *arguments: str | bytes, timeout: float = 0.0) -> Ended:
        return self.answer(self.send(verb, *arguments), timeout)

    def _wait_for(self, number: bytes, timeout: float) -> Ended:
        deadline = time.monotonic() + timeout
        while number not in self._answers:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.01))
            try:
                received = self._socket.recv(1 << 20)
            except TimeoutError as error:
                raise GuestDead(
                    f"no answer to request {number.decode()} within {timeout:.0f} s"
                ) from error
            if not received:
                raise GuestDead("QEMU has ended")
            self._received += received
            while message := wire.take_message(self._received):
                got, status, out, err, started, ended = message
                self._answers[got] = Ended(status.decode(), out, err, int(started), int(ended))
        return self._answers.pop(number)
