"""Draws the office in device pixels: everything is scaled once, by a whole number, and kept.

The background is one picture with all furniture in it. People are drawn over it in the order of
their depth, and of the furniture only what stands in front of somebody is drawn again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap

from aios_desktop.ui.office.pictures import enlarge
from aios_desktop.ui.tokens import PALETTE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aios_desktop.office.people import Figure
    from aios_desktop.ui.office.artwork import Artwork
    from aios_desktop.ui.office.fit import Box

BUBBLE_ZOOM: Final = 2  # below it bubbles are unreadable
HEAD: Final = 25  # a bubble's tail ends so far above the feet
SMOKE: Final = 22  # smoke rises from so far above the feet
OWN_LAMP: Final = "desk_lamp_on"
KEPT: Final = 600  # so many drawings are kept before all are made anew
_SHADOW: Final = ((1, 1, 11, 3), (0, 2, 13, 1), (3, 0, 7, 1), (3, 4, 7, 1))
_SHADOW_SIZE: Final = (13, 5)
Key = tuple[int, str, bool, int]  # zoom, time of day, own lamp, the hour in twelfths


class Stage:
    """The pictures for one zoom, one time of day and one state of the own lamp."""

    def __init__(self, art: Artwork, key: Key) -> None:
        self.key = key
        self.zoom, self.daytime, self.own, twelfths = key
        self._art = art
        room = art.office(self.daytime, own=self.own, hour=twelfths / 12)
        self._room = enlarge(room, self.zoom)
        self._shade: QImage | None = None
        self._shadows: dict[tuple[int, int], QPixmap] = {}
        self._fronts: dict[int, QPixmap] = {}
        self._before: dict[tuple[int, int, int], tuple[int, ...]] = {}
        self._frames: dict[tuple[str, str, int, bool, str], QPixmap] = {}
        self._sprites: dict[tuple[str, int], QPixmap] = {}

    def paint(self, painter: QPainter, left: int, top: int, figures: Sequence[Figure]) -> None:
        """Draw room, people, smoke and bubbles; the painter counts device pixels."""
        painter.drawPixmap(left, top, self._room)
        zoom = self.zoom
        for figure in figures:
            if figure.shadow:
                x, y = figure.x - _SHADOW_SIZE[0] // 2, figure.y - _SHADOW_SIZE[1] // 2
                painter.drawPixmap(left + x * zoom, top + y * zoom, self._shadow(x, y))
        anchor_x, anchor_y = self._art.anchor
        for _, number in self._order(figures):
            if number < len(figures):
                figure = figures[number]
                x, y, picture = figure.x - anchor_x, figure.y - anchor_y, self._frame(figure)
            else:
                x, y, picture = self._front(number - len(figures))
            painter.drawPixmap(left + x * zoom, top + y * zoom, picture)
        if self.own:
            x, y = self._art.own_lamp
            painter.drawPixmap(left + x * zoom, top + y * zoom, self._sprite(OWN_LAMP, 0))
        for figure in figures:
            self._paint_above(painter, left, top, figure)

    def _paint_above(self, painter: QPainter, left: int, top: int, figure: Figure) -> None:
        """Draw smoke and bubble, which shine by themselves."""
        above = []
        if figure.smoke >= 0:
            above.append(("smoke", figure.smoke, _smoke_at(figure)))
        if figure.bubble and self.zoom >= BUBBLE_ZOOM:
            above.append((figure.bubble, figure.bubble_frame, _bubble_at(figure)))
        for name, frame, (x, y) in above:
            anchor_x, anchor_y = self._art.sprites[name].anchor
            at_x, at_y = left + (x - anchor_x) * self.zoom, top + (y - anchor_y) * self.zoom
            painter.drawPixmap(at_x, at_y, self._sprite(name, frame))

    def _order(self, figures: Sequence[Figure]) -> list[tuple[int, int]]:
        """Return what to draw: numbers of figures, then (counted on) of furniture before them."""
        count = len(figures)
        order = [(figure.depth, number) for number, figure in enumerate(figures)]
        wanted = {number for figure in figures for number in self._in_front_of(figure)}
        order += [(self._art.fronts[number].foot, count + number) for number in wanted]
        order.sort()
        return order

    def _in_front_of(self, figure: Figure) -> tuple[int, ...]:
        """Return the furniture that stands before somebody."""
        key = (figure.x, figure.y, figure.depth)
        found = self._before.get(key)
        if found is None:
            if len(self._before) >= KEPT:
                self._before.clear()
            body = QRect(*body_of(figure))
            found = self._before[key] = tuple(
                number
                for number, front in enumerate(self._art.fronts)
                if front.foot > figure.depth and front.rect.intersects(body)
            )
        return found

    def _shadow(self, x: int, y: int) -> QPixmap:
        """Return a contact shadow: the darker room, cut to an ellipse."""
        found = self._shadows.get((x, y))
        if found is None:
            if self._shade is None:
                self._shade = self._art.shade(self.daytime)
            if len(self._shadows) >= KEPT:
                self._shadows.clear()
            image = QImage(*_SHADOW_SIZE, QImage.Format.Format_ARGB32_Premultiplied)
            image.fill(0)
            painter = QPainter(image)
            for dx, dy, width, height in _SHADOW:
                painter.drawImage(dx, dy, self._shade, x + dx, y + dy, width, height)
            painter.end()
            found = self._shadows[x, y] = enlarge(image, self.zoom)
        return found

    def _front(self, number: int) -> tuple[int, int, QPixmap]:
        """Return where a piece of furniture stands, and its picture."""
        if number not in self._fronts:
            cut = self._art.front(number, self.daytime, own=self.own)
            self._fronts[number] = enlarge(cut, self.zoom)
        rect = self._art.fronts[number].rect
        return rect.x(), rect.y(), self._fronts[number]

    def _frame(self, figure: Figure) -> QPixmap:
        """Return the drawing of somebody."""
        light = "none" if figure.light == "own" and not self.own else figure.light
        key = (figure.persona, figure.anim, figure.frame, figure.flip, light)
        found = self._frames.get(key)
        if found is None:
            if len(self._frames) >= KEPT:
                self._frames.clear()
            image = self._art.figure(figure.persona, figure.anim, figure.frame, self.daytime, light)
            if figure.flip:
                image = image.flipped(Qt.Orientation.Horizontal)
            found = self._frames[key] = enlarge(image, self.zoom)
        return found

    def _sprite(self, name: str, frame: int) -> QPixmap:
        key = (name, frame)
        found = self._sprites.get(key)
        if found is None:
            found = self._sprites[key] = enlarge(self._art.sprite(name, frame), self.zoom)
        return found


def body_of(figure: Figure) -> Box:
    """Return the world pixels that somebody and their shadow take."""
    return figure.x - 8, figure.y - 23, 16, 26


def _bubble_at(figure: Figure) -> tuple[int, int]:
    """Return the world pixel that a bubble's tail points from; smoke pushes it aside."""
    aside = 14 if figure.smoke >= 0 else 0
    return figure.x + aside, figure.y - HEAD - figure.bubble_lift


