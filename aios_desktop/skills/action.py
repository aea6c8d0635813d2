"""The contract of every action type, and the plain data it deals in.

An action never decides whether it may run: the reactor asks for its plan, weighs the risk, asks a
person, keeps the journal, and only then calls ``apply``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Protocol, Self

from aios_desktop.errors import AiosError
from aios_desktop.i18n import Say

Args = Mapping[str, Any]
State = Mapping[str, Any]  # JSON: what a probe saw, what a snapshot keeps


class Risk(IntEnum):
    """How much can go wrong. Computed from the actions; a playbook may raise it, never lower it."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class Kind(StrEnum):
    """What can be taken back. It gives the default risk of an action."""

    READ_ONLY = "read-only"
    REVERSIBLE = "reversible"
    COMPENSABLE = "compensable"
    IRREVERSIBLE = "irreversible"


class Presence(StrEnum):
    """What a probe finds after a crash: is the effect of the step there?"""

    ABSENT = "absent"
    PRESENT = "present"
    PARTIAL = "partial"
    UNKNOWN = "unknown"


class ActionError(AiosError):
    """The action could not do its work. ``retry`` says whether trying again can help."""

    def __init__(self, key: str, *, retry: bool = False, **values: object) -> None:
        super().__init__(key, **values)
        self.retry = retry

    @classmethod
    def because(cls, told: AiosError | Say) -> Self:
        """Return an error of this kind that says the same as another error or message."""
        values: dict[str, Any] = dict(told.values)
        return cls(told.key, **values)


class WorldChanged(ActionError):
    """What the plan or the snapshot relied on is no longer so; nothing was touched."""


@dataclass(frozen=True, slots=True)
class StepPlan:
    """What a step *would* do, resolved to exact arguments. Pure data; the approval signs it.

    ``command`` is one monospace line for the machine's words, ``effect`` and ``undo`` are sentences.
    ``expects`` are the preconditions that ``apply`` checks again (identities, hashes, sizes).
    ``loose`` names what of ``expects`` may change while a question waits: it is not signed.
    ``items`` are the exact things touched, for "show all", at most 1000 of ``item_count``.
    """

    action: str
    args: Args
    target: str
    command: str
    effect: Say
    undo: Say
    risk: Risk
    kind: Kind
    expects: State = field(default_factory=dict)
    loose: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    item_count: int = 0


class Cancel(Protocol):
    """Tells a running action to stop soon: timed out, or the program ends."""

    def is_set(self) -> bool:
        """Say whether to stop."""


class Action(Protocol):
    """One action type. All methods may block for a while; they run on a worker."""

    @property
    def name(self) -> str:
        """Return the name that playbooks use, such as ``process.suspend``."""

    @property
    def kind(self) -> Kind:
        """Return what can be taken back."""

    @property
    def risk(self) -> Risk:
        """Return the least risk of this action."""

    @property
    def params(self) -> Mapping[str, type]:
        """Return the parameter names and their types (str, float, int, bool)."""

    @property
    def required(self) -> frozenset[str]:
        """Return the names of the parameters that must be given."""

    @property
    def idempotent(self) -> bool:
        """Say whether applying twice is the same as once; only then a step is retried."""

    @property
    def measures(self) -> Mapping[str, str]:
        """Return names and units of the fresh figures that ``measure`` gives, for ``verify:``."""

    def measure(self, plan: StepPlan) -> Mapping[str, float]:
        """Measure the target now. A figure that cannot be had is left out. Never raises."""

    def plan(self, args: Args) -> StepPlan:
        """Resolve the arguments against the world without changing it. Raises ActionError."""

    def snapshot(self, plan: StepPlan) -> State:
        """Record all that ``undo`` needs, before anything changes. Raises ActionError."""

    def apply(self, plan: StepPlan, snapshot: State, cancel: Cancel) -> State:
        """Do it and return what was done. Raises WorldChanged before touching a changed world."""

    def probe(self, plan: StepPlan, snapshot: State) -> Presence:
        """Look whether the effect is there; used after a crash and after an undo."""

    def undo(self, plan: StepPlan, snapshot: State) -> None:
        """Put back what the snapshot holds. Raises WorldChanged when the world moved on."""

    def cleanup(self, plan: StepPlan, snapshot: State) -> None:
        """Drop what was only kept for the undo (its time is over)."""
