"""Turns colours and light marks into one index per pixel and a colour table per time of day.

The picture is stored once; showing it in another light is the exchange of its colour table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spritekit.canvas import GLOW, SUN
from spritekit.palette import DAYTIMES, LEVELS, Rgb, clamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spritekit.canvas import Canvas
    from spritekit.palette import Palette

PEOPLE_SHARE = 0.22  # people keep so much of their day colours, to be recognised at night
SHINING = 0.55  # from this share of the night's pools on, glowing things outshine the room


@dataclass(frozen=True, slots=True)
class Lamp:
    """An ellipse of light on the floor."""

    kind: str
    x: int
    y: int
    radius_x: int
    radius_y: int
    inside: tuple[int, int, int, int]  # the room: its light does not go through walls

    def level(self, x: int, y: int) -> int:
        """Return 0 to 3: stepped light with a one-pixel checker at the borders of the steps."""
        left, top, width, height = self.inside
        if not (left <= x < left + width and top <= y < top + height):
            return 0
        across = (x - self.x) / self.radius_x
        down = (y - self.y) / self.radius_y
        far = across * across + down * down
        if (x + y) % 2:
            far *= 1.14
        for level, border in ((3, 0.32), (2, 0.66), (1, 1.0)):
            if far < border:
                return level
        return 0


@dataclass(frozen=True, slots=True)
class Tone:
    """How one pixel is lit."""

    ink: int
    mark: int = 0
    pool: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True)
class Lit:
    """A picture of indices, and the colours they have in each light."""

    pixels: bytes
    tables: Mapping[str, Sequence[Rgb]]  # by daytime, and daytime+own with the own lamp on
    shade: Mapping[str, Sequence[Rgb]]  # the same, one step darker: shadows of people


class TooManyTones(Exception):
    """More ways to light a pixel than an index of eight bits can tell apart."""


def pool_at(lamps: Iterable[Lamp], x: int, y: int) -> tuple[str, int]:
    """Return the kind of light at a pixel and its level; the strongest wins, the own lamp first."""
    best = ("", 0)
    rank = 0
    for lamp in lamps:
        level = lamp.level(x, y)
        value = level * 4 + (2 if lamp.kind == "own" else 1 if lamp.kind == "lamp" else 0)
        if level and value > rank:
            best, rank = (lamp.kind, level), value
    return best


def colour(palette: Palette, tone: Tone, daytime: str, own: bool, darker: bool = False) -> Rgb:
    """Return the colour of a tone at a time of day, with the own lamp on or off."""
    light = palette.lights[daytime]
    if tone.ink in palette.inks:
        return palette.rgb[palette.at(tone.ink, daytime)]
    number = tone.ink
    if tone.mark & SUN and daytime != "night":
        number = palette.lighter[number]
    if darker:
        number = palette.darker[number]
    level = tone.level if tone.pool != "own" or own else 0
    plain = palette.rgb[number]
    if tone.mark & GLOW and light.pools >= SHINING:
        return plain
    dim = light.shine(plain)
    if not level or not light.pools:
        return dim
    return _pooled(palette, tone.pool, level / LEVELS * light.pools, plain, dim)


def _pooled(palette: Palette, kind: str, share: float, plain: Rgb, dim: Rgb) -> Rgb:
    pool = palette.pools[kind]
    mix = share * pool.strength
    red, green, blue = (
        clamp(low * (1 - mix) + high * mix + tint * share)
        for low, high, tint in zip(dim, plain, pool.tint, strict=True)
    )
    return red, green, blue


def light_up(canvas: Canvas, lamps: Sequence[Lamp]) -> Lit:
    """Give every pixel an index; tones that look the same in every light share one.

    Raises TooManyTones when 255 are not enough.
    """
    palette = canvas.palette
    numbers: dict[tuple[Rgb, ...], int] = {}
    known: dict[Tone, int] = {}
    pixels = bytearray(len(canvas.ink))
    near = _near(lamps, canvas.width, canvas.height)
    for at, ink in enumerate(canvas.ink):
        if not ink:
            continue
        mark = canvas.mark[at]
        kind, level = ("", 0) if mark & GLOW else near.get(at, ("", 0))
        tone = Tone(ink, mark, kind, level)
        if tone not in known:
            known[tone] = numbers.setdefault(_looks(palette, tone), len(numbers) + 1)
        pixels[at] = known[tone]
    if len(numbers) > 255:
        raise TooManyTones(f"{len(numbers)} tones, 255 fit; use fewer lamps that overlap")
    return _tables(bytes(pixels), tuple(numbers))


def _near(lamps: Sequence[Lamp], width: int, height: int) -> dict[int, tuple[str, int]]:
    """Return what light falls on each pixel that any lamp reaches."""
    found: dict[int, tuple[str, int]] = {}
    for lamp in lamps:
        for y in range(max(0, lamp.y - lamp.radius_y), min(height, lamp.y + lamp.radius_y + 1)):
            for x in range(max(0, lamp.x - lamp.radius_x), min(width, lamp.x + lamp.radius_x + 1)):
                if y * width + x not in found:
                    found[y * width + x] = pool_at(lamps, x, y)
    return found


def _looks(palette: Palette, tone: Tone) -> tuple[Rgb, ...]:
    lit = [colour(palette, tone, time, own) for own in (False, True) for time in DAYTIMES]
    dark = [colour(palette, tone, time, own=False, darker=True) for time in DAYTIMES]
    return (*lit, *dark)


def _tables(pixels: bytes, looks: Sequence[tuple[Rgb, ...]]) -> Lit:
    black: Rgb = (0, 0, 0)
    columns = [(black, *(look[at] for look in looks)) for at in range(3 * len(DAYTIMES))]
    names = [*DAYTIMES, *(f"{time}+own" for time in DAYTIMES)]
    return Lit(
        pixels=pixels,
        tables=dict(zip(names, columns, strict=False)),
        shade=dict(zip(DAYTIMES, columns[2 * len(DAYTIMES) :], strict=True)),
    )


def people_tables(palette: Palette) -> dict[str, dict[str, list[Rgb]]]:
    """Return the colours of figures by time of day and by the light they stand in."""
    numbers = range(1, len(palette.names) + 1)
    return {
        time: {
            kind or "none": [(0, 0, 0), *(_worn(palette, number, kind, time) for number in numbers)]
            for kind in ("", *palette.pools)
        }
        for time in DAYTIMES
    }


def _worn(palette: Palette, number: int, kind: str, daytime: str) -> Rgb:
    """Return a colour on a person: people stay a little brighter than the room around them."""
    lit = colour(palette, Tone(number, 0, kind, 2 if kind else 0), daytime, own=True)
    plain = palette.rgb[number]
    red, green, blue = (clamp(a + (b - a) * PEOPLE_SHARE) for a, b in zip(lit, plain, strict=True))
    return red, green, blue
