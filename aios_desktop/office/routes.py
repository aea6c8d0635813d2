"""Ways through the office: breadth-first search over the free cells, then walking along them."""

from __future__ import annotations

import bisect
import itertools
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aios_desktop.office.layout import Cell, Layout, Place, Point

SPEED = 48  # world pixels a second
STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))


class Route:
    """A way from point to point; ``ground`` says which of them lie on free ground."""

    __slots__ = ("ground", "marks", "points")

    def __init__(self, points: tuple[Point, ...], ground: tuple[bool, ...]) -> None:
        self.points = points
        self.ground = ground
        legs = (_length(a, b) for a, b in itertools.pairwise(points))
        self.marks = (0.0, *itertools.accumulate(legs))  # the distance from the start to each

    @property
    def seconds(self) -> float:
        """How long the walk takes."""
        return self.marks[-1] / SPEED

    def leg(self, seconds: float) -> int:
        """Return the number of the leg one is on after that time."""
        at = bisect.bisect_right(self.marks, seconds * SPEED) - 1
        return max(0, min(at, len(self.points) - 2))

    def position(self, seconds: float) -> Point:
        """Return where one is after that time, in whole pixels."""
        if len(self.points) == 1:
            return self.points[0]
        leg = self.leg(seconds)
        (x, y), (to_x, to_y) = self.points[leg], self.points[leg + 1]
        long = self.marks[leg + 1] - self.marks[leg]
        share = min(1.0, (seconds * SPEED - self.marks[leg]) / long) if long else 1.0
        return round(x + (to_x - x) * share), round(y + (to_y - y) * share)

    def heading(self, seconds: float) -> str:
        """Return down, up, left or right: where one looks while walking."""
        if len(self.points) == 1:
            return "down"
        leg = self.leg(seconds)
        (x, y), (to_x, to_y) = self.points[leg], self.points[leg + 1]
        if abs(to_x - x) > abs(to_y - y):
            return "right" if to_x > x else "left"
        return "down" if to_y >= y else "up"

    def turn_back(self, seconds: float) -> Route:
        """Return the shortest way from where one is now to free ground, along this route.

        Somebody between a seat and the ground goes on when ground lies ahead, else back.
        """
        here = self.position(seconds)
        if len(self.points) == 1:
            return Route((here,), self.ground)
        leg = self.leg(seconds)
        ahead = range(leg + 1, len(self.points))
        behind = range(leg, -1, -1)
        for way in (ahead, behind):
            for stop, at in enumerate(way):
                if self.ground[at]:
                    passed = way[: stop + 1]
                    on_ground = self.ground[leg] and self.ground[leg + 1]
                    return Route(
                        (here, *(self.points[i] for i in passed)),
                        (on_ground, *(self.ground[i] for i in passed)),
                    )
        return Route((here,), (False,))


def _length(a: Point, b: Point) -> float:
    return float(((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5)


def find_cells(layout: Layout, start: Cell, goal: Cell) -> tuple[Cell, ...]:
    """Return a shortest chain of free cells from start to goal with few turns, empty if none."""
    if not (layout.is_free(start) and layout.is_free(goal)):
        return ()
    far = _distances(layout, start, goal)
    if start not in far:
        return ()
    chain = [start]
    heading = STEPS[0]
    while chain[-1] != goal:
        column, row = chain[-1]
        for step in (heading, *STEPS):  # keep the direction while it leads nearer
            cell = (column + step[0], row + step[1])
            if far.get(cell, -1) == far[chain[-1]] - 1:
                heading = step
                chain.append(cell)
                break
    return tuple(chain)


def _distances(layout: Layout, start: Cell, goal: Cell) -> dict[Cell, int]:
    """Return how many steps cells are from the goal, as far out as the start."""
    far = {goal: 0}
    queue = deque([goal])
    while queue and start not in far:
        column, row = queue.popleft()
        for across, down in STEPS:
            cell = (column + across, row + down)
            if cell not in far and layout.is_free(cell):
                far[cell] = far[column, row] + 1
                queue.append(cell)
    return far


def to_place(layout: Layout, begin: Route, place: Place) -> Route | None:
    """Return the way that follows ``begin`` to free ground and goes on to a place, None if none."""
    last = begin.points[-1]
    cells = find_cells(layout, layout.cell_of(last), layout.cell_of(place.door))
    if not cells:
        return None
    ground = _corners([layout.middle_of(cell) for cell in cells])
    steps = [*((point, True) for point in ground)]
    if place.via:
        steps.append((place.via[0], True))
        steps += [(point, False) for point in (*place.via[1:], place.at)]
    else:
        steps.append((place.at, True))
    points, flags = list(begin.points), list(begin.ground)
    for point, free in steps:
        if point != points[-1]:
            points.append(point)
            flags.append(free)
    return Route(tuple(points), tuple(flags))


def from_place(place: Place) -> Route:
    """Return the way from a place to free ground."""
    points = (place.at, *reversed(place.via))
    flags = (not place.via, *(at == len(place.via) - 1 for at in range(len(place.via))))
    return Route(points, flags)


def _corners(points: list[Point]) -> list[Point]:
    """Leave out the points between two others on a straight line."""
    kept = points[:1]
    for before, point, after in zip(points, points[1:], points[2:], strict=False):
        straight = (point[0] - before[0], point[1] - before[1]) == (
            after[0] - point[0],
            after[1] - point[1],
        )
        if not straight:
            kept.append(point)
    return [*kept, points[-1]] if len(points) > 1 else kept
