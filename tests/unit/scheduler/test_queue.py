"""The queue gives the most urgent task first and lets nobody starve."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from aios_desktop.scheduler.queue import GHOSTS, SWEEP_EVERY_S, Task, TaskQueue
from aios_desktop.scheduler.task import Priority, TaskState

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


def test_a_waiting_task_takes_at_most_256_bytes() -> None:
    queue = TaskQueue(limit=20_000)
    queue.push(nothing, 0.5)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(10_000):
        queue.push(nothing, number + 0.5, priority=Priority.P1, name="same name", expires_s=60.0)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert 64 < grown / 10_000 <= 256


def test_one_key_runs_once_and_the_others_let_younger_ones_pass() -> None:
    queue = TaskQueue(AGE_S)
    for name in ("a1", "a2", "b1"):
        queue.push(nothing, 0, name=name, key=name[0])
    first, second = queue.pop(0), queue.pop(0)
    assert first is not None
    assert second is not None
    assert (first.name, second.name) == ("a1", "b1")
    assert queue.pop(0) is None
    assert not queue.ready(0)
    assert len(queue) == 1
    queue.done(first)
    assert queue.ready(0)
    assert names(queue, 0) == ["a2"]


def test_who_comes_back_from_waiting_for_a_key_has_kept_its_place() -> None:
    queue = TaskQueue(AGE_S)
    running = queue.push(nothing, 0, key="k")
    assert queue.pop(0) is running
    queue.push(nothing, 0, name="old", key="k")
    queue.push(nothing, 0, name="young")
    assert names(queue, 0) == ["young"]  # "old" is parked now
    queue.push(nothing, 0, name="youngest")
    queue.done(running)
    assert names(queue, 0) == ["old", "youngest"]


def test_a_storm_of_equals_is_one_task_with_an_exact_count() -> None:
    queue = TaskQueue(AGE_S)
    storm = [queue.push(nothing, 0, same_as=("disk", "/")) for _ in range(100)]
    assert set(storm) == {storm[0]}
    assert (len(queue), storm[0].repeats) == (1, 99)
    assert queue.pop(0) is storm[0]
    assert queue.push(nothing, 0, same_as=("disk", "/")) is storm[0]
    assert storm[0].repeats == 100
    queue.done(storm[0])
    another = queue.push(nothing, 0, same_as=("disk", "/"))
    assert another is not storm[0]
    assert (another.repeats, storm[0].repeats, queue.counts().repeats) == (0, 100, 100)


def test_a_more_urgent_repeat_lifts_the_task_that_waits() -> None:
    queue = filled(("p1", Priority.P1, 0))
    task = queue.push(nothing, 0, priority=Priority.P3, name="lifted", same_as="x")
    queue.push(nothing, 0, priority=Priority.P0, same_as="x")
    queue.push(nothing, 0, priority=Priority.P2, same_as="x")
    assert task.priority is Priority.P0
    assert task.must
    assert names(queue, 0) == ["lifted", "p1"]
    assert len(queue) == 0


def test_a_full_queue_drops_the_newest_of_the_least_urgent() -> None:
    queue = TaskQueue(AGE_S, limit=4)
    kinds = (Priority.P3, Priority.P2, Priority.P3, Priority.P1)
    tasks = [queue.push(nothing, 0, priority=kind, name=str(n)) for n, kind in enumerate(kinds)]
    late = queue.push(nothing, 0, priority=Priority.P3)
    assert late.state is TaskState.DROPPED
    for _ in range(3):
        queue.push(nothing, 0, priority=Priority.P1, name="urgent")
    assert [task.state.name for task in tasks] == ["DROPPED", "DROPPED", "DROPPED", "WAITING"]
    assert queue.push(nothing, 0, priority=Priority.P2).state is TaskState.DROPPED
    assert queue.push(nothing, 0, priority=Priority.P1).state is TaskState.DROPPED
    assert queue.counts().dropped == (0, 1, 2, 3)
    assert names(queue, 0) == ["3", "urgent", "urgent", "urgent"]


def test_p0_and_what_must_be_done_is_never_dropped() -> None:
    queue = TaskQueue(AGE_S, limit=2)
    for _ in range(5):
        queue.push(nothing, 0, priority=Priority.P0)
    kept = queue.push(nothing, 0, must=True)
    assert queue.push(nothing, 0, priority=Priority.P1).state is TaskState.DROPPED
    assert kept.state is TaskState.WAITING
    assert len(queue) == 6
    assert queue.counts().dropped == (0, 1, 0, 0)


def test_the_newest_is_found_among_those_that_wait_for_a_key() -> None:
    queue = TaskQueue(AGE_S, limit=2)
    running = queue.push(nothing, 0, key="k")
    assert queue.pop(0) is running
    first, second = (queue.push(nothing, 0, key="k") for _ in range(2))
    assert queue.pop(0) is None  # both are parked
    queue.push(nothing, 0, priority=Priority.P1)
    assert (first.state, second.state) == (TaskState.WAITING, TaskState.DROPPED)


def test_the_newest_is_found_among_those_that_were_lifted() -> None:
    queue = TaskQueue(AGE_S, limit=2)
    first = queue.push(nothing, 0, priority=Priority.P2)
    lifted = queue.push(nothing, 0, same_as="x")
    queue.push(nothing, 0, priority=Priority.P2, same_as="x")
    queue.push(nothing, 0, priority=Priority.P0)
    assert (first.state, lifted.state) == (TaskState.WAITING, TaskState.DROPPED)


def test_work_that_is_too_old_is_counted_and_not_done() -> None:
    queue = TaskQueue(AGE_S)
    queue.push(nothing, 0, name="stale", priority=Priority.P2, expires_s=5, same_as="x")
    queue.push(nothing, 0, name="fresh")
    assert names(queue, 5.0) == ["fresh"]
    assert queue.counts().expired == (0, 0, 1, 0)
    assert queue.push(nothing, 5.0, same_as="x").repeats == 0  # its like may come again


def test_what_has_expired_makes_room_before_anything_is_dropped() -> None:
    queue = TaskQueue(AGE_S, limit=3)
    kept = queue.push(nothing, 0)
    for _ in range(2):
        queue.push(nothing, 0, expires_s=1.0)
    new = queue.push(nothing, SWEEP_EVERY_S, priority=Priority.P3)
    assert (kept.state, new.state) == (TaskState.WAITING, TaskState.WAITING)
    assert queue.counts().expired == (0, 0, 0, 2)
    assert len(queue) == 2


def test_a_task_is_taken_back_once_and_only_while_it_waits() -> None:
    queue = TaskQueue(AGE_S)
    task = queue.push(nothing, 0, same_as="x", key="k")
    assert queue.cancel(task)
    assert not queue.cancel(task)
    assert queue.pop(0) is None
    running = queue.push(nothing, 0, same_as="x", key="k")
    assert queue.pop(0) is running
    assert not queue.cancel(running)
    queue.done(running)
    assert not queue.cancel(running)
    assert queue.counts().cancelled == 1


def test_those_parked_behind_a_cancelled_one_are_not_forgotten() -> None:
    queue = TaskQueue(AGE_S)
    running = queue.push(nothing, 0, key="k")
    assert queue.pop(0) is running
    first, second = (queue.push(nothing, 0, key="k") for _ in range(2))
    assert queue.pop(0) is None
    queue.done(running)  # the first is back in line and stands for the second
    assert queue.cancel(first)
    assert queue.pop(0) is second


def test_cleaning_away_the_one_that_stood_for_them_brings_the_next() -> None:
    queue = TaskQueue(AGE_S)
    running = queue.push(nothing, 0, key="k")
    assert queue.pop(0) is running
    first, second = (queue.push(nothing, 0, key="k") for _ in range(2))
    assert queue.pop(0) is None
    queue.done(running)
    queue.cancel(first)
    queue._clean()
    assert queue.pop(0) is second


def test_a_free_key_brings_back_the_oldest_of_every_class() -> None:
    queue = TaskQueue(AGE_S)
    running = queue.push(nothing, 0, key="k")
    assert queue.pop(0) is running
    for priority in (Priority.P3, Priority.P1, Priority.P2):
        queue.push(nothing, 0, key="k", priority=priority)
    assert queue.pop(0) is None
    queue.done(running)
    assert sorted(len(back) for back in queue._back) == [0, 1, 1, 1]
    best = queue.pop(0)
    assert best is not None
    assert best.priority is Priority.P1


def test_cancelled_tasks_do_not_pile_up() -> None:
    queue = TaskQueue(AGE_S)
    kept = queue.push(nothing, 0)
    for _ in range(5000):
        queue.cancel(queue.push(nothing, 0, key="k"))
    assert sum(map(len, queue._lines)) <= 2 * GHOSTS
    assert queue.snapshot(0) == (kept,)


def test_nothing_is_left_of_keys_and_names_when_all_has_ended() -> None:
    queue = TaskQueue(AGE_S)
    for number in range(500):
        queue.push(nothing, 0, key=number % 7, same_as=number, priority=Priority(number % 4))
    while (task := queue.pop(0)) is not None:
        queue.done(task)
    assert (queue._parked, queue._busy, queue._same) == ({}, set(), {})
    assert (len(queue), queue._ghosts, queue._droppable) == (0, 0, [0, 0, 0, 0])


@pytest.mark.parametrize("count", [2000])
def test_a_crowd_behind_one_key_costs_no_more_than_its_own_length(count: int) -> None:
    queue = TaskQueue(AGE_S, limit=count)
    for number in range(count):
        queue.push(nothing, 0, key="k", name=str(number))
    moved = 0
    original = queue._set_aside

    def counted(task: Task, class_: int, ghost: bool) -> None:
        nonlocal moved
        moved += 1
        original(task, class_, ghost)

    queue._set_aside = counted  # type: ignore[method-assign]
    order = []
    while (task := queue.pop(0)) is not None:
        assert queue.pop(0) is None  # another worker looks in vain
        order.append(task.name)
        queue.done(task)
    assert order == [str(number) for number in range(count)]
    assert moved <= 3 * count
