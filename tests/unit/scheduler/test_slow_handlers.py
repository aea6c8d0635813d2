"""The bus names handlers that hold it up, and knows who still listens."""

from __future__ import annotations

import pytest

from aios_desktop.events.bus import Bus
from aios_desktop.events.model import Event
from aios_desktop.events.stamp import Stamps
from tests.fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def bus(clock: FakeClock) -> Bus:
    return Bus(Stamps(clock), None, clock.monotonic)


def test_a_slow_handler_is_counted_and_named_and_the_quick_ones_are_not(
    bus: Bus, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    def dawdle(event: Event) -> None:
        clock.advance(event.data["seconds"])

    seen: list[int] = []
    bus.subscribe("*", lambda event: seen.append(event.id))
    bus.subscribe("disk.*", dawdle)
    bus.subscribe("*", lambda event: seen.append(event.id))
    for seconds in (0.004, 0.25, 0.006, 0.5):
        bus.publish("disk.full", source="test", data={"seconds": seconds})
    (slow,) = bus.slow_handlers()
    assert slow.name.endswith("dawdle")
    assert (slow.pattern, slow.count, bus.slow) == ("disk.*", 3, 3)
    assert slow.worst_s == pytest.approx(0.5)
    assert caplog.text.count("dawdle of disk.* took") == 2  # the first and the second time
    assert "took 250 ms" in caplog.text
    assert len(seen) == 8


def test_of_ready_events_one_in_sixteen_is_timed(bus: Bus, clock: FakeClock) -> None:
    bus.subscribe("*", lambda event: clock.advance(1.0))
    for number in range(64):
        bus.deliver(Event(1_000_000 + number, "a.b", "test"))
    assert bus.slow == 4


@pytest.mark.logs_errors
def test_a_handler_that_is_slow_and_fails_is_both(bus: Bus, clock: FakeClock) -> None:
    def fail(event: Event) -> None:
        clock.advance(1.0)
        raise ZeroDivisionError

    bus.subscribe("a.b", fail)
    bus.publish("a.b", source="test")
    assert (bus.faults, bus.slow) == (1, 1)


def test_whoever_listens_is_known_until_he_ends(bus: Bus) -> None:
    seen: list[Event] = []
    end = bus.subscribe("a.*", seen.append)
    other = bus.subscribe("*", seen.append)
    assert [x.split()[0] for x in bus.subscribers] == ["a.*", "*"]
    assert all("append" in x for x in bus.subscribers)
    end()
    end()
    other()
    assert bus.subscribers == ()
