"""The only door to time: wall time for stamps, monotonic time for durations."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Where everything that needs the time asks for it; tests pass one that stands still."""

    def now(self) -> float:
        """Return wall time in seconds since the epoch (UTC). It may jump."""

    def monotonic(self) -> float:
        """Return seconds that only ever grow, for durations and deadlines."""


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> float:
        """Return wall time in seconds since the epoch (UTC)."""
        return time.time()

    def monotonic(self) -> float:
        """Return the system's monotonic seconds."""
        return time.monotonic()
