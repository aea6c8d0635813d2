"""The story of one trace: observe, orient, decide and act down one line."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRect, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QPainter
from PySide6.QtWidgets import QWidget

from aios_desktop.events.model import Event
from aios_desktop.i18n import _, ngettext
from aios_desktop.ui import event_words, icons, payload, words
from aios_desktop.ui.column import Column
from aios_desktop.ui.plain import visible
from aios_desktop.ui.theme import current
from aios_desktop.ui.widgets import (
    Button,
    Card,
    Mark,
    Scroll,
    Text,
    clear,
    col,
    facts,
    frame,
    row,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from PySide6.QtGui import QPaintEvent

    from aios_desktop.ui.widgets import Item

MOST: Final = 150  # events that are drawn; a story beyond that says how many more there are
ASKED: Final = "approval.requested"
_NODE: Final = 28
_INDENT: Final = 40
_TOP: Final = Qt.AlignmentFlag.AlignTop
_ICONS: Final = {"observe": "eye", "orient": "compass", "decide": "fork", "act": "bolt"}
_TROUBLED: Final = ("bad", "ask")


@dataclass(frozen=True, slots=True)
class Chapter:
    """Events that follow each other in one part of the story."""

    stage: str  # observe, orient, decide, act
    events: tuple[Event, ...]


def chapters(events: Iterable[Event]) -> list[Chapter]:
    """Put the events of a trace in order and cut them where the part of the story changes."""
    found: list[Chapter] = []
    for event in sorted(events, key=lambda item: item.id):
        stage = event_words.stage(event)
        if found and found[-1].stage == stage:
            found[-1] = Chapter(stage, (*found[-1].events, event))
        else:
            found.append(Chapter(stage, (event,)))
    return found


def moment(at: float, now: float) -> str:
    """Say when something was: the time today, day and time before."""
    if at >= words.midnight(now):
        return words.clock_s(at)
    return time.strftime("%m-%d %H:%M", time.localtime(at))


def offset(seconds: float) -> str:
    """Say how much later than the beginning something was."""
    return _("+{span}").format(span=payload.took(seconds))


class _Chapter(QWidget):
    """One part of the story: node, line to the next one, title with time, what happened."""

    def __init__(self, icon: str, title: str, when: str, items: Sequence[Item], tone: str) -> None:
        super().__init__()
        self.theme = current()
        self._icon, self._tone = icon, tone
        self.is_last = False
        head = row(Text(title, "strong"), None, Text(when, "small", "text2"), gap=8)
        col(head, *items, gap=4, m=(_INDENT, 4, 0, 10), parent=self)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the node and the line."""
        del event
        painter, theme = QPainter(self), self.theme
        if not self.is_last:
            painter.fillRect(13, _NODE - 2, 2, self.height() - _NODE + 2, theme.colour("line"))
        box = QRect(0, 0, _NODE, _NODE)
        frame(painter, box, theme, f"{self._tone}_soft", self._tone)
        icons.centre(painter, self._icon, box, theme.hex(self._tone))


