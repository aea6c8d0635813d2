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

from aios_desktop.scheduler.queue import URGENT, Task, TaskQueue
from aios_desktop.scheduler.task import Priority

if TYPE_CHECKING:
    from collections.abc import Callable

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
    dropped: int


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
        self, clock: Clock, *, workers: int = 5, reserved: int = 1, linger_s: float = LINGER_S
    ) -> None:
        assert 0 <= reserved < workers
        self._now = clock.monotonic
        self._workers = workers
        self._common = workers - reserved
        self._linger_s = linger_s
        self._lock = threading.Lock()
        self._queue = TaskQueue()
        self._drainers = 0  # alive, or on their way
        self._waiting: list[threading.Lock] = []  # one each that blocks; the last is the warmest
        self._common_running = 0
        self._running: dict[int, Task] = {}
        self._done = self._failed = self._dropped = 0
        self._closed = False
        self._pool = QThreadPool()
        self._pool.setMaxThreadCount(workers)

    def submit(
        self, work: Callable[[], None], *, priority: Priority = Priority.P3, name: str = ""
    ) -> None:
        """Run ``work`` when a slot is free; after ``close`` it is dropped and counted."""
        waiting: threading.Lock | None = None
        start = False
        with self._lock:
            if self._closed:
                self._dropped += 1
                logger.info("the pool is closed; dropped %s", name or "a task")
                return
            self._queue.push(work, self._now(), priority=priority, name=name)
            if priority <= URGENT or self._common_running < self._common:
                if self._waiting:
                    waiting = self._waiting.pop()
                elif self._drainers < self._workers:
                    self._drainers += 1
                    start = True
        if waiting is not None:
            waiting.release()
        elif start:
            self._pool.start(_Drainer(self._drain))

    def stats(self) -> PoolStats:
        """Return what runs and what was done."""
        with self._lock:
            names = tuple(task.name for task in self._running.values())
            return PoolStats(len(self._queue), names, self._done, self._failed, self._dropped)

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
            self._dropped += dropped
            waiting, self._waiting = self._waiting, []
        if dropped:
            logger.info("the pool closes; dropped %s waiting tasks", dropped)
        for lock in waiting:
            lock.release()
        if self._pool.waitForDone(max(0, int(timeout_s * 1000))):
            return True
        logger.warning("tasks did not end: %s", ", ".join(self.stats().running))
        return False

    def _drain(self) -> None:
        """Take and run tasks until there is nothing to do for a while (in a thread of Qt's)."""
        asleep = threading.Lock()
        asleep.acquire()
        task: Task | None = None
        failed = False
        while True:
            with self._lock:
                if task is not None:
                    self._account(task, failed)
                task = None if self._closed else self._take()
                if task is None:
                    if self._closed:
                        self._drainers -= 1
                        return
                    self._waiting.append(asleep)
            if task is not None:
                failed = self._perform(task)
            elif not self._wait(asleep):
                return

    def _take(self) -> Task | None:
        """Take the next task that may have this slot (the lock is held)."""
        full = self._common_running >= self._common
        task = self._queue.pop(self._now(), urgent_only=full)
        if task is not None:
            self._running[task.number] = task
            if task.priority > URGENT:
                self._common_running += 1
        return task

    def _account(self, task: Task, failed: bool) -> None:
        """Note that a task has ended (the lock is held)."""
        del self._running[task.number]
        if task.priority > URGENT:
            self._common_running -= 1
        if failed:
            self._failed += 1
        else:
            self._done += 1

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

    def _perform(self, task: Task) -> bool:
        """Run a task; return whether it failed."""
        try:
            task.work()
        except BaseException:
            logger.exception("the task %s failed", task.name or task.work)
            return True
        return False


class PoolScheduler:
    """The scheduler of the running application: a pool for the work, a timekeeper for the waits."""

    def __init__(self, pool: WorkerPool, timekeeper: Timekeeper) -> None:
        self._pool = pool
        self._timekeeper = timekeeper

    def submit(
        self, work: Callable[[], None], *, priority: Priority = Priority.P3, name: str = ""
    ) -> None:
        """Run ``work`` as soon as a slot is free and nothing more urgent waits."""
        self._pool.submit(work, priority=priority, name=name)

    def after(
        self,
        seconds: float,
        work: Callable[[], None],
        *,
        priority: Priority = Priority.P3,
        name: str = "",
    ) -> Callable[[], None]:
        """Submit ``work`` in ``seconds``; return what cancels it. Waiting holds no slot."""
        return self._timekeeper.at(
            seconds, lambda: self._pool.submit(work, priority=priority, name=name)
        )