def _smoke_at(figure: Figure) -> tuple[int, int]:
    """Return the world pixel that smoke rises from."""
    return figure.x - 2, figure.y - SMOKE


def extent_of(figure: Figure) -> Box:
    """Return the world pixels of somebody with all that floats above them."""
    left, top, width, height = body_of(figure)
    right, bottom = left + width, top + height
    if figure.bubble:
        x, y = _bubble_at(figure)
        left, top, right = min(left, x - 6), min(top, y - 11), max(right, x + 7)
    if figure.smoke >= 0:
        x, y = _smoke_at(figure)
        left, top, right = min(left, x - 12), min(top, y - 35), max(right, x + 12)
    return left, top, right - left, bottom - top


def paint_frame(painter: QPainter, widget: QRect, picture: QRect, edge: int, page: QColor) -> None:
    """Draw the page around the picture, and its dark frame with the corners cut off."""
    frame = picture.adjusted(-edge, -edge, edge, edge)
    for rect in _between(widget, frame):
        painter.fillRect(rect, page)
    ink = QColor(PALETTE["ink"])
    for rect in _between(frame, picture):
        painter.fillRect(rect, ink)
    for x in (frame.left(), picture.right() + 1):
        for y in (frame.top(), picture.bottom() + 1):
            painter.fillRect(x, y, edge, edge, page)


def _between(outer: QRect, inner: QRect) -> tuple[QRect, ...]:
    """Return what lies in one rectangle and outside another, as up to four rectangles."""
    inner = inner.intersected(outer)
    left, right = outer.left(), outer.right() + 1
    above = QRect(left, outer.top(), outer.width(), inner.top() - outer.top())
    below = QRect(left, inner.bottom() + 1, outer.width(), outer.bottom() - inner.bottom())
    before = QRect(left, inner.top(), inner.left() - left, inner.height())
    after = QRect(inner.right() + 1, inner.top(), right - inner.right() - 1, inner.height())
    return tuple(rect for rect in (above, below, before, after) if not rect.isEmpty())
