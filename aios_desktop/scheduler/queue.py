"""The waiting tasks, most urgent first, without starvation. Pure: no threads, no clock.

A task rises one class for every ``age_s`` it has waited. All tasks age alike, so within one
class the oldest is always the most urgent, and a first-in-first-out line per class is an exact
priority queue: only the four heads need comparing.

Three kinds of tasks leave their line otherwise. One whose key runs is *parked* when it comes to
the head, and comes *back* when the key is free: into a small heap beside the line, because it is
older than what stands there. One that is promoted goes into the heap of its new class. One that
is cancelled or dropped stays where it is as a ghost until it comes to the head, or until ghosts
outnumber the living.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aios_desktop.scheduler.task import FOREVER, Priority, Task, TaskState

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

__all__ = ["AGE_S", "LIMIT", "URGENT", "QueueCounts", "Task", "TaskQueue"]

AGE_S: Final = 10.0
LIMIT: Final = 10_000  # waiting tasks; beyond it the least urgent go
URGENT: Final = Priority.P1  # this class and those before it may use the reserved slots
GHOSTS: Final = 64  # kept before the lines are cleaned
SWEEP_EVERY_S: Final = 1.0

_ALL: Final = tuple(int(x) for x in Priority)
_URGENT_ONES: Final = _ALL[: URGENT + 1]
_WORST_FIRST: Final = _ALL[::-1]
_P0: Final = Priority.P0  # looking a member up in its class takes a while
_WAITING: Final = TaskState.WAITING
_RUNNING: Final = TaskState.RUNNING
_ENDED: Final = TaskState.ENDED

_Heap = list[tuple[int, Task]]


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """What became of everything that was pushed, per class where there are four numbers.

    Each push is either a task or a repeat; each task waits, runs, has ended, or is counted here.
    """

    pushed: int
    repeats: int
    cancelled: int
    dropped: tuple[int, int, int, int]
    expired: tuple[int, int, int, int]


class TaskQueue:
    """The tasks that wait. Not safe for threads by itself: its owner holds a lock."""

    def __init__(self, age_s: float = AGE_S, limit: int = LIMIT) -> None:
        self._age_s = age_s
        self._limit = limit
        self._lines: tuple[deque[Task], ...] = tuple(deque() for _ in Priority)
        self._back: tuple[_Heap, ...] = tuple([] for _ in Priority)
        self._parked: dict[Hashable, dict[int, _Heap]] = {}
        self._busy: set[Hashable] = set()
        self._same: dict[Hashable, Task] = {}
        self._waiting = 0
        self._ghosts = 0
        self._droppable = [0] * len(Priority)
        self._number = 0
        self._swept_at = -FOREVER
        self._pushed = self._repeats = self._cancelled = 0
        self._dropped = [0] * len(Priority)
        self._expired = [0] * len(Priority)

    def __len__(self) -> int:
        return self._waiting

    # ------------------------------------------------------------------ coming

    def push(
        self,
        work: Callable[[], None],
        now: float,
        priority: Priority = Priority.P3,
        name: str = "",
        key: Hashable = None,
        same_as: Hashable = None,
        expires_s: float = FOREVER,
        must: bool = False,
    ) -> Task:
        """Add a task behind the equally urgent ones, or count it as a repeat of its like.

        When the queue is full, the newest task of the least urgent class goes, which may be this
        one; never P0, and never one that ``must``.
        """
        self._pushed += 1
        if same_as is not None and (other := self._same.get(same_as)) is not None:
            self._repeats += 1
            other.repeats += 1
            if priority < other.priority and other.state is _WAITING:
                self._promote(other, priority)
            return other
        self._number += 1
        must = must or priority is _P0
        task = Task(work, priority, name, self._number, now, now + expires_s, key, must)
        if self._waiting >= self._limit and not self._make_room(task, now):
            task.state = TaskState.DROPPED
            self._dropped[priority] += 1
            return task
        if same_as is not None:
            task.same_as = same_as
            self._same[same_as] = task
        self._waiting += 1
        if not must:
            self._droppable[priority] += 1
        self._lines[priority].append(task)
        return task

    def _promote(self, task: Task, priority: Priority) -> None:
        """Let a waiting task count as more urgent; its place in the old line becomes a ghost."""
        if not task.must:
            self._droppable[task.priority] -= 1
            task.must = priority is Priority.P0
            self._droppable[priority] += not task.must
        task.priority = priority
        heapq.heappush(self._back[priority], (task.number, task))
        self._add_ghost()

    def _make_room(self, task: Task, now: float) -> bool:
        """Drop something less urgent than the task; return False when the task itself must go."""
        if now - self._swept_at >= SWEEP_EVERY_S:
            self.sweep(now)
            if self._waiting < self._limit:
                return True
        for class_ in _WORST_FIRST:
            if self._droppable[class_]:
                if class_ <= task.priority and not task.must:
                    return False
                self._drop(self._newest(class_), TaskState.DROPPED, self._dropped)
                return True
        return task.must

    def _newest(self, class_: int) -> Task:
        """Return the newest task of a class that may be dropped; there is one."""
        line = self._lines[class_]
        while line and self._is_ghost(line[-1], class_):
            line.pop()
            self._ghosts -= 1
        beside = [x for _, x in self._back[class_]]
        for newest in reversed(line):
            if not newest.must and not self._is_ghost(newest, class_):
                beside.append(newest)
                break
        else:  # whatever is parked is older than what stands in line
            for heaps in self._parked.values():
                beside += (x for _, x in heaps.get(class_, ()))
        loose = (x for x in beside if not x.must and not self._is_ghost(x, class_))
        return max(loose, key=lambda x: x.number)

    # ------------------------------------------------------------------ going

    def pop(self, now: float, *, urgent_only: bool = False) -> Task | None:
        """Take the most urgent task whose key is free; ``urgent_only`` looks at P0 and P1 alone.

        It counts as running until ``done`` is told.
        """
        best = self._best(now, urgent_only)
        if best is None:
            return None
        class_ = best.priority
        back = self._back[class_]
        if back and back[0][1] is best:
            heapq.heappop(back)
        else:
            self._lines[class_].popleft()
        best.state = _RUNNING
        self._waiting -= 1
        if not best.must:
            self._droppable[class_] -= 1
        if best.key is not None:
            self._busy.add(best.key)
        return best

    def ready(self, now: float, *, urgent_only: bool = False) -> bool:
        """Say whether ``pop`` would give a task."""
        return self._best(now, urgent_only) is not None

    def done(self, task: Task) -> None:
        """Take note that a running task has ended: its key is free, its like may come again."""
        task.state = _ENDED
        if task.same_as is not None:
            del self._same[task.same_as]
        if task.key is not None:
            self._busy.remove(task.key)
            for class_ in tuple(self._parked.get(task.key, ())):
                self._unpark(task.key, class_)

    def cancel(self, task: Task) -> bool:
        """Take a waiting task out; return False when it does not wait any more."""
        if task.state is not TaskState.WAITING:
            return False
        self._cancelled += 1
        self._drop(task, TaskState.CANCELLED, None)
        return True

    def sweep(self, now: float) -> None:
        """Let everything expire whose time is over, wherever it stands."""
        self._swept_at = now
        for task in [x for x in self._all() if x.expires_at <= now]:
            self._drop(task, TaskState.EXPIRED, self._expired)

    def clear(self) -> int:
        """Drop everything that waits; return how many tasks that were."""
        waiting = list(self._all())
        for task in waiting:
            self._leave(task, TaskState.CANCELLED)
            self._forget(task)
        self._cancelled += len(waiting)
        self._clean()
        return len(waiting)

    # ------------------------------------------------------------------ looking

    def counts(self) -> QueueCounts:
        """Return what became of everything that was pushed."""
        return QueueCounts(
            self._pushed,
            self._repeats,
            self._cancelled,
            (self._dropped[0], self._dropped[1], self._dropped[2], self._dropped[3]),
            (self._expired[0], self._expired[1], self._expired[2], self._expired[3]),
        )

    def class_of(self, task: Task, now: float) -> int:
        """Return the class a task has risen to by now."""
        risen = int((now - task.queued_at) / self._age_s)
        return max(0, task.priority - risen) if risen > 0 else int(task.priority)

    def snapshot(self, now: float) -> tuple[Task, ...]:
        """Return the waiting tasks in the order they would be taken now if no key were in use."""
        found = [task for task in self._all() if task.expires_at > now]
        return tuple(sorted(found, key=lambda task: (self.class_of(task, now), task.number)))

    # ------------------------------------------------------------------ inside

    def _best(self, now: float, urgent_only: bool) -> Task | None:
        best: Task | None = None
        for class_ in _URGENT_ONES if urgent_only else _ALL:
            line = self._lines[class_]
            if self._back[class_]:
                head = self._head(class_, now)
            elif line:
                head = line[0]
                if (  # the usual case, without a call
                    head.state is not _WAITING
                    or head.key is not None
                    or head.expires_at <= now
                    or head.priority != class_
                ):
                    head = self._head(class_, now)
            else:
                continue
            if best is None or (head is not None and self._is_before(head, best, now)):
                best = head
        return best

    def _is_before(self, one: Task, other: Task, now: float) -> bool:
        first, second = self.class_of(one, now), self.class_of(other, now)
        return (first, one.number) < (second, other.number)

    def _head(self, class_: int, now: float) -> Task | None:
        """Return the oldest task of a class that may run now, clearing away what stands before."""
        line, back = self._lines[class_], self._back[class_]
        while line or back:
            is_back = bool(back) and (not line or back[0][0] < line[0].number)
            task = back[0][1] if is_back else line[0]
            ghost = self._is_ghost(task, class_)
            if not ghost and task.expires_at > now and task.key not in self._busy:
                return task
            if is_back:
                heapq.heappop(back)
            else:
                line.popleft()
            self._set_aside(task, class_, ghost)
        return None

    def _set_aside(self, task: Task, class_: int, ghost: bool) -> None:
        """Park a task whose key runs; else it was a ghost, or its time is over."""
        if task.key is not None and task.key in self._busy and not ghost:
            heaps = self._parked.setdefault(task.key, {})
            heapq.heappush(heaps.setdefault(class_, []), (task.number, task))
            return
        if ghost:
            self._ghosts -= 1
        else:
            self._leave(task, TaskState.EXPIRED)
            self._forget(task)
            self._expired[class_] += 1
        if task.key is not None and task.key not in self._busy:
            self._unpark(task.key, class_)  # it stood for those parked behind it

    def _unpark(self, key: Hashable, class_: int) -> None:
        """Bring the oldest parked task of a free key and a class back; ghosts vanish."""
        heaps = self._parked.get(key, {})
        heap = heaps.get(class_)
        while heap:
            number, task = heapq.heappop(heap)
            if self._is_ghost(task, class_):
                self._ghosts -= 1
                continue
            heapq.heappush(self._back[class_], (number, task))
            break
        if not heap:
            heaps.pop(class_, None)
            if not heaps:
                self._parked.pop(key, None)

    @staticmethod
    def _is_ghost(task: Task, class_: int) -> bool:
        return task.state is not _WAITING or task.priority != class_

    def _leave(self, task: Task, state: TaskState) -> None:
        task.state = state
        self._waiting -= 1
        if not task.must:
            self._droppable[task.priority] -= 1

    def _forget(self, task: Task) -> None:
        if task.same_as is not None:
            del self._same[task.same_as]

    def _drop(self, task: Task, state: TaskState, count: list[int] | None) -> None:
        """End a waiting task where it stands."""
        self._leave(task, state)
        self._forget(task)
        if count is not None:
            count[task.priority] += 1
        self._add_ghost()

    def _add_ghost(self) -> None:
        self._ghosts += 1
        if self._ghosts > GHOSTS and self._ghosts > self._waiting:
            self._clean()

    def _clean(self) -> None:
        """Remove all ghosts."""
        for class_, line in enumerate(self._lines):
            alive = [x for x in line if not self._is_ghost(x, class_)]
            line.clear()
            line.extend(alive)
        for class_, heap in enumerate(self._back):
            heap[:] = [x for x in heap if not self._is_ghost(x[1], class_)]
            heapq.heapify(heap)
        for key, heaps in list(self._parked.items()):
            for class_, heap in list(heaps.items()):
                heap[:] = [x for x in heap if not self._is_ghost(x[1], class_)]
                heapq.heapify(heap)
                if key not in self._busy:
                    self._unpark(key, class_)
                elif not heap:
                    del heaps[class_]
            if not heaps:
                self._parked.pop(key, None)
        self._ghosts = 0

    def _all(self) -> Iterator[Task]:
        """Give every waiting task once, in no order."""
        for class_ in range(len(self._lines)):
            places = [self._lines[class_], (x for _, x in self._back[class_])]
            places += [(x for _, x in heaps.get(class_, ())) for heaps in self._parked.values()]
            for place in places:
                yield from (x for x in place if not self._is_ghost(x, class_))
