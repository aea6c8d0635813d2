"""Explains from the store what was decided about an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aios_desktop.errors import AiosError
from aios_desktop.events.model import EventQuery
from aios_desktop.i18n import Say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aios_desktop.events.model import Event
    from aios_desktop.reactor.library import Library


def why(
    event_id: int,
    get: Callable[[int], Event | None],
    query: Callable[[EventQuery], Sequence[Event]],
    library: Library | None,
) -> dict[str, Any]:
    """Return every candidate playbook of an event and the first gate that stopped each.

    Raises AiosError when there is no such event.
    """
    event = get(event_id)
    if event is None:
        raise AiosError("There is no event {id} in the store.", id=event_id)
    found = query(EventQuery(trace=event.trace, type="scheduler.decision", limit=50))
    rounds = [d for d in reversed(found) if d.data.get("event") == event_id]
    candidates = [_candidate(c) for d in rounds for c in d.data.get("candidates", [])]
    listeners = library.match(event.type) if library else ()
    return {
        "event": event_id,
        "type": event.type,
        "trace": event.trace,
        "summary": _summary(event, candidates, heard=bool(listeners)).text(),
        "candidates": candidates,
    }


def _summary(event: Event, candidates: Sequence[Mapping[str, Any]], *, heard: bool) -> Say:
    if candidates:
        n = len({candidate["playbook"] for candidate in candidates})
        return Say("{n} playbooks were considered.", {"n": n})
    named = {"type": event.type}
    if heard:
        return Say("Playbooks listen to {type}, but none was considered for this event.", named)
    return Say("No playbook listens to {type}.", named)


def _candidate(raw: Mapping[str, Any]) -> dict[str, Any]:
    reason = raw.get("reason")
    text = Say.from_json(reason).text() if isinstance(reason, dict) else str(reason)
    return {"playbook": raw.get("playbook", ""), "gate": raw.get("gate", ""), "reason": text}
