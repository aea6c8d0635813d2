"""Ways through the office and through random rooms."""

from __future__ import annotations

import itertools
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aios_desktop.office.layout import Cell, Layout, load_layout
from aios_desktop.office.routes import SPEED, Route, find_cells, from_place, to_place

OFFICE = load_layout()
NAMES = [place.name for place in OFFICE.places]
STEPS = ((1, 0), (-1, 0), (0, 1), (0, -1))


def room(rows: list[str]) -> Layout:
    """Return a room with the given ground and nothing else."""
    return OFFICE._replace(ground=tuple(rows), places=())


def fewest_steps(rows: list[str], start: Cell, goal: Cell) -> int | None:
    """Count the steps by plain flooding, the slow and obvious way."""
    seen = {start: 0}
    queue = deque([start])
    while queue:
        column, row = queue.popleft()
        if (column, row) == goal:
            return seen[goal]
        for across, down in STEPS:
            x, y = column + across, row + down
            inside = 0 <= y < len(rows) and 0 <= x < len(rows[0])
            if inside and rows[y][x] == "." and (x, y) not in seen:
                seen[x, y] = seen[column, row] + 1
                queue.append((x, y))
    return None


rooms = st.integers(2, 9).flatmap(
    lambda width: st.lists(
        st.text(".#", min_size=width, max_size=width).map(lambda row: row.replace("#", "#", 1)),
        min_size=2,
        max_size=9,
    )
)


@given(rooms, st.data())
def test_the_way_is_a_shortest_chain_of_free_neighbours(
    rows: list[str], data: st.DataObject
) -> None:
    spot = st.tuples(st.integers(0, len(rows[0]) - 1), st.integers(0, len(rows) - 1))
    start, goal = data.draw(spot), data.draw(spot)
    free = rows[start[1]][start[0]] == rows[goal[1]][goal[0]] == "."
    wanted = fewest_steps(rows, start, goal) if free else None
    cells = find_cells(room(rows), start, goal)
    if wanted is None:
        assert cells == ()
        return
    assert (cells[0], cells[-1]) == (start, goal)
    assert len(cells) == wanted + 1
    for (x, y), (to_x, to_y) in itertools.pairwise(cells):
        assert abs(x - to_x) + abs(y - to_y) == 1
        assert rows[to_y][to_x] == "."


def test_outside_the_room_there_is_no_way() -> None:
    assert find_cells(room(["..", ".."]), (-1, 0), (1, 1)) == ()
    assert find_cells(room(["..", ".."]), (0, 0), (5, 1)) == ()


def test_a_free_floor_is_crossed_with_one_turn() -> None:
    cells = find_cells(room(["......"] * 5), (0, 0), (5, 4))
    headings = [(b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(cells)]
    assert sum(one != other for one, other in itertools.pairwise(headings)) == 1


@pytest.mark.parametrize("start", NAMES)
def test_everybody_gets_everywhere_on_free_ground(start: str) -> None:
    origin = OFFICE.place(start)
    for place in OFFICE.places:
        if place is origin:
            continue
        route = to_place(OFFICE, from_place(origin), place)
        assert route is not None, place.name
        assert (route.points[0], route.points[-1]) == (origin.at, place.at)
        own = {origin.at, place.at, *origin.via, *place.via}
        for at in range(int(route.seconds * 30) + 2):
            x, y = route.position(at / 30)
            leg = route.leg(at / 30)
            on_ground = route.ground[leg] and route.ground[leg + 1]
            if on_ground:
                assert OFFICE.is_free(OFFICE.cell_of((x, y))), (start, place.name, x, y)
            else:  # the last steps to a seat, between points of the place itself
                assert {route.points[leg], route.points[leg + 1]} <= own


def test_the_speed_is_that_of_a_walk() -> None:
    route = Route(((0, 0), (48, 0), (48, 96)), (True, True, True))
    assert route.seconds == pytest.approx(144 / SPEED)
    assert [route.position(s) for s in (0, 0.5, 1, 2, 99)] == [
        (0, 0),
        (24, 0),
        (48, 0),
        (48, 48),
        (48, 96),
    ]
    assert [route.heading(s) for s in (0.5, 1.5)] == ["right", "down"]


def test_somebody_who_changes_their_mind_goes_back_to_free_ground() -> None:
    seat = Route(((0, 0), (16, 0), (16, 16)), (True, True, False))
    assert seat.turn_back(0.1).points == ((5, 0), (16, 0))
    assert seat.turn_back(0.5).points == ((16, 8), (16, 0))
    away = Route(((16, 16), (16, 0), (0, 0)), (False, True, True))
    assert away.turn_back(0.1).points == ((16, 11), (16, 0))


def test_who_stands_still_is_already_there() -> None:
    still = Route(((3, 4),), (True,))
    assert (still.seconds, still.position(7), still.heading(1)) == (0, (3, 4), "down")
    assert still.turn_back(1).points == ((3, 4),)


def test_a_walled_in_place_cannot_be_reached() -> None:
    place = OFFICE.place("queue.1")
    shut = OFFICE._replace(ground=tuple("#" * len(row) for row in OFFICE.ground))
    assert to_place(shut, Route((OFFICE.entrance,), (True,)), place) is None
