"""The Office page: the picture with its people, what needs a person, what was done today."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRect, Qt, Slot
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStackedWidget, QWidget

from aios_desktop.events.model import EventQuery
from aios_desktop.i18n import _, ngettext
from aios_desktop.ui import tokens, words
from aios_desktop.ui.office.residents import residents_of
from aios_desktop.ui.office.view import OfficeView
from aios_desktop.ui.page import Page
from aios_desktop.ui.pages.office_parts import (
    PUT_OFF_S,
    AgentList,
    DoneToday,
    Legend,
    NeedsYou,
    WhoIsHere,
)
from aios_desktop.ui.paint import col
from aios_desktop.ui.signs import signs_of
from aios_desktop.ui.strip import ScoreStrip
from aios_desktop.ui.widgets import Plain, Scroll

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QPaintEvent, QResizeEvent

    from aios_desktop.runtime.views import AgentView, ApprovalView, RunView
    from aios_desktop.ui.page import Context
    from aios_desktop.ui.signs import Sign

STRIP: Final = 76
STRIP_WIDE: Final = 132
STRIP_S: Final = 15  # one column of the strip
HOUR_S: Final = 3600
DONE: Final = 3
DONE_WIDE: Final = 6
BY: Final = "window"
DRAWER_TOP: Final = 44
DRAWER_PAD: Final = 12
ROOM_FOR_TWICE: Final = 600  # the picture at twice its size, if the strip makes room
ROOM_FOR_ALL: Final = 684


class _Aside(Plain):
    """The right column; as a drawer it has a line at its edge."""

    is_drawer = False

    def __init__(self, parent: QWidget) -> None:
        super().__init__("bg", parent)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill it and draw the edge."""
        super().paintEvent(event)
        if self.is_drawer:
            line, colour = self.theme.line, self.theme.colour("edge")
            painter = QPainter(self)
            painter.fillRect(0, 0, line, self.height(), colour)
            painter.fillRect(0, 0, self.width(), line, colour)


