"""Conditions and texts of older playbooks, written as expressions of today."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aios_desktop.i18n import Value

from aios_desktop.i18n import Say

_COMPARES: Final = re.compile(r"(>=|<=|==|!=|>|<)\s*(-?\d{1,15}(?:\.\d{1,15})?)\s*%?\Z")
_DURATION: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*(ms|s|m|h|d)\Z")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_RESERVED: Final = frozenset(
    [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "false",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "namespace",
        "null",
        "package",
        "return",
        "true",
        "var",
        "void",
        "while",
    ]
)
_OPERATORS: Final[Mapping[str, str]] = {
    "$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<=", "$eq": "==", "$ne": "!=",
    ">": ">", ">=": ">=", "<": "<", "<=": "<=", "==": "==", "!=": "!=",
}  # fmt: skip
_RATES: Final = frozenset({"window", "time_window", "period", "interval"})
_FIELD: Final = re.compile(r"\{\{\s*([A-Za-z_][\w.]{0,79})\s*\}\}|\{([A-Za-z_][\w.]{0,79})\}")
_WIDE: Final = frozenset({"error", "timeout", "fail", "failed", "exception", "warning"})
_RE2_SIGNS: Final = re.compile(r"([\\.+*?()|\[\]{}^$])")
MAX_WORDS: Final = 40


class CannotError(ValueError):
    """There is no expression for this; ``say`` tells what is missing."""

    def __init__(self, key: str, **values: Value) -> None:
        super().__init__(key)
        self.say = Say(key, values)


def text(value: str) -> str:
    """Return a text as a literal."""
    sound = value.encode("utf-8", "backslashreplace").decode()
    return json.dumps(sound, ensure_ascii=False)


def field(name: str) -> str:
    """Return the expression for a field of the event's payload."""
    parts = name.split(".")
    if all(_NAME.match(part) and part not in _RESERVED for part in parts):
        return f"event.data.{name}"
    return f"event.data[{text(name)}]"


def literal(value: Any) -> str:
    """Return a plain value as a literal. Raises CannotError."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, str):
        return text(value)
    raise CannotError("This form of condition is not known: {value}.", value=brief(value))


def number(value: float) -> str:
    """Return a number as a literal with a point. Raises CannotError."""
    if abs(value) > 1e15 or not math.isfinite(value):
        raise CannotError("{value} is not a number.", value=brief(value))
    return repr(float(value))


def condition(name: str, value: Any, *, resource: bool) -> str:
    """Return one condition on a payload field. Raises CannotError for what is more than that."""
    if name in _RATES:
        raise CannotError("Counting over time is not possible here: {value}.", value=brief(value))
    if name == "threshold" and resource and _is_number(value):
        return f"{field('value')} >= {number(value)}"
    if isinstance(value, dict):
        return _operators(name, value)
    if isinstance(value, list):
        return f"{field(name)} in [{', '.join(literal(item) for item in value[:MAX_WORDS])}]"
    if isinstance(value, str):
        if found := _COMPARES.match(value.strip()):
            return f"{field(name)} {found[1]} {number(float(found[2]))}"
        if duration := _DURATION.match(value.strip()):
            return f"{field(name)} == {number(float(duration[1]) * _UNITS[duration[2]])}"
    return f"{field(name)} == {literal(value)}"


def _operators(name: str, value: Mapping[str, Any]) -> str:
    """Return ``{"$gte": 3}``, ``{"<": 3}`` and their like."""
    parts = []
    for sign, operand in value.items():
        if sign in _OPERATORS:
            shown = _compared(operand) if _OPERATORS[sign] not in {"==", "!="} else literal(operand)
            parts.append(f"{field(name)} {_OPERATORS[sign]} {shown}")
        elif sign in {"$in", "$nin"} and isinstance(operand, list):
            inside = f"{field(name)} in [{', '.join(literal(x) for x in operand[:MAX_WORDS])}]"
            parts.append(inside if sign == "$in" else f"!({inside})")
        else:
            raise CannotError("This form of condition is not known: {value}.", value=brief(value))
    if not parts:
        raise CannotError("This form of condition is not known: {value}.", value=brief(value))
    return " && ".join(parts)


def _compared(operand: Any) -> str:
    """Return what something is compared with: a number, or a duration in seconds."""
    if isinstance(operand, str) and (found := _DURATION.match(operand.strip())):
        return number(float(found[1]) * _UNITS[found[2]])
    if _is_number(operand):
        return number(operand)
    raise CannotError("{value} is not a number.", value=brief(operand))


def keywords(words: list[str]) -> str:
    """Return the condition that one of the words stands in a text of the payload, in any case."""
    any_of = "|".join(_RE2_SIGNS.sub(r"\\\1", word) for word in words[:MAX_WORDS])
    return _some_text(f"matches({text(f'(?i){any_of}')})")


def contains(part: str) -> str:
    """Return the condition that a text of the payload has this part."""
    return _some_text(f"contains({text(part)})")


def _some_text(call: str) -> str:
    return (
        "event.data.exists(k, type(event.data[k]) == string && event.data[k]." + call + ")"
    )  # other kinds of values have no such function


def too_wide(word: str) -> bool:
    """Say whether a keyword stands in nearly everything."""
    return word.strip().lower() in _WIDE or len(word.encode()) <= 3


def argument(value: Any) -> str | int | float | bool:
    """Return a plain argument; a text with ``{field}`` in it becomes an expression."""
    if isinstance(value, bool | int | float) and (not _is_number(value) or math.isfinite(value)):
        return value
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    parts: list[str] = []
    at = 0
    for found in _FIELD.finditer(shown):
        if found.start() > at:
            parts.append(text(shown[at : found.start()]))
        parts.append(f"string({field(found[1] or found[2])})")
        at = found.end()
    if not parts and not shown.startswith("="):
        return shown
    if at < len(shown):
        parts.append(text(shown[at:]))
    return "=" + " + ".join(parts)


def has_fields(value: str) -> bool:
    """Say whether a text has ``{field}`` in it."""
    return _FIELD.search(value) is not None


def brief(value: Any) -> str:
    """Return a value on one line, short enough for a message."""
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    shown = " ".join(shown.encode("utf-8", "backslashreplace").decode().split())
    return shown if len(shown) <= 120 else shown[:117] + "..."


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
