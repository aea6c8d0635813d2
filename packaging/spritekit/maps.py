"""Reads the text sources: pixel maps and TOML tables, with file and line in every complaint."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

CLEAR = "."


class Fault(Exception):
    """Something in the sources is wrong; tells the file, the line and what to change."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")


@dataclass(frozen=True, slots=True)
class TextMap:
    """One picture written as text: a letter per pixel, ``.`` for transparent."""

    name: str
    rows: tuple[str, ...]
    path: Path
    line: int
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Pixels across."""
        return len(self.rows[0])

    @property
    def height(self) -> int:
        """Pixels down."""
        return len(self.rows)

    def numbers(self, note: str, count: int) -> tuple[int, ...] | None:
        """Return the whole numbers of a note such as ``solid=0,1,40,16``, None when it has none.

        Raises Fault when they are not ``count`` whole numbers.
        """
        text = self.notes.get(note)
        if text is None:
            return None
        try:
            found = tuple(int(part) for part in text.split(","))
        except ValueError:
            found = ()
        if len(found) != count:
            raise Fault(self.path, self.line, f"{note}={text}: {count} whole numbers expected")
        return found


class _Reader:
    """Collects the maps of one file."""

    def __init__(self, path: Path, letters: Collection[str]) -> None:
        self._path = path
        self._letters = letters
        self._head: tuple[str, int, dict[str, str]] | None = None
        self._rows: list[str] = []
        self.maps: dict[str, TextMap] = {}

    def line(self, number: int, text: str) -> None:
        """Take the next line of the file."""
        if text.startswith("=="):
            self.close()
            self._open(number, text[2:].split())
        elif text and not text.startswith(";"):
            self._row(number, text)

    def _open(self, number: int, words: list[str]) -> None:
        if not words:
            raise Fault(self._path, number, "a map needs a name after ==")
        if words[0] in self.maps:
            raise Fault(self._path, number, f"the map {words[0]} is there twice")
        notes = {}
        for word in words[1:]:
            key, mark, value = word.partition("=")
            if not mark:
                raise Fault(self._path, number, f"{word}: notes have the form key=value")
            notes[key] = value
        self._head = (words[0], number, notes)

    def _row(self, number: int, text: str) -> None:
        if self._head is None:
            raise Fault(self._path, number, "a row before the first == line")
        name = self._head[0]
        if self._rows and len(text) != len(self._rows[0]):
            width = len(self._rows[0])
            raise Fault(self._path, number, f"{name}: row is {len(text)} wide, not {width}")
        for letter in text:
            if letter != CLEAR and letter not in self._letters:
                raise Fault(self._path, number, f"{name}: the letter {letter!r} has no meaning")
        self._rows.append(text)

    def close(self) -> None:
        """Finish the map that is open."""
        if self._head is None:
            return
        name, number, notes = self._head
        if not self._rows:
            raise Fault(self._path, number, f"{name}: no rows")
        self.maps[name] = TextMap(name, tuple(self._rows), self._path, number, notes)
        self._rows = []


def read_maps(path: Path, letters: Collection[str]) -> dict[str, TextMap]:
    """Return the maps of a file by name.

    Raises Fault for uneven rows, unknown letters and maps that are there twice.
    """
    reader = _Reader(path, letters)
    for number, text in enumerate(path.read_text("utf-8").splitlines(), 1):
        reader.line(number, text.rstrip())
    reader.close()
    return reader.maps


class Table:
    """A TOML file that can tell on which line a word stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        text = path.read_text("utf-8")
        self._lines = text.splitlines()
        try:
            self.data: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise Fault(path, _line_of(str(error)), str(error)) from error

    def fault(self, word: str, message: str) -> Fault:
        """Return a Fault at the first line that has ``word`` in it."""
        for number, line in enumerate(self._lines, 1):
            if word in line and not line.lstrip().startswith("#"):
                return Fault(self.path, number, message)
        return Fault(self.path, 1, message)

    def section(self, name: str) -> dict[str, Any]:
        """Return a table of the file. Raises Fault when it is missing."""
        found = self.data.get(name)
        if not isinstance(found, dict):
            raise self.fault(name, f"the table [{name}] is missing")
        return found

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return an array of tables of the file, empty when it is missing."""
        found = self.data.get(name, [])
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise self.fault(name, f"[[{name}]] is an array of tables")
        return found


def _line_of(message: str) -> int:
    """Find the line in a message such as ``... (at line 3, column 7)``."""
    words = message.replace(",", " ").replace(")", " ").split()
    for before, word in itertools.pairwise(words):
        if before == "line" and word.isdigit():
            return int(word)
    return 1
