"""What all widgets of ours draw with: frames with cut corners, rows and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from aios_desktop.ui import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtCore import QRect
    from PySide6.QtGui import QPainter

    from aios_desktop.ui.theme import Theme

# Qt's alignment flags as the numbers that drawText takes: touching the Qt namespace costs 15 ms
LEFT: Final = 0x0081
RIGHT: Final = 0x0082
CENTRE: Final = 0x0084
WRAP: Final = 0x1000
MNEMONIC: Final = 0x0800

Item = QWidget | QLayout | int | None  # a number is a gap, None takes the room that is left
Margins = int | tuple[int, int] | tuple[int, int, int, int]


def frame(
    painter: QPainter,
    box: QRect,
    theme: Theme,
    fill: str = "",
    line: str = "",
    width: int = 0,
) -> None:
    """Draw a rectangle with a 2 px square cut from each corner: the window's share of the look.

    ``fill`` and ``line`` are colour roles, empty for none; ``width`` 0 is the theme's.
    """
    cut = tokens.CUT
    x, y, w, h = box.x(), box.y(), box.width(), box.height()
    if fill:
        colour = theme.colour(fill)
        painter.fillRect(x + cut, y, w - 2 * cut, h, colour)
        painter.fillRect(x, y + cut, cut, h - 2 * cut, colour)
        painter.fillRect(x + w - cut, y + cut, cut, h - 2 * cut, colour)
    if not line:
        return
    thick, colour = width or theme.line, theme.colour(line)
    painter.fillRect(x + cut, y, w - 2 * cut, thick, colour)
    painter.fillRect(x + cut, y + h - thick, w - 2 * cut, thick, colour)
    painter.fillRect(x, y + cut, thick, h - 2 * cut, colour)
    painter.fillRect(x + w - thick, y + cut, thick, h - 2 * cut, colour)
    dot = cut - thick or thick  # the step that joins two sides
    for corner_x in (x + thick, x + w - cut):
        for corner_y in (y + thick, y + h - cut):
            painter.fillRect(corner_x, corner_y, dot, dot, colour)


def margins(layout: QLayout, values: Margins) -> None:
    """Set margins: one for all, two for sides and ends, or left, top, right, bottom."""
    if isinstance(values, int):
        layout.setContentsMargins(values, values, values, values)
    elif len(values) == 2:
        layout.setContentsMargins(values[0], values[1], values[0], values[1])
    else:
        layout.setContentsMargins(*values)


def row(*items: Item, gap: int = 8, m: Margins = 0, parent: QWidget | None = None) -> QHBoxLayout:
    """Put items side by side; with ``parent`` as that widget's layout."""
    layout = QHBoxLayout(parent) if parent is not None else QHBoxLayout()
    fill(layout, items, gap, m)
    return layout


def col(*items: Item, gap: int = 8, m: Margins = 0, parent: QWidget | None = None) -> QVBoxLayout:
    """Put items below each other; with ``parent`` as that widget's layout."""
    layout = QVBoxLayout(parent) if parent is not None else QVBoxLayout()
    fill(layout, items, gap, m)
    return layout


def fill(layout: QBoxLayout, items: Iterable[Item], gap: int = 8, m: Margins = 0) -> None:
    """Add items to a row or column."""
    layout.setSpacing(gap)
    margins(layout, m)
    for item in items:
        if item is None:
            layout.addStretch(1)
        elif isinstance(item, int):
            layout.addSpacing(item)
        elif isinstance(item, QLayout):
            layout.addLayout(item)
        else:
            layout.addWidget(item)


def clear(layout: QLayout) -> None:
    """Take everything out of a layout and let its widgets go."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear(inner)
            inner.deleteLater()
