"""The state database: what decisions rest on, so every commit reaches the platter."""

from __future__ import annotations

import contextlib
import logging
import threading
from typing import TYPE_CHECKING, Any, Final

import apsw

from aios_desktop.errors import AiosError
from aios_desktop.events import database, files
from aios_desktop.events.database import DAMAGED, UNWRITABLE, ForeignFileError
from aios_desktop.events.model import Severity
from aios_desktop.events.trouble import Trouble
from aios_desktop.i18n import Say
from aios_desktop.paths import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

logger = logging.getLogger(__name__)

APPLICATION_ID: Final = 0x41494F53  # "AIOS"
QUICK_CHECK_BYTES: Final = 64 * 1024 * 1024
BACKUP_PAGES: Final = 256  # copied at a time
COPY_BYTES: Final = 64 * 1024 * 1024  # largest unwritable file whose content is used in memory


class StateDb:
    """One SQLite file with numbered migrations. Safe to use from any thread.

    When the file cannot be written at all, the content lives in memory and ``durable`` is False.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._connection: apsw.Connection | None = None
        self._reading = threading.Lock()
        self._reader: apsw.Connection | None = None
        self._owner = 0  # the thread that is inside a transaction
        self.durable = False

    def open(self, schema: Sequence[str]) -> list[Trouble]:
        """Open or make the file and apply the steps of ``schema`` that it has not seen yet.

        Step number n brings the file from version n to n + 1. Never raises for a bad file or
        disk: what is wrong is in the returned list.
        """
        troubles: list[Trouble] = []
        with self._lock:
            try:
                private_folder(self._path.parent)
                try:
                    self._connection = _open(self._path, schema)
                except DAMAGED as error:
                    troubles.append(self._set_aside(error))
                    self._connection = _open(self._path, schema)
                self._reader, _ = database.open_for_reading(self._path)
                self.durable = True
            except (*UNWRITABLE, *DAMAGED, AiosError, ForeignFileError) as error:
                troubles.append(self._fall_back(error, schema))
        return troubles

    def open_copy(self, schema: Sequence[str]) -> None:
        """Work on a copy in memory, for reading beside a running instance.

        Nothing is made, migrated or set aside on the disk; without a file the copy is empty.
        """
        with self._lock:
            self._connection = _in_memory(self._path, schema)
            self.durable = False

    @contextlib.contextmanager
    def transaction(self) -> Iterator[apsw.Connection]:
        """Commit all that is done in the block, or nothing of it.

        Raises AiosError when the disk refuses; the block's own exceptions pass through.
        """
        with self._lock:
            assert not self._owner, "a transaction inside a transaction"
            connection = self._open_connection()
            self._owner = threading.get_ident()
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except (*UNWRITABLE, *DAMAGED) as error:
                self._roll_back(connection)
                if isinstance(error, OSError):
                    raise
                logger.exception("a commit to %s failed", self._path)
                raise AiosError(
                    "Cannot save to {file}: {reason}. Nothing was changed there.",
                    file=str(self._path),
                    reason=database.reason(error),
                ) from error
            except BaseException:
                self._roll_back(connection)
                raise
            finally:
                self._owner = 0

    def read(self, sql: str, bindings: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a SELECT: the last commit, or one's own open transaction."""
        try:
            with self._reading:
                if self._reader is not None and self._owner != threading.get_ident():
                    return list(self._reader.execute(sql, tuple(bindings)))
            with self._lock:
                return list(self._open_connection().execute(sql, tuple(bindings)))
        except (*UNWRITABLE, *DAMAGED) as error:
            raise AiosError(
                "Cannot read {file}: {reason}.",
                file=str(self._path),
                reason=database.reason(error),
            ) from error

    @property
    def path(self) -> Path:
        """Return where the file is."""
        return self._path

    def back_up(self, target: Path) -> None:
        """Copy the last commit to a file, whole or not at all, while work goes on.

        Raises OSError and apsw.Error.
        """
        fresh = files.fresh(target)
        fresh.unlink(missing_ok=True)
        source, _ = database.open_for_reading(self._path)
        try:
            files.create(target).close()
            copy = apsw.Connection(str(fresh), flags=database.READ_WRITE)
            try:
                with copy.backup("main", source, "main") as backup:
                    while not backup.done:
                        backup.step(BACKUP_PAGES)
                copy.pragma("journal_mode", "delete")
                database.require_intact(copy)
            finally:
                copy.close()
            files.publish(target)
        finally:
            source.close()
            fresh.unlink(missing_ok=True)

    def check(self) -> str | None:
        """Let SQLite look for damage in everything; return what it found."""
        if not self.durable:
            return None
        try:
            connection, _ = database.open_for_reading(self._path)
            try:
                found = str(connection.execute("PRAGMA integrity_check(1)").get)
            finally:
                connection.close()
        except DAMAGED as error:
            found = database.reason(error)
        return None if found == "ok" else found

    def close(self) -> None:
        """Close the file; harmless when it is closed."""
        with self._lock, self._reading:
            for connection in (self._reader, self._connection):  # the writer last: it tidies up
                if connection is not None:
                    connection.close()
            self._reader = self._connection = None

    def _open_connection(self) -> apsw.Connection:
        if self._connection is None:
            raise AiosError("The state database {file} is closed.", file=str(self._path))
        return self._connection

    def _roll_back(self, connection: apsw.Connection) -> None:
        with contextlib.suppress(apsw.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _set_aside(self, error: Exception) -> Trouble:
        aside = database.set_aside(self._path)
        logger.error("%s is damaged (%r); set aside as %s", self._path, error, aside)
        return Trouble(
            "state.damaged",
            Severity.ERROR,
            Say(
                "The file {name} was damaged. It was set aside as {aside}, and a new one was"
                " started. Repairs made before cannot be undone from here.",
                {"name": self._path.name, "aside": str(aside)},
            ),
        )

    def _fall_back(self, error: Exception, schema: Sequence[str]) -> Trouble:
        """Go on in memory, with the content of the file where that can be read."""
        logger.error("%s cannot be used (%r); its content lives in memory", self._path, error)
        if self._connection is not None:
            self._connection.close()
        self.durable = False
        self._connection = _in_memory(self._path, schema)
        if isinstance(error, ForeignFileError):
            text = Say(
                "{file} was written by a newer version and stays as it is. What is decided now is"
                " forgotten at the end.",
                {"file": str(self._path)},
            )
        else:
            reason = str(error) if isinstance(error, AiosError) else database.reason(error)
            text = Say(
                "{file} cannot be written: {reason}. What is decided now is forgotten at the end.",
                {"file": str(self._path), "reason": reason},
            )
        return Trouble("state.memory", Severity.ERROR, text)


def _open(path: Path, schema: Sequence[str]) -> apsw.Connection:
    connection = database.open_for_writing(path)
    try:
        if path.stat().st_size <= QUICK_CHECK_BYTES:
            database.require_intact(connection)
        connection.pragma("synchronous", "full")
        _migrate(connection, schema)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: apsw.Connection, schema: Sequence[str]) -> None:
    """Bring a file to the newest version, one transaction per step."""
    version = int(connection.pragma("user_version"))
    if version > len(schema) or connection.pragma("application_id") not in {0, APPLICATION_ID}:
        raise ForeignFileError
    for number in range(version, len(schema)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(schema[number])
            connection.pragma("application_id", APPLICATION_ID)
            connection.pragma("user_version", number + 1)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _in_memory(path: Path, schema: Sequence[str]) -> apsw.Connection:
    """Return a database in memory, as a copy of the file if that can be read."""
    connection = apsw.Connection(":memory:")
    try:
        if path.exists() and path.stat().st_size <= COPY_BYTES:
            source, _ = database.open_for_reading(path)
            try:
                with connection.backup("main", source, "main") as copy:
                    copy.step()
            finally:
                source.close()
        _migrate(connection, schema)
    except (*UNWRITABLE, *DAMAGED, ForeignFileError) as error:
        logger.warning("the content of %s cannot be used either: %r", path, error)
        connection.close()
        connection = apsw.Connection(":memory:")
        _migrate(connection, schema)
    return connection
