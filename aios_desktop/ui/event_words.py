"""What an event says to a person: a sentence, a mark, whom it is about, its part of the story."""

from __future__ import annotations

from typing import Final

from aios_desktop.events.model import Event, Severity
from aios_desktop.i18n import Say, _
from aios_desktop.ui.event_sentences import RULES, other
from aios_desktop.ui.payload import about, text

__all__ = ["KNOWN", "about", "mark", "sentence", "severity", "stage"]


def sentence(event: Event) -> Say:
    """Say what happened, in one sentence."""
    rule = RULES.get(event.type)
    said = rule(event) if rule is not None else None
    return said if said is not None else other(event)


def mark(event: Event) -> str:
    """Return the kind of mark that goes with an event."""
    if event.type == "run.finished":
        return _OUTCOME_MARKS.get(text(event.data, "outcome"), "unknown")
    if event.type == "scheduler.decision":
        return "run" if text(event.data, "chosen") else "stop"
    if event.type == "action.completed":
        return "bad" if event.data.get("ok") is False else "ok"
    if event.severity in (Severity.INFO, Severity.WARNING) and event.type in _MARKS:
        return _MARKS[event.type]
    return _SEVERITY_MARKS[event.severity]


def stage(event: Event) -> str:
    """Return the part of the story: observe, orient, decide or act."""
    if event.type in _STAGES:
        return _STAGES[event.type]
    return _STAGES.get(event.type.partition(".")[0], "observe")


def severity(value: Severity) -> str:
    """Say how bad an event is."""
    return {
        Severity.INFO: _("info"),
        Severity.WARNING: _("warning"),
        Severity.ERROR: _("error"),
        Severity.CRITICAL: _("critical"),
    }[value]


_OUTCOME_MARKS: Final = {
    "fixed": "ok",
    "resolved": "ok",
    "worse": "bad",
    "failed": "bad",
    "denied": "stop",
    "expired": "stop",
    "no_effect": "undo",
}
KNOWN: Final = frozenset(RULES)
_MARKS: Final = {
    "app.started": "run",
    "app.stopped": "off",
    "resource.normal": "ok",
    "sensor.recovered": "ok",
    "approval.requested": "ask",
    "approval.decided": "idle",
    "run.planned": "run",
    "run.started": "run",
    "run.retrying": "wait",
    "run.verifying": "run",
    "run.undo_started": "undo",
    "run.undone": "undo",
    "action.triggered": "run",
    "action.undone": "undo",
}
_SEVERITY_MARKS: Final = {
    Severity.INFO: "idle",
    Severity.WARNING: "warn",
    Severity.ERROR: "bad",
    Severity.CRITICAL: "bad",
}
_STAGES: Final = {  # a type, or the first word of types
    "score": "orient",
    "incident": "orient",
    "anomaly": "orient",
    "forecast": "orient",
    "cause": "orient",
    "scheduler": "decide",
    "approval": "decide",
    "run.planned": "decide",
    "run": "act",
    "action": "act",
}
