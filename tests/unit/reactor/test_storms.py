"""A storm of equal events is one piece of work, one run, one question, and an exact count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aios_desktop.events.bus import Bus
from aios_desktop.events.model import Event, EventQuery, Severity
from aios_desktop.events.stamp import Stamps
from aios_desktop.reactor.recovery import recover
from aios_desktop.reactor.storms import GAP_S, LONGEST_S, MOST_STORIES, SWEEP_S, Storms
from aios_desktop.runtime.explain import why
from aios_desktop.scheduler.task import Priority
from aios_desktop.skills.action import Risk
from tests.fakes import FakeClock, FakeScheduler
from tests.unit.reactor.house import House, build
from tests.unit.reactor.test_engine import HEARTBEAT, with_file

QUICK = """
schema: 1
id: tell
title: Tell it
trigger: [disk.full, alarm.raised]
limits: []
steps: [{do: file.write, with: {path: PATH, word: told}}]
"""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = build(tmp_path)
    yield made
    made.close()


def decisions(house: House) -> list[Event]:
    return [event for event in house.told if event.type == "scheduler.decision"]


def test_equal_events_before_a_worker_is_free_are_one_decision(house: House) -> None:
    house.playbook("heartbeat.json", HEARTBEAT)
    for _ in range(500):
        house.publish()
    assert house.scheduler.queued == ("resource.high",)
    house.scheduler.run()
    (decision,) = decisions(house)
    assert decision.data["repeats"] == 499
    assert len(house.journal.recent(10)) == 1


def test_while_a_run_is_open_its_equals_are_counted_whatever_they_measured(house: House) -> None:
    house.playbook("heartbeat.json", HEARTBEAT)
    first = house.publish()
    house.scheduler.run()
    for number in range(100):
        house.publish(value=90.0 + number / 50)
        house.scheduler.advance(0.01)
    for _ in range(6):
        house.reading(cpu_usage=10.0)
    assert len(decisions(house)) == 1
    finished = house.last("run.finished")
    assert (finished.data["repeats"], finished.data["outcome"]) == (100, "fixed")
    house.scheduler.advance(SWEEP_S + GAP_S)
    told = house.last("scheduler.repeated")
    assert told.data["repeats"] == 100
    assert (told.data["event"], told.data["run"], told.trace) == (first.id, 1, first.id)


def test_one_question_however_often_it_is_asked_for(house: House) -> None:
    with_file(house)
    for _ in range(50):
        house.publish()
        house.scheduler.run()
    assert len(house.journal.waiting()) == 1
    assert house.types().count("approval.requested") == 1


def test_another_episode_of_other_figures_is_considered_when_the_run_has_ended(
    house: House,
) -> None:
    house.playbook("heartbeat.json", HEARTBEAT)
    for value in (95.0, 96.0):
        house.publish(value=value)
        house.scheduler.run()
        for _ in range(6):
            house.reading(cpu_usage=10.0)
    assert len(decisions(house)) == 2


def test_another_episode_is_considered_even_while_a_run_is_open(house: House) -> None:
    house.playbook("heartbeat.json", HEARTBEAT)
    with_file(house)
    for episode in (1, 2, 2):
        house.publish(episode=episode)
        house.scheduler.run()
    first, second = decisions(house)
    assert (first.data["chosen"], second.data["chosen"]) == ("reduce_heartbeat_freq", "write_word")


def test_events_without_a_signal_that_say_something_else_are_never_swallowed(house: House) -> None:
    with_file(house, QUICK)
    for what in ("home is full", "root is full", "home is full"):
        house.bus.publish("disk.full", source="test", target="disk", data={"text": what})
    house.scheduler.run()
    assert [event.data["repeats"] for event in decisions(house)] == [1, 0]


def test_a_run_that_ends_at_once_is_not_repeated_while_the_storm_lasts(house: House) -> None:
    house.file_action.risk = Risk.LOW
    with_file(house, QUICK.replace("limits: []", 'limits: ["9 per 1h"]'))
    for _ in range(100):
        house.bus.publish("disk.full", source="test", target="disk")
        house.scheduler.advance(0.05)
    assert house.file_action.applied == ["told"]
    house.scheduler.advance(SWEEP_S + GAP_S)
    assert house.last("scheduler.repeated").data["repeats"] == 99


def test_a_storm_that_does_not_end_is_considered_anew_from_time_to_time(house: House) -> None:
    house.playbook("heartbeat.json", HEARTBEAT.replace('"threshold": 80', '"threshold": 999'))
    events = 0
    for _ in range(int(3 * LONGEST_S / 0.5)):
        house.publish()
        events += 1
        house.scheduler.advance(0.5)
    assert len(decisions(house)) == 3
    house.scheduler.advance(SWEEP_S + GAP_S)
    told = [x for x in house.told if x.type == "scheduler.repeated"]
    assert sum(x.data["repeats"] for x in told) + len(decisions(house)) == events


def test_a_storm_survives_a_restart(house: House, tmp_path: Path) -> None:
    with_file(house)
    house.publish()
    house.scheduler.run()
    house.db.close()
    after = build(tmp_path, clock=house.clock)
    recover(after.reactor, after.journal, after.library)
    after.publish()
    after.scheduler.run()
    assert decisions(after) == []
    after.close()


def test_of_two_events_that_meet_one_target_only_one_gets_a_run(house: House) -> None:
    with_file(house)
    house.publish()
    house.bus.publish(
        "resource.high", source="b", target="other name", data={"resource": "cpu", "value": 95.0}
    )
    house.scheduler.run()
    gates = [event.data["candidates"][0]["gate"] for event in decisions(house)]
    assert gates == ["", "busy"]
    (run,) = house.journal.recent(9)
    assert house.journal.create(run, deadline=None) == (None, None)


def test_why_answers_for_a_repeat(house: House) -> None:
    house.playbook("heartbeat.json", HEARTBEAT)
    first = house.publish()
    house.scheduler.run()
    repeat = house.publish()

    def query(wanted: EventQuery) -> list[Event]:
        found = [x for x in house.told if x.type == wanted.type]
        return [x for x in reversed(found) if wanted.trace in (0, x.trace)]

    def get(number: int) -> Event | None:
        return next((x for x in house.told if x.id == number), None)

    during = why(repeat.id, get, query, house.library)
    for _ in range(6):
        house.reading(cpu_usage=10.0)
    house.scheduler.advance(SWEEP_S + GAP_S)
    assert house.types().count("scheduler.repeated") == 1
    for answer in (during, why(repeat.id, get, query, house.library)):
        assert answer["repeats_of"] == first.id
        assert str(first.id) in answer["summary"]
        assert answer["candidates"][0]["playbook"] == "reduce_heartbeat_freq"
    assert why(first.id, get, query, house.library)["repeats_of"] == 0


class Place:
    """Storms alone, with work that is only counted."""

    def __init__(self, limit: int = 10_000) -> None:
        self.clock = FakeClock()
        self.scheduler = FakeScheduler(self.clock, limit)
        self.bus = Bus(Stamps(self.clock))
        self.told: list[Event] = []
        self.bus.subscribe("scheduler.repeated", self.told.append)
        self.open: set[int] = set()
        self.worked: list[Event] = []
        self.storms = Storms(
            self.scheduler, self.clock, self.bus.publish, lambda run: run in self.open
        )

    def offer(self, target: str = "", priority: Priority = Priority.P3, **more: Any) -> bool:
        event = self.bus.publish("a.b", source="test", target=target, **more)

        def work() -> None:
            self.storms.begin(event)
            self.worked.append(event)
            self.storms.considered(event, 0)

        return self.storms.offer(event, priority, work)


def test_a_more_urgent_repeat_lifts_the_one_that_waits() -> None:
    place = Place()
    place.offer("slow")
    place.offer("other", Priority.P2)
    place.offer("slow", Priority.P0)
    place.scheduler.run()
    assert [event.target for event in place.worked] == ["slow", "other"]


def test_another_severity_is_another_story() -> None:
    place = Place()
    assert place.offer("x")
    assert place.offer("x", severity=Severity.CRITICAL)
    assert not place.offer("x")


def test_what_was_dropped_for_want_of_room_may_come_again() -> None:
    place = Place(limit=1)
    place.offer("a")
    place.offer("b")
    assert place.scheduler.run() == 1
    assert place.offer("b")
    assert place.scheduler.run() == 1
    assert [event.target for event in place.worked] == ["a", "b"]


def test_what_was_pushed_out_while_it_waited_may_come_again() -> None:
    place = Place(limit=1)
    place.offer("a")
    place.offer("b", Priority.P0)
    assert place.offer("a") is True
    place.scheduler.run()
    assert place.offer("a")


def test_stories_do_not_pile_up_and_no_count_is_lost() -> None:
    place = Place(limit=3 * MOST_STORIES)
    for number in range(MOST_STORIES + 100):
        place.offer(str(number))
        place.offer(str(number))
    assert len(place.storms._stories) == len(place.storms._by_first) == MOST_STORIES
    place.scheduler.run()
    place.scheduler.advance(GAP_S + SWEEP_S)
    assert len(place.storms._stories) == len(place.storms._by_first) == 0
    assert sum(event.data["repeats"] for event in place.told) == MOST_STORIES + 100
    assert place.scheduler.timers == ()


def test_payloads_that_cannot_be_encoded_are_compared_all_the_same() -> None:
    place = Place()
    odd = Event(1, "a.b", "test", data={"x": 1j})
    assert place.storms.offer(odd, Priority.P3, lambda: None)
    assert not place.storms.offer(odd, Priority.P3, lambda: None)
