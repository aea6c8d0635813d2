"""Conditions in CEL (https://cel.dev), behind one adapter so that the engine can be swapped.

A condition is compiled once against the declared, typed names of its event, so a misspelled field
is found when the playbook is loaded. CEL has no loops; the engine limits depth and iterations.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from cel_expr_python import cel

from aios_desktop.errors import AiosError

MAX_LENGTH: Final = 2000
_PLACE = re.compile(r"<input>:(\d+):(\d+): (.*)", re.DOTALL)
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")


class Kind(StrEnum):
    """The types that names in a condition can have."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole"
    FLAG = "flag"
    MAP = "map"


_CEL: Final = {
    Kind.TEXT: cel.Type.STRING,
    Kind.NUMBER: cel.Type.DOUBLE,
    Kind.WHOLE: cel.Type.INT,
    Kind.FLAG: cel.Type.BOOL,
    Kind.MAP: cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
}


class ConditionError(AiosError):
    """A condition does not compile, or cannot be evaluated for this event."""

    def __init__(self, key: str, *, column: int = 1, nearest: str = "", **values: object) -> None:
        super().__init__(key, **values)
        self.column = column
        self.nearest = nearest


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled expression and the names it may use."""

    text: str
    names: Mapping[str, Kind]
    _program: cel.Expression

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Return the value of the expression. Raises ConditionError when a name has no value."""
        try:
            result = self._program.eval(data=self._bound(values)).plain_value()
        except (RuntimeError, ValueError, TypeError, OverflowError) as error:
            raise ConditionError("{reason}", reason=_short(str(error))) from error
        if isinstance(result, bool | int | float | str | list | dict):
            return result
        raise ConditionError("{reason}", reason=_short(str(result)))

    def is_true(self, values: Mapping[str, Any]) -> bool:
        """Evaluate a yes-or-no condition. Raises ConditionError; an error is neither yes nor no."""
        result = self.evaluate(values)
        if isinstance(result, bool):
            return result
        raise ConditionError("{reason}", reason=f"gives {result!r} instead of true or false")

    def _bound(self, values: Mapping[str, Any]) -> dict[str, Any]:
        bound: dict[str, Any] = {}
        for name, kind in self.names.items():
            value = values.get(name)
            if value is None:
                continue
            if kind is Kind.NUMBER and not isinstance(value, bool) and isinstance(value, int):
                value = float(value)
            bound[name] = value
        return bound


class Conditions:
    """Compiles expressions; environments are kept per set of names."""

    def __init__(self) -> None:
        self._environments: dict[tuple[tuple[str, Kind], ...], cel.Env] = {}

    def compile(
        self, text: str, names: Mapping[str, Kind], *, want: frozenset[str] = frozenset({"BOOL"})
    ) -> Condition:
        """Compile ``text``. ``want`` are CEL type names that it may give (empty: any).

        Raises ConditionError with the column and, for an unknown name, the nearest known one.
        """
        if len(text) > MAX_LENGTH:
            raise ConditionError(
                "The condition is longer than {limit} characters.", limit=MAX_LENGTH
            )
        try:
            program = self._environment(names).compile(text)
        except RuntimeError as error:
            raise _explained(str(error), names) from error
        given = program.return_type().name()
        if want and given not in want and given != "DYN":
            raise ConditionError(
                "The expression gives {given}, but {want} is needed here.",
                given=given,
                want=" or ".join(sorted(want)),
            )
        return Condition(text, names, program)

    def _environment(self, names: Mapping[str, Kind]) -> cel.Env:
        key = tuple(sorted(names.items()))
        found = self._environments.get(key)
        if found is None:
            found = cel.NewEnv(variables={name: _CEL[kind] for name, kind in key})
            self._environments[key] = found
        return found


def _explained(raw: str, names: Mapping[str, Kind]) -> ConditionError:
    column, message = 1, raw
    if place := _PLACE.search(raw):
        column, message = int(place.group(2)), place.group(3).split("\n")[0]
    message = message.replace("(in container '')", "").replace("[INVALID_ARGUMENT]", "").strip()
    if unknown := _UNDECLARED.search(message):
        name = unknown.group(1)
        near = difflib.get_close_matches(name, names, 1, 0.5)
        return ConditionError(
            "Unknown name {name} in the condition.",
            name=name,
            column=max(1, column - name.rfind(".")),
            nearest=near[0] if near else "",
        )
    if "(double, int)" in message or "(int, double)" in message:
        return ConditionError(
            "A number with a point is compared with a whole number: write 80.0, not 80.",
            column=column,
        )
    return ConditionError("{reason}", reason=_short(message), column=column)


def _short(text: str) -> str:
    return text.replace("\n", " ")[:300]
