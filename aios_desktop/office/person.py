"""Somebody in the office over time: at a place, about to leave it, or on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aios_desktop.office import routes
from aios_desktop.office.people import Figure, Resident, State

if TYPE_CHECKING:
    from aios_desktop.office.layout import Layout, Place
    from aios_desktop.office.poses import Rhythm
    from aios_desktop.office.routes import Route

CHEER_S = 2.0
RAISE_S = 2.0  # a raised hand at the desk before walking to the queue
PATIENCE_S = 30.0  # idle so long before leaving the desk: short pauses make nobody run
STROLL_S = (240, 720)  # idle people change their place after so long


class Person:
    """Where a resident is. ``route`` begins at ``leaves``; until then they stay at ``origin``."""

    __slots__ = (
        "cheers_until",
        "drawn",
        "drawn_for",
        "leaves",
        "origin",
        "persona",
        "place",
        "resident",
        "rhythm",
        "route",
        "strolls",
        "strolls_at",
    )

    def __init__(self, resident: Resident, persona: str, rhythm: Rhythm, place: Place) -> None:
        self.resident = resident
        self.persona = persona
        self.rhythm = rhythm
        self.place = place
        self.origin: Place | None = None
        self.route: Route | None = None
        self.leaves = 0.0
        self.cheers_until = 0.0
        self.strolls_at = 0.0
        self.strolls = 0
        self.drawn: Figure | None = None  # as they were drawn last, kept while nothing changes
        self.drawn_for: tuple[object, ...] = ()

    def is_walking(self, now: float) -> bool:
        """Say whether they are on their feet and on the way."""
        return self.route is not None and self.leaves <= now < self.leaves + self.route.seconds

    def stands_at(self, now: float) -> Place | None:
        """Return the place they are at, None while they walk."""
        if self.route is None or now >= self.leaves + self.route.seconds:
            return self.place
        return self.origin if now < self.leaves else None

    def holds(self, now: float) -> tuple[str, ...]:
        """Return the names of the places nobody else may take."""
        if self.origin is not None and now < self.leaves:
            return (self.place.name, self.origin.name)
        return (self.place.name,)

    def settle(self, now: float) -> None:
        """Forget the way when it has been walked."""
        if self.route is not None and now >= self.leaves + self.route.seconds:
            self.route = None
            self.origin = None
            self.plan_stroll(now)

    def appear(self, place: Place, now: float) -> None:
        """Be at a place at once."""
        self.place, self.origin, self.route = place, None, None
        self.plan_stroll(now)

    def send(self, layout: Layout, place: Place, now: float, delay: float = 0.0) -> None:
        """Walk to a place after a delay; when no way leads there, be there at once."""
        here = self.stands_at(now)
        if here is not None and here.name == place.name:
            self.appear(here, now)
            return
        if here is not None:
            begin = routes.from_place(here)
        elif self.route is not None:
            begin = self.route.turn_back(now - self.leaves)
            delay = 0.0
        else:  # nobody is neither at a place nor on the way
            raise AssertionError(self)
        route = routes.to_place(layout, begin, place)
        if route is None:
            self.appear(place, now)
            return
        self.place, self.origin, self.route, self.leaves = place, here, route, now + delay

    def plan_stroll(self, now: float) -> None:
        """Decide when to change the place if nothing happens until then."""
        first, last = STROLL_S
        self.strolls += 1
        self.strolls_at = now + first + self.rhythm.draw(self.strolls, last - first)

    def change(self, resident: Resident, now: float) -> None:
        """Take over what is told about them now; who is out of trouble cheers."""
        before, self.resident = self.resident.state, resident
        if before is State.DEGRADED and resident.state not in (State.DEGRADED, State.STOPPED):
            self.cheers_until = now + CHEER_S

    def delay(self, now: float) -> float:
        """Return how long they stay where they are before they leave for another place."""
        wait = max(0.0, self.cheers_until - now)
        state, here = self.resident.state, self.stands_at(now)
        if state is State.WAITING:
            return max(wait, RAISE_S)
        at_work = here is not None and here.kind in ("desk", "console")
        return max(wait, PATIENCE_S) if state is State.IDLE and at_work else wait
