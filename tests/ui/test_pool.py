"""The worker pool: five at once, one slot for the urgent, nothing lost, nothing left."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aios_desktop.clock import SystemClock
from aios_desktop.scheduler.lanes import Lanes
from aios_desktop.scheduler.pool import PoolScheduler, WorkerPool
from aios_desktop.scheduler.task import Priority, Scheduler
from aios_desktop.scheduler.timers import Timekeeper
from tests.fakes import FakeClock

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 10.0


class Gate:
    """Work that says when it has begun and ends when it is let through."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self._changed = threading.Condition()
        self._open = False

    def work(self, name: str) -> Callable[[], None]:
        """Return work that waits at the gate."""

        def run() -> None:
            with self._changed:
                self.began.append(name)
                self._changed.notify_all()
                assert self._changed.wait_for(lambda: self._open, PATIENCE_S)

        return run

    def open(self) -> None:
        """Let everybody through."""
        with self._changed:
            self._open = True
            self._changed.notify_all()

    def wait_for(self, count: int) -> None:
        """Wait until so many have begun."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.began) >= count, PATIENCE_S)


class Tally:
    """Counts what was done and tells when it is enough."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self._changed = threading.Condition()

    def note(self, what: object) -> None:
        """Count one."""
        with self._changed:
            self.done.append(what)
            self._changed.notify_all()

    def wait_for(self, count: int) -> None:
        """Wait until so many are counted."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.done) >= count, PATIENCE_S), self.done


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    pool = WorkerPool(SystemClock())
    yield pool
    assert pool.close(PATIENCE_S)
    assert native_threads() == set()


def native_threads() -> set[int]:
    """Return Qt's threads that still run a drainer of ours, by what Python sees of them."""
    return {
        ident
        for ident, frame in sys._current_frames().items()
        if frame.f_code.co_filename.endswith("scheduler/pool.py") and ident != threading.get_ident()
    }


def test_every_job_arrives(pool: WorkerPool) -> None:
    tally = Tally()
    for number in range(200):
        pool.submit(lambda number=number: tally.note(number))  # type: ignore[misc]
    tally.wait_for(200)
    assert sorted(map(str, tally.done)) == sorted(map(str, range(200)))


