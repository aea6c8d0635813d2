"""Building blocks that only show: text, cards, rules, marks, glyphs, bars, facts.

The ones that can be operated are in ``controls``; they are offered here too, so that a page needs
one import. All find the theme by themselves and repaint when it changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRect, QSize, Qt, Slot
from PySide6.QtGui import QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from aios_desktop.ui import icons, tokens
from aios_desktop.ui.controls import Button, Chip, Choice, Field, Key, plain_tip
from aios_desktop.ui.grounds import Card, Plain, Rule, Strip
from aios_desktop.ui.paint import Item, clear, col, fill, frame, margins, row
from aios_desktop.ui.scroll import Scroll, flat_bars
from aios_desktop.ui.theme import current

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QPaintEvent, QResizeEvent
    from PySide6.QtWidgets import QHBoxLayout

__all__ = [
    "MARKS",
    "TONES",
    "Bar",
    "Button",
    "Card",
    "Chip",
    "Choice",
    "Field",
    "Glyph",
    "Item",
    "Key",
    "Mark",
    "Plain",
    "Rule",
    "Scroll",
    "Strip",
    "Text",
    "clear",
    "col",
    "facts",
    "fill",
    "flat_bars",
    "frame",
    "margins",
    "plain_tip",
    "row",
    "tone_text",
]

# what a mark shows (icon) and how it is coloured (tone)
MARKS: Final = {
    "ok": "check",
    "warn": "warn",
    "bad": "cross",
    "ask": "ask",
    "run": "play",
    "wait": "pause",
    "idle": "idle",
    "unknown": "unknown",
    "learn": "book",
    "repair": "bolt",
    "undo": "undo",
    "meet": "meet",
    "off": "moon",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "sure3": "sure3",
    "sure2": "sure2",
    "sure1": "sure1",
    "stop": "cross",
}
TONES: Final = {
    "ok": "ok",
    "warn": "warn",
    "bad": "bad",
    "ask": "warn",
    "run": "accent",
    "wait": "warn",
    "idle": "idle",
    "unknown": "idle",
    "learn": "learn",
    "repair": "ok",
    "undo": "idle",
    "meet": "idle",
    "off": "idle",
    "low": "idle",
    "medium": "warn",
    "high": "bad",
    "sure3": "ok",
    "sure2": "idle",
    "sure1": "idle",
    "stop": "idle",
}
_ALIGN = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


def tone_text(kind: str) -> str:
    """Return the text colour role that goes with a mark."""
    tone = TONES[kind]
    return f"{tone}_text" if tone in ("ok", "warn", "bad", "idle") else tone


class Text(QLabel):
    """A label with a type role and a colour role; plain text only, whatever it holds.

    With ``wrap`` it breaks lines; with ``elide`` it may be cut, and then the whole text is its tip.
    ``fixed`` takes the font for what a machine reads.
    """

    def __init__(
        self,
        text: str = "",
        role: str = "body",
        color: str = "text",
        *,
        wrap: bool = False,
        weight: int | None = None,
        fixed: bool = False,
        elide: bool = False,
    ) -> None:
        super().__init__()
        self.theme = current()
        self._colour = color
        self._elide = elide
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(self.theme.mono(role) if fixed else self.theme.font(role, weight))
        self.setText(text)
        if wrap:
            self.setWordWrap(True)
            policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)
        if elide:
            self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._paint_with(self._colour)
        self.theme.changed.connect(self._recolour)

    def set(self, text: str, color: str = "") -> None:
        """Show another text; does nothing when it is the same."""
        if text != self.text():
            self.setText(text)
            self._set_tip()
        if color and color != self._colour:
            self._colour = color
            self._paint_with(color)

    def minimumSizeHint(self) -> QSize:
        """Return the least size: an eliding text can shrink to a few letters."""
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), 32), hint.height()) if self._elide else hint

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the text, cut with an ellipsis where it may be."""
        if not self._elide:
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setPen(self.theme.colour(self._colour))
        shown = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, self.width()
        )
        painter.drawText(self.rect(), int(self.alignment()), shown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the tip in step with what is cut."""
        super().resizeEvent(event)
        self._set_tip()

    def _set_tip(self) -> None:
        if self._elide:
            cut = self.fontMetrics().horizontalAdvance(self.text()) > self.width()
            self.setToolTip(plain_tip(self.text()) if cut else "")

    @Slot()
    def _recolour(self) -> None:
        self._paint_with(self._colour)

    def _paint_with(self, role: str) -> None:
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.WindowText, self.theme.colour(role))
        self.setPalette(palette)


class Mark(QLabel):
    """A state: shape first, colour second, the word beside it.

    Without a word (where a column head or the sentence beside it says it) give ``name``, which
    assistive technology reads.
    """

    def __init__(
        self, kind: str, text: str = "", role: str = "body", *, pill: bool = False, name: str = ""
    ) -> None:
        super().__init__()
        self.theme = current()
        self._kind, self._pill = kind, pill
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(self.theme.font(role, tokens.MEDIUM))
        self.setText(text)
        if name:
            self.setAccessibleName(name)
            self.setToolTip(plain_tip(name))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def kind(self) -> str:
        """Return which mark it is, such as ``ok``."""
        return self._kind

    def set(self, kind: str, text: str = "") -> None:
        """Show another state; does nothing when it is the same."""
        if kind != self._kind:
            self._kind = kind
            self.update()
        if text != self.text():
            self.setText(text)

    def sizeHint(self) -> QSize:
        """Return the size that icon and word take."""
        metrics = QFontMetrics(self.font())
        word = 6 + metrics.horizontalAdvance(self.text()) if self.text() else 0
        width = tokens.ICON + word + (16 if self._pill else 0)
        return QSize(width, max(22 if self._pill else 18, metrics.height() + 2))

    def minimumSizeHint(self) -> QSize:
        """Return the same: a mark never shrinks."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the pill, the icon and the word."""
        del event
        painter = QPainter(self)
        theme, tone = self.theme, TONES[self._kind]
        left = 8 if self._pill else 0
        shade = tone
        if self._pill:
            soft = f"{tone}_soft" if tone in ("ok", "warn", "bad", "idle") else "accent_soft"
            frame(painter, self.rect(), theme, soft, tone if theme.is_high_contrast else "")
            shade = tone_text(self._kind)
        top = (self.height() - tokens.ICON) // 2
        icons.draw(painter, MARKS[self._kind], left, top, theme.hex(shade))
        if self.text():
            quiet = tone == "idle" and not self._pill
            painter.setPen(theme.colour("text2" if quiet else tone_text(self._kind)))
            box = self.rect().adjusted(left + tokens.ICON + 6, 0, 0, 0)
            painter.drawText(box, int(_ALIGN), self.text())


class Glyph(QWidget):
    """An icon that only decorates: the text beside it says the same."""

    def __init__(self, name: str, px: int = 12, color: str = "text2", height: int = 0) -> None:
        super().__init__()
        self.theme = current()
        self._name, self._px, self._role = name, px, color
        self.setFixedSize(px, height or px)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the icon."""
        del event
        top = (self.height() - self._px) // 2
        painter = QPainter(self)
        icons.draw(painter, self._name, 0, top, self.theme.hex(self._role), self._px)


class Bar(QWidget):
    """A level from 0 to 1, with its limit as a tick and an expected level as stripes."""

    def __init__(
        self,
        value: float,
        tone: str = "s1",
        mark: float | None = None,
        height: int = 8,
        then: float | None = None,
        *,
        name: str = "",
    ) -> None:
        super().__init__()
        self.theme = current()
        self._value, self._tone, self._mark, self._then = value, tone, mark, then
        self._thick = height
        self.setAccessibleName(name)
        self.setFixedHeight(height + (4 if mark is not None else 0))

    def set(self, value: float, tone: str = "") -> None:
        """Show another level."""
        if value != self._value or (tone and tone != self._tone):
            self._value, self._tone = value, tone or self._tone
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw ground, level, stripes and tick."""
        del event
        painter, width = QPainter(self), self.width()
        top = (self.height() - self._thick) // 2
        colour = self.theme.colour(self._tone)
        end = int(width * min(max(self._value, 0.0), 1.0))
        painter.fillRect(0, top, width, self._thick, self.theme.colour("grid"))
        for x in range(end, int(width * (self._then or 0.0)), 4):
            painter.fillRect(x, top, 2, self._thick, colour)
        painter.fillRect(0, top, end, self._thick, colour)
        if self._mark is not None:
            tick = QRect(int(width * self._mark), 0, 2, self.height())
            painter.fillRect(tick, self.theme.colour("text2"))


def facts(lines: Iterable[tuple[str, str, str, str]]) -> list[QHBoxLayout]:
    """Return rows of (icon, label, value, colour role): the form of every decision.

    The order is always the same: plan, risk, undo, success, record.
    """
    lines = list(lines)
    metrics = QFontMetrics(current().font("small"))
    width = max([52, *(metrics.horizontalAdvance(label) for _, label, _, _ in lines)])
    return [_fact(line, width) for line in lines]


def _fact(line: tuple[str, str, str, str], width: int) -> QHBoxLayout:
    icon, label, value, colour = line
    name = Text(label, "small", "text2")
    name.setFixedWidth(width)
    name.setContentsMargins(0, 1, 0, 0)
    glyph = Glyph(icon, 12, "text3", height=18)
    made = row(glyph, name, Text(value, "body", colour, wrap=True), gap=8)
    made.setStretch(2, 1)
    made.setAlignment(glyph, Qt.AlignmentFlag.AlignTop)
    made.setAlignment(name, Qt.AlignmentFlag.AlignTop)
    return made
