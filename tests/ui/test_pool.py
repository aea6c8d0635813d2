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
    assert gate.began == ["low 0", "low 1", "low 2", "low 3", "urgent"]
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
