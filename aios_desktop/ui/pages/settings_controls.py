"""Controls for one value: switch, words side by side, drop-down, number, text.

Each has ``chosen`` with the value that the person wants, ``show_value`` for the one in force, and
never changes by the mouse's wheel, which scrolls the page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from aios_desktop.i18n import _
from aios_desktop.ui import icons, tokens
from aios_desktop.ui.controls import Field, Pressable
from aios_desktop.ui.pages import settings_words
from aios_desktop.ui.paint import CENTRE, LEFT, frame, row
from aios_desktop.ui.plain import visible
from aios_desktop.ui.theme import current
from aios_desktop.ui.widgets import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QPaintEvent, QWheelEvent

    from aios_desktop.config import Option, Value

WIDTH: Final = 168  # of drop-downs and numbers, so that they stand in one column
SEGMENTS: Final = 4  # more words, or words that need more room, go into a drop-down
SEGMENTS_WIDTH: Final = 340
ITEM: Final = QSize(0, 30)  # of a drop-down; it takes its width by itself
TRACK: Final = QSize(36, 20)
SWITCH_EDGE: Final = 4  # around the track, for the ring
REST_MS: Final = 250  # after the last step, before a number is taken
BIG_STEP: Final = 10
_STEPS: Final = {
    Qt.Key.Key_Up: 1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_PageUp: BIG_STEP,
    Qt.Key.Key_PageDown: -BIG_STEP,
}


class Switch(Pressable):
    """On or off; a tick inside when it is on."""

    chosen = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.setToolTip("")
        self.setCheckable(True)
        self.clicked.connect(self._clicked)

    def show_value(self, value: Value) -> None:
        """Show on or off."""
        self.setChecked(bool(value))

    def sizeHint(self) -> QSize:
        """Return the track and room for the ring."""
        return QSize(TRACK.width() + 2 * SWITCH_EDGE, TRACK.height() + 2 * SWITCH_EDGE)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw ring, track and knob."""
        del event
        painter, theme, on = QPainter(self), self.theme, self.isChecked()
        if self.shows_ring:
            frame(painter, self.rect(), theme, line="accent", width=tokens.FOCUS)
        track = QRect(SWITCH_EDGE, SWITCH_EDGE, TRACK.width(), TRACK.height())
        lit = self.underMouse() and not on
        ground = "accent" if on else "accent_soft" if lit else "sunken"
        frame(painter, track, theme, ground, "accent" if on else "edge")
        knob = QRect(track.x() + (18 if on else 4), track.y() + 4, 14, 12)
        frame(painter, knob, theme, "on_accent" if on else "edge")
        if on:
            icons.draw(painter, "check", knob.x() + 1, knob.y(), theme.hex("accent"))

    @Slot(bool)
    def _clicked(self, on: bool) -> None:
        self.chosen.emit(on)


