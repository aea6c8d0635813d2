"""An archived day: JSON lines in zstd frames, with an index of the frames at the end.

``zstdcat`` prints the events: the index lies in a frame that decompressors skip. A frame holds
a few thousand events, so a question unpacks only the frames that can have an answer.
"""

from __future__ import annotations

import contextlib
import io
import struct
from datetime import date
from typing import TYPE_CHECKING, Final

import msgspec
import zstandard

from aios_desktop.events import files
from aios_desktop.events.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

Fields = tuple[int, str, str, int, str, int, int, str]
"""What a ``Row`` holds, in its order, as a plain tuple (a day has a million of them)."""

LEVEL: Final = 1  # smaller files than level 3 on event data, in half the time
FRAME_ROWS: Final = 4096
FRAME_BYTES: Final = 2 * 1024 * 1024
MAX_FRAME_BYTES: Final = 64 * 1024 * 1024  # unpacked; larger ones are not ours
MAX_INDEX_BYTES: Final = 16 * 1024 * 1024
SKIPPABLE: Final = 0x184D2A50
SIGN: Final = b"AIOSIDX1"
FOLDER: Final = "archive"
SUMMARIES: Final = "summaries"
_EPOCH: Final = date(1970, 1, 1).toordinal()
_NAMES: Final = tuple(map(str, Severity))
_RANKS: Final = {name: rank for rank, name in enumerate(_NAMES)}


class DamagedArchiveError(Exception):
    """A file that is not a whole archive of ours."""


class Line(msgspec.Struct, gc=False):
    """One event in the archive. ``data`` that is a text is a payload that was not JSON."""

    id: int
    type: str
    source: str
    severity: str | int
    target: str
    trace: int
    cause: int
    data: msgspec.Raw


class Frame(msgspec.Struct, array_like=True, frozen=True):
    """Where a frame lies and what is in it."""

    offset: int
    size: int
    bytes: int
    first: int
    last: int
    rows: int
    types: list[int]


class Index(msgspec.Struct):
    """The frames of an archive, oldest first, and the words their ``types`` stand for."""

    types: list[str] = []
    frames: list[Frame] = []
    version: int = 1

    @property
    def rows(self) -> int:
        """Return the number of events."""
        return sum(frame.rows for frame in self.frames)


def archive_file(folder: Path, day: int) -> Path:
    """Return the archive of a UTC day (days since the epoch)."""
    return folder / FOLDER / f"{date.fromordinal(_EPOCH + day).isoformat()}.jsonl.zst"


def summary_file(folder: Path, day: int) -> Path:
    """Return the kept summary of a UTC day."""
    return folder / SUMMARIES / f"{date.fromordinal(_EPOCH + day).isoformat()}.json"


def archive_files(folder: Path) -> list[tuple[int, Path]]:
    """Return the archived days, the newest first."""
    return _days(folder / FOLDER, ".jsonl.zst")


def summary_days(folder: Path) -> list[int]:
    """Return the days that have a summary, the newest first."""
    return [day for day, _ in _days(folder / SUMMARIES, ".json")]


def _days(folder: Path, ending: str) -> list[tuple[int, Path]]:
    found = []
    try:
        paths = list(folder.iterdir())
    except OSError:
        return []
    for path in paths:
        name = path.name
        if not name.endswith(ending) or len(name) != len("2026-01-01") + len(ending):
            continue
        with contextlib.suppress(ValueError):
            day = date.fromisoformat(name[: -len(ending)]).toordinal() - _EPOCH
            found.append((day, path))
    return sorted(found, reverse=True)


class ArchiveWriter:
    """Writes the next version of an archive; ``files.publish`` makes it the valid one."""

    def __init__(self, path: Path, *, careful: bool = False) -> None:
        self._out: BinaryIO = files.create(path)
        self._zstd = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
        self._careful = careful
        self._heads: dict[tuple[str, str, int], str] = {}
        self._codes: dict[str, int] = {}
        self._index = Index(types=[], frames=[])
        self._offset = 0

    def add(self, rows: Sequence[Fields]) -> None:
        """Write some rows, newer than all before, as one frame."""
        if not rows:
            return
        content = "".join(self._lines(rows)).encode()
        packed = self._zstd.compress(content)
        self._out.write(packed)
        codes = self._codes
        types = sorted({codes.setdefault(name, len(codes)) for name in {row[1] for row in rows}})
        self._index.frames.append(
            Frame(
                self._offset, len(packed), len(content), rows[0][0], rows[-1][0], len(rows), types
            )
        )
        self._offset += len(packed)

    def finish(self) -> None:
        """Write the index and bring everything to the platter."""
        self._index.types = list(self._codes)
        content = msgspec.json.encode(self._index)
        content += struct.pack("<I", len(content)) + SIGN
        self._out.write(struct.pack("<II", SKIPPABLE, len(content)) + content)
        files.seal(self._out)
        self._out.close()

    def close(self) -> None:
        """Let go of the file."""
        self._out.close()

    def _lines(self, rows: Sequence[Fields]) -> list[str]:
        heads = self._heads
        lines = []
        for id_, type_, source, severity, target, trace, cause, data in rows:
            head = heads.get((type_, source, severity))
            if head is None:
                head = self._head(type_, source, severity)
            about = _text(target) if target else '""'
            if self._careful and not _is_json(data):
                data = _text(data)  # noqa: PLW2901  a payload that was not JSON
            lines.append(
                f'{{"id":{id_},{head},"target":{about},"trace":{trace},"cause":{cause},'
                f'"data":{data}}}\n'
            )
        return lines

    def _head(self, type_: str, source: str, severity: int) -> str:
        """Return the part of a line that many events share."""
        if len(self._heads) > 10_000:
            self._heads.clear()
        name = _text(_NAMES[severity]) if 0 <= severity < len(_NAMES) else str(severity)
        head = f'"type":{_text(type_)},"source":{_text(source)},"severity":{name}'
        self._heads[type_, source, severity] = head
        return head


