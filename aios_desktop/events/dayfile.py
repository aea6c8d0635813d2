"""One day of events in one SQLite file: its name, its layout and how rows get into it.

Types and sources are small numbers with their words in the same file. The id is the time in
microseconds, so rows and indexes grow in key order. ``trace`` is NULL for the first event of a
story (its trace is its own id), which keeps that index small.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

import apsw

from aios_desktop.events import database
from aios_desktop.events.database import ForeignFileError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from aios_desktop.events.rows import Row

APPLICATION_ID: Final = 0x41494F45  # "AIOE"
VERSION: Final = 1
MAX_WORDS: Final = 50_000  # kept in memory
_EPOCH: Final = date(1970, 1, 1).toordinal()
_NAME: Final = re.compile(r"(\d{4}-\d\d-\d\d)\.db\Z")

LAYOUT: Final = f"""
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    type INTEGER NOT NULL,
    source INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    target TEXT NOT NULL,
    trace INTEGER,
    cause INTEGER NOT NULL,
    data TEXT NOT NULL
) STRICT;
CREATE INDEX event_type ON event (type);
CREATE INDEX event_trace ON event (trace) WHERE trace IS NOT NULL;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
"""
_INSERT: Final = "INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, nullif(?, 0), ?, ?)"


def file_name(day: int) -> str:
    """Return the name of the file that holds a UTC day (days since the epoch)."""
    return f"{date.fromordinal(_EPOCH + day).isoformat()}.db"


def day_files(folder: Path) -> list[tuple[int, Path]]:
    """Return the days that have a file, the newest first."""
    try:
        found = [(day, path) for path in folder.iterdir() if (day := _day(path.name)) is not None]
    except OSError:
        return []
    return sorted(found, reverse=True)


def _day(name: str) -> int | None:
    if not (match := _NAME.match(name)):
        return None
    try:
        return date.fromisoformat(match[1]).toordinal() - _EPOCH
    except ValueError:
        return None


def today(now: float) -> int:
    """Return the UTC day of a wall time."""
    return datetime.fromtimestamp(now, UTC).date().toordinal() - _EPOCH


def is_ours(connection: apsw.Connection) -> bool:
    """Say whether a file has our layout; False for an empty one. Raises ForeignFileError."""
    application, version = (
        connection.pragma("application_id"),
        connection.pragma("user_version"),
    )
    if (application, version) == (APPLICATION_ID, VERSION):
        return True
    if (application, version) == (0, 0) and connection.pragma("schema_version") == 0:
        return False
    raise ForeignFileError


def require_ours(connection: apsw.Connection) -> None:
    """Raise ForeignFileError unless the file has our layout."""
    if not is_ours(connection):
        raise ForeignFileError


class MovedError(Exception):
    """The file has lost its name: it was archived, removed or replaced."""


class DayFile:
    """The writer's hold on one day."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = database.open_for_writing(path)
        self._words: dict[str, int] = {}
        self._full_sync = True
        try:
            self._identity = database.identity(path)
            if not is_ours(self._connection):
                self._connection.execute(f"BEGIN IMMEDIATE; {LAYOUT} COMMIT;")
        except BaseException:
            self._connection.close()
            raise

    def insert(self, rows: Sequence[Row], durable: bool) -> int:
        """Commit rows, to the platter if ``durable``; return how many were new.

        Raises MovedError when the file has lost its name; then nothing was written.
        """
        connection = self._connection
        if durable != self._full_sync:
            connection.pragma("synchronous", "full" if durable else "normal")
            self._full_sync = durable
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._require_name()  # whoever takes it away holds the lock that we have now
            try:
                bindings = _bindings(rows, self._words)
            except KeyError:
                bindings = _bindings(rows, self._learn(rows))
            with_words = connection.total_changes()
            connection.executemany(_INSERT, bindings)
            connection.execute("COMMIT")
        except BaseException:
            self._words.clear()  # some may have been rolled back
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return connection.total_changes() - with_words

    def close(self) -> None:
        """Write the log back into the file and let go of it."""
        if not self._has_name():
            # Closing must not tidy up: the names of the side files may belong to another by now.
            self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        self._connection.close()

    def _has_name(self) -> bool:
        try:
            return database.identity(self._path) == self._identity
        except OSError:
            return False

    def _require_name(self) -> None:
        if not self._has_name():
            raise MovedError

    def _learn(self, rows: Sequence[Row]) -> dict[str, int]:
        """Return the numbers of all types and sources in ``rows``, new ones included."""
        words = self._words
        if len(words) > MAX_WORDS:
            words.clear()
        for word in {word for row in rows for word in (row.type, row.source)} - words.keys():
            self._connection.execute("INSERT OR IGNORE INTO word (text) VALUES (?)", (word,))
            (code,) = self._connection.execute("SELECT id FROM word WHERE text = ?", (word,))
            words[word] = int(code[0])
        return words


def _bindings(
    rows: Sequence[Row], words: dict[str, int]
) -> list[tuple[int, int, int, int, str, int, int, str]]:
    """Put the words' numbers in place. Raises KeyError for a word without one."""
    return [
        (id_, words[type_], words[source], severity, target, trace, cause, data)
        for id_, type_, source, severity, target, trace, cause, data in rows
    ]
