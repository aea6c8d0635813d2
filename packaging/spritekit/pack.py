"""Lays sprites out on the atlas and turns indices into PNG bytes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

from spritekit import people
from spritekit.canvas import Canvas

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from spritekit.maps import TextMap
    from spritekit.palette import Palette, Rgb

GUTTER = 1
PREFIXES = ("bubble.", "smoke.", "pip.", "desk_lamp_on")


def sprites(parts: Mapping[str, TextMap]) -> dict[str, list[TextMap]]:
    """Return the loose sprites by name; ``smoke.0``, ``smoke.1`` are the frames of ``smoke``."""
    found: dict[str, list[TextMap]] = {}
    for name, part in parts.items():
        if name.startswith(PREFIXES):
            stem, _, number = name.rpartition(".")
            found.setdefault(stem if number.isdigit() else name, []).append(part)
    return found


def atlas(
    palette: Palette, sheet: people.Sheet, loose: Mapping[str, Sequence[TextMap]]
) -> tuple[Canvas, dict[str, dict[str, object]]]:
    """Put the loose sprites below the people; returns the canvas and where they are."""
    width, top = sheet.canvas.width, sheet.canvas.height
    spots: dict[str, dict[str, object]] = {}
    placed: list[tuple[TextMap, int, int]] = []
    x, y, deep = GUTTER, top + GUTTER, 0
    for name, frames in sorted(loose.items(), key=lambda item: (item[1][0].height, item[0])):
        rects = []
        for part in frames:
            if x + part.width + GUTTER > width:
                x, y, deep = GUTTER, y + deep + 2 * GUTTER, 0
            rects.append([x, y, part.width, part.height])
            placed.append((part, x, y))
            deep = max(deep, part.height)
            x += part.width + 2 * GUTTER
        anchor = frames[0].numbers("anchor", 2) or (0, 0)
        ms = (frames[0].numbers("ms", 1) or (0,))[0]
        spots[name] = {"rects": rects, "anchor": list(anchor), "ms": ms}
    canvas = Canvas(palette, width, y + deep + GUTTER)
    people.paste(canvas, sheet.canvas, 0, 0)
    for part, left, upper in placed:
        canvas.stamp(part, left, upper, palette.letters)
    return canvas, spots


def png(width: int, height: int, pixels: bytes, colours: Iterable[Rgb]) -> bytes:
    """Return a PNG of indices; index 0 is transparent."""
    image = Image.frombytes("P", (width, height), pixels)
    image.putpalette([part for colour in colours for part in colour])
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True, transparency=0)
    return out.getvalue()
