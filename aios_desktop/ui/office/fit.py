"""Where the picture is in the widget: the largest whole zoom that fits, in the middle."""

from __future__ import annotations

import math
from typing import NamedTuple

from PySide6.QtCore import QPoint, QRect

Box = tuple[int, int, int, int]  # left, top, width, height in world pixels


class Fit(NamedTuple):
    """The place of the picture, in device pixels of the widget."""

    ratio: float  # device pixels a logical pixel
    zoom: int  # device pixels a world pixel
    left: int
    top: int
    width: int
    height: int

    @property
    def picture(self) -> QRect:
        """The whole picture in device pixels."""
        return QRect(self.left, self.top, self.width, self.height)

    @property
    def unit(self) -> int:
        """Device pixels for a pixel of the window's own lines and letters."""
        return max(1, round(self.ratio))

    def logical(self, box: Box) -> QRect:
        """Return the logical pixels of the widget that some world pixels touch."""
        x, y, width, height = (side * self.zoom for side in box)
        return self.in_widget(QRect(x, y, width, height))

    def in_widget(self, rect: QRect) -> QRect:
        """Return the logical pixels of the widget that some device pixels of the picture touch."""
        left, top = self.left + rect.x(), self.top + rect.y()
        if self.ratio == 1:
            return QRect(left, top, rect.width(), rect.height())
        # one device pixel more on each side: widgets may begin between two of them
        first_x, first_y = math.floor((left - 1) / self.ratio), math.floor((top - 1) / self.ratio)
        last_x = math.ceil((left + rect.width() + 1) / self.ratio)
        last_y = math.ceil((top + rect.height() + 1) / self.ratio)
        return QRect(first_x, first_y, last_x - first_x, last_y - first_y)

    def in_picture(self, point: QPoint) -> QPoint:
        """Return the device pixel of the picture under a logical pixel of the widget."""
        x, y = int(point.x() * self.ratio), int(point.y() * self.ratio)
        return QPoint(x - self.left, y - self.top)


def fit(widget: tuple[int, int], ratio: float, world: tuple[int, int]) -> Fit:
    """Return the place of a world of a size in a widget of a logical size."""
    across, down = widget[0] * ratio, widget[1] * ratio
    zoom = max(1, int(min(across / world[0], down / world[1]) + 1e-6))
    width, height = world[0] * zoom, world[1] * zoom
    return Fit(ratio, zoom, int((across - width) / 2), int((down - height) / 2), width, height)
