"""The field that filters events: words as they are typed, chips for what was typed as a key."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from aios_desktop.i18n import _
from aios_desktop.ui.event_filter import LONGEST, Filter, Term, parse
from aios_desktop.ui.plain import visible
from aios_desktop.ui.widgets import Chip, Field, Key, clear, plain_tip, row

if TYPE_CHECKING:
    from collections.abc import Iterable

PAUSE_MS: Final = 150  # after the last letter, before the events are looked through
_CHIP_PX: Final = 160  # the widest value of a chip


class _Chips(QWidget):
    """Chips in a row; when there is too little room the last ones are cut, never the window."""

    def __init__(self) -> None:
        super().__init__()
        self._lay = row(gap=6, parent=self)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """Return no width: chips may be cut."""
        return QSize(0, super().minimumSizeHint().height())

    def put(self, terms: Iterable[Term]) -> list[Chip]:
        """Show a chip for each term."""
        clear(self._lay)
        made = []
        for term in terms:
            chip = Chip("", term.key)
            value = visible(term.value)
            metrics = QFontMetrics(chip.font())
            chip.setText(metrics.elidedText(value, Qt.TextElideMode.ElideRight, _CHIP_PX))
            chip.setToolTip(plain_tip(f"{term.key}:{value}"))
            name = _("Remove the filter {name}").format(name=f"{term.key} {value}")
            chip.setAccessibleName(name)
            made.append(chip)
            self._lay.addWidget(chip)
            chip.show()
        self.setVisible(bool(made))
        self._lay.invalidate()
        self.updateGeometry()
        return made


class FilterBar(Field):
    """A field with chips. ``changed`` tells the filter when the typing pauses."""

    changed = Signal(object)
    left_down = Signal()  # the arrow down: on to the table

    def __init__(self) -> None:
        self._chips = _Chips()
        super().__init__(
            _("Type to filter: a word, type:, severity:, source:, target:, trace:, since:"),
            icon="search",
            name=_("Filter events"),
            chips=[self._chips],
            right=[Key("/")],
        )
        self._chips.hide()
        self._terms: tuple[Term, ...] = ()
        self._told = Filter()
        self.edit.setMaxLength(LONGEST)
        self.edit.setMinimumWidth(80)
        self.edit.textChanged.connect(self._typed)
        self.edit.returnPressed.connect(self._entered)
        self.edit.installEventFilter(self)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._tell)

    @property
    def filter(self) -> Filter:
        """Return what is asked for now."""
        typed = parse(self.edit.text()).terms
        keys = {term.key for term in typed}
        kept = tuple(term for term in self._terms if term.key not in keys)
        return Filter((*kept, *typed))

    def set_text(self, text: str) -> None:
        """Ask for what would be typed, instead of what was asked for before."""
        found = parse(text)
        self._take_keys(term for term in found.terms if term.key)
        plain = Filter(tuple(term for term in found.terms if not term.key))
        self.edit.setText(plain.typed())
        self._tell()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Let Backspace take away the last chip, Esc everything, the arrow down leave."""
        if watched is not self.edit or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        if event.type() != QEvent.Type.KeyPress:
            return False
        if event.key() == Qt.Key.Key_Backspace and not self.edit.text() and self._terms:
            self._drop(self._terms[-1])
            return True
        if event.key() == Qt.Key.Key_Escape and self.filter:
            self.set_text("")
            return True
        if event.key() == Qt.Key.Key_Down:
            self.left_down.emit()
            return True
        return False

    @Slot(str)
    def _typed(self, text: str) -> None:
        if text.endswith(" ") and text.count('"') % 2 == 0:
            self._make_chips()
        self._pause.start()

    @Slot()
    def _entered(self) -> None:
        self._make_chips()
        self._tell()

    def _make_chips(self) -> None:
        """Turn the keys that were typed into chips and leave the other words."""
        text = self.edit.text()
        terms = parse(text).terms
        keys = [term for term in terms if term.key]
        if not keys:
            return
        for term in reversed(keys):
            text = text[: term.start] + text[term.end :].lstrip()
        self._take_keys((*self._terms, *keys))
        self.edit.setText(text)

    def _take_keys(self, terms: Iterable[Term]) -> None:
        """Keep the last value of each key."""
        kept: dict[str, Term] = {}
        for term in terms:
            kept.pop(term.key, None)
            kept[term.key] = term
        self._terms = tuple(kept.values())
        chips = self._chips.put(self._terms)
        for before, after in pairwise([*chips, self.edit]):
            QWidget.setTabOrder(before, after)
        for chip, term in zip(chips, self._terms, strict=True):
            chip.setProperty("key", term.key)
            chip.clicked.connect(self._chip_pressed)

    @Slot()
    def _chip_pressed(self) -> None:
        key = self.sender().property("key")
        for term in self._terms:
            if term.key == key:
                self._drop(term)
                return

    def _drop(self, gone: Term) -> None:
        self._take_keys(term for term in self._terms if term is not gone)
        self.edit.setFocus(Qt.FocusReason.OtherFocusReason)
        self._tell()

    @Slot()
    def _tell(self) -> None:
        self._pause.stop()
        now = self.filter
        if now != self._told:
            self._told = now
            self.changed.emit(now)
