"""Repairs: what waits, runs and was done, and for each the proof and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QStackedWidget, QWidget

from aios_desktop.i18n import _, ngettext
from aios_desktop.runtime.views import Answer
from aios_desktop.ui import payload, run_words, tokens, words
from aios_desktop.ui.empty import Empty
from aios_desktop.ui.fault_card import FaultCard
from aios_desktop.ui.page import Context, Page
from aios_desktop.ui.plain import visible
from aios_desktop.ui.run_detail import RunDetail
from aios_desktop.ui.run_list import Line, RunList, run_tone
from aios_desktop.ui.widgets import Card, col, row

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from aios_desktop.runtime.views import ApprovalView, RunView

MOST: Final = 100
BY: Final = "window"
LIST: Final = 392
LIST_WIDE: Final = 440
LIST_NARROW: Final = 300
_NARROW_BELOW: Final = 1100
_TOPICS: Final = frozenset(("runs", "approvals"))


class RepairsPage(Page):
    """The list of runs and the chosen one."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._runs: dict[int, RunView] = {}
        self._approvals: dict[int, ApprovalView] = {}
        self._build()

    def _build(self) -> None:
        self.faults = FaultCard()
        self.list = RunList(_("Repairs"))
        self.list.chosen.connect(self._chosen)
        self._list_card = Card(self.list, pad=1, gap=0)
        side = self.context.theme.line
        self._list_card.lay.setContentsMargins(side, 2, side, 2)
        self.detail = RunDetail(self.core, self.context.clock)
        self.detail.trace_asked.connect(self._show_trace)
        self.detail.undo_asked.connect(self._undo)
        self.detail.review_asked.connect(self._review)
        both = QWidget()
        line = row(self._list_card, self.detail, gap=tokens.GAP, parent=both)
        line.setStretch(1, 1)
        self.empty = Empty(
            "sofa",
            _("Nothing was repaired yet"),
            _("A repair appears here when a playbook fits something that happened."),
            _("Look at the events"),
        )
        self.empty.pressed.connect(self._show_events)
        self._stack = QStackedWidget()
        self._stack.addWidget(both)
        self._stack.addWidget(Card(self.empty))
        side = tokens.MARGIN
        col(self.faults, self._stack, gap=tokens.GAP, m=(side, 14, side, 14), parent=self)

    # what the window asks for

    def summary(self) -> str:
        """Return how many wait, run and are done today."""
        counts = dict.fromkeys(run_words.GROUPS, 0)
        midnight = words.midnight(self.context.clock.now())
        for run in self._runs.values():
            counts[run_words.group(run, midnight)] += 1
        if not counts["waiting"] and not counts["running"]:
            done = counts["today"]
            return ngettext(
                "Nothing waits, {n} done today", "Nothing waits, {n} done today", done
            ).format(n=done)
        waiting = ngettext(
            "{n} waits, {running} running, {done} done today",
            "{n} wait, {running} running, {done} done today",
            counts["waiting"],
        )
        return waiting.format(n=counts["waiting"], running=counts["running"], done=counts["today"])

    def refresh(self, topics: frozenset[str]) -> None:
        """Show what changed."""
        if "playbooks" in topics:
            self.faults.show_faults(self.core.playbooks()[1])
        if topics & _TOPICS:
            self._runs = {run.id: run for run in self.core.runs(MOST)}
            self._approvals = {item.run: item for item in self.core.approvals()}
            self._stack.setCurrentIndex(0 if self._runs else 1)
            self._show_list()
            self._show_detail()

    def tick(self) -> None:
        """Count down and up."""
        if self._runs:
            self._show_list()
            self.detail.tick()

    def open(self, argument: str) -> None:
        """Go to a run by its id."""
        if argument.isascii() and argument.isdigit():
            self.list.select(int(argument))

    # the list

    def _show_list(self) -> None:
        now = self.context.clock.now()
        midnight = words.midnight(now)
        groups: dict[str, list[RunView]] = {name: [] for name in run_words.GROUPS}
        for run in self._runs.values():
            groups[run_words.group(run, midnight)].append(run)
        groups["waiting"].sort(key=self._deadline)
        for name in ("today", "earlier"):
            groups[name].sort(key=_ended, reverse=True)
        lines: list[Line] = []
        for name, runs in groups.items():
            if runs:
                lines.append(Line(0, run_words.group_name(name), str(len(runs))))
                lines += [self._line(run, now, midnight) for run in runs]
        self.list.put(lines)
        if not self.list.key():
            self.list.select(next((line.key for line in lines if line.key), 0))

    def _line(self, run: RunView, now: float, midnight: float) -> Line:
        kind = run_words.mark(run)
        if run.state == "waiting":
            word, tone = words.clock(run.created), "text2"
        elif not run.is_done:
            word, tone = payload.took(round(now - run_words.began(run))), "text2"
        else:
            word, tone = run_words.word(run), run_tone(kind)
        return Line(
            key=run.id,
            title=visible(run.title.text(), 300),
            word=word,
            below=run_words.second_line(run, self._approvals.get(run.id), now, midnight),
            kind=kind,
            tone=tone,
            progress=None if run.is_done or run.state == "waiting" else run_words.progress(run),
        )

    def _deadline(self, run: RunView) -> float:
        approval = self._approvals.get(run.id)
        return approval.deadline if approval is not None else run.created

    # the chosen run

    @Slot(object)
    def _chosen(self, key: int) -> None:
        del key
        self._show_detail()

    def _show_detail(self) -> None:
        key = self.list.key()
        run = self._runs.get(key) or self.core.run(key)
        if run is not None:
            self.detail.show_run(run, self._approvals.get(run.id))

    @Slot(object)
    def _undo(self, run_id: int) -> None:
        core = self.core
        self.context.bridge.ask(lambda: core.undo(run_id, by=BY), self._undo_taken)

    def _undo_taken(self, answer: object) -> None:
        self.tell_answer(answer)
        if not isinstance(answer, Answer) or not answer.ok:
            self.detail.undo_refused()

    @Slot(object)
    def _show_trace(self, trace: int) -> None:
        self.context.go_to("events", f"trace:{trace}")

    @Slot(object)
    def _review(self, approval: int) -> None:
        self.context.open_approval(approval)

    @Slot()
    def _show_events(self) -> None:
        self.context.go_to("events", "")

    # Qt's own

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the list the room there is."""
        super().resizeEvent(event)
        wide = self.width()
        if wide < _NARROW_BELOW:
            width = LIST_NARROW
        elif wide < tokens.WIDE_FROM - tokens.RAIL_WIDE:
            width = LIST
        else:
            width = LIST_WIDE
        self._list_card.setFixedWidth(width)


def _ended(run: RunView) -> float:
    return run.finished or run.created
