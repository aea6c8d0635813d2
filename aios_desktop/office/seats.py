"""Who goes where: the places that suit a state, and one person a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aios_desktop.office.people import State

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from aios_desktop.office.layout import Layout, Place

OWN = "own"
SUITABLE: dict[State, tuple[str, ...]] = {
    State.RUNNING: (OWN, "desk", "meeting", "floor", "library", "coffee"),
    State.DEGRADED: (OWN, "desk", "meeting", "floor", "library", "coffee"),
    State.STOPPED: (OWN, "desk", "floor", "meeting", "library", "coffee"),
    State.WAITING: ("queue", OWN, "desk", "floor", "meeting", "library"),
    State.LEARNING: ("library", OWN, "desk", "floor", "meeting"),
    State.MEETING: ("meeting", OWN, "floor", "desk"),
    State.IDLE: ("sofa", "coffee", "window", OWN, "desk", "floor"),
}


def suits(place: Place, state: State, persona: str) -> bool:
    """Say whether somebody in this state belongs to this place and need not move."""
    if place.owner and place.owner != persona:
        return False
    kinds = SUITABLE[state]
    if state in (State.RUNNING, State.DEGRADED, State.STOPPED):
        return place.kind in ("desk", "console")
    if state is State.IDLE:
        return place.kind in kinds or place.owner == persona
    return place.kind == kinds[0]


def candidates(
    layout: Layout, state: State, persona: str, taken: Collection[str]
) -> Iterator[Place]:
    """Yield the free places for a state, the best first; places kept for others are left out."""
    for kind in SUITABLE[state]:
        for place in layout.places:
            if place.name in taken or (place.owner and place.owner != persona):
                continue
            if (kind == OWN and place.owner == persona) or (place.kind == kind and not place.owner):
                yield place


def resting(layout: Layout, persona: str, taken: Collection[str]) -> list[Place]:
    """Return the free places to rest at, the own one included."""
    kinds = ("sofa", "coffee", "window")
    return [
        place
        for place in layout.places
        if place.name not in taken
        and ((place.kind in kinds and not place.owner) or place.owner == persona)
    ]
