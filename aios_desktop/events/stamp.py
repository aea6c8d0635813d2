"""Event ids: the time in microseconds, unique and strictly increasing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aios_desktop.clock import Clock


AHEAD_US: Final = 86_400_000_000  # a day: a clock that moves further at once was far wrong
MAX_USED: Final = 100


class Stamps:
    """Gives out ids. Safe to use from any thread.

    Two calls in the same microsecond, or a clock that was set back, give the last stamp plus one.
    When the clock comes back from far away the stamps come back with it; none is given twice.
    """

    def __init__(self, clock: Clock) -> None:
        self._now = clock.now
        self._lock = threading.Lock()
        self._first = self._last = 0  # of the stretch of time that we are in
        self._limit = 0  # below it lies nothing but this stretch
        self._used: list[tuple[int, int]] = []  # other stretches, sorted

    def next(self) -> int:
        """Return a stamp that was not given before, greater than the last unless time leapt."""
        with self._lock:
            stamp = int(self._now() * 1_000_000)
            if not self._last < stamp < self._limit:
                stamp = self._unusual(stamp)
            self._last = stamp
            return stamp

    def now_us(self) -> int:
        """Return the time in microseconds; gives nothing out."""
        return int(self._now() * 1_000_000)

    def start_after(self, last: int) -> None:
        """Give only stamps greater than ``last`` from now on (the newest id in the store)."""
        with self._lock:
            if last > self._last:
                self._first = self._last = last
            self._limit = 0

    def _unusual(self, stamp: int) -> int:
        """Return the stamp for a clock that stands, went back or leapt (the lock is held)."""
        last = self._last
        if last - AHEAD_US <= stamp <= last:
            stamp = last + 1
        elif not last < stamp <= last + AHEAD_US:
            if last:
                self._used = sorted([*self._used, (self._first, last)])[-MAX_USED:]
            self._first = stamp
        for first, end in self._used:
            if first <= stamp <= end:
                stamp = end + 1
        above = [first for first, _ in self._used if first > stamp]
        self._limit = min(above, default=stamp + AHEAD_US)
        return stamp
