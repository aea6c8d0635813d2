"""Executes the steps of a run and takes them back, with the journal written ahead of each.

A step whose start is in the journal but not its end is never repeated blindly: see recovery.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aios_desktop.errors import AiosError
from aios_desktop.i18n import Say
from aios_desktop.reactor.records import Phase
from aios_desktop.skills.action import ActionError, Kind, Presence, WorldChanged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from threading import Event as Flag

    from aios_desktop.clock import Clock
    from aios_desktop.reactor.journal import Journal
    from aios_desktop.reactor.records import Run
    from aios_desktop.skills.registry import Registry

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StepLimits:
    """How long a step may take and how often it may be tried again."""

    timeout_s: float
    retries: int
    delay_s: float


@dataclass(frozen=True, slots=True)
class AllDone:
    """Every step ran."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """A step failed in a way that may pass: go on with it after a delay."""

    step: int
    attempt: int
    delay_s: float


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step failed for good."""

    step: int
    reason: Say


class Deadline:
    """Cancels an action that takes too long, or when the program ends."""

    def __init__(self, clock: Clock, seconds: float, stopping: Flag) -> None:
        self._clock = clock
        self._until = clock.monotonic() + seconds
        self._stopping = stopping

    def is_set(self) -> bool:
        """Say whether the action should stop."""
        return self._stopping.is_set() or self.has_passed()

    def has_passed(self) -> bool:
        """Say whether the time is over."""
        return self._clock.monotonic() >= self._until


