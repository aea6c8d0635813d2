"""What other things stand on: grounds, bars, cards, rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from aios_desktop.ui.paint import Item, col, frame
from aios_desktop.ui.theme import current

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent


class Plain(QWidget):
    """A ground of one colour."""

    def __init__(self, fill: str = "bg", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = current()
        self.ground = fill

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill it."""
        QPainter(self).fillRect(event.rect(), self.theme.colour(self.ground))


class Strip(Plain):
    """A bar of fixed height over or under a page, with a line between."""

    def __init__(self, height: int, fill: str = "bg", *, line_on_top: bool = False) -> None:
        super().__init__(fill)
        self._on_top = line_on_top
        self.setFixedHeight(height)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill it and draw its line."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), self.theme.colour(self.ground))
        y = 0 if self._on_top else self.height() - self.theme.line
        painter.fillRect(0, y, self.width(), self.theme.line, self.theme.colour("line"))


class Card(QWidget):
    """A framed group. ``bar="lamp"`` marks a decision that waits for a person."""

    def __init__(
        self,
        *items: Item,
        pad: int = 16,
        gap: int = 8,
        fill: str = "surface",
        line: str = "line",
        bar: str = "",
    ) -> None:
        super().__init__()
        self.theme = current()
        self.ground, self.edge, self.bar = fill, line, bar
        self.lay = col(*items, gap=gap, m=(pad, pad - 2) if pad > 4 else pad, parent=self)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame, and the bar at its left."""
        del event
        painter = QPainter(self)
        frame(painter, self.rect(), self.theme, self.ground, self.edge)
        if self.bar:
            painter.fillRect(0, 2, 4, self.height() - 4, self.theme.colour(self.bar))


class Rule(QWidget):
    """A faint line between rows."""

    def __init__(self, color: str = "line") -> None:
        super().__init__()
        self.theme = current()
        self._role = color
        self.setFixedHeight(1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line."""
        QPainter(self).fillRect(event.rect(), self.theme.colour(self._role))
