"""The queue against a plain list that is searched anew for every question."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from aios_desktop.scheduler.queue import SWEEP_EVERY_S, Task, TaskQueue
from aios_desktop.scheduler.task import FOREVER, Priority, TaskState

AGE_S = 10.0
LIMIT = 8
KEYS = st.sampled_from((None, None, "a", "b"))
NAMES = st.sampled_from((None, None, None, "x", "y"))
CLASSES = st.sampled_from(Priority)


def nothing() -> None:
    """Stand for the work."""


@dataclass(slots=True, eq=False)
class Twin:
    """What the model knows of a task."""

    task: Task
    priority: Priority
    number: int
    key: str | None
    same_as: str | None
    queued_at: float
    expires_at: float
    must: bool
    repeats: int = 0


class QueueMachine(RuleBasedStateMachine):
    """Every rule does the same to the queue and to the list."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = TaskQueue(AGE_S, limit=LIMIT)
        self.now = 0.0
        self.swept_at = -FOREVER
        self.number = 0
        self.waiting: list[Twin] = []
        self.running: list[Twin] = []
        self.ended: list[tuple[Twin, TaskState]] = []
        self.repeats = self.pushed = 0

    # ------------------------------------------------------------------ the model

    def risen(self, twin: Twin) -> tuple[int, int]:
        waited = int((self.now - twin.queued_at) // AGE_S)
        return (max(0, twin.priority - waited), twin.number)

    def end(self, twin: Twin, state: TaskState) -> None:
        (self.running if twin in self.running else self.waiting).remove(twin)
        self.ended.append((twin, state))

    def expire(self) -> None:
        for twin in [x for x in self.waiting if x.expires_at <= self.now]:
            self.end(twin, TaskState.EXPIRED)

    def make_room(self, new: Twin) -> bool:
        """Return whether the new one may come in."""
        if len(self.waiting) < LIMIT:
            return True
        loose = [x for x in [*self.waiting, new] if not x.must]
        victim = max(loose, key=lambda x: (x.priority, x.number), default=None)
        if victim is None:
            return True
        if victim is new:
            return False
        self.end(victim, TaskState.DROPPED)
        return True

    def next(self, urgent_only: bool) -> Twin | None:
        busy = {x.key for x in self.running} - {None}
        able = [x for x in self.waiting if x.key not in busy]
        able = [x for x in able if x.priority <= Priority.P1 or not urgent_only]
        return min(able, key=self.risen, default=None)

    # ------------------------------------------------------------------ the rules

    @rule(
        priority=CLASSES,
        key=KEYS,
        same_as=NAMES,
        expires_s=st.sampled_from((FOREVER, FOREVER, 5.0, 40.0)),
        must=st.sampled_from((False, False, False, True)),
    )
    def push(
        self, priority: Priority, key: str | None, same_as: str | None, expires_s: float, must: bool
    ) -> None:
        self.queue.sweep(self.now)  # so that the model need not know when it would sweep
        self.expire()
        self.pushed += 1
        task = self.queue.push(
            nothing,
            self.now,
            priority=priority,
            key=key,
            same_as=same_as,
            expires_s=expires_s,
            must=must,
        )
        alive = [*self.waiting, *self.running]
        twin = next((x for x in alive if same_as is not None and x.same_as == same_as), None)
        if twin is not None:
            assert task is twin.task
            twin.repeats += 1
            self.repeats += 1
            if twin in self.waiting and priority < twin.priority:
                twin.priority = priority
                twin.must = twin.must or priority is Priority.P0
            return
        self.number += 1
        expires_at = self.now + expires_s
        must = must or priority is Priority.P0
        twin = Twin(task, priority, self.number, key, same_as, self.now, expires_at, must)
        if self.make_room(twin):
            self.waiting.append(twin)
        else:
            self.ended.append((twin, TaskState.DROPPED))

    @rule(urgent_only=st.booleans(), look_first=st.booleans())
    def pop(self, urgent_only: bool, look_first: bool) -> None:
        before = [x for x in self.waiting if x.expires_at <= self.now]
        self.expire()
        twin = self.next(urgent_only)
        if look_first:
            ready = self.queue.ready(self.now, urgent_only=urgent_only)
            assert ready == (twin is not None)
        task = self.queue.pop(self.now, urgent_only=urgent_only)
        assert task is (twin.task if twin else None)
        if twin is not None:
            self.waiting.remove(twin)
            self.running.append(twin)
        if any(x.task.state is TaskState.WAITING for x in before):
            self.queue.sweep(self.now)

    @precondition(lambda self: self.running)
    @rule(pick=st.integers(0, 9))
    def done(self, pick: int) -> None:
        twin = self.running[pick % len(self.running)]
        self.queue.done(twin.task)
        self.end(twin, TaskState.ENDED)

    @precondition(lambda self: self.waiting)
    @rule(pick=st.integers(0, 9))
    def cancel(self, pick: int) -> None:
        twin = self.waiting[pick % len(self.waiting)]
        assert self.queue.cancel(twin.task)
        assert not self.queue.cancel(twin.task)
        self.end(twin, TaskState.CANCELLED)

    @rule(seconds=st.sampled_from((0.5, SWEEP_EVERY_S, 5.0, 9.5, 10.0, 35.0)))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def clean(self) -> None:
        self.queue._clean()

    # ------------------------------------------------------------------ what always holds

    @invariant()
    def everything_is_where_the_model_says(self) -> None:
        assert len(self.queue) == len(self.waiting)
        fresh = [x for x in self.waiting if x.expires_at > self.now]
        order = [x.task for x in sorted(fresh, key=self.risen)]
        assert list(self.queue.snapshot(self.now)) == order
        for twin, state in self.ended:
            assert twin.task.state is state
        for twin in self.running:
            assert twin.task.state is TaskState.RUNNING
        for twin in self.waiting:
            assert (twin.task.priority, twin.task.must) == (twin.priority, twin.must)

    @invariant()
    def every_push_is_accounted_for(self) -> None:
        counts = self.queue.counts()
        states = [state for _, state in self.ended]
        assert (counts.pushed, counts.repeats) == (self.pushed, self.repeats)
        assert sum(counts.dropped) == states.count(TaskState.DROPPED)
        assert sum(counts.expired) == states.count(TaskState.EXPIRED)
        assert counts.cancelled == states.count(TaskState.CANCELLED)
        assert counts.dropped[0] == 0
        alive = len(self.waiting) + len(self.running)
        assert counts.pushed == counts.repeats + alive + len(self.ended)
        for twin in [*self.waiting, *self.running, *(x for x, _ in self.ended)]:
            assert twin.task.repeats == twin.repeats

    @invariant()
    def ghosts_are_counted(self) -> None:
        places = sum(map(len, self.queue._lines)) + sum(map(len, self.queue._back))
        places += sum(len(x) for heaps in self.queue._parked.values() for x in heaps.values())
        assert places == len(self.waiting) + self.queue._ghosts


TestQueueMachine = QueueMachine.TestCase
TestQueueMachine.settings = settings(max_examples=150, stateful_step_count=60)
