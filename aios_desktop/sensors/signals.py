"""Signals: conditions over readings with hysteresis, so that a flicker is not an event.

Each episode gives exactly one raised and one cleared change. What is unknown never changes a state.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from aios_desktop.events.model import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aios_desktop.sensors.reading import Reading

GAP_S: Final = 5.0
JITTER_S: Final = 0.1  # readings come a little early or late
FLAP_CHANGES: Final = 6
FLAP_WINDOW_S: Final = 600.0


class Phase(StrEnum):
    """What happened to a signal."""

    RAISED = "raised"
    CLEARED = "cleared"
    FLAPPING = "flapping"  # it changes too often; told once, then silence until it is quiet


@dataclass(frozen=True, slots=True)
class SignalSpec:
    """When a figure counts as high, when as normal again, and what is published then.

    ``priority`` is the class of the events' work: 0 (degraded system) to 3 (anything else).
    """

    name: str
    metric: str
    event_type: str
    resource: str
    raise_at: float
    clear_at: float
    raise_after_s: float = 5.0
    clear_after_s: float = 5.0
    severity: Severity = Severity.WARNING
    priority: int = 1
    cleared_type: str = "resource.normal"


@dataclass(frozen=True, slots=True)
class Change:
    """A signal that was raised, was cleared or began to flap. ``episode`` joins the first two."""

    spec: SignalSpec
    phase: Phase
    episode: str
    at: float
    mono: float
    value: float
    threshold: float
    held_s: float

    @property
    def name(self) -> str:
        """Return the signal's name."""
        return self.spec.name


@dataclass(slots=True)
class _State:
    is_raised: bool = False
    since: float | None = None  # monotonic start of the condition that would change the state
    episode: str = ""
    is_told: bool = False  # whether the raised change of this episode was given out
    changes: deque[float] = field(default_factory=lambda: deque(maxlen=FLAP_CHANGES + 1))
    is_flapping: bool = False


class Signals:
    """Feeds readings to all signals and says what changed. Not for two threads at once."""

    def __init__(self, specs: Sequence[SignalSpec], *, gap_s: float = GAP_S) -> None:
        self._specs = tuple(specs)
        self._states = {spec.name: _State() for spec in specs}
        self._gap_s = gap_s
        self._last: Reading | None = None

    @property
    def specs(self) -> tuple[SignalSpec, ...]:
        """Return the signals in force."""
        return self._specs

    def update(self, specs: Sequence[SignalSpec], *, gap_s: float | None = None) -> None:
        """Use other levels or times from now on; signals of the same name keep their state."""
        old = self._states
        self._states = {spec.name: old.get(spec.name, _State()) for spec in specs}
        self._specs = tuple(specs)
        if gap_s is not None:
            self._gap_s = gap_s

    def feed(self, reading: Reading) -> list[Change]:
        """Take one reading and return what it changed."""
        if self._is_gap(reading):
            for state in self._states.values():
                state.since = None
        self._last = reading
        return [
            change
            for spec in self._specs
            for change in _step(spec, self._states[spec.name], reading)
        ]

    def is_raised(self, name: str) -> bool:
        """Say whether a signal is raised now (also while it flaps)."""
        state = self._states.get(name)
        return state is not None and state.is_raised

    def is_flapping(self, name: str) -> bool:
        """Say whether a signal changes too often to be told."""
        state = self._states.get(name)
        return state is not None and state.is_flapping

    def raised(self) -> tuple[SignalSpec, ...]:
        """Return the signals that are raised now."""
        return tuple(spec for spec in self._specs if self._states[spec.name].is_raised)

    def episode(self, name: str) -> str:
        """Return the episode a signal is in, or an empty text."""
        state = self._states.get(name)
        return state.episode if state is not None and state.is_raised else ""

    def _is_gap(self, reading: Reading) -> bool:
        """Say whether the machine slept, a clock jumped or readings were missed."""
        last = self._last
        if last is None:
            return True
        passed = reading.mono - last.mono
        drift = abs((reading.at - last.at) - passed)
        return passed < 0 or passed > self._gap_s or drift > self._gap_s


def _step(spec: SignalSpec, state: _State, reading: Reading) -> list[Change]:
    """Take one reading for one signal."""
    changes = _calm_down(spec, state, reading)
    value = reading.metrics.get(spec.metric, math.nan)
    is_met = value <= spec.clear_at if state.is_raised else value >= spec.raise_at
    if math.isnan(value) or not is_met:
        state.since = None
        return changes
    if state.since is None:
        state.since = reading.mono
    hold = spec.clear_after_s if state.is_raised else spec.raise_after_s
    if reading.mono - state.since >= hold - JITTER_S:
        changes += _turn(spec, state, reading, state.since)
    return changes


def _calm_down(spec: SignalSpec, state: _State, reading: Reading) -> list[Change]:
    """End the flapping after a quiet time; a signal that stayed high may be told then."""
    if not state.is_flapping or reading.mono - state.changes[-1] < FLAP_WINDOW_S:
        return []
    since = state.changes[-1]
    state.is_flapping = False
    state.changes.clear()
    if not state.is_raised or state.is_told:
        return []
    state.is_told = True
    return [_change(spec, state, reading, Phase.RAISED, since)]


def _turn(spec: SignalSpec, state: _State, reading: Reading, since: float) -> list[Change]:
    """Turn a signal over and return what is to be told of it."""
    state.is_raised = not state.is_raised
    state.since = None
    state.changes.append(reading.mono)
    if state.is_raised:
        state.episode = f"{spec.name}@{reading.at:.3f}"
    told: list[Change] = []
    if not state.is_flapping and _flaps(state):
        state.is_flapping = True
        told.append(_change(spec, state, reading, Phase.FLAPPING, since))
    if not state.is_raised:
        if state.is_told:  # each raised change gets its cleared one, flapping or not
            told.insert(0, _change(spec, state, reading, Phase.CLEARED, since))
        state.is_told = False
    elif not state.is_flapping:
        state.is_told = True
        told.append(_change(spec, state, reading, Phase.RAISED, since))
    return told


def _flaps(state: _State) -> bool:
    changes = state.changes
    return len(changes) > FLAP_CHANGES and changes[-1] - changes[0] <= FLAP_WINDOW_S


def _change(
    spec: SignalSpec, state: _State, reading: Reading, phase: Phase, since: float
) -> Change:
    return Change(
        spec=spec,
        phase=phase,
        episode=state.episode,
        at=reading.at,
        mono=reading.mono,
        value=reading.metrics.get(spec.metric, math.nan),
        threshold=spec.clear_at if phase is Phase.CLEARED else spec.raise_at,
        held_s=max(0.0, reading.mono - since),
    )


def default_specs(number: Callable[[str], float]) -> tuple[SignalSpec, ...]:
    """Return the signals of this version; ``number`` gives the value of an option."""
    raise_after, clear_after = number("signals.raise_after"), number("signals.clear_after")

    def spec(resource: str, metric: str, event_type: str) -> SignalSpec:
        high = number(f"signals.{resource}_raise")
        return SignalSpec(
            name=f"{resource}.high",
            metric=metric,
            event_type=event_type,
            resource=resource,
            raise_at=high,
            clear_at=min(high, number(f"signals.{resource}_clear")),
            raise_after_s=raise_after,
            clear_after_s=clear_after,
        )

    return (
        spec("cpu", "cpu_usage", "resource.high"),
        spec("memory", "memory_usage", "resource.memory_high"),
        spec("disk", "disk_usage", "resource.disk_high"),
    )
