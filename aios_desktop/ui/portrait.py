"""The face of an agent: a piece of the office around its place, always in daylight."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from aios_desktop.ui import app_icon
from aios_desktop.ui.theme import current

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

CELLS: Final = 20
_OFFICE: Final = "aios_desktop.ui.office.view"  # loads the sprites, so only when it is painted


class Portrait(QWidget):
    """An agent at a whole multiple of its pixels; the text beside it says who it is."""

    def __init__(self, agent: str, scale: int = 3) -> None:
        super().__init__()
        self.theme = current()
        self._agent, self._scale = agent, scale
        self._made: tuple[float, QPixmap | None] | None = None
        self.setFixedSize(CELLS * scale + 2, CELLS * scale + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture in its frame, or the application's mark when there is none."""
        del event
        painter, box = QPainter(self), self.rect()
        dpr = self.devicePixelRatioF()
        if self._made is None or self._made[0] != dpr:
            self._made = dpr, _picture(self._agent, self._scale, dpr)
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


def _picture(agent: str, scale: int, dpr: float) -> QPixmap | None:
    """Ask the office for the picture; None when this agent has none."""
    try:
        find = importlib.import_module(_OFFICE).portrait
        made = find(agent, scale, dpr)
    except (ImportError, AttributeError, KeyError):
        return None
    if isinstance(made, QImage):
        made = QPixmap.fromImage(made)
    return made if isinstance(made, QPixmap) and not made.isNull() else None
