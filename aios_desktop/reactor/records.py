"""What the journal keeps: runs, their plans, entries and approvals. Plain data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from aios_desktop.events.model import Event
from aios_desktop.i18n import Say
from aios_desktop.skills.action import Kind, Risk, StepPlan


class State(StrEnum):
    """Where a run stands. A run that waits for anything holds no worker."""

    WAITING = "waiting"  # for a person
    APPROVED = "approved"
    RUNNING = "running"
    RETRYING = "retrying"
    SETTLING = "settling"
    VERIFYING = "verifying"
    UNDOING = "undoing"
    DONE = "done"


class Outcome(StrEnum):
    """How a run ended. Only *fixed* counts as success."""

    NONE = ""
    FIXED = "fixed"
    NO_EFFECT = "no_effect"
    WORSE = "worse"
    UNKNOWN = "unknown"
    DENIED = "denied"
    EXPIRED = "expired"
    FAILED = "failed"
    RESOLVED = "resolved"
    INTERRUPTED = "interrupted"


class Undo(StrEnum):
    """Whether a run can be taken back."""

    NONE = "none"
    POSSIBLE = "possible"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"


class Phase(StrEnum):
    """The kinds of journal entries, in the order in which a run writes them."""

    PLANNED = "planned"
    DECIDED = "decided"
    SNAPSHOT = "snapshot_done"
    STARTED = "step_started"
    DONE = "step_done"
    FAILED = "step_failed"
    RETRY = "retry"
    VERIFYING = "verifying"
    UNDO_STARTED = "undo_started"
    UNDO_DONE = "undo_done"
    UNDO_FAILED = "undo_failed"
    RECOVERED = "recovered"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do, resolved to exact arguments, and how it is told to a person."""

    title: Say
    question: Say
    why: Say
    success: Say
    undo: Say
    asker: str
    risk: Risk
    steps: tuple[StepPlan, ...]
    metric: str = ""
    limit: float | None = None

    @property
    def reversible(self) -> bool:
        """Say whether any step changes something that can be taken back."""
        return any(step.kind in {Kind.REVERSIBLE, Kind.COMPENSABLE} for step in self.steps)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the journal. ``step`` counts from 1; 0 is the run as a whole."""

    at: float
    phase: Phase
    step: int
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of one playbook for one target."""

    id: int
    playbook: str
    version: int
    digest: str  # of the plan: what an approval signs
    origin: Event
    signal: str  # the signal whose episode it is about, empty when there is none
    target: str
    target_name: str
    plan: Plan
    rest: tuple[str, ...]  # playbooks to try next when this one does not help
    created: float
    state: State = State.APPROVED
    outcome: Outcome = Outcome.NONE
    reason: Say = field(default_factory=lambda: Say(""))
    undo: Undo = Undo.NONE
    undo_until: float = 0.0
    finished: float = 0.0
    approved_by: str = ""
    before: Mapping[str, float] = field(default_factory=dict)
    after: Mapping[str, float] = field(default_factory=dict)


def key_of(run: Run) -> tuple[str, str]:
    """Return what only one worker at a time may change for a run: its target, else its playbook's."""
    return ("target", run.target) if run.target else ("playbook", run.playbook)


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a request to decide or to undo."""

    ok: bool
    what: str  # accepted, already, expired, unknown, changed, confirm, refused
    text: Say


@dataclass(frozen=True, slots=True)
class Approval:
    """A decision on a plan. ``decision``: empty while it waits, else approve, deny or expire."""

    id: int
    run: int
    digest: str
    created: float
    deadline: float
    decision: str = ""
    by: str = ""
    decided: float = 0.0


def digest_of(
    playbook: str, version: int, source: str, target: str, steps: tuple[StepPlan, ...]
) -> str:
    """Return the digest of a resolved plan: playbook, target, arguments and preconditions."""
    signed = [playbook, version, source, target]
    exact = [
        [s.action, s.args, s.target, {k: v for k, v in s.expects.items() if k not in s.loose}]
        for s in steps
    ]
    raw = msgspec.json.encode([signed, exact], order="deterministic")
    return hashlib.sha256(raw).hexdigest()[:32]


def no_undo(run: Run) -> Reply:
    """Return why a run cannot be undone now."""
    reasons = {
        Undo.NONE: Say("Run {id} changed nothing that can be undone.", {"id": run.id}),
        Undo.DONE: Say("Run {id} is undone already.", {"id": run.id}),
        Undo.RUNNING: Say("Run {id} is being undone.", {"id": run.id}),
        Undo.EXPIRED: Say("The time to undo run {id} is over.", {"id": run.id}),
    }
    return Reply(
        False, "refused", reasons.get(run.undo, Say("Run {id} is not finished.", {"id": run.id}))
    )
