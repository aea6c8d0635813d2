"""What the reactor may ask about the world; the runtime answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from aios_desktop.events.model import Event, Severity


@dataclass(frozen=True, slots=True)
class Fresh:
    """One reading of all metrics, with the monotonic time it was taken."""

    mono: float
    metrics: Mapping[str, float]


class Facts(Protocol):
    """Readings, signals and the score, as they stand now."""

    def latest(self) -> Fresh | None:
        """Return the newest reading."""

    def is_raised(self, signal: str) -> bool | None:
        """Say whether a signal is raised; None when that is not known."""

    def score(self) -> float | None:
        """Return the health score from 0 to 1."""


class Publish(Protocol):
    """Puts an event on the bus and returns it."""

    def __call__(
        self,
        type: str,  # noqa: A002  the word of the event model
        *,
        source: str,
        severity: Severity = Severity.INFO,
        target: str = "",
        data: Mapping[str, object] | None = None,
        cause: Event | None = None,
        trace: int = 0,
        durable: bool = False,
    ) -> Event:
        """Publish."""