class TraceView(Card):
    """A trace beside the table. ``review_asked`` carries the id of an approval that waits."""

    review_asked = Signal(object)

    def __init__(self) -> None:
        self._id = Text("", "small", "text2", fixed=True)
        self._copy = Button("", "quiet", "copy", small=True, name=_("Copy trace id"))
        self._inside = Column()
        self._lay = col(None, gap=0, m=(0, 0, 4, 8), parent=self._inside)
        scroll = Scroll(self._inside)
        head = row(Text(_("Trace"), "section"), self._id, None, self._copy, gap=8)
        super().__init__(head, scroll, pad=16, gap=8)
        self.lay.setContentsMargins(16, 12, 2, 2)
        head.setContentsMargins(0, 0, 10, 0)
        self._copy.clicked.connect(self._copied)
        self.trace = 0
        self._shown: tuple[object, ...] = ()
        self.show_nothing()

    def show_nothing(self) -> None:
        """Say what stands here once an event is chosen."""
        self.trace = 0
        self._shown = ()
        self._id.set("")
        self._copy.setEnabled(False)
        self._copy.hide()
        text = _("Choose an event to see what led to it and what came of it.")
        self._fill([Text(text, "body", "text2", wrap=True)])

    def show_story(
        self, trace: int, events: Sequence[Event], now: float, waiting: Collection[int] = ()
    ) -> None:
        """Show a trace; ``waiting`` are the approvals that can still be answered."""
        shown = (trace, tuple(event.id for event in events), tuple(waiting))
        if shown == self._shown:
            return
        self._shown = shown
        self.trace = trace
        self._id.set(str(trace))
        self._copy.setEnabled(True)
        self._copy.show()
        if not events:
            text = _("The events of this trace are no longer kept.")
            self._fill([Text(text, "body", "text2", wrap=True)])
            return
        items: list[Item] = [_head(events[0], now), 10]
        made = [self._chapter(part, events[0], now, waiting) for part in chapters(events[:MOST])]
        made[-1].is_last = True
        items += made
        if len(events) > MOST:
            more = len(events) - MOST
            text = ngettext("{n} more event", "{n} more events", more).format(n=more)
            items.append(Text(text, "small", "text2"))
        self._fill(items)

    def _fill(self, items: Sequence[Item]) -> None:
        clear(self._lay)
        for item in (*items, None):
            if item is None:
                self._lay.addStretch(1)
            elif isinstance(item, int):
                self._lay.addSpacing(item)
            elif isinstance(item, QWidget):
                self._lay.addWidget(item)

    def _chapter(
        self, part: Chapter, first: Event, now: float, waiting: Collection[int]
    ) -> _Chapter:
        begin = part.events[0]
        when = moment(begin.time, now) if begin is first else offset(begin.time - first.time)
        title = {
            "observe": _("Observe"),
            "orient": _("Orient"),
            "decide": _("Decide"),
            "act": _("Act"),
        }[part.stage]
        items: list[Item] = []
        for event in part.events:
            items += _told(event, "" if event is begin else offset(event.time - first.time))
            number = event.data.get("approval")
            if isinstance(number, int) and number in waiting and event.type == ASKED:
                items.append(row(18, self._review(number), None, gap=0))
        marks = {event_words.mark(event) for event in part.events}
        tone = "warn" if part.stage in ("decide", "act") and marks & {*_TROUBLED} else "accent"
        return _Chapter(_ICONS[part.stage], title, when, items, tone)

    def _review(self, approval: int) -> Button:
        button = Button(_("Review…"), "main", small=True)
        button.setProperty("approval", approval)
        button.clicked.connect(self._review_pressed)
        return button

    @Slot()
    def _review_pressed(self) -> None:
        self.review_asked.emit(self.sender().property("approval"))

    @Slot()
    def _copied(self) -> None:
        QGuiApplication.clipboard().setText(str(self.trace))


def _head(first: Event, now: float) -> Card:
    """The event that began it, in facts."""
    about = visible(first.target, payload.SHORT) or visible(first.source, payload.SHORT)
    named = _("{type}, {about}").format(type=first.type, about=about)
    lines = [
        ("flag", _("Event"), named, "text"),
        ("clock", _("Since"), moment(first.time, now), "text"),
    ]
    value = payload.number(first.data, "value")
    limit = payload.number(first.data, "threshold")
    if value is not None:
        shown = payload.figure(value)
        text = (
            _("{value}, limit {limit}").format(value=shown, limit=payload.figure(limit))
            if limit is not None
            else shown
        )
        lines.append(("disk", _("Value"), text, "text"))
    return Card(*facts(lines), pad=10, gap=4, fill="sunken")


def _told(event: Event, when: str) -> list[Item]:
    """Return what an event says: a sentence, or for a decision each playbook and its gate."""
    considered = payload.candidates(event)
    if not considered:
        return [_line(event_words.mark(event), event_words.sentence(event).text(), when)]
    found: list[Item] = []
    for number, candidate in enumerate(considered):
        kind = "stop" if candidate.gate else "ok"
        found.append(_line(kind, candidate.playbook, "" if number else when, strong=True))
        found.append(row(18, Text(candidate.reason, "small", "text2", wrap=True), gap=0))
    return found


def _line(kind: str, text: str, when: str, *, strong: bool = False) -> Item:
    sentence = Text(text, "body", wrap=True, weight=500 if strong else None)
    mark = Mark(kind, name=_mark_name(kind))
    parts: list[Item] = [mark, sentence]
    if when:
        parts.append(Text(when, "small", "text2"))
    line = row(*parts, gap=6)
    line.setStretch(1, 1)
    for part in parts:
        if isinstance(part, QWidget):
            line.setAlignment(part, _TOP)
    return line


def _mark_name(kind: str) -> str:
    return {
        "ok": _("well"),
        "stop": _("stopped, which is normal"),
        "warn": _("warning"),
        "bad": _("failed"),
        "ask": _("asks"),
        "run": _("works"),
        "undo": _("undone"),
        "unknown": _("unknown"),
        "wait": _("waits"),
    }.get(kind, _("info"))
