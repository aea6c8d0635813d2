"""The storage part of the settings: sizes, what is archived next, and forgetting old events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication, QWidget

from aios_desktop.config import Option
from aios_desktop.i18n import N_, _
from aios_desktop.runtime.views import StorageView
from aios_desktop.ui import words
from aios_desktop.ui.pages import storage_words
from aios_desktop.ui.pages.settings_controls import NumberField
from aios_desktop.ui.pages.settings_rows import EDGE
from aios_desktop.ui.paint import clear, col, row
from aios_desktop.ui.plain import visible
from aios_desktop.ui.theme import current
from aios_desktop.ui.widgets import Bar, Button, Card, Glyph, Mark, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QKeyEvent, QPaintEvent
    from PySide6.QtWidgets import QBoxLayout

    from aios_desktop.events.model import Event
    from aios_desktop.runtime.views import StoragePart, StorageWork
    from aios_desktop.ui.page import Context
    from aios_desktop.ui.paint import Item

BY: Final = "window"
AGAIN_S: Final = 60  # between two looks while the page is open
LABEL: Final = 190
SIZE: Final = 72
SHARE: Final = 120
OLDER: Final = Option(
    "older", 30, N_("Events older than this are forgotten"), 2, 3650, unit=N_("days")
)


class Line(QWidget):
    """A row of the card, with the faint line above it unless it is the first."""

    def __init__(self, *items: Item, is_first: bool = False) -> None:
        super().__init__()
        self.theme = current()
        self._is_first = is_first
        row(*items, gap=12, m=(EDGE, 11, EDGE, 11), parent=self).setStretch(0, 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line."""
        del event
        if not self._is_first:
            theme = self.theme
            QPainter(self).fillRect(0, 0, self.width(), theme.line, theme.colour("line"))


class Sizes(QWidget):
    """How much there is of each kind, with its share as a bar."""

    def __init__(self) -> None:
        super().__init__()
        self.total = Text(_(storage_words.SIZES), "strong")
        self.free = Text(_("Counts what is kept…"), "small", "text2")
        self.folder = Text("", "small", "text3", fixed=True, elide=True)
        head = row(self.total, self.free, self.folder, gap=12)
        head.setStretch(2, 1)
        self.folder.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._lines = col(gap=4)
        col(head, self._lines, gap=8, m=(EDGE, 11, EDGE, 13), parent=self)

    def show_view(self, view: StorageView) -> None:
        """Show fresh figures."""
        self.free.set(storage_words.total(view))
        self.folder.set(visible(view.folder, 400))
        clear(self._lines)
        most = max((part.size_bytes for part in view.parts), default=0)
        for part in view.parts:
            if part.size_bytes or part.kind in ("raw", "archive"):
                self._lines.addLayout(self._line(part, view, most))

    def _line(self, part: StoragePart, view: StorageView, most: int) -> QBoxLayout:
        name = Text(storage_words.part_title(part.kind))
        name.setMinimumWidth(LABEL)
        size = Text(words.size(part.size_bytes))
        size.setFixedWidth(SIZE)
        size.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        share = Bar(part.size_bytes / most if most else 0.0, height=6)
        share.setFixedWidth(SHARE)
        detail = Text(storage_words.part_detail(part, view), "small", "text2", elide=True)
        line = row(name, detail, share, size, gap=12)
        line.setStretch(1, 1)
        return line


