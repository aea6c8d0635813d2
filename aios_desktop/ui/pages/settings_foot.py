"""The foot of the settings: how many differ from the defaults, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication, QStackedWidget, QWidget

from aios_desktop.i18n import _, ngettext
from aios_desktop.ui.widgets import Button, Text, row

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QPaintEvent

HEIGHT: Final = 60
GUTTER: Final = 16  # beside the cards, for the scroll bar


class Foot(QWidget):
    """Counts what differs; going back to the defaults is asked once more, in place."""

    show_asked = Signal()
    reset_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self.said = Text("", "small", "text2")
        self.show_button = Button(_("Show them"), "quiet", small=True)
        self.show_button.clicked.connect(self.show_asked)
        self.reset_button = Button(_("Back to defaults…"), "plain", "undo")
        self.reset_button.clicked.connect(self._ask)
        calm = QWidget()
        row(self.said, self.show_button, None, self.reset_button, gap=8, parent=calm)
        self.question = Text("", "strong")
        self.keep_button = Button(_("Keep them"), "plain")
        self.keep_button.clicked.connect(self._end)
        self.sure_button = Button(_("Set back"), "risky", "undo")
        self.sure_button.clicked.connect(self._sure)
        asking = QWidget()
        row(self.question, None, self.keep_button, self.sure_button, gap=8, parent=asking)
        self._stack = QStackedWidget()
        self._stack.addWidget(calm)
        self._stack.addWidget(asking)
        self._asking = asking
        row(self._stack, m=(0, 0, GUTTER, 0), parent=self)
        self.setFixedHeight(HEIGHT)
        self.show_count(0, only=False)

    def show_count(self, count: int, *, only: bool) -> None:
        """Show how many settings differ; ``only`` those are shown at this moment."""
        if count != self._count:
            self._end()
        self._count = count
        text = ngettext(
            "{n} setting differs from its default", "{n} settings differ from the defaults", count
        ).format(n=count)
        self.said.set(text if count else _("All settings are at their defaults"))
        self.show_button.setText(_("Show all") if only else _("Show them"))
        self.show_button.updateGeometry()
        self.show_button.setVisible(bool(count))
        self.reset_button.setVisible(bool(count))

    @property
    def is_asking(self) -> bool:
        """Say whether it waits for the second press."""
        return self._stack.currentWidget() is self._asking

    @Slot()
    def _ask(self) -> None:
        text = ngettext(
            "Set {n} setting back to its default?",
            "Set {n} settings back to the defaults?",
            self._count,
        ).format(n=self._count)
        self.question.set(text)
        self._stack.setCurrentWidget(self._asking)
        self.keep_button.setFocus(Qt.FocusReason.TabFocusReason)

    @Slot()
    def _end(self) -> None:
        if not self.is_asking:
            return
        focused = QApplication.focusWidget()
        inside = focused is not None and self._asking.isAncestorOf(focused)
        self._stack.setCurrentIndex(0)
        if inside and self.reset_button.isVisibleTo(self):
            self.reset_button.setFocus(Qt.FocusReason.TabFocusReason)

    @Slot()
    def _sure(self) -> None:
        self._end()
        self.reset_asked.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line under which the settings scroll away."""
        del event
        theme = self.said.theme
        QPainter(self).fillRect(0, 0, self.width() - GUTTER, theme.line, theme.colour("line"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Escape keep everything as it is."""
        if event.key() == Qt.Key.Key_Escape and self.is_asking:
            self._end()
            return
        super().keyPressEvent(event)
