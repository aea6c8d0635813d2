"""The palette: 32 colours, their neighbours for shadow and sun, and the light of the day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spritekit.maps import Table

Rgb = tuple[int, int, int]
DAYTIMES = ("dawn", "day", "dusk", "night")
POOLS = ("screen", "lamp", "own")
LEVELS = 3


@dataclass(frozen=True, slots=True)
class Light:
    """Ambient light at one time of day."""

    hours: tuple[int, int]
    multiply: tuple[float, float, float]
    add: tuple[float, float, float]
    saturation: float
    pools: float

    def shine(self, colour: Rgb) -> Rgb:
        """Return the colour in this light, away from all lamps."""
        grey = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]
        parts = (grey + (value - grey) * self.saturation for value in colour)
        mixed = (p * m + a for p, m, a in zip(parts, self.multiply, self.add, strict=True))
        red, green, blue = (clamp(value) for value in mixed)
        return red, green, blue


@dataclass(frozen=True, slots=True)
class Pool:
    """What the light of a lamp or a screen does to the colours in it."""

    strength: float
    tint: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours by number: 0 is transparent, 1 to 32 the palette, the rest changes with the day."""

    names: tuple[str, ...]
    rgb: tuple[Rgb, ...]  # by number, entry 0 unused
    darker: bytes
    lighter: bytes
    letters: Mapping[str, int]
    inks: Mapping[int, Mapping[str, int]]  # number -> daytime -> colour number
    lights: Mapping[str, Light]
    pools: Mapping[str, Pool]

    def number(self, name: str) -> int:
        """Return the number of a colour. Raises KeyError for a name that is not in the palette."""
        try:
            return self.names.index(name) + 1
        except ValueError:
            raise KeyError(name) from None

    def at(self, number: int, daytime: str) -> int:
        """Return the palette colour of a number at a time of day."""
        return self.inks[number][daytime] if number in self.inks else number


def read_palette(table: Table) -> Palette:
    """Read ``palette.toml``. Raises Fault for anything that does not fit."""
    colours = table.section("colours")
    if len(colours) != 32:
        raise table.fault("[colours]", f"{len(colours)} colours, 32 expected")
    names = tuple(colours)
    letters: dict[str, int] = {}
    for index, name in enumerate(names, 1):
        _letter(table, letters, name, colours[name], index)
    numbers = {name: index for index, name in enumerate(names, 1)}
    inks: dict[int, dict[str, int]] = {}
    for index, (name, ink) in enumerate(table.section("inks").items(), len(names) + 1):
        _letter(table, letters, name, ink, index)
        inks[index] = {time: _colour(table, numbers, name, ink, time) for time in DAYTIMES}
    own = bytes(range(len(names) + 1, len(names) + 1 + len(inks)))
    return Palette(
        names=names,
        rgb=((0, 0, 0), *(_rgb(table, name, colours[name].get("rgb", "")) for name in names)),
        darker=bytes([0, *(_colour(table, numbers, n, colours[n], "darker") for n in names)]) + own,
        lighter=bytes([0, *(_colour(table, numbers, n, colours[n], "lighter") for n in names)])
        + own,
        letters=letters,
        inks=inks,
        lights={name: _light(table, name) for name in DAYTIMES},
        pools={name: _pool(table, name) for name in POOLS},
    )


def clamp(value: float) -> int:
    """Bring a colour part into 0 to 255."""
    return max(0, min(255, int(value)))


def _letter(
    table: Table, letters: dict[str, int], name: str, entry: Mapping[str, Any], index: int
) -> None:
    letter = entry.get("letter", "")
    if len(letter) != 1 or letter in letters or letter in ".; ":
        raise table.fault(f"{name} ", f"{name}: needs one letter of its own, not {letter!r}")
    letters[letter] = index


def _colour(
    table: Table, numbers: Mapping[str, int], name: str, entry: Mapping[str, Any], key: str
) -> int:
    wanted = entry.get(key, "")
    if wanted not in numbers:
        raise table.fault(f"{name} ", f"{name}: {key} = {wanted!r} is not in the palette")
    return numbers[wanted]


def _rgb(table: Table, name: str, text: str) -> Rgb:
    try:
        red, green, blue = bytes.fromhex(text.removeprefix("#"))
    except ValueError:
        raise table.fault(f"{name} ", f"{name}: {text!r} is not a colour like #1c1829") from None
    return red, green, blue


def _three(table: Table, where: str, values: object) -> tuple[float, float, float]:
    if not isinstance(values, list) or len(values) != 3:
        raise table.fault(f"[{where}]", f"[{where}]: three numbers expected, not {values!r}")
    red, green, blue = (float(value) for value in values)
    return red, green, blue


def _light(table: Table, name: str) -> Light:
    entry = table.section("light").get(name, {})
    where = f"light.{name}"
    try:
        first, last = entry["hours"]
        return Light(
            hours=(int(first), int(last)),
            multiply=_three(table, where, entry["multiply"]),
            add=_three(table, where, entry["add"]),
            saturation=float(entry["saturation"]),
            pools=float(entry["pools"]),
        )
    except (KeyError, ValueError) as error:
        raise table.fault(f"[{where}]", f"[{where}]: {error} is missing or wrong") from error


def _pool(table: Table, name: str) -> Pool:
    entry = table.section("pool").get(name, {})
    where = f"pool.{name}"
    try:
        return Pool(float(entry["strength"]), _three(table, where, entry["tint"]))
    except KeyError as error:
        raise table.fault(f"[{where}]", f"[{where}]: {error} is missing") from error