class _Segment(Pressable):
    """One of the words."""

    def __init__(self, value: str, label: str, name: str) -> None:
        super().__init__(label, name=name)
        self.value = value
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFont(self.theme.font("strong"))

    def sizeHint(self) -> QSize:
        """Return the room of the word at its heaviest, so that nothing moves."""
        metrics = QFontMetrics(self.font())
        width = metrics.horizontalAdvance(self.text()) + 24
        return QSize(width, max(tokens.CONTROL, metrics.height() + 12))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the block when it is the one, and the word."""
        del event
        painter, theme, on = QPainter(self), self.theme, self.isChecked()
        if on:
            frame(painter, self.rect(), theme, "accent")
        elif self.underMouse():
            frame(painter, self.rect().adjusted(2, 2, -2, -2), theme, "accent_soft")
        if self.shows_ring:
            inner = self.rect().adjusted(2, 2, -2, -2)
            frame(painter, inner, theme, line="on_accent" if on else "accent", width=tokens.FOCUS)
        painter.setFont(theme.font("strong" if on else "body"))
        painter.setPen(theme.colour("on_accent" if on else "text"))
        painter.drawText(self.rect(), CENTRE, self.text())


class Segments(QWidget):
    """Few words side by side, one of them in force; the arrow keys go from one to the next."""

    chosen = Signal(object)

    def __init__(self, words: Sequence[str], name: str) -> None:
        super().__init__()
        self.theme = current()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.buttons: list[_Segment] = []
        for value in words:
            label = settings_words.word(value)
            button = _Segment(value, label, _("{name}: {value}").format(name=name, value=label))
            button.setToolTip("")
            button.clicked.connect(self._clicked)
            self.buttons.append(button)
        row(*self.buttons, gap=0, parent=self)
        self.setFocusProxy(self.buttons[0])

    def show_value(self, value: Value) -> None:
        """Show which word is in force."""
        for button in self.buttons:
            if button.value == value:
                button.setChecked(True)
                self.setFocusProxy(button)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame and the lines between words that are not in force."""
        del event
        painter = QPainter(self)
        frame(painter, self.rect(), self.theme, "surface", "edge")
        for left, right in zip(self.buttons, self.buttons[1:], strict=False):
            if not left.isChecked() and not right.isChecked():
                height = self.height() - 16
                painter.fillRect(right.x(), 8, 1, height, self.theme.colour("line"))

    @Slot()
    def _clicked(self) -> None:
        button = self.sender()
        assert isinstance(button, _Segment)
        self.update()
        self.chosen.emit(button.value)


class Pick(QComboBox):
    """A drop-down of words."""

    chosen = Signal(object)

    def __init__(self, words: Sequence[str], name: str) -> None:
        super().__init__()
        self.theme = current()
        self._words = tuple(words)
        self.setAccessibleName(name)
        self.setFont(self.theme.font("body"))
        for number, value in enumerate(words):
            self.addItem(settings_words.word(value))
            self.setItemData(number, ITEM, Qt.ItemDataRole.SizeHintRole)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.activated.connect(self._activated)

    def show_value(self, value: Value) -> None:
        """Show which word is in force."""
        if value in self._words:
            self.setCurrentIndex(self._words.index(str(value)))

    def sizeHint(self) -> QSize:
        """Return the room of the longest word."""
        metrics = QFontMetrics(self.font())
        texts = (self.itemText(number) for number in range(self.count()))
        longest = max((metrics.horizontalAdvance(text) for text in texts), default=0)
        return QSize(max(WIDTH, longest + 46), max(tokens.CONTROL, metrics.height() + 12))

    def minimumSizeHint(self) -> QSize:
        """Return the same: words are never cut."""
        return self.sizeHint()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame, which is the ring when the keyboard is here, the word and the arrow."""
        del event
        painter, theme, on = QPainter(self), self.theme, self.hasFocus()
        ground = "accent_soft" if self.underMouse() else "surface"
        edge = "accent" if on else "edge"
        frame(painter, self.rect(), theme, ground, edge, tokens.FOCUS if on else 0)
        painter.setFont(self.font())
        painter.setPen(theme.colour("text"))
        painter.drawText(self.rect().adjusted(12, 0, -28, 0), LEFT, self.currentText())
        top = (self.height() - tokens.ICON) // 2
        icons.draw(painter, "down", self.width() - 24, top, theme.hex("text2"))

    @Slot(int)
    def _activated(self, number: int) -> None:
        self.chosen.emit(self._words[number])


class _Step(Pressable):
    """Makes a number smaller or larger by one step; the keyboard has the arrows for it."""

    def __init__(self, sign: int, name: str) -> None:
        super().__init__(name=name)
        self.sign = sign
        self.setAutoRepeat(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def sizeHint(self) -> QSize:
        """Return a small square."""
        return QSize(24, 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a minus or a plus in whole pixels."""
        del event
        painter, theme = QPainter(self), self.theme
        if self.underMouse():
            frame(painter, self.rect(), theme, "select" if self.isDown() else "accent_soft")
        ink, middle = theme.colour("text2"), self.rect().center()
        painter.fillRect(middle.x() - 4, middle.y(), 10, 2, ink)
        if self.sign > 0:
            painter.fillRect(middle.x(), middle.y() - 4, 2, 10, ink)


