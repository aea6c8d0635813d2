"""Writes rows into a day file beside the store's own writer, which must not run meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import apsw

from aios_desktop.events import database
from aios_desktop.events.dayfile import DayFile, require_ours

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from aios_desktop.events.rows import Row

MAX_WORDS: Final = 50_000
_INSERT: Final = "INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, nullif(?, 0), ?, ?)"


class MovedAwayError(Exception):
    """The file has lost its name: it was archived or removed."""


class DayWriter:
    """One day file, made when it is not there. Raises OSError, apsw.Error, ForeignFileError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        DayFile(path).close()  # gives a new file its layout
        self._connection = database.open_for_writing(path)
        self._words: dict[str, int] = {}
        try:
            require_ours(self._connection)
            self._identity = database.identity(path)
            self._connection.pragma("synchronous", "full")
        except BaseException:
            self._connection.close()
            raise

    def insert(self, rows: Sequence[Row]) -> None:
        """Commit rows to the platter; an id that is there already stays as it is.

        Raises MovedAwayError when the file has lost its name; then nothing was written.
        """
        self._connection.execute("BEGIN IMMEDIATE")  # whoever takes the file away locks it too
        try:
            if not self._has_name():
                raise MovedAwayError  # noqa: TRY301
            bindings = [(row[0], self._word(row[1]), self._word(row[2]), *row[3:]) for row in rows]
            self._connection.executemany(_INSERT, bindings)
            self._connection.execute("COMMIT")
        except BaseException:
            self._words.clear()  # some may have been rolled back
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Let go of the file."""
        if not self._has_name():  # the names of the side files may belong to another by now
            self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        self._connection.close()

    def _has_name(self) -> bool:
        try:
            return database.identity(self._path) == self._identity
        except OSError:
            return False

    def _word(self, text: str) -> int:
        code = self._words.get(text)
        if code is None:
            execute = self._connection.execute
            execute("INSERT OR IGNORE INTO word (text) VALUES (?)", (text,))
            code = int(execute("SELECT id FROM word WHERE text = ?", (text,)).get)
            if len(self._words) < MAX_WORDS:
                self._words[text] = code
        return code
