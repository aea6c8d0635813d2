"""Columns that scroll, with flat bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QFrame,
    QScrollArea,
    QScrollBar,
    QStyle,
    QStyleOptionSlider,
    QWidget,
)

from aios_desktop.ui.paint import frame
from aios_desktop.ui.theme import current

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent


class _ScrollBar(QScrollBar):
    """A flat bar: one block where the view is, no arrows."""

    def __init__(self, orientation: Qt.Orientation) -> None:
        super().__init__(orientation)
        self.theme = current()

    def sizeHint(self) -> QSize:
        """Return a slim bar."""
        hint = super().sizeHint()
        if self.orientation() == Qt.Orientation.Vertical:
            return QSize(10, hint.height())
        return QSize(hint.width(), 10)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the block where the view is."""
        del event
        if self.maximum() <= self.minimum():
            return
        painter = QPainter(self)
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        control, part = QStyle.ComplexControl.CC_ScrollBar, QStyle.SubControl.SC_ScrollBarSlider
        block = self.style().subControlRect(control, option, part, self)
        vertical = self.orientation() == Qt.Orientation.Vertical
        thin = block.adjusted(2, 0, -2, 0) if vertical else block.adjusted(0, 2, 0, -2)
        strong = self.underMouse() or self.isSliderDown()
        frame(painter, thin, self.theme, "text3" if strong else "edge")


def flat_bars(area: QAbstractScrollArea) -> None:
    """Give a scrolling widget the flat bars."""
    area.setVerticalScrollBar(_ScrollBar(Qt.Orientation.Vertical))
    area.setHorizontalScrollBar(_ScrollBar(Qt.Orientation.Horizontal))


class Scroll(QScrollArea):
    """A column that scrolls by itself, up and down only, on the page's ground.

    Its bar has its own room of 10 px at the right, seen only while there is more below.
    """

    def __init__(self, inside: QWidget) -> None:
        super().__init__()
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        flat_bars(self)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setAutoFillBackground(False)
        self.setWidget(inside)
        inside.setAutoFillBackground(False)
