"""Event ids: the time in microseconds, unique and strictly increasing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aios_desktop.clock import Clock


class Stamps:
    """Gives out ids. Safe to use from any thread.

    Two calls in the same microsecond, or a clock that was set back, give the last stamp plus one.
    """

    def __init__(self, clock: Clock) -> None:
        self._now = clock.now
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> int:
        """Return a stamp greater than all before it."""
        with self._lock:
            stamp = int(self._now() * 1_000_000)
            if stamp <= self._last:
                stamp = self._last + 1
            self._last = stamp
            return stamp

    def start_after(self, last: int) -> None:
        """Give only stamps greater than ``last`` from now on (the newest id in the store)."""
        with self._lock:
            self._last = max(self._last, last)
