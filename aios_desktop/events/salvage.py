"""Takes events out of a damaged day file, page by page, as far as they are whole.

SQLite's own recovery is not part of the library that we have, so this reads the leaf pages of
the table itself (https://sqlite.org/fileformat2.html). Whatever holds a whole row of the right
day is taken, wherever it lies: a stored event never changes, so an old copy of it is as good.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import struct
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from aios_desktop.events import files
from aios_desktop.events.archive import blocks
from aios_desktop.events.dayfile import DayFile, file_name
from aios_desktop.events.rows import day_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from aios_desktop.events.archive import Fields

logger = logging.getLogger(__name__)

DONE: Final = ".salvaged"
LEAF: Final = 0x0D
MAX_PAYLOAD: Final = 1024 * 1024
EVENT_COLUMNS: Final = 8
WORD_COLUMNS: Final = 2
UNKNOWN: Final = "unknown.type"
FRAME_HEADER: Final = 24
LOG_HEADER: Final = 32
LOG_SIGNS: Final = (0x377F0682, 0x377F0683)
_ASIDE: Final = re.compile(r"(\d{4}-\d\d-\d\d)\.db\.corrupt-\d+\Z")
_EPOCH: Final = date(1970, 1, 1).toordinal()
_INTEGER_BYTES: Final = (0, 1, 2, 3, 4, 6, 8)

Value = int | str | None


class BrokenError(Exception):
    """A record or a page that makes no sense."""


@dataclass(slots=True)
class Salvage:
    """What became of one damaged file."""

    day: int
    found: int = 0
    new: int = 0
    broken: int = 0


def pending(folder: Path) -> list[tuple[int, Path]]:
    """Return the day files that were set aside and not looked at yet, with their days."""
    return [(day, path) for day, path in set_aside(folder) if not _done(path).exists()]


def set_aside(folder: Path) -> list[tuple[int, Path]]:
    """Return all day files that were set aside."""
    found = []
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if match := _ASIDE.match(path.name):
                with contextlib.suppress(ValueError):
                    found.append((date.fromisoformat(match[1]).toordinal() - _EPOCH, path))
    return sorted(found)


def forget(path: Path) -> None:
    """Remove a file that was set aside, and what belongs to it. Raises OSError."""
    for ending in ("-wal", "-shm", DONE, ""):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def salvage(folder: Path, day: int, path: Path, tell: Callable[[int], None]) -> Salvage:
    """Put all whole events of a damaged file into the day file that took its place.

    It can be cut off and done again. Raises OSError, apsw.Error and MovedError.
    """
    result = Salvage(day)
    target: DayFile | None = None
    with contextlib.ExitStack() as stack:
        pages = stack.enter_context(_Pages(path))
        try:
            for block in blocks(_rows(pages, result)):
                target = target or DayFile(folder / file_name(day))
                result.found += len(block)
                result.new += target.insert_rows(block)
                tell(result.found)
        finally:
            if target is not None:
                target.close()
    files.write_whole(_done(path), json.dumps(asdict(result)).encode())
    logger.warning("%s of %s events of %s were new", result.new, result.found, path)
    return result


def _done(path: Path) -> Path:
    return path.with_name(path.name + DONE)


class _Pages:
    """The pages of a file, and those of its log as far as it was committed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._main: BinaryIO = path.open("rb")
        self._log: BinaryIO | None = None
        self.size = 4096
        self.usable = 4096
        self._in_log: dict[int, int] = {}  # page number: where its last version lies
        self._frames: list[int] = []

    def __enter__(self) -> _Pages:
        head = self._main.read(100)
        if len(head) == 100:
            size = int.from_bytes(head[16:18], "big")
            size = 65536 if size == 1 else size
            if 512 <= size <= 65536 and size & (size - 1) == 0:
                self.size = size
        self.usable = self.size - (head[20] if len(head) == 100 and head[20] < 32 else 0)
        log = self._path.with_name(self._path.name + "-wal")
        with contextlib.suppress(OSError):
            self._log = log.open("rb")
            self._read_log(self._log)
        return self

    def __exit__(self, *error: object) -> None:
        self._main.close()
        if self._log is not None:
            self._log.close()

    def all(self) -> Iterator[bytes]:
        """Return every page there is, old versions too."""
        self._main.seek(0)
        number = 0
        while page := self._main.read(self.size):
            number += 1
            yield page[100:] if number == 1 else page
            self._main.seek(number * self.size)
        for offset in self._frames:
            yield self._frame(offset)

    def get(self, number: int) -> bytes:
        """Return the newest version of a page."""
        if (offset := self._in_log.get(number)) is not None:
            return self._frame(offset)
        self._main.seek((number - 1) * self.size)
        return self._main.read(self.size)

    def _frame(self, offset: int) -> bytes:
        assert self._log is not None
        self._log.seek(offset)
        return self._log.read(self.size)

    def _read_log(self, log: BinaryIO) -> None:
        head = log.read(LOG_HEADER)
        if len(head) < LOG_HEADER or struct.unpack(">I", head[:4])[0] not in LOG_SIGNS:
            return
        salt, offset = head[16:24], LOG_HEADER
        open_frames: list[tuple[int, int]] = []
        while len(frame := log.read(FRAME_HEADER)) == FRAME_HEADER and frame[8:16] == salt:
            number, committed = struct.unpack(">II", frame[:8])
            open_frames.append((number, offset + FRAME_HEADER))
            offset += FRAME_HEADER + self.size
            log.seek(offset)
            if committed:
                self._in_log.update(open_frames)
                self._frames += [at for _, at in open_frames]
                open_frames = []


