"""The timekeeper: calls back when a time has come, and notices that the machine slept."""

from __future__ import annotations

import heapq
import logging
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from aios_desktop.clock import Clock

logger = logging.getLogger(__name__)

SLEEP_GAP_S: Final = 5.0
LONGEST_WAIT_S: Final = 30.0  # how late a sleep is noticed when no timer is due
SWEEP_AT: Final = 64  # cancelled timers kept before the heap is cleaned


class _Timer:
    """One call to come; without its callback when it was cancelled.

    ``due`` is monotonic; ``wall`` is what the wall clock shall show, or None when it does not count.
    """

    __slots__ = ("callback", "due", "number", "wall")

    def __init__(
        self, due: float, number: int, callback: Callable[[], None], wall: float | None
    ) -> None:
        self.due = due
        self.number = number
        self.wall = wall
        self.callback: Callable[[], None] | None = callback

    def __lt__(self, other: _Timer) -> bool:
        return (self.due, self.number) < (other.due, other.number)


class Timekeeper:
    """Holds timers. One lane runs it; callbacks run there and return at once.

    When wall time has moved more than five seconds further than monotonic time, the machine slept
    (or the clock was set forward): ``on_sleep`` gets the gap before any timer fires. Timers in
    monotonic time then wait longer, by as much as the machine slept; those in wall time do not.
    """

    def __init__(self, clock: Clock, on_sleep: Callable[[float], None] | None = None) -> None:
        self._clock = clock
        self.on_sleep = on_sleep
        self._changed = threading.Condition(threading.Lock())
        self._timers: list[_Timer] = []
        self._cancelled = 0
        self._number = 0
        self._offset = clock.now() - clock.monotonic()

    def __len__(self) -> int:
        with self._changed:
            return len(self._timers) - self._cancelled

    def at(self, seconds: float, callback: Callable[[], None]) -> Callable[[], None]:
        """Call ``callback`` in ``seconds``, in the timekeeper's lane; return what cancels it."""
        return self._set(self._clock.monotonic() + max(0.0, seconds), callback, None)

    def at_wall(self, wall: float, callback: Callable[[], None]) -> Callable[[], None]:
        """Call ``callback`` when the wall clock shows ``wall``; return what cancels it.

        It is at most half a minute late after a sleep of the machine or a change of its clock.
        """
        return self._set(self._monotonic_of(wall), callback, wall)

    def _monotonic_of(self, wall: float) -> float:
        return self._clock.monotonic() + max(0.0, wall - self._clock.now())

    def _set(
        self, due: float, callback: Callable[[], None], wall: float | None
    ) -> Callable[[], None]:
        with self._changed:
            self._number += 1
            timer = _Timer(due, self._number, callback, wall)
            heapq.heappush(self._timers, timer)
            if self._timers[0] is timer:
                self._changed.notify()
        return lambda: self._cancel(timer)

    def run_due(self) -> float:
        """Call everything that is due; return the seconds until the next look is needed."""
        self._look_for_sleep()
        while (timer := self._take_due()) is not None:
            callback, timer.callback = timer.callback, None
            if callback is None:
                continue
            try:
                callback()
            except Exception:
                logger.exception("a timer's callback failed")
        with self._changed:
            return self._wait_s()

    def run(self, stop: threading.Event) -> None:
        """Serve the timers until ``stop`` is set; follow it with ``wake`` to end at once."""
        while not stop.is_set():
            self.run_due()
            with self._changed:
                wait_s = self._wait_s()
                if wait_s > 0 and not stop.is_set():
                    self._changed.wait(wait_s)

    def wake(self) -> None:
        """Make ``run`` look at its stop flag and its timers now."""
        with self._changed:
            self._changed.notify_all()

    def _wait_s(self) -> float:
        if not self._timers:
            return LONGEST_WAIT_S
        return min(LONGEST_WAIT_S, max(0.0, self._timers[0].due - self._clock.monotonic()))

    def _take_due(self) -> _Timer | None:
        with self._changed:
            if not self._timers or self._timers[0].due > self._clock.monotonic():
                return None
            timer = heapq.heappop(self._timers)
            if timer.callback is None:
                self._cancelled -= 1
            return timer

    def _cancel(self, timer: _Timer) -> None:
        with self._changed:
            if timer.callback is None:  # fired, or cancelled before
                return
            timer.callback = None
            self._cancelled += 1
            if self._cancelled > SWEEP_AT and self._cancelled * 2 > len(self._timers):
                self._timers = [x for x in self._timers if x.callback is not None]
                heapq.heapify(self._timers)
                self._cancelled = 0

    def _look_for_sleep(self) -> None:
        offset = self._clock.now() - self._clock.monotonic()
        gap, self._offset = offset - self._offset, offset
        if abs(gap) <= SLEEP_GAP_S:
            return
        logger.info("wall time moved %.1f s against monotonic time", gap)
        with self._changed:
            for timer in self._timers:
                if timer.wall is not None:
                    timer.due = self._monotonic_of(timer.wall)
            heapq.heapify(self._timers)
        if gap < 0 or self.on_sleep is None:
            return
        try:
            self.on_sleep(gap)
        except Exception:
            logger.exception("the handler of a machine's sleep failed")
