"""Plain data that the window and the command line show. Frozen, cheap to make, safe to share.

Times are wall seconds since the epoch; scores run from 0 to 1; percentages from 0 to 100.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aios_desktop.i18n import Say


class Level(StrEnum):
    """The four levels of the health score, and "unknown" before the first measurement."""

    HEALTHY = "healthy"
    OK = "ok"
    DEGRADED = "degraded"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Part:
    """One component of the score: its value, weight, and the points (of 100) that it costs."""

    name: str  # health, efficiency, stability, headroom
    value: float | None  # None: unknown, the others were weighed without it
    weight: float
    lost_points: float
    reason: Say


@dataclass(frozen=True, slots=True)
class ScoreView:
    """The health score and what it is made of. ``vetoed_by`` names the part that capped it."""

    at: float
    value: float | None
    level: Level
    parts: tuple[Part, ...] = ()
    partial: bool = False
    vetoed_by: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """One metric over time: equal lengths, oldest first; None where the value is unknown."""

    name: str
    unit: str
    times: tuple[float, ...]
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class ProcessView:
    """A process at the last look. ``key`` is ``pid:started`` and survives the reuse of a pid."""

    key: str
    pid: int
    name: str
    command: str  # secrets masked
    user: str
    cpu_percent: float  # of one core, its children not included
    memory_bytes: int
    state: str  # running, sleeping, stopped, ...


@dataclass(frozen=True, slots=True)
class DiskView:
    """A mounted file system."""

    mount: str
    total_bytes: int
    used_bytes: int
    percent: float


class AgentState(StrEnum):
    """What an agent does; each has a colour, a shape, a motion and a place in the office."""

    IDLE = "idle"
    RUNNING = "running"
    WAITING = "waiting"  # a person must decide
    DEGRADED = "degraded"
    LEARNING = "learning"
    MEETING = "meeting"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class AgentView:
    """Somebody in the office: state, since when, and the fact it was concluded from."""

    id: str  # monitor, analyst, optimizer, executor, validator, learner
    name: Say
    state: AgentState
    since: float
    evidence: Say  # one sentence
    certain: bool = True
    event: int = 0  # the event the state rests on, 0 when there is none


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of a plan or run. ``state``: planned, running, done, failed, skipped, undone, unknown."""

    number: int
    command: str
    effect: Say
    undo: Say
    state: str = "planned"
    started: float | None = None
    took_s: float | None = None
    attempts: int = 0
    error: str = ""
    items: tuple[str, ...] = ()
    item_count: int = 0


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """A decision that waits for a person. Without an answer by ``deadline`` nothing is done."""

    id: int
    run: int
    digest: str
    title: Say  # a question: "Suspend python (pid 4711)?"
    why: Say  # the cause, in one or two sentences
    asker: str  # agent id: who asks
    risk: str  # low, medium, high
    risk_reason: Say
    undo: Say  # what undo does and for how long
    success: Say  # how success will be judged
    record: Say  # how often this worked here before
    steps: tuple[StepView, ...]
    target: str
    confirm_word: str  # must be typed for high risk, empty otherwise
    playbook: str
    trace: int
    created: float
    deadline: float


@dataclass(frozen=True, slots=True)
class Change:
    """One line of "what changed": sign is ``+``, ``-`` or a space."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure before and after a run."""

    name: Say
    unit: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class RunView:
    """One execution of one playbook for one target.

    ``state``: planned, waiting, approved, running, retrying, settling, verifying, undoing, done.
    ``outcome`` (when done): fixed, no_effect, worse, unknown, denied, expired, failed, resolved,
    interrupted. ``undo``: none (nothing to take back), possible, done, failed, expired, running.
    """

    id: int
    playbook: str
    version: int
    title: Say
    target: str
    target_name: str
    risk: str
    state: str
    outcome: str
    outcome_reason: Say
    undo: str
    undo_until: float
    created: float
    finished: float | None
    approved_by: str
    trace: int
    event: int
    approval: int = 0
    steps: tuple[StepView, ...] = ()
    success: Say = field(default_factory=lambda: Say(""))
    metric: str = ""  # the series that the verdict rests on
    limit: float | None = None  # and its limit, when it has one
    measures: tuple[Measure, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def is_done(self) -> bool:
        """Say whether the run has come to its end."""
        return self.state == "done"


@dataclass(frozen=True, slots=True)
class PlaybookFault:
    """Why a playbook was refused: one fault, with the nearest valid word where there is one."""

    file: str
    line: int
    column: int
    field: str
    message: Say
    nearest: str = ""
    kept_version: bool = False  # the last good version stays active


@dataclass(frozen=True, slots=True)
class PlaybookView:
    """A playbook that is loaded."""

    id: str
    version: int
    title: Say
    file: str
    triggers: tuple[str, ...]
    risk: str
    asks: bool
    enabled: bool
    fixed: int
    runs: int


@dataclass(frozen=True, slots=True)
class StoredDay:
    """The events of one UTC day. ``kind``: raw or archive; ``events`` None: could not be read."""

    day: str  # 2026-11-20
    start: float
    kind: str
    size_bytes: int
    events: int | None


@dataclass(frozen=True, slots=True)
class StoragePart:
    """One kind of what AIOS keeps.

    ``kind``: raw, archive, summaries, state, backups, quarantine, damaged or log; ``is_all`` is
    False when there was too much to count.
    """

    kind: str
    size_bytes: int
    files: int
    is_all: bool = True


@dataclass(frozen=True, slots=True)
class StorageWork:
    """How far the work on old days is; ``part`` runs from 0 to 1."""

    day: str  # the day under way: 2026-11-20
    number: int  # it is the first, the second, ...
    days: int  # of so many
    part: float


@dataclass(frozen=True, slots=True)
class StorageView:
    """What AIOS keeps on the disk, days and parts in their order of use.

    ``due`` days can be archived or dropped now; otherwise ``next_day`` is the next one, at
    ``next_at`` (None: no day waits). ``backup_at`` is when the newest backup was made.
    """

    at: float
    folder: str
    free_bytes: int | None
    days: tuple[StoredDay, ...] = ()  # newest first
    parts: tuple[StoragePart, ...] = ()
    due: int = 0
    next_day: str = ""
    next_at: float | None = None
    backup_at: float | None = None

    @property
    def size_bytes(self) -> int:
        """Return what everything takes."""
        return sum(part.size_bytes for part in self.parts)

    @property
    def events(self) -> int:
        """Return how many events can be read, one by one."""
        return sum(day.events or 0 for day in self.days)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell: a plain message of ours about ourselves (no tray, full disk, ...)."""

    id: str
    severity: str
    text: Say
    since: float


@dataclass(frozen=True, slots=True)
class Status:
    """How things are, in one look."""

    version: str
    pid: int
    started: float
    score: ScoreView
    waiting: int  # approvals
    running: int  # runs that are neither waiting nor done
    done_today: int
    fixed_today: int
    metrics: int
    processes: int
    own_cpu_percent: float | None  # of one core, over the last minute
    own_memory_bytes: int
    heartbeat_s: float
    last_look: float | None
    events_stored: int
    events_lost: int
    notices: tuple[Notice, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)


class Decided(StrEnum):
    """What became of a decision."""

    ACCEPTED = "accepted"
    ALREADY = "already"  # somebody else was first
    EXPIRED = "expired"
    UNKNOWN = "unknown"  # no such approval
    CHANGED = "changed"  # the plan is not the one that was shown
    CONFIRM = "confirm"  # the typed word did not match


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of asking for something to be done: decided or refused, with a sentence."""

    ok: bool
    what: str
    text: Say