def _rows(pages: _Pages, result: Salvage) -> Iterator[Fields]:
    """Return the whole rows of the right day."""
    words = dict(_words(pages))
    for record in _records(pages, EVENT_COLUMNS, result):
        row = _event(record, words)
        if row is None or day_of(row[0]) != result.day:
            result.broken += 1
        else:
            yield row


def _words(pages: _Pages) -> Iterator[tuple[int, str]]:
    for rowid, values in _records(pages, WORD_COLUMNS, Salvage(0)):
        if values[0] is None and isinstance(values[1], str):
            yield rowid, values[1]


def _records(pages: _Pages, columns: int, result: Salvage) -> Iterator[tuple[int, list[Value]]]:
    """Return the records with so many columns of all leaf pages."""
    for at, page in _leaves(pages):
        for start in _cells(page):
            try:
                found = _record(pages, page, start - at, columns)
            except (BrokenError, IndexError, struct.error, UnicodeDecodeError):
                result.broken += 1
                continue
            if found is not None:
                yield found


def _leaves(pages: _Pages) -> Iterator[tuple[int, bytes]]:
    """Return the leaf pages of tables, and how much is missing at their beginning."""
    for page in pages.all():
        if page and page[0] == LEAF:
            yield pages.size - len(page) if len(page) == pages.size - 100 else 0, page


def _cells(page: bytes) -> list[int]:
    if len(page) < 8:
        return []
    count = min(int.from_bytes(page[3:5], "big"), (len(page) - 8) // 2)
    return list(struct.unpack(f">{count}H", page[8 : 8 + 2 * count]))


def _record(pages: _Pages, page: bytes, start: int, columns: int) -> tuple[int, list[Value]] | None:
    """Read one record; None when it has other columns. Raises BrokenError and IndexError."""
    if start < 8:
        raise BrokenError
    size, start = _number(page, start)
    rowid, start = _number(page, start)
    if not 0 < size <= MAX_PAYLOAD:
        raise BrokenError
    payload = _payload(pages, page, start, size)
    head_size, at = _number(payload, 0)
    kinds = []
    while at < head_size:
        kind, at = _number(payload, at)
        kinds.append(kind)
    if len(kinds) != columns or at != head_size:
        return None
    values: list[Value] = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    if at != len(payload):
        raise BrokenError
    return rowid, values


def _payload(pages: _Pages, page: bytes, start: int, size: int) -> bytes:
    """Return a record's bytes, those on overflow pages included."""
    usable = pages.usable
    most = usable - 35
    if size <= most:
        payload = page[start : start + size]
        if len(payload) < size:
            raise BrokenError
        return payload
    least = (usable - 12) * 32 // 255 - 23
    here = least + (size - least) % (usable - 4)
    here = here if here <= most else least
    parts, left = [page[start : start + here]], size - here
    (following,) = struct.unpack(">I", page[start + here : start + here + 4])
    while left > 0:
        more = pages.get(following) if following else b""
        if len(more) < pages.size:
            raise BrokenError
        (following,) = struct.unpack(">I", more[:4])
        parts.append(more[4 : 4 + min(left, usable - 4)])
        left -= usable - 4
    return b"".join(parts)


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Read a number of variable length; return it and where it ends."""
    value = 0
    for length in range(8):
        byte = data[at + length]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + length + 1
    return value << 8 | data[at + 8], at + 9


def _value(data: bytes, at: int, kind: int) -> tuple[Value, int]:
    """Read one value of a record. Raises BrokenError for a kind that we never write."""
    if kind == 0:
        return None, at
    if kind in {8, 9}:
        return kind - 8, at
    if kind < len(_INTEGER_BYTES):
        end = at + _INTEGER_BYTES[kind]
        return int.from_bytes(data[at:end], "big", signed=True), end
    if kind >= 13 and kind % 2:
        end = at + (kind - 13) // 2
        return data[at:end].decode("utf-8"), end
    raise BrokenError


def _event(record: tuple[int, list[Value]], words: dict[int, str]) -> Fields | None:
    """Return the row of a record; None when it cannot be one of ours."""
    rowid, (none, type_, source, severity, target, trace, cause, data) = record
    if not (
        none is None
        and isinstance(type_, int)
        and isinstance(source, int)
        and isinstance(severity, int)
        and isinstance(target, str)
        and isinstance(trace, int | None)
        and isinstance(cause, int)
        and isinstance(data, str)
    ):
        return None
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return None
    known = words.get(type_, UNKNOWN), words.get(source, "unknown")
    return rowid, *known, severity, target, trace or 0, cause, data


def size_of(folder: Path) -> int:
    """Return the bytes that files take which were set aside."""
    total = 0
    for _, path in set_aside(folder):
        for ending in ("", "-wal"):
            with contextlib.suppress(OSError):
                total += path.with_name(path.name + ending).stat().st_size
    return total
