"""Older words become today's, and text that was decoded once too often is recognised."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aios_desktop.events.model import Severity
from aios_desktop.migration import words

GARBLED = "最近备份已超过".encode().decode("gb18030", "replace")


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("INFO", Severity.INFO), ("ok", Severity.INFO), ("Low", Severity.INFO),
        ("低", Severity.INFO), ("WARN", Severity.WARNING), ("warning", Severity.WARNING),
        ("medium", Severity.WARNING), ("中", Severity.WARNING), ("ERR", Severity.ERROR),
        ("error", Severity.ERROR), ("HIGH", Severity.ERROR), ("高", Severity.ERROR),
        ("crit", Severity.CRITICAL), (" Critical ", Severity.CRITICAL), ("core", None), (3, None),
    ],
)  # fmt: skip
def test_severities(word: object, severity: Severity | None) -> None:
    assert words.severity(word) is severity


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("agent_error", "agent.error"), ("resource_alert", "resource.high"),
        ("pipeline_completed", "pipeline.completed"), ("task_failed", "task.failed"),
        ("error.system", "error.occurred"), ("error", "error"),
        ("warning.high_cpu_usage", "resource.cpu_spike"),
        ("warning.memory_pressure", "resource.memory_high"),
        ("reactor.playbook.executed", "action.completed"), ("reactor.failed", "action.completed"),
        ("reactor.auto_fix.success", "action.completed"), ("reactor.matched", "reactor.matched"),
        ("scheduler.decision.made", "scheduler.decision"), ("tool_exec", "tool_exec"),
        ("Odd name!", "Odd_name_"),
    ],
)  # fmt: skip
def test_types(old: str, new: str) -> None:
    assert words.today(old) == new


def test_the_key_is_the_id_or_the_content() -> None:
    assert words.key_of({"id": "a", "n": 1}, "id") == words.key_of({"id": "a", "n": 2}, "id")
    assert words.key_of({"b": 1, "a": 2}, "id") == words.key_of({"a": 2, "b": 1}, "id")
    assert words.key_of({"a": 1}, "id") != words.key_of({"a": 2}, "id")
    assert words.key_of({"id": "", "a": 1}, "id") != words.key_of({"id": "", "a": 2}, "id")
    assert words.key_of({"id": "\ud800"}, "id")


def test_garbled_text_is_repaired_even_where_a_byte_was_lost() -> None:
    assert "\ufffd" in GARBLED
    assert words.repaired(GARBLED) == "最近备份已超过"
    assert words.repaired("磁盘空间不足".encode().decode("gb18030")) == "磁盘空间不足"


@pytest.mark.parametrize(
    "text", ["plain", "", "磁盘空间不足", "录", "联通", "中文 and ASCII", "é", "lost \ufffd", "😀"]
)
def test_sound_text_is_left_alone(text: str) -> None:
    assert words.repaired(text) is None
    assert not words.looks_garbled(text)


def test_garbled_text_beyond_repair_is_marked_all_the_same() -> None:
    broken = GARBLED[:4] + "\ufffd" + GARBLED[4:]
    assert words.repaired(broken) is None
    assert words.marks({"a": [broken]}) == {"a.0": None}


@given(st.text())
def test_no_text_makes_it_fail(text: str) -> None:
    words.marks({"x": text})
    assert words.today(text) == words.today(words.today(text)) or words.today(text)


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=3, max_size=40))
def test_every_repair_is_the_text_as_it_was(text: str) -> None:
    try:
        garbled = text.encode().decode("gb18030")
    except UnicodeDecodeError:
        return
    assert words.repaired(garbled) in {text, None if garbled == text else text}
