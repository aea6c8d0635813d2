"""Pieces of the office on other pages: the face of an agent, the picture of an empty page.

The sprites are read when the first of them is painted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from aios_desktop.ui import app_icon
from aios_desktop.ui.theme import current

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent, QPixmap

CELLS: Final = 20
PIECE: Final = (64, 32)


class Portrait(QWidget):
    """An agent at a whole multiple of its pixels; the text beside it says who it is."""

    def __init__(self, agent: str, scale: int = 3) -> None:
        super().__init__()
        self.theme = current()
        self._agent, self._scale = agent, scale
        self._made: tuple[float, QPixmap | None] | None = None
        self.setFixedSize(CELLS * scale + 2, CELLS * scale + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture in its frame, or the application's mark for somebody unknown."""
        del event
        painter, box = QPainter(self), self.rect()
        dpr = self.devicePixelRatioF()
        if self._made is None or self._made[0] != dpr:
            self._made = dpr, _face(self._agent, self._scale, dpr)
        picture = self._made[1]
        painter.fillRect(box, self.theme.colour("frame"))
        inside = box.adjusted(1, 1, -1, -1)
        if picture is not None:
            painter.drawPixmap(inside, picture)
        else:
            painter.fillRect(inside, self.theme.colour("sunken"))
            side = app_icon.GRID * (inside.width() // app_icon.GRID)
            gap = (inside.width() - side) // 2
            app_icon.draw(painter, inside.x() + gap, inside.y() + gap, side)
        ground = self.theme.colour("surface")
        for x in (0, box.width() - 2):
            for y in (0, box.height() - 2):
                painter.fillRect(QRect(x, y, 2, 2), ground)


class Piece(QWidget):
    """A piece of the office, by day in light themes and by night in dark ones."""

    def __init__(self, name: str, scale: int = 3) -> None:
        super().__init__()
        self.theme = current()
        self._name, self._scale = name, scale
        self._made: tuple[float, str, QPixmap] | None = None
        self.setFixedSize(PIECE[0] * scale, PIECE[1] * scale)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture."""
        del event
        dpr, daytime = self.devicePixelRatioF(), "night" if self.theme.is_dark else "day"
        if self._made is None or self._made[:2] != (dpr, daytime):
            from aios_desktop.ui.office import pictures  # noqa: PLC0415  reads the sprites

            picture = pictures.empty_piece(self._name, self._scale, dpr, daytime)
            self._made = dpr, daytime, picture
        QPainter(self).drawPixmap(self.rect(), self._made[2])


def _face(agent: str, scale: int, dpr: float) -> QPixmap | None:
    """Ask the office for a face; None when this agent has none."""
    from aios_desktop.ui.office import pictures  # noqa: PLC0415  reads the sprites

    try:
        return pictures.portrait(agent, scale, dpr)
    except KeyError:
        return None
