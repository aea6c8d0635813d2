"""The level neither flickers at a boundary nor sleeps through a real change."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aios_desktop.score.levels import BOUNDS, Level, LevelKeeper, level_of


def feed(keeper: LevelKeeper, values: list[float], start: float = 0.0) -> list[Level]:
    return [keeper.feed(value, start + second) for second, value in enumerate(values)]


def changes(levels: list[Level]) -> int:
    return sum(1 for before, after in itertools.pairwise(levels) if before is not after)


@pytest.mark.parametrize(
    ("value", "level"),
    [
        (1.0, Level.HEALTHY),
        (0.70, Level.HEALTHY),
        (0.699, Level.OK),
        (0.50, Level.OK),
        (0.499, Level.DEGRADED),
        (0.30, Level.DEGRADED),
        (0.299, Level.CRITICAL),
        (0.0, Level.CRITICAL),
    ],
)
def test_the_four_levels(value: float, level: Level) -> None:
    assert level_of(value) is level


@pytest.mark.parametrize("bound", [bound for bound, _level in BOUNDS])
@pytest.mark.parametrize("period", [2, 7, 30, 60, 110])
@pytest.mark.parametrize("start", [0.99, 0.0])
def test_oscillation_at_a_boundary_changes_nothing(bound: float, period: int, start: float) -> None:
    keeper = LevelKeeper()
    wave = [bound + 0.02 * math.sin(2 * math.pi * i / period) for i in range(1800)]
    feed(keeper, [start] * 10)
    levels = feed(keeper, wave, 10)
    assert changes(levels[70:]) <= 1
    assert changes(levels) <= 3  # the way there from the start, then at most one more


@pytest.mark.parametrize("bound", [bound for bound, _level in BOUNDS])
def test_one_transition_in_noise_is_one_change(bound: float) -> None:
    keeper = LevelKeeper()
    wave = [0.02 * (-1) ** i for i in range(600)]
    levels = feed(keeper, [bound + 0.04 + x for x in wave] + [bound - 0.04 + x for x in wave])
    assert changes(levels) == 1


def test_a_fall_beyond_the_band_shows_at_once() -> None:
    keeper = LevelKeeper()
    assert feed(keeper, [0.95, 0.95, 0.60]) == [Level.HEALTHY, Level.HEALTHY, Level.OK]
    assert keeper.feed(0.1, 3) is Level.CRITICAL


def test_a_recovery_shows_in_a_few_seconds() -> None:
    keeper = LevelKeeper()
    feed(keeper, [0.40] * 10)
    levels = feed(keeper, [0.95] * 20, 10)
    assert levels.index(Level.HEALTHY) <= 6


def test_one_good_second_is_no_recovery() -> None:
    keeper = LevelKeeper()
    feed(keeper, [0.40] * 10)
    assert set(feed(keeper, [0.95, 0.40] * 100, 10)) == {Level.DEGRADED}


def test_a_value_that_settles_inside_the_band_shows_after_a_minute() -> None:
    keeper = LevelKeeper()
    feed(keeper, [0.40] * 5)
    levels = feed(keeper, [0.71] * 80, 5)
    assert levels[50] is Level.OK  # surely not degraded any more
    assert levels[-1] is Level.HEALTHY


def test_the_unknown_is_shown_at_once() -> None:
    keeper = LevelKeeper()
    keeper.feed(0.9, 0)
    assert keeper.feed(None, 1) is Level.UNKNOWN
    assert keeper.feed(0.2, 2) is Level.CRITICAL


@given(st.floats(0, 1), st.lists(st.floats(0, 1), max_size=50))
def test_a_value_that_stays_is_shown_in_the_end(last: float, before: list[float]) -> None:
    keeper = LevelKeeper()
    feed(keeper, before)
    assert feed(keeper, [last] * 130, len(before))[-1] is level_of(last)
