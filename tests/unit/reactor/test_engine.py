"""The reactor from event to outcome, with real actions, a real journal and fake time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from aios_desktop.events.model import Event, Severity
from aios_desktop.i18n import Say
from aios_desktop.reactor.orienting import orient
from aios_desktop.reactor.records import Outcome, State, Undo
from aios_desktop.skills.action import ActionError, Kind, Risk, WorldChanged
from tests.unit.reactor.house import FileAction, House, build

HEARTBEAT = """
{"id": "reduce_heartbeat_freq",
 "trigger": {"event_type": "resource.high", "conditions": {"resource": "cpu", "threshold": 80}},
 "actions": [{"type": "config.update", "path": "heartbeat.interval", "value": 120}],
 "risk": "low", "auto_execute": true, "verify": {"metric": "cpu_usage", "expected": "<70"}}
"""

WRITE = """
schema: 1
id: write_word
title: Write into {target}
trigger: [resource.high]
when: event.value >= 50.0
target: event.resource
limits: ["5 per 1h"]
steps:
  - do: file.write
    with: {path: PATH, word: new}
    timeout: 5s
verify: {expect: metric.cpu_usage < 70.0, settle: 2s, within: 5s}
"""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = build(tmp_path)
    yield made
    made.close()


def with_file(house: House, text: str = WRITE) -> Path:
    file = house.folder / "word.txt"
    file.write_text("old")
    house.playbook("write.yaml", text.replace("PATH", str(file)))
    return file


def test_low_risk_runs_by_itself_and_is_taken_back_when_it_does_not_help(house: House) -> None:
    house.playbook("heartbeat.json", HEARTBEAT)
    house.publish()
    house.scheduler.run()
    assert house.config.get("heartbeat.interval") == 120
    assert house.only_run().state is State.SETTLING
    for _ in range(12):
        house.reading(cpu_usage=99.0)
    run = house.only_run()
    assert (run.state, run.outcome, run.undo) == (State.DONE, Outcome.NO_EFFECT, Undo.DONE)
    assert house.config.get("heartbeat.interval") == 60


def test_low_risk_that_helps_is_fixed_and_can_be_undone_once(house: House) -> None:
    house.playbook("heartbeat.json", HEARTBEAT)
    house.publish()
    house.scheduler.run()
    for _ in range(6):
        house.reading(cpu_usage=10.0)
    run = house.only_run()
    assert (run.outcome, run.undo) == (Outcome.FIXED, Undo.POSSIBLE)
    assert house.reactor.undo(run.id, by="test").ok
    second = house.reactor.undo(run.id, by="test")
    house.scheduler.run()
    assert not second.ok
    assert house.config.get("heartbeat.interval") == 60
    assert house.only_run().undo is Undo.DONE


def test_one_good_reading_is_not_enough(house: House) -> None:
    house.playbook("heartbeat.json", HEARTBEAT)
    house.publish()
    house.scheduler.run()
    for value in (99.0, 99.0, 99.0, 10.0, 99.0, 10.0, 99.0, 10.0, 99.0, 99.0, 99.0, 99.0):
        house.reading(cpu_usage=value)
    assert house.only_run().outcome is Outcome.NO_EFFECT


def test_without_readings_the_outcome_is_unknown_and_nothing_is_called_fixed(house: House) -> None:
    house.playbook("heartbeat.json", HEARTBEAT)
    house.publish()
    house.scheduler.run()
    house.facts.metrics.clear()
    for _ in range(13):
        house.reading()
    assert house.only_run().outcome is Outcome.UNKNOWN


def test_medium_risk_asks_and_changes_nothing_until_approved(house: House) -> None:
    file = with_file(house)
    house.publish()
    house.scheduler.run()
    (approval,) = house.journal.waiting()
    assert file.read_text() == "old"
    assert house.reactor.approvals.decide(approval.id, approve=True, by="window").ok
    house.scheduler.run()
    assert file.read_text() == "new"
    for _ in range(5):
        house.reading(cpu_usage=20.0)
    assert house.only_run().outcome is Outcome.FIXED


def test_denying_changes_nothing(house: House) -> None:
    file = with_file(house)
    house.publish()
    house.scheduler.run()
    (approval,) = house.journal.waiting()
    assert house.reactor.approvals.decide(approval.id, approve=False, by="window").ok
    house.scheduler.advance(3600)
    assert file.read_text() == "old"
    assert not house.file_action.applied
    assert house.only_run().outcome is Outcome.DENIED


def test_the_deadline_denies(house: House) -> None:
    file = with_file(house)
    house.publish()
    house.scheduler.run()
    (approval,) = house.journal.waiting()
    house.scheduler.advance(30 * 60 + 1)
    assert house.only_run().outcome is Outcome.EXPIRED
    late = house.reactor.approvals.decide(approval.id, approve=True, by="window")
    house.scheduler.run()
    assert (late.ok, late.what) == (False, "expired")
    assert file.read_text() == "old"


def test_approving_twice_acts_once(house: House) -> None:
    with_file(house)
    house.publish()
    house.scheduler.run()
    (approval,) = house.journal.waiting()
    first = house.reactor.approvals.decide(approval.id, approve=True, by="window")
    second = house.reactor.approvals.decide(approval.id, approve=True, by="command line")
    house.scheduler.run()
    assert (first.ok, second.ok, second.what) == (True, False, "already")
    assert house.file_action.applied == ["new"]


def test_an_approval_of_another_plan_is_refused(house: House) -> None:
    with_file(house)
    house.publish()
    house.scheduler.run()
    (approval,) = house.journal.waiting()
    reply = house.reactor.approvals.decide(approval.id, approve=True, by="window", digest="0" * 32)
    assert (reply.ok, reply.what) == (False, "changed")
    assert house.journal.waiting()


def test_a_plan_that_changed_while_it_waited_is_asked_again(house: House) -> None:
    file = with_file(house)
    house.publish()
    house.scheduler.run()
    (approval,) = house.journal.waiting()
    file.write_text("somebody else's")
    house.reactor.approvals.decide(approval.id, approve=True, by="window")
    house.scheduler.run()
    assert file.read_text() == "somebody else's"
    newest, first = house.journal.recent(2)
    assert (first.outcome, newest.state) == (Outcome.INTERRUPTED, State.WAITING)


def test_trouble_that_ended_by_itself_is_not_repaired(house: House) -> None:
    file = with_file(house)
    house.publish()
    house.scheduler.run()
    (approval,) = house.journal.waiting()
    house.facts.raised["cpu.high"] = False
    house.reactor.approvals.decide(approval.id, approve=True, by="window")
    house.scheduler.run()
    assert file.read_text() == "old"
    assert house.only_run().outcome is Outcome.RESOLVED


def test_high_risk_needs_the_typed_word(tmp_path: Path) -> None:
    house = build(tmp_path, action=FileAction(Kind.IRREVERSIBLE, Risk.HIGH))
    with_file(house)
    house.publish()
    house.scheduler.run()
    (approval,) = house.journal.waiting()
    refused = house.reactor.approvals.decide(approval.id, approve=True, by="window", word="wrong")
    assert (refused.ok, refused.what) == (False, "confirm")
    assert house.reactor.approvals.decide(approval.id, approve=True, by="window", word="cpu").ok
    house.close()


def test_a_step_is_retried_after_2_4_and_8_seconds(house: House) -> None:
    with_file(house)
    house.file_action.fail = [ActionError("busy", retry=True) for _ in range(3)]
    house.publish()
    house.scheduler.run()
    (approval,) = house.journal.waiting()
    house.reactor.approvals.decide(approval.id, approve=True, by="window")
    house.scheduler.run()
    at = [house.clock.monotonic()]
    for _ in range(20):
        before = len(house.file_action.applied)
        house.scheduler.advance(1.0)
        if len(house.file_action.applied) > before:
            at.append(house.clock.monotonic())
    assert [round(b - a) for a, b in itertools.pairwise(at)] == [2, 4, 8]
    assert house.only_run().state is not State.RETRYING


def test_a_step_that_fails_for_good_is_rolled_back(house: House) -> None:
    file = with_file(house)
    house.file_action.fail = [ActionError("no")]
    house.publish()
    house.scheduler.run()
    (approval,) = house.journal.waiting()
    house.reactor.approvals.decide(approval.id, approve=True, by="window")
    house.scheduler.run()
    assert file.read_text() == "old"
    assert house.only_run().outcome is Outcome.FAILED


def test_a_step_that_refused_to_touch_a_changed_world_needs_no_undo(house: House) -> None:
    file = with_file(house)
    house.publish()
    house.scheduler.run()
    (approval,) = house.journal.waiting()
    house.reactor.approvals.decide(approval.id, approve=True, by="window")
    house.file_action.fail = [WorldChanged("The file changed.")]
    house.file_action.fail_undo = ActionError("must not be called")
    house.scheduler.run()
    assert (house.only_run().outcome, house.only_run().undo) == (Outcome.FAILED, Undo.NONE)
    assert file.read_text() == "old"


def test_candidates_are_tried_in_turn_in_one_trace(house: House) -> None:
    house.playbook("heartbeat.json", HEARTBEAT)
    with_file(house)
    event = house.publish()
    house.scheduler.run()
    assert not house.journal.waiting()
    for _ in range(12):
        house.reading(cpu_usage=99.0)
    (approval,) = house.journal.waiting()
    assert {run.origin.trace for run in house.journal.recent(5)} == {event.trace}
    assert {told.trace for told in house.told} == {event.trace}
    assert house.journal.approval(approval.id)


@pytest.mark.logs_errors
def test_a_failed_undo_is_the_loudest_event(house: House) -> None:
    with_file(house)
    house.publish()
    house.scheduler.run()
    (approval,) = house.journal.waiting()
    house.reactor.approvals.decide(approval.id, approve=True, by="window")
    house.scheduler.run()
    for _ in range(5):
        house.reading(cpu_usage=20.0)
    house.file_action.fail_undo = ActionError("stuck")
    house.reactor.undo(house.only_run().id, by="test")
    house.scheduler.run()
    assert house.only_run().undo is Undo.FAILED
    assert str(house.last("run.undo_failed").severity) == "critical"


def test_limits_count_per_target_and_say_so(house: House) -> None:
    with_file(house, WRITE.replace("5 per 1h", "1 per 1h"))
    for _ in range(2):
        house.publish()
        house.scheduler.run()
        for approval in house.journal.waiting():
            house.reactor.approvals.decide(approval.id, approve=False, by="test")
        house.scheduler.advance(60.0)  # at once it would count as a repeat of the first
    verdict = house.last("scheduler.decision").data["candidates"][0]
    assert verdict["gate"] == "limit"


def test_a_decision_says_what_was_seen_how_things_stood_and_what_came_of_it(house: House) -> None:
    with_file(house)
    house.facts.health = 0.2
    event = house.publish()
    house.scheduler.run()
    data = house.last("scheduler.decision").data
    assert data["event"] == event.id
    assert data["observed"]["type"] == "resource.high"
    assert (data["observed"]["signal"], data["observed"]["value"]) == ("cpu.high", 95.0)
    assert (data["oriented"]["score"], data["oriented"]["level"]) == (0.2, "critical")
    assert data["oriented"]["priority"] == "P0"
    assert Say.from_json(data["oriented"]["reason"]).text() == "The health score is below 30."
    assert data["decided"]["what"] == "ask"
    assert data["acted"] == {"run": house.only_run().id, "state": "waiting"}


@pytest.mark.parametrize(
    ("kind", "severity", "score", "priority"),
    [
        ("disk.full", Severity.CRITICAL, 0.9, "P0"),
        ("disk.full", Severity.WARNING, 0.29, "P0"),
        ("resource.high", Severity.WARNING, 0.3, "P1"),
        ("agent.error", Severity.WARNING, None, "P2"),
        ("disk.full", Severity.WARNING, None, "P3"),
    ],
)
def test_urgency(
    house: House, kind: str, severity: Severity, score: float | None, priority: str
) -> None:
    house.facts.health = score
    found = orient(Event(1, kind, "test", severity), house.facts)
    assert found.priority.name == priority
    assert found.to_json()["level"] == {0.9: "healthy", 0.29: "critical", 0.3: "degraded"}.get(
        score or 0, "unknown"
    )


def test_a_decision_that_nothing_is_done_says_why(house: House) -> None:
    with_file(house)
    house.publish(value=10.0)
    house.scheduler.run()
    data = house.last("scheduler.decision").data
    assert data["decided"]["what"] == "nothing"
    assert data["decided"]["reason"] == data["candidates"][0]["reason"]
    assert data["acted"] == {"run": 0, "state": ""}


def test_the_end_of_a_run_says_what_it_did(house: House) -> None:
    house.playbook("heartbeat.json", HEARTBEAT)
    house.publish()
    house.scheduler.run()
    acted = {"step": 1, "action": "config.update"}
    assert house.last("run.verifying").data["acted"] == [{**acted, "end": "done"}]
    for _ in range(12):
        house.reading(cpu_usage=99.0)
    assert house.last("run.finished").data["acted"] == [{**acted, "end": "undone"}]


def test_undo_expires_and_is_cleaned_up(house: House) -> None:
    file = with_file(house)
    house.publish()
    house.scheduler.run()
    (approval,) = house.journal.waiting()
    house.reactor.approvals.decide(approval.id, approve=True, by="window")
    house.scheduler.run()
    for _ in range(5):
        house.reading(cpu_usage=20.0)
    house.scheduler.advance(8 * 86400)
    house.reactor.housekeeping()
    assert house.only_run().undo is Undo.EXPIRED
    assert file.with_suffix(".cleaned").exists()
    assert not house.reactor.undo(house.only_run().id, by="test").ok


def test_nothing_runs_without_a_journal(tmp_path: Path) -> None:
    house = build(tmp_path)
    file = with_file(house)
    house.db.durable = False
    house.publish()
    house.scheduler.run()
    assert house.last("scheduler.decision").data["candidates"][0]["gate"] == "journal"
    assert file.read_text() == "old"
    house.close()
