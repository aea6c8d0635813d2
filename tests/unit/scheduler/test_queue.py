"""The queue gives the most urgent task first and lets nobody starve."""

from __future__ import annotations

import sys

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from aios_desktop.scheduler.queue import Task, TaskQueue
from aios_desktop.scheduler.task import Priority

AGE_S = 10.0


def nothing() -> None:
    """Stand for the work."""


def names(queue: TaskQueue, now: float) -> list[str]:
    taken = []
    while (task := queue.pop(now)) is not None:
        taken.append(task.name)
    return taken


def filled(*tasks: tuple[str, Priority, float]) -> TaskQueue:
    queue = TaskQueue(AGE_S)
    for name, priority, at in tasks:
        queue.push(nothing, at, priority=priority, name=name)
    return queue


def test_the_most_urgent_comes_first_and_equals_keep_their_order() -> None:
    queue = filled(
        ("d", Priority.P3, 0),
        ("b1", Priority.P1, 0),
        ("a", Priority.P0, 0),
        ("c", Priority.P2, 0),
        ("b2", Priority.P1, 0),
    )
    assert [task.name for task in queue.snapshot(0)] == ["a", "b1", "b2", "c", "d"]
    assert names(queue, 0) == ["a", "b1", "b2", "c", "d"]
    assert queue.pop(0) is None


def test_a_task_rises_one_class_per_ten_seconds() -> None:
    queue = filled(("old", Priority.P3, 0), ("young", Priority.P2, 9.9))
    assert queue.snapshot(9.9)[0].name == "young"
    assert queue.snapshot(10.0)[0].name == "old"  # both are P2 now, and it came first
    (old, _) = queue.snapshot(10.0)
    assert [queue.class_of(old, now) for now in (0, 9, 10, 20, 30, 99)] == [3, 3, 2, 1, 0, 0]


def test_a_waiting_task_overtakes_an_endless_stream_of_urgent_ones() -> None:
    queue = filled(("patient", Priority.P3, 0))
    for second in range(100):
        queue.push(nothing, second, priority=Priority.P0, name="urgent")
        task = queue.pop(second)
        assert task is not None
        if task.name == "patient":
            assert second == 30
            return
    raise AssertionError("it starved")


def test_the_reserved_slot_takes_urgent_tasks_only_by_their_own_priority() -> None:
    queue = filled(("old", Priority.P2, 0), ("urgent", Priority.P1, 100))
    task = queue.pop(100, urgent_only=True)
    assert task is not None
    assert task.name == "urgent"
    assert queue.pop(100, urgent_only=True) is None
    assert len(queue) == 1


def test_a_clock_read_a_little_too_early_does_no_harm() -> None:
    queue = filled(("a", Priority.P0, 5.0), ("b", Priority.P3, 5.0))
    assert names(queue, 4.0) == ["a", "b"]


def test_clearing_drops_everything() -> None:
    queue = filled(("a", Priority.P0, 0), ("b", Priority.P3, 0))
    assert queue.clear() == 2
    assert len(queue) == 0


def test_a_waiting_task_is_small() -> None:
    task = TaskQueue().push(nothing, 1.5)
    own = sys.getsizeof(task) + sys.getsizeof(task.number) + sys.getsizeof(task.queued_at)
    assert own + 16 <= 256  # and its place in the line


class QueueMachine(RuleBasedStateMachine):
    """Against a list that is sorted anew for every question."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = TaskQueue(AGE_S)
        self.model: list[Task] = []
        self.now = 0.0

    def order(self, task: Task) -> tuple[int, int]:
        return (max(0, task.priority - int((self.now - task.queued_at) // AGE_S)), task.number)

    @rule(priority=st.sampled_from(Priority))
    def push(self, priority: Priority) -> None:
        task = self.queue.push(nothing, self.now, priority=priority)
        assert all(task.number > other.number for other in self.model)
        self.model.append(task)

    @rule(seconds=st.sampled_from((0.5, 3.0, 9.5, 10.0, 35.0)))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(urgent_only=st.booleans())
    def pop(self, urgent_only: bool) -> None:
        candidates = [x for x in self.model if x.priority <= Priority.P1 or not urgent_only]
        expected = min(candidates, key=self.order, default=None)
        assert self.queue.pop(self.now, urgent_only=urgent_only) is expected
        if expected is not None:
            self.model.remove(expected)

    @invariant()
    def shows_what_waits_in_order(self) -> None:
        assert len(self.queue) == len(self.model)
        assert list(self.queue.snapshot(self.now)) == sorted(self.model, key=self.order)


TestQueueMachine = QueueMachine.TestCase
