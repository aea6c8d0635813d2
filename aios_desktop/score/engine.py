"""The score engine: takes readings, events and raised signals, and gives the score of the moment."""

from __future__ import annotations

import math
import threading
from array import array
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aios_desktop.events.model import Severity
from aios_desktop.score import parts
from aios_desktop.score.formula import WEIGHTS, Part, Weighed, weigh
from aios_desktop.score.levels import Level, LevelKeeper

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aios_desktop.clock import Clock
    from aios_desktop.events.model import Event
    from aios_desktop.sensors.reading import Reading
    from aios_desktop.sensors.signals import SignalSpec

WINDOW_S: Final = 10.0
STALE_S: Final = 30.0  # older figures are no longer known
TROUBLE_S: Final = 900.0
MAX_TROUBLES: Final = 1000
WORTH_TELLING: Final = 0.02
HISTORY_S: Final = 3600
_MEANS: Final = ("cpu_usage", *parts.PRESSURES)
_WEIGHT_OF: Final[Mapping[Severity, float]] = {Severity.ERROR: 1.0, Severity.CRITICAL: 2.0}
_BAD_OUTCOMES: Final[Mapping[str, float]] = {"failed": 1.0, "worse": 2.0}
_ENDED: Final = frozenset({"run.finished", "action.completed"})


@dataclass(frozen=True, slots=True)
class Score:
    """The score of one moment, from 0 to 1. ``value`` is None when nothing is known."""

    at: float
    value: float | None
    level: Level
    parts: tuple[Part, ...] = ()
    partial: bool = False
    vetoed_by: str = ""
    changed: bool = False  # another level, or 0.02 away from what was told last


@dataclass(slots=True)
class _Trouble:
    """Something that went wrong, and how much it weighs."""

    mono: float
    weight: float
    run: str


class ScoreEngine:
    """Keeps what the score needs. Safe to use from any thread."""

    def __init__(self, clock: Clock, weights: Mapping[str, float] = WEIGHTS) -> None:
        self._clock = clock
        self._weights = dict(weights)
        self._lock = threading.Lock()
        self._window: deque[Reading] = deque(maxlen=int(WINDOW_S) * 4)
        self._raised: tuple[tuple[str, Severity], ...] = ()
        self._troubles: deque[_Trouble] = deque(maxlen=MAX_TROUBLES)
        self._levels = LevelKeeper()
        self._told: tuple[float | None, Level] = (None, Level.UNKNOWN)
        self._last = Score(clock.now(), None, Level.UNKNOWN)
        self._times = array("d")
        self._values = array("d")

    @property
    def changed(self) -> bool:
        """Say whether the last step is worth telling."""
        return self._last.changed

    def feed_reading(self, reading: Reading) -> None:
        """Take a reading of the machine."""
        with self._lock:
            if self._window and reading.mono < self._window[-1].mono:
                self._window.clear()
            self._window.append(reading)
            while self._window[0].mono < reading.mono - WINDOW_S:
                self._window.popleft()

    def feed_event(self, event: Event) -> None:
        """Take an event; errors and repairs that failed make the machine less stable.

        Events of raised signals do not count here: they already weigh on its health. All events of
        one run count as the worst of them.
        """
        weight = _trouble_of(event)
        if weight <= 0:
            return
        run = str(event.data.get("run", ""))[:40]
        with self._lock:
            for trouble in self._troubles if run else ():
                if trouble.run == run:
                    trouble.weight = max(trouble.weight, weight)
                    return
            self._troubles.append(_Trouble(self._clock.monotonic(), weight, run))

    def set_raised(self, signals: Iterable[SignalSpec]) -> None:
        """Take over which signals are raised now."""
        with self._lock:
            self._raised = tuple((spec.resource, spec.severity) for spec in signals)

    def value(self) -> Score:
        """Return the score of the last step."""
        return self._last

    def step(self, now: float | None = None) -> Score:
        """Work out the score of this moment, keep it in the history and return it.

        ``now`` is the wall time that the score is stamped with, if not the clock's.
        """
        at = self._clock.now() if now is None else now
        mono = self._clock.monotonic()
        with self._lock:
            weighed = self._weigh(mono)
            level = self._levels.feed(weighed.value, mono)
            score = Score(
                at=at,
                value=weighed.value,
                level=level,
                parts=weighed.parts,
                partial=weighed.is_partial,
                vetoed_by=weighed.vetoed_by,
                changed=self._is_news(weighed.value, level),
            )
            if score.changed:
                self._told = (weighed.value, level)
            self._last = score
            self._keep(at, weighed.value)
        return score

    def history(self, seconds: float) -> tuple[tuple[float, ...], tuple[float | None, ...]]:
        """Return times (wall) and scores of the last ``seconds``, oldest first."""
        with self._lock:
            since = self._times[-1] - seconds if self._times else 0.0
            pairs = [
                (at, None if math.isnan(value) else value)
                for at, value in zip(self._times, self._values, strict=True)
                if at > since
            ]
        return tuple(at for at, _value in pairs), tuple(value for _at, value in pairs)

    def _weigh(self, mono: float) -> Weighed:
        while self._troubles and self._troubles[0].mono <= mono - TROUBLE_S:
            self._troubles.popleft()
        last = self._window[-1] if self._window else None
        trouble = sum(one.weight for one in self._troubles)
        values = dict.fromkeys(WEIGHTS, parts.UNKNOWN)
        if last is not None:
            values["health"] = parts.health(self._raised)
            values["stability"] = parts.stability(trouble, len(self._troubles))
            if 0 <= mono - last.mono <= STALE_S:
                values["efficiency"] = parts.efficiency(self._means())
                values["headroom"] = parts.headroom(last.metrics)
        return weigh(values, self._weights)

    def _means(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for name in _MEANS:
            known = [r.metrics[name] for r in self._window if name in r.metrics]
            known = [value for value in known if not math.isnan(value)]
            if known:
                found[name] = sum(known) / len(known)
        return found

    def _is_news(self, value: float | None, level: Level) -> bool:
        told, told_level = self._told
        if level is not told_level or (value is None) != (told is None):
            return True
        return value is not None and told is not None and abs(value - told) >= WORTH_TELLING - 1e-9

    def _keep(self, at: float, value: float | None) -> None:
        if self._times and 0 <= at - self._times[-1] < 0.95:
            return
        self._times.append(at)
        self._values.append(math.nan if value is None else value)
        if len(self._times) > HISTORY_S + 256:  # cut now and then, not each second
            del self._times[:256]
            del self._values[:256]


def _trouble_of(event: Event) -> float:
    """Return how much an event takes from stability."""
    if "signal" in event.data:
        return 0.0
    weight = _WEIGHT_OF.get(event.severity, 0.0)
    if event.type in _ENDED:
        outcome = event.data.get("outcome")
        if isinstance(outcome, str):
            weight = max(weight, _BAD_OUTCOMES.get(outcome, 0.0))
    return weight
