"""Options as rows of a card: title, one line of help, the control, and what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QWidget

from aios_desktop.i18n import _, ngettext
from aios_desktop.ui import icons, tokens
from aios_desktop.ui.controls import Pressable
from aios_desktop.ui.pages import settings_words
from aios_desktop.ui.pages.settings_controls import SWITCH_EDGE, NumberField, Switch, control_for
from aios_desktop.ui.paint import LEFT, RIGHT, col, frame, row
from aios_desktop.ui.widgets import Card, Glyph, Text, plain_tip

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QPaintEvent

    from aios_desktop.config import Option, Value

EDGE: Final = 20  # from the card's side to its texts


class ChangedChip(Pressable):
    """Says that a setting is not at its default; pressing it brings the default back."""

    def __init__(self, name: str) -> None:
        super().__init__(_("changed"), name=name, tip=name)
        self.setFont(self.theme.font("small", tokens.MEDIUM))

    def sizeHint(self) -> QSize:
        """Return the room of word and arrow."""
        metrics = QFontMetrics(self.font())
        width = metrics.horizontalAdvance(self.text()) + tokens.ICON + 22
        return QSize(width, max(20, metrics.height() + 4))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw frame, word and arrow."""
        del event
        painter, theme = QPainter(self), self.theme
        ground = "accent_soft" if self.underMouse() or self.isDown() else "sunken"
        frame(painter, self.rect(), theme, ground, "accent" if self.shows_ring else "line")
        painter.setPen(theme.colour("text"))
        painter.drawText(self.rect().adjusted(8, 0, 0, 0), LEFT, self.text())
        top = (self.height() - tokens.ICON) // 2
        icons.draw(painter, "undo", self.width() - tokens.ICON - 7, top, theme.hex("text2"))


class Trouble(QWidget):
    """Why a value was not taken."""

    def __init__(self) -> None:
        super().__init__()
        self.text = Text("", "small", "bad_text", wrap=True)
        sign = Glyph("warn", 12, "bad", height=18)
        line = row(sign, self.text, gap=6, parent=self)
        line.setStretch(1, 1)
        line.setAlignment(sign, Qt.AlignmentFlag.AlignTop)