class Runner:
    """Runs and undoes steps. ``tell(type, run, data)`` publishes an event about a run."""

    def __init__(
        self,
        registry: Registry,
        journal: Journal,
        clock: Clock,
        *,
        stopping: Flag,
        tell: Callable[[str, Run, Mapping[str, Any]], None],
    ) -> None:
        self._registry = registry
        self._journal = journal
        self._clock = clock
        self._stopping = stopping
        self._tell = tell

    def execute(
        self, run: Run, limits: tuple[StepLimits, ...], *, first: int = 1, attempt: int = 1
    ) -> AllDone | TryAgain | StepFailed:
        """Run the steps from ``first`` on."""
        for number in range(first, len(run.plan.steps) + 1):
            failed = self._step(run, number, limits[number - 1], attempt)
            attempt = 1
            if failed is not None:
                return failed
        return AllDone()

    def _step(
        self, run: Run, number: int, limits: StepLimits, attempt: int
    ) -> TryAgain | StepFailed | None:
        plan = run.plan.steps[number - 1]
        told = {"step": number, "action": plan.action, "target": plan.target, "attempt": attempt}
        deadline = Deadline(self._clock, limits.timeout_s, self._stopping)
        began = self._clock.monotonic()
        try:
            action = self._registry.get(plan.action)
            snapshot = self.snapshot_of(run, number)
            entries: list[tuple[Phase, int, Mapping[str, Any]]] = []
            if snapshot is None:
                snapshot = action.snapshot(plan)
                entries.append((Phase.SNAPSHOT, number, dict(snapshot)))
            entries.append((Phase.STARTED, number, {"attempt": attempt}))
            self._journal.note(run.id, *entries)
            self._tell("action.triggered", run, told)
            result = action.apply(plan, snapshot, deadline)
        except (AiosError, OSError) as error:
            took = self._clock.monotonic() - began
            return self._failed(run, number, limits, attempt, (error, took, deadline.has_passed()))
        took = self._clock.monotonic() - began
        self._journal.note(run.id, (Phase.DONE, number, {"took_s": took, "result": dict(result)}))
        self._tell("action.completed", run, {**told, "ok": True, "took_s": round(took, 4)})
        logger.info("run %s step %s done: %s", run.id, number, plan.command)
        return None

    def _failed(
        self,
        run: Run,
        number: int,
        limits: StepLimits,
        attempt: int,
        what: tuple[Exception, float, bool],
    ) -> TryAgain | StepFailed:
        error, took, late = what
        reason = _reason(error)
        if late:
            reason = Say("It took longer than {n} s.", {"n": round(limits.timeout_s)})
        plan = run.plan.steps[number - 1]
        entries: list[tuple[Phase, int, Mapping[str, Any]]] = [
            (Phase.FAILED, number, {"took_s": took, "error": reason.to_json()})
        ]
        if isinstance(error, WorldChanged):  # it touched nothing, so there is nothing to undo
            entries.append((Phase.UNDO_DONE, number, {"untouched": True}))
        self._journal.note(run.id, *entries)
        told = {"step": number, "action": plan.action, "target": plan.target, "attempt": attempt}
        failed = {**told, "ok": False, "error": reason.text(), "took_s": round(took, 4)}
        self._tell("action.completed", run, failed)
        can_retry = isinstance(error, ActionError) and error.retry
        if can_retry and attempt <= limits.retries and not self._stopping.is_set():
            return TryAgain(number, attempt + 1, limits.delay_s * 2 ** (attempt - 1))
        return StepFailed(number, reason)

    def snapshot_of(self, run: Run, number: int) -> Mapping[str, Any] | None:
        """Return the snapshot of a step, if one was taken."""
        for entry in self._journal.entries(run.id):
            if entry.phase is Phase.SNAPSHOT and entry.step == number:
                return entry.data
        return None

    def begun(self, run: Run) -> list[int]:
        """Return the steps that were begun and not taken back since, in order."""
        open_steps: dict[int, bool] = {}
        for entry in self._journal.entries(run.id):
            if entry.phase is Phase.STARTED:
                open_steps[entry.step] = True
            elif entry.phase is Phase.UNDO_DONE:
                open_steps.pop(entry.step, None)
        return sorted(open_steps)

    def may_repeat(self, run: Run, number: int) -> bool:
        """Say whether doing a step twice is the same as doing it once."""
        try:
            return self._registry.get(run.plan.steps[number - 1].action).idempotent
        except AiosError:
            return False

    def acted(self, run: Run) -> list[dict[str, Any]]:
        """Return what a run did: each step that was begun, and how it ended last."""
        ends = {Phase.DONE: "done", Phase.FAILED: "failed", Phase.UNDO_DONE: "undone"}
        found: dict[int, str] = {}
        for entry in self._journal.entries(run.id):
            if entry.phase is Phase.STARTED:
                found[entry.step] = "begun"
            elif entry.step in found and entry.phase in ends:
                found[entry.step] = ends[entry.phase]
        return [
            {"step": n, "action": run.plan.steps[n - 1].action, "end": end}
            for n, end in sorted(found.items())
        ]

    def all_done(self, run: Run) -> bool:
        """Say whether the last step ended well and nothing was taken back since."""
        last = len(run.plan.steps)
        ended = {e.step for e in self._journal.entries(run.id) if e.phase is Phase.DONE}
        return last in ended and self.begun(run) == list(range(1, last + 1))

    def unfinished_step(self, run: Run) -> int | None:
        """Return the step whose start is in the journal and whose end is not."""
        started: int | None = None
        for entry in self._journal.entries(run.id):
            if entry.phase is Phase.STARTED:
                started = entry.step
            elif entry.phase in {Phase.DONE, Phase.FAILED, Phase.RECOVERED}:
                started = None
        return started

    def probe(self, run: Run, number: int) -> Presence:
        """Look whether the effect of a step is there."""
        plan = run.plan.steps[number - 1]
        snapshot = self.snapshot_of(run, number)
        if snapshot is None:
            return Presence.ABSENT
        try:
            return self._registry.get(plan.action).probe(plan, snapshot)
        except (AiosError, OSError) as error:
            logger.warning("run %s step %s cannot be probed: %s", run.id, number, error)
            return Presence.UNKNOWN

    def undo(self, run: Run) -> Say | None:
        """Take all begun steps back, the last first; return what failed, or None.

        A step that failed to be undone does not keep the earlier ones from being undone.
        """
        trouble: Say | None = None
        for number in reversed(self.begun(run)):
            failed = self._undo_step(run, number)
            trouble = trouble or failed
        return trouble

    def _undo_step(self, run: Run, number: int) -> Say | None:
        plan = run.plan.steps[number - 1]
        snapshot = self.snapshot_of(run, number)
        if snapshot is None or plan.kind is Kind.READ_ONLY:
            return None
        self._journal.note(run.id, (Phase.UNDO_STARTED, number, {}))
        told = {"step": number, "action": plan.action, "target": plan.target}
        try:
            action = self._registry.get(plan.action)
            action.undo(plan, snapshot)
            presence = action.probe(plan, snapshot)
            if presence in {Presence.PRESENT, Presence.PARTIAL}:
                raise ActionError("The change is still there after the undo.")
        except (AiosError, OSError) as error:
            reason = _reason(error)
            self._journal.note(run.id, (Phase.UNDO_FAILED, number, {"error": reason.to_json()}))
            self._tell("action.undo_failed", run, {**told, "error": reason.text()})
            logger.error("run %s step %s could not be undone: %s", run.id, number, error)  # noqa: TRY400  the sentence says it all
            return reason
        self._journal.note(run.id, (Phase.UNDO_DONE, number, {}))
        self._tell("action.undone", run, told)
        logger.info("run %s step %s undone: %s", run.id, number, plan.command)
        return None

    def cleanup(self, run: Run) -> None:
        """Drop what was kept for the undo."""
        for number in self.begun(run):
            plan = run.plan.steps[number - 1]
            snapshot = self.snapshot_of(run, number)
            if snapshot is None:
                continue
            try:
                self._registry.get(plan.action).cleanup(plan, snapshot)
            except (AiosError, OSError) as error:
                logger.warning("run %s step %s leaves its snapshot: %s", run.id, number, error)

    def measure(self, run: Run) -> dict[str, float]:
        """Return fresh figures about the targets of all steps."""
        figures: dict[str, float] = {}
        for plan in run.plan.steps:
            figures.update(self._registry.get(plan.action).measure(plan))
        return figures


def _reason(error: Exception) -> Say:
    if isinstance(error, AiosError):
        return Say(error.key, {name: str(value) for name, value in error.values.items()})
    return Say("{reason}", {"reason": str(error)[:300]})
