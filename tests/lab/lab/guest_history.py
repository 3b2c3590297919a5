"""slotd's history as it lies on the guest's disk, read by the host's SQLite while nobody writes to it."""

import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .guest import Guest

FOLDER = "/var/lib/slotd"


@dataclass(frozen=True)
class Attempt:
    """`outcome`: "well", "failed", "ambiguous", or "open": its end is not in the history."""

    port: str
    step: str
    automatic: bool
    outcome: str

    @property
    def unknown(self) -> bool:
        return self.outcome in ("open", "ambiguous")


def _rows(guest: Guest) -> list[sqlite3.Row]:
    database = guest.try_read(f"{FOLDER}/history.db")
    if not database:
        return []
    with tempfile.TemporaryDirectory(prefix="slotd-lab-") as folder:
        Path(folder, "history.db").write_bytes(database)
        log = guest.try_read(f"{FOLDER}/history.db-wal")
        if log:
            Path(folder, "history.db-wal").write_bytes(log)
        connection = sqlite3.connect(Path(folder, "history.db"))
        connection.row_factory = sqlite3.Row
        try:
            found = connection.execute("SELECT name FROM sqlite_schema WHERE name = 'entries'")
            if not found.fetchone():
                return []
            return connection.execute("SELECT * FROM entries ORDER BY seq").fetchall()
        finally:
            connection.close()


def attempts(guest: Guest) -> list[Attempt]:
    """In the order of their reservations."""
    reserved: dict[tuple, sqlite3.Row] = {}
    ended: dict[tuple, str] = {}
    for row in _rows(guest):
        key = row["port"], row["incident"], row["attempt"]
        if row["kind"] == "attempt-reserved":
            reserved[key] = row
        elif row["kind"] == "attempt-ended":
            ended[key] = "ambiguous" if row["ambiguous"] else "well" if row["well"] else "failed"
    return [
        Attempt(row["port"], row["step"], bool(row["automatic"]), ended.get(key, "open"))
        for key, row in reserved.items()
    ]
