"""Dresses the character kit: layers of slot letters become the frames of every persona."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spritekit.canvas import Canvas

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spritekit.maps import Table, TextMap
    from spritekit.palette import Palette

WIDTH, HEIGHT = 16, 24
ANCHOR = (8, 23)
GUTTER = 1
STEP_X, STEP_Y = WIDTH + 2 * GUTTER, HEIGHT + 2 * GUTTER
COLUMNS = 29
SLOTS = "SsHhGOPcTUBkKXxz"  # filled by the persona
FIXED = {"o": "ink", "e": "ink", "w": "paper", "m": "paper", "M": "walnut", "f": "fog"}
LETTERS = SLOTS + "".join(FIXED) + "b"  # b: the cheek
VIEWS = ("d", "s", "u")


@dataclass(frozen=True, slots=True)
class Pose:
    """One drawing of a figure: which layers, and how far they are moved."""

    view: str
    torso: str
    legs: str
    bob: int = 0
    nod: int = 0
    eyes: str = "open"
    over: str = ""


@dataclass(frozen=True, slots=True)
class Anim:
    """An animation: poses, the time each is shown, and the pose with closed eyes if there is one."""

    name: str
    ms: int
    poses: tuple[Pose, ...]
    blink: Pose | None


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody's looks."""

    name: str
    hair: str
    extra: str
    slots: Mapping[str, int]  # letter -> colour number


def read_anims(table: Table, parts: Mapping[str, TextMap]) -> tuple[Anim, ...]:
    """Read ``anims.toml``. Raises Fault when a pose names a layer that is not drawn."""
    return tuple(_anim(table, name, entry, parts) for name, entry in table.data.items())


def _anim(table: Table, name: str, entry: Mapping[str, Any], parts: Mapping[str, TextMap]) -> Anim:
    shared = {key: entry[key] for key in ("legs", "bob", "nod", "eyes", "over") if key in entry}
    view = name.rpartition("_")[2]
    if view not in VIEWS:
        raise table.fault(f"[{name}]", f"{name}: the name must end in _d, _s or _u")
    try:
        poses = tuple(Pose(view=view, **(shared | frame)) for frame in entry["frames"])
        blink = Pose(view=view, **(shared | entry["blink"])) if "blink" in entry else None
        anim = Anim(name, int(entry["ms"]), poses, blink)
    except (KeyError, TypeError, ValueError) as error:
        raise table.fault(f"[{name}]", f"{name}: {error} is missing or unknown") from error
    for pose in (*poses, *((blink,) if blink else ())):
        for layer in _layers(pose):
            if layer not in parts:
                raise table.fault(f"[{name}]", f"{name}: the layer {layer} is not drawn")
    return anim


def _layers(pose: Pose) -> tuple[str, ...]:
    over = (f"over.{pose.over}",) if pose.over else ()
    return (f"torso.{pose.torso}", f"legs.{pose.legs}", f"head.{pose.view}", *over)


def read_personas(
    table: Table, palette: Palette, parts: Mapping[str, TextMap]
) -> tuple[Persona, ...]:
    """Read ``personas.toml``. Raises Fault for colours and layers that do not exist."""
    people = table.section("persona")
    return tuple(_persona(table, palette, parts, name, people[name]) for name in people)


def _persona(
    table: Table, palette: Palette, parts: Mapping[str, TextMap], name: str, entry: dict[str, Any]
) -> Persona:
    where = f"[persona.{name}]"
    try:
        words = {
            "Ss": table.section("skin")[entry["skin"]],
            "HhG": table.section("hair")[entry["hair_colour"]],
            "OPc": entry["outfit"],
            "TU": entry["trousers"],
            "B": [entry["shoes"]],
            "k": [entry.get("rims", "ink")],
            "K": [entry["book"]],
            "Xxz": entry.get("extra_colours", ["ink", "ink", "ink"]),
            "b": [entry.get("cheek", "coral")],
        }
        slots = {
            letter: palette.number(colour)
            for letters, colours in words.items()
            for letter, colour in zip(letters, colours, strict=True)
        }
    except (KeyError, ValueError) as error:
        raise table.fault(where, f"{name}: {error} is missing or not in the palette") from error
    slots |= {letter: palette.number(colour) for letter, colour in FIXED.items()}
    hair, extra = str(entry["hair"]), str(entry.get("extra", ""))
    if f"hair.{hair}.d" not in parts or (extra and f"extra.{extra}.d" not in parts):
        raise table.fault(where, f"{name}: hair {hair!r} or extra {extra!r} is not drawn")
    return Persona(name, hair, extra, slots)


