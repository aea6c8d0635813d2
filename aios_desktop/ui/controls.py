"""Building blocks that can be operated: buttons, choices, chips, fields.

Each takes the keyboard's focus, shows it with a ring inside its frame, and has a name that
assistive technology reads.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractButton,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QWidget,
)

from aios_desktop.i18n import _
from aios_desktop.ui import icons, tokens
from aios_desktop.ui.office.pixel_font import pixel_font
from aios_desktop.ui.paint import frame, row
from aios_desktop.ui.theme import current

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QFocusEvent, QKeyEvent, QPaintEvent

_MNEMONIC = Qt.TextFlag.TextShowMnemonic
_LEFT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | _MNEMONIC)
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_NEUTRAL = (
    Qt.FocusReason.ActiveWindowFocusReason,
    Qt.FocusReason.PopupFocusReason,
    Qt.FocusReason.MenuBarFocusReason,
)
_GROUNDS = {"main": ("accent", ""), "risky": ("surface", "bad"), "quiet": ("", "")}
_INKS = {"main": "on_accent", "risky": "bad_text", "quiet": "accent"}


def plain_tip(text: str) -> str:
    """Return a tool tip that shows ``text`` as it stands: tips take HTML unasked."""
    return f"<qt>{escape(text)}</qt>" if "<" in text or "&" in text else text


class Pressable(QAbstractButton):
    """What all buttons of ours share: Enter presses, the ring shows for the keyboard only."""

    def __init__(self, text: str = "", *, name: str = "", tip: str = "") -> None:
        super().__init__()
        self.theme = current()
        self._ring = False
        self.setText(text)
        if name:
            self.setAccessibleName(name)
        if tip or (name and not text):
            self.setToolTip(plain_tip(tip or name))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def shows_ring(self) -> bool:
        """Say whether the keyboard is here."""
        return self._ring and self.hasFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Enter press, as Space does."""
        if event.key() in _ENTER:
            self.click()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Remember whether the keyboard came or the mouse; a new window changes nothing."""
        if event.reason() not in _NEUTRAL:
            self._ring = event.reason() != Qt.FocusReason.MouseFocusReason
        super().focusInEvent(event)

    def minimumSizeHint(self) -> QSize:
        """Return the same as the wanted size: words are never cut."""
        return self.sizeHint()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the state: a locked button shows a lock."""
        if event.type() == QEvent.Type.EnabledChange:
            self.setCursor(
                Qt.CursorShape.PointingHandCursor
                if self.isEnabled()
                else Qt.CursorShape.ArrowCursor
            )
            self.updateGeometry()
        super().changeEvent(event)


class Button(Pressable):
    """A button. ``main`` is filled, one per view; ``plain`` framed; ``quiet`` only text; ``risky``
    framed in red and never filled. Disabled is a sunken ground and a lock; say why beside it.

    ``&`` before a letter makes Alt and that letter press it. A button without text needs ``name``.
    """

    def __init__(
        self,
        text: str = "",
        kind: str = "plain",
        icon: str = "",
        *,
        small: bool = False,
        name: str = "",
        tip: str = "",
    ) -> None:
        super().__init__(text, name=name, tip=tip)
        self._kind, self._icon, self._small = kind, icon, small
        weight = 600 if kind == "main" else tokens.MEDIUM
        self.setFont(self.theme.font("body", weight))

    def set_icon(self, icon: str) -> None:
        """Show another icon."""
        if icon != self._icon:
            self._icon = icon
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """Return the size that icon and text take; the height follows the font."""
        metrics = QFontMetrics(self.font())
        text = metrics.size(_MNEMONIC, self.text()).width() if self.text() else 0
        icon = tokens.ICON if self._shown_icon() else 0
        pad = (8 if self._kind == "quiet" else 14) if text else 10
        least = tokens.CONTROL_SMALL if self._small else tokens.CONTROL
        width = text + icon + (8 if icon and text else 0) + 2 * pad
        return QSize(max(width, least), max(least, metrics.height() + 10))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw ground, ring, icon and text."""
        del event
        painter, box, theme = QPainter(self), self.rect(), self.theme
        ink = self._draw_ground(painter)
        if self.shows_ring:
            inner = box.adjusted(2, 2, -2, -2)
            ring = "on_accent" if self._kind == "main" and self.isEnabled() else "accent"
            frame(painter, inner, theme, line=ring, width=tokens.FOCUS)
        icon = self._shown_icon()
        text = self.fontMetrics().size(_MNEMONIC, self.text()).width() if self.text() else 0
        total = text + (tokens.ICON if icon else 0) + (8 if icon and text else 0)
        x = (box.width() - total) // 2
        if icon:
            icons.draw(painter, icon, x, (box.height() - tokens.ICON) // 2, theme.hex(ink))
            x += tokens.ICON + 8
        painter.setPen(theme.colour(ink))
        painter.drawText(QRect(x, 0, text + 4, box.height()), _LEFT, self.text())

    def _shown_icon(self) -> str:
        return self._icon if self.isEnabled() else "lock"

    def _draw_ground(self, painter: QPainter) -> str:
        """Draw the ground for the state; return the colour role of the ink."""
        box, theme = self.rect(), self.theme
        if not self.isEnabled():
            frame(painter, box, theme, "sunken", "line")
            return "text3"
        fill, line = _GROUNDS.get(self._kind, ("surface", "edge"))
        active = self.isDown() or self.isChecked() or self.underMouse()
        if active:
            if self._kind == "main":
                line = "text"
            else:
                fill = "select" if self.isDown() or self.isChecked() else "accent_soft"
                line = "accent" if self.isChecked() and self._kind == "plain" else line
        frame(painter, box, theme, fill, line)
        return _INKS.get(self._kind, "text")


class Choice(Pressable):
    """One of several small words, such as the span of a plot; arrows move among them."""

    def __init__(self, text: str, *, name: str = "") -> None:
        super().__init__(text, name=name)
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFont(self.theme.font("small", tokens.MEDIUM))

    def sizeHint(self) -> QSize:
        """Return the size of the word and its frame."""
        metrics = QFontMetrics(self.font())
        height = max(24, metrics.height() + 8)
        return QSize(metrics.horizontalAdvance(self.text()) + 18, height)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame; the chosen one has the accent's."""
        del event
        painter, on = QPainter(self), self.isChecked()
        ground = "accent_soft" if on or self.underMouse() else "sunken"
        frame(painter, self.rect(), self.theme, ground, "accent" if on else "line")
        if self.shows_ring:
            inner = self.rect().adjusted(2, 2, -2, -2)
            frame(painter, inner, self.theme, line="accent", width=1)
        painter.setPen(self.theme.colour("text"))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self.text())


