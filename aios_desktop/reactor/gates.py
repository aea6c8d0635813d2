"""The checks between a matched event and a run. Each one that stops a playbook says why.

Cheap and read-only first: journal, enabled, age, condition, target, busy, limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aios_desktop.i18n import Say
from aios_desktop.reactor import fields
from aios_desktop.reactor.conditions import ConditionError

if TYPE_CHECKING:
    from aios_desktop.clock import Clock
    from aios_desktop.events.model import Event
    from aios_desktop.reactor.playbook import Playbook


@dataclass(frozen=True, slots=True)
class Stopped:
    """A playbook does not run for an event: the gate and the reason."""

    gate: str
    reason: Say


@dataclass(frozen=True, slots=True)
class Passed:
    """All gates let the playbook through, for this target."""

    target: str


class History(Protocol):
    """What the gates ask the journal."""

    @property
    def durable(self) -> bool:
        """Say whether the journal is on disk."""

    def busy(self, playbook: str, target: str) -> bool:
        """Say whether a run of this playbook for this target is not finished."""

    def count_since(self, playbook: str, target: str, since: float) -> int:
        """Count runs of a playbook for a target since then."""


class Gates:
    """Asks every gate in order."""

    def __init__(self, journal: History, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock

    def check(self, playbook: Playbook, event: Event) -> Passed | Stopped:
        """Return the target, or the first gate that stopped the playbook."""
        if not self._journal.durable:
            return Stopped("journal", Say("The journal cannot be written, so nothing is changed."))
        if not playbook.enabled:
            return Stopped("enabled", Say("The playbook is switched off."))
        age = self._clock.now() - event.time
        if age > playbook.expires_s:
            limit = {"age": round(age), "limit": round(playbook.expires_s)}
            return Stopped("age", Say("The event is {age} s old; the limit is {limit} s.", limit))
        return self._matched(playbook, event)

    def _matched(self, playbook: Playbook, event: Event) -> Passed | Stopped:
        values = fields.values_of(event)
        try:
            if not playbook.when.is_true(values):
                text = {"condition": playbook.when.text}
                return Stopped("condition", Say("The condition is false: {condition}", text))
            target = str(playbook.target.evaluate(values))
        except ConditionError as error:
            reason = {"reason": str(error)}
            return Stopped(
                "condition", Say("The condition could not be evaluated: {reason}", reason)
            )
        if self._journal.busy(playbook.id, target):
            return Stopped("busy", Say("A run of this playbook for this target is not finished."))
        now = self._clock.now()
        for count, seconds in playbook.limits:
            if self._journal.count_since(playbook.id, target, now - seconds) >= count:
                limit = {"count": count, "minutes": round(seconds / 60)}
                return Stopped(
                    "limit", Say("The limit is reached: {count} in {minutes} min.", limit)
                )
        return Passed(target)
