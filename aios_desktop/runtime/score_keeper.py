"""Keeps the score current: fed by readings and events, published when it moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aios_desktop.events.model import Severity
from aios_desktop.runtime.views import Level, Part, ScoreView, Series

if TYPE_CHECKING:
    from aios_desktop.events.model import Event
    from aios_desktop.reactor.facts import Publish
    from aios_desktop.score.engine import Score, ScoreEngine
    from aios_desktop.sensors.reading import Reading
    from aios_desktop.sensors.signals import Signals


class ScoreKeeper:
    """The score as everybody else sees it."""

    def __init__(self, engine: ScoreEngine, signals: Signals, publish: Publish) -> None:
        self._engine = engine
        self._signals = signals
        self._publish = publish
        self._view = _view(engine.value())
        self._told: ScoreView | None = None

    @property
    def value(self) -> float | None:
        """Return the score from 0 to 1, or None before the first measurement."""
        return self._view.value

    @property
    def view(self) -> ScoreView:
        """Return the score with its parts."""
        return self._view

    def feed(self, reading: Reading) -> None:
        """Take a reading, weigh anew, and tell when the score moved."""
        self._engine.feed_reading(reading)
        self._engine.set_raised(self._signals.raised())
        score = self._engine.step()
        self._view = _view(score)
        if score.changed:
            self._tell()

    def observe(self, event: Event) -> None:
        """Take an event from the bus."""
        if not event.type.startswith("score."):
            self._engine.feed_event(event)

    def history(self, seconds: float) -> Series:
        """Return the score over the last seconds, 0 to 100."""
        times, values = self._engine.history(seconds)
        shown = tuple(None if value is None else round(value * 100, 1) for value in values)
        return Series("score", "", times, shown)

    def _tell(self) -> None:
        view, told, self._told = self._view, self._told, self._view
        is_bad = view.level in {Level.DEGRADED, Level.CRITICAL}
        is_new = told is None or told.level is not view.level
        data: dict[str, object] = {
            "value": None if view.value is None else round(view.value, 3),
            "level": view.level.value,
            "was": None if told is None or told.value is None else round(told.value, 3),
            "parts": {part.name: part.value for part in view.parts},
        }
        severity = Severity.WARNING if is_bad and is_new else Severity.INFO
        self._publish("score.updated", source="score", severity=severity, data=data)


def _view(score: Score) -> ScoreView:
    parts = tuple(
        Part(part.name, part.value, part.weight, part.lost_points, part.reason)
        for part in score.parts
    )
    return ScoreView(
        score.at, score.value, Level(score.level.value), parts, score.partial, score.vetoed_by
    )
