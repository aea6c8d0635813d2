"""The shape of a playbook file, checked by msgspec; faults carry the place and the nearest word."""

from __future__ import annotations

import difflib
import re
from typing import Annotated, Any, Final, Literal

import msgspec

from aios_desktop.i18n import Say
from aios_desktop.reactor.source import Document, FaultyError, Path_

_ID: Final = r"^[a-z0-9][a-z0-9._-]{0,79}$"
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\Z")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

Short = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Long = Annotated[str, msgspec.Meta(max_length=2000)]
Id = Annotated[str, msgspec.Meta(pattern=_ID)]
Scalar = str | int | float | bool


class RetryShape(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``retry:`` of a step: how often again, and the first delay; later ones double."""

    max: Annotated[int, msgspec.Meta(ge=0, le=5)] = 3
    delay: str = "2s"


class StepShape(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One entry of ``steps:``."""

    do: Short
    with_: dict[str, Scalar] = msgspec.field(default_factory=dict, name="with")
    timeout: str = "60s"
    retry: RetryShape = msgspec.field(default_factory=RetryShape)


class VerifyShape(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``verify:``: what must hold in two fresh readings in a row, and how long to wait for it."""

    expect: Long
    worse: Long = ""
    settle: str = "3s"
    within: str = "30s"


class PlaybookShape(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A whole playbook file."""

    schema: Literal[1]
    id: Id
    title: Short
    trigger: Annotated[list[Short], msgspec.Meta(min_length=1, max_length=20)]
    steps: Annotated[list[StepShape], msgspec.Meta(min_length=1, max_length=20)]
    verify: VerifyShape | None = None
    version: Annotated[int, msgspec.Meta(ge=1)] = 1
    question: Short | None = None
    why: Long = ""
    success: Long = ""
    when: Long = "true"
    target: Long = "event.target"
    target_name: Long = ""
    risk: Literal["low", "medium", "high"] | None = None
    ask: bool = False
    enabled: bool = True
    asker: Literal["optimizer", "executor", "analyst", "validator"] = "executor"
    priority: Literal["P0", "P1", "P2", "P3"] = "P1"
    limits: Annotated[list[Short], msgspec.Meta(max_length=5)] = msgspec.field(
        default_factory=lambda: ["3 per 1h", "10 per 1d"]
    )
    expires: str = "10m"


def check(document: Document) -> PlaybookShape:
    """Return the file's content in shape. Raises FaultyError with the first fault of the shape."""
    try:
        return msgspec.convert(document.data, PlaybookShape)
    except msgspec.ValidationError as error:
        raise FaultyError(_fault(document, str(error))) from error


def _fault(document: Document, raw: str) -> Any:
    message, _, where = raw.partition(" - at `$")
    path = _path(where.rstrip("`"))
    if unknown := re.search(r"unknown field `([^`]*)`", message):
        key = unknown.group(1)
        near = difflib.get_close_matches(key, fields_at(path), 1, 0.5)
        text = Say("Unknown field {name}.", {"name": key})
        return document.fault((*path, key, "#key"), text, near[0] if near else "")
    if missing := re.search(r"missing required field `([^`]*)`", message):
        return document.fault(path, Say("The field {name} is missing.", {"name": missing.group(1)}))
    if re.search(r"Invalid enum value", message):
        given = _value(document.data, path)
        near = difflib.get_close_matches(str(given), _words(path), 1, 0.3)
        text = Say(
            "{value} is not one of {words}.",
            {"value": str(given), "words": ", ".join(_words(path))},
        )
        return document.fault(path, text, near[0] if near else "")
    return document.fault(path, Say("{reason}.", {"reason": message[:300]}))


def fields_at(path: Path_) -> list[str]:
    """Return the field names that are valid inside the part at ``path``."""
    shape: Any = PlaybookShape
    if path[:1] == ("steps",):
        shape = RetryShape if path[-1:] == ("retry",) else StepShape
    elif path[:1] == ("verify",):
        shape = VerifyShape
    return [found.encode_name for found in msgspec.structs.fields(shape)]


def _words(path: Path_) -> list[str]:
    for found in msgspec.structs.fields(PlaybookShape):
        if path[:1] == (found.encode_name,):
            return re.findall(r"'([a-zA-Z0-9]+)'", str(found.type)) or ["1"]
    return []


def _path(where: str) -> Path_:
    parts: list[str | int] = []
    for name, index in re.findall(r"\.([A-Za-z_]\w*)|\[(\d+|\.\.\.)\]", where):
        if name:
            parts.append(name)
        elif index.isdigit():
            parts.append(int(index))
    return tuple(parts)


def _value(data: Any, path: Path_) -> Any:
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return ""
    return data


def seconds(document: Document, path: Path_, text: str) -> float:
    """Return the seconds of a duration such as ``90s``, ``10m`` or ``7d``. Raises FaultyError."""
    found = _DURATION.match(text.strip())
    if not found:
        number = re.match(r"\s*(\d+(?:\.\d+)?)\s*([a-z]?)", text)
        near = ""
        if number:
            near = number.group(1) + (number.group(2) if number.group(2) in _UNITS else "s")
        message = Say("{value} is not a duration such as 30s, 10m or 7d.", {"value": text})
        raise FaultyError(document.fault(path, message, near))
    return float(found.group(1)) * _UNITS[found.group(2)]


def limit(document: Document, path: Path_, text: str) -> tuple[int, float]:
    """Return the count and the seconds of a limit such as ``3 per 1h``. Raises FaultyError."""
    found = re.match(r"(\d{1,4}) per (\S+)\Z", text.strip())
    if not found:
        message = Say("{value} is not a limit such as 3 per 1h.", {"value": text})
        raise FaultyError(document.fault(path, message, "3 per 1h"))
    return int(found.group(1)), seconds(document, path, found.group(2))