def draw(palette: Palette, parts: Mapping[str, TextMap], who: Persona, pose: Pose) -> Canvas:
    """Draw one frame: legs, torso, head, hair, extra, and what lies over them."""
    frame = Canvas(palette, WIDTH, HEIGHT)
    head = pose.bob + pose.nod
    legs = parts[f"legs.{pose.legs}"]
    _layer(frame, legs, who.slots, min(0, pose.bob), 1)  # a stretched hip leaves no gap
    _layer(frame, legs, who.slots, 0)
    _layer(frame, parts[f"torso.{pose.torso}"], who.slots, pose.bob)
    face = who.slots
    if pose.eyes == "closed":
        face = {**face, "w": face["S"], "e": face["S"]}
    _layer(frame, parts[f"head.{pose.view}"], face, head)
    if pose.eyes == "closed" and f"lids.{pose.view}" in parts:
        _layer(frame, parts[f"lids.{pose.view}"], who.slots, head)
    for name in (f"hair.{who.hair}.{pose.view}", f"extra.{who.extra}.{pose.view}"):
        if name in parts:
            _layer(frame, parts[name], who.slots, head)
    if pose.over:
        _layer(frame, parts[f"over.{pose.over}"], who.slots, pose.bob)
    return frame


def _layer(
    frame: Canvas, picture: TextMap, slots: Mapping[str, int], down: int, rows: int = HEIGHT
) -> None:
    at = picture.numbers("at", 1) or (0,)
    for y, line in enumerate(picture.rows[:rows]):
        for x, letter in enumerate(line):
            if letter != ".":
                frame.put(x, at[0] + y + down, slots[letter])


@dataclass(frozen=True, slots=True)
class Sheet:
    """The frames of all personas, and where an animation's frames stand."""

    canvas: Canvas
    rows: Mapping[str, int]
    anims: Mapping[str, Mapping[str, object]]

    def describe(self) -> dict[str, object]:
        """Return what a program needs to find a frame: cell ``n`` of row ``r``."""
        return {
            "frame": [WIDTH, HEIGHT],
            "anchor": list(ANCHOR),
            "step": [STEP_X, STEP_Y],
            "gutter": GUTTER,
            "columns": COLUMNS,
            "lines": self.canvas.height // STEP_Y // max(1, len(self.rows)),
            "rows": dict(self.rows),
            "anims": dict(self.anims),
        }


def build_sheet(
    palette: Palette,
    parts: Mapping[str, TextMap],
    personas: Sequence[Persona],
    anims: Sequence[Anim],
) -> Sheet:
    """Draw every distinct pose once for every persona; a persona may take several lines."""
    numbers: dict[Pose, int] = {}
    cells: dict[str, Mapping[str, object]] = {}
    for anim in anims:
        own = [numbers.setdefault(pose, len(numbers)) for pose in anim.poses]
        entry: dict[str, object] = {"ms": anim.ms, "cells": own}
        if anim.blink:
            entry["blink"] = numbers.setdefault(anim.blink, len(numbers))
        cells[anim.name] = entry
    lines = -(-len(numbers) // COLUMNS)
    sheet = Canvas(palette, STEP_X * COLUMNS, STEP_Y * lines * len(personas))
    for row, who in enumerate(personas):
        for pose, number in numbers.items():
            frame = draw(palette, parts, who, pose)
            line, column = divmod(number, COLUMNS)
            paste(sheet, frame, column * STEP_X + GUTTER, (row * lines + line) * STEP_Y + GUTTER)
    return Sheet(sheet, {who.name: row for row, who in enumerate(personas)}, cells)


def paste(target: Canvas, source: Canvas, x: int, y: int) -> None:
    """Copy all of a small canvas, transparent pixels included."""
    for row in range(source.height):
        at = (y + row) * target.width + x
        start = row * source.width
        target.ink[at : at + source.width] = source.ink[start : start + source.width]
        target.mark[at : at + source.width] = source.mark[start : start + source.width]
