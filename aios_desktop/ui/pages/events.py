"""Events: what happened, newest on top, and beside it the story that an event belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget

from aios_desktop.i18n import _, ngettext
from aios_desktop.ui import event_history, event_rows, tokens, words
from aios_desktop.ui.empty import Empty
from aios_desktop.ui.event_filter import Filter
from aios_desktop.ui.event_history import Found
from aios_desktop.ui.filter_bar import FilterBar
from aios_desktop.ui.page import Context, Page
from aios_desktop.ui.table import Row, Table
from aios_desktop.ui.trace import TraceView
from aios_desktop.ui.widgets import Button, Card, Rule, Text, col, row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from PySide6.QtGui import QResizeEvent, QShowEvent

    from aios_desktop.events.model import Event

MOST: Final = 5_000  # rows; the oldest are dropped first and can be loaded again
OLDER: Final = 200
STORY_MS: Final = 150
REST_MS: Final = 200  # between two changes of the rows when many events come
TRACE: Final = 376
TRACE_WIDE: Final = 440
TRACE_NARROW: Final = 300
_NARROW_BELOW: Final = 1100


class EventsPage(Page):
    """The table of events with its filter, and the trace of the chosen one."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._events: dict[int, Event] = {}  # what the table shows, in no order
        self._order: list[int] = []  # the same, newest first
        self._fresh: list[Event] = []  # came while the person reads further down
        self._wanted = Filter()
        self._newest = 0  # the newest event that was looked at
        self._oldest = 0  # and the oldest; older ones can be loaded
        self._has_loaded = self._is_loading = False
        self._question = 0  # answers to an earlier question are dropped
        self._trace = 0
        self._midnight = words.midnight(context.clock.now())
        self._build()
        context.bridge.events.connect(self._heard)

    # what others ask for

    def set_filter(self, text: str) -> None:
        """Show the events that fit what would be typed."""
        self.filter_bar.set_text(text)

    def show_trace(self, trace_id: int) -> None:
        """Show the story of a trace beside the table."""
        self._trace = trace_id
        if self.isVisible():
            self._ask_story()

    def open(self, argument: str) -> None:
        """Go to a filter; a trace in it is shown too."""
        self.set_filter(argument)
        wanted = self.filter_bar.filter.value("trace")
        if wanted.isascii() and wanted.isdigit():
            self.show_trace(int(wanted))

    def summary(self) -> str:
        """Return how many events are kept, and how many of those found so far fit the filter."""
        kept = self.core.status().events_stored
        values = {"kept": f"{kept:,}", "n": f"{len(self._order):,}"}
        if self._wanted:
            return _("{kept} kept, {n} match").format(**values)
        return ngettext("{kept} event is kept", "{kept} events are kept", kept).format(**values)

    def refresh(self, topics: frozenset[str]) -> None:
        """Bring the counts up to date, and who still waits for an answer."""
        if "approvals" in topics and self._trace:
            self._story_soon()

    def tick(self) -> None:
        """Give the events of yesterday their date when a day is over."""
        midnight = words.midnight(self._now())
        if midnight != self._midnight:
            self._midnight = midnight
            self.table.put([self._row(self._events[key]) for key in self._order])

    # building

    def _build(self) -> None:
        self.filter_bar = FilterBar()
        self.filter_bar.changed.connect(self._filter_changed)
        self.filter_bar.left_down.connect(self._go_to_table)
        self.table = Table(event_rows.columns(self.context.theme), name=_("Events"))
        self.table.chosen.connect(self._chosen)
        self.table.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.empty = Empty("screens", "", "", _("Clear the filter"))
        self.empty.pressed.connect(self._empty_pressed)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        self.new_button = Button("", "quiet", small=True)
        self.new_button.clicked.connect(self._go_to_top)
        self.new_button.hide()
        self.older_button = Button(_("Load older"), "quiet", small=True)
        self.older_button.clicked.connect(self._load_older)
        self.count = Text("", "small", "text2")
        self.count.setMinimumHeight(tokens.CONTROL_SMALL)
        foot = row(self.older_button, None, self.new_button, self.count, gap=8, m=(8, 2, 15, 2))
        card = Card(self._stack, Rule(), foot, pad=1, gap=0)
        side = self.context.theme.line
        card.lay.setContentsMargins(side, 2, side, 2)
        card.lay.setStretch(0, 1)
        self.trace_view = TraceView()
        self.trace_view.review_asked.connect(self._review)
        below = row(card, self.trace_view, gap=tokens.GAP)
        below.setStretch(0, 1)
        side = tokens.MARGIN
        whole = col(self.filter_bar, below, gap=tokens.GAP, m=(side, 14, side, 14), parent=self)
        whole.setStretch(1, 1)
        self._story_timer = self._timer(STORY_MS)
        self._story_timer.timeout.connect(self._ask_story)
        self._rest = self._timer(REST_MS)
        self._rest.timeout.connect(self._show_fresh)
        slash = QShortcut(QKeySequence("/"), self)
        slash.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        slash.activated.connect(self._go_to_filter)
        self._show_counts()

    def _timer(self, ms: int) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(ms)
        return timer

    # asking the store

    def _reload(self) -> None:
        self._fresh = []
        self._is_loading = True
        self._ask(0)

    def _ask(self, before: int) -> None:
        self._question += 1
        core, wanted, now, number = self.core, self._wanted, self._now(), self._question

        def look() -> tuple[int, int, object]:
            return number, before, event_history.look_back(core, wanted, now, before, OLDER)

        self.context.bridge.ask(look, self._found)

    @Slot()
    def _load_older(self) -> None:
        if not self._is_loading:
            self._is_loading = True
            self._ask(self._oldest)

    def _catch_up(self) -> None:
        """Fetch what came while the page was hidden."""
        self._question += 1
        core, wanted, now, number = self.core, self._wanted, self._now(), self._question
        newest = self._newest
        self._is_loading = True

        def look() -> tuple[int, int, object]:
            return number, -1, event_history.look_on(core, wanted, now, newest)

        self.context.bridge.ask(look, self._found)

    def _found(self, answer: object) -> None:
        if isinstance(answer, Exception):
            self._is_loading = False
            self._say_failed(answer)
            return
        assert isinstance(answer, tuple)
        number, before, found = answer
        if number != self._question:
            return
        self._is_loading = False
        if found is None:  # too much came meanwhile: begin anew
            self._reload()
            return
        assert isinstance(found, Found)
        if before < 0:
            self._on_top(found.events)
        else:
            self._below(found, first=before == 0)
        self._take_fresh()
        self._show_counts()
        self.summary_changed.emit()

    def _below(self, found: Found, *, first: bool) -> None:
        if first:
            self._has_loaded = True
            self._events, self._order = {}, []
        fresh = [event for event in found.events if event.id not in self._events]
        room = MOST - len(self._order)
        self._note(fresh[:room])
        self._order += [event.id for event in fresh[:room]]
        self._oldest = found.looked_to
        self.older_button.setEnabled(not found.is_all and len(self._order) < MOST)
        self.older_button.setVisible(not found.is_all)
        self.table.put([self._row(self._events[key]) for key in self._order])
        if first:
            self.table.scrollToTop()

    def _say_failed(self, error: Exception) -> None:
        text = _("The events could not be read: {reason}").format(reason=words.reason(error))
        self.empty.say(_("No events to show"), text, _("Try again"))
        self._stack.setCurrentWidget(self.empty)

    # events as they come

    @Slot(object)
    def _heard(self, events: Sequence[Event]) -> None:
        if not self.isVisible():
            return
        now = self._now()
        fits = [event for event in events if self._wanted.matches(event, now)]
        self._newest = max(self._newest, *(event.id for event in events))
        if any(event.trace == self._trace for event in events):
            self._story_soon()
        if not fits:
            return
        self._fresh = (self._fresh + fits)[-MOST:]
        if not self._rest.isActive():
            self._show_fresh()

    @Slot()
    def _show_fresh(self) -> None:
        """Put new rows on top, then let the table rest: drawing it is dear."""
        if self._fresh and self.isVisible():
            self._rest.start()
            self._take_fresh()
            self._show_counts()

    def _is_reading(self) -> bool:
        """Say whether new rows would push away what the person looks at."""
        return self._is_loading or self.table.verticalScrollBar().value() > 0

    def _take_fresh(self) -> None:
        if self._fresh and not self._is_reading():
            fresh, self._fresh = self._fresh, []
            self._on_top(fresh)

    def _on_top(self, events: Iterable[Event]) -> None:
        new = {event.id: event for event in events if event.id not in self._events}
        if not new:
            return
        self._note(new.values())
        keys = sorted(new, reverse=True)[:MOST]
        gone = self._order[MOST - len(keys) :]
        if self.table.key() in gone:
            self.table.selectionModel().clear()
        self.table.model_rows.prepend([self._row(new[key]) for key in keys], MOST)
        self._order[:0] = keys
        del self._order[MOST:]
        for key in gone:
            self._events.pop(key, None)
        if gone:
            self._oldest = self._order[-1]
            self.older_button.hide()

    def _note(self, events: Iterable[Event]) -> None:
        for event in events:
            self._events[event.id] = event
            self._newest = max(self._newest, event.id)

    def _row(self, event: Event) -> Row:
        return event_rows.row(event, self._now())

    def _show_counts(self) -> None:
        shown, waiting = len(self._order), len(self._fresh)
        kept = max(self.core.status().events_stored, shown)
        text = _("{shown} of {all} shown").format(shown=f"{shown:,}", all=f"{kept:,}")
        self.count.set(text)
        self.new_button.setVisible(waiting > 0)
        if waiting:
            text = ngettext("{n} new event", "{n} new events", waiting).format(n=f"{waiting:,}")
            self.new_button.setText(text)
            self.new_button.updateGeometry()
        if self._order or not self._has_loaded:
            self._stack.setCurrentWidget(self.table)
        elif self._wanted:
            text = ngettext(
                "{n} event is kept; the filter leaves none.",
                "{n} events are kept; the filter leaves none.",
                kept,
            ).format(n=f"{kept:,}")
            self.empty.say(_("No event matches"), text, _("Clear the filter"))
            self._stack.setCurrentWidget(self.empty)
        else:
            text = _("The first one appears with the first look at the machine.")
            self.empty.say(_("No event yet"), text, _("Look again"))
            self._stack.setCurrentWidget(self.empty)

    # the story

    @Slot(object)
    def _chosen(self, key: int) -> None:
        event = self._events.get(key)
        if event is not None:
            self.show_trace(event.trace or event.id)

    def _story_soon(self) -> None:
        if not self._story_timer.isActive():
            self._story_timer.start()

    @Slot()
    def _ask_story(self) -> None:
        if not self._trace or not self.isVisible():
            return
        core, wanted = self.core, self._trace
        self.context.bridge.ask(
            lambda: (wanted, event_history.story(core, wanted)), self._story_found
        )

    def _story_found(self, answer: object) -> None:
        if not isinstance(answer, tuple) or answer[0] != self._trace:
            return
        waiting = frozenset(approval.id for approval in self.core.approvals())
        self.trace_view.show_story(self._trace, answer[1], self._now(), waiting)

    @Slot(object)
    def _review(self, approval: int) -> None:
        self.context.open_approval(approval)

    # what the person does

    @Slot(object)
    def _filter_changed(self, wanted: Filter) -> None:
        self._wanted = wanted
        if self.isVisible():
            self._reload()
        else:
            self._has_loaded = False

    @Slot()
    def _empty_pressed(self) -> None:
        if self._wanted:
            self.set_filter("")
        else:
            self._reload()

    @Slot(int)
    def _scrolled(self, value: int) -> None:
        if value == 0 and self._fresh:
            self._take_fresh()
            self._show_counts()

    @Slot()
    def _go_to_top(self) -> None:
        self.table.scrollToTop()
        self._take_fresh()
        self._show_counts()

    @Slot()
    def _go_to_filter(self) -> None:
        self.filter_bar.edit.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @Slot()
    def _go_to_table(self) -> None:
        self.table.setFocus(Qt.FocusReason.TabFocusReason)

    # Qt's own

    def showEvent(self, event: QShowEvent) -> None:
        """Fetch what came while nobody looked."""
        super().showEvent(event)
        if self._has_loaded:
            self._catch_up()
        else:
            self._reload()
        if self._trace:
            self._ask_story()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the trace the room there is."""
        super().resizeEvent(event)
        wide = self.width()
        if wide < _NARROW_BELOW:
            width = TRACE_NARROW
        elif wide < tokens.WIDE_FROM - tokens.RAIL_WIDE:
            width = TRACE
        else:
            width = TRACE_WIDE
        self.trace_view.setFixedWidth(width)
        self.table.setColumnHidden(event_rows.ABOUT, wide < _NARROW_BELOW)

    def _now(self) -> float:
        return self.context.clock.now()
