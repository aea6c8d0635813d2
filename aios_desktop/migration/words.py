"""The vocabulary of older versions: severities, renamed event types, text decoded once too often."""

from __future__ import annotations

import hashlib
import json
import math
import re
from typing import TYPE_CHECKING, Any, Final

from aios_desktop.events.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SEVERITIES: Final[Mapping[str, Severity]] = {
    **dict.fromkeys(("info", "ok", "low", "低"), Severity.INFO),
    **dict.fromkeys(("warn", "warning", "medium", "中"), Severity.WARNING),
    **dict.fromkeys(("err", "error", "high", "高"), Severity.ERROR),
    **dict.fromkeys(("crit", "critical"), Severity.CRITICAL),
}
_TYPES: Final[Mapping[str, str]] = {
    "agent_error": "agent.error",
    "resource_alert": "resource.high",
    "pipeline_completed": "pipeline.completed",
    "task_failed": "task.failed",
    "warning.high_cpu_usage": "resource.cpu_spike",
    "warning.memory_pressure": "resource.memory_high",
    "scheduler.decision.made": "scheduler.decision",
}
REACTIONS: Final = frozenset(
    {
        "reactor.playbook.executed",
        "reactor.playbook.failed",
        "reactor.auto_fix.success",
        "reactor.auto_fix.failed",
        "reactor.success",
        "reactor.failed",
    }
)
SAMPLES: Final = frozenset({"resource_snapshot", "sensor.system.health", "watcher.system.metrics"})
_ODD: Final = re.compile(r"[^\w.-]")
_CJK: Final = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")
_LOST: Final = "\ufffd"
MAX_MARKS: Final = 20
MAX_STEPS: Final = 10_000
MAX_DEPTH: Final = 40
MAX_SAMPLE: Final = 4000


def severity(word: object) -> Severity | None:
    """Return today's word for an older one; None for a word that nobody knows."""
    return _SEVERITIES.get(word.strip().lower()) if isinstance(word, str) else None


def severity_by_type(name: str) -> Severity:
    """Guess from an event's name how bad it is."""
    lower = name.lower()
    return Severity.ERROR if lower.endswith("failed") or "error" in lower else Severity.INFO


def today(name: str) -> str:
    """Return today's name of an event type; a name that was never changed has no odd signs."""
    if name in _TYPES:
        return _TYPES[name]
    if name.startswith("error."):
        return "error.occurred"
    if name in REACTIONS:
        return "action.completed"
    return _ODD.sub("_", name.strip())


def is_test(name: str) -> bool:
    """Say whether an event was made by a test."""
    return name.startswith(("test.", "stress."))


def canonical(record: object) -> bytes:
    """Return the one form of a JSON value that does not depend on spaces and order."""
    return json.dumps(record, sort_keys=True, separators=(",", ":")).encode()


def key_of(record: Mapping[str, Any], *names: str) -> bytes:
    """Return what makes a record the same one again: its id, else its content."""
    for name in names:
        value = record.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return hashlib.sha256(f"id:{value}".encode("utf-8", "replace")).digest()[:16]
    return hashlib.sha256(b"content:" + canonical(record)).digest()[:16]


def finite(value: Any, depth: int = MAX_DEPTH) -> Any:
    """Return a JSON value without NaN and infinity, which no other program can read."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth <= 0 and isinstance(value, dict | list):
        return json.dumps(value)[:MAX_SAMPLE]
    if isinstance(value, dict):
        return {name: finite(item, depth - 1) for name, item in value.items()}
    if isinstance(value, list):
        return [finite(item, depth - 1) for item in value]
    return value


# ---------------------------------------------------------------------- decoded once too often


def repaired(text: str) -> str | None:
    """Return the text as it was, when its UTF-8 bytes were once read as GBK; else None.

    GBK has no character for the byte 0x80, so where one was lost, that byte is tried.
    """
    if text.isascii():
        return None
    try:
        raw = b"\x80".join(part.encode("gb18030") for part in text.split(_LOST))
        found = raw.decode()
    except UnicodeError:
        return None
    return found if found != text and _CJK.search(found) and len(found) < len(text) else None


def looks_garbled(text: str) -> bool:
    """Say whether a text is one that was decoded wrongly, though it cannot be repaired."""
    if _LOST not in text or not _CJK.search(text):
        return False
    raw = b"\x80".join(part.encode("gb18030", "replace") for part in text.split(_LOST))
    found = raw.decode("utf-8", "replace")
    good = len(_CJK.findall(found))
    return good >= 2 and good > 2 * found.count(_LOST)


def marks(record: object) -> dict[str, str | None]:
    """Return the garbled texts of a record by their place, each with its repair or None."""
    found: dict[str, str | None] = {}
    for place, text in _texts(record):
        if (repair := repaired(text)) is not None:
            found[place] = repair[:2000]
        elif looks_garbled(text):
            found[place] = None
        if len(found) >= MAX_MARKS:
            break
    return found


def _texts(value: object) -> Iterator[tuple[str, str]]:
    """Return every text of a JSON value that is not plain ASCII, with its place."""
    waiting: list[tuple[str, object]] = [("", value)]
    for _ in range(MAX_STEPS):
        if not waiting:
            return
        place, item = waiting.pop()
        if isinstance(item, str):
            if not item.isascii():
                yield place, item
        elif isinstance(item, dict):
            waiting += [(f"{place}.{key}" if place else str(key), x) for key, x in item.items()]
        elif isinstance(item, list):
            waiting += [(f"{place}.{n}", x) for n, x in enumerate(item[:MAX_STEPS])]
