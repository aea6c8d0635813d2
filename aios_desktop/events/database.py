"""What all our SQLite files have in common: private, checked, set aside whole when damaged."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import apsw

if TYPE_CHECKING:
    from pathlib import Path

BUSY_MS: Final = 5000
SIDE_FILES: Final = ("-wal", "-shm")
READ_ONLY: Final = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
READ_WRITE: Final = apsw.SQLITE_OPEN_READWRITE

DAMAGED: Final = (apsw.CorruptError, apsw.NotADBError)
"""The file's content is not what SQLite wrote."""

UNWRITABLE: Final = (
    OSError,
    apsw.FullError,
    apsw.IOError,
    apsw.ReadOnlyError,
    apsw.CantOpenError,
    apsw.PermissionsError,
    apsw.BusyError,
    apsw.LockedError,
    apsw.NoMemError,
)
"""The disk, its rights or a neighbour is in the way; the same statement may work later."""


class ForeignFileError(Exception):
    """A sound SQLite file that is not ours, or that a newer version wrote."""

    def __init__(self) -> None:
        super().__init__("not a file of this version of ours")


def open_for_writing(path: Path) -> apsw.Connection:
    """Open a database, made with mode 0600 if need be. Raises OSError or apsw.Error."""
    made = not path.exists()
    if made:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    elif path.stat().st_mode & 0o077:
        path.chmod(0o600)
    connection = apsw.Connection(str(path), flags=READ_WRITE)
    try:
        connection.set_busy_timeout(BUSY_MS)
        _require_writable(connection)
        connection.pragma("journal_mode", "wal")
        connection.pragma("journal_size_limit", 16 * 1024 * 1024)
        connection.pragma("foreign_keys", True)
    except BaseException:
        connection.close()
        raise
    if made:
        sync_folder(path.parent)
    return connection


def _require_writable(connection: apsw.Connection) -> None:
    """Refuse a file that SQLite has quietly opened for reading only."""
    if connection.readonly("main"):
        raise apsw.ReadOnlyError("attempt to write a readonly database")


def open_for_reading(path: Path) -> tuple[apsw.Connection, bool]:
    """Open a database that somebody else may be writing. Raises apsw.Error.

    Where SQLite cannot make its side files (a read-only folder, a full disk) the file is read as
    it lies. The second value is False then: such a connection sees no change, so it is for one
    use only.
    """
    address = path.absolute().as_uri()
    try:
        return _looked_at(address), True
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.IOError, apsw.FullError):
        log = path.with_name(path.name + "-wal")
        if os.access(path.parent, os.W_OK) and log.exists() and log.stat().st_size:
            raise
        return _looked_at(f"{address}?immutable=1"), False


def _looked_at(address: str) -> apsw.Connection:
    """Open for reading and take the first real look at the file."""
    connection = apsw.Connection(address, flags=READ_ONLY)
    try:
        connection.set_busy_timeout(BUSY_MS)
        connection.pragma("schema_version")
    except BaseException:
        connection.close()
        raise
    return connection


def require_intact(connection: apsw.Connection) -> None:
    """Let SQLite look for damage (about 1 s per GB). Raises apsw.CorruptError."""
    finding = connection.execute("PRAGMA quick_check(1)").get
    if finding != "ok":
        raise apsw.CorruptError(str(finding))


def set_aside(path: Path) -> Path:
    """Rename a database and its side files; return its new place. Raises OSError."""
    aside = free_name(path)
    for side in SIDE_FILES:
        beside = path.with_name(path.name + side)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + side))
    path.rename(aside)
    return aside


def free_name(path: Path) -> Path:
    """Return a name beside ``path`` for a damaged file. Raises OSError."""
    stamp = path.stat().st_mtime_ns // 1000
    aside = path.with_name(f"{path.name}.corrupt-{stamp}")
    while aside.exists():
        stamp += 1
        aside = path.with_name(f"{path.name}.corrupt-{stamp}")
    return aside


def identity(path: Path) -> tuple[int, int]:
    """Return what tells a file from another one that took its name. Raises OSError."""
    status = path.stat()
    return (status.st_dev, status.st_ino)


def sync_folder(folder: Path) -> None:
    """Make the names of new files in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def reason(error: BaseException) -> str:
    """Say in a few words what the system or SQLite said."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error) or type(error).__name__