class NumberField(Field):
    """A number with its unit; arrows and the two buttons step, Enter takes what was typed.

    ``refused`` tells why something typed is no number.
    """

    chosen = Signal(object)
    refused = Signal(object)

    def __init__(self, option: Option, name: str) -> None:
        less = _Step(-1, _("Less: {name}").format(name=name))
        more = _Step(1, _("More: {name}").format(name=name))
        unit = Text(_(option.unit) if option.unit else "", "body", "text2")
        super().__init__(name=name, right=(unit, less, more), width=WIDTH)
        self._option = option
        self._value = 0.0
        self._step = 1.0 if float(option.default) >= 5 else 0.5
        if isinstance(option.default, int):
            self._step = 1.0
        self.edit.setMaxLength(16)
        self.edit.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.edit.setAccessibleDescription(settings_words.limits(option))
        self.edit.installEventFilter(self)
        self.edit.editingFinished.connect(self._take)
        for button in (less, more):
            button.clicked.connect(self._pressed)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._take)

    def show_value(self, value: Value) -> None:
        """Show a number, also in the place of what was typed; not while the person still steps."""
        self._value = float(value)
        if self._rest.isActive():
            return
        self.edit.setText(settings_words.number(self._value))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Step with the arrows; let Escape bring the number in force back."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = Qt.Key(event.key())
            if key in _STEPS:
                self._go(_STEPS[key])
                return True
            if key == Qt.Key.Key_Escape and self._is_changed():
                self._rest.stop()
                self.show_value(self._value)
                return True
        return super().eventFilter(watched, event)

    def _is_changed(self) -> bool:
        return self.edit.text() != settings_words.number(self._value)

    @Slot()
    def _pressed(self) -> None:
        button = self.sender()
        assert isinstance(button, _Step)
        self._go(button.sign)

    def _go(self, steps: int) -> None:
        """Step from what is shown, never out of the range, and take it after a short rest."""
        now = _number(self.edit.text())
        wanted = (self._value if now is None else now) + steps * self._step
        low, high = self._option.low, self._option.high
        if low is not None:
            wanted = max(low, wanted)
        if high is not None:
            wanted = min(high, wanted)
        self.edit.setText(settings_words.number(round(wanted, 6)))
        self._rest.start()

    @Slot()
    def _take(self) -> None:
        self._rest.stop()
        if not self._is_changed():
            return
        found = _number(self.edit.text())
        if found is None:
            typed = visible(self.edit.text().strip())
            self.show_value(self._value)
            self.refused.emit(
                _("{text} is not a number.").format(text=typed) if typed else _("Type a number.")
            )
            return
        whole = isinstance(self._option.default, int) and found.is_integer()
        self.chosen.emit(int(found) if whole else found)


class WordField(Field):
    """A text; Enter or going elsewhere takes it."""

    chosen = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__(name=name, width=WIDTH + 72)
        self._value = ""
        self.edit.setMaxLength(1000)
        self.edit.editingFinished.connect(self._take)

    def show_value(self, value: Value) -> None:
        """Show a text, also in the place of what was typed."""
        self._value = str(value)
        self.edit.setText(self._value)

    @Slot()
    def _take(self) -> None:
        if self.edit.text() != self._value:
            self.chosen.emit(self.edit.text())


Control = Switch | Segments | Pick | NumberField | WordField


def control_for(option: Option, name: str) -> Control:
    """Return the control that fits the type of an option."""
    if isinstance(option.default, bool):
        return Switch(name)
    if isinstance(option.default, int | float):
        return NumberField(option, name)
    if not option.words:
        return WordField(name)
    metrics = QFontMetrics(current().font("strong"))
    wide = sum(metrics.horizontalAdvance(settings_words.word(x)) + 24 for x in option.words)
    few = len(option.words) <= SEGMENTS and wide <= SEGMENTS_WIDTH
    return Segments(option.words, name) if few else Pick(option.words, name)


def _number(text: str) -> float | None:
    """Read what was typed; None when it is no number."""
    try:
        return float(text.strip())
    except ValueError:
        return None
