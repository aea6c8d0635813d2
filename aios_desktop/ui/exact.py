"""A command shown exactly as it is: never cut, broken anywhere when it is too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QPainter, QTextLayout, QTextOption
from PySide6.QtWidgets import QSizePolicy

from aios_desktop.ui.plain import visible
from aios_desktop.ui.widgets import Text

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

_LEAST = 60


class Exact(Text):
    """A line in the font for what a machine reads; characters that hide are written out."""

    def __init__(self, text: str, color: str = "text") -> None:
        super().__init__(visible(text), "small", color, fixed=True)
        self._role = color
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:
        """Say that the height follows the width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height that the broken lines take."""
        return max(self.fontMetrics().height(), self._layout(width)[1])

    def sizeHint(self) -> QSize:
        """Return the size of the whole text in one line."""
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text()) + 2, metrics.height())

    def minimumSizeHint(self) -> QSize:
        """Return a width of some letters: lines can be broken anywhere."""
        return QSize(_LEAST, self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the broken lines."""
        del event
        painter = QPainter(self)
        painter.setPen(self.theme.colour(self._role))
        self._layout(self.width())[0].draw(painter, QPointF(0, 0))

    def _layout(self, width: int) -> tuple[QTextLayout, int]:
        """Break the text; return the layout and its height."""
        layout = QTextLayout(self.text(), self.font())
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.beginLayout()
        height = 0.0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(width, _LEAST))
            line.setPosition(QPointF(0, height))
            height += line.height()
        layout.endLayout()
        return layout, round(height + 0.49)
