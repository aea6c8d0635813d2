"""Reads ``aios.db``, the SQLite file of v0.6: from a private copy, so that nothing can change it."""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import apsw

from aios_desktop.errors import AiosError
from aios_desktop.events.database import reason
from aios_desktop.migration.whole import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aios_desktop.migration.places import Folder, Source

MAX_BYTES: Final = 2 * 1024**3
MAX_VALUE: Final = 16 * 1024 * 1024
_EVENT: Final = ("event_id", "event_type", "agent_id", "timestamp", "data_json", "severity")
_TASK: Final = (
    "task_id",
    "agent_id",
    "task_type",
    "priority",
    "status",
    "created_at",
    "started_at",
    "completed_at",
    "duration",
    "result_json",
    "error_message",
)
Json = dict[str, Any]


class OldDatabase:
    """The tables of an older version that are taken over: events and the history of tasks."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self.bad_data = 0
        self.damage = ""

    def events(self) -> Iterator[tuple[int, Json]]:
        """Return each event with the number of its row."""
        for number, row in self._rows("events", _EVENT, needed=("event_type", "timestamp")):
            body: Any = row.pop("data_json", None)
            record: Json = {
                "id": row.pop("event_id", None),
                "event_type": row.pop("event_type", None),
                "epoch": row.pop("timestamp", None),
                **row,
            }
            if body is not None:
                record["data"] = self._json(body)
            yield number, {name: value for name, value in record.items() if value is not None}

    def tasks(self) -> Iterator[tuple[int, Json]]:
        """Return each task of the past with the number of its row."""
        for number, row in self._rows("task_history", _TASK, needed=("task_id",)):
            result = row.pop("result_json", None)
            if result is not None:
                row["result"] = self._json(result)
            row["id"] = row.get("task_id")
            yield number, {name: value for name, value in row.items() if value is not None}

    def _json(self, text: Any) -> Any:
        try:
            found = json.loads(text) if isinstance(text, str) else None
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            return found
        self.bad_data += 1
        return {"unreadable": str(text)[:4000]}

    def _rows(
        self, table: str, names: tuple[str, ...], needed: tuple[str, ...]
    ) -> Iterator[tuple[int, Json]]:
        """Return the rows of a table as far as the file is sound."""
        try:
            query = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?"
            if not self._connection.execute(query, (table,)).fetchone():
                return
            there = {row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")}
            if not set(needed) <= there:
                return
            wanted = [name for name in names if name in there]
            # As bytes: a text that is not UTF-8 must cost its row only.
            columns = ", ".join(
                f"CASE typeof({x}) WHEN 'text' THEN CAST({x} AS BLOB) ELSE {x} END" for x in wanted
            )
            cursor = self._connection.execute(f"SELECT {columns} FROM {table}")  # noqa: S608  our names
            for number, row in enumerate(cursor, 1):
                yield number, {x: _plain(value) for x, value in zip(wanted, row, strict=True)}
        except apsw.Error as error:
            self.damage = reason(error)[:200]


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        text, _ = decode(value)
        return repr(value[:200]) if text is None else text
    return value


@contextmanager
def opened(folder: Folder, source: Source) -> Iterator[OldDatabase]:
    """Copy a database with its side files and open the copy. Raises AiosError."""
    with tempfile.TemporaryDirectory(prefix="aios-") as place:
        copy = Path(place) / "old.db"
        try:
            for ending in ("", "-wal", "-journal"):
                beside = source if not ending else folder.beside(source, ending)
                if beside is not None:
                    _copy(folder, beside, Path(str(copy) + ending))
            connection = apsw.Connection(str(copy))
        except (OSError, apsw.Error) as error:
            raise AiosError(
                "The file {file} cannot be read: {reason}.",
                file=source.name,
                reason=reason(error),
            ) from error
        try:
            connection.pragma("trusted_schema", False)
            connection.pragma("query_only", True)
            connection.limit(apsw.SQLITE_LIMIT_LENGTH, MAX_VALUE)
            yield OldDatabase(connection)
        except apsw.Error as error:
            raise AiosError(
                "The file {file} cannot be read: {reason}.",
                file=source.name,
                reason=reason(error),
            ) from error
        finally:
            connection.close()


def _copy(folder: Folder, source: Source, target: Path) -> None:
    if source.size > MAX_BYTES:
        raise AiosError("{file} is larger than {n} bytes.", file=source.name, n=MAX_BYTES)
    with folder.open(source) as stream, target.open("wb") as copy:
        shutil.copyfileobj(stream, copy, 1024 * 1024)
