"""Reads the files of an older AIOS: any of its encodings, one value a line or many lines a value.

A ``.jsonl`` file is read as a stream. A line that cannot be used costs that line. A ``.json`` file
is read whole, or refused whole.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import re
import zlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT: Final = 64 * 1024 * 1024  # of one line, of one value, of one .json file
LAZY: Final = 1024 * 1024  # longer lines are parsed value by value
MAX_NAMED: Final = 1000  # line numbers kept for the report
_BLANK: Final = " \t\r\n\ufeff"
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_TOKEN: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}"]', re.DOTALL)
_BROKEN: Final = (OSError, EOFError, zlib.error)
_DECODER: Final = json.JSONDecoder()
Json = dict[str, Any]
Stream = io.BufferedIOBase | gzip.GzipFile


class Why(StrEnum):
    """Why something was refused."""

    NOT_JSON = "not json"
    NOT_OBJECT = "not an object"
    NOT_TEXT = "not text"
    TOO_LONG = "too long"
    UNREADABLE = "cannot be read"
    TIME = "time"
    NO_TYPE = "no type"
    NO_TRIGGER = "no trigger"
    EMPTY = "empty"


class Fault(NamedTuple):
    """A line that was refused. ``column`` is 0 where it is of no use."""

    line: int
    why: Why
    detail: str = ""
    column: int = 0


class Found(NamedTuple):
    """One object and the line on which it begins."""

    line: int
    value: Json


class BadValueError(ValueError):
    """A text is not JSON, or is nested too deeply."""


@dataclass(slots=True)
class Lines:
    """The lines of one file as text, with what was noticed on the way."""

    stream: Stream
    limit: int = LIMIT
    most: int = 1 << 62  # bytes to read; for packed files
    lines: int = 0
    blank: int = 0
    encoding: str = "utf-8"
    not_utf8: list[int] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[int, str] | Fault]:
        """Return each line with its number; blank ones are only counted."""
        try:
            yield from self._texts()
        except _BROKEN as error:
            yield Fault(self.lines + 1, Why.UNREADABLE, str(error)[:200])

    def _texts(self) -> Iterator[tuple[int, str] | Fault]:
        buffered = io.BufferedReader(_Raw(self.stream, self.most), 256 * 1024)
        start = buffered.peek(3)[:3]
        if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            self.encoding = "utf-16-le" if start[:2] == codecs.BOM_UTF16_LE else "utf-16-be"
            yield from self._wide(buffered)
            return
        if start == codecs.BOM_UTF8:
            self.encoding = "utf-8-sig"
        while line := buffered.readline(self.limit + 1):
            self.lines += 1
            if len(line) > self.limit:
                yield Fault(self.lines, Why.TOO_LONG)
                while line and not line.endswith(b"\n"):
                    line = buffered.readline(self.limit)
                continue
            text = self._decode(line)
            if text is None:
                yield Fault(self.lines, Why.NOT_TEXT)
            elif kept := text.rstrip(_BLANK).lstrip("\ufeff"):
                yield self.lines, kept
            else:
                self.blank += 1

    def _wide(self, buffered: io.BufferedReader[_Raw]) -> Iterator[tuple[int, str] | Fault]:
        with io.TextIOWrapper(
            buffered, encoding=self.encoding, errors="replace", newline="\n"
        ) as texts:
            while text := texts.readline(self.limit // 2):
                self.lines += 1
                if len(text) >= self.limit // 2:
                    yield Fault(self.lines, Why.TOO_LONG)
                    while text and not text.endswith("\n"):
                        text = texts.readline(self.limit // 2)
                elif kept := text.rstrip(_BLANK).lstrip("\ufeff"):
                    yield self.lines, kept
                else:
                    self.blank += 1

    def _decode(self, line: bytes) -> str | None:
        try:
            return line.decode()
        except UnicodeDecodeError:
            if len(self.not_utf8) < MAX_NAMED:
                self.not_utf8.append(self.lines)
        try:
            return line.decode("gb18030")
        except UnicodeDecodeError:
            return None


class _Raw(io.RawIOBase):
    """Gives a stream the form that ``io.BufferedReader`` wants, without closing it."""

    def __init__(self, stream: Stream, most: int) -> None:
        self._stream = stream
        self._left = most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read1(len(buffer))
        self._left -= len(data)  # what a cut-off packed file has is given out before it fails
        if self._left < 0:
            raise OSError("too much in one packed file")
        buffer[: len(data)] = data
        return len(data)


class Records:
    """The objects of a ``.jsonl`` file and the lines that were refused, in order."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.several = 0  # lines with more than one value
        self._stream = False  # the first line did not parse: values may go over several lines
        self._first = True
        self._open: _Open | None = None

    def __iter__(self) -> Iterator[Found | Fault]:
        """Return objects and refused lines, in order."""
        for item in self.lines:
            if isinstance(item, Fault):
                yield from self._give_up()
                yield item
            elif self._open is None:
                yield from self._fresh(*item)
            else:
                yield from self._more(*item)
        yield from self._give_up()

    def _fresh(self, number: int, text: str) -> Iterator[Found | Fault]:
        """Take a line that begins a value."""
        try:
            found = self._values(number, text)
        except BadValueError as error:
            self._stream = self._stream or self._first
            self._first = False
            opened = _Open(number, str(error), self.lines.limit)
            opened.add(text)
            if self._stream and opened.goes_on:
                self._open = opened
            else:
                yield Fault(number, Why.NOT_JSON, str(error))
            return
        self._first = False
        yield from found

    def _more(self, number: int, text: str) -> Iterator[Found | Fault]:
        """Take a line that goes on with the value that is open."""
        opened = self._open
        assert opened is not None
        if text.startswith("{") and opened.is_cut(text):
            yield from self._give_up()
            yield from self._fresh(number, text)
            return
        opened.add(text)
        if opened.goes_on:
            return
        self._open = None
        if opened.too_long:
            yield Fault(opened.line, Why.TOO_LONG)
            return
        try:
            found = self._values(opened.line, opened.text())
        except BadValueError as error:
            yield Fault(opened.line, Why.NOT_JSON, str(error))
            return
        yield from found

    def _give_up(self) -> Iterator[Fault]:
        if self._open is not None:
            yield Fault(self._open.line, Why.NOT_JSON, self._open.error)
            self._open = None

    def _values(self, number: int, text: str) -> Iterator[Found | Fault]:
        """Return the objects of a text. Raises BadValueError before the first one."""
        if len(text) <= LAZY:
            values = list(_top(text))
            if len(values) > 1:
                self.several += 1
            return iter([x for value in values for x in _objects(number, value)])
        tops = objects = 0
        for value, in_array in _each(text):
            tops += not in_array
            objects += isinstance(value, dict)
        if tops > 1:
            self.several += 1
        return _lazily(number, text, any_object=objects > 0)


