"""The JSON form of earlier AIOS versions, rewritten to today's form.

``{"id", "trigger": {"event_type", "conditions": {…}}, "actions": [{"type", …}], "risk",
"auto_execute", "verify": {"metric", "expected"}}``. Conditions: a value means equal, a list means
one of, a text such as ``">80"`` compares, and ``threshold`` beside a ``resource`` means that the
measured value is at least that high.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from aios_desktop.i18n import Say
from aios_desktop.reactor.source import Document, FaultyError, Path_

_COMPARES: Final = re.compile(r"(>=|<=|==|!=|>|<)\s*(-?\d+(?:\.\d+)?)\s*%?\Z")
_KNOWN: Final = frozenset(
    {
        "id",
        "name",
        "description",
        "trigger",
        "actions",
        "risk",
        "auto_execute",
        "verify",
        "enabled",
        "version",
    }
)


def is_legacy(data: Any) -> bool:
    """Say whether the content of a file has the older form."""
    return isinstance(data, Mapping) and "actions" in data and "schema" not in data


def rewrite(document: Document) -> Document:
    """Return the document in today's form, each part at its old place. Raises FaultyError."""
    data = document.data
    for key in data:
        if key not in _KNOWN:
            raise FaultyError(
                document.fault((key, "#key"), Say("Unknown field {name}.", {"name": key}))
            )
    trigger = data.get("trigger")
    event_type = trigger.get("event_type") if isinstance(trigger, Mapping) else None
    if not isinstance(event_type, str):
        raise FaultyError(
            document.fault(
                ("trigger",), Say("The field {name} is missing.", {"name": "trigger.event_type"})
            )
        )
    conditions = trigger.get("conditions", {})
    if not isinstance(conditions, Mapping):
        raise FaultyError(
            document.fault(
                ("trigger", "conditions"), Say("The conditions must be names with values.")
            )
        )
    new: dict[str, Any] = {
        "schema": 1,
        "id": data.get("id"),
        "version": data.get("version", 1),
        "title": data.get("name") or data.get("description") or str(data.get("id", "")),
        "trigger": [event_type],
        "when": _when(document, conditions),
        "target": '""',
        "steps": _steps(document),
        "ask": data.get("auto_execute") is not True,
        "enabled": data.get("enabled", True),
    }
    if "risk" in data:
        new["risk"] = data["risk"]
    if "verify" in data:
        new["verify"] = _verify(document)
    places: dict[Path_, tuple[int, int]] = dict(document.places)
    for old, today in (("trigger", "when"), ("name", "title"), ("auto_execute", "ask")):
        places[(today,)] = document.place((old,))
    for path, place in document.places.items():
        if path[:1] == ("actions",):
            moved = tuple("do" if part == "type" else part for part in path[1:])
            places[("steps", *moved)] = place
    places[("verify", "expect")] = document.place(("verify", "expected"))
    return Document(document.file, new, places)


def _when(document: Document, conditions: Mapping[str, Any]) -> str:
    parts = []
    for name, value in conditions.items():
        path = ("trigger", "conditions", name)
        if not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise FaultyError(
                document.fault(path, Say("{name} is not a field name.", {"name": name}))
            )
        if name == "threshold" and "resource" in conditions:
            parts.append(f"event.data.value >= {_number(document, path, value)}")
        elif isinstance(value, str) and (found := _COMPARES.match(value.strip())):
            parts.append(f"event.data.{name} {found.group(1)} {float(found.group(2))}")
        elif isinstance(value, list):
            parts.append(f"event.data.{name} in {json.dumps(value)}")
        elif isinstance(value, str | bool | int | float):
            parts.append(f"event.data.{name} == {json.dumps(value)}")
        else:
            raise FaultyError(
                document.fault(
                    path,
                    Say("This form of condition is not known: {value}.", {"value": str(value)}),
                )
            )
    return " && ".join(parts) or "true"


def _number(document: Document, path: Path_, value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise FaultyError(document.fault(path, Say("{value} is not a number.", {"value": str(value)})))


def _steps(document: Document) -> list[Any]:
    actions = document.data["actions"]
    if not isinstance(actions, list):
        raise FaultyError(document.fault(("actions",), Say("The actions must be a list.")))
    steps: list[Any] = []
    for i, action in enumerate(actions):
        if not isinstance(action, Mapping) or not isinstance(action.get("type"), str):
            raise FaultyError(
                document.fault(
                    ("actions", i), Say("The field {name} is missing.", {"name": "type"})
                )
            )
        arguments = {key: value for key, value in action.items() if key != "type"}
        steps.append({"do": action["type"], "with": arguments})
    return steps


def _verify(document: Document) -> dict[str, Any]:
    verify = document.data["verify"]
    metric = verify.get("metric") if isinstance(verify, Mapping) else None
    expected = verify.get("expected") if isinstance(verify, Mapping) else None
    found = _COMPARES.match(str(expected).strip())
    if not isinstance(metric, str) or not found:
        raise FaultyError(
            document.fault(
                ("verify",), Say("verify needs a metric and an expected value such as <70.")
            )
        )
    return {
        "expect": f"metric.{metric} {found.group(1)} {float(found.group(2))}",
        "settle": "3s",
        "within": "8s",
    }
