"""Older playbooks become drafts: disabled, asking, never milder than they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aios_desktop.clock import SystemClock
from aios_desktop.config import Config
from aios_desktop.migration import cel
from aios_desktop.migration.drafts import compose
from aios_desktop.migration.forms import Danger, form_of, sketch
from aios_desktop.paths import find
from aios_desktop.reactor import source
from aios_desktop.reactor.conditions import Conditions, Kind
from aios_desktop.reactor.playbook import Compiler
from aios_desktop.sensors.metrics import METRICS
from aios_desktop.skills.registry import default_registry
from tests.unit.migration.old_house import take, workspace

NAMES = {"event.data": Kind.MAP, "event.severity": Kind.TEXT}
KEYWORD = {
    "id": "k",
    "trigger": {"rule": "network_error", "keywords": ["502", "C++ (x)"], "severity": ["WARN"]},
    "action": {"type": "auto", "command": "echo hi", "risk": "low"},
}


@pytest.fixture
def compiler(tmp_path: Path) -> Compiler:
    registry = default_registry(
        Config(tmp_path / "c.toml"), find(tmp_path), SystemClock(), tell=lambda _text: None
    )
    return Compiler(registry, METRICS, ())


def draft(raw: dict[str, Any]) -> dict[str, Any]:
    """Return the draft of a playbook, read back as the library would read it."""
    text = compose(raw, sketch(raw, form_of(raw)), "slug", "here")
    data = source.parse(text.encode(), "slug.yaml").data
    assert isinstance(data, dict)
    return data


def holds(condition: str, **data: Any) -> bool:
    compiled = Conditions().compile(condition, NAMES)
    return compiled.is_true({"event.data": data, "event.severity": "warning"})


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        (KEYWORD, "K"),
        ({"match": {"rule_id": "x"}, "actions": []}, "M"),
        ({"id": "j", "trigger": {"event_type": "a.b"}, "actions": []}, "J"),
        ({"name": "e", "trigger": {"event": "a.b"}, "actions": []}, "E"),
        ({"id": "t", "trigger": {"conditions": [{"type": "x"}]}}, "T"),
        ({"name": "s", "trigger": "words", "action": "words"}, "S"),
        ({"name": "n", "actions": [{"type": "retry"}]}, "N"),
        ({"error_pattern": "x", "steps": ["do"]}, "N"),
        ({"name": "h", "trigger": {"event_type": "heartbeat", "interval": "30s"}}, "timer"),
        ({"name": "nothing", "action": {"command": "echo"}}, ""),
        ({}, ""),
    ],
)
def test_the_form_is_recognised(raw: dict[str, Any], form: str) -> None:
    assert form_of(raw) == form


@pytest.mark.parametrize(
    ("name", "value", "yes", "no"),
    [
        ("n", 3, 3, 4), ("n", "x", "x", "y"), ("n", ["a", "b"], "b", "c"),
        ("n", ">5000", 5001, 5000), ("n", "<3000", 2999, 3000), ("n", ">=80%", 80, 79),
        ("n", {"$gte": 3}, 3, 2), ("n", {"$gt": 3, "$lt": 9}, 5, 9), ("n", {"<": 3}, 2, 3),
        ("n", {"$ne": "a"}, "b", "a"), ("n", {"$in": ["a"]}, "a", "b"),
        ("n", {"$nin": ["a"]}, "b", "a"), ("n", "5m", 300, 5), ("n", {"$gt": "5m"}, 301, 300),
        ("for", True, True, False), ("a-b", 1, 1, 2),
    ],
)  # fmt: skip
def test_conditions_mean_what_they_meant(name: str, value: Any, yes: Any, no: Any) -> None:
    condition = cel.condition(name, value, resource=False)
    assert holds(condition, **{name: yes})
    assert not holds(condition, **{name: no})


def test_a_threshold_beside_a_resource_is_the_least_value() -> None:
    condition = cel.condition("threshold", 80, resource=True)
    assert holds(condition, value=80)
    assert not holds(condition, value=79.9)


@pytest.mark.parametrize("value", [{"$regex": "x"}, {}, {"$gt": "high"}, [[1]], float("inf")])
def test_other_conditions_are_said_to_be_missing(value: Any) -> None:
    with pytest.raises(cel.CannotError):
        cel.condition("n", value, resource=False)


def test_keywords_are_looked_for_in_any_case_and_taken_literally() -> None:
    condition = cel.keywords(["C++ (x)", "磁盘"])
    assert holds(condition, text="about c++ (X)!", n=1, inner={"a": 1})
    assert holds(condition, a="磁盘满")
    assert not holds(condition, text="C (x)", inner=["C++ (x)"])


@pytest.mark.parametrize(
    ("command", "step"),
    [
        ("echo 'hi there'", {"do": "notify", "with": {"text": "hi there"}}),
        ("ECHO hi", {"do": "notify", "with": {"text": "hi"}}),
        ("echo a; rm b", {"do": "shell", "with": {"command": "echo a; rm b"}}),
        ("echo a && rm b", {"do": "shell", "with": {"command": "echo a && rm b"}}),
        ("echo $(rm b)", {"do": "shell", "with": {"command": "echo $(rm b)"}}),
        ("echo a > b", {"do": "shell", "with": {"command": "echo a > b"}}),
        ("echoes", {"do": "shell", "with": {"command": "echoes"}}),
        ("=x", {"do": "shell", "with": {"command": '="=x"'}}),
    ],
)
def test_only_a_plain_echo_is_a_notice(command: str, step: dict[str, Any]) -> None:
    made = draft(KEYWORD | {"action": {"type": "auto", "command": command, "risk": "low"}})
    assert made["steps"] == [step]
    assert made["risk"] == ("low" if step["do"] == "notify" else "high")


@pytest.mark.parametrize("word", ["medium", "high", "critical", "whatever"])
def test_the_highest_risk_counts(word: str) -> None:
    want = Danger.MEDIUM if word == "medium" else Danger.HIGH
    for more in (
        {"risk": word},
        {"risk_level": word},
        {"actions": [{"type": "log", "risk": word}]},
    ):
        raw: dict[str, Any] = {**KEYWORD, **more}
        assert sketch(raw, "K").danger is want


def test_fields_of_the_event_become_expressions_but_never_a_command() -> None:
    assert cel.argument("{{a}} is {b.c}%") == (
        '=string(event.data.a) + " is " + string(event.data.b.c) + "%"'
    )
    assert cel.argument("=now") == '="=now"'
    assert cel.argument("plain {} {1}") == "plain {} {1}"
    raw = KEYWORD | {"action": {"type": "auto", "command": "kill {pid}"}}
    made = draft(raw)
    assert made["steps"][0]["with"] == {"command": "kill {pid}"}
    assert any("fields of the event" in say.text() for say in sketch(raw, "K").missing)


def test_limits_and_patience_are_taken_over_and_capped() -> None:
    made = draft(
        KEYWORD
        | {"cooldown_min": 2.5, "max_retries": 9}
        | {"action": {"type": "auto", "command": "make", "timeout": 900}}
    )
    assert made["limits"] == ["1 per 2.5m"]
    assert made["steps"][0]["timeout"] == "120s"
    assert made["steps"][0]["retry"] == {"max": 5}
    assert draft(KEYWORD | {"cooldown": 600})["limits"] == ["1 per 600s"]


def test_drafts_that_lack_nothing_would_load_and_stay_off(compiler: Compiler) -> None:
    raw = {
        "id": "j",
        "trigger": {"event_type": "resource_alert", "conditions": {"resource": "cpu", "threshold": 80}},
        "actions": [{"type": "notify", "message": "{{resource}} is {value}"}],
        "auto_execute": True,
        "verify": {"metric": "cpu_usage", "expected": "<70"},
    }  # fmt: skip
    made = sketch(raw, "J")
    assert made.missing == []
    text = compose(raw, made, "j", "here")
    playbook = compiler.compile(source.parse(text.encode(), "j.yaml"))
    assert playbook.triggers == ("resource.high",)
    assert (playbook.enabled, playbook.ask) == (False, True)
    assert playbook.verify is not None


@pytest.mark.parametrize(
    "more",
    [
        {"trigger": {"conditions": [{"type": "spike", "window": "1h"}]}},
        {"trigger": {"event_type": "a.b", "conditions": {"time_window": "5m"}}},
        {"trigger": {"event_type": "error"}},
        {"actions": [{"type": "agent.restart"}]},
        {"actions": []},
        {"action": {"type": "auto", "command": "reboot"}},
        {"verify": {"metric": "agent.latency", "expected": "<3"}},
        {"metadata": {"verify_command": "true"}},
    ],
)
def test_what_is_missing_is_said(more: dict[str, Any]) -> None:
    raw = {
        "id": "x",
        "trigger": {"event_type": "a.b"},
        "actions": [{"type": "log", "message": "m"}],
        **more,
    }
    assert sketch(raw, form_of(raw)).missing


def test_nothing_that_was_imported_is_ever_loaded(tmp_path: Path) -> None:
    from aios_desktop.cli import offline

    home = tmp_path / "home"
    report = take(workspace(tmp_path), home)
    drafts = find(home).playbooks / "drafts"
    names = {p["draft"] for p in report["playbooks"] if p["draft"]}
    assert {path.name for path in drafts.iterdir()} == names
    assert {path.stat().st_mode & 0o777 for path in drafts.iterdir()} == {0o600}
    in_force, faults = offline.playbooks(find(home))
    assert faults == []
    assert not {p["id"] for p in in_force} & {name.removesuffix(".yaml") for name in names}
    for path in drafts.iterdir():
        data = source.read(path).data
        assert data["enabled"] is False
        assert data["ask"] is True
        assert data["id"] == path.stem
        assert "# The original:" in path.read_text("utf-8")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["echo a", "5m", ">3", "WARN", "notify"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "rule", "keywords", "severity", "event_type", "conditions", "command", "message", "risk", "$gt", "metric", "expected"]) | st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
top = st.sampled_from(["id", "name", "trigger", "action", "actions", "match", "risk", "verify", "cooldown", "description", "metadata", "max_retries"])  # fmt: skip


@given(st.dictionaries(top | st.text(), anything, max_size=8))
def test_no_playbook_makes_it_fail_and_none_comes_out_switched_on(raw: dict[str, Any]) -> None:
    form = form_of(raw)
    made = draft(raw)
    assert made["enabled"] is False
    assert made["ask"] is True
    assert form in {"K", "M", "J", "E", "T", "S", "N", "timer", ""}
    if any(step["do"] == "shell" for step in made["steps"]):
        assert made["risk"] == "high"
    json.dumps(made)
