"""The colours of the states stay apart for people who see colours differently (Machado 2009)."""

from __future__ import annotations

import itertools
import json
import math
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from aios_desktop.office.people import STATE_COLOURS, State

SPRITES = Path(__file__).resolve().parents[3] / "assets" / "sprites"
Vector = tuple[float, float, float]
Rgb = tuple[int, int, int]
VISION: dict[str, tuple[Vector, Vector, Vector]] = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
LEAST = 20.0


def linear(value: int) -> float:
    """Undo the gamma of a colour part."""
    part = value / 255
    return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)


def lab(colour: Vector) -> Vector:
    """Return CIELAB of linear sRGB."""
    red, green, blue = colour
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (
        part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116
        for part in (max(0.0, x), max(0.0, y), max(0.0, z))
    )
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def seen(colour: Rgb, vision: str) -> Vector:
    """Return a colour as somebody sees it."""
    parts = [linear(value) for value in colour]
    red, green, blue = (
        min(1.0, max(0.0, sum(a * b for a, b in zip(row, parts, strict=True))))
        for row in VISION[vision]
    )
    return lab((red, green, blue))


def pip(state: State) -> tuple[frozenset[tuple[int, int]], Rgb]:
    """Return the shape of a state's pip and its colour."""
    entry = json.loads((SPRITES / "atlas.json").read_text("utf-8"))["sprites"][f"pip.{state}"]
    x, y, width, height = entry["rects"][0]
    with Image.open(SPRITES / "atlas.png") as image:
        picture = image.convert("RGBA").crop((x, y, x + width, y + height))
    shape: dict[tuple[int, int], Rgb] = {}
    for down in range(height):
        for across in range(width):
            pixel = picture.getpixel((across, down))
            assert isinstance(pixel, tuple)
            if pixel[3]:
                shape[across, down] = (int(pixel[0]), int(pixel[1]), int(pixel[2]))
    (colour,) = set(shape.values())
    return frozenset(shape), colour


def state_colours() -> dict[State, Rgb]:
    """Return the colour of the block behind each pip."""
    table = tomllib.loads((SPRITES / "palette.toml").read_text("utf-8"))["colours"]
    found = {}
    for state, name in STATE_COLOURS.items():
        red, green, blue = bytes.fromhex(table[name]["rgb"].removeprefix("#"))
        found[state] = (red, green, blue)
    return found


def luminance(colour: Rgb) -> float:
    """Return the relative luminance of WCAG."""
    red, green, blue = (linear(value) for value in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("vision", VISION)
def test_state_colours_stay_apart(vision: str) -> None:
    colours = state_colours()
    del colours[State.STOPPED]  # told by its shape, by sleep and by its place
    for one, other in itertools.combinations(colours, 2):
        apart = math.dist(seen(colours[one], vision), seen(colours[other], vision))
        assert apart >= LEAST, (one, other, apart)


def test_states_have_shapes_of_their_own() -> None:
    shapes = [pip(state)[0] for state in State]
    assert len(set(shapes)) == len(shapes)


def test_pips_are_clear_on_their_blocks() -> None:
    for state, ground in state_colours().items():
        low, high = sorted((luminance(ground), luminance(pip(state)[1])))
        assert (high + 0.05) / (low + 0.05) >= 4.5, state
