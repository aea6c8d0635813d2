"""The bus delivers to those who asked, in order, and survives those who fail."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, rule

from aios_desktop.clock import SystemClock
from aios_desktop.errors import AiosError
from aios_desktop.events.bus import MAX_ROUTES, Bus
from aios_desktop.events.model import Event, Severity
from aios_desktop.events.stamp import Stamps
from tests.fakes import FakeClock


@pytest.fixture
def bus() -> Bus:
    return Bus(Stamps(FakeClock()))


def test_an_event_carries_what_was_published(bus: Bus) -> None:
    event = bus.publish(
        "resource.high",
        source="signals",
        severity=Severity.WARNING,
        target="/home",
        data={"percent": 93},
    )
    assert (event.type, event.source, event.target) == ("resource.high", "signals", "/home")
    assert (event.severity, event.data) == (Severity.WARNING, {"percent": 93})
    assert (event.trace, event.cause, event.time) == (event.id, 0, 1_000_000.0)
    assert bus.published == 1


def test_a_story_keeps_the_trace_of_its_first_event(bus: Bus) -> None:
    first = bus.publish("resource.high", source="a")
    second = bus.publish("run.started", source="b", cause=first)
    third = bus.publish("run.ended", source="b", cause=second)
    loose = bus.publish("run.ended", source="b", trace=first.id)
    assert {second.trace, third.trace, loose.trace} == {first.id}
    assert (second.cause, third.cause, loose.cause) == (first.id, second.id, 0)


def test_a_cause_without_trace_begins_the_story(bus: Bus) -> None:
    outside = Event(7, "resource.high", "elsewhere")
    assert bus.publish("run.started", source="b", cause=outside).trace == 7


def test_the_payload_is_a_copy(bus: Bus) -> None:
    data = {"percent": 93}
    event = bus.publish("resource.high", source="a", data=data)
    data["percent"] = 1
    assert event.data == {"percent": 93}


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("resource.high", {"resource.high"}),
        ("resource.*", {"resource.high", "resource.disk.full"}),
        ("resource.disk.*", {"resource.disk.full"}),
        ("*", {"resource.high", "resource.disk.full", "resourceful.app"}),
        ("agent.*", set()),
    ],
)
def test_patterns(bus: Bus, pattern: str, wanted: set[str]) -> None:
    seen: list[str] = []
    bus.subscribe(pattern, lambda event: seen.append(event.type))
    for type_ in ("resource.high", "resource.disk.full", "resourceful.app"):
        bus.publish(type_, source="a")
    assert set(seen) == wanted
    assert len(seen) == len(wanted)


@pytest.mark.parametrize(
    "pattern",
    ["", "resource", "*.high", "resource.*.full", "Resource.high", "a..b", "a.*x", "*a", "a.b\n"],
)
def test_a_pattern_that_matches_nothing_is_refused(bus: Bus, pattern: str) -> None:
    with pytest.raises(AiosError):
        bus.subscribe(pattern, lambda event: None)


@pytest.mark.parametrize(
    "type_", ["", "resource", "Resource.high", "resource.high ", "a.b\n", "a." + "b" * 200, "a.*"]
)
def test_a_malformed_type_is_refused(bus: Bus, type_: str) -> None:
    seen: list[Event] = []
    bus.subscribe("*", seen.append)
    with pytest.raises(AiosError):
        bus.publish(type_, source="a")
    assert (seen, bus.published) == ([], 0)


def test_the_store_gets_the_event_before_the_handlers() -> None:
    order: list[object] = []
    bus = Bus(Stamps(FakeClock()), sink=lambda event, durable, text: order.append(durable))
    bus.subscribe("*", lambda event: order.append(event.type))
    bus.publish("run.started", source="a", durable=True)
    bus.publish("sample.taken", source="a")
    assert order == [True, "run.started", False, "sample.taken"]


def test_handlers_run_in_the_order_of_their_subscription(bus: Bus) -> None:
    order: list[int] = []
    for number, pattern in enumerate(("*", "resource.high", "resource.*", "*")):
        bus.subscribe(pattern, lambda event, number=number: order.append(number))  # type: ignore[misc]
    bus.publish("resource.high", source="a")
    assert order == [0, 1, 2, 3]


@pytest.mark.logs_errors
def test_a_failing_handler_stops_nobody(bus: Bus, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    def fail(event: Event) -> None:
        raise ZeroDivisionError

    bus.subscribe("*", lambda event: seen.append("before"))
    bus.subscribe("resource.*", fail)
    bus.subscribe("*", lambda event: seen.append("after"))
    event = bus.publish("resource.high", source="a")
    assert seen == ["before", "after"]
    assert bus.faults == 1
    assert str(event.id) in caplog.text
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.logs_errors
def test_a_handler_that_always_fails_does_not_flood_the_log(
    bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(event: Event) -> None:
        raise ZeroDivisionError

    bus.subscribe("*", fail)
    for _ in range(1000):
        bus.publish("resource.high", source="a")
    assert bus.faults == 1000
    assert len(caplog.records) == 10  # the 1st, 2nd, 4th ... 512th


@pytest.mark.logs_errors
def test_a_failing_store_stops_nobody() -> None:
    def fail(event: Event, durable: bool, text: str) -> None:
        raise OSError

    seen: list[Event] = []
    bus = Bus(Stamps(FakeClock()), sink=fail)
    bus.subscribe("*", seen.append)
    event = bus.publish("resource.high", source="a")
    assert seen == [event]
    assert bus.faults == 1


def test_an_ended_subscription_gets_nothing(bus: Bus) -> None:
    seen: list[str] = []
    end = bus.subscribe("*", lambda event: seen.append("first"))
    bus.subscribe("*", lambda event: seen.append("second"))
    end()
    end()
    bus.publish("resource.high", source="a")
    assert seen == ["second"]


def test_one_handler_may_be_subscribed_twice(bus: Bus) -> None:
    seen: list[Event] = []
    end = bus.subscribe("*", seen.append)
    bus.subscribe("*", seen.append)
    bus.publish("resource.high", source="a")
    end()
    bus.publish("resource.high", source="a")
    assert len(seen) == 3


def test_subscribing_during_a_publication_counts_from_the_next(bus: Bus) -> None:
    seen: list[int] = []

    def join(event: Event) -> None:
        bus.subscribe("*", lambda event: seen.append(event.id))

    end = bus.subscribe("*", join)
    bus.publish("resource.high", source="a")
    end()
    second = bus.publish("resource.high", source="a")
    assert seen == [second.id]


def test_leaving_during_a_publication_counts_from_the_next(bus: Bus) -> None:
    seen: list[str] = []
    ends: list[Callable[[], None]] = []
    bus.subscribe("*", lambda event: ends[0]())
    ends.append(bus.subscribe("*", lambda event: seen.append("still")))
    bus.publish("resource.high", source="a")
    bus.publish("resource.high", source="a")
    assert seen == ["still"]


def test_a_handler_may_publish(bus: Bus) -> None:
    seen: list[str] = []

    def answer(event: Event) -> None:
        bus.publish("run.started", source="b", cause=event)

    bus.subscribe("resource.*", answer)
    bus.subscribe("*", lambda event: seen.append(event.type))
    bus.publish("resource.high", source="a")
    assert seen == ["run.started", "resource.high"]


def test_many_types_from_outside_do_not_pile_up(bus: Bus) -> None:
    seen: list[Event] = []
    bus.subscribe("*", seen.append)
    for number in range(MAX_ROUTES * 2 + 10):
        bus.publish(f"outside.kind{number}", source="a")
    assert len(bus._routes) <= MAX_ROUTES
    assert len(seen) == MAX_ROUTES * 2 + 10


def test_publishing_from_many_threads_while_others_come_and_go() -> None:
    bus = Bus(Stamps(SystemClock()))
    seen: list[int] = []
    bus.subscribe("load.*", lambda event: seen.append(event.id))

    def publish(number: int) -> None:
        for _ in range(500):
            bus.publish(f"load.kind{number % 3}", source="a")

    def come_and_go(number: int) -> None:
        for _ in range(200):
            bus.subscribe("load.*", lambda event: None)()

    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(publish, n) for n in range(4)]
        jobs += [pool.submit(come_and_go, n) for n in range(4)]
    for job in jobs:
        job.result()
    assert len(set(seen)) == 2000
    assert bus.published == 2000
    assert len(bus._subscriptions) == 1


class BusMachine(RuleBasedStateMachine):
    """Random subscriptions, ends and publications against a list of (pattern, own log)."""

    ends: Bundle[int] = Bundle("ends")
    WORDS = ("a.b", "a.c", "a.b.c", "d.e")

    def __init__(self) -> None:
        super().__init__()
        self.bus = Bus(Stamps(FakeClock()))
        self.model: dict[int, tuple[str, list[int]]] = {}
        self.got: dict[int, list[int]] = {}
        self.end: dict[int, Callable[[], None]] = {}

    @rule(target=ends, pattern=st.sampled_from((*WORDS, "a.*", "a.b.*", "*")))
    def subscribe(self, pattern: str) -> int:
        number = len(self.end)
        self.got[number] = []
        self.model[number] = (pattern, [])
        self.end[number] = self.bus.subscribe(pattern, lambda e: self.got[number].append(e.id))
        return number

    @rule(number=consumes(ends))
    def unsubscribe(self, number: int) -> None:
        self.end[number]()
        assert self.got.pop(number) == self.model.pop(number)[1]

    @rule(type_=st.sampled_from(WORDS))
    def publish(self, type_: str) -> None:
        event = self.bus.publish(type_, source="s")
        for pattern, log in self.model.values():
            if pattern == type_ or (pattern[-1] == "*" and type_.startswith(pattern[:-1])):
                log.append(event.id)
        assert self.got == {number: log for number, (_, log) in self.model.items()}


TestBusMachine = BusMachine.TestCase
