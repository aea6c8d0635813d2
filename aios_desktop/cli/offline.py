"""Answers from the files alone, for when no instance runs (and for checks that need none)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from aios_desktop.clock import SystemClock
from aios_desktop.config import Config
from aios_desktop.errors import AiosError
from aios_desktop.events.model import Event, EventQuery, Severity
from aios_desktop.events.reader import EventReader
from aios_desktop.events.statedb import StateDb
from aios_desktop.reactor import source
from aios_desktop.reactor.gates import Gates, Stopped
from aios_desktop.reactor.journal import SCHEMA, Journal
from aios_desktop.reactor.planner import Planner
from aios_desktop.reactor.source import FaultyError
from aios_desktop.runtime import present
from aios_desktop.runtime.commands import event_row, plain
from aios_desktop.runtime.explain import why
from aios_desktop.runtime.shelf import compiler_for, library_for
from aios_desktop.skills.action import Risk
from aios_desktop.skills.registry import Registry, default_registry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from aios_desktop.paths import Paths
    from aios_desktop.reactor.library import Library

MAX_EVENT_FILE: Final = 256 * 1024


def events(paths: Paths, query: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return events from the day files."""
    reader = EventReader(paths.events)
    try:
        return [event_row(event) for event in reader.query(EventQuery(**query))]
    finally:
        reader.close()


def why_event(paths: Paths, event_id: int) -> dict[str, Any]:
    """Explain an event from the day files. Raises AiosError when there is no such event."""
    reader = EventReader(paths.events)
    try:
        return why(event_id, reader.get, reader.query, _library(paths))
    finally:
        reader.close()


def _state(paths: Paths) -> StateDb:
    db = StateDb(paths.state_db)
    db.open_copy(SCHEMA)
    return db


def runs(paths: Paths, limit: int) -> Any:
    """Return the newest runs."""
    db = _state(paths)
    try:
        journal = _journal(db)
        found = journal.recent(limit)
        return plain(
            [present.run_view(r, journal.entries(r.id), journal.approval_of(r.id)) for r in found]
        )
    finally:
        db.close()


def run(paths: Paths, run_id: int) -> Any:
    """Return one run. Raises AiosError when there is none."""
    db = _state(paths)
    try:
        journal = _journal(db)
        found = journal.run(run_id)
        if found is None:
            raise AiosError("There is no run {id}.", id=run_id)
        return plain(present.run_view(found, journal.entries(run_id), journal.approval_of(run_id)))
    finally:
        db.close()


def _journal(db: StateDb) -> Journal:
    journal = Journal(db, SystemClock())
    journal.load()
    return journal


def _registry(paths: Paths) -> Registry:
    config = Config(paths.options)
    config.load()
    return default_registry(config, paths, SystemClock(), tell=lambda _text: None)


def _library(paths: Paths) -> Library:
    library = library_for(paths, _registry(paths), _state(paths))
    library.refresh()
    return library


def playbooks(paths: Paths) -> Any:
    """Return the playbooks that would be in force, and the faults of the others."""
    library = _library(paths)
    views = [
        present.playbook_view(playbook, playbook.ask or playbook.risk > Risk.LOW, (0, 0))
        for playbook in library.all()
    ]
    return plain([views, present.fault_views(library.refused)])


def check(paths: Paths, files: Sequence[Path]) -> list[dict[str, Any]]:
    """Check playbook files; nothing is loaded or kept."""
    compiler = compiler_for(_registry(paths))
    found: list[dict[str, Any]] = []
    for file in files:
        try:
            playbook = compiler.compile(source.read(file))
        except FaultyError as error:
            faults = [
                {
                    "file": fault.file,
                    "line": fault.line,
                    "column": fault.column,
                    "field": fault.field,
                    "message": fault.message.text(),
                    "nearest": fault.nearest,
                    "kept_version": False,
                }
                for fault in error.faults
            ]
            found.append({"file": str(file), "ok": False, "id": "", "risk": "", "faults": faults})
        else:
            risk = playbook.risk.name.lower()
            found.append(
                {"file": str(file), "ok": True, "id": playbook.id, "risk": risk, "faults": []}
            )
    return found


def plan(paths: Paths, playbook_id: str, file: Path) -> dict[str, Any]:
    """Plan a playbook for an event in a file. Changes nothing. Raises AiosError."""
    event = _event(file)
    library = _library(paths)
    playbook = library.get(playbook_id)
    if playbook is None:
        names = ", ".join(found.id for found in library.all())
        raise AiosError(
            "There is no playbook {id}. There are: {names}.", id=playbook_id, names=names
        )
    if event.type not in playbook.triggers:
        wanted = ", ".join(playbook.triggers)
        raise AiosError(
            "{id} listens to {wanted}, not to {type}.",
            id=playbook_id,
            wanted=wanted,
            type=event.type,
        )
    gate = Gates(_Unused(), SystemClock()).check(playbook, event)
    if isinstance(gate, Stopped):
        return {"stopped_by": gate.gate, "reason": gate.reason.text()}
    config = Config(paths.options)
    config.load()
    days = config.number("reactor.undo_days")
    try:
        made, digest = Planner(_registry(paths)).plan(playbook, event, gate.target, days)
    except AiosError as error:
        return {"stopped_by": "plan", "reason": str(error)}
    return {
        "stopped_by": "",
        "reason": "",
        "playbook": playbook.id,
        "title": made.question.text(),
        "target": gate.target,
        "risk": made.risk.name.lower(),
        "asks": playbook.ask or made.risk > Risk.LOW or not config.flag("reactor.automatic"),
        "success": made.success.text(),
        "undo": made.undo.text(),
        "digest": digest,
        "steps": [
            {
                "number": number,
                "command": step.command,
                "effect": step.effect.text(),
                "undo": step.undo.text(),
                "items": list(step.items),
                "item_count": step.item_count,
            }
            for number, step in enumerate(made.steps, 1)
        ],
    }


class _Unused:
    """A history for planning: empty, so that only the playbook itself decides."""

    @property
    def durable(self) -> bool:
        """Say that the journal is fine."""
        return True

    def busy(self, playbook: str, target: str) -> bool:
        """Say that nothing runs."""
        del playbook, target
        return False

    def count_since(self, playbook: str, target: str, since: float) -> int:
        """Count nothing."""
        del playbook, target, since
        return 0


def _event(file: Path) -> Event:
    try:
        if file.stat().st_size > MAX_EVENT_FILE:
            raise AiosError("{file} is larger than {n} bytes.", file=str(file), n=MAX_EVENT_FILE)
        raw = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise AiosError(
            "{file} cannot be read: {reason}.", file=str(file), reason=str(error)
        ) from error
    except ValueError as error:
        raise AiosError(
            "{file} is not JSON: {reason}.", file=str(file), reason=str(error)
        ) from error
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
        raise AiosError("{file} is not an event: it needs a field type.", file=str(file))
    data = raw.get("data", {})
    if not isinstance(data, dict):
        raise AiosError("{file}: data must be an object.", file=str(file))
    stamp = int(SystemClock().now() * 1_000_000)
    try:
        severity = Severity(raw.get("severity", "info"))
    except ValueError:
        words = ", ".join(Severity)
        raise AiosError(
            "{value} is not one of {words}.", value=str(raw["severity"]), words=words
        ) from None
    return Event(
        stamp,
        raw["type"],
        str(raw.get("source", "user")),
        severity,
        str(raw.get("target", "")),
        data,
        stamp,
    )
