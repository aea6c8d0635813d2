"""People in the office: where they go, what they show, and that nothing else moves them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aios_desktop.office.layout import load_layout
from aios_desktop.office.people import Figure, Resident, State
from aios_desktop.office.person import PATIENCE_S, RAISE_S
from aios_desktop.office.poses import BEAT_MS
from aios_desktop.office.world import World

OFFICE = load_layout()
BUILT_IN = ("monitor", "analyst", "optimizer", "executor", "validator", "learner")
GUESTS = ("claude", "codex", "gemini", "aider")
BEAT = BEAT_MS / 1000
PLACE_AT = {place.at: place for place in OFFICE.places}


def crowd(states: Mapping[str, State]) -> tuple[Resident, ...]:
    """Return residents who have been in their states one after the other."""
    return tuple(
        Resident(who, state, float(since), who) for since, (who, state) in enumerate(states.items())
    )


def everybody(state: State) -> tuple[Resident, ...]:
    """Return the built-in agents, all in one state."""
    return crowd(dict.fromkeys(BUILT_IN, state))


def settled(world: World, now: float) -> float:
    """Let time pass until nobody walks; returns the time."""
    end = now + 120
    now += PATIENCE_S
    world.tick(now)
    while world.is_walking(now) and now < end:
        now += BEAT
        world.tick(now)
    assert not world.is_walking(now)
    return now


def by_id(world: World) -> dict[str, Figure]:
    """Return the figures by name."""
    return {figure.id: figure for figure in world.figures()}


def kind_of(figure: Figure) -> str:
    """Return the kind of place somebody is at."""
    return PLACE_AT[figure.x, figure.y].kind


def states(start: State, end: State) -> World:
    """Return a world in which everybody went from one state to another and has arrived."""
    world = World(OFFICE, seed=1)
    world.set_residents(everybody(start), 0.0)
    world.tick(0.0)
    world.set_residents(everybody(end), 1.0)
    settled(world, 1.0)
    return world


@pytest.mark.parametrize(("start", "end"), list(itertools.permutations(State, 2)))
def test_everybody_shows_the_state_that_was_given_at_a_place_of_their_own(
    start: State, end: State
) -> None:
    figures = states(start, end).figures()
    assert [figure.state for figure in figures] == [end] * len(BUILT_IN)
    assert len({(figure.x, figure.y) for figure in figures}) == len(BUILT_IN)
    for figure in figures:
        anim = OFFICE.anims[figure.anim]
        assert -1 <= figure.frame < anim.frames
        assert figure.frame >= 0 or anim.blinks
        assert PLACE_AT[figure.x, figure.y].owner in ("", figure.id)


PLACES = {
    State.RUNNING: {"desk", "console"},
    State.DEGRADED: {"desk", "console"},
    State.STOPPED: {"desk", "console"},
    State.IDLE: {"sofa", "coffee", "window", "desk", "console"},
    State.LEARNING: {"library", "desk", "console"},
    State.MEETING: {"meeting", "desk", "console"},
    State.WAITING: {"queue", "desk", "console"},
}
FIRST = {State.LEARNING: ("library", 3), State.MEETING: ("meeting", 4), State.WAITING: ("queue", 3)}


@pytest.mark.parametrize("state", State)
def test_each_state_has_its_places(state: State) -> None:
    before = State.STOPPED if state is State.RUNNING else State.RUNNING
    kinds = [kind_of(figure) for figure in states(before, state).figures()]
    assert set(kinds) <= PLACES[state]
    if state in FIRST:
        kind, room = FIRST[state]
        assert kinds.count(kind) == room


def test_each_state_is_told_by_its_picture() -> None:
    world = World(OFFICE, reduced_motion=True)
    shown = {}
    for state in State:
        world.set_residents(crowd({"executor": state}), 0.0)
        world.tick(0.0)
        (figure,) = world.figures()
        shown[state] = (figure.anim, figure.bubble, figure.smoke >= 0)
    assert len(set(shown.values())) == len(State)
    assert shown[State.WAITING][1] == "bubble.wait"
    assert shown[State.DEGRADED] == ("scratch_d", "bubble.bug", True)
    assert shown[State.STOPPED] == ("sleep_d", "bubble.sleep", False)
    assert shown[State.LEARNING][1] == "bubble.book"


def test_work_is_done_at_the_own_place() -> None:
    world = World(OFFICE)
    world.set_residents(everybody(State.RUNNING), 0.0)
    world.tick(0.0)
    for figure in world.figures():
        assert PLACE_AT[figure.x, figure.y].owner == figure.id
    assert by_id(world)["monitor"].anim == "type_u"


def test_who_waits_longest_stands_first_and_the_rest_raise_their_hands() -> None:
    world = World(OFFICE)
    world.set_residents(everybody(State.RUNNING), 0.0)
    waiting = tuple(
        Resident(who, State.WAITING, float(-since), who) for since, who in enumerate(BUILT_IN)
    )
    world.set_residents(waiting, 1.0)
    assert world.has_waiting
    world.tick(1.0 + RAISE_S / 2)
    assert {figure.anim for figure in world.figures()} == {"raise_d"}
    now = settled(world, 1.0)
    places = {figure.id: PLACE_AT[figure.x, figure.y].name for figure in world.figures()}
    assert [places[who] for who in ("learner", "validator", "executor")] == [
        "queue.1",
        "queue.2",
        "queue.3",
    ]
    assert {f.bubble for f in world.figures()} == {"bubble.wait"}
    assert by_id(world)["learner"].flip
    answered = tuple(
        resident._replace(state=State.RUNNING) if resident.id == "learner" else resident
        for resident in waiting
    )
    world.set_residents(answered, now)
    settled(world, now)
    places = {figure.id: PLACE_AT[figure.x, figure.y].name for figure in world.figures()}
    assert places["validator"] == "queue.1"
    assert places["optimizer"] == "queue.3"
    assert places["learner"] == "desk.learner"


def test_a_short_pause_makes_nobody_run() -> None:
    world = World(OFFICE)
    world.set_residents(everybody(State.RUNNING), 0.0)
    world.set_residents(everybody(State.IDLE), 1.0)
    for at in range(1, int(PATIENCE_S)):
        world.tick(float(at))
        assert not world.is_walking(float(at))
    world.set_residents(everybody(State.RUNNING), PATIENCE_S)
    world.tick(PATIENCE_S)
    assert not world.is_walking(PATIENCE_S)
    assert {PLACE_AT[f.x, f.y].owner for f in world.figures()} == set(BUILT_IN)


def test_idle_people_change_their_place_now_and_then() -> None:
    world = World(OFFICE, seed=3)
    world.set_residents(everybody(State.IDLE), 0.0)
    world.tick(0.0)
    before = {figure.id: (figure.x, figure.y) for figure in world.figures()}
    now = settled(world, 800.0)
    after = {figure.id: (figure.x, figure.y) for figure in world.figures()}
    assert all(before[who] != after[who] for who in BUILT_IN)
    assert len(set(after.values())) == len(BUILT_IN), now


def test_who_comes_later_comes_in_by_the_entrance_and_who_goes_is_gone() -> None:
    world = World(OFFICE)
    world.set_residents(everybody(State.RUNNING), 0.0)
    world.tick(0.0)
    world.set_residents((*everybody(State.RUNNING), *crowd({"claude": State.RUNNING})), 1.0)
    world.tick(1.0)
    guest = by_id(world)["claude"]
    assert (guest.x, guest.y) == OFFICE.entrance
    assert guest.walking
    assert guest.persona.startswith("visitor")
    settled(world, 1.0)
    assert kind_of(by_id(world)["claude"]) == "desk"
    world.set_residents(everybody(State.RUNNING), 99.0)
    assert world.tick(99.0)
    assert "claude" not in by_id(world)


def test_guests_look_different() -> None:
    world = World(OFFICE)
    world.set_residents(crowd(dict.fromkeys(GUESTS, State.IDLE)), 0.0)
    world.tick(0.0)
    assert len({figure.persona for figure in world.figures()}) == len(GUESTS)
    world.set_residents((Resident("x", State.IDLE, 0.0, "x", persona="coder"),), 0.0)
    world.tick(0.0)
    assert [figure.persona for figure in world.figures()] == ["coder"]


def test_more_people_than_places_still_show_their_state() -> None:
    many = crowd({f"guest {number}": State.RUNNING for number in range(40)})
    world = World(OFFICE)
    world.set_residents(many, 0.0)
    world.tick(0.0)
    assert len(world.figures()) == 40


def test_who_is_out_of_trouble_cheers_first() -> None:
    world = World(OFFICE)
    world.set_residents(everybody(State.DEGRADED), 0.0)
    world.set_residents(everybody(State.RUNNING), 1.0)
    world.tick(1.1)
    assert {figure.anim for figure in world.figures()} == {"cheer_d"}
    assert {figure.state for figure in world.figures()} == {State.RUNNING}
    world.tick(4.0)
    assert "cheer_d" not in {figure.anim for figure in world.figures()}


def test_one_speaks_at_a_time_in_a_meeting() -> None:
    world = World(OFFICE)
    world.set_residents(everybody(State.MEETING)[:4], 0.0)
    heard = set()
    for beat in range(200):
        world.tick(beat * BEAT)
        speakers = [f.id for f in world.figures() if f.bubble == "bubble.talk"]
        assert len(speakers) == 1
        heard |= set(speakers)
    assert heard == set(BUILT_IN[:4])


def test_nobody_moves_in_step() -> None:
    world = World(OFFICE)
    world.set_residents(everybody(State.DEGRADED), 0.0)
    seen: dict[str, list[int]] = {who: [] for who in BUILT_IN}
    for beat in range(60):
        world.tick(beat * BEAT)
        for figure in world.figures():
            seen[figure.id].append(figure.frame)
    assert len({tuple(frames) for frames in seen.values()}) == len(BUILT_IN)
    assert all(-1 in frames for frames in seen.values()), "everybody blinks"


def test_reduced_motion_stands_still_and_shows_the_same() -> None:
    world = World(OFFICE, reduced_motion=True)
    world.set_residents(everybody(State.RUNNING), 0.0)
    assert world.tick(0.0)
    assert not any(world.tick(at * 0.7) for at in range(1, 400))
    world.set_residents(everybody(State.WAITING), 300.0)
    assert world.tick(300.0)
    assert not world.is_walking(300.0)
    assert sorted(kind_of(figure) for figure in world.figures()).count("queue") == 3
    assert not world.tick(301.0)


def test_motion_can_be_reduced_while_people_walk() -> None:
    world = World(OFFICE)
    world.set_residents(everybody(State.RUNNING), 0.0)
    world.set_residents(everybody(State.MEETING), 1.0)
    world.tick(2.0)
    assert world.is_walking(2.0)
    world.set_reduced_motion(True, 2.0)
    world.tick(2.0)
    assert world.reduced_motion
    assert not world.is_walking(2.0)
    assert not any(figure.walking for figure in world.figures())


def test_a_tick_tells_whether_the_picture_has_changed() -> None:
    world = World(OFFICE)
    assert not world.tick(0.0)
    world.set_residents(everybody(State.STOPPED), 0.0)
    assert world.tick(0.0)
    assert not world.tick(0.0)
    assert world.tick(10.0)


Script = list[tuple[float, dict[str, State]]]
people = st.dictionaries(
    st.sampled_from(BUILT_IN + GUESTS), st.sampled_from(State), min_size=1, max_size=9
)
scripts = st.lists(st.tuples(st.floats(0.1, 9.0), people), min_size=1, max_size=6)


def played(world: World, script: Script) -> Iterator[tuple[Figure, ...]]:
    """Yield the figures several times a second through a script and half a minute after it."""
    now = 50.0
    for wait, told in [*script, (30.0, script[-1][1])]:
        world.set_residents(crowd(told), now)
        for _ in range(int(wait / 0.2)):
            now += 0.2
            world.tick(now)
            yield world.figures()


@settings(max_examples=40)
@given(scripts)
def test_nobody_goes_through_furniture(script: Script) -> None:
    seats = {place.name: place for place in OFFICE.places}
    near = [
        (place.at, step)
        for place in seats.values()
        for step in itertools.pairwise((*place.via, place.at))
    ]
    for figures in played(World(OFFICE, seed=2), script):
        for figure in figures:
            if figure.walking and not OFFICE.is_free(OFFICE.cell_of((figure.x, figure.y))):
                assert any(_between((figure.x, figure.y), step) for _, step in near), figure


def _between(point: tuple[int, int], step: tuple[tuple[int, int], tuple[int, int]]) -> bool:
    """Say whether a point lies on the way between two points, give or take the rounding."""
    (x, y), (to_x, to_y) = step
    across = abs((to_x - x) * (point[1] - y) - (to_y - y) * (point[0] - x))
    long = max(1.0, ((to_x - x) ** 2 + (to_y - y) ** 2) ** 0.5)
    inside = min(x, to_x) - 1 <= point[0] <= max(x, to_x) + 1
    return inside and min(y, to_y) - 1 <= point[1] <= max(y, to_y) + 1 and across / long <= 1.5


@settings(max_examples=40)
@given(scripts)
def test_one_person_a_place(script: Script) -> None:
    for figures in played(World(OFFICE, seed=2), script):
        standing = [(f.x, f.y) for f in figures if not f.walking]
        assert len(standing) == len(set(standing))


@settings(max_examples=20)
@given(scripts, st.integers(0, 5))
def test_the_same_seed_gives_the_same_day(script: Script, seed: int) -> None:
    first = list(played(World(OFFICE, seed=seed), script))
    second = list(played(World(OFFICE, seed=seed), script))
    assert first == second


def test_another_seed_gives_another_day() -> None:
    script: Script = [(5.0, dict.fromkeys(BUILT_IN, State.IDLE))]
    days = [list(played(World(OFFICE, seed=seed), script)) for seed in (1, 2)]
    assert days[0] != days[1]
