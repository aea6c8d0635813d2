"""The names that conditions may use: typed fields per event type, metrics, figures of the target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from aios_desktop.reactor.conditions import Kind

if TYPE_CHECKING:
    from aios_desktop.events.model import Event

COMMON: Final[Mapping[str, Kind]] = {
    "event.type": Kind.TEXT,
    "event.source": Kind.TEXT,
    "event.severity": Kind.TEXT,
    "event.target": Kind.TEXT,
    "event.data": Kind.MAP,
}
_RESOURCE: Final[Mapping[str, Kind]] = {
    "event.resource": Kind.TEXT,
    "event.value": Kind.NUMBER,
    "event.threshold": Kind.NUMBER,
    "event.signal": Kind.TEXT,
    "event.held_s": Kind.NUMBER,
}
_TOP: Final[Mapping[str, Kind]] = {
    "event.top.key": Kind.TEXT,
    "event.top.pid": Kind.WHOLE,
    "event.top.name": Kind.TEXT,
    "event.top.command": Kind.TEXT,
    "event.top.cpu_percent": Kind.NUMBER,
}
TYPED: Final[Mapping[str, Mapping[str, Kind]]] = {
    "resource.high": {**_RESOURCE, **_TOP},
    "resource.cpu_spike": {**_RESOURCE, **_TOP},
    "resource.memory_high": _RESOURCE,
    "resource.disk_high": _RESOURCE,
    "resource.normal": _RESOURCE,
    "cache.large": {
        "event.cache": Kind.TEXT,
        "event.bytes": Kind.NUMBER,
        "event.old_bytes": Kind.NUMBER,
        "event.files": Kind.NUMBER,
    },
}


def for_triggers(triggers: Iterable[str]) -> dict[str, Kind]:
    """Return the names that all of the given event types have."""
    sets = [TYPED.get(trigger, {}) for trigger in triggers]
    shared = dict(sets[0]) if sets else {}
    for other in sets[1:]:
        shared = {name: kind for name, kind in shared.items() if other.get(name) == kind}
    return {**COMMON, **shared}


def for_verification(
    metrics: Iterable[str], measures: Iterable[str], event: Mapping[str, Kind]
) -> dict[str, Kind]:
    """Return the names for ``verify``: ``metric.*`` now, ``before.*`` then, ``target.*``, ``signal.raised``."""
    names: dict[str, Kind] = dict(event)
    for metric in metrics:
        names[f"metric.{metric}"] = Kind.NUMBER
        names[f"before.{metric}"] = Kind.NUMBER
    for measure in measures:
        names[f"target.{measure}"] = Kind.NUMBER
    names["signal.raised"] = Kind.FLAG
    return names


def values_of(event: Event) -> dict[str, Any]:
    """Return the values of an event under the names that conditions use."""
    values: dict[str, Any] = {
        "event.type": event.type,
        "event.source": event.source,
        "event.severity": str(event.severity),
        "event.target": event.target,
        "event.data": dict(event.data),
    }
    for key, value in flat(event.data, ".").items():
        values[f"event.{key}"] = value
    return values


def flat(data: Mapping[str, Any], joint: str, depth: int = 3) -> dict[str, Any]:
    """Return nested mappings as one, keys joined by ``joint``; lists are left out."""
    found: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, Mapping):
            if depth > 1:
                for inner, item in flat(value, joint, depth - 1).items():
                    found[f"{key}{joint}{inner}"] = item
        elif isinstance(value, str | int | float | bool):
            found[str(key)] = value
    return found
