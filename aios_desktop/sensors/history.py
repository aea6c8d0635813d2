"""The last hour of every figure, one value a second, in bounded memory."""

from __future__ import annotations

import math
import threading
from array import array
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aios_desktop.sensors.reading import Reading

MAX_METRICS: Final = 64
MAX_READINGS: Final = 600
STEP_S: Final = 0.95  # readings closer than this share a place: the ring holds seconds
_UNKNOWN: Final = math.nan


class MetricHistory:
    """A ring of seconds for each figure. Safe to use from any thread."""

    def __init__(self, seconds: int = 3600) -> None:
        self._size = seconds
        self._lock = threading.Lock()
        self._times = array("d", [_UNKNOWN]) * seconds
        self._monos = array("d", [_UNKNOWN]) * seconds
        self._values: dict[str, array[float]] = {}
        self._latest: dict[str, float] = {}
        self._count = 0  # places ever filled
        self._recent: deque[Reading] = deque(maxlen=MAX_READINGS)

    def add(self, reading: Reading) -> None:
        """Keep a reading. One closer than a second to the last place only becomes the latest."""
        with self._lock:
            self._recent.append(reading)
            self._latest = {k: v for k, v in reading.metrics.items() if not math.isnan(v)}
            last = self._monos[(self._count - 1) % self._size] if self._count else -math.inf
            if 0 <= reading.mono - last < STEP_S:
                return
            self._place(reading)

    def _place(self, reading: Reading) -> None:
        index = self._count % self._size
        self._count += 1
        self._times[index] = reading.at
        self._monos[index] = reading.mono
        for name in reading.metrics:
            if name not in self._values and len(self._values) < MAX_METRICS:
                self._values[name] = array("d", [_UNKNOWN]) * self._size
        for name, values in self._values.items():
            values[index] = reading.metrics.get(name, _UNKNOWN)

    def names(self) -> tuple[str, ...]:
        """Return the figures that have been seen."""
        with self._lock:
            return tuple(self._values)

    def latest(self, name: str) -> float | None:
        """Return a figure of the last reading, or None when it was not in it."""
        return self._latest.get(name)

    def last_reading(self) -> Reading | None:
        """Return the last reading, or None before the first."""
        with self._lock:
            return self._recent[-1] if self._recent else None

    def series(
        self, name: str, seconds: float
    ) -> tuple[tuple[float, ...], tuple[float | None, ...]]:
        """Return times (wall) and values of the last ``seconds``, oldest first; None: unknown."""
        with self._lock:
            values = self._values.get(name)
            if values is None or not self._count:
                return (), ()
            start = self._first_after(self._monos[(self._count - 1) % self._size] - seconds)
            places = [i % self._size for i in range(start, self._count)]
            return (
                tuple(self._times[i] for i in places),
                tuple(None if math.isnan(values[i]) else values[i] for i in places),
            )

    def _first_after(self, mono: float) -> int:
        """Return the number of the first place later than ``mono`` (bisection: time only grows)."""
        low, high = max(0, self._count - self._size), self._count
        while low < high:
            middle = (low + high) // 2
            if self._monos[middle % self._size] > mono:
                high = middle
            else:
                low = middle + 1
        return low

    def readings_after(self, mono: float) -> list[Reading]:
        """Return the readings later than ``mono``, oldest first, at most the last ten minutes."""
        with self._lock:
            newer = 0
            for reading in reversed(self._recent):
                if reading.mono <= mono:
                    break
                newer += 1
            return list(islice(self._recent, len(self._recent) - newer, None))
