"""The nine shapes in which older versions wrote events, turned into one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aios_desktop.events.border import truncated
from aios_desktop.events.model import MAX_DATA_BYTES, MAX_TYPE, Event, Severity
from aios_desktop.events.rows import Row, encode_whole, pack
from aios_desktop.migration import words
from aios_desktop.migration.moments import EVENT_KEYS, NoTimeError
from aios_desktop.migration.reading import Why

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aios_desktop.migration.moments import Times

ORIGIN: Final = "import"
_TYPE_KEYS: Final = ("type", "event", "event_type", "topic")
_BODY_KEYS: Final = ("payload", "data", "meta")
_SEVERITY_KEYS: Final = ("severity", "level")
_OURS: Final = ("origin", "legacy_id", "legacy_type", "test")


class RefusedError(ValueError):
    """A record is not an event."""

    def __init__(self, why: Why) -> None:
        super().__init__(str(why))
        self.why = why


@dataclass(frozen=True, slots=True)
class Legacy:
    """One event of an older version. ``stamp`` is its time; the store may need the one after."""

    key: bytes
    stamp: int
    old_type: str
    type: str
    source: str
    severity: Severity
    data: dict[str, Any]
    garbled: bool
    repairable: bool

    @property
    def is_sample(self) -> bool:
        """Say whether this is a reading rather than something that happened."""
        return self.old_type in words.SAMPLES

    @property
    def is_test(self) -> bool:
        """Say whether a test made it."""
        return words.is_test(self.old_type)

    def row(self, stamp: int) -> Row:
        """Return the row for the store. Its payload is cut when it is too large, never lost whole."""
        event = Event(stamp, self.type, self.source, self.severity, data=self.data)
        raw = encode_whole(self.data) or json.dumps(self.data).encode()
        if len(raw) <= MAX_DATA_BYTES:
            return pack(event, raw.decode())
        ours = {name: self.data[name] for name in _OURS if name in self.data}
        return pack(event, json.dumps({**ours, **truncated(raw)}))


def read(record: Mapping[str, Any], times: Times) -> Legacy:
    """Return a record as an event. Raises RefusedError."""
    type_key, old_type = _type(record)
    new_type = words.today(old_type)[:MAX_TYPE]
    if not new_type:
        raise RefusedError(Why.NO_TYPE)
    try:
        stamp = times.stamp(record)
    except NoTimeError as error:
        raise RefusedError(Why.TIME) from error
    try:
        key = words.key_of(record, "id")
        body = _body(record, type_key)
        marks = words.marks(record)
    except RecursionError as error:
        raise RefusedError(Why.NOT_JSON) from error
    severity, odd_word = _severity(record, body, old_type)
    ours = _ours(record, old_type, new_type, odd_word, marks)
    if new_type == "action.completed" and old_type in words.REACTIONS:
        ours["outcome"] = outcome(body)
    return Legacy(
        key=key,
        stamp=stamp,
        old_type=old_type,
        type=new_type,
        source=_source(record),
        severity=severity,
        data=_joined(body, ours),
        garbled=bool(marks),
        repairable=any(repair is not None for repair in marks.values()),
    )


def outcome(body: Mapping[str, Any], *, checked: bool = False) -> str:
    """Say what a reaction of an older version came to; its own word for it counts for nothing."""
    if body.get("mode") == "dry_run" or body.get("dry_run") is True:
        return "dry_run"
    if "action_results" in body and not body["action_results"]:
        return "nothing_done"
    return "fixed" if checked else "unknown"


def _type(record: Mapping[str, Any]) -> tuple[str, str]:
    for key in _TYPE_KEYS:
        value = record.get(key)
        if isinstance(value, str) and value.strip():
            return key, value.strip()
    category = record.get("category")
    if isinstance(category, str) and category.strip():
        return "category", f"legacy.{category.strip()}"
    if "msg" in record and ("level" in record or "layer" in record):
        return "", "log"
    raise RefusedError(Why.NO_TYPE)


def _source(record: Mapping[str, Any]) -> str:
    for key in ("source", "layer", "agent_id"):
        value = record.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip().lower() if key == "layer" else value.strip()
    return "v05"


def _severity(
    record: Mapping[str, Any], body: Mapping[str, Any], old_type: str
) -> tuple[Severity, str]:
    """Return how bad it is, and the word itself when nobody knows it."""
    given = [record.get(key) for key in _SEVERITY_KEYS]
    inner = next((record[key] for key in _BODY_KEYS if isinstance(record.get(key), dict)), body)
    for word in (*given, inner.get("severity")):
        if isinstance(word, str) and word.strip():
            known = words.severity(word)
            return (Severity.INFO, word) if known is None else (known, "")
    if words.severity(record.get("status")) is Severity.ERROR:
        return Severity.ERROR, ""
    return words.severity_by_type(old_type), ""


def _body(record: Mapping[str, Any], type_key: str) -> dict[str, Any]:
    """Return the payload with everything that stands beside it and has no place of its own."""
    key = next((key for key in _BODY_KEYS if record.get(key) is not None), "")
    inner = record.get(key)
    body: dict[str, Any] = dict(inner) if isinstance(inner, dict) else {}
    if key and not isinstance(inner, dict):
        body[key] = inner
    used = {key, type_key, "id", *_SEVERITY_KEYS, *EVENT_KEYS}
    used.add("source" if _is_text(record.get("source")) else "layer")
    for name, value in record.items():
        if name not in used and value is not None and body.get(name) != value:
            body[f"legacy_{name}" if name in body else name] = value
    return {name: words.finite(value) for name, value in body.items()}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _ours(
    record: Mapping[str, Any],
    old_type: str,
    new_type: str,
    odd_word: str,
    marks: Mapping[str, str | None],
) -> dict[str, Any]:
    """Return what the import itself has to say about an event."""
    ours: dict[str, Any] = {"origin": ORIGIN}
    if record.get("id") is not None:
        ours["legacy_id"] = str(record["id"])[:200]
    if new_type != old_type:
        ours["legacy_type"] = old_type[:200]
    if odd_word:
        ours["legacy_severity"] = odd_word[:100]
    if words.is_test(old_type):
        ours["test"] = True
    if marks:
        ours["mojibake"] = dict(marks)
    return ours


def _joined(body: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """Put our words to a payload; its own of the same name move aside."""
    moved = {f"payload_{name}" if name in ours else name: value for name, value in body.items()}
    return {**ours, **moved}
