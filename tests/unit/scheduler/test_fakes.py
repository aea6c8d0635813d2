"""The fakes keep what the real parts promise."""

from __future__ import annotations

from aios_desktop.clock import Clock
from aios_desktop.scheduler.task import Priority, Scheduler
from tests.fakes import FakeClock, FakeScheduler


def test_they_fit_where_the_real_ones_go() -> None:
    clock: Clock = FakeClock()
    scheduler: Scheduler = FakeScheduler(FakeClock())
    assert clock.now() == 1_000_000.0
    scheduler.submit(lambda: None)


def test_the_clock_moves_as_told() -> None:
    clock = FakeClock(start=50.0)
    first = clock.monotonic()
    clock.advance(2.0)
    clock.jump(-10.0)
    clock.sleep_machine(100.0)
    assert (clock.now(), clock.monotonic() - first) == (142.0, 2.0)


def test_work_runs_by_urgency_until_nothing_is_left() -> None:
    scheduler = FakeScheduler(FakeClock())
    seen: list[str] = []

    def more() -> None:
        seen.append("more")
        scheduler.submit(lambda: seen.append("late but urgent"), priority=Priority.P0)

    scheduler.submit(lambda: seen.append("low"), name="low")
    scheduler.submit(more, priority=Priority.P1, name="more")
    assert scheduler.queued == ("more", "low")
    assert scheduler.run() == 3
    assert seen == ["more", "late but urgent", "low"]
    assert scheduler.run() == 0


def test_time_goes_from_timer_to_timer() -> None:
    clock = FakeClock()
    scheduler = FakeScheduler(clock)
    start = clock.monotonic()
    seen: list[tuple[str, float]] = []

    def note(name: str) -> None:
        seen.append((name, clock.monotonic() - start))

    def again() -> None:
        note("first")
        scheduler.after(2.0, lambda: note("nested"))

    scheduler.after(1.0, again)
    scheduler.after(4.0, lambda: note("last"))
    cancel = scheduler.after(2.0, lambda: note("never"))
    assert scheduler.timers == (1.0, 2.0, 4.0)
    cancel()
    assert scheduler.advance(3.5) == 2
    assert seen == [("first", 1.0), ("nested", 3.0)]
    assert clock.monotonic() - start == 3.5
    assert scheduler.advance(10.0) == 1
    assert seen[-1] == ("last", 4.0)
    assert clock.monotonic() - start == 13.5


def test_waits_for_a_time_of_day_end_while_the_machine_sleeps() -> None:
    clock = FakeClock()
    scheduler = FakeScheduler(clock)
    seen: list[str] = []
    scheduler.until(clock.now() + 100.0, lambda: seen.append("time of day"))
    scheduler.after(100.0, lambda: seen.append("duration"))
    clock.sleep_machine(500.0)
    scheduler.run()
    assert seen == ["time of day"]
    assert scheduler.advance(100.0) == 1


def test_equal_work_is_counted_and_cancelled_work_never_runs() -> None:
    scheduler = FakeScheduler(FakeClock(), limit=2)
    seen: list[str] = []
    task = scheduler.submit(lambda: seen.append("storm"), same_as="storm")
    assert scheduler.submit(lambda: seen.append("again"), same_as="storm") is task
    gone = scheduler.submit(lambda: seen.append("never"))
    assert scheduler.cancel(gone)
    assert scheduler.run() == 1
    assert (seen, task.repeats, scheduler.counts().cancelled) == (["storm"], 1, 1)
