"""The compiled pictures, at one screen pixel a world pixel, in the light of any time of day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter

from aios_desktop.office import layout as offices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aios_desktop.office.layout import Layout, Place

OPAQUE: Final = 0xFF000000
PORTRAIT: Final = 20  # world pixels across
INK: Final = 1  # the number of the palette's darkest colour


class Front(NamedTuple):
    """A piece of furniture that people can be behind, and where its cut-out is stored."""

    rect: QRect  # in the office
    foot: int
    stored: QRect  # in the picture


class Sprite(NamedTuple):
    """A loose picture: bubble, smoke, pip, lamp."""

    rects: tuple[QRect, ...]
    anchor: tuple[int, int]


class Artwork:
    """The two pictures and what their descriptions say; read once, about 4 ms."""

    def __init__(self) -> None:
        folder = offices.folder()
        self._office_raw = offices.read_json("office.json")
        self._atlas_raw = offices.read_json("atlas.json")
        self._office = QImage(str(folder / "office.png"))
        self._atlas = QImage(str(folder / "atlas.png"))
        if self._office.isNull() or self._atlas.isNull():
            raise FileNotFoundError(str(folder))
        self.layout: Layout = offices.load_layout(self._office_raw, self._atlas_raw)
        self.fronts = tuple(_front(row) for row in self._office_raw["fronts"])
        self.sprites = {
            name: Sprite(tuple(QRect(*rect) for rect in raw["rects"]), tuple(raw["anchor"]))
            for name, raw in self._atlas_raw["sprites"].items()
        }
        self.own_lamp: tuple[int, int] = tuple(self._office_raw["own_lamp"])
        self.own_plate: tuple[int, int] = tuple(self._office_raw["own_plate"])
        people = self._atlas_raw["people"]
        self.frame_size: tuple[int, int] = tuple(people["frame"])
        self.anchor: tuple[int, int] = tuple(people["anchor"])

    def office(self, daytime: str, *, own: bool, hour: float | None = None) -> QImage:
        """Return the office without people; ``own`` lights the lamp on the own desk."""
        width, height = self.layout.size
        lit = self._lit(self._office_raw["tables"][f"{daytime}+own" if own else daytime])
        room = lit.copy(0, 0, width, height).convertToFormat(QImage.Format.Format_RGB32)
        if hour is not None:
            self._set_clock(room, daytime, hour)
        return room

    def shade(self, daytime: str) -> QImage:
        """Return the office one step darker: the shadows of people are cut from it."""
        width, height = self.layout.size
        dark = self._lit(self._office_raw["shade"][daytime])
        return dark.copy(0, 0, width, height).convertToFormat(QImage.Format.Format_RGB32)

    def front(self, number: int, daytime: str, *, own: bool) -> QImage:
        """Return the cut-out of a piece of furniture."""
        cut = self._office.copy(self.fronts[number].stored)
        return _recolour(cut, self._office_raw["tables"][f"{daytime}+own" if own else daytime])

    def figure(self, persona: str, anim: str, frame: int, daytime: str, light: str) -> QImage:
        """Return one drawing of somebody; frame -1 is the one with closed eyes."""
        people: Mapping[str, Any] = self._atlas_raw["people"]
        entry = people["anims"][anim]
        cell = entry["blink"] if frame < 0 else entry["cells"][frame]
        line, column = divmod(cell, people["columns"])
        step_x, step_y = people["step"]
        gutter = people["gutter"]
        row = people["rows"][persona] * people["lines"] + line
        rect = QRect(column * step_x + gutter, row * step_y + gutter, *self.frame_size)
        return _recolour(self._atlas.copy(rect), self._atlas_raw["light"][daytime][light])

    def sprite(self, name: str, frame: int = 0) -> QImage:
        """Return a bubble, smoke, pip or lamp: they shine by themselves at any time of day."""
        rect = self.sprites[name].rects[frame]
        return _recolour(self._atlas.copy(rect), self._atlas_raw["light"]["day"]["none"])

    def portrait(self, persona: str) -> QImage:
        """Return somebody's face in front of their own place, in daylight."""
        place = self._home(persona)
        x, y = place.at
        left, top = x - PORTRAIT // 2, y - self.anchor[1] - 2
        picture = self.office("day", own=False).copy(left, top, PORTRAIT, PORTRAIT)
        painter = QPainter(picture)
        corner = ((PORTRAIT - self.frame_size[0]) // 2, 2)
        painter.drawImage(*corner, self.figure(persona, "idle_d", 0, "day", "none"))
        painter.end()
        return picture

    def piece(self, name: str, daytime: str = "day") -> QImage:
        """Return a piece of the office by name. Raises KeyError when there is none."""
        return self.office(daytime, own=False).copy(QRect(*self._office_raw["pieces"][name]))

    def _home(self, persona: str) -> Place:
        places = self.layout.places
        own = [place for place in places if place.owner == persona]
        guests = [place for place in places if place.kind == "desk" and not place.owner]
        return (own or guests)[0]

    def _lit(self, table: str) -> QImage:
        return _recolour(self._office.copy(), table)

    def _set_clock(self, room: QImage, daytime: str, hour: float) -> None:
        x, y = self._office_raw["clock"]
        ink = _colours(self._atlas_raw["light"][daytime]["lamp"])
        room.setPixel(x, y, ink[INK])
        for dx, dy in clock_hands(hour):
            room.setPixel(x + dx, y + dy, ink[INK])


def clock_hands(hour: float) -> tuple[tuple[int, int], ...]:
    """Return the pixels of both hands around the middle of the clock's face."""
    return (*_hand(hour % 12 / 12, 2), *_hand(hour % 1, 4))


def _hand(turn: float, length: int) -> tuple[tuple[int, int], ...]:
    """Return the pixels of a hand that points in one of twelve directions."""
    ends = ((0, -4), (2, -3), (3, -2), (4, 0), (3, 2), (2, 3))
    twelfth = round(turn * 12) % 12
    x, y = ends[twelfth % 6]
    sign = 1 if twelfth < 6 else -1
    return tuple(
        (round(sign * x * step / 4), round(sign * y * step / 4)) for step in range(1, length + 1)
    )


def _front(row: list[int]) -> Front:
    x, y, width, height, foot, stored_x, stored_y = row
    return Front(QRect(x, y, width, height), foot, QRect(stored_x, stored_y, width, height))


def _colours(table: str) -> list[int]:
    """Return the colour table of a picture; entry 0 is transparent."""
    raw = bytes.fromhex(table)
    values = (
        OPAQUE | raw[at] << 16 | raw[at + 1] << 8 | raw[at + 2] for at in range(3, len(raw), 3)
    )
    return [0, *values]


def _recolour(picture: QImage, table: str) -> QImage:
    """Give a picture of indices another colour table."""
    picture.setColorTable(_colours(table))
    return picture
