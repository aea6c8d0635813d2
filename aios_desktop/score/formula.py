"""The formula of the score: weighted parts, with a veto so that no disaster hides in a mean."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from aios_desktop.i18n import Say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aios_desktop.score.parts import Value

WEIGHTS: Final[Mapping[str, float]] = MappingProxyType(
    {"health": 0.40, "efficiency": 0.25, "stability": 0.25, "headroom": 0.10}
)
VETO_BELOW: Final = 0.30
VETO_ROOM: Final = 0.25


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the score and the points (of 100) that it costs. ``value`` None: unknown."""

    name: str
    value: float | None
    weight: float
    lost_points: float
    reason: Say


@dataclass(frozen=True, slots=True)
class Weighed:
    """The outcome of the formula. ``vetoed_by`` names the part that capped the score."""

    value: float | None
    parts: tuple[Part, ...]
    is_partial: bool
    vetoed_by: str


def weigh(values: Mapping[str, Value], weights: Mapping[str, float] = WEIGHTS) -> Weighed:
    """Return the score of these parts.

    A part below 0.30 caps the score at that part plus 0.25. An unknown part is left out, and the
    others are weighed as if it did not exist. The lost points add up to what is missing to 100.
    """
    known = {
        name: (value.value, weights[name])
        for name, value in values.items()
        if value.value is not None and weights[name] > 0
    }
    total = sum(weight for _value, weight in known.values())
    if not known:
        parts = tuple(Part(n, None, weights[n], 0.0, v.reason) for n, v in values.items())
        return Weighed(None, parts, is_partial=True, vetoed_by="")
    score = sum(value * weight for value, weight in known.values()) / total
    lost = {name: 100 * weight / total * (1 - value) for name, (value, weight) in known.items()}
    worst = min(known, key=lambda name: known[name][0])
    cap = known[worst][0] + VETO_ROOM
    vetoed_by = ""
    if known[worst][0] < VETO_BELOW and score > cap:
        vetoed_by = worst
        lost[worst] += 100 * (score - cap)
        score = cap
    parts = tuple(
        Part(name, value.value, weights[name], lost.get(name, 0.0), value.reason)
        for name, value in values.items()
    )
    return Weighed(min(1.0, max(0.0, score)), parts, len(known) < len(values), vetoed_by)
