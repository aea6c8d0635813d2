"""The four parts of the score, each a pure function of figures, each from 0 to 1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aios_desktop.events.model import Severity
from aios_desktop.i18n import Say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PENALTIES: Final[Mapping[Severity, float]] = {
    Severity.INFO: 0.0,
    Severity.WARNING: 0.45,
    Severity.ERROR: 0.60,
    Severity.CRITICAL: 1.0,
}
BUSY_FROM: Final = 70.0
LEAST_EFFICIENCY: Final = 0.35  # a busy machine is no disaster
PRESSURES: Final[Mapping[str, tuple[float, float]]] = {  # full score up to, least score from
    "cpu_pressure": (40.0, 100.0),
    "memory_pressure": (5.0, 50.0),
    "io_pressure": (30.0, 100.0),
}
TROUBLE_SCALE: Final = 5.0
ENOUGH_FREE: Final = 0.15
ENOUGH_MEMORY_FOR_SWAP: Final = 0.30


@dataclass(frozen=True, slots=True)
class Value:
    """A part's value, None when nothing is known, and the sentence that explains it."""

    value: float | None
    reason: Say


UNKNOWN: Final = Value(None, Say("Not known yet."))


def health(raised: Sequence[tuple[str, Severity]]) -> Value:
    """Return the product over all raised signals, given as (resource, severity)."""
    value = 1.0
    worst, heaviest = "", 0.0
    for resource, severity in raised:
        penalty = PENALTIES[severity]
        value *= 1.0 - penalty
        if penalty > heaviest:
            worst, heaviest = resource, penalty
    if not worst:
        return Value(value, Say("No signal is raised."))
    counted = sum(1 for _resource, severity in raised if PENALTIES[severity] > 0)
    if counted == 1:
        return Value(value, _raised(worst))
    return Value(value, Say("{n} signals are raised.", {"n": counted}))


def _raised(resource: str) -> Say:
    match resource:
        case "cpu":
            return Say("Processor use is high.")
        case "memory":
            return Say("Memory use is high.")
        case "disk":
            return Say("A disk is nearly full.")
        case _:
            return Say("The signal {name} is raised.", {"name": resource})


def efficiency(metrics: Mapping[str, float]) -> Value:
    """Return how freely work flows, from the mean processor use and what tasks wait for.

    ``metrics`` holds means over the last half minute. Never below 0.35.
    """
    known: dict[str, float] = {}
    if (cpu := metrics.get("cpu_usage")) is not None:
        known["cpu_usage"] = _falling(cpu, BUSY_FROM, 100.0)
    for name, (good, bad) in PRESSURES.items():
        if (pressure := metrics.get(name)) is not None:
            known[name] = _falling(pressure, good, bad)
    if not known:
        return UNKNOWN
    name = min(known, key=lambda one: known[one])
    shown = {"percent": round(metrics[name])}
    if known[name] >= 1.0:
        return Value(1.0, Say("Work flows freely."))
    return Value(known[name], _slow(name, shown))


def _slow(name: str, shown: Mapping[str, int]) -> Say:
    match name:
        case "cpu_usage":
            return Say("The processor is {percent} % busy.", shown)
        case "cpu_pressure":
            return Say("Tasks wait for the processor {percent} % of the time.", shown)
        case "memory_pressure":
            return Say("Tasks wait for memory {percent} % of the time.", shown)
        case _:
            return Say("Tasks wait for the disk {percent} % of the time.", shown)


def stability(trouble: float, count: int) -> Value:
    """Return how calm the last 15 minutes were, from the weighted count of what went wrong."""
    value = math.exp(-max(0.0, trouble) / TROUBLE_SCALE)
    if count == 0:
        return Value(value, Say("Nothing went wrong in the last 15 minutes."))
    if count == 1:
        return Value(value, Say("One thing went wrong in the last 15 minutes."))
    return Value(value, Say("{n} things went wrong in the last 15 minutes.", {"n": count}))


def headroom(metrics: Mapping[str, float]) -> Value:
    """Return how much room is left on the fullest disk and in memory, the scarcest counts.

    A full swap costs nothing while memory is plentiful: pages that nobody needs stay there.
    """
    known: dict[str, tuple[float, float]] = {}  # resource: (value, free share)
    if (disk := metrics.get("disk_usage")) is not None:
        known["disk"] = (_room(1 - disk / 100), 1 - disk / 100)
    if (memory := metrics.get("memory_usage")) is not None:
        free = 1 - memory / 100
        known["memory"] = (_room(free), free)
        if (swap := metrics.get("swap_usage")) is not None:
            plenty = _clamp(free / ENOUGH_MEMORY_FOR_SWAP)
            known["swap"] = (max(_room(1 - swap / 100), plenty), 1 - swap / 100)
    if not known:
        return UNKNOWN
    name = min(known, key=lambda one: known[one][0])
    value, free = known[name]
    if value >= 1.0:
        return Value(1.0, Say("There is room on the disks and in memory."))
    return Value(value, _tight(name, {"percent": round(100 * max(0.0, free))}))


def _tight(name: str, shown: Mapping[str, int]) -> Say:
    match name:
        case "disk":
            return Say("{percent} % is free on the fullest disk.", shown)
        case "memory":
            return Say("{percent} % of the memory is free.", shown)
        case _:
            return Say("{percent} % of the swap is free, and memory is short.", shown)


def _falling(percent: float, good: float, bad: float) -> float:
    """Return 1 up to ``good``, falling in a line to the least efficiency at ``bad``."""
    share = _clamp((percent - good) / (bad - good))
    return 1.0 - (1.0 - LEAST_EFFICIENCY) * share


def _room(free: float) -> float:
    return _clamp(free / ENOUGH_FREE)


def _clamp(value: float) -> float:
    return min(1.0, max(0.0, value))
