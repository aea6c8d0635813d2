"""Answers questions from archived days; unpacks only what can hold an answer, and keeps some."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from aios_desktop.events import database
from aios_desktop.events.archive import ArchiveFile, DamagedArchiveError, decode_lines
from aios_desktop.events.rows import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from aios_desktop.events.archive import Fields, Frame, Index
    from aios_desktop.events.want import Want

logger = logging.getLogger(__name__)

MAX_CACHE_BYTES: Final = 8 * 1024 * 1024
MAX_OPEN: Final = 8

Key = tuple[tuple[int, int], int]


class Vault:
    """Reads archives. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._indexes: OrderedDict[tuple[int, int], Index] = OrderedDict()
        self._contents: OrderedDict[Key, bytes] = OrderedDict()
        self._size = 0

    def rows(
        self, path: Path, want: Want, limit: int, check: Callable[[], None] = lambda: None
    ) -> list[Row]:
        """Return the wanted rows, newest first.

        ``check`` is called for each frame and may raise. Raises OSError and DamagedArchiveError.
        """
        found: list[Row] = []
        with self._open(path) as (identity, archive):
            codes = _codes(archive.index, want)
            for frame in reversed(archive.index.frames):
                if len(found) >= limit or frame.last < want.low:
                    break
                if frame.first > want.high or (codes is not None and not codes & {*frame.types}):
                    continue
                check()
                try:
                    content = self._content(identity, archive, frame)
                    found += _select(content, want)
                except DamagedArchiveError:
                    logger.warning("a part of %s cannot be read", path)
        return found[:limit]

    def blocks(self, path: Path) -> Iterator[list[Fields]]:
        """Return everything in a file that can be read, oldest first."""
        with self._open(path) as (_, archive):
            for frame in archive.index.frames:
                try:
                    yield decode_lines(archive.content(frame))
                except DamagedArchiveError:
                    logger.warning("a part of %s cannot be read", path)

    def newest(self, path: Path, below: int) -> int:
        """Return the newest id below a bound, 0 when there is none."""
        with self._open(path) as (identity, archive):
            for frame in reversed(archive.index.frames):
                if frame.first < below:
                    rows = decode_lines(self._content(identity, archive, frame))
                    return max(row[0] for row in rows if row[0] < below)
        return 0

    def forget(self) -> None:
        """Let go of what is kept in memory."""
        with self._lock:
            self._indexes.clear()
            self._contents.clear()
            self._size = 0

    @contextlib.contextmanager
    def _open(self, path: Path) -> Iterator[tuple[tuple[int, int], ArchiveFile]]:
        identity = database.identity(path)
        with self._lock:
            index = self._indexes.get(identity)
        archive = ArchiveFile(path, index)
        try:
            with self._lock:
                self._indexes[identity] = archive.index
                self._indexes.move_to_end(identity)
                while len(self._indexes) > MAX_OPEN:
                    self._indexes.popitem(last=False)
            yield identity, archive
        finally:
            archive.close()

    def _content(self, identity: tuple[int, int], archive: ArchiveFile, frame: Frame) -> bytes:
        key = (identity, frame.offset)
        with self._lock:
            if (known := self._contents.get(key)) is not None:
                self._contents.move_to_end(key)
                return known
        content = archive.content(frame)
        with self._lock:
            if key not in self._contents and len(content) <= MAX_CACHE_BYTES:
                self._contents[key] = content
                self._size += len(content)
                while self._size > MAX_CACHE_BYTES:
                    self._size -= len(self._contents.popitem(last=False)[1])
        return content


def _codes(index: Index, want: Want) -> set[int] | None:
    """Return the numbers of the wanted types; None when every type is wanted."""
    if not want.type:
        return None
    return {code for code, type_ in enumerate(index.types) if want.wants_type(type_)}


def _select(content: bytes, want: Want) -> list[Row]:
    """Return the wanted rows of a frame, newest first; lines without the text are not decoded."""
    needles = []
    if want.text:
        needles.append(want.json_text)
    if want.trace:
        needles.append(b"%d" % want.trace)
    if want.type and want.types is None:
        needles.append(b'"type":"%s"' % want.type.encode("utf-8", "replace").lower())
    if needles:
        content = _lines_with(content, needles)
    rows = (Row(*fields) for fields in decode_lines(content))
    return [row for row in rows if want.matches(row)][::-1]


def _lines_with(content: bytes, needles: list[bytes]) -> bytes:
    """Return the lines that have all needles in them, whatever their case."""
    small = content.lower()
    if not all(needle in small for needle in needles):
        return b""
    lines, smalls = content.splitlines(keepends=True), small.splitlines(keepends=True)
    return b"".join(
        line
        for line, each in zip(lines, smalls, strict=True)
        if all(needle in each for needle in needles)
    )
