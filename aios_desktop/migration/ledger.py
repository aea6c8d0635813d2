"""What was imported so far, so that importing again adds nothing, and what is on its way.

An event gets its id here before it reaches its day file, in one transaction with its key. Whatever
kills the program, the next import goes on: the same row with the same id is written again, which
changes nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import OrderedDict
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import apsw

from aios_desktop.errors import AiosError
from aios_desktop.events import database
from aios_desktop.events.archive import (
    ArchiveFile,
    DamagedArchiveError,
    archive_file,
    decode_lines,
)
from aios_desktop.events.database import DAMAGED, UNWRITABLE, ForeignFileError
from aios_desktop.events.dayfile import file_name
from aios_desktop.events.rows import DAY_US, Row, day_of
from aios_desktop.migration import words
from aios_desktop.migration.daywriter import DayWriter, MovedAwayError
from aios_desktop.paths import private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aios_desktop.migration.shapes import Legacy

APPLICATION_ID: Final = 0x41494F4D  # "AIOM"
NAME: Final = "ledger.db"
BATCH: Final = 1000
COMMIT_EVERY: Final = 2000
MAX_TIES: Final = 100_000
_LAYOUT: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE seen (key BLOB PRIMARY KEY, stamp INTEGER NOT NULL UNIQUE) STRICT, WITHOUT ROWID;
CREATE TABLE staged (
    id INTEGER PRIMARY KEY, type TEXT NOT NULL, source TEXT NOT NULL, severity INTEGER NOT NULL,
    target TEXT NOT NULL, trace INTEGER NOT NULL, cause INTEGER NOT NULL, data TEXT NOT NULL
) STRICT;
CREATE TABLE kept (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key BLOB NOT NULL, time INTEGER NOT NULL,
    body TEXT NOT NULL, UNIQUE (kind, key)
) STRICT;
PRAGMA application_id = {APPLICATION_ID};
COMMIT;
"""
_TEMPORARY: Final = """
CREATE TEMP TABLE in_file (key BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TEMP TABLE checked (reaction TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_COLUMNS: Final = "id, type, source, severity, target, trace, cause, data"


class Ledger:
    """One file beside what was imported. With ``dry_run`` a copy is used, and dropped at the end."""

    def __init__(self, folder: Path, *, dry_run: bool = False) -> None:
        self._folder = folder
        self._dry_run = dry_run
        self._stack = ExitStack()
        self._waiting = 0
        self._changed: set[str] = set()
        self._ties: OrderedDict[int, int] = OrderedDict()
        try:
            self._connection = self._open()
        except BaseException:
            self._stack.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._stack.close()

    # -- events --------------------------------------------------------------------------------

    def begin_file(self) -> None:
        """Forget what was seen in the file before."""
        self._connection.execute("DELETE FROM in_file")

    def first_in_file(self, key: bytes) -> bool:
        """Say whether the key is new within this file."""
        self._connection.execute("INSERT OR IGNORE INTO in_file VALUES (?)", (key,))
        return self._connection.changes() > 0

    def take(self, event: Legacy) -> bool:
        """Take an event in; False when it is known."""
        execute = self._connection.execute
        if execute("SELECT 1 FROM seen WHERE key = ?", (event.key,)).fetchone():
            return False
        self._begin()
        stamp = self._free(event.stamp)
        execute("INSERT INTO seen VALUES (?, ?)", (event.key, stamp))
        execute(
            f"INSERT INTO staged ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            event.row(stamp),
        )
        self._count()
        return True

    def _free(self, stamp: int) -> int:
        """Return the first id from ``stamp`` on that no other imported event has."""
        found = self._ties.get(stamp, stamp)
        while self._connection.execute("SELECT 1 FROM seen WHERE stamp = ?", (found,)).fetchone():
            found += 1
        self._ties[stamp] = found + 1
        if len(self._ties) > MAX_TIES:
            self._ties.popitem(last=False)
        return found

    # -- everything else -----------------------------------------------------------------------

    def keep(self, kind: str, key: bytes, time: int | None, body: dict[str, Any]) -> bool:
        """Keep a record; a newer one replaces the one with the same key. False when it is known."""
        row = self._connection.execute(
            "SELECT id, time FROM kept WHERE kind = ? AND key = ?", (kind, key)
        ).fetchone()
        if row is not None and (time or 0) <= row[1]:
            return False
        self._begin()
        text = (
            json.dumps(words.finite(body), ensure_ascii=False)
            .encode("utf-8", "backslashreplace")
            .decode()
        )
        self._connection.execute(
            "INSERT INTO kept (kind, key, time, body) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET time = excluded.time, body = excluded.body",
            (kind, key, time or 0, text),
        )
        self._changed.add(kind)
        self._count()
        return row is None

    def kept(self, kind: str, key: bytes) -> dict[str, Any] | None:
        """Return what is kept under a key."""
        row = self._connection.execute(
            "SELECT body FROM kept WHERE kind = ? AND key = ?", (kind, key)
        ).fetchone()
        return None if row is None else json.loads(row[0])

    def count(self, kind: str) -> int:
        """Return how many records of a kind are kept."""
        return int(
            self._connection.execute("SELECT count(*) FROM kept WHERE kind = ?", (kind,)).get
        )

    def note_check(self, reaction: str) -> None:
        """Remember that a real check passed for a reaction."""
        self._connection.execute("INSERT OR IGNORE INTO checked VALUES (?)", (repr(reaction),))

    def was_checked(self, reaction: object) -> bool:
        """Say whether a real check passed for a reaction."""
        if not isinstance(reaction, str):
            return False
        query = "SELECT 1 FROM checked WHERE reaction = ?"
        return self._connection.execute(query, (repr(reaction),)).fetchone() is not None

    # -- onwards -------------------------------------------------------------------------------

    def commit(self) -> None:
        """Make what was taken in survive a crash."""
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")
        self._waiting = 0

    def deliver(self, folder: Path, progress: Callable[[], None]) -> int:
        """Move all waiting events into their day files; return how many. Raises AiosError."""
        self.commit()
        if self._dry_run:
            return 0
        moved = 0
        while row := self._connection.execute("SELECT min(id) FROM staged").fetchone():
            if row[0] is None:
                break
            private_folder(folder)
            moved += self._deliver_day(folder, day_of(row[0]), progress)
        return moved

    def _deliver_day(self, folder: Path, day: int, progress: Callable[[], None]) -> int:
        moved, path = 0, folder / file_name(day)
        with _explained(path), _day_file(path) as file:
            while rows := self._next(day):
                if self._make_way(folder, day, rows):
                    continue  # some have another id now
                try:
                    file.insert(rows)
                except MovedAwayError:  # archived under our hands; the caller opens a new one
                    break
                last = rows[-1].id
                self._connection.execute(
                    "DELETE FROM staged WHERE id BETWEEN ? AND ?", (rows[0].id, last)
                )
                moved += len(rows)
                progress()
        return moved

    def _next(self, day: int) -> list[Row]:
        found = self._connection.execute(
            f"SELECT {_COLUMNS} FROM staged WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?",  # noqa: S608
            (day * DAY_US, (day + 1) * DAY_US - 1, BATCH),
        )
        return [Row(*row) for row in found]

    def _make_way(self, folder: Path, day: int, rows: list[Row]) -> bool:
        """Give a new id to rows whose id another event of the store has; say whether any had."""
        by_id = {row.id: row for row in rows}
        strangers = [
            number for number, type_, data in _held(folder, day, list(by_id))
            if (type_, data) != (by_id[number].type, by_id[number].data)
        ]  # fmt: skip
        for number in strangers:
            free = number + 1
            while _held(folder, day, [free]) or self._has(free):
                free += 1
            with self._connection:
                self._connection.execute("UPDATE staged SET id = ? WHERE id = ?", (free, number))
                self._connection.execute(
                    "UPDATE seen SET stamp = ? WHERE stamp = ?", (free, number)
                )
        return bool(strangers)

    def _has(self, stamp: int) -> bool:
        query = "SELECT 1 FROM seen WHERE stamp = ?"
        return self._connection.execute(query, (stamp,)).fetchone() is not None

    def write_lines(self) -> list[Path]:
        """Write each kind that changed as plain JSON lines; return the files. Raises AiosError."""
        self.commit()
        if self._dry_run:
            return []
        written = []
        for kind in sorted(self._changed):
            path = self._folder / f"{kind}.jsonl"
            rows = self._connection.execute(
                "SELECT body FROM kept WHERE kind = ? ORDER BY id", (kind,)
            )
            with _explained(path):
                write_private(path, (row[0] + "\n" for row in rows))
            written.append(path)
        self._changed.clear()
        return written

    # -- the file ------------------------------------------------------------------------------

    def _open(self) -> apsw.Connection:
        file = self._folder / NAME
        if self._dry_run:
            place = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="aios-")))
            for ending in ("", "-journal"):
                source = file.with_name(file.name + ending)
                if source.exists():
                    shutil.copyfile(source, place / source.name)
            file = place / NAME
        else:
            private_folder(self._folder)
        with _explained(file):
            if not file.exists():
                os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
            connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READWRITE)
            self._stack.callback(connection.close)
            connection.set_busy_timeout(database.BUSY_MS)
            connection.pragma("synchronous", "off" if self._dry_run else "full")
            if connection.pragma("application_id") != APPLICATION_ID:
                if connection.pragma("schema_version"):
                    raise ForeignFileError
                connection.execute(_LAYOUT)
            connection.execute(_TEMPORARY)
        return connection

    def _begin(self) -> None:
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")

    def _count(self) -> None:
        self._waiting += 1
        if self._waiting >= COMMIT_EVERY:
            self.commit()


@contextmanager
def _day_file(path: Path) -> Iterator[DayWriter]:
    file = DayWriter(path)
    try:
        yield file
    finally:
        file.close()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the disk or SQLite says about a file into a message for people."""
    try:
        yield
    except (*DAMAGED, ForeignFileError) as error:
        raise AiosError(
            "The file {file} is damaged or not ours. Move it away, then import again.",
            file=str(path),
        ) from error
    except UNWRITABLE as error:
        raise AiosError(
            "Cannot write {file}: {reason}. What was imported stays; import again to continue.",
            file=str(path),
            reason=database.reason(error),
        ) from error


