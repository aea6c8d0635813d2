"""A drawing surface of colour numbers: every pixel stays in the palette by construction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spritekit.maps import CLEAR
from spritekit.palette import Palette

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from spritekit.maps import TextMap

GLOW = 1  # shines by itself: keeps its day colour
SUN = 2  # in a sun patch as long as there is sun
Rect = tuple[int, int, int, int]


@dataclass(slots=True)
class Canvas:
    """Colour numbers and light marks, row by row."""

    palette: Palette
    width: int
    height: int
    ink: bytearray = field(init=False)
    mark: bytearray = field(init=False)

    def __post_init__(self) -> None:
        self.ink = bytearray(self.width * self.height)
        self.mark = bytearray(self.width * self.height)

    def put(self, x: int, y: int, number: int, mark: int = 0) -> None:
        """Set one pixel; outside the surface nothing happens."""
        if 0 <= x < self.width and 0 <= y < self.height:
            at = y * self.width + x
            self.ink[at] = number
            self.mark[at] = mark

    def fill(self, rect: Rect, colour: str) -> None:
        """Fill a rectangle with a colour of the palette."""
        number = self.palette.number(colour)
        for x, y in self._inside(rect):
            self.put(x, y, number)

    def row(self, x: int, y: int, width: int, colour: str) -> None:
        """Draw a horizontal line."""
        self.fill((x, y, width, 1), colour)

    def column(self, x: int, y: int, height: int, colour: str) -> None:
        """Draw a vertical line."""
        self.fill((x, y, 1, height), colour)

    def shade(self, rect: Rect) -> None:
        """Darken a rectangle by one step."""
        for x, y in self._inside(rect):
            self._darken(x, y)

    def shadow(self, centre_x: int, centre_y: int, radius_x: int, radius_y: int) -> None:
        """Darken an ellipse by one step: the contact shadow under a thing."""
        rect = (centre_x - radius_x, centre_y - radius_y, 2 * radius_x + 1, 2 * radius_y + 1)
        for x, y in self._inside(rect):
            across = (x - centre_x) / (radius_x + 0.5)
            down = (y - centre_y) / (radius_y + 0.5)
            if across * across + down * down <= 1:
                self._darken(x, y)

    def sun(self, x: int, y: int) -> None:
        """Mark a pixel as lying in the sun."""
        if 0 <= x < self.width and 0 <= y < self.height:
            self.mark[y * self.width + x] |= SUN

    def stamp(
        self, picture: TextMap, x: int, y: int, letters: Mapping[str, int], glow: str = ""
    ) -> None:
        """Copy a text map with its upper left corner at ``x``, ``y``."""
        for down, line in enumerate(picture.rows):
            for across, letter in enumerate(line):
                if letter != CLEAR:
                    self.put(x + across, y + down, letters[letter], GLOW if letter in glow else 0)

    def _darken(self, x: int, y: int) -> None:
        at = y * self.width + x
        self.ink[at] = self.palette.darker[self.ink[at]]

    def _inside(self, rect: Rect) -> Iterator[tuple[int, int]]:
        left, top, width, height = rect
        for y in range(max(0, top), min(self.height, top + height)):
            for x in range(max(0, left), min(self.width, left + width)):
                yield x, y
