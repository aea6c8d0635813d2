"""What the rest of the house knows of the scheduler: priorities, tasks and three verbs."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

FOREVER: Final = float("inf")


class Priority(IntEnum):
    """How urgent a task is; smaller is more urgent."""

    P0 = 0  # the system is degraded
    P1 = 1  # a resource alarm
    P2 = 2  # an agent's error
    P3 = 3  # anything else


class TaskState(Enum):
    """What has become of a task. All but the first two are ends."""

    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"
    CANCELLED = "cancelled"
    DROPPED = "dropped"  # there was no room for it
    EXPIRED = "expired"  # it waited so long that it was worth nothing any more


_WAITING: Final = TaskState.WAITING


class Task:
    """One piece of work. Others read ``state`` and ``repeats``; the queue alone changes them.

    ``key``: at most one task of a key runs at a time. ``same_as``: while a task of this name
    waits or runs, an equal one is only counted, in ``repeats``. ``must``: never dropped for want
    of room. Times are monotonic seconds.
    """

    __slots__ = (
        "expires_at",
        "key",
        "must",
        "name",
        "number",
        "priority",
        "queued_at",
        "repeats",
        "same_as",
        "started_at",
        "state",
        "work",
    )

    def __init__(
        self,
        work: Callable[[], None],
        priority: Priority,
        name: str,
        number: int,
        queued_at: float,
        expires_at: float = FOREVER,
        key: Hashable = None,
        must: bool = False,
    ) -> None:
        self.work = work
        self.priority = priority
        self.name = name
        self.number = number
        self.queued_at = self.started_at = queued_at
        self.expires_at = expires_at
        self.state = _WAITING
        self.repeats = 0
        self.key = key
        self.same_as: Hashable = None
        self.must = must

    def __repr__(self) -> str:
        return f"<Task {self.number} {self.name!r} {self.priority.name} {self.state.value}>"


class Scheduler(Protocol):
    """Runs work elsewhere, soon or later. Every method returns at once, from any thread."""

    def submit(
        self,
        work: Callable[[], None],
        *,
        priority: Priority = Priority.P3,
        name: str = "",
        key: Hashable = None,
        same_as: Hashable = None,
        expires_s: float = FOREVER,
        must: bool = False,
    ) -> Task:
        """Run ``work`` as soon as a slot is free and nothing more urgent waits.

        Returns the task; when one with the same ``same_as`` waits or runs, that one, with this
        one counted in its ``repeats``. It may be dropped already when there is no room.
        """

    def cancel(self, task: Task) -> bool:
        """Take a waiting task back; return False when it runs or has ended."""

    def after(
        self,
        seconds: float,
        work: Callable[[], None],
        *,
        priority: Priority = Priority.P3,
        name: str = "",
        key: Hashable = None,
    ) -> Callable[[], None]:
        """Submit ``work`` in ``seconds``; return what cancels it. Waiting holds no slot.

        What was waited for is never dropped. A machine that sleeps makes the wait longer.
        """

    def until(
        self,
        wall: float,
        work: Callable[[], None],
        *,
        priority: Priority = Priority.P3,
        name: str = "",
        key: Hashable = None,
    ) -> Callable[[], None]:
        """Submit ``work`` when the wall clock shows ``wall``, also after the machine slept."""
