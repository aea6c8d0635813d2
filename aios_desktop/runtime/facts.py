"""What the reactor may know of the world, answered from the newest readings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aios_desktop.reactor.facts import Fresh

if TYPE_CHECKING:
    from collections.abc import Callable

    from aios_desktop.clock import Clock
    from aios_desktop.sensors.reading import Reading
    from aios_desktop.sensors.signals import Signals

STALE_S: Final = 10.0


class LiveFacts:
    """Readings, signals and the score as they stand now."""

    def __init__(
        self, clock: Clock, signals: Signals, score: Callable[[], float | None], warm_up_s: float
    ) -> None:
        self._clock = clock
        self._signals = signals
        self._score = score
        self._known_from = clock.monotonic() + warm_up_s
        self._reading: Reading | None = None

    def feed(self, reading: Reading) -> None:
        """Take the newest reading."""
        self._reading = reading

    def latest(self) -> Fresh | None:
        """Return the newest reading, unless it is stale."""
        reading = self._reading
        if reading is None or self._clock.monotonic() - reading.mono > STALE_S:
            return None
        return Fresh(reading.mono, reading.metrics)

    def is_raised(self, signal: str) -> bool | None:
        """Say whether a signal is raised; None while that cannot be known.

        After a start a signal needs its time before it can be raised again, so "not raised" means
        nothing yet.
        """
        known = {spec.name for spec in self._signals.specs}
        if signal not in known:
            return None
        if self._signals.is_raised(signal):
            return True
        if self._clock.monotonic() < self._known_from or self.latest() is None:
            return None
        return False

    def score(self) -> float | None:
        """Return the health score."""
        return self._score()
