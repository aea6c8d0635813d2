"""What changed, line by line; the sign stands in a column of its own, not in the colour alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from aios_desktop.i18n import ngettext
from aios_desktop.ui.exact import Exact
from aios_desktop.ui.theme import current
from aios_desktop.ui.widgets import Card, Text, row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QPaintEvent

    from aios_desktop.runtime.views import Change

MOST: Final = 200
_SIGNS: Final = {"-": ("−", "bad_text", "bad_soft"), "+": ("+", "ok_text", "ok_soft")}


class _Line(QWidget):
    """One line on its ground."""

    def __init__(self, change: Change) -> None:
        super().__init__()
        self.theme = current()
        shown, ink, self._ground = _SIGNS.get(change.sign, ("", "text2", ""))
        sign = Text(shown, "small", ink, fixed=True)
        sign.setFixedWidth(12)
        line = Exact(change.text, "text" if self._ground else "text2")
        made = row(sign, line, gap=6, m=(10, 2, 10, 2), parent=self)
        made.setAlignment(sign, Qt.AlignmentFlag.AlignTop)
        made.setStretch(1, 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill the ground."""
        if self._ground:
            QPainter(self).fillRect(event.rect(), self.theme.colour(self._ground))


class Diff(Card):
    """The lines in a frame."""

    def __init__(self, changes: Sequence[Change]) -> None:
        lines: list[QWidget] = [_Line(change) for change in changes[:MOST]]
        if len(changes) > MOST:
            more = len(changes) - MOST
            text = ngettext("{n} more line", "{n} more lines", more).format(n=f"{more:,}")
            lines.append(Text(text, "small", "text2"))
            lines[-1].setContentsMargins(28, 2, 10, 2)
        super().__init__(*lines, pad=1, gap=0, fill="sunken")
        side = self.theme.line
        self.lay.setContentsMargins(side, 4, side, 4)
