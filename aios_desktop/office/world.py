"""The office over time: residents and the time go in, figures come out.

Nothing here asks for the time or for chance: the same calls with the same seed give the same
figures, so that a day can be replayed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aios_desktop.office import seats
from aios_desktop.office.people import Figure, State
from aios_desktop.office.person import Person
from aios_desktop.office.poses import BEAT_MS, TALK_MS, Pose, Rhythm, pose
from aios_desktop.office.routes import Route, to_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aios_desktop.office.layout import Layout, Place
    from aios_desktop.office.people import Resident

WALKS = {"down": "walk_d", "up": "walk_u", "left": "walk_s", "right": "walk_s"}
BOB_MS = 2 * BEAT_MS
SLEEP_DROP = 5  # the head lies on the desk


class Frames(NamedTuple):
    """Which drawings are shown now: of the body, the bubble, the smoke."""

    body: int
    bubble: int
    lift: int
    smoke: int


class World:
    """Everybody in the office."""

    def __init__(self, layout: Layout, seed: int = 0, *, reduced_motion: bool = False) -> None:
        self._layout = layout
        self._seed = seed
        self._still = reduced_motion
        self._people: dict[str, Person] = {}
        self._figures: tuple[Figure, ...] = ()
        self._epoch: float | None = None

    @property
    def layout(self) -> Layout:
        """The office they are in."""
        return self._layout

    @property
    def has_waiting(self) -> bool:
        """Say whether somebody waits for a person's decision."""
        return any(p.resident.state is State.WAITING for p in self._people.values())

    @property
    def reduced_motion(self) -> bool:
        """Say whether everybody stands still and appears where they go."""
        return self._still

    def set_reduced_motion(self, still: bool, now: float) -> None:
        """Let everybody stand still, or move again."""
        self._still = still
        if still:
            for person in self._people.values():
                person.appear(person.place, now)

    def is_walking(self, now: float) -> bool:
        """Say whether anybody is on the way."""
        return any(person.is_walking(now) for person in self._people.values())

    def figures(self) -> tuple[Figure, ...]:
        """Return everybody as of the last ``tick``, in drawing order."""
        return self._figures

    def set_residents(self, residents: Sequence[Resident], now: float) -> None:
        """Say who is here and what they do; they go where they belong.

        The first ones are at their places at once; who comes later comes in by the entrance.
        """
        if self._epoch is None:
            self._epoch = now
        present = {resident.id for resident in residents}
        self._people = {who: p for who, p in self._people.items() if who in present}
        opening = not self._people
        changed = self._take_over(residents, now)
        queue = self._queue(residents)
        for resident in sorted(residents, key=_by_need):
            if resident.id in changed:
                self._place(self._people[resident.id], queue.get(resident.id), now, changed=True)
        for resident in sorted(residents, key=_by_need):
            if resident.id not in self._people:
                self._arrive(resident, queue.get(resident.id), now, at_once=opening)
            elif resident.id not in changed:
                self._place(self._people[resident.id], queue.get(resident.id), now, changed=False)

    def _take_over(self, residents: Sequence[Resident], now: float) -> set[str]:
        """Note what is told of those who are here; returns the ids whose state has changed."""
        changed = set()
        for resident in residents:
            person = self._people.get(resident.id)
            if person is not None:
                if person.resident.state is not resident.state:
                    changed.add(resident.id)
                person.change(resident, now)
        return changed

    def _looks(self, resident: Resident, rhythm: Rhythm) -> str:
        """Return whose looks somebody has: their own, else those of a visitor, each once."""
        wanted = resident.persona or resident.id
        personas = self._layout.personas
        if wanted in personas:
            return wanted
        worn = {person.persona for person in self._people.values()}
        guests = [name for name in personas if name.startswith("visitor")]
        fresh = [name for name in guests if name not in worn] or guests
        return fresh[rhythm.draw(0, len(fresh))]

    def _queue(self, residents: Sequence[Resident]) -> dict[str, Place]:
        """Give the turns of the queue to those who wait, the longest waiting first."""
        waiting = [resident for resident in residents if resident.state is State.WAITING]
        waiting.sort(key=_by_need)
        turns = [place for place in self._layout.places if place.kind == "queue"]
        return {who.id: place for who, place in zip(waiting, turns, strict=False)}

    def _taken(self, person: Person, now: float) -> set[str]:
        others = (other for other in self._people.values() if other is not person)
        return {name for other in others for name in other.holds(now)}

    def _choose(self, person: Person, turn: Place | None, now: float) -> Place:
        if turn is not None:
            return turn
        state, taken = person.resident.state, self._taken(person, now)
        if state is State.WAITING:
            taken |= {place.name for place in self._layout.places if place.kind == "queue"}
        if state is State.IDLE:
            rest = seats.resting(self._layout, person.persona, taken)
            if rest:
                return rest[person.rhythm.draw(person.strolls, len(rest))]
        found = seats.candidates(self._layout, state, person.persona, taken)
        return next(found, person.place)

    def _arrive(self, resident: Resident, turn: Place | None, now: float, *, at_once: bool) -> None:
        """Let somebody come in, by the entrance or at once."""
        rhythm = Rhythm.of(resident.id, self._seed)
        nowhere = self._layout.places[-1]
        person = Person(resident, self._looks(resident, rhythm), rhythm, nowhere)
        place = self._choose(person, turn, now)
        self._people[resident.id] = person
        if not at_once and not self._still:
            route = to_place(self._layout, Route((self._layout.entrance,), (True,)), place)
            if route is not None:
                person.place, person.route, person.leaves = place, route, now
                return
        person.appear(place, now)

    def _place(self, person: Person, turn: Place | None, now: float, *, changed: bool) -> None:
        """Let somebody stay when the place suits the state, else send them to one that does."""
        state = person.resident.state
        person.settle(now)
        if turn is None and state is State.WAITING:
            goal = self._waits_apart(person, now, changed=changed)
        elif turn is not None:
            goal = turn
        elif not changed or seats.suits(person.place, state, person.persona):
            return
        else:
            goal = self._choose(person, turn, now)
        if goal.name == person.place.name:
            return
        if self._still:
            person.appear(goal, now)
        else:
            person.send(self._layout, goal, now, person.delay(now) if changed else 0.0)

    def _waits_apart(self, person: Person, now: float, *, changed: bool) -> Place:
        """Return where somebody waits when the queue is full: at the desk, with a raised hand."""
        if not changed and person.place.kind != "queue":
            return person.place
        return self._choose(person, None, now)

    def tick(self, now: float) -> bool:
        """Move everybody to this moment; says whether the picture has changed."""
        for person in self._people.values():
            person.settle(now)
            self._stroll(person, now)
        speaker = self._speaker(now)
        drawn = [self._figure(person, now, speaker) for person in self._people.values()]
        figures = tuple(sorted(drawn, key=lambda figure: (figure.depth, figure.x, figure.id)))
        changed = any(a is not b for a, b in zip(figures, self._figures, strict=False))
        changed = changed or len(figures) != len(self._figures)
        self._figures = figures
        return changed

    def _stroll(self, person: Person, now: float) -> None:
        idle = person.resident.state is State.IDLE and person.route is None
        if not idle or self._still or now < person.strolls_at:
            return
        taken = self._taken(person, now) | {person.place.name}
        rest = seats.resting(self._layout, person.persona, taken)
        person.plan_stroll(now)
        if rest:
            person.send(self._layout, rest[person.rhythm.draw(person.strolls, len(rest))], now)

    def _milliseconds(self, now: float) -> int:
        return round((now - (self._epoch or 0.0)) * 1000)

    def _speaker(self, now: float) -> str:
        """Return whose turn it is to speak in the meeting."""
        sitting = sorted(
            who
            for who, person in self._people.items()
            if person.resident.state is State.MEETING and person.stands_at(now) is not None
        )
        if not sitting:
            return ""
        turn = 0 if self._still else self._milliseconds(now) // TALK_MS
        return sitting[turn % len(sitting)]

    def _figure(self, person: Person, now: float, speaker: str) -> Figure:
        place = person.stands_at(now)
        if place is None:
            return self._walker(person, now)
        resident, ms = person.resident, self._milliseconds(now)
        act = 3 if self._still else person.rhythm.act(ms, 8)
        if now < person.cheers_until and not self._still:
            shown = Pose("cheer_d")
        else:
            shown = pose(person.persona, resident.state, place, act, resident.id == speaker)
        frames = Frames(
            self._frame(person, shown.anim, ms),
            self._loose(person, shown.bubble, ms),
            self._lift(shown, ms),
            self._loose(person, "smoke", ms) if shown.smoke else -1,
        )
        key = (resident, place, shown, frames)
        if key != person.drawn_for or person.drawn is None:
            person.drawn_for = key
            person.drawn = _standing(person, place, shown, frames)
        return person.drawn

    def _walker(self, person: Person, now: float) -> Figure:
        route, resident = person.route, person.resident
        assert route is not None
        on_the_way = now - person.leaves
        x, y = route.position(on_the_way)
        heading = route.heading(on_the_way)
        anim = self._layout.anims[WALKS[heading]]
        urgent = {State.WAITING: "bubble.wait", State.DEGRADED: "bubble.bug"}
        return Figure(
            id=resident.id,
            persona=person.persona,
            state=resident.state,
            label=resident.label,
            x=x,
            y=y,
            depth=self._depth(person, y, on_the_way),
            anim=WALKS[heading],
            frame=int(on_the_way * 1000) // anim.ms % anim.frames,
            flip=heading == "left",
            light=self._layout.light_of((x, y)),
            shadow=True,
            walking=True,
            bubble=urgent.get(resident.state, ""),
            bubble_frame=0,
            bubble_lift=0,
            smoke=-1,
            plate=(x, y + 3),
        )

    def _depth(self, person: Person, y: int, on_the_way: float) -> int:
        """Keep somebody who sits down or gets up behind the desk they sit at."""
        route = person.route
        assert route is not None
        leg = route.leg(on_the_way)
        if leg + 1 >= len(route.points) or (route.ground[leg] and route.ground[leg + 1]):
            return y
        places = [place for place in (person.origin, person.place) if place is not None]
        ends = {place.at: place.depth for place in places}
        return min([y, *(ends[at] for at in route.points[leg : leg + 2] if at in ends)])

    def _frame(self, person: Person, name: str, ms: int) -> int:
        if self._still:
            return 0
        anim = self._layout.anims[name]
        if anim.blinks and person.rhythm.blinks(ms):
            return -1
        return person.rhythm.frame(anim.ms, anim.frames, ms)

    def _loose(self, person: Person, sprite: str, ms: int) -> int:
        if self._still or not sprite:
            return 0
        anim = self._layout.sprites[sprite]
        return person.rhythm.frame(anim.ms, anim.frames, ms)

    def _lift(self, shown: Pose, ms: int) -> int:
        if shown.anim == "sleep_d":
            return -SLEEP_DROP
        return ms // BOB_MS % 2 if shown.bubble == "bubble.wait" and not self._still else 0


def _by_need(resident: Resident) -> tuple[float, str]:
    """Order by how long somebody has been in their state, the longest first."""
    return resident.since, resident.id


def _standing(person: Person, place: Place, shown: Pose, frames: Frames) -> Figure:
    """Return somebody at a place."""
    return Figure(
        id=person.resident.id,
        persona=person.persona,
        state=person.resident.state,
        label=person.resident.label,
        x=place.at[0],
        y=place.at[1],
        depth=place.depth,
        anim=shown.anim,
        frame=frames.body,
        flip=place.face == "left" and shown.anim.endswith("_s"),
        light=place.light,
        shadow=place.depth == place.at[1] and place.pose != "sit",
        walking=False,
        bubble=shown.bubble,
        bubble_frame=frames.bubble,
        bubble_lift=frames.lift,
        smoke=frames.smoke,
        plate=place.plate,
    )
