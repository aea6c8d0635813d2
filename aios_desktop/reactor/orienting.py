"""What a decision rests on: what was observed, how things stood, and how urgent that made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aios_desktop.events.model import Severity
from aios_desktop.i18n import Say
from aios_desktop.scheduler.task import Priority
from aios_desktop.score.levels import level_of

if TYPE_CHECKING:
    from aios_desktop.events.model import Event
    from aios_desktop.reactor.facts import Facts

DEGRADED: Final = 0.3  # a score below it makes everything urgent
SHOWN: Final = ("resource", "signal", "episode", "value", "threshold", "held_s")


@dataclass(frozen=True, slots=True)
class Orientation:
    """How urgent an event is, and why."""

    priority: Priority
    reason: Say
    score: float | None

    def to_json(self) -> dict[str, Any]:
        """Return it as part of a decision's record."""
        known = self.score is not None
        return {
            "score": round(self.score, 3) if self.score is not None else None,
            "level": level_of(self.score).value if known and self.score is not None else "unknown",
            "priority": self.priority.name,
            "reason": self.reason.to_json(),
        }


# Made once: this is on the way of every event that has a playbook.
_CRITICAL: Final = Say("The event is critical.")
_LOW_SCORE: Final = Say("The health score is below 30.")
_RESOURCE: Final = Say("It is about a resource.")
_AGENT: Final = Say("An agent reports an error.")
_NOTHING: Final = Say("Nothing makes it urgent.")


def orient(event: Event, facts: Facts) -> Orientation:
    """Return the class of an event as things stand now."""
    score = facts.score()
    if event.severity is Severity.CRITICAL:
        return Orientation(Priority.P0, _CRITICAL, score)
    if score is not None and score < DEGRADED:
        return Orientation(Priority.P0, _LOW_SCORE, score)
    if event.type.startswith("resource."):
        return Orientation(Priority.P1, _RESOURCE, score)
    if event.type == "agent.error":
        return Orientation(Priority.P2, _AGENT, score)
    return Orientation(Priority.P3, _NOTHING, score)


def observed(event: Event, now: float) -> dict[str, Any]:
    """Return what was seen: the event's type and figures, and how old it is."""
    seen: dict[str, Any] = {
        "type": event.type,
        "severity": event.severity,
        "age_s": round(max(0.0, now - event.time), 6),
    }
    for name in SHOWN:
        value = event.data.get(name)
        if isinstance(value, str | int | float) and not (isinstance(value, str) and value == ""):
            seen[name] = value[:200] if isinstance(value, str) else value
    return seen
