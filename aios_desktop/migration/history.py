"""Lessons, agents, tasks and what an older version did: kept to be read, never to be believed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aios_desktop.migration import words
from aios_desktop.migration.moments import EVENT_KEYS, NoTimeError, iso
from aios_desktop.migration.places import What
from aios_desktop.migration.shapes import outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from aios_desktop.migration.moments import Times

MAX_BODY: Final = 256 * 1024
MAX_MESSAGE: Final = 500
MAX_SERIES: Final = 500
MAX_ITEMS: Final = 100_000
NO_RULE: Final = "no_verify_rule"
_TIMES: Final = (
    *EVENT_KEYS,
    "date",
    "created_at",
    "updated_at",
    "started_at",
    "completed_at",
    "extracted_at",
    "harvested_at",
    "last_active",
    "last_heartbeat",
    "last_hit",
    "acked_at",
)
_LESSON_TEXTS: Final = ("lesson", "preventive_rule", "correct_model", "solution", "title")


@dataclass(frozen=True, slots=True)
class Kept:
    """One record for ``data/imported/KIND.jsonl``. ``count`` names it in the report."""

    kind: str
    key: bytes
    time: int | None
    body: dict[str, Any]
    count: str = ""


class History:
    """Turns records of files that are not events into what is kept of them."""

    def __init__(self, times: Times, was_checked: Callable[[object], bool]) -> None:
        self._times = times
        self._was_checked = was_checked

    def kept(self, what: What, record: Mapping[str, Any]) -> Kept:
        """Return what is kept of one record. Raises NoTimeError for a time that is none."""
        match what:
            case What.LESSONS:
                return self.lesson(record)
            case What.AGENTS:
                return self._agent(record)
            case What.TASKS:
                return self.task(record)
            case _:
                return self._past(what, record)

    # -- what was done -------------------------------------------------------------------------

    def _past(self, what: What, record: Mapping[str, Any]) -> Kept:
        time = self._time(record)
        more: dict[str, Any] = {}
        if what is What.SERIES:
            more = series(record)
        elif what is What.REACTIONS:
            said = {"action_results": None, **record}  # without any result nothing was done
            more["outcome"] = outcome(said, checked=self._was_checked(record.get("reaction_id")))
        elif what is What.REACTOR_LOG:
            more["outcome"] = "unknown"
        elif what is What.CHECKS:
            more["believed"] = is_real_check(record)
        elif what is What.DECISIONS:
            more.update(_context(record.get("context")))
        count = str(more.get("outcome", "gaps" if more.get("gap") else ""))
        return Kept(str(what), words.key_of(record, "id"), time, _body(record, time, more), count)

    def _time(self, record: Mapping[str, Any]) -> int | None:
        if all(record.get(key) is None for key in EVENT_KEYS):
            return self._times.newest(record, _TIMES)
        return self._times.stamp(record)

    # -- lessons -------------------------------------------------------------------------------

    def lesson(self, record: Mapping[str, Any]) -> Kept:
        """Return a lesson, or the failed task that some files call one."""
        time = self._times.newest(record, _TIMES)
        if "error_type" in record and not any(record.get(name) for name in _LESSON_TEXTS):
            return self._failure(record, time)
        confirmed = record.get("verified") is True
        said = next((record[name] for name in _LESSON_TEXTS if record.get(name)), "")
        more: dict[str, Any] = {
            "status": "confirmed" if confirmed else "proposed",
            "text": str(said)[:2000],
            "category": str(record.get("category") or record.get("event_type") or "")[:200],
        }
        known = words.severity(record.get("severity"))
        if known is not None:
            more["severity"] = str(known)
        key = words.key_of(record, "id", "lesson_id")
        return Kept("lessons", key, time, _body(record, time, more), "lessons")

    def _failure(self, record: Mapping[str, Any], time: int | None) -> Kept:
        cut_record = {name: _cut(value) for name, value in record.items()}
        agent = record.get("agent")
        if agent is None and isinstance(context := record.get("context"), dict):
            agent = context.get("agent")
        more = {
            "status": "failed",
            "title": str(_cut(record.get("task_description") or record.get("context") or "")),
            "agent": str(agent or "")[:200],
            "error": str(_cut(record.get("error_message") or record.get("error_type"))),
        }
        key = words.key_of(record, "id", "lesson_id")
        return Kept("tasks", key, time, _body(cut_record, time, more), "failures")

    def rule(self, text: str, count: str = "rules") -> Kept:
        """Return a rule that is only a text: a proposed lesson."""
        body: dict[str, Any] = {
            "status": "proposed",
            "text": text[:2000],
            "form": "rule",
            "time": None,
        }
        if marks := words.marks(text):
            body["mojibake"] = marks
        return Kept("lessons", words.key_of({"rule": text}), None, body, count)

    def last_runs(self, state: Mapping[str, Any]) -> Iterator[Kept]:
        """Return when each task of the self-learning ran last; 0 and nothing mean never."""
        facts = {
            name: value
            for name, value in state.items()
            if name in {"activated_agents", "learning_loop_status"} or name.endswith("_count")
        }
        for name, value in state.items():
            if not name.startswith("last_"):
                continue
            try:
                time = None if value in (0, None, "") else self._times.stamp({"ts": value})
            except NoTimeError:
                continue  # last_agent and its like are no times
            task = name.removeprefix("last_").removesuffix("_at")
            body = {"task": task[:200], "last_run": iso(time), "never": time is None}
            if name in {"last_activation", "last_run_at"} and facts:
                body["facts"] = _bounded(facts)
            yield Kept("last_runs", words.key_of({"id": task}, "id"), time, body, "last_runs")

    # -- agents, tasks -------------------------------------------------------------------------

    def _agent(self, record: Mapping[str, Any]) -> Kept:
        time = self._times.newest(record, _TIMES)
        stats = record.get("stats")
        stats = stats if isinstance(stats, dict) else {}
        more = {
            "name": str(next((record[x] for x in _AGENT_IDS if record.get(x)), ""))[:200],
            "role": str(record.get("role") or record.get("type") or "")[:200],
            "completed": stats.get("tasks_completed", stats.get("tasks_success")),
            "failed": stats.get("tasks_failed"),
            "started": False,  # nothing starts because it was imported
        }
        return Kept("agents", words.key_of(record, *_AGENT_IDS), time, _body(record, time, more))

    def task(self, record: Mapping[str, Any]) -> Kept:
        """Return a task as history; it is never queued again."""
        time = self._times.newest(record, _TIMES)
        result = record.get("result")
        result = result if isinstance(result, dict) else {}
        status = record.get("status")
        if status is None and "success" in result:
            status = "completed" if result["success"] is True else "failed"
        more = {
            "status": str(status or "unknown")[:50],
            "title": str(_cut(record.get("title") or record.get("description") or "")),
            "agent": str(record.get("agent_id") or result.get("agent") or "")[:200],
            "error": str(_cut(result.get("error") or record.get("error_message") or "")),
        }
        return Kept("tasks", words.key_of(record, "id"), time, _body(record, time, more))


_AGENT_IDS: Final = ("id", "agent_id", "name")


def is_real_check(record: Mapping[str, Any]) -> bool:
    """Say whether something was measured, and passed."""
    method = record.get("verify_method")
    return record.get("passed") is True and isinstance(method, str) and method not in {"", NO_RULE}


def series(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of a record as series of their own, apart from the health score."""
    if record.get("total_events") == 0:
        return {"gap": True, "series": {}}
    found: dict[str, float] = {}
    for name, value in record.items():
        if name in EVENT_KEYS:
            continue
        inner = value if isinstance(value, dict) else {"": value}
        for part, figure in inner.items():
            if isinstance(figure, int | float) and not isinstance(figure, bool):
                found[f"v05.{name}.{part}" if part else f"v05.{name}"] = figure
            if len(found) >= MAX_SERIES:
                return {"series": found}
    return {"series": found}


