"""Explains from the store what was decided about an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aios_desktop.errors import AiosError
from aios_desktop.events.model import EventQuery
from aios_desktop.i18n import Say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aios_desktop.events.model import Event
    from aios_desktop.reactor.library import Library

STORM_S: Final = 3600.0  # how far from an event the end of its storm is looked for
MOST_STORMS: Final = 1000


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
    repeats_of = 0
    if not rounds and (first := _counted_with(event, query)) is not None:
        rounds, repeats_of = [first], int(first.data.get("event", 0))
    candidates = [_candidate(c) for d in rounds for c in d.data.get("candidates", [])]
    listeners = library.match(event.type) if library else ()
    return {
        "event": event_id,
        "type": event.type,
        "trace": event.trace,
        "summary": _summary(event, candidates, repeats_of, heard=bool(listeners)).text(),
        "candidates": candidates,
        "repeats_of": repeats_of,
    }


def _counted_with(event: Event, query: Callable[[EventQuery], Sequence[Event]]) -> Event | None:
    """Return the decision about the first of a storm that an event was counted with, if any."""
    wanted = EventQuery(
        since=event.time - STORM_S,
        until=event.time + STORM_S,
        type="scheduler.repeated",
        limit=MOST_STORMS,
    )
    for told in query(wanted):
        data, first = told.data, told.data.get("event")
        is_its_like = data.get("type") == event.type and told.target == event.target
        if is_its_like and isinstance(first, int) and first < event.id <= data.get("last", 0):
            found = query(EventQuery(trace=told.trace, type="scheduler.decision", limit=50))
            return next((x for x in reversed(found) if x.data.get("event") == first), None)
    return _still_counted_with(event, query)


def _still_counted_with(
    event: Event, query: Callable[[EventQuery], Sequence[Event]]
) -> Event | None:
    """Return the decision about a like event that came before, when its storm is not over yet."""
    before = EventQuery(
        since=event.time - STORM_S,
        until=event.time,
        type="scheduler.decision",
        limit=MOST_STORMS,
    )
    for told in query(before):
        seen = told.data.get("observed")
        if not isinstance(seen, dict) or told.target != event.target:
            continue
        if (seen.get("type"), seen.get("severity")) == (event.type, event.severity):
            return told
    return None


def _summary(
    event: Event, candidates: Sequence[Mapping[str, Any]], repeats_of: int, *, heard: bool
) -> Say:
    if repeats_of:
        return Say("It was counted as a repeat of event {id}.", {"id": repeats_of})
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
