"""The nine shapes of events, and what is done with everything else."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aios_desktop.events.model import MAX_DATA_BYTES, Severity
from aios_desktop.events.rows import unpack
from aios_desktop.migration import shapes
from aios_desktop.migration.moments import Times
from aios_desktop.migration.shapes import RefusedError

T = 1_773_100_800
ISO = "2026-03-10T00:00:00"


def read(record: dict[str, Any]) -> shapes.Legacy:
    return shapes.read(record, Times(UTC))


@pytest.mark.parametrize(
    ("record", "type_", "source", "severity", "data"),
    [
        ({"id": "u", "type": "a.b", "source": "m", "timestamp": T * 1000, "payload": {"x": 1}}, "a.b", "m", Severity.INFO, {"legacy_id": "u", "x": 1}),
        ({"ts": ISO, "epoch": T, "layer": "KERNEL", "event": "tool", "status": "err", "latency_ms": 4}, "tool", "kernel", Severity.ERROR, {"status": "err", "latency_ms": 4}),
        ({"ts": ISO, "layer": "MEM", "event": "task.completed", "severity": "WARN", "payload": {}, "timestamp": T * 1000}, "task.completed", "mem", Severity.WARNING, {}),
        ({"ts": ISO, "event_type": "e", "severity": "high", "data": {"y": 2}}, "e", "v05", Severity.ERROR, {"y": 2}),
        ({"timestamp": ISO, "event_type": "task.failed", "event_id": "e1", "data": {}}, "task.failed", "v05", Severity.ERROR, {"event_id": "e1"}),
        ({"timestamp": ISO, "ts": T, "type": "match", "source": "m", "summary": "s", "data": {"z": 3}}, "match", "m", Severity.INFO, {"z": 3, "summary": "s"}),
        ({"ts": ISO + "+00:00", "type": "t", "agent_id": "ag", "trace_id": "tr", "payload": {}}, "t", "ag", Severity.INFO, {"agent_id": "ag", "trace_id": "tr"}),
        ({"topic": "s.f", "payload": {"type": "inner"}, "priority": 2, "ts": T + 0.5, "source": "w"}, "s.f", "w", Severity.INFO, {"type": "inner", "priority": 2}),
        ({"ts": ISO, "layer": "SEC", "level": "CRIT", "msg": "m", "meta": {"k": 1}}, "log", "sec", Severity.CRITICAL, {"k": 1, "msg": "m"}),
        ({"ts": T, "layer": "SEC", "category": "c", "data": {}}, "legacy.c", "sec", Severity.INFO, {}),
        ({"ts": T, "type": "x.y", "payload": {"severity": "critical"}}, "x.y", "v05", Severity.CRITICAL, {"severity": "critical"}),
        ({"ts": T, "type": "x.error_y", "payload": "text"}, "x.error_y", "v05", Severity.ERROR, {"payload": "text"}),
        ({"ts": T, "type": "x.y", "payload": {"n": 1, "origin": "me"}, "n": 2}, "x.y", "v05", Severity.INFO, {"n": 1, "legacy_n": 2, "payload_origin": "me"}),
    ],
)  # fmt: skip
def test_every_shape_is_read(
    record: dict[str, Any], type_: str, source: str, severity: Severity, data: dict[str, Any]
) -> None:
    event = read(record)
    assert (event.type, event.source, event.severity) == (type_, source, severity)
    more = {"legacy_type": event.old_type} if event.type != event.old_type else {}
    assert event.data == {"origin": "import", **more, **data}
    assert event.stamp // 1_000_000 == T


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ({}, "no type"),
        ({"type": " ", "ts": T}, "no type"),
        ({"type": 5, "ts": T}, "no type"),
        ({"type": "a.b"}, "time"),
        ({"type": "a.b", "timestamp": float("nan")}, "time"),
        ({"type": "a.b", "timestamp": 99999999999999}, "time"),
    ],
)
def test_what_is_no_event_is_refused(record: dict[str, Any], why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        read(record)


def test_samples_and_tests_are_told_apart() -> None:
    assert read({"event": "resource_snapshot", "ts": T}).is_sample
    assert not read({"event": "resource.high", "ts": T}).is_sample
    assert read({"event": "stress.load", "ts": T}).data["test"] is True
    assert "test" not in read({"event": "latest.x", "ts": T}).data


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ({"mode": "dry_run", "action_results": []}, "dry_run"),
        ({"action_results": []}, "nothing_done"),
        ({"action_results": [{"success": True}]}, "unknown"),
        ({"status": "success"}, "unknown"),
    ],
)
def test_what_a_reaction_came_to(body: dict[str, Any], outcome: str) -> None:
    assert shapes.outcome(body) == outcome
    assert read({"type": "reactor.success", "ts": T, "payload": body}).data["outcome"] == outcome
    assert shapes.outcome({"action_results": [1]}, checked=True) == "fixed"


def test_a_large_payload_is_cut_with_its_hash_and_keeps_its_id() -> None:
    event = read({"id": "big", "type": "a.b", "ts": T, "payload": {"x": "盘" * MAX_DATA_BYTES}})
    data = unpack(event.row(event.stamp)).data
    assert data["truncated"] is True
    assert data["legacy_id"] == "big"
    assert data["bytes"] > MAX_DATA_BYTES
    assert len(data["sha256"]) == 64


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(
    [
        "id",
        "type",
        "event",
        "event_type",
        "topic",
        "category",
        "msg",
        "level",
        "layer",
        "source",
        "severity",
        "payload",
        "data",
        "meta",
        "ts",
        "epoch",
        "timestamp",
        "status",
        "agent_id",
        "origin",
    ]
)


@given(st.dictionaries(keys | st.text(), json_values))
def test_no_record_makes_it_fail(record: dict[str, Any]) -> None:
    try:
        event = read(record | {"ts": T})
    except RefusedError:
        return
    row = event.row(event.stamp)
    assert len(row.data) <= MAX_DATA_BYTES
    assert json.loads(row.data)["origin"] == "import"
    assert "NaN" not in row.data or "NaN" in json.dumps(record, ensure_ascii=False)
    row.type.encode()
    row.source.encode()
