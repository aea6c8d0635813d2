"""The formula of the score: in bounds, monotone, fair to unknown parts, deaf to no disaster."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aios_desktop.i18n import Say
from aios_desktop.score.formula import WEIGHTS, weigh
from aios_desktop.score.levels import Level, level_of
from aios_desktop.score.parts import Value

NAMES = tuple(WEIGHTS)
figure = st.floats(0, 1)
maybe = st.one_of(st.none(), figure)
weights = st.fixed_dictionaries({name: st.floats(0.01, 1) for name in NAMES})
known = st.fixed_dictionaries(dict.fromkeys(NAMES, figure))
without_veto = st.fixed_dictionaries({name: st.floats(0.3, 1) for name in NAMES})
some_known = st.fixed_dictionaries(dict.fromkeys(NAMES, maybe))


def values(figures: Mapping[str, float | None]) -> dict[str, Value]:
    return {name: Value(value, Say("")) for name, value in figures.items()}


def score(figures: dict[str, float], by: dict[str, float] | None = None) -> float:
    result = weigh(values(figures), by or WEIGHTS).value
    assert result is not None
    return result


@given(some_known, weights)
def test_the_score_lies_between_0_and_1(
    figures: dict[str, float | None], by: dict[str, float]
) -> None:
    result = weigh(values(figures), by)
    if all(value is None for value in figures.values()):
        assert result.value is None
    else:
        assert result.value is not None
        assert 0 <= result.value <= 1
    assert result.is_partial == (None in figures.values())


@given(known, weights, st.sampled_from(NAMES), figure)
def test_a_better_part_never_gives_a_worse_score(
    figures: dict[str, float], by: dict[str, float], name: str, share: float
) -> None:
    better = figures[name] + (1 - figures[name]) * share
    assert score({**figures, name: better}, by) >= score(figures, by) - 1e-12


@given(figure, weights)
def test_equal_parts_give_their_value_whatever_the_weights(
    value: float, by: dict[str, float]
) -> None:
    assert score(dict.fromkeys(NAMES, value), by) == pytest.approx(value, abs=1e-9)


@given(known, weights, st.sampled_from(NAMES))
def test_a_part_at_zero_is_never_healthy_nor_ok(
    figures: dict[str, float], by: dict[str, float], name: str
) -> None:
    assert level_of(score({**figures, name: 0.0}, by)) is Level.CRITICAL


def test_a_full_disk_does_not_hide_behind_its_small_weight() -> None:
    result = weigh(values({"health": 1, "efficiency": 1, "stability": 1, "headroom": 0}))
    assert result.value == pytest.approx(0.25)
    assert result.vetoed_by == "headroom"


@given(known)
def test_the_lost_points_add_up(figures: dict[str, float]) -> None:
    result = weigh(values(figures))
    assert result.value is not None
    assert sum(part.lost_points for part in result.parts) == pytest.approx(100 * (1 - result.value))


@given(without_veto, st.sampled_from(NAMES))
def test_an_unknown_part_is_weighed_around(figures: dict[str, float], missing: str) -> None:
    result = weigh(values({**figures, missing: None}))
    rest = {name: value for name, value in figures.items() if name != missing}
    total = sum(WEIGHTS[name] for name in rest)
    assert result.value == pytest.approx(sum(WEIGHTS[n] * v for n, v in rest.items()) / total)
    assert result.is_partial
    part = next(part for part in result.parts if part.name == missing)
    assert part.value is None
    assert part.lost_points == 0
