"""Which files of a cache go, in which order, and what stands for their exact list."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from aios_desktop.skills.action import ActionError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aios_desktop.sensors.caches import FileFacts

SHORTEST_AGE_S: Final = 3600
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AGE_FORM: Final = re.compile(r"([0-9]{1,6})([smhdw])\Z")


def order_of(file: FileFacts) -> tuple[int, str]:
    """Return the order in which files go: unused for longest first, ties by a digest of the path."""
    return file.used_ns, hashlib.sha256(path_bytes(file.path)).hexdigest()[:16]


def up_to(files: Iterable[FileFacts], max_bytes: int) -> list[FileFacts]:
    """Return the first files, up to a size."""
    chosen: list[FileFacts] = []
    size = 0
    for file in files:
        size += file.size
        if size > max_bytes:
            break
        chosen.append(file)
    return chosen


def digest_of(files: Iterable[FileFacts]) -> str:
    """Return what stands for an exact list of files: their paths, sizes and times."""
    digest = hashlib.sha256()
    for file in sorted(files, key=lambda one: one.path):
        digest.update(path_bytes(file.path) + f"\0{file.size}\0{file.mtime_ns}\n".encode())
    return digest.hexdigest()


def age_of(text: str) -> int:
    """Return the seconds of a duration such as 14d. Raises ActionError."""
    match = _AGE_FORM.match(text)
    if match is None:
        raise ActionError(
            "{name} is a duration such as 14d, not {value}.", name="older_than", value=text[:40]
        )
    seconds = int(match[1]) * _UNITS[match[2]]
    if seconds < SHORTEST_AGE_S:
        raise ActionError("{name} is at least {least}.", name="older_than", least="1h")
    return seconds


def size_text(size: float) -> str:
    """Return a size as people read it, in steps of 1000: 46 GB."""
    for unit in ("B", "kB", "MB"):
        if abs(size) < 999.5:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.0f} GB" if size >= 99.5 else f"{size:.1f} GB"


def path_bytes(path: str) -> bytes:
    """Return the bytes of a path as the file system has them."""
    return path.encode("utf-8", "surrogateescape")


def path_shown(path: str) -> str:
    """Return a path that any text can hold."""
    return path_bytes(path).decode("utf-8", "replace")
