"""Signals rise and clear once an episode, and never because of what is unknown."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aios_desktop.events.model import Severity
from aios_desktop.sensors.reading import Reading
from aios_desktop.sensors.signals import Change, Phase, Signals, SignalSpec, default_specs

CPU = SignalSpec("cpu.high", "cpu_usage", "resource.high", "cpu", 80.0, 70.0)


class Feeder:
    """Feeds one value a second."""

    def __init__(self, signals: Signals) -> None:
        self.signals = signals
        self.wall = 5_000.0
        self.mono = 100.0

    def feed(self, *values: float | None) -> list[Change]:
        changes: list[Change] = []
        for value in values:
            self.wall += 1
            self.mono += 1
            metrics = {} if value is None else {"cpu_usage": value}
            changes += self.signals.feed(Reading(self.wall, self.mono, metrics))
        return changes


@pytest.fixture
def feeder() -> Feeder:
    return Feeder(Signals([CPU]))


def phases(changes: list[Change]) -> list[str]:
    return [change.phase.value for change in changes]


def test_one_raised_and_one_cleared_per_episode(feeder: Feeder) -> None:
    raised = feeder.feed(*[95.0] * 30)
    assert phases(raised) == ["raised"]
    assert raised[0].held_s == pytest.approx(5.0)
    assert raised[0].threshold == 80.0
    assert feeder.signals.is_raised("cpu.high")
    assert feeder.signals.raised() == (CPU,)
    cleared = feeder.feed(*[20.0] * 30)
    assert phases(cleared) == ["cleared"]
    assert cleared[0].episode == raised[0].episode
    assert cleared[0].threshold == 70.0
    assert feeder.signals.raised() == ()
    assert feeder.signals.episode("cpu.high") == ""
    again = feeder.feed(*[95.0] * 10)
    assert phases(again) == ["raised"]
    assert again[0].episode != raised[0].episode


def test_a_value_between_the_levels_keeps_either_state(feeder: Feeder) -> None:
    assert feeder.feed(*[75.0] * 60) == []
    feeder.feed(*[95.0] * 10)
    assert feeder.feed(*[75.0] * 60) == []
    assert feeder.signals.is_raised("cpu.high")


def test_a_condition_must_hold_without_a_break(feeder: Feeder) -> None:
    assert feeder.feed(*([95.0] * 4 + [79.0]) * 20) == []
    feeder.feed(*[95.0] * 10)
    assert feeder.feed(*([20.0] * 4 + [71.0]) * 20) == []


@pytest.mark.parametrize("nothing", [None, math.nan])
def test_the_unknown_keeps_the_state_and_starts_the_time_anew(
    feeder: Feeder, nothing: float | None
) -> None:
    assert feeder.feed(95, 95, 95, 95, nothing, 95, 95, 95, 95, 95) == []
    assert phases(feeder.feed(95)) == ["raised"]
    assert feeder.feed(*[nothing] * 100) == []
    assert feeder.signals.is_raised("cpu.high")


def test_a_sleep_of_the_machine_starts_the_time_anew(feeder: Feeder) -> None:
    feeder.feed(95, 95, 95, 95, 95)
    feeder.wall += 3600  # monotonic time stood still meanwhile
    assert feeder.feed(95, 95, 95, 95, 95) == []
    assert phases(feeder.feed(95)) == ["raised"]


@pytest.mark.parametrize("jump", [-500.0, 500.0])
def test_a_jump_of_the_wall_clock_raises_nothing(feeder: Feeder, jump: float) -> None:
    feeder.feed(95, 95, 95)
    feeder.wall += jump
    assert feeder.feed(95, 95, 95) == []


def test_missed_readings_raise_nothing(feeder: Feeder) -> None:
    feeder.feed(95)
    feeder.mono += 30
    feeder.wall += 30
    assert feeder.feed(95) == []


def test_a_slow_beat_is_no_gap_when_it_is_the_interval() -> None:
    signals = Signals([CPU], gap_s=150.0)
    readings = [Reading(60.0 * i, 60.0 * i, {"cpu_usage": 99.0}) for i in range(3)]
    found = [change for reading in readings for change in signals.feed(reading)]
    assert phases(found) == ["raised"]


def episode(feeder: Feeder) -> list[Change]:
    return feeder.feed(*[95.0] * 6, *[10.0] * 6)


def test_flapping_is_told_once_and_ends_after_ten_quiet_minutes(feeder: Feeder) -> None:
    found = [change for _ in range(20) for change in episode(feeder)]
    assert phases(found) == ["raised", "cleared"] * 3 + ["flapping"]
    assert feeder.signals.is_flapping("cpu.high")
    assert feeder.feed(*[10.0] * 595) == []
    assert feeder.signals.is_flapping("cpu.high")
    feeder.feed(*[10.0] * 10)
    assert not feeder.signals.is_flapping("cpu.high")
    assert phases(episode(feeder)) == ["raised", "cleared"]


def test_what_stayed_high_while_it_flapped_is_told_when_it_is_quiet(feeder: Feeder) -> None:
    for _ in range(4):
        episode(feeder)
    assert feeder.feed(*[95.0] * 595) == []
    found = feeder.feed(*[95.0] * 20)
    assert phases(found) == ["raised"]
    assert phases(feeder.feed(*[10.0] * 10)) == ["cleared"]


def test_six_changes_in_ten_minutes_are_not_yet_flapping(feeder: Feeder) -> None:
    found = [change for _ in range(8) for change in [*episode(feeder), *feeder.feed(*[10] * 200)]]
    assert "flapping" not in phases(found)


def test_new_levels_keep_the_state(feeder: Feeder) -> None:
    feeder.feed(*[95.0] * 10)
    values = {"signals.raise_after": 5.0, "signals.clear_after": 2.0}
    levels = {"raise": 99.0, "clear": 96.0}

    def number(name: str) -> float:
        return values.get(name) or levels[name.rsplit("_", 1)[-1]]

    feeder.signals.update(default_specs(number))
    assert feeder.signals.is_raised("cpu.high")
    assert phases(feeder.feed(95.0, 95.0, 95.0)) == ["cleared"]


def test_the_default_signals_have_known_names() -> None:
    specs = {spec.name: spec for spec in default_specs(lambda _name: 50.0)}
    assert {name: spec.event_type for name, spec in specs.items()} == {
        "cpu.high": "resource.high",
        "memory.high": "resource.memory_high",
        "disk.high": "resource.disk_high",
    }
    assert {spec.cleared_type for spec in specs.values()} == {"resource.normal"}
    assert {spec.severity for spec in specs.values()} == {Severity.WARNING}


def test_a_clear_level_above_the_raise_level_is_pulled_down() -> None:
    levels = {"signals.cpu_raise": 50.0, "signals.cpu_clear": 90.0}
    spec = default_specs(lambda name: levels.get(name, 60.0))[0]
    assert spec.clear_at == 50.0


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 100), st.just(95.0), st.just(10.0)), max_size=400)
)
def test_told_changes_alternate_whatever_is_fed(values: list[float | None]) -> None:
    signals = Signals([SignalSpec("s", "cpu_usage", "a.b", "cpu", 80, 70, 1, 1)])
    told = [c for c in Feeder(signals).feed(*values) if c.phase is not Phase.FLAPPING]
    expected = ["raised", "cleared"] * (len(told) // 2 + 1)
    assert phases(told) == expected[: len(told)]
    for raised, cleared in zip(told[::2], told[1::2], strict=False):
        assert raised.episode == cleared.episode
