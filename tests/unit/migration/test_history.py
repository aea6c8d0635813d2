"""What is neither event nor playbook: read whatever it looks like, kept, never believed."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aios_desktop.migration.drafts import playbooks
from aios_desktop.migration.history import History, is_real_check, items, series
from aios_desktop.migration.moments import NoTimeError, Times
from aios_desktop.migration.places import What

KINDS = [
    What.LESSONS, What.SERIES, What.CHECKS, What.REACTIONS, What.REACTOR_LOG, What.DECISIONS,
    What.ALERTS, What.AGENTS, What.TASKS,
]  # fmt: skip
HISTORY = History(Times(UTC), lambda reaction: reaction == "checked")


@pytest.mark.parametrize(
    ("record", "status", "kind"),
    [
        ({"lesson": "l", "verified": True}, "confirmed", "lessons"),
        ({"lesson": "l", "verified": "yes"}, "proposed", "lessons"),
        ({"id": "p", "pattern": "x", "lesson": "l", "confidence": "draft"}, "proposed", "lessons"),
        ({"lesson_id": "l", "preventive_rule": "l", "evidence": []}, "proposed", "lessons"),
        ({"id": "a", "title": "t", "solution": "l", "status": "draft"}, "proposed", "lessons"),
        ({"lesson_id": "f", "error_type": "x", "error_message": "m"}, "failed", "tasks"),
        ({"error_type": "x", "context": "c", "agent": "a"}, "failed", "tasks"),
    ],
)
def test_lessons_and_failures_are_told_apart(
    record: dict[str, Any], status: str, kind: str
) -> None:
    kept = HISTORY.lesson(record)
    assert (kept.kind, kept.body["status"]) == (kind, status)
    if kind == "lessons":
        assert kept.body["text"] == "l"


def test_the_last_runs_are_kept_and_zero_means_never() -> None:
    state = {
        "last_review": "2026-03-10", "last_index": 0, "last_agent": "x", "last_run_at": None,
        "last_activation": "2026-03-03T18:02:00", "activated_agents": ["a"], "activation_count": 1,
    }  # fmt: skip
    found = {x.body["task"]: x.body for x in HISTORY.last_runs(state)}
    assert set(found) == {"review", "index", "run", "activation"}
    assert found["review"]["last_run"] == "2026-03-10T00:00:00.000000+00:00"
    assert found["index"]["never"] is True
    assert found["activation"]["facts"] == {"activated_agents": ["a"], "activation_count": 1}


def test_a_task_that_waited_is_history_and_says_so() -> None:
    kept = HISTORY.task({"task_id": "t", "status": "pending", "created_at": "2026-03-10T00:00:00Z"})
    assert (kept.kind, kept.body["status"]) == ("tasks", "pending")
    failed = HISTORY.task({"result": {"success": False, "agent": "a", "error": "e"}})
    assert (failed.body["status"], failed.body["agent"], failed.body["error"]) == ("failed", "a", "e")  # fmt: skip


def test_only_a_real_check_counts() -> None:
    assert is_real_check({"passed": True, "verify_method": "command_check"})
    assert not is_real_check({"passed": True, "verify_method": "no_verify_rule"})
    assert not is_real_check({"passed": True})
    assert not is_real_check({"passed": "yes", "verify_method": "command_check"})
    kept = HISTORY.kept(What.REACTIONS, {"reaction_id": "checked", "action_results": [1]})
    assert kept.body["outcome"] == "fixed"


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ([{"id": 1}, {"id": 2}], 2),
        ({"agents": [{"id": 1}]}, 1),
        ({"agents": {"a": {}, "b": {"role": "x"}}, "metadata": {}}, 2),
        ({"a": {"role": "x"}, "b": {"role": "y"}}, 2),
        ({"name": "a", "stats": {}}, 1),
        ([], 0),
        ({}, 0),
        (5, 1),
    ],
)
def test_records_are_found_in_every_wrapping(value: Any, count: int) -> None:
    found, rules = items(What.AGENTS, value)
    assert (len(found), rules) == (count, [])


def test_figures_become_series() -> None:
    record = {"ts": 5, "score": 0.5, "ok": True, "p95": {"a": 1, "b": "x"}, "grade": "fine"}
    assert series(record) == {"series": {"v05.score": 0.5, "v05.p95.a": 1}}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    ["id", "ts", "stats", "result", "context", "error_type", "lesson", "action_results", "verified"]
)


@given(st.sampled_from(KINDS), st.dictionaries(names | st.text(), json_values))
def test_no_record_makes_it_fail(what: What, record: dict[str, Any]) -> None:
    try:
        kept = HISTORY.kept(what, record)
    except NoTimeError:
        return
    assert json.loads(json.dumps(kept.body))
    assert len(kept.key) == 16


@given(json_values, st.sampled_from([*KINDS, What.PLAYBOOKS]))
def test_no_file_makes_it_fail(value: Any, what: What) -> None:
    found, rules = items(what, value)
    assert isinstance(found, list)
    assert isinstance(rules, list)
    playbooks(value)
    if isinstance(value, dict):
        list(HISTORY.last_runs(value))
