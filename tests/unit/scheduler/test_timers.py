"""Timers fire on time and in order; a sleep of the machine is noticed before they do."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from aios_desktop.clock import SystemClock
from aios_desktop.scheduler.lanes import Lanes
from aios_desktop.scheduler.timers import LONGEST_WAIT_S, SWEEP_AT, Timekeeper
from tests.fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def test_timers_fire_in_the_order_of_their_times(clock: FakeClock) -> None:
    keeper = Timekeeper(clock)
    seen: list[str] = []
    for seconds, name in ((3.0, "c"), (1.0, "a"), (2.0, "b"), (1.0, "a2"), (-5.0, "now")):
        keeper.at(seconds, lambda name=name: seen.append(name))  # type: ignore[misc]
    assert keeper.run_due() == 1.0
    assert seen == ["now"]
    clock.advance(2.0)
    assert keeper.run_due() == 1.0
    assert seen == ["now", "a", "a2", "b"]
    clock.advance(50.0)
    assert keeper.run_due() == LONGEST_WAIT_S
    assert seen[-1] == "c"
    assert len(keeper) == 0


def test_a_cancelled_timer_stays_silent(clock: FakeClock) -> None:
    keeper = Timekeeper(clock)
    seen: list[int] = []
    cancel = keeper.at(1.0, lambda: seen.append(1))
    keeper.at(1.0, lambda: seen.append(2))
    cancel()
    cancel()
    assert len(keeper) == 1
    clock.advance(1.0)
    keeper.run_due()
    assert seen == [2]
    cancel()
    assert len(keeper) == 0


def test_a_timer_may_cancel_another_and_set_a_new_one(clock: FakeClock) -> None:
    keeper = Timekeeper(clock)
    seen: list[str] = []
    ends: list[Callable[[], None]] = []

    def first() -> None:
        seen.append("first")
        ends[0]()
        keeper.at(0.0, lambda: seen.append("new"))

    keeper.at(1.0, first)
    ends.append(keeper.at(1.0, lambda: seen.append("second")))
    clock.advance(1.0)
    keeper.run_due()
    assert seen == ["first", "new"]


def test_cancelled_timers_do_not_pile_up(clock: FakeClock) -> None:
    keeper = Timekeeper(clock)
    keeper.at(1.0, lambda: None)
    for _ in range(10_000):
        keeper.at(86_400.0, lambda: None)()
    assert len(keeper) == 1
    assert len(keeper._timers) <= 2 * SWEEP_AT + 2


@pytest.mark.logs_errors
def test_a_failing_callback_stops_no_other(clock: FakeClock) -> None:
    keeper = Timekeeper(clock)
    seen: list[int] = []

    def fail() -> None:
        raise ZeroDivisionError

    keeper.at(1.0, fail)
    keeper.at(1.0, lambda: seen.append(1))
    clock.advance(1.0)
    keeper.run_due()
    assert seen == [1]


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), 1e300])
def test_impossible_times_do_no_harm(clock: FakeClock, seconds: float) -> None:
    keeper = Timekeeper(clock)
    keeper.at(seconds, lambda: None)
    assert 0.0 <= keeper.run_due() <= LONGEST_WAIT_S


def test_a_sleep_is_told_before_any_timer_fires(clock: FakeClock) -> None:
    seen: list[object] = []
    keeper = Timekeeper(clock, seen.append)
    keeper.at(1.0, lambda: seen.append("timer"))
    clock.advance(1.0)
    clock.sleep_machine(3600.0)
    keeper.run_due()
    keeper.run_due()
    assert seen == [3600.0, "timer"]


@pytest.mark.parametrize("jump", [4.9, -4.9, -3600.0])
def test_small_steps_and_steps_back_are_no_sleep(clock: FakeClock, jump: float) -> None:
    seen: list[float] = []
    keeper = Timekeeper(clock, seen.append)
    clock.advance(100.0)
    keeper.run_due()
    clock.jump(jump)
    keeper.run_due()
    assert seen == []
    clock.sleep_machine(60.0)
    keeper.run_due()
    assert seen == pytest.approx([60.0])


def test_a_wait_for_a_time_of_day_survives_a_sleep_a_wait_for_a_duration_gets_longer(
    clock: FakeClock,
) -> None:
    keeper = Timekeeper(clock)
    seen: list[str] = []
    keeper.at(600.0, lambda: seen.append("ten minutes awake"))
    keeper.at_wall(clock.now() + 1800.0, lambda: seen.append("in half an hour"))
    clock.sleep_machine(8 * 3600.0)
    keeper.run_due()
    assert seen == ["in half an hour"]
    clock.advance(600.0)
    keeper.run_due()
    assert seen == ["in half an hour", "ten minutes awake"]


def test_a_clock_that_is_set_back_makes_a_time_of_day_come_later(clock: FakeClock) -> None:
    keeper = Timekeeper(clock)
    seen: list[float] = []
    due = clock.now() + 60.0
    cancel = keeper.at_wall(due, lambda: seen.append(0.0))
    keeper.at_wall(due, lambda: seen.append(clock.now()))
    cancel()
    clock.jump(-3600.0)
    keeper.run_due()
    clock.advance(3600.0)
    keeper.run_due()
    assert seen == []
    clock.advance(60.0)
    keeper.run_due()
    assert seen == [due]


def test_a_time_of_day_that_is_over_comes_at_once(clock: FakeClock) -> None:
    keeper = Timekeeper(clock)
    seen: list[int] = []
    keeper.at_wall(clock.now() - 5.0, lambda: seen.append(1))
    keeper.at_wall(float("nan"), lambda: seen.append(2))
    keeper.run_due()
    assert seen == [1, 2]


@pytest.mark.logs_errors
def test_a_failing_sleep_handler_stops_no_timer(clock: FakeClock) -> None:
    def fail(gap: float) -> None:
        raise ZeroDivisionError

    seen: list[int] = []
    keeper = Timekeeper(clock, fail)
    keeper.at(1.0, lambda: seen.append(1))
    clock.advance(1.0)
    clock.sleep_machine(60.0)
    keeper.run_due()
    assert seen == [1]


def test_a_lane_serves_timers_on_the_real_clock() -> None:
    clock = SystemClock()
    keeper = Timekeeper(clock)
    lanes = Lanes()
    lanes.start("timekeeper", keeper.run, keeper.wake)
    fired: list[tuple[str, float]] = []
    done = threading.Event()
    start = clock.monotonic()
    keeper.at(60.0, lambda: fired.append(("far", 0.0)))  # the lane now waits for long
    keeper.at(0.10, done.set)
    keeper.at(0.05, lambda: fired.append(("near", clock.monotonic() - start)))
    assert done.wait(5)
    assert lanes.stop(2) == []
    ((name, after),) = fired
    assert name == "near"
    assert 0.05 <= after < 1.0


def test_an_idle_lane_ends_at_once_when_told() -> None:
    keeper = Timekeeper(SystemClock())
    lanes = Lanes()
    lanes.start("timekeeper", keeper.run, keeper.wake)
    assert lanes.stop(2) == []


class TimerMachine(RuleBasedStateMachine):
    """Random timers, cancellations and steps of time against a plain list."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.keeper = Timekeeper(self.clock)
        self.fired: list[int] = []
        self.expected: list[int] = []
        self.waiting: list[tuple[float, int]] = []
        self.ends: list[Callable[[], None]] = []

    @rule(seconds=st.integers(0, 20))
    def at(self, seconds: int) -> None:
        number = len(self.ends)
        self.ends.append(self.keeper.at(seconds, lambda: self.fired.append(number)))
        self.waiting.append((self.clock.monotonic() + seconds, number))

    @rule(pick=st.integers(0, 30))
    def cancel(self, pick: int) -> None:
        if pick < len(self.ends):
            self.ends[pick]()
            self.waiting = [x for x in self.waiting if x[1] != pick]

    @rule(seconds=st.integers(0, 15))
    def pass_time(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.keeper.run_due()
        due = sorted(x for x in self.waiting if x[0] <= self.clock.monotonic())
        self.waiting = [x for x in self.waiting if x not in due]
        self.expected += [number for _, number in due]

    @invariant()
    def fires_what_is_due(self) -> None:
        assert self.fired == self.expected
        assert len(self.keeper) == len(self.waiting)


TestTimerMachine = TimerMachine.TestCase
