"""Draws what does not move and has no front: floors, rugs, walls, sun patches."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spritekit.canvas import Canvas, Rect

Colours = "Sequence[str]"
CAP = 5  # the dark upper edge of a wall
BASE = 3  # the skirting board
SIDE = 6  # the thickness of a wall that runs away from us


def draw_floor(canvas: Canvas, material: str, rect: Rect, colours: Sequence[str]) -> None:
    """Lay a floor. Raises KeyError for an unknown material or colour."""
    MATERIALS[material](canvas, rect, colours)


def _planks(canvas: Canvas, rect: Rect, colours: Sequence[str]) -> None:
    left, top, width, height = rect
    wood, gap, light = colours
    chance = random.Random(f"planks {rect}")  # noqa: S311  the same grain every time
    canvas.fill(rect, wood)
    for row, y in enumerate(range(top, top + height, 8)):
        canvas.row(left, y, width, gap)
        for x in range(left - (row * 23) % 48 + 48, left + width, 48):
            canvas.column(x, y, min(8, top + height - y), gap)
        for _ in range(width // 26):
            x = left + chance.randrange(0, width - 8)
            grain = y + 2 + chance.randrange(0, 5)
            long = chance.randrange(3, 9)
            if grain < top + height:
                canvas.row(x, grain, long, light if chance.random() < 0.55 else gap)


def _carpet(canvas: Canvas, rect: Rect, colours: Sequence[str]) -> None:
    left, top, width, height = rect
    ground, dot = colours
    canvas.fill(rect, ground)
    for row, y in enumerate(range(top + 3, top + height, 6)):
        for x in range(left + 3 + row % 2 * 6, left + width - 1, 12):
            canvas.row(x, y, 2, dot)


def _tiles(canvas: Canvas, rect: Rect, colours: Sequence[str]) -> None:
    left, top, width, height = rect
    ground, other, gap = colours
    canvas.fill(rect, ground)
    for row, y in enumerate(range(top, top + height, 12)):
        canvas.row(left, y, width, gap)
        for column, x in enumerate(range(left, left + width, 12)):
            down, across = min(12, top + height - y), min(12, left + width - x)
            canvas.column(x, y, down, gap)
            if (row + column) % 2:
                canvas.fill((x + 1, y + 1, across - 1, down - 1), other)


def _plain(canvas: Canvas, rect: Rect, colours: Sequence[str]) -> None:
    canvas.fill(rect, colours[0])


def _rug(canvas: Canvas, rect: Rect, colours: Sequence[str]) -> None:
    left, top, width, height = rect
    field, border, dot = colours
    canvas.shade((left, top + height, width, 2))
    canvas.fill(rect, field)
    canvas.fill((left + 2, top + 2, width - 4, height - 4), border)
    canvas.fill((left + 4, top + 4, width - 8, height - 8), field)
    for row, y in enumerate(range(top + 8, top + height - 8, 8)):
        for x in range(left + 8 + row % 2 * 6, left + width - 8, 12):
            canvas.fill((x, y, 2, 2), dot)
    for y in range(top + 1, top + height - 1, 2):
        canvas.row(left - 1, y, 1, dot)
        canvas.row(left + width, y, 1, dot)


MATERIALS: dict[str, Callable[[Canvas, Rect, Sequence[str]], None]] = {
    "planks": _planks,
    "carpet": _carpet,
    "tiles": _tiles,
    "plain": _plain,
    "rug": _rug,
}


def draw_wall(canvas: Canvas, entry: dict[str, Any]) -> Rect:
    """Draw a wall that faces us; returns the ground it stands on, skirting board included."""
    left, top = entry["at"]
    width, face = entry["width"], entry["face"]
    upper, lower, trim, board = entry["colours"]
    canvas.fill((left, top, width, CAP), "plum")
    canvas.row(left, top, width, "ink")
    canvas.row(left, top + CAP - 1, width, "slate")
    panel = top + CAP + int(face * 0.62)
    floor = top + CAP + face
    canvas.fill((left, top + CAP, width, panel - top - CAP), upper)
    canvas.fill((left, panel, width, floor - panel), lower)
    canvas.row(left, panel, width, trim)
    for x in range(left + 5, left + width, 10):
        canvas.column(x, panel + 2, floor - panel - 2, trim)
    canvas.fill((left, floor, width, BASE), board)
    canvas.row(left, floor, width, entry.get("edge", "oak"))
    canvas.shade((left, floor + BASE, width, 4))
    canvas.shade((left, top + CAP, width, 2))
    return left, top, width, CAP + face + BASE


def draw_side_wall(canvas: Canvas, entry: dict[str, Any]) -> list[Rect]:
    """Draw a wall that runs away from us, with door openings; returns the ground it stands on."""
    left, top = entry["at"]
    end = top + entry["height"]
    ground = []
    for start, stop in _solid_runs(top, end, entry.get("openings", [])):
        canvas.fill((left, start, SIDE, stop - start), "plum")
        canvas.column(left, start, stop - start, "ink")
        canvas.column(left + SIDE - 1, start, stop - start, "slate")
        canvas.shade((left + SIDE, start, 2, stop - start))
        ground.append((left, start, SIDE, stop - start))
    for start, stop in entry.get("openings", []):
        _lintel(canvas, left, start, stop)
        ground.append((left, start, SIDE, 10))
    return ground


def _solid_runs(top: int, end: int, openings: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    marks = [top, *(edge for opening in openings for edge in opening), end]
    return list(zip(marks[::2], marks[1::2], strict=True))


def _lintel(canvas: Canvas, left: int, start: int, stop: int) -> None:
    """Draw the end of the wall above a door opening, which shows its face, and the sill."""
    canvas.fill((left, start, SIDE, 10), "fog")
    canvas.row(left, start, SIDE, "slate")
    canvas.column(left, start, 10, "ink")
    canvas.column(left + SIDE - 1, start, 10, "steel")
    canvas.row(left, start + 10, SIDE, "walnut")
    canvas.row(left, stop - 1, SIDE, "ink")


def draw_sunbeam(canvas: Canvas, entry: dict[str, Any]) -> None:
    """Mark the slanted patch of sun that falls through a window with a cross bar."""
    left, top = entry["at"]
    width, height = entry["size"]
    for down in range(height):
        if down == height // 2:
            continue
        shift = down // 2
        for across in range(width):
            if across != width // 2:
                canvas.sun(left + shift + across, top + down)
