"""The office's ground, places and animations, read from what ``packaging/sprites.py`` compiled.

The values of this package are named tuples: they take a tenth of the time of frozen dataclasses to
define, and the office is read before the first paint of the window.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from aios_desktop import resources

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Point = tuple[int, int]
Cell = tuple[int, int]
FORMAT = 1
LIGHTS = {".": "none", "s": "screen", "l": "lamp", "o": "own"}


class Place(NamedTuple):
    """Where one person can be: a seat, a spot at the window, a turn in the queue."""

    name: str
    kind: str  # desk, console, library, coffee, sofa, window, meeting, queue, floor
    owner: str  # the persona it is kept for, empty when anybody may take it
    at: Point
    depth: int  # the y for the drawing order
    face: str  # down, up, left, right
    pose: str  # "sit" where one sits low, else empty
    via: tuple[Point, ...]  # the way there from free ground
    plate: Point  # middle of the upper edge of the name plate
    light: str  # the lamp light that falls on it: none, screen, lamp, own

    @property
    def door(self) -> Point:
        """The first point of the way there that lies on free ground."""
        return self.via[0] if self.via else self.at


class Anim(NamedTuple):
    """How many drawings an animation has, how long each is shown, and whether it can blink."""

    frames: int
    ms: int
    blinks: bool


class Layout(NamedTuple):
    """The office that people live in."""

    size: tuple[int, int]
    cell: int
    ground: tuple[str, ...]  # one character a cell, "." is free
    light_at: tuple[str, ...]  # one character a cell, see LIGHTS
    entrance: Point
    places: tuple[Place, ...]
    anims: Mapping[str, Anim]
    sprites: Mapping[str, Anim]  # bubbles and smoke
    personas: tuple[str, ...]
    hours: Mapping[str, tuple[int, int]]  # daytime -> first and last hour

    def is_free(self, cell: Cell) -> bool:
        """Say whether people can walk on a cell."""
        column, row = cell
        return (
            0 <= row < len(self.ground)
            and 0 <= column < len(self.ground[row])
            and self.ground[row][column] == "."
        )

    def cell_of(self, point: Point) -> Cell:
        """Return the cell that a point lies in."""
        return point[0] // self.cell, point[1] // self.cell

    def middle_of(self, cell: Cell) -> Point:
        """Return the middle of a cell."""
        half = self.cell // 2
        return cell[0] * self.cell + half, cell[1] * self.cell + half

    def light_of(self, point: Point) -> str:
        """Return the lamp light that falls on somebody who stands at a point."""
        column, row = self.cell_of(point)
        return LIGHTS[self.light_at[row][column]]

    def place(self, name: str) -> Place:
        """Return a place by name. Raises KeyError when there is none."""
        for place in self.places:
            if place.name == name:
                return place
        raise KeyError(name)

    def daytime(self, hour: float) -> str:
        """Return dawn, day, dusk or night for a local hour between 0 and 24."""
        for name, (first, last) in self.hours.items():
            inside = first <= hour < last if first < last else hour >= first or hour < last
            if inside:
                return name
        return "day"


def folder() -> Path:
    """Return the folder of the compiled pictures. Raises FileNotFoundError when it is missing."""
    return resources.folder("assets") / "sprites"


def read_json(name: str) -> dict[str, Any]:
    """Read one of the compiled descriptions. Raises ValueError when it is of another format."""
    raw = json.loads((folder() / name).read_text("utf-8"))
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise ValueError(f"{name} has another format; run packaging/sprites.py")
    return raw


def load_layout(
    office: Mapping[str, Any] | None = None, atlas: Mapping[str, Any] | None = None
) -> Layout:
    """Return the layout, from the given descriptions or from the shipped ones."""
    office = office if office is not None else read_json("office.json")
    atlas = atlas if atlas is not None else read_json("atlas.json")
    people = atlas["people"]
    width, height = office["size"]
    return Layout(
        size=(width, height),
        cell=office["cell"],
        ground=tuple(office["ground"]),
        light_at=tuple(office["light_at"]),
        entrance=_point(office["entrance"]),
        places=tuple(_place(raw) for raw in office["places"]),
        anims={name: _anim(raw) for name, raw in people["anims"].items()},
        sprites={
            name: Anim(len(raw["rects"]), raw["ms"], blinks=False)
            for name, raw in atlas["sprites"].items()
        },
        personas=tuple(people["rows"]),
        hours={name: (first, last) for name, (first, last) in office["hours"].items()},
    )


def _anim(raw: Mapping[str, Any]) -> Anim:
    return Anim(len(raw["cells"]), raw["ms"], "blink" in raw)


def _place(raw: Mapping[str, Any]) -> Place:
    return Place(
        name=raw["name"],
        kind=raw["kind"],
        owner=raw["owner"],
        at=_point(raw["at"]),
        depth=raw["depth"],
        face=raw["face"],
        pose=raw["pose"],
        via=tuple(_point(step) for step in raw["via"]),
        plate=_point(raw["plate"]),
        light=raw["light"] or "none",
    )


def _point(raw: list[int]) -> Point:
    x, y = raw
    return x, y
