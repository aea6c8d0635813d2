"""Settings: all options by category, searched in any language, in force at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QSizePolicy, QStackedWidget, QWidget

from aios_desktop.config import BY_NAME, OPTIONS
from aios_desktop.errors import AiosError
from aios_desktop.i18n import _, ngettext
from aios_desktop.ui import tokens
from aios_desktop.ui.column import Column
from aios_desktop.ui.empty import Empty
from aios_desktop.ui.page import Context, Page
from aios_desktop.ui.pages import settings_words
from aios_desktop.ui.pages.settings_foot import GUTTER, Foot
from aios_desktop.ui.pages.settings_rows import CategoryButton, OptionRow, Section
from aios_desktop.ui.pages.settings_writer import Writer
from aios_desktop.ui.pages.storage import StorageCard
from aios_desktop.ui.plain import visible
from aios_desktop.ui.widgets import Field, Key, Scroll, col, row

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QShowEvent
    from PySide6.QtWidgets import QBoxLayout

    from aios_desktop.config import Option, Value

LIST: Final = 200


class SettingsPage(Page):
    """Search and categories at the left, the options beside them, what differs below."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._shows_changed = False
        self._is_going = False  # to a category: the list follows the click, not the scroll bar
        self.writer = Writer(context.core, context.bridge, self)
        self.writer.written.connect(self._written)
        self.storage = StorageCard(context)
        self.storage.answered.connect(self.tell_answer)
        self.rows: dict[str, OptionRow] = {}
        self.sections: dict[str, Section] = {}
        self.categories: dict[str, CategoryButton] = {}
        self._build()

    # what the window asks for

    def summary(self) -> str:
        """Return when a change takes effect."""
        return _("Everything is kept as you change it")

    def refresh(self, topics: frozenset[str]) -> None:
        """Show the values in force."""
        if "options" in topics:
            for name, one in self.rows.items():
                one.show_value(self.core.option(name))
            self._show_changes()

    def tick(self) -> None:
        """Follow what becomes of the storage."""
        self.storage.tick()

    def open(self, argument: str) -> None:
        """Go to a category or an option by its name."""
        self._show_all()
        if argument in self.rows:
            one = self.rows[argument]
            self._go_to(settings_words.category(argument))
            self.area.ensureWidgetVisible(one, 0, 24)
            one.control.setFocus(Qt.FocusReason.ShortcutFocusReason)
        elif argument in self.sections:
            self._go_to(argument)

    def place(self) -> str:
        """Return the option that the keyboard is at."""
        here = QApplication.focusWidget()
        while isinstance(here, QWidget) and not isinstance(here, OptionRow):
            here = here.parentWidget()
        return here.option.name if isinstance(here, OptionRow) else ""

    # building

    def _build(self) -> None:
        """Make the frame first: widgets that get their place at once are made faster."""
        self.foot = Foot()
        self.foot.show_asked.connect(self._show_differences)
        self.foot.reset_asked.connect(self._reset_all)
        inside = Column()
        column = col(gap=20, m=(0, 14, GUTTER - 10, 14), parent=inside)
        self.area = Scroll(inside)
        self.area.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.empty = Empty("library", "", "", _("Clear the search"))
        self.empty.pressed.connect(self._show_all)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.area)
        self._stack.addWidget(self.empty)
        side = QWidget()
        side.setMaximumWidth(tokens.TEXT_MAX + GUTTER)
        side.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        col(self._stack, self.foot, gap=0, parent=side).setStretch(0, 1)
        self.search = self._make_search()
        self._buttons = col(gap=2)
        left = QWidget()
        left.setFixedWidth(LIST)
        col(self.search, self._buttons, None, gap=12, m=(0, 14, 0, 14), parent=left)
        whole = row(left, side, gap=24, m=(tokens.MARGIN, 0, 0, 0), parent=self)
        whole.setStretch(1, 1)
        whole.addStretch(0)
        self._fill(column)
        slash = QShortcut(QKeySequence("/"), self)
        slash.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        slash.activated.connect(self._go_to_search)

    def _make_search(self) -> Field:
        count = len(OPTIONS)
        text = ngettext("Search {n} setting", "Search {n} settings", count).format(n=count)
        search = Field(text, icon="search", right=(Key("/"),))
        search.edit.setMaxLength(100)
        search.edit.textChanged.connect(self._search_changed)
        return search

    def _fill(self, column: QBoxLayout) -> None:
        """Make the sections with their rows, and the list of categories."""
        by_category: dict[str, list[Option]] = {settings_words.STORAGE: []}
        for option in OPTIONS:
            by_category.setdefault(settings_words.category(option.name), []).append(option)
        for name in settings_words.in_order(set(by_category)):
            section = Section(name)
            self.sections[name] = section
            column.addWidget(section)
            for option in by_category[name]:
                self.rows[option.name] = section.add_option(option)
                self.rows[option.name].wanted.connect(self._wanted)
            if name == settings_words.STORAGE:
                section.add_below(self.storage)
            button = CategoryButton(name)
            button.clicked.connect(self._category_clicked)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self.categories[name] = button
            self._buttons.addWidget(button)
        column.addStretch(1)
        self._filter()

    # changing

    @Slot(object, object)
    def _wanted(self, name: str, value: Value) -> None:
        self.writer.put({name: value})

    @Slot(object)
    def _written(self, answer: object) -> None:
        if not isinstance(answer, dict):
            self.tell_answer(answer)
            return
        for name, error in answer.items():
            one = self.rows[name]
            one.show_value(self.core.option(name), again=True)
            one.say("" if error is None else self._reason(name, error))
        self._show_changes()

    def _reason(self, name: str, error: Exception) -> str:
        if isinstance(error, AiosError):
            values = {
                key: settings_words.number(value) if isinstance(value, float) else value
                for key, value in error.values.items()
            }
            if values.get("name") == name:
                values["name"] = settings_words.title(BY_NAME[name])
            return visible(_(error.key).format(**values))
        return _("That did not work. The log says why.")

    @Slot()
    def _reset_all(self) -> None:
        self.writer.put({x.option.name: x.option.default for x in self._changed_rows()})

    def _changed_rows(self) -> list[OptionRow]:
        return [one for one in self.rows.values() if one.is_changed]

    def _show_changes(self) -> None:
        changed = len(self._changed_rows())
        self.foot.show_count(changed, only=self._shows_changed)
        if self._shows_changed:
            if changed:
                self._filter()
            else:
                self._show_all()

    # finding

    @Slot()
    def _search_changed(self) -> None:
        self._shows_changed = False
        self._show_changes()
        self._filter()

    @Slot()
    def _show_differences(self) -> None:
        """Show only what differs from the defaults, or everything again."""
        shows = not self._shows_changed
        self._show_all()
        self._shows_changed = shows
        self._show_changes()

    @Slot()
    def _show_all(self) -> None:
        self._shows_changed = False
        self.search.edit.clear()
        self._show_changes()
        self._filter()

    def _filter(self) -> None:
        """Show the rows that are asked for, and in the list how many each category has."""
        wanted, only = self.search.edit.text(), self._shows_changed

        def fits(one: OptionRow) -> bool:
            return one.is_changed if only else settings_words.fits(wanted, one.haystack)

        with_storage = not only and settings_words.fits(wanted, self.storage.haystack)
        found = 0
        for name, section in self.sections.items():
            count = section.show_rows(fits, with_rest=with_storage)
            self.categories[name].set_count(count)
            self.categories[name].setEnabled(not section.isHidden())
            found += not section.isHidden()
        if not found:
            text = _("The search looks through names and explanations, in English and Chinese.")
            self.empty.say(_("No setting matches"), text, _("Clear the search"))
        self._stack.setCurrentWidget(self.area if found else self.empty)
        self._mark_first()
        self.area.verticalScrollBar().setValue(0)

    # the list of categories

    def _mark_first(self) -> None:
        first = next((x for x in self.categories.values() if x.isEnabled()), None)
        if first is not None:
            first.setChecked(True)

    @Slot()
    def _category_clicked(self) -> None:
        button = self.sender()
        assert isinstance(button, CategoryButton)
        self._go_to(button.category)

    def _go_to(self, category: str) -> None:
        self.categories[category].setChecked(True)
        self._is_going = True
        bar = self.area.verticalScrollBar()
        bar.setValue(max(0, self.sections[category].y() - 14))
        self._is_going = False

    @Slot(int)
    def _scrolled(self, value: int) -> None:
        """Mark the category that is read."""
        if self._is_going:
            return
        here = value + self.area.viewport().height() // 3
        names = [name for name, x in self.sections.items() if not x.isHidden() and x.y() <= here]
        bar = self.area.verticalScrollBar()
        if value == 0 and names:
            self.categories[names[0]].setChecked(True)
        elif value == bar.maximum():
            shown = [name for name, x in self.sections.items() if not x.isHidden()]
            self.categories[shown[-1]].setChecked(True)
        elif names:
            self.categories[names[-1]].setChecked(True)

    # Qt's own

    def showEvent(self, event: QShowEvent) -> None:
        """Look at what is kept."""
        super().showEvent(event)
        self.storage.look()

    @Slot()
    def _go_to_search(self) -> None:
        self.search.edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.edit.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Escape end a search."""
        if event.key() == Qt.Key.Key_Escape and (self.search.edit.text() or self._shows_changed):
            self._show_all()
            return
        super().keyPressEvent(event)
