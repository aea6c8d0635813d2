"""Files that are there whole or not at all, also after a kill or a power cut."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from aios_desktop.events.database import sync_folder

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

FRESH: Final = ".new"


def fresh(path: Path) -> Path:
    """Return where the next version of a file is written."""
    return path.with_name(path.name + FRESH)


def create(path: Path) -> BinaryIO:
    """Open the next version of a file for writing, private to the user. Raises OSError."""
    flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    return os.fdopen(os.open(fresh(path), flags, 0o600), "wb")


def seal(out: BinaryIO) -> None:
    """Bring what was written to the platter. Raises OSError."""
    out.flush()
    os.fsync(out.fileno())


def publish(path: Path) -> None:
    """Let the sealed next version take the file's place. Raises OSError."""
    fresh(path).replace(path)
    sync_folder(path.parent)


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file. Raises OSError; then the old one is as it was."""
    try:
        with create(path) as out:
            out.write(content)
            seal(out)
        publish(path)
    except BaseException:
        fresh(path).unlink(missing_ok=True)
        raise


def remove(path: Path) -> None:
    """Remove a file for good, if it is there. Raises OSError."""
    path.unlink(missing_ok=True)
    sync_folder(path.parent)
