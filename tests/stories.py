"""A made-up day of events with the payloads of the real core, for tests of pages and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aios_desktop.events.model import Event, Severity
from aios_desktop.i18n import Say

HOG = {
    "resource": "cpu",
    "metric": "cpu_usage",
    "value": 97.4,
    "threshold": 85.0,
    "signal": "cpu_high",
    "episode": "e1",
    "phase": "raised",
    "held_s": 5.0,
    "top": {
        "key": "4711:8812",
        "pid": 4711,
        "name": "python3",
        "command": "python3 train.py",
        "cpu_percent": 187.0,
    },
}


def told(playbook: str, gate: str, reason: Say) -> dict[str, Any]:
    """Return one candidate of a decision."""
    return {"playbook": playbook, "gate": gate, "reason": reason.to_json()}


def about(run: int, playbook: str, title: str, state: str, **more: Any) -> dict[str, Any]:
    """Return the payload of an event about a run."""
    return {"run": run, "playbook": playbook, "title": title, "state": state, **more}


class Teller:
    """Makes events one after the other, each at its time."""

    def __init__(self, now: float) -> None:
        self._now = now
        self.events: list[Event] = []

    def tell(
        self,
        ago: float,
        kind: str,
        source: str,
        data: Mapping[str, Any] | None = None,
        *,
        severity: Severity = Severity.INFO,
        target: str = "",
        trace: int = 0,
    ) -> Event:
        """Add an event that was ``ago`` seconds before now."""
        stamp = round((self._now - ago) * 1_000_000)
        taken = {event.id for event in self.events}
        while stamp in taken:
            stamp += 1
        event = Event(stamp, kind, source, severity, target, data or {}, trace or stamp)
        self.events.append(event)
        return event


def hog(teller: Teller, ago: float) -> int:
    """Tell how a busy processor was noticed, a repair did not help and another one asks."""
    warning = Severity.WARNING
    first = teller.tell(ago, "resource.high", "sensors", HOG, severity=warning, target="cpu")
    trace = first.id
    slow = "reduce_heartbeat_freq"
    later = told("suspend_runaway", "later", Say("Tried next if {id} does not help.", {"id": slow}))
    chosen = {"event": trace, "chosen": slow, "candidates": [told(slow, "", Say("Chosen.")), later]}
    teller.tell(ago - 0.1, "scheduler.decision", "reactor", chosen, target="cpu", trace=trace)

    def say(after: float, kind: str, state: str, **more: Any) -> None:
        data = about(2229, slow, "Slow down AIOS's own heartbeat", state, **more)
        teller.tell(ago - after, kind, "reactor", data, target="heartbeat.interval", trace=trace)

    say(0.1, "run.planned", "approved")
    say(0.1, "run.started", "running")
    say(0.2, "action.triggered", "running", step=1, action="config.update")
    say(0.2, "action.completed", "running", step=1, action="config.update", ok=True, took_s=0.01)
    say(0.3, "run.verifying", "settling", within_s=25.0)
    say(25.6, "action.undone", "undoing", step=1, action="config.update")
    told_end = {"outcome": "no_effect", "reason": "The processor stayed at 97 %.", "undo": "done"}
    say(25.7, "run.finished", "done", **told_end)
    limit = Say("The limit is reached: {count} in {minutes} min.", {"count": 1, "minutes": 60})
    second = [
        told("suspend_runaway", "", Say("Chosen.")),
        told("quarantine_old_cache", "condition", Say("The condition is false: event.cache")),
        told("restart_service", "limit", limit),
    ]
    chosen = {"event": trace, "chosen": "suspend_runaway", "candidates": second}
    teller.tell(ago - 25.8, "scheduler.decision", "reactor", chosen, target="cpu", trace=trace)
    asks = about(
        2232,
        "suspend_runaway",
        "Suspend python3 (pid 4711)",
        "waiting",
        approval=32,
        risk="medium",
        deadline=teller._now + 2280,
    )
    teller.tell(
        ago - 25.9,
        "approval.requested",
        "reactor",
        asks,
        severity=warning,
        target="4711:8812",
        trace=trace,
    )
    return trace


def day(now: float) -> list[Event]:
    """Return some hours of events, with the story of a busy processor in it."""
    teller = Teller(now)
    warning, error = Severity.WARNING, Severity.ERROR
    teller.tell(10, "score.updated", "score", {"value": 0.87, "was": 0.86, "level": "healthy"})
    hog(teller, 208)
    teller.tell(485, "heartbeat.beat", "aios", {"interval_s": 60})
    failed = {"sensor": "processes", "error": "OSError: too many open files"}
    teller.tell(600, "sensor.failed", "sensors", failed, severity=warning, target="processes")
    cache = {"cache": "pip", "old_bytes": 4.2e9, "bytes": 6e9, "older_than_days": 14}
    teller.tell(1326, "cache.large", "sensors", cache, target="pip")
    stopped = [told("quarantine_old_cache", "limit", Say("The limit is reached: 1 in 1440 min."))]
    decision = {"chosen": "", "candidates": stopped}
    teller.tell(1325.9, "scheduler.decision", "reactor", decision, target="pip")
    normal = {**HOG, "value": 21.0, "phase": "cleared"}
    teller.tell(2957, "resource.normal", "sensors", normal, target="cpu")
    done = {"outcome": "fixed", "reason": "The processor fell to 21 %."}
    run = about(2219, "suspend_runaway", "Suspend make (pid 812)", "done", **done)
    teller.tell(2958, "run.finished", "reactor", run, target="812:33")
    step = {"step": 1, "action": "process.suspend", "ok": False, "error": "The process is gone."}
    broken = about(2218, "suspend_runaway", "Suspend make (pid 811)", "running", **step)
    teller.tell(5195, "action.completed", "reactor", broken, severity=warning, target="811:31")
    full = {**HOG, "resource": "disk", "value": 88.0, "top": None, "held_s": 300}
    teller.tell(7328, "resource.disk_high", "sensors", full, severity=warning, target="/home")
    lost = {"reason": "no answer from 2 of 3 servers"}
    teller.tell(13_435, "service.lost", "plug-in", lost, severity=error, target="time-sync")
    decided = about(
        2207, "quarantine_old_cache", "Move old files", "done", decision="deny", by="window"
    )
    teller.tell(13_500, "approval.decided", "reactor", decided)
    for number in range(40):
        ago = 14_000 + 1800 * number
        value = 0.9 + (number % 5) / 100
        score = {"value": value, "was": value - 0.01, "level": "healthy"}
        teller.tell(ago, "score.updated", "score", score)
    return teller.events
