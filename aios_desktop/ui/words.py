"""How the window says figures, times, levels and states: one wording for all pages."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from aios_desktop.errors import AiosError
from aios_desktop.i18n import _, ngettext
from aios_desktop.runtime.views import AgentState, Level

if TYPE_CHECKING:
    from aios_desktop.runtime.views import RunView

_STEP = 1000.0
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_MINUTE = 60
_HOUR = 3600
_DAY = 86_400

LEVEL_MARKS = {
    Level.HEALTHY: "ok",
    Level.OK: "ok",
    Level.DEGRADED: "warn",
    Level.CRITICAL: "bad",
    Level.UNKNOWN: "unknown",
}
STATE_MARKS = {
    AgentState.RUNNING: "run",
    AgentState.WAITING: "wait",
    AgentState.DEGRADED: "bad",
    AgentState.MEETING: "meet",
    AgentState.LEARNING: "learn",
    AgentState.IDLE: "idle",
    AgentState.STOPPED: "off",
}
_OUTCOME_MARKS = {
    "fixed": "ok",
    "resolved": "ok",
    "worse": "bad",
    "failed": "bad",
    "no_effect": "unknown",
    "unknown": "unknown",
    "interrupted": "unknown",
    "denied": "stop",
    "expired": "stop",
}


def figure(value: float) -> str:
    """Say a number with as many places as help: 0.4, 9.8, 46."""
    return f"{value:.1f}" if abs(value) < 9.95 else f"{value:.0f}"


def size(count: float) -> str:
    """Say a number of bytes: 46 GB, 9.8 GB, 96 MB."""
    value, unit = float(count), 0
    while abs(value) >= _STEP - 0.5 and unit < len(_UNITS) - 1:
        value /= _STEP
        unit += 1
    number = figure(value) if unit > 1 else f"{value:.0f}"
    return _("{number} {unit}").format(number=number, unit=_UNITS[unit])


def rate(count: float) -> str:
    """Say bytes a second: 14 MB/s."""
    return _("{size}/s").format(size=size(count))


def percent(value: float) -> str:
    """Say a percentage: 62 %, below ten with one place."""
    return _("{n} %").format(n=figure(value) if value else "0")


def clock(at: float) -> str:
    """Say a time of day: 14:32."""
    return time.strftime("%H:%M", time.localtime(at))


def clock_s(at: float) -> str:
    """Say a time of day to the second: 14:32:08."""
    return time.strftime("%H:%M:%S", time.localtime(at))


def span(seconds: float) -> str:
    """Say how long something takes or took: 18 s, 26 min, 3 h, 7 days."""
    seconds = max(0, round(seconds))
    if seconds < _MINUTE:
        return _("{n} s").format(n=seconds)
    if seconds < _HOUR:
        return _("{n} min").format(n=seconds // _MINUTE)
    if seconds < 2 * _DAY:
        return _("{n} h").format(n=seconds // _HOUR)
    days = seconds // _DAY
    return ngettext("{n} day", "{n} days", days).format(n=days)


def left(seconds: float) -> str:
    """Say how much time is left to answer."""
    return _("{span} left").format(span=span(seconds))


def midnight(now: float) -> float:
    """Return when the local day of ``now`` began."""
    day = time.localtime(now)
    return time.mktime((day.tm_year, day.tm_mon, day.tm_mday, 0, 0, 0, 0, 0, -1))


def level(value: Level) -> str:
    """Say a level of the score."""
    return {
        Level.HEALTHY: _("Healthy"),
        Level.OK: _("OK"),
        Level.DEGRADED: _("Degraded"),
        Level.CRITICAL: _("Critical"),
        Level.UNKNOWN: _("Unknown"),
    }[value]


def risk(name: str) -> str:
    """Say a risk: low, medium or high."""
    return {
        "low": _("Low risk"),
        "medium": _("Medium risk"),
        "high": _("High risk"),
    }.get(name, name)


def state(value: AgentState) -> str:
    """Say what an agent does."""
    return {
        AgentState.RUNNING: _("works"),
        AgentState.WAITING: _("waits for you"),
        AgentState.DEGRADED: _("in trouble"),
        AgentState.MEETING: _("in talks"),
        AgentState.LEARNING: _("reads"),
        AgentState.IDLE: _("idle"),
        AgentState.STOPPED: _("stopped"),
    }[value]


def states(value: AgentState, n: int) -> str:
    """Say how many agents are in a state."""
    text = {
        AgentState.RUNNING: ngettext("{n} works", "{n} work", n),
        AgentState.WAITING: ngettext("{n} waits for you", "{n} wait for you", n),
        AgentState.DEGRADED: ngettext("{n} in trouble", "{n} in trouble", n),
        AgentState.MEETING: ngettext("{n} in talks", "{n} in talks", n),
        AgentState.LEARNING: ngettext("{n} reads", "{n} read", n),
        AgentState.IDLE: ngettext("{n} idle", "{n} idle", n),
        AgentState.STOPPED: ngettext("{n} stopped", "{n} stopped", n),
    }[value]
    return text.format(n=n)


def outcome_mark(run: RunView) -> str:
    """Return the mark that goes with what became of a run."""
    if run.undo == "done":
        return "undo"
    if not run.is_done:
        return "ask" if run.state == "waiting" else "run"
    return _OUTCOME_MARKS.get(run.outcome, "unknown")


def outcome(run: RunView) -> str:
    """Say what became of a run, in one or two words."""
    words = {
        "fixed": _("fixed"),
        "no_effect": _("no effect"),
        "worse": _("worse"),
        "unknown": _("unknown"),
        "denied": _("denied"),
        "expired": _("expired"),
        "failed": _("failed"),
        "resolved": _("resolved by itself"),
        "interrupted": _("interrupted"),
    }
    word = words.get(run.outcome, run.outcome)
    return _("{outcome}, undone").format(outcome=word) if run.undo == "done" else word


def part(name: str) -> str:
    """Say a part of the score."""
    return {
        "health": _("Health"),
        "efficiency": _("Efficiency"),
        "stability": _("Stability"),
        "headroom": _("Headroom"),
    }.get(name, name)


def reason(error: Exception) -> str:
    """Say an error: an expected one in the language in use, any other in its own words."""
    if isinstance(error, AiosError):
        return _(error.key).format(**error.values)
    return str(error)