def test_jobs_from_many_threads_all_arrive(pool: WorkerPool) -> None:
    tally = Tally()

    def send() -> None:
        for _ in range(500):
            pool.submit(lambda: tally.note(1))

    senders = [threading.Thread(target=send) for _ in range(6)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    tally.wait_for(3000)
    assert len(tally.done) == 3000


def test_jobs_that_submit_jobs(pool: WorkerPool) -> None:
    tally = Tally()

    def spread(depth: int) -> None:
        tally.note(depth)
        for _ in range(2 if depth else 0):
            pool.submit(lambda: spread(depth - 1))

    pool.submit(lambda: spread(7))
    tally.wait_for(255)
    assert len(tally.done) == 255


def test_at_most_five_run_and_one_slot_is_kept_for_the_urgent(pool: WorkerPool) -> None:
    gate = Gate()
    for number in range(20):
        pool.submit(gate.work(f"low {number}"), priority=Priority.P2, name=f"low {number}")
    gate.wait_for(4)
    assert pool.stats().running == ("low 0", "low 1", "low 2", "low 3")
    assert pool.stats().queued == 16
    pool.submit(gate.work("urgent"), priority=Priority.P1, name="urgent")
    gate.wait_for(5)
    assert sorted(gate.began[:4]) == ["low 0", "low 1", "low 2", "low 3"]  # each in its thread
    assert gate.began[4:] == ["urgent"]
    pool.submit(gate.work("second"), priority=Priority.P0, name="second")
    assert len(pool.stats().running) == 5
    assert not pool.idle()
    gate.open()
    gate.wait_for(22)
    assert gate.began[5] == "second"  # before the sixteen that waited longer


def test_urgent_work_does_not_wait_behind_a_thousand_long_jobs(pool: WorkerPool) -> None:
    gate = Gate()
    for number in range(1000):
        pool.submit(gate.work(str(number)))
    gate.wait_for(4)
    started = threading.Event()
    pool.submit(started.set, priority=Priority.P0)
    assert started.wait(PATIENCE_S)
    assert len(gate.began) == 4
    assert pool.stats().queued == 996
    gate.open()
    gate.wait_for(1000)


def test_five_urgent_jobs_may_use_every_slot(pool: WorkerPool) -> None:
    gate = Gate()
    for number in range(7):
        pool.submit(gate.work(str(number)), priority=Priority.P1)
    gate.wait_for(5)
    assert pool.stats().queued == 2
    gate.open()
    gate.wait_for(7)


def test_one_target_is_worked_on_by_one_at_a_time_and_the_rest_hold_no_slot(
    pool: WorkerPool,
) -> None:
    gate = Gate()
    for number in range(6):
        pool.submit(gate.work(f"disk {number}"), key="disk", priority=Priority.P1)
    gate.wait_for(1)
    for name in ("cpu", "memory", "net"):
        pool.submit(gate.work(name))
    gate.wait_for(4)
    assert gate.began[0] == "disk 0"
    assert sorted(gate.began[1:]) == ["cpu", "memory", "net"]
    assert pool.stats().queued == 5
    gate.open()
    gate.wait_for(9)
    assert [name for name in gate.began if "disk" in name] == [f"disk {n}" for n in range(6)]


def test_never_two_of_one_key_at_once_however_many_ask(pool: WorkerPool) -> None:
    tally = Tally()
    inside: dict[int, int] = dict.fromkeys(range(3), 0)
    overlaps: list[int] = []

    def work(key: int) -> None:
        inside[key] += 1
        if inside[key] > 1:
            overlaps.append(key)
        for _ in range(200):
            pass
        inside[key] -= 1
        tally.note(key)

    def send() -> None:
        for number in range(600):
            key = number % 3
            pool.submit(lambda key=key: work(key), key=key, priority=Priority(number % 4))  # type: ignore[misc]

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    tally.wait_for(2400)
    assert overlaps == []
    assert pool.close(PATIENCE_S)
    assert pool.stats().done == 2400


def test_a_resting_thread_is_called_when_an_urgent_task_frees_a_common_slot() -> None:
    pool = WorkerPool(SystemClock(), workers=2, reserved=1)
    first, second = Gate(), Gate()
    pool.submit(first.work("common"), key="k")
    first.wait_for(1)
    pool.submit(second.work("urgent"), key="k", priority=Priority.P0)
    done = threading.Event()
    pool.submit(done.set)
    first.open()  # the thread goes on with the urgent one; its common slot is free now
    second.wait_for(1)
    assert done.wait(PATIENCE_S)
    second.open()
    assert pool.close(PATIENCE_S)


def test_a_storm_is_one_job_and_its_count_is_exact(pool: WorkerPool) -> None:
    gate = Gate()
    task = pool.submit(gate.work("storm"), same_as=("disk", "/"))
    gate.wait_for(1)

    def send() -> None:
        for _ in range(1000):
            assert pool.submit(gate.work("again"), same_as=("disk", "/")) is task

    senders = [threading.Thread(target=send) for _ in range(5)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert (task.repeats, gate.began) == (5000, ["storm"])
    gate.open()
    assert pool.close(PATIENCE_S)
    assert pool.stats().counts.repeats == 5000


def test_a_job_that_waits_can_be_cancelled_and_a_stale_one_is_not_done() -> None:
    clock = FakeClock()
    pool = WorkerPool(clock, workers=2, reserved=1)
    gate = Gate()
    running = pool.submit(gate.work("runs"))
    gate.wait_for(1)
    cancelled = pool.submit(gate.work("cancelled"))
    stale = pool.submit(gate.work("stale"), expires_s=5.0)
    assert pool.cancel(cancelled)
    assert not pool.cancel(cancelled)
    assert not pool.cancel(running)
    clock.advance(5.0)
    gate.open()
    last = pool.submit(gate.work("last"))
    gate.wait_for(2)
    assert pool.close(PATIENCE_S)
    assert gate.began == ["runs", "last"]
    ends = [task.state.value for task in (running, cancelled, stale, last)]
    assert ends == ["ended", "cancelled", "expired", "ended"]
    counts = pool.stats().counts
    assert (counts.cancelled, counts.expired) == (1, (0, 0, 0, 1))


def test_a_flood_is_bounded_and_costs_the_least_urgent_first() -> None:
    pool = WorkerPool(SystemClock(), limit=10)
    gate = Gate()
    for _ in range(4):
        pool.submit(gate.work("holds a slot"), priority=Priority.P3)
    gate.wait_for(4)
    for number in range(40):
        pool.submit(gate.work("flood"), priority=Priority(2 + number % 2))
    urgent = pool.submit(gate.work("urgent"), priority=Priority.P0)
    gate.wait_for(5)
    assert gate.began[-1] == "urgent"
    assert urgent.state.value == "running"
    stats = pool.stats()
    assert stats.queued == 9
    assert stats.counts.dropped == (0, 0, 11, 20)
    assert stats.dropped == 31
    gate.open()
    assert pool.close(PATIENCE_S)


def test_who_holds_a_slot_for_long_is_named(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    clock = FakeClock()
    pool = WorkerPool(clock, slow_s=2.0)
    for seconds in (2.0, 3.0, 7.0, 5.0):
        done = threading.Event()

        def work(seconds: float = seconds, done: threading.Event = done) -> None:
            clock.advance(seconds)
            done.set()

        pool.submit(work, name="backup")
        assert done.wait(PATIENCE_S)
    assert pool.close(PATIENCE_S)
    (slow,) = pool.stats().slow
    assert (slow.name, slow.count, slow.worst_s) == ("backup", 3, 7.0)
    assert caplog.text.count("the task backup held a worker") == 2  # the first and the second


@pytest.mark.logs_errors
@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit, KeyboardInterrupt])
def test_a_job_that_raises_kills_nothing(
    pool: WorkerPool, caplog: pytest.LogCaptureFixture, error: type[BaseException]
) -> None:
    def fail() -> None:
        raise error

    for _ in range(20):
        pool.submit(fail, name="bad job")
    tally = Tally()
    pool.submit(lambda: tally.note(1))
    tally.wait_for(1)
    assert pool.close(PATIENCE_S)
    stats = pool.stats()
    assert (stats.done, stats.failed, stats.dropped) == (1, 20, 0)
    assert caplog.text.count("bad job") == 20
    assert error.__name__ in caplog.text


def test_closing_drops_what_waits_and_lets_end_what_runs() -> None:
    pool = WorkerPool(SystemClock())
    gate = Gate()
    for number in range(10):
        pool.submit(gate.work(str(number)), name=f"job {number}")
    gate.wait_for(4)
    assert not pool.close(0.05)
    assert pool.stats().queued == 0
    assert len(pool.stats().running) == 4
    gate.open()
    assert pool.close(PATIENCE_S)
    pool.submit(gate.work("too late"))
    stats = pool.stats()
    assert (stats.done, stats.dropped, stats.running) == (4, 7, ())
    assert len(gate.began) == 4
    assert pool.idle()


def test_a_job_that_does_not_end_is_named(caplog: pytest.LogCaptureFixture) -> None:
    pool = WorkerPool(SystemClock())
    gate = Gate()
    pool.submit(gate.work("x"), name="endless")
    gate.wait_for(1)
    assert not pool.close(0.01)
    assert "endless" in caplog.text
    gate.open()
    assert pool.close(PATIENCE_S)


def test_idle_threads_end_and_new_ones_start() -> None:
    pool = WorkerPool(SystemClock(), linger_s=0.01)
    tally = Tally()
    for round_ in range(1, 4):
        for _ in range(20):
            pool.submit(lambda: tally.note(1))
        tally.wait_for(20 * round_)
        assert pool._pool.waitForDone(int(PATIENCE_S * 1000)), round_
        assert pool._drainers == 0
        assert pool._waiting == []
    assert pool.close(1)


def test_submitting_just_as_threads_end_loses_nothing() -> None:
    pool = WorkerPool(SystemClock(), linger_s=0.0005)
    tally = Tally()
    for number in range(1, 1001):
        pool.submit(lambda: tally.note(1), priority=Priority(number % 4))
        if number % 3 == 0:
            tally.wait_for(number)
    tally.wait_for(1000)
    assert pool.close(PATIENCE_S)
    assert pool.stats().done == 1000


def test_a_thread_called_just_as_it_gives_up_takes_the_call() -> None:
    pool = WorkerPool(SystemClock(), linger_s=0.0)
    asleep = threading.Lock()
    asleep.acquire()  # and not in the pool's list: somebody has taken it to wake it up
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(pool._wait(asleep)))
    thread.start()
    asleep.release()
    thread.join(PATIENCE_S)
    assert answers == [True]
    assert asleep.locked()  # the call is used up, the next one will be a new one
    assert pool.close(PATIENCE_S)


