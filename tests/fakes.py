"""Small real implementations that tests use in place of the clock and the worker threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aios_desktop.scheduler.task import Priority

if TYPE_CHECKING:
    from collections.abc import Callable

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
    """Runs work in the caller's thread, when told to, most urgent first. Errors reach the test."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._number = 0
        self._queued: list[tuple[Priority, int, str, Work]] = []
        self._timers: list[tuple[float, int, str, Priority, Work]] = []

    @property
    def queued(self) -> tuple[str, ...]:
        """Return the names of the work that waits for ``run``, most urgent first."""
        return tuple(name for _, _, name, _ in sorted(self._queued, key=lambda x: x[:2]))

    @property
    def timers(self) -> tuple[float, ...]:
        """Return the seconds until each timer is due, the next one first."""
        return tuple(sorted(due - self._clock.monotonic() for due, *_ in self._timers))

    def submit(self, work: Work, *, priority: Priority = Priority.P3, name: str = "") -> None:
        """Keep ``work`` for ``run``."""
        self._number += 1
        self._queued.append((priority, self._number, name, work))

    def after(
        self, seconds: float, work: Work, *, priority: Priority = Priority.P3, name: str = ""
    ) -> Callable[[], None]:
        """Keep ``work`` until the clock has moved on by ``seconds``."""
        self._number += 1
        due = self._clock.monotonic() + max(0.0, seconds)
        timer = (due, self._number, name, priority, work)
        self._timers.append(timer)

        def cancel() -> None:
            if timer in self._timers:
                self._timers.remove(timer)

        return cancel

    def run(self) -> int:
        """Run everything that is due now, and what that submits; return how many ran."""
        ran = 0
        while True:
            self._ring()
            if not self._queued:
                return ran
            self._queued.sort(key=lambda x: x[:2])
            work = self._queued.pop(0)[3]
            work()
            ran += 1

    def advance(self, seconds: float) -> int:
        """Let time pass from timer to timer, running each on its time; return how many ran."""
        end = self._clock.monotonic() + seconds
        ran = self.run()
        while self._timers:
            due = min(timer[0] for timer in self._timers)
            if due > end:
                break
            self._clock.advance(max(0.0, due - self._clock.monotonic()))
            ran += self.run()
        self._clock.advance(max(0.0, end - self._clock.monotonic()))
        return ran + self.run()

    def _ring(self) -> None:
        now = self._clock.monotonic()
        for timer in sorted(self._timers, key=lambda x: x[:2]):
            if timer[0] <= now:
                self._timers.remove(timer)
                self.submit(timer[4], priority=timer[3], name=timer[2])