class OfficePage(Page):
    """Where everybody is, and what they need."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._ticks = 0
        self._agents: tuple[AgentView, ...] = ()
        self._put_off: dict[int, float] = {}  # approval id: hidden until (monotonic)
        self._signs: tuple[Sign, ...] = ()
        self._is_wide: bool | None = None
        self._is_narrow: bool | None = None
        self.legend = Legend()
        self.legend.as_list.toggled.connect(self._switch)
        self.legend.needs.clicked.connect(self._toggle_drawer)
        self.view = OfficeView(context.clock)
        self._dress()
        context.theme.changed.connect(self._dress)
        self.list = AgentList()
        self.strip = ScoreStrip(HOUR_S)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.list)
        self.main = QWidget(self)
        self._column = col(self.legend, self._stack, self.strip, gap=8, parent=self.main)
        self._column.setContentsMargins(16, 10, 16, 14)
        self._column.setStretch(1, 1)
        self._build_aside()

    def _build_aside(self) -> None:
        self.needs = NeedsYou()
        self.needs.review.connect(self._review)
        self.needs.deny.connect(self._deny)
        self.needs.put_off.connect(self._hide_for_now)
        self.needs.bring_back.connect(self._bring_back)
        self.done = DoneToday()
        self.done.undo.connect(self._undo)
        self.done.open_run.connect(self._open_repairs)
        self.people = WhoIsHere()
        inside = QWidget()
        col(self.needs, 4, self.done, 8, self.people, None, gap=10, m=(0, 14, 0, 16), parent=inside)
        self.aside = _Aside(self)
        self._aside_lay = col(Scroll(inside), m=(0, 0, 6, 0), parent=self.aside)
        self.people.hide()

    def summary(self) -> str:
        """Say what waits and how the rest is."""
        waiting, score = len(self.core.approvals()), self.core.score()
        level = words.level(score.level)
        if score.value is None:
            return _("AIOS takes its first look at the machine.")
        if waiting:
            text = ngettext(
                "{n} decision waits for you. The machine is {level}.",
                "{n} decisions wait for you. The machine is {level}.",
                waiting,
            )
            return text.format(n=waiting, level=level.lower())
        return _("Nothing needs you. The machine is {level}.").format(level=level.lower())

    def refresh(self, topics: frozenset[str]) -> None:
        """Show what may have changed."""
        if "agents" in topics or "options" in topics:
            self._show_agents()
        if "approvals" in topics or "runs" in topics:
            self._show_approvals()
            self._show_runs()
        if "runs" in topics or "metrics" in topics:
            self._ask_for_signs()
        if self._ticks == 0:
            self._show_strip()

    def tick(self) -> None:
        """Count down; now and then move the strip on. Agents also change by the time alone."""
        self._ticks += 1
        self._show_agents()
        self._show_approvals()
        if self._ticks % STRIP_S == 0:
            self._show_strip()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the right column its room, or make it a drawer where there is none."""
        super().resizeEvent(event)
        width = self.window().width()
        wide, narrow = width >= tokens.WIDE_FROM, width < tokens.DRAWER_BELOW
        if wide != self._is_wide:
            self._is_wide = wide
            self.strip.setFixedHeight(STRIP_WIDE if wide else STRIP)
            self.people.setVisible(wide)
            self._show_runs()
        if narrow != self._is_narrow:
            self._is_narrow = narrow
            self.legend.needs.setVisible(narrow)
            self.aside.setVisible(not narrow)
            self.aside.is_drawer = narrow
            self._aside_lay.setContentsMargins(DRAWER_PAD if narrow else 0, 0, 6, 0)
        self.strip.setVisible(not ROOM_FOR_TWICE <= self.height() < ROOM_FOR_ALL)
        self._place()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Esc shut the drawer."""
        if event.key() == Qt.Key.Key_Escape and self._is_narrow and self.aside.isVisible():
            self._toggle_drawer()
            return
        super().keyPressEvent(event)

    def _place(self) -> None:
        width = tokens.ASIDE_WIDE if self._is_wide else tokens.ASIDE
        room, top = self.width() - width, 0
        if self._is_narrow:  # the drawer leaves the line with its button free
            room, top, width = self.width(), DRAWER_TOP, width + DRAWER_PAD
        self.main.setGeometry(0, 0, room, self.height())
        self.aside.setGeometry(QRect(self.width() - width, top, width, self.height() - top))
        self.aside.raise_()

    # what is shown

    def _show_agents(self) -> None:
        agents = self.core.agents()
        if agents == self._agents:
            return
        self._agents = agents
        self.view.set_residents(residents_of(agents))
        self.legend.show_agents(agents)
        self.list.show_agents(agents)
        self.people.show_agents(agents)

    def _show_approvals(self) -> None:
        clock = self.context.clock
        waiting = self.core.approvals()
        now = clock.monotonic()
        alive = {approval.id for approval in waiting}
        self._put_off = {
            key: until for key, until in self._put_off.items() if key in alive and until > now
        }
        shown = [approval for approval in waiting if approval.id not in self._put_off]
        self.needs.show_approvals(shown, len(waiting) - len(shown), clock.now())
        self._say_needs(waiting)

    def _say_needs(self, waiting: tuple[ApprovalView, ...]) -> None:
        n = len(waiting)
        text = ngettext("{n} needs you", "{n} need you", n).format(n=n)
        if self.legend.needs.text() != text:
            self.legend.needs.setText(text)
            self.legend.needs.updateGeometry()

    def _show_runs(self) -> None:
        since = words.midnight(self.context.clock.now())
        done = [run for run in self.core.runs() if _ended_since(run, since)]
        done.sort(key=lambda run: -(run.finished or 0.0))
        most = max(1, DONE - max(0, len(self.core.approvals()) - 2))  # cards need the room
        self.done.show_runs(done, DONE_WIDE if self._is_wide else most)

    def _show_strip(self) -> None:
        now = self.context.clock.now()
        self.strip.show_history(self.core.score_history(HOUR_S), now, self._signs)

    def _ask_for_signs(self) -> None:
        query = EventQuery(since=self.context.clock.now() - HOUR_S, limit=2000)
        self.context.bridge.ask(lambda: tuple(self.core.events(query)), self._got_events)

    def _got_events(self, found: object) -> None:
        if isinstance(found, tuple):
            self._signs = signs_of(found)
            self._show_strip()

    # what a person does

    @Slot()
    def _dress(self) -> None:
        self.view.set_page_color(self.theme.colour("bg"))

    @Slot(bool)
    def _switch(self, as_list: bool) -> None:
        self._stack.setCurrentWidget(self.list if as_list else self.view)

    @Slot()
    def _toggle_drawer(self) -> None:
        opens = not self.aside.isVisible()
        self.aside.setVisible(opens)
        if opens:
            self.aside.setFocus(Qt.FocusReason.TabFocusReason)
            self.aside.focusNextChild()
        else:
            self.legend.needs.setFocus(Qt.FocusReason.TabFocusReason)

    @Slot(object)
    def _review(self, approval_id: int) -> None:
        self.context.open_approval(approval_id)

    @Slot(object)
    def _deny(self, approval_id: int) -> None:
        self.context.bridge.ask(lambda: self.core.deny(approval_id, by=BY), self._answered)

    @Slot(object)
    def _hide_for_now(self, approval_id: int) -> None:
        self._put_off[approval_id] = self.context.clock.monotonic() + PUT_OFF_S
        self._show_approvals()

    @Slot()
    def _bring_back(self) -> None:
        self._put_off.clear()
        self._show_approvals()

    @Slot(object)
    def _undo(self, run_id: int) -> None:
        self.context.bridge.ask(lambda: self.core.undo(run_id, by=BY), self._answered)

    @Slot(object)
    def _open_repairs(self, run_id: int) -> None:
        self.context.go_to("repairs", str(run_id) if run_id else "")

    def _answered(self, answer: object) -> None:
        self.tell_answer(answer)
        self._show_approvals()
        self._show_runs()


def _ended_since(run: RunView, since: float) -> bool:
    return run.is_done and run.finished is not None and run.finished >= since