class _Open:
    """A value that has begun and not yet ended."""

    def __init__(self, line: int, error: str, limit: int) -> None:
        self.line = line
        self.error = error
        self.too_long = False
        self._limit = limit
        self._parts: list[str] = []
        self._size = 0
        self._depth = 0
        self._cut = False

    @property
    def goes_on(self) -> bool:
        """Say whether brackets are still open, and no text was cut by the end of a line."""
        return self._depth > 0 and not self._cut and not self.too_long

    def add(self, text: str) -> None:
        """Add a line."""
        self._size += len(text)
        self.too_long = self._size > self._limit
        self._parts.append(text)
        for found in _TOKEN.finditer(text):
            sign = found[0]
            if sign in "[{":
                self._depth += 1
            elif sign in "]}":
                self._depth -= 1
            elif sign == '"':  # a text without an end
                self._cut = True
                return

    def is_cut(self, text: str) -> bool:
        """Say whether ``text`` begins a new value, so that this one has lost its end."""
        if len(self._parts) > 1:
            return self._parts[-1][-1] not in ",[:"
        if self._parts[0] in "[{":
            return False
        try:
            return all(isinstance(value, dict) for value in _top(text))
        except BadValueError:
            return False

    def text(self) -> str:
        """Return all lines."""
        return "\n".join(self._parts)


def _top(text: str) -> Iterator[Any]:
    """Return the values that stand one after the other in a text. Raises BadValueError."""
    at = _skip(text, 0)
    while at < len(text):
        value, at = _parse(text, at)
        yield value
        at = _skip(text, at)


def _each(text: str) -> Iterator[tuple[Any, bool]]:
    """Return the values of a long text one by one, an array's elements each for itself."""
    at = _skip(text, 0)
    while at < len(text):
        if text[at] != "[":
            value, at = _parse(text, at)
            yield value, False
        else:
            at = _skip(text, at + 1)
            ended = text[at : at + 1] == "]"
            while not ended:
                value, at = _parse(text, at)
                yield value, True
                at = _skip(text, at)
                ended = text[at : at + 1] == "]"
                if not ended:
                    if text[at : at + 1] != ",":
                        raise BadValueError(f"Expecting ',' delimiter: column {at + 1}")
                    at = _skip(text, at + 1)
            at += 1
        at = _skip(text, at)


def _lazily(number: int, text: str, *, any_object: bool) -> Iterator[Found | Fault]:
    """Return the objects of a long text that is known to be sound."""
    if not any_object:
        yield Fault(number, Why.NOT_OBJECT)
        return
    for value, _ in _each(text):
        if isinstance(value, dict):
            yield Found(number, value)
        else:
            yield Fault(number, Why.NOT_OBJECT)


def _objects(number: int, value: Any) -> Iterator[Found | Fault]:
    """Return a value, or the elements of an array, as records."""
    if isinstance(value, dict):
        yield Found(number, value)
    elif isinstance(value, list) and any(isinstance(x, dict) for x in value):
        for x in value:
            yield Found(number, x) if isinstance(x, dict) else Fault(number, Why.NOT_OBJECT)
    elif value != []:
        yield Fault(number, Why.NOT_OBJECT)


def _parse(text: str, at: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise BadValueError(f"{error.msg}: column {error.pos + 1}") from error
    except (ValueError, RecursionError) as error:
        raise BadValueError(str(error)[:200]) from error


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
