"""One instance per data folder, held by a lock that ends with the process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from aios_desktop.errors import AiosError
from aios_desktop.paths import private_folder

if TYPE_CHECKING:
    from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: msvcrt locks the first byte instead
    fcntl = None  # type: ignore[assignment]


class AlreadyRunning(AiosError):
    """Another process holds the data folder."""


class InstanceLock:
    """The lock of one data folder. A killed process leaves nothing behind that must be cleaned."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Take the lock; False when the folder cannot hold one (read-only: nobody can share it).

        Raises AlreadyRunning when another process has it.
        """
        try:
            private_folder(self._file.parent)
            descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except (OSError, AiosError):
            return False
        try:
            _lock(descriptor)
        except OSError as error:
            os.close(descriptor)
            raise AlreadyRunning(
                "AIOS already runs with the data folder {folder}.", folder=str(self._file.parent)
            ) from error
        self._descriptor = descriptor
        try:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        except OSError:
            pass  # the lock holds all the same; the number only helps a reader
        return True

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _lock(descriptor: int) -> None:
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    import msvcrt  # type: ignore[unreachable]  # noqa: PLC0415

    msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
