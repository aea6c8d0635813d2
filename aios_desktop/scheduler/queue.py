"""The waiting tasks, most urgent first, without starvation. Pure: no threads, no clock.

A task rises one class for every ``age_s`` it has waited. All tasks age alike, so within one
class the oldest is always the most urgent, and a first-in-first-out line per class is an exact
priority queue: only the four heads need comparing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aios_desktop.scheduler.task import Priority

AGE_S: Final = 10.0
URGENT: Final = Priority.P1  # this class and those before it may use the reserved slots


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work that waits. ``queued_at`` is in monotonic seconds."""

    work: Callable[[], None]
    priority: Priority
    name: str
    number: int
    queued_at: float


class TaskQueue:
    """The tasks that wait. Not safe for threads by itself: its owner holds a lock."""

    def __init__(self, age_s: float = AGE_S) -> None:
        self._age_s = age_s
        self._lines: tuple[deque[Task], ...] = tuple(deque() for _ in Priority)
        self._number = 0

    def __len__(self) -> int:
        return sum(map(len, self._lines))

    def push(
        self,
        work: Callable[[], None],
        now: float,
        *,
        priority: Priority = Priority.P3,
        name: str = "",
    ) -> Task:
        """Add a task behind the equally urgent ones."""
        self._number += 1
        task = Task(work, priority, name, self._number, now)
        self._lines[priority].append(task)
        return task

    def pop(self, now: float, *, urgent_only: bool = False) -> Task | None:
        """Take the most urgent task, or None; ``urgent_only`` looks at P0 and P1 alone."""
        best: deque[Task] | None = None
        best_class = best_number = 0
        for line in self._lines[: URGENT + 1] if urgent_only else self._lines:
            if not line:
                continue
            head = line[0]
            class_ = self.class_of(head, now)
            if best is None or (class_, head.number) < (best_class, best_number):
                best, best_class, best_number = line, class_, head.number
        return best.popleft() if best is not None else None

    def class_of(self, task: Task, now: float) -> int:
        """Return the class a task has risen to by now."""
        risen = int((now - task.queued_at) / self._age_s)
        return max(0, task.priority - risen) if risen > 0 else int(task.priority)

    def snapshot(self, now: float) -> tuple[Task, ...]:
        """Return the waiting tasks in the order they would be taken now."""
        tasks = [task for line in self._lines for task in line]
        return tuple(sorted(tasks, key=lambda task: (self.class_of(task, now), task.number)))

    def clear(self) -> int:
        """Drop everything; return how many tasks that were."""
        dropped = len(self)
        for line in self._lines:
            line.clear()
        return dropped
