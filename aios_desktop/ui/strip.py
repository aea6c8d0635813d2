"""The last hour under the office: the score as a skyline, what happened in a lane above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from aios_desktop.i18n import _
from aios_desktop.ui import icons, words
from aios_desktop.ui.paint import CENTRE, LEFT, frame
from aios_desktop.ui.theme import current

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QPaintEvent

    from aios_desktop.runtime.views import Series
    from aios_desktop.ui.signs import Sign

STEP: Final = 4
LANE: Final = 20
FOOT: Final = 26
SIDE: Final = 16
NOW: Final = 72
WATCH: Final = 70.0
ALARM: Final = 50.0
TEN_MINUTES: Final = 600


class ScoreStrip(QWidget):
    """A skyline of real scores; columns without a score stay empty."""

    def __init__(self, span: float = 3600.0) -> None:
        super().__init__()
        self.theme = current()
        self._span = span
        self._now = 0.0
        self._series: Series | None = None
        self._signs: tuple[Sign, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(_("Score of the last hour"))
        self.setFixedHeight(76)

    def show_history(self, series: Series, now: float, signs: Sequence[Sign]) -> None:
        """Show the scores of the span that ends now, and what happened in it."""
        self._series, self._now, self._signs = series, now, tuple(signs)
        known = [value for value in series.values if value is not None]
        if known:
            text = _("Now {now}, lowest {low}").format(now=round(known[-1]), low=round(min(known)))
            self.setAccessibleDescription(text)
        self.update()

    def columns(self, count: int) -> list[float | None]:
        """Return the lowest score in each of ``count`` equal parts of the span."""
        found: list[float | None] = [None] * count
        if self._series is None:
            return found
        start = self._now - self._span
        for at, value in zip(self._series.times, self._series.values, strict=True):
            place = int((at - start) / self._span * count)
            if value is None or not 0 <= place <= count:
                continue
            place = min(place, count - 1)
            old = found[place]
            found[place] = value if old is None else min(old, value)
        return found

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw frame, skyline, signs and times."""
        del event
        painter, theme = QPainter(self), self.theme
        frame(painter, self.rect(), theme, "surface", "line")
        field = QRect(SIDE, LANE, self.width() - SIDE - NOW, self.height() - LANE - FOOT)
        painter.fillRect(field, theme.colour("sunken"))
        self._draw_scores(painter, field)
        self._draw_signs(painter, field)
        self._draw_times(painter, field)

    def _draw_scores(self, painter: QPainter, field: QRect) -> None:
        room = field.height() - 4
        for number, value in enumerate(self.columns(field.width() // STEP)):
            if value is None:
                continue
            height = max(2, int((value / 100) ** 1.6 * room) // 2 * 2)
            tone = "bad" if value < ALARM else "warn" if value < WATCH else "s1"
            left = field.x() + number * STEP
            top = field.bottom() + 1 - height
            painter.fillRect(left, top, STEP - 1, height, self.theme.colour(tone))

    def _draw_signs(self, painter: QPainter, field: QRect) -> None:
        last = -99
        for sign in self._signs:
            place = self._place(sign.at, field)
            if place - last < 10 or not field.left() <= place <= field.right():
                continue
            last = place
            icons.draw(painter, sign.icon, place - 6, 5, self.theme.hex(sign.tone))

    def _draw_times(self, painter: QPainter, field: QRect) -> None:
        theme = self.theme
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("text2"))
        at = (self._now - self._span) // TEN_MINUTES * TEN_MINUTES + TEN_MINUTES
        while at < self._now - 120:
            place = self._place(at, field)
            if place - 20 > field.left():
                painter.fillRect(place, field.bottom() + 1, 1, 4, theme.colour("text3"))
                box = QRect(place - 24, field.bottom() + 4, 48, 20)
                painter.drawText(box, CENTRE, words.clock(at))
            at += TEN_MINUTES
        edge = field.right() + 1
        painter.fillRect(edge - 1, 8, 2, field.bottom() - 7, theme.colour("accent"))
        frame(painter, QRect(edge - 5, 6, 10, 10), theme, "accent")
        middle = self.height() // 2
        painter.drawText(QRect(edge + 12, middle - 2, 60, 18), LEFT, words.clock(self._now))
        painter.setFont(theme.font("strong"))
        painter.setPen(theme.colour("text"))
        painter.drawText(QRect(edge + 12, middle - 20, 60, 18), LEFT, _("Now"))

    def _place(self, at: float, field: QRect) -> int:
        share = (at - self._now + self._span) / self._span
        return field.x() + int(share * field.width())
