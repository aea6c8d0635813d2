"""What each built-in agent does now, concluded from events and readings only.

An agent is never shown doing what nothing happened for: each state names the fact it rests on.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from aios_desktop.i18n import N_, Say

if TYPE_CHECKING:
    from collections.abc import Callable

    from aios_desktop.clock import Clock
    from aios_desktop.events.model import Event

NAMES: Final = {
    "monitor": N_("Monitor"),
    "analyst": N_("Analyst"),
    "optimizer": N_("Optimizer"),
    "executor": N_("Executor"),
    "validator": N_("Validator"),
    "learner": N_("Learner"),
}
OUTCOMES: Final = {
    "fixed": N_("Notes that it helped: {title}"),
    "no_effect": N_("Notes that it had no effect: {title}"),
    "worse": N_("Notes that it made things worse: {title}"),
    "unknown": N_("Notes that nobody knows whether it helped: {title}"),
    "failed": N_("Notes that it did not succeed: {title}"),
}
SILENT_AFTER_S: Final = 10.0  # without a reading for so long, the monitor is in trouble
THINKS_S: Final = 8.0  # how long a single event keeps an agent busy to the eye
NOTES_S: Final = 20.0
TROUBLED_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Agent:
    """The state of one agent: idle, running, waiting, degraded, learning or stopped."""

    id: str
    state: str
    since: float
    evidence: Say
    event: int = 0
    until: float = float("inf")  # after that it is idle again


class Roster:
    """The six built-in agents. ``observe`` is fast enough for the publisher's thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        now = clock.now()
        self._agents = {name: _idle(name, now) for name in NAMES}
        self._last_reading: float | None = None
        self._metrics = 0
        self._raised: dict[str, int] = {}
        self._waiting: dict[int, str] = {}  # approval -> who asks
        self._rules: dict[str, Callable[[Event], None]] = {
            "approval.requested": self._asked,
            "approval.decided": self._answered,
            "run.started": self._acts,
            "action.triggered": self._acts,
            "run.undo_started": self._acts,
            "run.verifying": self._judges,
            "run.finished": self._ended,
            "run.undone": self._undone,
            "run.undo_failed": self._failed,
            "resource.normal": self._normal,
            "cache.large": self._proposes,
            "sensor.failed": self._blind,
        }

    def reading(self, metrics: int) -> None:
        """Note that the sensors delivered."""
        self._last_reading = self._clock.now()
        self._metrics = metrics

    def waiting(self, approvals: dict[int, str]) -> None:
        """Say which questions wait since before this start, and who asks them."""
        with self._lock:
            self._waiting = dict(approvals)

    def observe(self, event: Event) -> None:
        """Conclude from an event who does what."""
        rule = self._rules.get(event.type)
        with self._lock:
            if rule is not None:
                rule(event)
            elif event.type.startswith("resource."):
                self._high(event)

    def agents(self) -> tuple[Agent, ...]:
        """Return every agent as it is now."""
        now = self._clock.now()
        with self._lock:
            found = {name: self._now(agent, now) for name, agent in self._agents.items()}
            for approval, asker in self._waiting.items():
                if asker in found and found[asker].state in {"idle", "waiting"}:
                    since = found[asker].since
                    evidence = Say("Waits for your answer to question {id}.", {"id": approval})
                    found[asker] = Agent(asker, "waiting", since, evidence)
            found["monitor"] = self._monitor(found["monitor"], now)
        return tuple(found.values())

    def _now(self, agent: Agent, now: float) -> Agent:
        if now < agent.until:
            return agent
        idle = _idle(agent.id, agent.until)
        self._agents[agent.id] = idle
        return idle

    def _monitor(self, agent: Agent, now: float) -> Agent:
        if agent.state == "degraded":
            return agent
        last = self._last_reading
        if last is None:
            return replace(agent, state="idle", evidence=Say("Has not measured yet."))
        if now - last > SILENT_AFTER_S:
            silent = Say("No reading for {seconds} s.", {"seconds": round(now - last)})
            return Agent("monitor", "degraded", last, silent)
        watches = Say("Reads {n} metrics, the last time just now.", {"n": self._metrics})
        return Agent("monitor", "running", agent.since, watches)

    def _set(
        self, name: str, state: str, evidence: Say, event: Event, lasts: float = float("inf")
    ) -> None:
        old = self._agents[name]
        since = old.since if old.state == state else event.time
        until = self._clock.now() + lasts
        self._agents[name] = Agent(name, state, since, evidence, event.id, until)

    def _high(self, event: Event) -> None:
        resource = str(event.data.get("resource", event.target))
        self._raised[str(event.data.get("signal", event.type))] = event.id
        evidence = Say("{resource} is high: looks for the cause.", {"resource": resource})
        self._set("analyst", "running", evidence, event)

    def _normal(self, event: Event) -> None:
        self._raised.pop(str(event.data.get("signal", "")), None)
        if not self._raised:
            resource = str(event.data.get("resource", event.target))
            evidence = Say("{resource} is normal again.", {"resource": resource})
            self._set("analyst", "running", evidence, event, THINKS_S)

    def _proposes(self, event: Event) -> None:
        evidence = Say("The {cache} cache has grown large.", {"cache": event.target})
        self._set("optimizer", "running", evidence, event, THINKS_S)

    def _blind(self, event: Event) -> None:
        evidence = Say("The sensor {name} failed.", {"name": event.target})
        self._set("monitor", "degraded", evidence, event, TROUBLED_S)

    def _asked(self, event: Event) -> None:
        self._waiting[int(event.data.get("approval", 0))] = str(event.data.get("asker", "executor"))

    def _answered(self, event: Event) -> None:
        self._waiting.pop(int(event.data.get("approval", 0)), None)

    def _acts(self, event: Event) -> None:
        self._set("executor", "running", Say("Carries out: {title}", _title(event)), event)

    def _judges(self, event: Event) -> None:
        self._rest("executor", event)
        evidence = Say("Judges by fresh readings: {title}", _title(event))
        self._set("validator", "running", evidence, event)

    def _ended(self, event: Event) -> None:
        outcome = str(event.data.get("outcome", ""))
        self._rest("executor", event)
        self._rest("validator", event)
        if outcome == "failed" or event.data.get("undo") == "failed":
            self._failed(event)
        if outcome in OUTCOMES:
            evidence = Say(OUTCOMES[outcome], _title(event))
            self._set("learner", "learning", evidence, event, NOTES_S)

    def _undone(self, event: Event) -> None:
        self._rest("executor", event)
        self._set(
            "learner",
            "learning",
            Say("Notes that {title} was undone.", _title(event)),
            event,
            NOTES_S,
        )

    def _failed(self, event: Event) -> None:
        evidence = Say("Did not succeed: {title}", _title(event))
        self._set("executor", "degraded", evidence, event, TROUBLED_S)

    def _rest(self, name: str, event: Event) -> None:
        if self._agents[name].state == "running":
            self._agents[name] = _idle(name, event.time)


def _idle(name: str, since: float) -> Agent:
    return Agent(
        name, "idle", since, Say("Nothing to do since {time}.", {"time": _clock_time(since)})
    )


def _clock_time(at: float) -> str:
    return time.strftime("%H:%M", time.localtime(at))


def _title(event: Event) -> dict[str, str]:
    return {"title": str(event.data.get("title", ""))}