class Chip(Pressable):
    """A filter: its key in grey, its value in text, and a cross that takes it away.

    Pressing it, or Delete, asks for its removal with ``clicked``.
    """

    def __init__(self, text: str, key: str = "") -> None:
        super().__init__(text, name=_("Remove the filter {name}").format(name=f"{key} {text}"))
        self._key = key
        self.setFont(self.theme.font("small", tokens.MEDIUM))

    def sizeHint(self) -> QSize:
        """Return the size of key, value and cross."""
        metrics = QFontMetrics(self.font())
        width = self._key_width() + metrics.horizontalAdvance(self.text()) + 33
        return QSize(width, max(24, metrics.height() + 6))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Delete and Backspace remove it."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.click()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw key, value and cross."""
        del event
        painter, theme = QPainter(self), self.theme
        frame(painter, self.rect(), theme, "accent_soft", "accent" if self.shows_ring else "line")
        box = self.rect().adjusted(8, 0, -20, 0)
        painter.setPen(theme.colour("text2"))
        painter.drawText(box, _LEFT, self._key)
        painter.setPen(theme.colour("text"))
        painter.drawText(box.adjusted(self._key_width(), 0, 0, 0), _LEFT, self.text())
        cross = "text" if self.underMouse() else "text3"
        top = (self.height() - tokens.ICON) // 2
        icons.draw(painter, "cross", self.width() - 19, top, theme.hex(cross))

    def _key_width(self) -> int:
        if not self._key:
            return 0
        return QFontMetrics(self.font()).horizontalAdvance(self._key) + 8


class Key(QLabel):
    """A key of the keyboard, such as Ctrl; small, framed, for reading only."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.theme = current()
        self.setFont(pixel_font(12))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the size of the cap."""
        metrics = QFontMetrics(self.font())
        return QSize(metrics.horizontalAdvance(self.text()) + 11, max(18, metrics.height() + 3))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the cap."""
        del event
        painter = QPainter(self)
        frame(painter, self.rect(), self.theme, "", "line")
        painter.setPen(self.theme.colour("text2"))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self.text())


class _Edit(QLineEdit):
    """A line edit without a frame that tells when the focus comes and goes."""

    focus_changed = Signal()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Tell."""
        super().focusInEvent(event)
        self.focus_changed.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Tell."""
        super().focusOutEvent(event)
        self.focus_changed.emit()


class Field(QWidget):
    """A framed line edit (``edit``) with an icon, chips inside and widgets at its right."""

    def __init__(
        self,
        placeholder: str = "",
        text: str = "",
        icon: str = "",
        *,
        name: str = "",
        chips: Iterable[QWidget] = (),
        right: Iterable[QWidget] = (),
        width: int = 0,
    ) -> None:
        super().__init__()
        self.theme = current()
        self._icon = icon
        self.edit = _Edit(text)
        self.edit.setPlaceholderText(placeholder)
        self.edit.setAccessibleName(name or placeholder)
        self.edit.setFrame(False)
        self.edit.setFont(self.theme.font("body"))
        self.edit.focus_changed.connect(self._focus_changed)
        self.lay = row(*chips, self.edit, *right, gap=6, m=(28 if icon else 8, 0, 6, 0))
        self.setLayout(self.lay)
        self.lay.setStretchFactor(self.edit, 1)
        self.setFocusProxy(self.edit)
        self.setFixedHeight(max(tokens.CONTROL, QFontMetrics(self.edit.font()).height() + 12))
        if width:
            self.setFixedWidth(width)
        self._clear_ground()
        self.theme.changed.connect(self._clear_ground)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame, which is the ring when the focus is inside, and the icon."""
        del event
        painter, on = QPainter(self), self.edit.hasFocus()
        edge = "accent" if on else "edge"
        frame(painter, self.rect(), self.theme, "surface", edge, tokens.FOCUS if on else 0)
        if self._icon:
            top = (self.height() - tokens.ICON) // 2
            icons.draw(painter, self._icon, 10, top, self.theme.hex("text3"))

    @Slot()
    def _focus_changed(self) -> None:
        self.update()

    @Slot()
    def _clear_ground(self) -> None:
        palette = self.edit.palette()
        palette.setColor(QPalette.ColorRole.Base, Qt.GlobalColor.transparent)
        for role, name in (
            (QPalette.ColorRole.Text, "text"),
            (QPalette.ColorRole.PlaceholderText, "text3"),
        ):
            palette.setColor(role, self.theme.colour(name))
        self.edit.setPalette(palette)