def _held(folder: Path, day: int, ids: list[int]) -> list[tuple[int, str, str]]:
    """Return the events of a day, raw or archived, that have one of these ids: id, type, data."""
    connection, _ = database.open_for_reading(folder / file_name(day))
    try:
        found = [
            (int(row[0]), str(row[1]), str(row[2]))
            for row in connection.execute(
                "SELECT e.id, w.text, e.data FROM event e JOIN word w ON w.id = e.type"
                " WHERE e.id IN (SELECT value FROM json_each(?))",
                (json.dumps(ids),),
            )
        ]
    finally:
        connection.close()
    archived = archive_file(folder, day)
    return found + (_archived(archived, ids) if archived.exists() else [])


def _archived(path: Path, ids: list[int]) -> list[tuple[int, str, str]]:
    wanted, low, high = set(ids), min(ids), max(ids)
    try:
        archive = ArchiveFile(path)
    except (OSError, DamagedArchiveError):
        return []  # it is mended, or reported, when the day is moved
    found: list[tuple[int, str, str]] = []
    try:
        for frame in archive.index.frames:
            if frame.first <= high and frame.last >= low:
                with suppress(DamagedArchiveError):
                    rows = decode_lines(archive.content(frame))
                    found += [(row[0], row[1], row[7]) for row in rows if row[0] in wanted]
    finally:
        archive.close()
    return found


def write_private(path: Path, texts: Iterator[str]) -> None:
    """Write a file that only this user can read, whole or not at all. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            for text in texts:
                file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    database.sync_folder(path.parent)
