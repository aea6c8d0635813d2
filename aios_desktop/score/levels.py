"""From a figure to one of four words, without flickering between two of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

BAND: Final = 0.03
DWELL_S: Final = 60.0  # how long a value inside the band must stay on the other side
BETTER_S: Final = 5.0  # a value beyond the band must stay there this long to count as better


class Level(StrEnum):
    """How well the machine does; "unknown" before the first measurement."""

    HEALTHY = "healthy"
    OK = "ok"
    DEGRADED = "degraded"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


BOUNDS: Final = ((0.70, Level.HEALTHY), (0.50, Level.OK), (0.30, Level.DEGRADED))
_ORDER: Final = (Level.CRITICAL, Level.DEGRADED, Level.OK, Level.HEALTHY)


def level_of(value: float) -> Level:
    """Return the level of a score, without memory."""
    return next((level for bound, level in BOUNDS if value >= bound), Level.CRITICAL)


class LevelKeeper:
    """Holds the level steady near a boundary.

    A value beyond the band (0.03 on either side of the boundary) changes the level: at once for the
    worse, after five seconds for the better. Inside the band it must stay on the other side of the
    boundary for a minute.
    """

    def __init__(self) -> None:
        self._level = Level.UNKNOWN
        self._across_since: float | None = None  # on another level than the one shown
        self._beyond_since: float | None = None  # and clear of the band

    @property
    def level(self) -> Level:
        """Return the level as it is shown."""
        return self._level

    def feed(self, value: float | None, mono: float) -> Level:
        """Take the score of a moment and return the level to show."""
        if value is None:
            self._go(Level.UNKNOWN)
        elif self._level is Level.UNKNOWN:
            self._go(level_of(value))
        else:
            self._weigh(value, mono)
        return self._level

    def _weigh(self, value: float, mono: float) -> None:
        raw = level_of(value)
        if raw is self._level:
            self._across_since = self._beyond_since = None
            return
        if self._across_since is None:
            self._across_since = mono
        is_better = _ORDER.index(raw) > _ORDER.index(self._level)
        clear = level_of(value - BAND if is_better else value + BAND)  # the level it surely has
        moved = _ORDER.index(clear) - _ORDER.index(self._level)
        if (moved > 0) if is_better else (moved < 0):
            if self._beyond_since is None:
                self._beyond_since = mono
            if not is_better or mono - self._beyond_since >= BETTER_S:
                self._go(clear)
        else:
            self._beyond_since = None
            if mono - self._across_since >= DWELL_S:
                self._go(raw)

    def _go(self, level: Level) -> None:
        self._level = level
        self._across_since = self._beyond_since = None
