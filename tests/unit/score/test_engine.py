"""The engine follows readings and events: a hog shows, its end shows, and silence is not health."""

from __future__ import annotations

import itertools

import pytest

from aios_desktop.events.model import Event, Severity
from aios_desktop.score.engine import Score, ScoreEngine
from aios_desktop.score.formula import WEIGHTS
from aios_desktop.score.levels import Level
from aios_desktop.sensors.reading import Reading
from aios_desktop.sensors.signals import Signals, SignalSpec
from tests.fakes import FakeClock

CALM = {"cpu_usage": 5.0, "memory_usage": 40.0, "disk_usage": 50.0}
CPU = SignalSpec("cpu.high", "cpu_usage", "resource.high", "cpu", 80.0, 70.0)


class Day:
    """An engine beside real signals, a second at a time."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.engine = ScoreEngine(self.clock)
        self.signals = Signals([CPU])
        self.ids = itertools.count(1)

    def run(self, seconds: int, **more: float) -> list[Score]:
        found = []
        for _ in range(seconds):
            self.clock.advance(1)
            reading = Reading(self.clock.now(), self.clock.monotonic(), {**CALM, **more})
            self.signals.feed(reading)
            self.engine.feed_reading(reading)
            self.engine.set_raised(self.signals.raised())
            found.append(self.engine.step())
        return found

    def event(self, type_: str, severity: Severity, **data: object) -> None:
        self.engine.feed_event(Event(next(self.ids), type_, "test", severity, data=data))


@pytest.fixture
def day() -> Day:
    return Day()


def value(score: Score) -> float:
    assert score.value is not None
    return score.value


def part(score: Score, name: str) -> float | None:
    return next(part.value for part in score.parts if part.name == name)


def test_nothing_known_is_unknown(day: Day) -> None:
    score = day.engine.step()
    assert (score.value, score.level, score.partial) == (None, Level.UNKNOWN, True)
    assert {part.name for part in score.parts} == set(WEIGHTS)
    assert {part.reason.text() for part in score.parts} == {"Not known yet."}


def test_a_calm_machine_is_healthy(day: Day) -> None:
    score = day.run(3)[-1]
    assert (value(score), score.level, score.partial) == (1.0, Level.HEALTHY, False)
    assert day.engine.value() is score


def test_a_hog_shows_and_so_does_its_end(day: Day) -> None:
    day.run(60)
    busy = day.run(45, cpu_usage=100.0, cpu_pressure=60.0)
    assert value(busy[-1]) < 0.68
    below = next(second for second, score in enumerate(busy) if value(score) < 0.70)
    assert below < 35
    assert busy[-1].level is Level.OK
    after = day.run(60)
    assert value(after[-1]) >= 0.9
    healthy = next(s for s, score in enumerate(after) if score.level is Level.HEALTHY)
    assert healthy <= 20


def test_a_full_disk_is_critical_whatever_else_is_well(day: Day) -> None:
    score = day.run(3, disk_usage=100.0)[-1]
    assert score.level is Level.CRITICAL
    assert score.vetoed_by == "headroom"
    assert sum(part.lost_points for part in score.parts) == pytest.approx(75.0)


def test_errors_weigh_for_a_quarter_of_an_hour(day: Day) -> None:
    day.run(5)
    day.event("service.failed", Severity.ERROR)
    day.event("service.gone", Severity.CRITICAL)
    day.event("service.slow", Severity.WARNING)
    score = day.run(1)[-1]
    assert part(score, "stability") == pytest.approx(0.5488, abs=1e-3)  # exp(-3 / 5)
    assert part(day.run(880)[-1], "stability") == pytest.approx(0.5488, abs=1e-3)
    assert part(day.run(40)[-1], "stability") == 1.0


def test_a_run_counts_once_as_the_worst_of_its_events(day: Day) -> None:
    day.run(1)
    day.event("run.finished", Severity.WARNING, run=7, outcome="worse")
    day.event("action.undo_failed", Severity.CRITICAL, run=7)
    day.event("run.finished", Severity.CRITICAL, run=7, outcome="worse")
    assert part(day.run(1)[-1], "stability") == pytest.approx(0.6703, abs=1e-3)  # exp(-2 / 5)
    day.event("run.finished", Severity.INFO, run=8, outcome="failed")
    assert part(day.run(1)[-1], "stability") == pytest.approx(0.5488, abs=1e-3)


@pytest.mark.parametrize("outcome", ["fixed", "no_effect", "denied", "expired", "unknown"])
def test_runs_that_did_no_harm_do_not_count(day: Day, outcome: str) -> None:
    day.run(1)
    day.event("run.finished", Severity.INFO, run=7, outcome=outcome)
    assert part(day.run(1)[-1], "stability") == 1.0


def test_a_raised_signal_is_not_counted_twice(day: Day) -> None:
    day.run(1)
    day.event("resource.high", Severity.CRITICAL, signal="cpu.high")
    assert part(day.run(1)[-1], "stability") == 1.0


def test_a_storm_of_errors_is_bounded(day: Day) -> None:
    day.run(1)
    for _ in range(5000):
        day.event("x.failed", Severity.ERROR)
    assert len(day.engine._troubles) == 1000
    assert 0 <= value(day.run(1)[-1]) <= 0.26


def test_without_fresh_readings_the_score_is_partial(day: Day) -> None:
    day.run(5)
    day.clock.advance(60)
    score = day.engine.step()
    assert score.partial
    assert part(score, "efficiency") is None
    assert part(score, "headroom") is None
    assert value(score) == 1.0


def test_only_moves_worth_telling_are_changes(day: Day) -> None:
    assert day.run(1)[0].changed
    assert day.engine.changed
    assert not any(score.changed for score in day.run(20))
    told = [value(score) for score in day.run(60, cpu_usage=100.0) if score.changed]
    assert 3 <= len(told) <= 12
    steps = [abs(after - before) for before, after in itertools.pairwise([1.0, *told])]
    assert min(steps) >= 0.0199


def test_efficiency_is_a_mean_over_ten_seconds(day: Day) -> None:
    day.run(30)
    score = day.run(5, cpu_usage=100.0)[-1]
    assert part(score, "efficiency") == 1.0  # the mean is about half
    assert part(day.run(30, cpu_usage=100.0)[-1], "efficiency") == pytest.approx(0.35)


def test_the_history_keeps_an_hour(day: Day) -> None:
    day.engine.step()
    day.clock.advance(1)
    day.run(5)
    times, values = day.engine.history(3600)
    assert values == (None, 1.0, 1.0, 1.0, 1.0, 1.0)
    assert times == tuple(sorted(times))
    assert len(day.engine.history(2)[1]) == 2
    for _ in range(5000):
        day.clock.advance(1)
        day.engine.step()
    assert len(day.engine._times) <= 3600 + 256
    assert len(day.engine.history(3600)[0]) == 3600


def test_a_score_can_be_stamped(day: Day) -> None:
    day.run(1)
    assert day.engine.step(123.0).at == 123.0