def test_the_scheduler_waits_without_holding_a_slot(pool: WorkerPool) -> None:
    keeper = Timekeeper(SystemClock())
    scheduler: Scheduler = PoolScheduler(pool, keeper)
    lanes = Lanes()
    lanes.start("timekeeper", keeper.run, keeper.wake)
    tally = Tally()
    for _ in range(50):
        scheduler.after(0.05, lambda: tally.note("waited"))
    cancel = scheduler.after(0.02, lambda: tally.note("cancelled"))
    cancel()
    scheduler.submit(lambda: tally.note("at once"))
    tally.wait_for(51)
    assert tally.done == ["at once"] + ["waited"] * 50
    assert lanes.stop(PATIENCE_S) == []


ALONE = """
import threading
from PySide6.QtCore import QCoreApplication
from aios_desktop.clock import SystemClock
from aios_desktop.scheduler.pool import WorkerPool
pool = WorkerPool(SystemClock())
done = threading.Semaphore(0)
for _ in range(200):
    pool.submit(done.release)
for _ in range(200):
    assert done.acquire(timeout=10)
assert pool.close(5)
assert QCoreApplication.instance() is None
print("alone")
"""


def test_it_needs_neither_an_event_loop_nor_an_application() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", ALONE], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert answer.stdout == "alone\n"


IDLE = """
import resource, sys, threading
from aios_desktop.clock import SystemClock
from aios_desktop.scheduler.lanes import Lanes
from aios_desktop.scheduler.pool import WorkerPool
from aios_desktop.scheduler.timers import Timekeeper
clock = SystemClock()
pool, keeper, lanes = WorkerPool(clock), Timekeeper(clock), Lanes()
lanes.start("timekeeper", keeper.run, keeper.wake)
started = threading.Barrier(5)
for _ in range(4):
    pool.submit(lambda: started.wait(10))
started.wait(10)
threading.Event().wait(0.2)
before = resource.getrusage(resource.RUSAGE_SELF)
threading.Event().wait(1.0)
after = resource.getrusage(resource.RUSAGE_SELF)
print(after.ru_nvcsw - before.ru_nvcsw)
assert pool.close(5) and lanes.stop(5) == []
"""


def test_idle_workers_and_timers_do_not_wake_up() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", IDLE], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert int(answer.stdout) <= 4  # the main thread's own waits; polling would show dozens
