"""What the rest of the house knows of the scheduler: priorities and two verbs."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Priority(IntEnum):
    """How urgent a task is; smaller is more urgent."""

    P0 = 0  # the system is degraded
    P1 = 1  # a resource alarm
    P2 = 2  # an agent's error
    P3 = 3  # anything else


class Scheduler(Protocol):
    """Runs work elsewhere, soon or later. Every method returns at once, from any thread."""

    def submit(
        self, work: Callable[[], None], *, priority: Priority = Priority.P3, name: str = ""
    ) -> None:
        """Run ``work`` as soon as a slot is free and nothing more urgent waits."""

    def after(
        self,
        seconds: float,
        work: Callable[[], None],
        *,
        priority: Priority = Priority.P3,
        name: str = "",
    ) -> Callable[[], None]:
        """Submit ``work`` in ``seconds``; return what cancels it. Waiting holds no slot."""
