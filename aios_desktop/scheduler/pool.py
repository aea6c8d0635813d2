"""The reaction workers: a few threads of Qt's pool that drain one priority queue.

No runnable is made per task and nothing is reported by signals: a runnable drains the queue,
waits a little for more (blocked, not polling) and ends. Works without an event loop and without
an application object.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRunnable, QThreadPool

from aios_desktop.scheduler.queue import LIMIT, URGENT, QueueCounts, TaskQueue
from aios_desktop.scheduler.slow import SLOW_S, Slow, SlowTasks
from aios_desktop.scheduler.task import FOREVER, Priority, Task, TaskState

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from aios_desktop.clock import Clock
    from aios_desktop.scheduler.timers import Timekeeper

logger = logging.getLogger(__name__)

LINGER_S: Final = 5.0  # a waiting thread answers three times faster than a new runnable


@dataclass(frozen=True, slots=True)
class PoolStats:
    """What the pool does at this moment and has done so far."""

    queued: int
    running: tuple[str, ...]
    done: int
    failed: int
    refused: int  # came, or still waited, when the pool was closed
    counts: QueueCounts
    slow: tuple[Slow, ...] = ()

    @property
    def dropped(self) -> int:
        """Return how many tasks were never run for want of room or because the pool closed."""
        return self.refused + sum(self.counts.dropped)


class _Drainer(QRunnable):
    """Runs the pool's loop in one of Qt's threads."""

    def __init__(self, drain: Callable[[], None]) -> None:
        super().__init__()
        self._drain = drain

    def run(self) -> None:
        """Drain the queue until it stays empty."""
        self._drain()


class WorkerPool:
    """At most ``workers`` tasks at once; ``reserved`` of the slots take P0 and P1 only."""

    def __init__(
        self,
        clock: Clock,
        *,
        workers: int = 5,
        reserved: int = 1,
        linger_s: float = LINGER_S,
        limit: int = LIMIT,
        slow_s: float = SLOW_S,
    ) -> None:
        assert 0 <= reserved < workers
        self._now = clock.monotonic
        self._workers = workers
        self._common = workers - reserved
        self._linger_s = linger_s
        self._lock = threading.Lock()
        self._queue = TaskQueue(limit=limit)
        self._slow = SlowTasks(slow_s)
        self._drainers = 0  # alive, or on their way
        self._waiting: list[threading.Lock] = []  # one each that blocks; the last is the warmest
        self._common_running = 0
        self._running: dict[int, Task] = {}
        self._done = self._failed = self._refused = 0
        self._closed = False
        self._pool = QThreadPool()
        self._pool.setMaxThreadCount(workers)

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
        """Run ``work`` when a slot is free; after ``close`` it is dropped and counted.

        The parameters are those of ``Scheduler.submit``.
        """
        with self._lock:
            if self._closed:
                return self._refuse(work, priority, name)
            task = self._queue.push(
                work, self._now(), priority, name, key, same_as, expires_s, must
            )
            call = _nobody
            if priority <= URGENT or self._common_running < self._common:
                call = self._caller()
        call()
        return task

    def cancel(self, task: Task) -> bool:
        """Take a waiting task back; return False when it runs or has ended."""
        with self._lock:
            return self._queue.cancel(task)

    def stats(self) -> PoolStats:
        """Return what runs and what was done."""
        with self._lock:
            names = tuple(task.name for task in self._running.values())
            return PoolStats(
                len(self._queue),
                names,
                self._done,
                self._failed,
                self._refused,
                self._queue.counts(),
                self._slow.worst(),
            )

    def idle(self) -> bool:
        """Say whether nothing waits and nothing runs."""
        with self._lock:
            return not self._running and not len(self._queue)

    def close(self, timeout_s: float) -> bool:
        """Refuse new tasks, drop the waiting ones, let the running ones end.

        Returns False when some still run after ``timeout_s``; they are named in the log.
        """
        with self._lock:
            self._closed = True
            dropped = self._queue.clear()
            self._refused += dropped
            waiting, self._waiting = self._waiting, []
        if dropped:
            logger.info("the pool closes; dropped %s waiting tasks", dropped)
        for lock in waiting:
            lock.release()
        if self._pool.waitForDone(max(0, int(timeout_s * 1000))):
            return True
        logger.warning("tasks did not end: %s", ", ".join(self.stats().running))
        return False

    def _refuse(self, work: Callable[[], None], priority: Priority, name: str) -> Task:
        self._refused += 1
        logger.info("the pool is closed; dropped %s", name or "a task")
        task = Task(work, priority, name, 0, 0.0)
        task.state = TaskState.DROPPED
        return task

    def _caller(self) -> Callable[[], None]:
        """Return what calls one more thread to work, to be called without the lock."""
        if self._waiting:
            return self._waiting.pop().release
        if self._drainers < self._workers:
            self._drainers += 1
            return self._start_drainer
        return _nobody

    def _start_drainer(self) -> None:
        self._pool.start(_Drainer(self._drain))

    def _drain(self) -> None:
        """Take and run tasks until there is nothing to do for a while (in a thread of Qt's)."""
        asleep = threading.Lock()
        asleep.acquire()
        ended: Task | None = None
        failed = False
        while True:
            call = _nobody
            with self._lock:
                now = self._now()
                if ended is not None:
                    self._account(ended, failed)
                if self._closed:
                    self._drainers -= 1
                    return
                task = self._take(now)
                if task is None:
                    self._waiting.append(asleep)
                elif ended is not None and _leaves_more(ended, task):
                    call = self._help(now)
            call()
            if ended is not None and now - ended.started_at > self._slow.limit_s:
                self._report(ended, now - ended.started_at)
            ended = task
            if task is None:
                if not self._wait(asleep):
                    return
                continue
            failed = False
            try:
                task.work()
            except BaseException:
                failed = True
                logger.exception("the task %s failed", task.name or task.work)

    def _take(self, now: float) -> Task | None:
        """Take the next task that may have this slot (the lock is held)."""
        task = self._queue.pop(now, urgent_only=self._common_running >= self._common)
        if task is not None:
            task.started_at = now
            self._running[task.number] = task
            if task.priority > URGENT:
                self._common_running += 1
        return task

    def _help(self, now: float) -> Callable[[], None]:
        """Return what calls another thread if there is something for it (the lock is held)."""
        if not self._waiting and self._drainers >= self._workers:
            return _nobody
        full = self._common_running >= self._common
        return self._caller() if self._queue.ready(now, urgent_only=full) else _nobody

    def _account(self, task: Task, failed: bool) -> None:
        """Note that a task has ended (the lock is held)."""
        del self._running[task.number]
        self._queue.done(task)
        if task.priority > URGENT:
            self._common_running -= 1
        if failed:
            self._failed += 1
        else:
            self._done += 1

    def _report(self, task: Task, took: float) -> None:
        """Count a task that held its slot for long, and name it in the log."""
        with self._lock:
            is_news = self._slow.note(task.name, took)
        if is_news:
            logger.info("the task %s held a worker for %.1f s", task.name or task.work, took)

    def _wait(self, asleep: threading.Lock) -> bool:
        """Block until there is work; return False when there was none for long enough to end."""
        if not asleep.acquire(timeout=self._linger_s):
            with self._lock:
                if asleep in self._waiting:
                    self._waiting.remove(asleep)
                    self._drainers -= 1
                    return False
            asleep.acquire()  # somebody took it from the list and is about to release it
        return True


def _nobody() -> None:
    """Call no thread."""


def _leaves_more(ended: Task, task: Task) -> bool:
    """Say whether another thread may have something to do that had nothing before.

    A key that came free may have had several waiting for it, and a common slot is left when the
    next task is an urgent one. Otherwise who ended makes room for exactly the task that follows.
    """
    return ended.key is not None or (ended.priority > URGENT and task.priority <= URGENT)


class PoolScheduler:
    """The scheduler of the running application: a pool for the work, a timekeeper for the waits."""

    def __init__(self, pool: WorkerPool, timekeeper: Timekeeper) -> None:
        self._pool = pool
        self._timekeeper = timekeeper
        self.submit = pool.submit
        self.cancel = pool.cancel

    def after(
        self,
        seconds: float,
        work: Callable[[], None],
        *,
        priority: Priority = Priority.P3,
        name: str = "",
        key: Hashable = None,
    ) -> Callable[[], None]:
        """Submit ``work`` in ``seconds``; return what cancels it. Waiting holds no slot."""
        return self._timekeeper.at(seconds, self._later(work, priority, name, key))

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
        return self._timekeeper.at_wall(wall, self._later(work, priority, name, key))

    def _later(
        self, work: Callable[[], None], priority: Priority, name: str, key: Hashable
    ) -> Callable[[], None]:
        def due() -> None:
            self._pool.submit(work, priority=priority, name=name, key=key, must=True)

        return due
