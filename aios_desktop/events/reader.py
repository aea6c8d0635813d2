"""Reads stored events, newest day first, beside a running writer or without one."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import apsw

from aios_desktop.events import counts, database
from aios_desktop.events.archive import (
    DamagedArchiveError,
    archive_file,
    archive_files,
    summary_days,
    summary_file,
)
from aios_desktop.events.counts import HOURS_A_DAY
from aios_desktop.events.database import ForeignFileError
from aios_desktop.events.dayfile import day_files, file_name, require_ours
from aios_desktop.events.model import EventQuery
from aios_desktop.events.rows import LAST_DAY, MAX_ID, Row, day_of, unpack
from aios_desktop.events.totals import HOUR_US
from aios_desktop.events.vault import Vault
from aios_desktop.events.want import Want
from aios_desktop.events.watch import QueryCancelled, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from aios_desktop.events.counts import Hours
    from aios_desktop.events.model import Event

T = TypeVar("T")
logger = logging.getLogger(__name__)

SPARE: Final = 2  # connections of one day kept open for the next call
FEW_TYPES: Final = 40
CANCEL_STEPS: Final = 20_000  # of SQLite's machine, about a millisecond

_ROW: Final = (
    "SELECT e.id, t.text, s.text, e.severity, e.target, coalesce(e.trace, 0), e.cause, e.data"
    " FROM event e CROSS JOIN word t ON t.id = e.type CROSS JOIN word s ON s.id = e.source "
)
_NEWEST: Final = " ORDER BY e.id DESC LIMIT :limit"
_BY_TIME: Final = _ROW + "WHERE e.id BETWEEN :low AND :high" + _NEWEST
_BY_TYPE: Final = _ROW + "WHERE e.type = :code AND e.id BETWEEN :low AND :high" + _NEWEST
_BY_IDS: Final = _ROW + "WHERE e.id IN (SELECT value FROM json_each(:ids))" + _NEWEST  # noqa: S608  constants
_IDS_OF_TYPE: Final = (
    "SELECT e.id FROM event e"
    " WHERE e.type = :code AND e.id BETWEEN :low AND :high ORDER BY e.id DESC LIMIT :limit"
)
_FILTER: Final = (
    "e.id BETWEEN :low AND :high"
    " AND (:codes IS NULL OR e.type IN (SELECT value FROM json_each(:codes)))"
    " AND (:text IS NULL OR e.target LIKE :text ESCAPE '\\' OR e.data LIKE :json ESCAPE '\\'"
    " OR e.type IN (SELECT value FROM json_each(:text_codes)))"
)
_SCAN: Final = _ROW + "WHERE " + _FILTER + _NEWEST
_TRACE: Final = (
    _ROW + "WHERE e.id IN (SELECT id FROM event WHERE id = :trace AND trace IS NULL"  # noqa: S608  constants
    " UNION ALL SELECT id FROM event WHERE trace = :trace) AND " + _FILTER + _NEWEST
)


class EventReader:
    """Queries the days of a folder, raw or archived. Safe for several threads and processes.

    A file that cannot be read is left out and named in the log.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shelf = _Shelf()
        self._vault = Vault()

    def query(self, query: EventQuery, watch: Watch | None = None) -> list[Event]:
        """Return the wanted events, newest first. ``watch`` may end it with QueryCancelled.

        For the next page ask again with ``until`` one microsecond before the last event.
        """
        return [unpack(row) for row in self.rows(Want.of(query), watch)]

    def get(self, event_id: int) -> Event | None:
        """Return one event, or None."""
        row = self.row(event_id)
        return None if row is None else unpack(row)

    def rows(self, want: Want, watch: Watch | None = None) -> list[Row]:
        """Return the wanted rows, newest first."""
        watch = watch or Watch()
        oldest, newest = day_of(max(want.low, want.trace)), day_of(want.high)
        days = [day for day in self._days() if oldest <= day <= newest]
        found: list[Row] = []
        for number, day in enumerate(days):
            left = want.limit - len(found)
            if left <= 0:
                break
            watch.step(number / len(days))
            found += self._rows_of(day, want, left, watch)
        watch.step(1.0)
        return found

    def _rows_of(self, day: int, want: Want, limit: int, watch: Watch) -> list[Row]:
        """Return the rows of one day, each once.

        The day file is looked at first: when it has just been archived, the archive is there.
        """
        rows: list[Row] = []
        raw = self._folder / file_name(day)
        if raw.exists():
            rows = self._ask(raw, partial(_select, want=want, limit=limit), rows, watch)
        archived = archive_file(self._folder, day)
        if archived.exists():
            more = self._unpack(archived, want, limit, watch)
            rows = _united(rows, more)[:limit] if rows else more
        return rows

    def row(self, event_id: int) -> Row | None:
        """Return one row, or None."""
        if not 0 < day_of(event_id) <= LAST_DAY:
            return None
        want = replace(Want.of(EventQuery(limit=1)), low=event_id, high=event_id)
        rows = self._rows_of(day_of(event_id), want, 1, Watch())
        return rows[0] if rows else None

    def last_id(self, below: int = MAX_ID) -> int:
        """Return the id of the newest stored event below a bound, 0 when there is none."""
        for day in self._days():
            if day > day_of(below):
                continue
            raw, archived = self._folder / file_name(day), archive_file(self._folder, day)
            newest = self._ask(raw, partial(_newest, below=below), 0) if raw.exists() else 0
            with contextlib.suppress(OSError, DamagedArchiveError):
                newest = max(newest, self._vault.newest(archived, below))
            if newest:
                return newest
        return 0

    def hours(self, query: EventQuery, watch: Watch | None = None) -> Hours:
        """Count events by UTC hour and type, over all days that were ever kept.

        Of the query, ``since`` and ``until`` count (widened to whole hours), and ``type``.
        """
        watch, want = watch or Watch(), Want.of(query)
        low, high = want.low // HOUR_US, want.high // HOUR_US
        days = {*self._days(), *summary_days(self._folder)}
        days = {day for day in days if low // HOURS_A_DAY <= day <= high // HOURS_A_DAY}
        found: Hours = Counter()
        for number, day in enumerate(sorted(days)):
            watch.step(number / len(days))
            found += self._hours_of(day)
        watch.step(1.0)
        return Counter(
            {
                (hour, type_): count
                for (hour, type_), count in found.items()
                if low <= hour <= high and want.wants_type(type_)
            }
        )

    def _hours_of(self, day: int) -> Hours:
        raw = self._folder / file_name(day)
        old = archive_file(self._folder, day).exists() or summary_file(self._folder, day).exists()
        if not old and raw.exists():
            return self._ask(raw, counts.of_day_file, Counter())
        kinds: list[tuple[int, str]] | None = None
        if raw.exists():
            kinds = self._ask(raw, counts.kinds, kinds)
        try:
            return counts.of_old_day(self._folder, day, self._vault, kinds)
        except (OSError, DamagedArchiveError) as error:
            logger.warning("cannot count the events of %s: %r", file_name(day), error)
            return Counter()

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._shelf.close()
        self._vault.forget()

    def _days(self) -> list[int]:
        """Return the days that have a file, the newest first."""
        found = {*dict(day_files(self._folder)), *dict(archive_files(self._folder))}
        return sorted(found, reverse=True)

    def _unpack(self, path: Path, want: Want, limit: int, watch: Watch) -> list[Row]:
        """Return the rows of an archive, none when something is wrong with it."""
        try:
            return self._vault.rows(path, want, limit, watch.check)
        except FileNotFoundError:  # dropped meanwhile
            return []
        except (OSError, DamagedArchiveError) as error:
            logger.warning("cannot read %s: %r", path, error)
            return []

    def _ask(
        self,
        path: Path,
        question: Callable[[apsw.Connection], T],
        default: T,
        watch: Watch | None = None,
    ) -> T:
        """Return the answer of one file, or ``default`` when something is wrong with it."""
        try:
            with self._shelf.lend(path) as connection:
                if watch is None or watch.cancelled is None:
                    return question(connection)
                connection.set_progress_handler(watch.cancelled, CANCEL_STEPS)
                try:
                    return question(connection)
                finally:
                    connection.set_progress_handler(None)
        except apsw.InterruptError:
            raise QueryCancelled from None
        except FileNotFoundError:  # archived meanwhile
            return default
        except (apsw.Error, OSError, ForeignFileError) as error:
            logger.warning("cannot read %s: %s", path, database.reason(error))
            return default


def _united(one: list[Row], two: list[Row]) -> list[Row]:
    """Put two lists of rows together, newest first, each row once."""
    rows = {row.id: row for row in (*one, *two)}
    return sorted(rows.values(), key=lambda row: row.id, reverse=True)


class _Shelf:
    """Open read-only connections, each used by one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spare: dict[Path, list[tuple[tuple[int, int], apsw.Connection]]] = {}

    @contextlib.contextmanager
    def lend(self, path: Path) -> Iterator[apsw.Connection]:
        """Lend a connection to the file that has this name now."""
        identity = database.identity(path)
        connection, live = self._take(path, identity), True
        if connection is None:
            connection, live = _open(path)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        with self._lock:
            spare = self._spare.setdefault(path, [])
            if live and len(spare) < SPARE:
                spare.append((identity, connection))
                return
        connection.close()

    def _take(self, path: Path, identity: tuple[int, int]) -> apsw.Connection | None:
        with self._lock:
            spare = self._spare.get(path, [])
            while spare:
                known, connection = spare.pop()
                if known == identity:
                    return connection
                connection.close()  # the name now belongs to another file
        return None

    def close(self) -> None:
        """Close what is not lent."""
        with self._lock:
            spare, self._spare = self._spare, {}
        for connections in spare.values():
            for _, connection in connections:
                connection.close()


def _open(path: Path) -> tuple[apsw.Connection, bool]:
    connection, live = database.open_for_reading(path)
    try:
        require_ours(connection)
    except BaseException:
        connection.close()
        raise
    return connection, live


def _newest(connection: apsw.Connection, below: int) -> int:
    sql = "SELECT coalesce(max(id), 0) FROM event WHERE id < ?"
    return int(connection.execute(sql, (below,)).get)


def _select(connection: apsw.Connection, want: Want, limit: int) -> list[Row]:
    """Find rows in one file by the cheapest way."""
    bindings: dict[str, Any] = {"low": want.low, "high": want.high, "limit": limit}
    codes = _codes(connection, want)
    if codes is not None and not codes:
        return []
    if want.trace or want.text or (codes is not None and len(codes) > FEW_TYPES):
        bindings |= {"trace": want.trace, "codes": None if codes is None else json.dumps(codes)}
        bindings |= _text_bindings(connection, want)
        sql = _TRACE if want.trace else _SCAN
    elif codes is None:
        sql = _BY_TIME
    elif len(codes) == 1:
        bindings["code"] = codes[0]
        sql = _BY_TYPE
    else:
        ids: list[int] = []
        for code in codes:
            ids += (row[0] for row in connection.execute(_IDS_OF_TYPE, bindings | {"code": code}))
        newest = sorted(ids, reverse=True)[:limit]
        bindings = {"ids": json.dumps(newest), "limit": limit}
        sql = _BY_IDS
    return [Row(*row) for row in connection.execute(sql, bindings)]


def _codes(connection: apsw.Connection, want: Want) -> list[int] | None:
    """Return the numbers of the wanted types in this file; None when every type is wanted."""
    if not want.type:
        return None
    if want.types is None:
        rows = connection.execute("SELECT id FROM word WHERE text = ?", (want.type,))
        return [row[0] for row in rows]
    words = connection.execute("SELECT id, text FROM word")
    return [code for code, text in words if want.wants_type(text)]


def _text_bindings(connection: apsw.Connection, want: Want) -> dict[str, Any]:
    if not want.text:
        return {"text": None, "json": None, "text_codes": None}
    words = connection.execute("SELECT id, text FROM word")
    return {
        "text": _like(want.text),
        "json": _like(want.json_text),
        "text_codes": json.dumps([code for code, text in words if want.text_in(text)]),
    }


def _like(text: bytes) -> str:
    """Return the LIKE pattern for a text somewhere inside (LIKE ignores the case of ASCII)."""
    escaped = text.replace(b"\\", b"\\\\").replace(b"%", b"\\%").replace(b"_", b"\\_")
    return f"%{escaped.decode()}%"
