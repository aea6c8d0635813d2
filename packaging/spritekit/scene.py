"""Builds the office from ``office.toml``: the picture, the pieces people walk behind, the ground."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from spritekit import rooms
from spritekit.canvas import Canvas, Rect
from spritekit.light import Lamp, Lit, light_up
from spritekit.maps import TextMap
from spritekit.palette import POOLS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spritekit.maps import Table
    from spritekit.palette import Palette

DRAWING_ERRORS = (KeyError, ValueError, TypeError, IndexError)


@dataclass(frozen=True, slots=True)
class Thing:
    """A piece of furniture with what stands on it."""

    parts: tuple[tuple[TextMap, int, int], ...]
    foot: int  # the y at which it stands, for the drawing order

    def bounds(self) -> Rect:
        """Return the rectangle around all its parts."""
        left = min(x for _, x, _ in self.parts)
        top = min(y for _, _, y in self.parts)
        right = max(x + part.width for part, x, _ in self.parts)
        bottom = max(y + part.height for part, _, y in self.parts)
        return left, top, right - left, bottom - top


@dataclass(frozen=True, slots=True)
class Front:
    """A piece people can be behind: where it is in the office, and where its cut-out is stored."""

    x: int
    y: int
    width: int
    height: int
    foot: int
    stored_x: int
    stored_y: int


@dataclass(slots=True)
class Scene:
    """The office while it is being built."""

    canvas: Canvas
    things: list[Thing] = field(default_factory=list)
    solid: list[Rect] = field(default_factory=list)
    lamps: list[Lamp] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Picture:
    """The lit office with the cut-outs of its fronts below it."""

    width: int
    height: int
    lit: Lit
    fronts: tuple[Front, ...]


def build_scene(palette: Palette, parts: Mapping[str, TextMap], table: Table) -> Scene:
    """Draw the office without people. Raises Fault for anything that does not fit."""
    width, height = table.data["size"]
    scene = Scene(Canvas(palette, width, height))
    _each(table, "floor", lambda entry: _floor(scene, entry))
    _each(table, "sunbeam", lambda entry: rooms.draw_sunbeam(scene.canvas, entry))
    _each(table, "wall", lambda entry: scene.solid.append(rooms.draw_wall(scene.canvas, entry)))
    _each(
        table,
        "side_wall",
        lambda entry: scene.solid.extend(rooms.draw_side_wall(scene.canvas, entry)),
    )
    _each(table, "hang", lambda entry: _hang(scene, parts, entry))
    _each(table, "thing", lambda entry: scene.things.append(_thing(parts, entry)))
    _each(table, "lamp", lambda entry: scene.lamps.append(_lamp(entry, (width, height))))
    for thing in scene.things:
        _ground(scene, thing)
    for thing in sorted(scene.things, key=lambda thing: thing.foot):
        for part, x, y in thing.parts:
            scene.canvas.stamp(part, x, y, palette.letters, part.notes.get("glow", ""))
    return scene


def _each(table: Table, name: str, work: Any) -> None:
    for entry in table.rows(name):
        try:
            work(entry)
        except DRAWING_ERRORS as error:
            words = str(entry.get("at", entry.get("rect", name)))
            raise table.fault(words, f"[[{name}]] {words}: {error!r}") from error


def _floor(scene: Scene, entry: dict[str, Any]) -> None:
    left, top, width, height = entry["rect"]
    rooms.draw_floor(scene.canvas, entry["material"], (left, top, width, height), entry["colours"])


def _hang(scene: Scene, parts: Mapping[str, TextMap], entry: dict[str, Any]) -> None:
    part = parts[entry["part"]]
    x, y = entry["at"]
    if entry.get("shadow", True):
        scene.canvas.shade((x + 1, y + part.height, part.width, 1))
    letters = scene.canvas.palette.letters
    scene.canvas.stamp(part, x, y, letters, part.notes.get("glow", ""))


def _thing(parts: Mapping[str, TextMap], entry: dict[str, Any]) -> Thing:
    main = parts[entry["part"]]
    x, y = entry["at"]
    others = tuple((parts[name], x + dx, y + dy) for name, dx, dy in entry.get("on", []))
    foot = main.numbers("foot", 1) or (main.height,)
    return Thing(((main, x, y), *others), y + foot[0])


def _lamp(entry: dict[str, Any], size: tuple[int, int]) -> Lamp:
    x, y = entry["at"]
    radius_x, radius_y = entry["radii"]
    if entry["kind"] not in POOLS:
        raise ValueError(f"kind is one of {', '.join(POOLS)}")
    left, top, width, height = entry.get("inside", (0, 0, *size))
    return Lamp(entry["kind"], x, y, radius_x, radius_y, (left, top, width, height))


def _ground(scene: Scene, thing: Thing) -> None:
    """Put a thing's shadow on the floor and note where nobody can walk."""
    part, x, y = thing.parts[0]
    shadow = part.numbers("shadow", 4)
    if shadow:
        scene.canvas.shadow(x + shadow[0], y + shadow[1], shadow[2], shadow[3])
    solid = part.numbers("solid", 4)
    if solid:
        scene.solid.append((x + solid[0], y + solid[1], solid[2], solid[3]))


def finish(scene: Scene) -> Picture:
    """Light the office and cut out everything people can be behind.

    Raises TooManyTones when the lamps make too many shades.
    """
    lit = light_up(scene.canvas, scene.lamps)
    width, height = scene.canvas.width, scene.canvas.height
    rows = [bytearray(lit.pixels[y * width : (y + 1) * width]) for y in range(height)]
    fronts = []
    x, y, deep = 0, height, 0
    for thing in sorted(scene.things, key=lambda thing: (-thing.bounds()[3], thing.foot)):
        left, top, wide, tall = thing.bounds()
        if x + wide > width:
            x, y, deep = 0, y + deep, 0
        deep = max(deep, tall)
        while len(rows) < y + deep:
            rows.append(bytearray(width))
        _cut(scene.canvas, lit.pixels, thing, (rows, x, y))
        fronts.append(Front(left, top, wide, tall, thing.foot, x, y))
        x += wide
    ordered = tuple(sorted(fronts, key=lambda front: (front.foot, front.x)))
    pixels = b"".join(bytes(row) for row in rows)
    return Picture(width, len(rows), Lit(pixels, lit.tables, lit.shade), ordered)


def _cut(
    canvas: Canvas, pixels: bytes, thing: Thing, target: tuple[list[bytearray], int, int]
) -> None:
    """Copy what is seen of a thing; a part that sticks out of the picture is left away."""
    rows, stored_x, stored_y = target
    left, top, _, _ = thing.bounds()
    for part, x, y in thing.parts:
        for down, line in enumerate(part.rows):
            for across, letter in enumerate(line):
                px, py = x + across, y + down
                if letter != "." and 0 <= px < canvas.width and 0 <= py < canvas.height:
                    seen = pixels[py * canvas.width + px]
                    rows[stored_y + py - top][stored_x + px - left] = seen
