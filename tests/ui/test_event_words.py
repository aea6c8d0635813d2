"""Every event has a sentence, whatever its payload holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aios_desktop.events.model import Event, Severity
from aios_desktop.ui import event_words, payload
from aios_desktop.ui.plain import visible
from aios_desktop.ui.widgets import MARKS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
_NAMES = [
    "resource",
    "value",
    "threshold",
    "held_s",
    "top",
    "cache",
    "bytes",
    "old_bytes",
    "older_than_days",
    "sensor",
    "error",
    "chosen",
    "candidates",
    "title",
    "playbook",
    "deadline",
    "decision",
    "by",
    "step",
    "attempt",
    "delay_s",
    "within_s",
    "outcome",
    "undo",
    "reason",
    "presence",
    "action",
    "ok",
    "took_s",
    "was",
    "interval_s",
]
DATA = st.dictionaries(st.sampled_from(_NAMES), JSON, max_size=6)


def say(kind: str, target: str = "", **data: object) -> str:
    return event_words.sentence(Event(1, kind, "test", target=target, data=data)).text()


@given(st.sampled_from(sorted(event_words.KNOWN)) | st.just("any.thing"), DATA, st.text())
def test_no_payload_breaks_a_sentence(kind: str, data: dict[str, object], target: str) -> None:
    for severity in Severity:
        event = Event(1, kind, "source", severity, target, data)
        assert event_words.sentence(event).text()
        assert event_words.about(event)
        assert event_words.mark(event) in MARKS
        assert event_words.stage(event) in ("observe", "orient", "decide", "act")
        payload.candidates(event)


CPU = {"resource": "cpu", "value": 96.4, "threshold": 85.0, "held_s": 5.2}


@pytest.mark.parametrize(
    ("kind", "target", "data", "said"),
    [
        (
            "resource.high",
            "cpu",
            {**CPU, "top": {"name": "python3"}},
            "The processor is at 96 %, over 85 % for 5.2 s; python3 uses most of it",
        ),
        ("resource.high", "cpu", CPU, "The processor is at 96 %, over 85 % for 5.2 s"),
        (
            "resource.disk_high",
            "/home",
            {**CPU, "resource": "disk"},
            "/home is 96 % full, over 85 % for 5.2 s",
        ),
        (
            "resource.normal",
            "cpu",
            {"resource": "cpu", "value": 12.0},
            "The processor is back to 12 %",
        ),
        (
            "cache.large",
            "pip",
            {"cache": "pip", "old_bytes": 2e9, "older_than_days": 14},
            "The pip cache holds 2.0 GB that was not used for 14 days",
        ),
        ("scheduler.decision", "", {"chosen": "a", "candidates": []}, "a was chosen"),
        (
            "scheduler.decision",
            "",
            {
                "chosen": "",
                "candidates": [
                    {
                        "playbook": "a",
                        "gate": "busy",
                        "reason": {"key": "It is {n}.", "values": {"n": 3}},
                    }
                ],
            },
            "a does not run: It is 3.",
        ),
        ("scheduler.decision", "", {}, "No playbook is meant for this"),
        (
            "approval.requested",
            "",
            {"title": "Suspend make", "deadline": 1_795_271_528.0},
            "Waits for your approval until 14:32: Suspend make",
        ),
        (
            "approval.decided",
            "",
            {"title": "Suspend make", "decision": "deny", "by": "window"},
            "Denied by you, in the window: Suspend make",
        ),
        ("run.finished", "", {"outcome": "fixed", "reason": "42 %"}, "Fixed: 42 %"),
        (
            "run.finished",
            "",
            {"outcome": "no_effect", "reason": "still 99 %", "undo": "done"},
            "No effect, taken back: still 99 %",
        ),
        (
            "run.retrying",
            "",
            {"step": 2, "attempt": 3, "delay_s": 4.0},
            "Step 2 is tried again in 4 s, try 3",
        ),
        (
            "action.completed",
            "",
            {"step": 1, "action": "process.suspend", "ok": True, "took_s": 0.012},
            "Step 1 is done in 12 ms: process.suspend",
        ),
        (
            "action.completed",
            "",
            {"step": 1, "ok": False, "error": "It is gone."},
            "Step 1 failed: It is gone.",
        ),
        ("score.updated", "", {"value": 0.87, "was": 0.92}, "The score is 87, was 92"),
        ("score.updated", "", {"value": None}, "The score is unknown"),
        ("heartbeat.beat", "", {"interval_s": 60}, "AIOS is alive; the next sign comes in 1 min"),
        ("app.started", "", {"version": "0.7.0", "recovered": 0}, "AIOS 0.7.0 has started"),
        (
            "app.started",
            "",
            {"version": "0.7.0", "recovered": 2},
            "AIOS 0.7.0 has started and taken up 2 unfinished repairs",
        ),
        ("app.stopped", "", {}, "AIOS has stopped"),
        ("playbook.loaded", "", {"n": 3}, "Playbooks in force: 3"),
        ("playbook.refused", "", {"faults": ["a.yaml:3: no"]}, "Refused playbook: a.yaml:3: no"),
        ("notice.posted", "", {"text": "Look at the printer."}, "Look at the printer."),
        ("my.event", "x", {"size": 3, "deep": {"a": 1}}, "x: size 3, deep …"),
        ("my.event", "", {}, "my.event"),
    ],
)
def test_sentences(kind: str, target: str, data: dict[str, object], said: str) -> None:
    assert say(kind, target, **data) == said


def test_each_outcome_has_words_and_a_mark() -> None:
    outcomes = [
        "fixed",
        "no_effect",
        "worse",
        "unknown",
        "denied",
        "expired",
        "failed",
        "resolved",
        "interrupted",
    ]
    said = {say("run.finished", outcome=name, reason="R") for name in outcomes}
    assert len(said) == len(outcomes)
    assert all("R" in text for text in said)


def test_a_stopped_gate_is_not_an_alarm() -> None:
    stopped = Event(1, "scheduler.decision", "reactor", data={"chosen": ""})
    assert event_words.mark(stopped) == "stop"
    chosen = Event(1, "scheduler.decision", "reactor", data={"chosen": "a"})
    assert event_words.mark(chosen) == "run"


def test_what_cannot_be_seen_is_written_out() -> None:
    assert visible("a\u202eb\tc\nd") == "a\\u202eb\\u0009c\\u000ad"
    assert visible("日志 – “ok” é") == "日志 – “ok” é"
    assert visible("x" * 50, 10) == "x" * 9 + "…"


@given(st.text())
def test_what_is_visible_stays(text: str) -> None:
    assert visible(visible(text)) == visible(text)
    assert "\n" not in visible(text)
