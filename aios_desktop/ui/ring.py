"""The score as a ring of square pixels; what is missing is checkered, one tone for each cause."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from aios_desktop.ui.paint import CENTRE
from aios_desktop.ui.theme import current

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

CELLS: Final = 41
_WALL: Final = 4.2
Lost = tuple[tuple[float, str], ...]  # points and colour role


class Ring(QWidget):
    """Score 0 to 100. The words inside are drawn; assistive technology reads the name."""

    def __init__(self, cell: int = 4) -> None:
        super().__init__()
        self.theme = current()
        self._cell = cell
        self._score: float | None = None
        self._lost: Lost = ()
        self._caption = ""
        self._tone = "idle"
        self._made: tuple[object, QPixmap] | None = None
        self.setFixedSize(CELLS * cell, CELLS * cell)

    def set_cell(self, cell: int) -> None:
        """Grow or shrink by whole pixels."""
        if cell != self._cell:
            self._cell = cell
            self.setFixedSize(CELLS * cell, CELLS * cell)

    def show_score(self, score: float | None, lost: Lost, caption: str, tone: str) -> None:
        """Show a score; None shows an empty ring and a question mark."""
        if (score, lost, caption, tone) == (self._score, self._lost, self._caption, self._tone):
            return
        self._score, self._lost, self._caption, self._tone = score, lost, caption, tone
        figure = "?" if score is None else str(round(score))
        self.setAccessibleName(f"{figure} {caption}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ring, kept from the last time where nothing changed, and the words."""
        del event
        painter, theme, scale = QPainter(self), self.theme, self.devicePixelRatioF()
        key = (theme.name, scale, self._cell, self._score, self._lost, self._tone)
        if self._made is None or self._made[0] != key:
            self._made = key, self._picture(scale)
        painter.drawPixmap(0, 0, self._made[1])
        painter.setPen(theme.colour("text"))
        painter.setFont(theme.font("hero"))
        figure = "?" if self._score is None else str(round(self._score))
        painter.drawText(self.rect().adjusted(0, -14, 0, -14), CENTRE, figure)
        painter.setFont(theme.font("small", 500))
        painter.setPen(theme.colour(f"{self._tone}_text"))
        painter.drawText(self.rect().adjusted(0, 44, 0, 20), CENTRE, self._caption)

    def _picture(self, scale: float) -> QPixmap:
        size = round(CELLS * self._cell * scale)
        edges = [round(at * size / CELLS) for at in range(CELLS + 1)]
        made = QPixmap(size, size)
        made.fill(self.theme.colour("surface"))
        painter = QPainter(made)
        middle, inner = (CELLS - 1) / 2, CELLS / 2 - _WALL
        for y in range(CELLS):
            for x in range(CELLS):
                if not inner <= math.hypot(x - middle, y - middle) < CELLS / 2:
                    continue
                turn = math.degrees(math.atan2(x - middle, middle - y)) % 360
                colour = self.theme.colour(self._role(turn / 3.6, is_odd=bool((x + y) % 2)))
                left, top = edges[x], edges[y]
                painter.fillRect(left, top, edges[x + 1] - left, edges[y + 1] - top, colour)
        painter.end()
        made.setDevicePixelRatio(scale)
        return made

    def _role(self, at: float, *, is_odd: bool) -> str:
        if self._score is None:
            return "line"
        if at < self._score:
            return self._tone
        end = self._score
        for points, tone in self._lost:
            end += points
            if at < end:
                return "surface" if is_odd else tone
        return "line"
