"""What stands inside a scroll area: a column whose height follows its width."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget


class Column(QWidget):
    """A widget that a scroll area makes just as high as its wrapped texts need.

    Without this the area takes the least height of each text for any width, which is too much.
    """

    def minimumSizeHint(self) -> QSize:
        """Return the least width; the height is asked for by width."""
        return QSize(super().minimumSizeHint().width(), 0)