class Forget(QWidget):
    """Forgetting old events: how old, then once more with what would go."""

    asked = Signal(object)  # days

    def __init__(self) -> None:
        super().__init__()
        self._view: StorageView | None = None
        title = Text(_(storage_words.FORGET), "strong")
        self.help = Text(_(storage_words.FORGET_HELP), "small", "text2", wrap=True)
        self._days = 30
        self.days = NumberField(OLDER, _("Forget events older than"))
        self.days.show_value(self._days)
        self.days.chosen.connect(self._days_chosen)
        self.days.refused.connect(self._refused)
        self.button = Button(_("Forget…"), "plain", "trash")
        self.button.clicked.connect(self._ask)
        said = col(None, title, self.help, None, gap=2)
        self._calm = Line(said, self.days, self.button)
        self.question = Text("", "strong", wrap=True)
        warning = Text(_("They cannot be brought back."), "small", "bad_text", wrap=True)
        sign = Glyph("warn", 12, "bad", height=18)
        line = row(sign, warning, gap=6)
        line.setStretch(1, 1)
        self.keep_button = Button(_("Keep them"), "plain")
        self.keep_button.clicked.connect(self._end)
        self.sure_button = Button(_("Forget"), "risky", "trash")
        self.sure_button.clicked.connect(self._sure)
        asked = col(None, self.question, line, None, gap=2)
        self._asking = Line(asked, self.keep_button, self.sure_button)
        self._asking.hide()
        col(self._calm, self._asking, gap=0, parent=self)
        self._show()

    @property
    def is_asking(self) -> bool:
        """Say whether it waits for the second press."""
        return not self._asking.isHidden()

    def show_view(self, view: StorageView) -> None:
        """Know what there is to forget."""
        self._view = view
        self._show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Escape keep everything."""
        if event.key() == Qt.Key.Key_Escape and self.is_asking:
            self._end()
            return
        super().keyPressEvent(event)

    def _show(self) -> None:
        """Lock the button, with the reason beside it, while nothing is so old."""
        old = storage_words.older(self._view, self._days) if self._view is not None else None
        self.button.setEnabled(old is not None and old.days > 0)
        if old is None or old.days:
            self.help.set(_(storage_words.FORGET_HELP), "text2")
        else:
            self.help.set(_("No event is that old."), "text2")
        if self.is_asking:
            if old is None or not old.days:
                self._end()
            else:
                self.question.set(storage_words.question(old))

    @Slot(object)
    def _days_chosen(self, value: float) -> None:
        low, high = int(OLDER.low or 0), int(OLDER.high or 0)
        if isinstance(value, int) and low <= value <= high:
            self._days = value
            self.days.show_value(value)
            self._show()
            return
        self.days.show_value(self._days)
        text = _("A whole number of days from {low} to {high}.")
        self._refused(text.format(low=low, high=high))

    @Slot(object)
    def _refused(self, text: str) -> None:
        self.help.set(text, "bad_text")

    @Slot()
    def _ask(self) -> None:
        self._asking.show()
        self._calm.hide()
        self._show()
        self.keep_button.setFocus(Qt.FocusReason.TabFocusReason)

    @Slot()
    def _end(self) -> None:
        focused = QApplication.focusWidget()
        had_focus = focused is not None and self._asking.isAncestorOf(focused)
        self._calm.show()
        self._asking.hide()
        if had_focus:
            self.button.setFocus(Qt.FocusReason.TabFocusReason)

    @Slot()
    def _sure(self) -> None:
        self._end()
        self.asked.emit(self._days)


class StorageCard(Card):
    """Everything about what AIOS keeps. It asks the core by itself while it can be seen."""

    answered = Signal(object)  # what the core said to something that was asked of it

    def __init__(self, context: Context) -> None:
        super().__init__(pad=1, gap=0)
        self._context = context
        self._view: StorageView | None = None
        self._is_looking = self._was_working = False
        self._since_look = 0
        self.sizes = Sizes()
        self.archive_help = Text("", "small", "text2", wrap=True)
        self.archive_button = Button(_("Archive now"), "plain", "disk")
        self.archive_button.clicked.connect(self._archive)
        self.archive_button.setEnabled(False)
        title = Text(_(storage_words.ARCHIVE), "strong")
        archive = Line(col(None, title, self.archive_help, None, gap=2), self.archive_button)
        self.backup_help = Text("", "small", "text2", wrap=True)
        self.backup_button = Button(_("Back up now"), "plain", "copy")
        self.backup_button.clicked.connect(self._back_up)
        title = Text(_(storage_words.BACK_UP), "strong")
        backup = Line(col(None, title, self.backup_help, None, gap=2), self.backup_button)
        self.forget = Forget()
        self.forget.asked.connect(self._forget)
        self.progress = Bar(0.0, height=8, name=_("Progress"))
        self.working = Mark("run", "")
        self.work_line = Line(col(self.working, self.progress, gap=6))
        self.work_line.hide()
        for widget in (self.sizes, archive, backup, self.forget, self.work_line):
            self.lay.addWidget(widget)
        self.haystack = storage_words.haystack()
        context.bridge.events.connect(self._heard)

    def look(self) -> None:
        """Ask for fresh figures, unless somebody does already."""
        self._since_look = 0
        if not self._is_looking:
            self._is_looking = True
            self._context.bridge.ask(self._context.core.storage, self._looked)

    def tick(self) -> None:
        """Follow the work on old days; look again once a minute."""
        work = self._context.core.storage_work()
        self._show_work(work)
        self._since_look += 1
        if (self._was_working and work is None) or self._since_look >= AGAIN_S:
            self.look()
        self._was_working = work is not None

    def _looked(self, answer: object) -> None:
        self._is_looking = False
        if isinstance(answer, StorageView):
            self._view = answer
            self.sizes.show_view(answer)
            self.forget.show_view(answer)
            self.archive_help.set(storage_words.coming(answer))
            self._show_backups()
            self._show_work(self._context.core.storage_work())
        elif isinstance(answer, Exception):
            self.sizes.free.set(
                _("What is kept could not be counted: {reason}").format(
                    reason=visible(words.reason(answer), 200)
                ),
                "bad_text",
            )

    def _show_work(self, work: StorageWork | None) -> None:
        is_due = self._view is not None and self._view.due > 0
        self.archive_button.setEnabled(is_due and work is None)
        self.work_line.setVisible(work is not None)
        if work is not None:
            self.working.set("run", storage_words.working(work))
            self.working.updateGeometry()
            self.progress.set((work.number - 1 + work.part) / max(1, work.days))

    def _show_backups(self) -> None:
        if self._view is not None and self.backup_button.isEnabled():
            self.backup_help.set(storage_words.backups(self._view))

    @Slot()
    def _back_up(self) -> None:
        self.backup_button.setEnabled(False)
        self.backup_help.set(_("Copies the journal…"))
        self._context.bridge.ask(self._context.core.back_up, self._backed_up)

    def _backed_up(self, answer: object) -> None:
        self.backup_button.setEnabled(True)
        self._show_backups()
        self.answered.emit(answer)
        self.look()

    @Slot()
    def _archive(self) -> None:
        self._context.bridge.ask(self._context.core.archive_now, self._told)

    @Slot(object)
    def _forget(self, days: int) -> None:
        core, before = self._context.core, self._context.clock.now() - days * storage_words.DAY_S
        self._context.bridge.ask(lambda: core.forget_events(before, by=BY), self._told)

    def _told(self, answer: object) -> None:
        self.answered.emit(answer)

    @Slot(object)
    def _heard(self, events: Sequence[Event]) -> None:
        if self.isVisible() and any(event.type == "store.rotated" for event in events):
            self.look()
