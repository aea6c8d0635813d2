"""What stands where nothing is: a piece of the office, what, why, and one way on."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from aios_desktop.ui.portrait import Piece
from aios_desktop.ui.widgets import Button, Text, col, row

_CENTRE = Qt.AlignmentFlag.AlignCenter


class Empty(QWidget):
    """One line what, one line why, one button; ``pressed`` tells that it was pressed."""

    pressed = Signal()

    def __init__(self, piece: str, title: str, text: str, button: str) -> None:
        super().__init__()
        self._title = Text(title, "section", wrap=True)
        self._text = Text(text, "body", "text2", wrap=True)
        for label in (self._title, self._text):
            label.setAlignment(_CENTRE)
        self.button = Button(button, "plain", small=True)
        self.button.clicked.connect(self.pressed)
        col(
            None,
            row(None, Piece(piece), None),
            8,
            self._title,
            self._text,
            4,
            row(None, self.button, None),
            None,
            gap=4,
            m=24,
            parent=self,
        )

    def say(self, title: str, text: str, button: str) -> None:
        """Show other words."""
        self._title.set(title)
        self._text.set(text)
        if button != self.button.text():
            self.button.setText(button)
            self.button.updateGeometry()