class OptionRow(QWidget):
    """One option. ``wanted`` carries its name and the value that the person wants."""

    wanted = Signal(object, object)

    def __init__(self, option: Option) -> None:
        super().__init__()
        self.option = option
        self.haystack = settings_words.haystack(option)
        self.is_first = False
        self._value: Value = option.default
        name, default = settings_words.title(option), settings_words.value(option, option.default)
        self.title = Text(name, "strong")
        self.title.setToolTip(plain_tip(option.name))
        self.chip = ChangedChip(_("Back to the default: {value}").format(value=default))
        self.chip.setAccessibleName(
            _("{name}, back to the default: {value}").format(name=name, value=default)
        )
        self.chip.clicked.connect(self._reset)
        self.chip.hide()
        self.help = Text(_(option.help), "small", "text2", wrap=True)
        self.control = control_for(option, name)
        self.control.setAccessibleDescription(_(option.help))
        self.control.chosen.connect(self._chosen)
        if isinstance(self.control, NumberField):
            self.control.refused.connect(self.say)
        self.trouble: Trouble | None = None
        self._lay_out()
        self.control.show_value(option.default)

    def _lay_out(self) -> None:
        self.title.setMinimumHeight(self.chip.sizeHint().height())  # no jump when it appears
        head = row(self.title, self.chip, None, gap=8)
        self._said = said = col(None, head, self.help, None, gap=2)
        limits = Text(settings_words.limits(self.option), "small", "text3")
        limits.setVisible(isinstance(self.control, NumberField) and bool(limits.text()))
        edge = EDGE - SWITCH_EDGE if isinstance(self.control, Switch) else EDGE
        whole = row(said, limits, self.control, gap=12, m=(EDGE, 11, edge, 11), parent=self)
        whole.setStretch(0, 1)

    @property
    def error(self) -> str:
        """Return why the last value was not taken, empty when it was."""
        return self.trouble.text.text() if self.trouble is not None else ""

    @property
    def is_changed(self) -> bool:
        """Say whether the value in force is not the default."""
        return self._value != self.option.default

    def show_value(self, value: Value, *, again: bool = False) -> None:
        """Show the value in force; ``again`` also in the place of what the person tried."""
        if value == self._value and not again:
            return
        self._value = value
        self.control.show_value(value)
        had_focus = self.chip.hasFocus()
        self.chip.setVisible(self.is_changed)
        if had_focus and not self.is_changed:
            self.control.setFocus(Qt.FocusReason.TabFocusReason)

    @Slot(object)
    def say(self, error: str) -> None:
        """Say why a value was not taken; empty takes the message away."""
        self.control.setAccessibleDescription(error or _(self.option.help))
        if self.trouble is None and error:
            self.trouble = Trouble()
            self._said.insertWidget(self._said.count() - 1, self.trouble)
        if self.trouble is not None:
            self.trouble.text.set(error)
            self.trouble.setVisible(bool(error))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line above, except in the first row of a card."""
        del event
        if not self.is_first:
            theme = self.title.theme
            QPainter(self).fillRect(0, 0, self.width(), theme.line, theme.colour("line"))

    @Slot(object)
    def _chosen(self, value: Value) -> None:
        self.say("")
        self.wanted.emit(self.option.name, value)

    @Slot()
    def _reset(self) -> None:
        self._chosen(self.option.default)


class Section(QWidget):
    """A category: its title over a card with its options."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.rows: list[OptionRow] = []
        self._below: list[QWidget] = []
        self.title = Text(settings_words.category_title(name), "section")
        self.card = Card(pad=1, gap=0)
        self._lay = col(self.card, gap=tokens.GAP)
        col(self.title, self._lay, gap=8, parent=self)

    def add_option(self, option: Option) -> OptionRow:
        """Put an option into the card."""
        made = OptionRow(option)
        self.rows.append(made)
        self.card.lay.addWidget(made)
        return made

    def add_below(self, widget: QWidget) -> None:
        """Put a card of its own below."""
        self._below.append(widget)
        self._lay.addWidget(widget)

    def show_rows(self, fits: Callable[[OptionRow], bool], *, with_rest: bool) -> int:
        """Show the rows that fit, and what stands below them or not; return how many are shown.

        Call it only when the section has its place: what is shown without one is a window.
        """
        shown = [one for one in self.rows if fits(one)]
        for one in self.rows:
            one.is_first = bool(shown) and one is shown[0]
            one.setVisible(one in shown)
        self.card.setVisible(bool(shown))
        rest = with_rest and bool(self._below)
        for widget in self._below:
            widget.setVisible(rest)
        self.setVisible(bool(shown) or rest)
        return len(shown)


class CategoryButton(Pressable):
    """A category in the list at the left, with the number of its settings."""

    def __init__(self, name: str) -> None:
        super().__init__(settings_words.category_title(name))
        self.category = name
        self.count = 0
        self._icon = settings_words.category_icon(name)
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFont(self.theme.font("strong"))

    def set_count(self, count: int) -> None:
        """Show how many of its settings are shown; 0 shows no number."""
        self.count = count
        said = ngettext("{name}, {n} setting", "{name}, {n} settings", count)
        self.setAccessibleName(said.format(name=self.text(), n=count) if count else self.text())
        self.update()

    def sizeHint(self) -> QSize:
        """Return the room of icon, word and number."""
        metrics = QFontMetrics(self.font())
        width = 38 + metrics.horizontalAdvance(self.text()) + 40
        return QSize(width, max(34, metrics.height() + 12))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw block and bar when it is the one, icon, word and number."""
        del event
        painter, theme, box = QPainter(self), self.theme, self.rect()
        on = self.isChecked() and self.isEnabled()
        if on or (self.underMouse() and self.isEnabled()):
            edge = "line" if on and theme.is_high_contrast else ""
            frame(painter, box, theme, "select" if on else "accent_soft", edge)
        if on:
            painter.fillRect(0, 2, 4, box.height() - 4, theme.colour("accent"))
        if self.shows_ring:
            inner = box.adjusted(6, 2, -2, -2)
            frame(painter, inner, theme, line="accent", width=tokens.FOCUS)
        ink = "text" if on else "text2" if self.isEnabled() else "text3"
        top = (box.height() - tokens.ICON) // 2
        icons.draw(painter, self._icon, 16, top, theme.hex(ink))
        painter.setFont(theme.font("strong" if on else "body"))
        painter.setPen(theme.colour("text" if self.isEnabled() else "text3"))
        painter.drawText(box.adjusted(38, 0, -40, 0), LEFT, self.text())
        if self.count:
            painter.setFont(theme.font("small"))
            painter.setPen(theme.colour("text2"))
            painter.drawText(box.adjusted(0, 0, -12, 0), RIGHT, str(self.count))
