"""One day of events in one SQLite file: its name, its layout and how rows get into it.

Types and sources are small numbers with their words in the same file. The id is the time in
microseconds, so rows and indexes grow in key order. ``trace`` is NULL for the first event of a
story (its trace is its own id), which keeps that index small.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from itertools import chain
from typing import TYPE_CHECKING, Final

import apsw

from aios_desktop.events import database
from aios_desktop.events.database import ForeignFileError
from aios_desktop.events.rows import MAX_ID, MAX_SOURCE, MAX_TARGET, RANKS, clean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from aios_desktop.events.archive import Fields
    from aios_desktop.events.buffer import Item

APPLICATION_ID: Final = 0x41494F45  # "AIOE"
VERSION: Final = 1
FEW: Final = 64  # rows that go into one statement
MAX_WORDS: Final = 50_000  # kept in memory
LOG_PAGES: Final = 1000  # from then on the log is written back, when there is time
MAX_LOG_PAGES: Final = 16_000  # and then, time or not
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
_INSERT: Final = "INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)"

Bindings = tuple[int, int, int, int, str, int | None, int, str]


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
        self._words = _Words(self._connection)
        self._full_sync = True
        self._log_pages = 0
        self._connection.set_wal_hook(self._note_log)  # instead of checkpoints inside commits
        try:
            self._identity = database.identity(path)
            if not is_ours(self._connection):
                self._connection.execute(f"BEGIN IMMEDIATE; {LAYOUT} COMMIT;")
        except BaseException:
            self._connection.close()
            raise

    def insert(self, items: Sequence[Item], durable: bool) -> int:
        """Commit events, to the platter if ``durable``; return how many were new.

        Raises MovedError when the file has lost its name; then nothing was written.
        """
        return self._commit(lambda words: _of_events(items, words), durable)

    def insert_rows(self, rows: Sequence[Fields]) -> int:
        """Commit rows that were read elsewhere; return how many were new."""
        return self._commit(lambda words: _of_rows(rows, words), durable=False)

    def rest(self) -> None:
        """Write the log back into the file, when it is worth it. Somebody may be reading."""
        if self._log_pages >= LOG_PAGES:
            self._log_pages = 0
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _commit(self, bind: Callable[[_Words], list[Bindings]], durable: bool) -> int:
        connection = self._connection
        if durable != self._full_sync:
            connection.pragma("synchronous", "full" if durable else "normal")
            self._full_sync = durable
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._require_name()  # whoever takes it away holds the lock that we have now
            bindings = bind(self._words)
            before = connection.total_changes()
            if len(bindings) <= FEW:  # one statement, so that threads come in between once
                sql = _INSERT + ", (?, ?, ?, ?, ?, ?, ?, ?)" * (len(bindings) - 1)
                connection.execute(sql, tuple(chain.from_iterable(bindings)))
            else:
                connection.executemany(_INSERT, bindings)
            connection.execute("COMMIT")
        except BaseException:
            self._words.clear()  # some may have been rolled back
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        if self._log_pages >= MAX_LOG_PAGES:
            self.rest()
        return connection.total_changes() - before

    def _note_log(self, connection: apsw.Connection, name: str, pages: int) -> int:
        self._log_pages = pages
        return apsw.SQLITE_OK

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


class _Words(dict[str, int]):
    """The numbers of words; one that is not known yet is written into the file."""

    def __init__(self, connection: apsw.Connection) -> None:
        super().__init__()
        self._connection = connection

    def __missing__(self, word: str) -> int:
        if len(self) > MAX_WORDS:
            self.clear()
        text = clean(word, MAX_SOURCE)
        self._connection.execute("INSERT OR IGNORE INTO word (text) VALUES (?)", (text,))
        code = self._connection.execute("SELECT id FROM word WHERE text = ?", (text,)).get
        self[word] = int(code)
        return int(code)


def _of_events(items: Sequence[Item], words: _Words) -> list[Bindings]:
    """Return what is bound for events. It is done for every event, so in place."""
    return [
        (
            id_,
            words[event.type],
            words[event.source],
            RANKS[event.severity],
            event.target and clean(event.target, MAX_TARGET),
            event.trace if event.trace != id_ and 0 < event.trace < MAX_ID else None,
            event.cause if 0 <= event.cause < MAX_ID else 0,
            text,
        )
        for id_, _, event, text in items
    ]


def _of_rows(rows: Sequence[Fields], words: _Words) -> list[Bindings]:
    """Return what is bound for rows."""
    return [
        (id_, words[type_], words[source], severity, target, trace or None, cause, data)
        for id_, type_, source, severity, target, trace, cause, data in rows
    ]