def blocks(rows: Iterable[Fields]) -> Iterator[list[Fields]]:
    """Cut a stream of rows into frames, bounded in rows and in bytes."""
    block: list[Fields] = []
    size = 0
    for row in rows:
        block.append(row)
        size += len(row[7]) + 100
        if len(block) >= FRAME_ROWS or size >= FRAME_BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block


class ArchiveFile:
    """Reads an archive frame by frame. Raises DamagedArchiveError and OSError.

    ``index`` is that of the same file, for a caller that has it already.
    """

    def __init__(self, path: Path, index: Index | None = None) -> None:
        self._file = path.open("rb")
        try:
            self.index = index or self._read_index()
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def content(self, frame: Frame) -> bytes:
        """Return the lines of a frame."""
        if not 0 <= frame.bytes <= MAX_FRAME_BYTES or not 0 <= frame.size <= MAX_FRAME_BYTES:
            raise DamagedArchiveError
        self._file.seek(frame.offset)
        try:
            content = zstandard.ZstdDecompressor().decompress(
                self._file.read(frame.size), max_output_size=frame.bytes
            )
        except zstandard.ZstdError as error:
            raise DamagedArchiveError(str(error)) from error
        if len(content) != frame.bytes:
            raise DamagedArchiveError
        return content

    def rows(self) -> Iterator[list[Fields]]:
        """Return all rows, frame by frame."""
        for frame in self.index.frames:
            rows = decode_lines(self.content(frame))
            if len(rows) != frame.rows:
                raise DamagedArchiveError
            yield rows

    def _read_index(self) -> Index:
        end = self._file.seek(0, io.SEEK_END)
        tail = struct.calcsize("<I") + len(SIGN)
        self._file.seek(max(0, end - tail))
        raw = self._file.read(tail)
        if len(raw) < tail or raw[4:] != SIGN:
            raise DamagedArchiveError
        (size,) = struct.unpack("<I", raw[:4])
        if not 0 < size <= min(MAX_INDEX_BYTES, end - tail):
            raise DamagedArchiveError
        self._file.seek(end - tail - size)
        try:
            return _INDEX.decode(self._file.read(size))
        except msgspec.DecodeError as error:
            raise DamagedArchiveError(str(error)) from error


def readable_rows(path: Path) -> Iterator[list[Fields]]:
    """Return the rows of all frames that can be read, whatever is wrong with the others."""
    try:
        archive = ArchiveFile(path)
    except DamagedArchiveError:
        return
    try:
        for frame in archive.index.frames:
            try:
                yield decode_lines(archive.content(frame))
            except DamagedArchiveError:
                continue
    finally:
        archive.close()


def decode_lines(content: bytes | memoryview) -> list[Fields]:
    """Return the rows of some lines. Raises DamagedArchiveError."""
    try:
        rows = [
            (
                line.id,
                line.type,
                line.source,
                _RANKS[line.severity] if isinstance(line.severity, str) else line.severity,
                line.target,
                line.trace,
                line.cause,
                str(line.data, "utf-8"),
            )
            for line in _LINES.decode_lines(content)
        ]
        for number, row in enumerate(rows):
            if row[7][0] == '"':
                rows[number] = (*row[:7], _TEXT.decode(row[7]))
        return rows
    except (msgspec.DecodeError, KeyError, IndexError, UnicodeDecodeError) as error:
        raise DamagedArchiveError(str(error)) from error


def _text(text: str) -> str:
    return msgspec.json.encode(text).decode()


def _is_json(data: str) -> bool:
    """Say whether a payload can stand in a line as it is."""
    if not data.startswith("{") or "\n" in data:
        return False
    try:
        _ANY.decode(data)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return False
    return True


_INDEX: Final = msgspec.json.Decoder(Index)
_LINES: Final = msgspec.json.Decoder(Line)
_TEXT: Final = msgspec.json.Decoder(str)
_ANY: Final = msgspec.json.Decoder(msgspec.Raw)