def items(what: What, value: Any) -> tuple[list[Any], list[Any]]:
    """Return the records of a ``.json`` file, and the rules of a file of lessons."""
    rules: list[Any] = []
    if isinstance(value, dict):
        inner = value.get(str(what))
        if what is What.LESSONS and isinstance(value.get("rules_derived"), list):
            rules = value["rules_derived"][:MAX_ITEMS]
            inner = inner if inner is not None else []
        if isinstance(inner, list | dict):
            value = inner
        elif _is_single(value):
            value = [value]
    if isinstance(value, dict):  # records by name
        value = [_named(name, item) for name, item in value.items()]
    return (list(value[:MAX_ITEMS]) if isinstance(value, list) else [value]), rules


def _is_single(value: Mapping[str, Any]) -> bool:
    """Say whether a mapping is one record rather than records by name."""
    return any(not isinstance(item, dict) for item in value.values())


def _named(name: str, item: Any) -> Any:
    if not isinstance(item, dict) or any(item.get(key) for key in (*_AGENT_IDS, "lesson_id")):
        return item
    return {"id": name, **item}


def _context(text: Any) -> dict[str, Any]:
    """Take ``reactor:PB|alert:ID|sev:S`` apart."""
    if not isinstance(text, str):
        return {}
    pairs = (part.partition(":") for part in text[:500].split("|"))
    names = {"reactor": "playbook", "alert": "alert", "sev": "severity"}
    return {names[name]: value for name, _, value in pairs if name in names}


def _cut(value: Any) -> Any:
    """Return a text that is at most as long as a message may be."""
    if isinstance(value, str) and len(value) > MAX_MESSAGE:
        return value[:MAX_MESSAGE] + "…"
    return value


def _body(record: Mapping[str, Any], time: int | None, more: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is written: what we made of a record, and the record itself."""
    body = {"time": iso(time), **more}
    if marks := words.marks(record):
        body["mojibake"] = marks
    return {**body, "record": _bounded(record)}


def _bounded(record: Mapping[str, Any]) -> Any:
    text = json.dumps(record)
    if len(text) <= MAX_BODY:
        return dict(record)
    return {
        "truncated": True,
        "bytes": len(text),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "beginning": text[:4000],
    }
