"""Each part of the score follows its figures, and says why in one sentence."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aios_desktop.events.model import Severity
from aios_desktop.score import parts

percent = st.floats(0, 100)


def test_health_is_a_product_over_the_raised_signals() -> None:
    assert parts.health(()).value == 1.0
    assert parts.health((("cpu", Severity.INFO),)).value == 1.0
    assert parts.health((("cpu", Severity.WARNING),)).value == pytest.approx(0.55)
    assert parts.health((("cpu", Severity.ERROR),)).value == pytest.approx(0.40)
    assert parts.health((("disk", Severity.CRITICAL),)).value == 0.0
    two = parts.health((("cpu", Severity.WARNING), ("memory", Severity.WARNING)))
    assert two.value == pytest.approx(0.3025)
    assert two.reason.text() == "2 signals are raised."
    assert parts.health((("cpu", Severity.WARNING),)).reason.text() == "Processor use is high."


@given(st.lists(st.tuples(st.just("x"), st.sampled_from(list(Severity))), max_size=8))
def test_another_signal_never_makes_health_better(raised: list[tuple[str, Severity]]) -> None:
    for number in range(len(raised)):
        more, less = parts.health(raised[: number + 1]).value, parts.health(raised[:number]).value
        assert more is not None
        assert less is not None
        assert 0 <= more <= less <= 1


@pytest.mark.parametrize(
    ("usage", "value"), [(0, 1.0), (70, 1.0), (85, 0.675), (100, 0.35), (400, 0.35)]
)
def test_efficiency_falls_from_70_percent_on(usage: float, value: float) -> None:
    assert parts.efficiency({"cpu_usage": usage}).value == pytest.approx(value)


def test_waiting_counts_where_it_is_known() -> None:
    calm = {"cpu_usage": 20.0, "cpu_pressure": 10.0, "memory_pressure": 1.0, "io_pressure": 5.0}
    assert parts.efficiency(calm).value == 1.0
    stuck = parts.efficiency({**calm, "memory_pressure": 60.0})
    assert stuck.value == pytest.approx(0.35)
    assert stuck.reason.text() == "Tasks wait for memory 60 % of the time."
    assert parts.efficiency({}).value is None


@given(st.dictionaries(st.sampled_from(["cpu_usage", *parts.PRESSURES]), percent, min_size=1))
def test_a_busy_machine_is_no_disaster(metrics: dict[str, float]) -> None:
    value = parts.efficiency(metrics).value
    assert value is not None
    assert 0.35 - 1e-9 <= value <= 1


def test_stability_falls_with_what_went_wrong() -> None:
    assert parts.stability(0, 0).value == 1.0
    assert parts.stability(5, 5).value == pytest.approx(math.exp(-1))
    assert parts.stability(1, 1).reason.text() == "One thing went wrong in the last 15 minutes."
    assert parts.stability(4, 3).reason.text() == "3 things went wrong in the last 15 minutes."


@pytest.mark.parametrize(
    ("metrics", "value"),
    [
        ({"disk_usage": 50.0}, 1.0),
        ({"disk_usage": 85.0}, 1.0),
        ({"disk_usage": 92.5}, 0.5),
        ({"disk_usage": 100.0, "memory_usage": 10.0}, 0.0),
        ({"disk_usage": 10.0, "memory_usage": 97.0}, 0.2),
        ({"memory_usage": 50.0, "swap_usage": 100.0}, 1.0),  # nobody needs those pages
        ({"memory_usage": 88.0, "swap_usage": 100.0}, 0.4),
        ({"memory_usage": 88.0, "swap_usage": 50.0}, 0.8),
    ],
)
def test_headroom_is_that_of_the_scarcest(metrics: dict[str, float], value: float) -> None:
    assert parts.headroom(metrics).value == pytest.approx(value)


def test_headroom_of_nothing_is_unknown() -> None:
    assert parts.headroom({"cpu_usage": 10.0}).value is None


@given(st.dictionaries(st.sampled_from(["disk_usage", "memory_usage"]), percent, min_size=1))
def test_less_use_never_means_less_headroom(metrics: dict[str, float]) -> None:
    value = parts.headroom(metrics).value
    better = parts.headroom({name: used / 2 for name, used in metrics.items()}).value
    assert value is not None
    assert better is not None
    assert 0 <= value <= better <= 1
