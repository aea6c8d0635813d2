"""Looking through what the store keeps, in bounded pieces. Runs off the GUI thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aios_desktop.events.model import Event, EventQuery

if TYPE_CHECKING:
    from aios_desktop.runtime.port import Core
    from aios_desktop.ui.event_filter import Filter

CHUNK: Final = 500  # events read at once
MOST_READ: Final = 10_000  # events read for one answer
MOST_NEW: Final = 5_000
MOST_TRACE: Final = 500
_JUST_AFTER: Final = 0.000_002


@dataclass(frozen=True, slots=True)
class Found:
    """Events that fit, newest first. ``looked_to`` is the oldest event that was looked at (0:
    none); ``is_all`` says that there is nothing older."""

    events: tuple[Event, ...]
    looked_to: int
    is_all: bool


def look_back(core: Core, wanted: Filter, now: float, before: int = 0, want: int = 200) -> Found:
    """Find up to ``want`` events that fit, older than the event ``before`` (0: from the newest)."""
    found: list[Event] = []
    looked = 0
    while looked < MOST_READ:
        until = before / 1e6 + _JUST_AFTER if before else None
        answer = core.events(wanted.query(now, until=until, limit=CHUNK))
        fresh = [event for event in answer if not before or event.id < before]
        for event in fresh:
            before = event.id
            if wanted.matches(event, now):
                found.append(event)
                if len(found) >= want:
                    return Found(tuple(found), before, is_all=False)
        looked += len(answer)
        if len(answer) < CHUNK or not fresh:
            return Found(tuple(found), before, is_all=True)
    return Found(tuple(found), before, is_all=False)


def look_on(core: Core, wanted: Filter, now: float, after: int) -> Found | None:
    """Find the events that came after the event ``after``; None when there are too many."""
    query = wanted.query(now, limit=MOST_NEW)
    since = max(query.since or 0.0, after / 1e6 - _JUST_AFTER)
    answer = core.events(
        EventQuery(since=since, type=query.type, trace=query.trace, limit=MOST_NEW)
    )
    if len(answer) >= MOST_NEW:
        return None
    fits = [event for event in answer if event.id > after and wanted.matches(event, now)]
    return Found(tuple(fits), after, is_all=False)


def story(core: Core, trace: int) -> tuple[Event, ...]:
    """Return the newest events of a trace, oldest first."""
    answer = core.events(EventQuery(trace=trace, limit=MOST_TRACE))
    return tuple(sorted(answer, key=lambda event: event.id))
