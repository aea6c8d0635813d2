"""Small real implementations that tests use in place of the clock and the worker threads."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from aios_desktop.scheduler.queue import LIMIT, QueueCounts, TaskQueue
from aios_desktop.scheduler.task import FOREVER, Priority, Task

Work = Callable[[], None]


class FakeClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, start: float = 1_000_000.0) -> None:
        self._wall = start
        self._monotonic = 1_000.0

    def now(self) -> float:
        """Return wall time."""
        return self._wall

    def monotonic(self) -> float:
        """Return monotonic time."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._wall += seconds
        self._monotonic += seconds

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back, as a person or NTP does."""
        self._wall += seconds

    def sleep_machine(self, seconds: float) -> None:
        """Suspend the machine: wall time goes on, monotonic time does not."""
        self._wall += seconds


class FakeScheduler:
    """Runs work in the caller's thread, when told to, most urgent first. Errors reach the test.

    The queue is the real one; only the threads are missing.
    """

    def __init__(self, clock: FakeClock, limit: int = LIMIT) -> None:
        self._clock = clock
        self._queue = TaskQueue(age_s=FOREVER, limit=limit)
        self._timers: list[_FakeTimer] = []

    @property
    def queued(self) -> tuple[str, ...]:
        """Return the names of the work that waits for ``run``, most urgent first."""
        return tuple(task.name for task in self._queue.snapshot(self._clock.monotonic()))

    @property
    def timers(self) -> tuple[float, ...]:
        """Return the seconds until each timer is due, the next one first."""
        return tuple(sorted(map(self._left, self._timers)))

    def counts(self) -> QueueCounts:
        """Return what became of everything that was submitted."""
        return self._queue.counts()

    def submit(
        self,
        work: Work,
        *,
        priority: Priority = Priority.P3,
        name: str = "",
        key: Hashable = None,
        same_as: Hashable = None,
        expires_s: float = FOREVER,
        must: bool = False,
    ) -> Task:
        """Keep ``work`` for ``run``."""
        return self._queue.push(
            work,
            self._clock.monotonic(),
            priority=priority,
            name=name,
            key=key,
            same_as=same_as,
            expires_s=expires_s,
            must=must,
        )

    def cancel(self, task: Task) -> bool:
        """Take a waiting task back."""
        return self._queue.cancel(task)

    def after(
        self,
        seconds: float,
        work: Work,
        *,
        priority: Priority = Priority.P3,
        name: str = "",
        key: Hashable = None,
    ) -> Callable[[], None]:
        """Keep ``work`` until the clock has moved on by ``seconds``."""
        due = self._clock.monotonic() + max(0.0, seconds)
        return self._set(_FakeTimer(due, None, work, priority, name, key))

    def until(
        self,
        wall: float,
        work: Work,
        *,
        priority: Priority = Priority.P3,
        name: str = "",
        key: Hashable = None,
    ) -> Callable[[], None]:
        """Keep ``work`` until the wall clock shows ``wall``."""
        return self._set(_FakeTimer(0.0, wall, work, priority, name, key))

    def run(self) -> int:
        """Run everything that is due now, and what that submits; return how many ran."""
        ran = 0
        while True:
            self._ring()
            task = self._queue.pop(self._clock.monotonic())
            if task is None:
                return ran
            try:
                task.work()
            finally:
                self._queue.done(task)
            ran += 1

    def advance(self, seconds: float) -> int:
        """Let time pass from timer to timer, running each on its time; return how many ran."""
        end = self._clock.monotonic() + seconds
        ran = self.run()
        while self._timers:
            left = min(map(self._left, self._timers))
            if self._clock.monotonic() + left > end:
                break
            self._clock.advance(max(0.0, left))
            ran += self.run()
        self._clock.advance(max(0.0, end - self._clock.monotonic()))
        return ran + self.run()

    def _set(self, timer: _FakeTimer) -> Callable[[], None]:
        self._timers.append(timer)

        def cancel() -> None:
            if timer in self._timers:
                self._timers.remove(timer)

        return cancel

    def _left(self, timer: _FakeTimer) -> float:
        if timer.wall is not None:
            return timer.wall - self._clock.now()
        return timer.due - self._clock.monotonic()

    def _ring(self) -> None:
        for timer in sorted(self._timers, key=self._left):
            if self._left(timer) <= 1e-6:  # what rounding leaves
                self._timers.remove(timer)
                self.submit(
                    timer.work, priority=timer.priority, name=timer.name, key=timer.key, must=True
                )


@dataclass(slots=True, eq=False)
class _FakeTimer:
    due: float
    wall: float | None
    work: Work
    priority: Priority
    name: str
    key: Hashable
