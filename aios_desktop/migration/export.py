"""Hands out stored events, oldest first, as JSON lines or CSV, a page at a time."""

from __future__ import annotations

import csv
import heapq
import io
import json
import os
import stat
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import apsw

from aios_desktop.errors import AiosError
from aios_desktop.events import database
from aios_desktop.events.archive import (
    ArchiveFile,
    DamagedArchiveError,
    archive_file,
    archive_files,
    decode_lines,
)
from aios_desktop.events.database import ForeignFileError, reason
from aios_desktop.events.dayfile import day_files, file_name, require_ours
from aios_desktop.events.rows import Row, day_of, unpack
from aios_desktop.events.want import Want

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aios_desktop.events.archive import Frame
    from aios_desktop.events.model import Event, EventQuery

    Progress = Callable[[int, int, int], None]  # events so far, days done, days in all

PAGE: Final = 2000
ATTEMPTS: Final = 3
COLUMNS: Final = (
    "id", "time", "type", "source", "severity", "target", "trace", "cause", "data",
)  # fmt: skip
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Short reads by key: a long one would keep a running instance from tidying its log file.
_PAGE: Final = (
    "SELECT e.id, t.text, s.text, e.severity, e.target, coalesce(e.trace, 0), e.cause, e.data"
    " FROM event e CROSS JOIN word t ON t.id = e.type CROSS JOIN word s ON s.id = e.source"
    " WHERE e.id > :after AND e.id <= :high"
    " AND (:trace = 0 OR e.trace = :trace OR (e.id = :trace AND e.trace IS NULL))"
    " AND (:codes IS NULL OR e.type IN (SELECT value FROM json_each(:codes)))"
    " ORDER BY e.id LIMIT :limit"
)


class Export:
    """The events of a folder that a query wants; its ``limit`` does not count here."""

    def __init__(self, folder: Path, query: EventQuery) -> None:
        self._folder = folder
        self._want = Want.of(query)
        self.unreadable: list[str] = []  # files that were left out, wholly or in part

    def events(self, progress: Progress = lambda _n, _day, _days: None) -> Iterator[Event]:
        """Return the events, oldest first, each once, raw days and archived ones alike."""
        low, high = day_of(self._want.low), day_of(self._want.high)
        days = {*dict(day_files(self._folder)), *dict(archive_files(self._folder))}
        wanted = sorted(day for day in days if low <= day <= high)
        count = 0
        for number, day in enumerate(wanted):
            for row in self._day(day):
                count += 1
                yield unpack(row)
                if not count % PAGE:
                    progress(count, number, len(wanted))
            progress(count, number + 1, len(wanted))

    def _day(self, day: int) -> Iterator[Row]:
        """Return the rows of one day. One that is archived meanwhile is gone on with there."""
        after = self._want.low - 1
        for _ in range(ATTEMPTS):
            moved = False
            try:
                for row in heapq.merge(self._raw(day, after), self._archived(day, after)):
                    if row.id > after:
                        after = row.id
                        yield row
            except FileNotFoundError:
                moved = True
            if not moved:
                return

    def _raw(self, day: int, after: int) -> Iterator[Row]:
        path = self._folder / file_name(day)
        if not path.exists():
            return
        try:
            while rows := self._page(path, after):
                yield from rows
                after = rows[-1].id
        except (apsw.Error, OSError, ForeignFileError) as error:
            if not path.exists():
                raise FileNotFoundError(path) from error
            self._left_out(path)

    def _archived(self, day: int, after: int) -> Iterator[Row]:
        path = archive_file(self._folder, day)
        try:
            archive = ArchiveFile(path)
        except FileNotFoundError:
            return
        except (OSError, DamagedArchiveError):
            self._left_out(path)
            return
        try:
            for frame in archive.index.frames:
                if frame.last > after and frame.first <= self._want.high:
                    yield from self._frame(path, archive, frame)
        finally:
            archive.close()

    def _frame(self, path: Path, archive: ArchiveFile, frame: Frame) -> list[Row]:
        try:
            rows = [Row(*fields) for fields in decode_lines(archive.content(frame))]
        except (OSError, DamagedArchiveError):
            self._left_out(path)
            return []
        return [row for row in rows if self._want.matches(row)]

    def _left_out(self, path: Path) -> None:
        if path.name not in self.unreadable:
            self.unreadable.append(path.name)

    def _page(self, path: Path, after: int) -> list[Row]:
        connection, _ = database.open_for_reading(path)
        try:
            require_ours(connection)
            codes = None
            if self._want.type:
                words = connection.execute("SELECT id, text FROM word")
                codes = json.dumps([code for code, text in words if self._want.wants_type(text)])
            bindings = {
                "after": after,
                "high": self._want.high,
                "trace": self._want.trace,
                "codes": codes,
                "limit": PAGE,
            }
            return [Row(*row) for row in connection.execute(_PAGE, bindings)]
        finally:
            connection.close()


def json_lines(events: Iterator[Event]) -> Iterator[str]:
    """Return one JSON object a line."""
    for event in events:
        yield json.dumps(_fields(event), ensure_ascii=False, default=str) + "\n"


def csv_lines(events: Iterator[Event]) -> Iterator[str]:
    """Return CSV (RFC 4180) with a header; the payload is a column of JSON text."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    yield _taken(text)
    for event in events:
        fields = _fields(event)
        fields["time"] = (_EPOCH + timedelta(microseconds=event.id)).isoformat(
            timespec="microseconds"
        )
        fields["data"] = json.dumps(fields["data"], ensure_ascii=False, default=str)
        writer.writerow([fields[name] for name in COLUMNS])
        yield _taken(text)


def _fields(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "time": event.time,
        "type": event.type,
        "source": event.source,
        "severity": str(event.severity),
        "target": event.target,
        "trace": event.trace,
        "cause": event.cause,
        "data": dict(event.data),
    }


def _taken(text: io.StringIO) -> str:
    line = text.getvalue()
    text.seek(0)
    text.truncate()
    return line


@contextmanager
def new_file(path: Path) -> Iterator[IO[str]]:
    """Write a file of mode 0600 beside its place, and put it there when it is whole.

    Raises AiosError; then, and after an interruption, what was there before is still there.
    """
    part: Path | None = None
    try:
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            raise AiosError("{file} is not a file that can be replaced.", file=str(path))
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.name[:80]}.", suffix=".part"
        )
        part = Path(name)
        with os.fdopen(
            handle, "w", encoding="utf-8", errors="backslashreplace", newline=""
        ) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        database.sync_folder(path.parent)
        part = None
    except OSError as error:
        raise AiosError(
            "Cannot write {file}: {reason}.", file=str(path), reason=reason(error)
        ) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
