"""What breaks a rule of the border is refused by name, counted and seen by nobody."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from aios_desktop.events.border import Refused
from aios_desktop.events.bus import Bus
from aios_desktop.events.model import MAX_DATA_BYTES, Event, EventQuery, Severity
from aios_desktop.events.stamp import Stamps
from aios_desktop.events.store import EventStore
from tests.fakes import FakeClock

Make = Callable[..., EventStore]
DAY = 86_400
NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    "bad",
    [
        {"type": "Nonsense"},
        {"type": 7},
        {"type": ["a.b"]},
        {"severity": "loud"},
        {"severity": 3},
        {"severity": []},
        {"data": {"value": NAN}},
        {"data": {"value": INFINITY, "none": None}},
        {"data": {"deep": [{"values": (1.0, -INFINITY)}]}},
        {"data": {"\udcff": 1, "value": NAN}},
    ],
    ids=str,
)
def test_what_breaks_a_rule_is_refused(
    make_store: Make, clock: FakeClock, bad: dict[str, Any]
) -> None:
    store = make_store()
    store.open()
    bus = Bus(Stamps(clock), store.append)
    seen: list[Event] = []
    bus.subscribe("*", seen.append)
    arguments: dict[str, Any] = {"source": "s", **bad}
    type_ = arguments.pop("type", "a.b")
    with pytest.raises(Refused):
        bus.publish(type_, **arguments)
    ready = Event(int(clock.now() * 1e6), type_, **arguments)
    with pytest.raises(Refused):
        bus.deliver(ready)
    assert store.flush(5)
    assert (seen, store.query(EventQuery()), bus.published, bus.refused) == ([], [], 0, 2)


@pytest.mark.parametrize("ahead", [DAY + 1, 1e10, 1e300])
def test_a_time_far_in_the_future_is_refused(clock: FakeClock, ahead: float) -> None:
    bus = Bus(Stamps(clock))
    with pytest.raises(Refused, match="ahead"):
        bus.deliver(Event(int((clock.now() + ahead) * 1e6), "a.b", "s"))
    with pytest.raises(Refused):
        bus.deliver(Event(0, "a.b", "s"))
    bus.deliver(Event(int((clock.now() + DAY) * 1e6), "a.b", "s"))
    assert (bus.published, bus.refused) == (1, 2)


def test_a_name_of_a_severity_is_enough(clock: FakeClock) -> None:
    event = Bus(Stamps(clock)).publish("a.b", source="s", severity="error")  # type: ignore[arg-type]
    assert event.severity is Severity.ERROR


def test_none_is_no_bad_number(clock: FakeClock) -> None:
    data = {"a": None, "b": [None, 1.5]}
    assert Bus(Stamps(clock)).publish("a.b", source="s", data=data).data == data


@pytest.mark.parametrize("ready", [False, True])
def test_a_large_payload_is_cut_off(make_store: Make, clock: FakeClock, ready: bool) -> None:
    store = make_store()
    store.open()
    bus = Bus(Stamps(clock), store.append)
    seen: list[Event] = []
    bus.subscribe("*", seen.append)
    data = {"text": "é" * MAX_DATA_BYTES}
    raw = ('{"text":"' + "é" * MAX_DATA_BYTES + '"}').encode()
    if ready:
        bus.deliver(Event(int(clock.now() * 1e6), "a.b", "s", data=data, trace=1))
    else:
        bus.publish("a.b", source="s", data=data)
    assert store.flush(5)
    (event,) = store.query(EventQuery())
    assert seen == [event]
    assert event.data["truncated"] is True
    assert event.data["bytes"] == len(raw)
    assert event.data["sha256"] == hashlib.sha256(raw).hexdigest()
    assert raw.decode().startswith(event.data["head"])
    assert (bus.published, bus.refused) == (1, 0)


def test_a_payload_at_the_limit_is_whole(clock: FakeClock) -> None:
    data = {"text": "x" * (MAX_DATA_BYTES - len('{"text":""}'))}
    bus = Bus(Stamps(clock))
    assert bus.publish("a.b", source="s", data=data).data == data
    data["text"] += "x"
    assert bus.publish("a.b", source="s", data=data).data["bytes"] == MAX_DATA_BYTES + 1
