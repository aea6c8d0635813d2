"""What fills the frame: rail, bars and the pages, each page built when it is first opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QWidget

from aios_desktop.i18n import _
from aios_desktop.ui import app_icon, tokens
from aios_desktop.ui.frame import PAGES, Frame, shortcut_of
from aios_desktop.ui.office import pixel_font
from aios_desktop.ui.page import Context
from aios_desktop.ui.paint import col, row
from aios_desktop.ui.shell import NoticeLine, Rail, StatusBar, TopBar

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
    from PySide6.QtWidgets import QDialog

    from aios_desktop.clock import Clock
    from aios_desktop.runtime.port import Core
    from aios_desktop.ui.bridge import Bridge
    from aios_desktop.ui.page import Page
    from aios_desktop.ui.theme import Theme

SECOND_MS: Final = 1000
SAY_MS: Final = 8000


class MainWindow(QWidget):
    """Rail, top bar, pages and status bar of a running core, inside a ``Frame``."""

    quit_asked = Signal()
    second_passed = Signal()  # while the window can be seen

    def __init__(
        self, core: Core, bridge: Bridge, theme: Theme, clock: Clock, frame: Frame
    ) -> None:
        super().__init__()
        self.frame = frame
        self.can_hide: Callable[[], bool] = lambda: False  # is there a tray at this moment?
        self._core, self._bridge, self._theme, self._clock = core, bridge, theme, clock
        self._context = Context(
            core=core,
            bridge=bridge,
            theme=theme,
            clock=clock,
            open_approval=self.open_approval,
            go_to=self.go_to,
            tell=self.tell,
        )
        self._pages: dict[str, Page] = {}
        self._dialogs: dict[int, QDialog] = {}
        self._inside: QWidget | None = None
        self._second = QTimer(self)
        self._second.setTimerType(Qt.TimerType.CoarseTimer)
        self._second.setInterval(SECOND_MS)
        self._second.timeout.connect(self._tick)
        self._hush = QTimer(self)
        self._hush.setSingleShot(True)
        self._hush.setInterval(SAY_MS)
        self._hush.timeout.connect(self._say_nothing)
        pixel_font.load()
        col(gap=0, parent=self)
        self._build()
        self._add_keys()
        bridge.changed.connect(self._changed)
        frame.setWindowIcon(app_icon.icon())
        frame.wants_hiding = self._wants_hiding
        frame.state_changed.connect(self._frame_changed)
        frame.hold(self)
        self.show()
        self.rail.buttons[frame.page].setFocus(Qt.FocusReason.MouseFocusReason)

    @property
    def page_name(self) -> str:
        """Return which page is open."""
        return self.frame.page

    def page(self, name: str) -> Page:
        """Return a page, built now if need be."""
        if name not in self._pages:
            page = _make(name, self._context)
            page.summary_changed.connect(self._show_summary)
            page.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
            self._pages[name] = page
            self._stack.addWidget(page)
        return self._pages[name]

    def go_to(self, name: str, argument: str = "") -> None:
        """Open a page, and something on it."""
        if name not in self.rail.buttons:
            return
        self.frame.page = name
        page = self.page(name)
        self._stack.setCurrentWidget(page)
        self.rail.show_page(name)
        self._show_summary()
        if argument:
            page.open(argument)

    def open_approval(self, approval_id: int) -> None:
        """Show the dialog of a waiting decision; say so when it waits no more."""
        if approval_id in self._dialogs:
            self._dialogs[approval_id].raise_()
            self._dialogs[approval_id].activateWindow()
            return
        found = next((item for item in self._core.approvals() if item.id == approval_id), None)
        if found is None:
            self.tell(_("This question is no longer open."))
            return
        from aios_desktop.ui.dialogs.approval import ApprovalDialog  # noqa: PLC0415  when asked

        dialog = ApprovalDialog(self._core, self._bridge, found, self._theme, self._clock, self)
        self._dialogs[approval_id] = dialog
        dialog.finished.connect(self._forget_dialogs)
        dialog.trace_asked.connect(self._show_trace)
        dialog.open()

    def tell(self, text: str) -> None:
        """Say a sentence under the top bar for a few seconds."""
        self.notice.say(text)
        self._hush.start()

    def retranslate(self) -> None:
        """Build everything anew, in the language now in use."""
        page = self._pages.get(self.frame.page)
        place = page.place() if page is not None else ""
        self._pages.clear()
        self.frame.setWindowTitle(_("AIOS Desktop"))
        self._build()
        if self.isVisible():
            self.go_to(self.frame.page, place)
            self._show_facts()

    # the frame

    def _build(self) -> None:
        pages = [(name, _(label)) for name, label in PAGES]
        self.rail = Rail(pages)
        self.rail.chosen.connect(self.go_to)
        self.top = TopBar()
        self.top.searched.connect(self._search)
        self.notice = NoticeLine()
        self.status = StatusBar()
        self._stack = QStackedWidget()
        inside = QWidget()
        column = col(self.top, self.notice, self._stack, self.status, gap=0)
        column.setStretch(2, 1)
        row(self.rail, column, gap=0, parent=inside).setStretch(1, 1)
        if self._inside is not None:
            self._inside.hide()
            self._inside.deleteLater()
        self._inside = inside
        layout = self.layout()
        assert layout is not None
        layout.addWidget(inside)
        if self.isVisible():
            inside.show()
        self._fit()
        self.rail.show_page(self.frame.page)
        self.top.title.set(_(dict(PAGES)[self.frame.page]))

    def _add_keys(self) -> None:
        for number, (name, _label) in enumerate(PAGES, 1):
            shortcut = QShortcut(QKeySequence(shortcut_of(number, name)), self)
            shortcut.setObjectName(name)
            shortcut.activated.connect(self._shortcut)
        find = QShortcut(QKeySequence("Ctrl+K"), self)
        find.activated.connect(self._focus_search)
        leave = QShortcut(QKeySequence("Ctrl+Q"), self)
        leave.activated.connect(self.quit_asked)

    def _fit(self) -> None:
        wide = self.width() >= tokens.WIDE_FROM
        self.rail.set_wide(wide)
        self.top.set_wide(wide)

    # what happens

    def _wants_hiding(self) -> bool:
        return bool(self._core.option("ui.close_to_tray")) and self.can_hide()

    @Slot()
    def _frame_changed(self) -> None:
        """Rest while minimised."""
        if self.frame.isMinimized():
            self._second.stop()
        elif self.isVisible():
            self._second.start()

    @Slot()
    def _shortcut(self) -> None:
        self.go_to(self.sender().objectName())

    @Slot()
    def _focus_search(self) -> None:
        self.top.search.edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.top.search.edit.selectAll()

    @Slot(object)
    def _search(self, text: str) -> None:
        self.go_to("events", text)

    @Slot(object)
    def _changed(self, topics: frozenset[str]) -> None:
        del topics
        self._show_facts()

    @Slot()
    def _tick(self) -> None:
        self._show_facts()
        page = self._pages.get(self.frame.page)
        if page is not None and page.isVisible():
            page.tick()
        self._show_summary()
        self.second_passed.emit()

    @Slot()
    def _show_summary(self) -> None:
        self.top.title.set(_(dict(PAGES)[self.frame.page]))
        page = self._pages.get(self.frame.page)
        self.top.sentence.set(page.summary() if page is not None else "")

    @Slot()
    def _say_nothing(self) -> None:
        self.notice.say("")

    @Slot(object)
    def _show_trace(self, trace: int) -> None:
        self.go_to("events", f"trace:{trace}")

    @Slot()
    def _forget_dialogs(self) -> None:
        gone = self.sender()
        self._dialogs = {key: box for key, box in self._dialogs.items() if box is not gone}

    def _show_facts(self) -> None:
        if not self.isVisible():
            return
        status = self._core.status()
        self.top.show_score(status.score)
        self.notice.show_notices(status.notices)
        self.status.show_status(status)
        self.rail.buttons["repairs"].set_count(status.waiting)

    # Qt's own

    def showEvent(self, event: QShowEvent) -> None:
        """Look at the facts once a second from now on."""
        super().showEvent(event)
        self._second.start()
        if self.frame.page not in self._pages:
            self.go_to(self.frame.page)
        self._show_facts()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest while nobody looks."""
        super().hideEvent(event)
        self._second.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use the room."""
        super().resizeEvent(event)
        self._fit()


def _make(name: str, context: Context) -> Page:
    """Build a page; its module is loaded only now."""
    if name == "health":
        from aios_desktop.ui.pages.health import HealthPage  # noqa: PLC0415  loads the charts

        return HealthPage(context)
    if name == "events":
        from aios_desktop.ui.pages.events import EventsPage  # noqa: PLC0415  when opened

        return EventsPage(context)
    if name == "repairs":
        from aios_desktop.ui.pages.repairs import RepairsPage  # noqa: PLC0415  when opened

        return RepairsPage(context)
    if name == "settings":
        from aios_desktop.ui.pages.settings import SettingsPage  # noqa: PLC0415  when opened

        return SettingsPage(context)
    from aios_desktop.ui.pages.office import OfficePage  # noqa: PLC0415  when opened

    return OfficePage(context)
