"""Messages between host and guest; the other end is tests/lab/guest/agent/wire.cpp, which says the
format."""

import struct


def encode(message: list[bytes]) -> bytes:
    body = b"".join(struct.pack("<I", len(field)) + field for field in message)
    return struct.pack("<I", len(body)) + body


def take_message(buffer: bytearray) -> list[bytes] | None:
    """Takes the first whole message off the front; None while it is not all there yet."""
    if len(buffer) < 4:
        return None
    (size,) = struct.unpack_from("<I", buffer)
    if len(buffer) < 4 + size:
        return None
    message, at = [], 4
    while at < 4 + size:
        (length,) = struct.unpack_from("<I", buffer, at)
        message.append(bytes(buffer[at + 4 : at + 4 + length]))
        at += 4 + length
    del buffer[: 4 + size]
    return message
