"""Reads playbook files: YAML 1.2 core (and JSON, which is YAML), with the place of every node.

PyYAML follows YAML 1.1, where ``on``, ``off``, ``no`` and ``1:30`` are not text; the resolvers here
are those of YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema). Anchors,
aliases, tags and several documents are refused: a playbook is plain data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import yaml

from aios_desktop.i18n import Say

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES: Final = 64 * 1024
MAX_DEPTH: Final = 12
MAX_NODES: Final = 5000
_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_WORDS: Final[dict[str, Any]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
Path_ = tuple[str | int, ...]
Place = tuple[int, int]  # line and column, counted from 1


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a file; ``nearest`` is the nearest valid word where there is one."""

    file: str
    line: int
    column: int
    field: str
    message: Say
    nearest: str = ""

    def text(self) -> str:
        """Return ``file:line:column: message``, as editors and compilers do."""
        place = f"{self.file}:{self.line}:{self.column}: "
        name = f"{self.field}: " if self.field else ""
        near = (
            f" ({Say('the nearest is {word}', {'word': self.nearest}).text()})"
            if self.nearest
            else ""
        )
        return place + name + self.message.text() + near


class FaultyError(Exception):
    """A file cannot be used, for the faults it carries."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(fault.text() for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Document:
    """The plain data of a file and where each part of it stands."""

    file: str
    data: Any
    places: dict[Path_, Place] = field(default_factory=dict)

    def place(self, path: Path_) -> Place:
        """Return the place of a part, or of the nearest part around it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (1, 1))

    def fault(self, path: Path_, message: Say, nearest: str = "", column: int = 0) -> Fault:
        """Return a fault at a part; ``column`` counts from 1 inside a one-line value."""
        line, start = self.place(path)
        name = ".".join(str(part) for part in path if part != "#key")
        return Fault(self.file, line, start + max(0, column - 1), name, message, nearest)


def read(file: Path) -> Document:
    """Read a file. Raises FaultyError with the place of what is wrong."""
    name = str(file)
    try:
        if file.stat().st_size > MAX_BYTES:
            raise FaultyError(
                Fault(name, 1, 1, "", Say("The file is larger than {n} bytes.", {"n": MAX_BYTES}))
            )
        raw = file.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise FaultyError(
            Fault(name, 1, 1, "", Say("The file cannot be read: {reason}.", {"reason": reason}))
        ) from error
    return parse(raw, name)


def parse(raw: bytes, name: str) -> Document:
    """Parse the bytes of a file called ``name``. Raises FaultyError."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise FaultyError(Fault(name, line, 1, "", Say("This line is not UTF-8 text."))) from error
    try:
        node = _single_node(text, name)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if mark and error.context_mark and not "".join(text.splitlines()[mark.line :]).strip():
            mark = error.context_mark  # found at the end of the file: say where it began
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = Say("Not valid YAML: {reason}.", {"reason": str(error.problem or error)[:200]})
        raise FaultyError(Fault(name, line, column, "", message)) from error
    except yaml.YAMLError as error:
        line = text[: getattr(error, "position", 0)].count("\n") + 1
        message = Say("Not valid YAML: {reason}.", {"reason": str(error).split("\n")[0][:200]})
        raise FaultyError(Fault(name, line, 1, "", message)) from error
    except RecursionError as error:
        raise FaultyError(Fault(name, 1, 1, "", Say("The file is nested too deeply."))) from error
    builder = _Builder(name)
    data = builder.build(node, (), 0)
    return Document(name, data, builder.places)


def _single_node(text: str, name: str) -> yaml.Node:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        depth = nodes = 0
        # Events first: aliases and depth are refused before anything is composed from them.
        while loader.check_event():
            event = loader.get_event()
            nodes += 1
            place = event.start_mark
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise _refused(
                    name, place, Say("Anchors and aliases are not allowed in a playbook.")
                )
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH or nodes > MAX_NODES:
                raise _refused(name, place, Say("The file is nested too deeply or too long."))
    finally:
        loader.dispose()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        node = loader.get_single_node()
    finally:
        loader.dispose()
    if node is None:
        raise FaultyError(Fault(name, 1, 1, "", Say("The file is empty.")))
    return node


def _refused(name: str, mark: yaml.Mark, message: Say) -> FaultyError:
    return FaultyError(Fault(name, mark.line + 1, mark.column + 1, "", message))


class _Builder:
    """Turns nodes into plain data and notes their places."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.places: dict[Path_, Place] = {}

    def build(self, node: yaml.Node, path: Path_, depth: int) -> Any:
        self.places.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, i), depth + 1) for i, item in enumerate(node.value)]
        assert isinstance(node, yaml.MappingNode)
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in found:
                raise _refused(
                    self._name, key_node.start_mark, Say("{key} is given twice.", {"key": key})
                )
            mark = (
                value_node.start_mark
                if isinstance(value_node, yaml.ScalarNode)
                else key_node.start_mark
            )
            self.places[(*path, key)] = (mark.line + 1, mark.column + 1)
            self.places[(*path, key, "#key")] = (
                key_node.start_mark.line + 1,
                key_node.start_mark.column + 1,
            )
            found[key] = self.build(value_node, (*path, key), depth + 1)
        return found

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text = str(node.value)
        if node.style:  # quoted or block: always text (plain is None or "", by loader)
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INT.match(text):
            return int(text) if len(text) < 20 else text
        if _FLOAT.match(text):
            return float(text)
        return text
