"""The history keeps an hour of seconds, in order, and no more."""

from __future__ import annotations

import math
import sys
import threading

import pytest

from aios_desktop.sensors.history import MAX_METRICS, MetricHistory
from aios_desktop.sensors.reading import Reading


def reading(second: float, **metrics: float) -> Reading:
    return Reading(1_000_000.0 + second, second, metrics)


def test_a_series_has_times_and_values_oldest_first() -> None:
    history = MetricHistory()
    for second in range(10):
        history.add(reading(second, cpu=float(second)))
    times, values = history.series("cpu", 3)
    assert times == (1_000_007.0, 1_000_008.0, 1_000_009.0)
    assert values == (7.0, 8.0, 9.0)
    assert history.latest("cpu") == 9.0
    assert history.series("cpu", 9999)[1] == tuple(float(x) for x in range(10))


def test_what_is_unknown_is_none() -> None:
    history = MetricHistory()
    history.add(reading(1, cpu=1.0))
    history.add(reading(2, memory=5.0))
    history.add(reading(3, cpu=math.nan, memory=6.0))
    assert history.series("cpu", 60)[1] == (1.0, None, None)
    assert history.series("memory", 60)[1] == (None, 5.0, 6.0)
    assert history.latest("cpu") is None
    assert history.series("other", 60) == ((), ())
    assert history.names() == ("cpu", "memory")


def test_the_ring_forgets_the_oldest() -> None:
    history = MetricHistory(seconds=5)
    for second in range(12):
        history.add(reading(second, cpu=float(second)))
    assert history.series("cpu", 3600)[1] == (7.0, 8.0, 9.0, 10.0, 11.0)
    assert history.series("cpu", 2)[1] == (10.0, 11.0)


def test_a_faster_beat_does_not_shorten_the_hour() -> None:
    history = MetricHistory(seconds=5)
    for step in range(20):
        history.add(reading(step / 2, cpu=float(step)))
    assert history.series("cpu", 3600)[1] == (10.0, 12.0, 14.0, 16.0, 18.0)
    assert history.latest("cpu") == 19.0


def test_a_jump_of_the_wall_clock_keeps_the_order() -> None:
    history = MetricHistory()
    history.add(Reading(5000.0, 1.0, {"cpu": 1.0}))
    history.add(Reading(100.0, 2.0, {"cpu": 2.0}))
    assert history.series("cpu", 60) == ((5000.0, 100.0), (1.0, 2.0))


def test_readings_after_a_moment() -> None:
    history = MetricHistory()
    assert history.last_reading() is None
    for second in range(700):
        history.add(reading(second, cpu=float(second)))
    fresh = history.readings_after(696.0)
    assert [one.mono for one in fresh] == [697.0, 698.0, 699.0]
    assert len(history.readings_after(-1.0)) == 600
    assert history.readings_after(699.0) == []
    assert history.last_reading() is fresh[-1]


def test_memory_is_bounded() -> None:
    history = MetricHistory()
    for second in range(200):
        history.add(reading(second, **{f"m{second}": 1.0}))
    assert len(history.names()) == MAX_METRICS
    size = sum(sys.getsizeof(values) for values in history._values.values())
    assert size < MAX_METRICS * 3600 * 8 * 1.1


@pytest.mark.timeout(30)
def test_it_may_be_read_while_it_is_written() -> None:
    history = MetricHistory(seconds=50)
    stop = threading.Event()
    bad: list[object] = []

    def read() -> None:
        while not stop.is_set():
            times, values = history.series("cpu", 3600)
            if len(times) != len(values) or list(values) != sorted(values, key=lambda x: x or 0):
                bad.append(values)

    reader = threading.Thread(target=read)
    reader.start()
    for second in range(5000):
        history.add(reading(second, cpu=float(second)))
    stop.set()
    reader.join()
    assert bad == []
