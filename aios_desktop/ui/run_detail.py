"""A run in full: verdict, how it ran, whether it helped, what changed, each step, the way back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QWidget

from aios_desktop.i18n import _
from aios_desktop.ui import run_words, words
from aios_desktop.ui.column import Column
from aios_desktop.ui.curve import Curve, Evidence, cut
from aios_desktop.ui.decision import fact_rows
from aios_desktop.ui.diff import Diff
from aios_desktop.ui.plain import visible
from aios_desktop.ui.plan_steps import plan_steps, run_steps
from aios_desktop.ui.widgets import (
    Bar,
    Button,
    Card,
    Glyph,
    Mark,
    Scroll,
    Text,
    clear,
    col,
    row,
)

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QResizeEvent

    from aios_desktop.clock import Clock
    from aios_desktop.runtime.port import Core
    from aios_desktop.runtime.views import ApprovalView, Measure, RunView

BEFORE_S: Final = 300.0  # of the curve, before the run
AFTER_S: Final = 600.0
CURVE_EVERY_S: Final = 5.0
_RIGHT: Final = 16  # of the head; in the body the scroll bar takes 10 of it
_COLUMNS: Final = 3
_CURVE: Final = 200  # the greatest height of the curve
_CURVE_WIDE: Final = 420
_WIDE_FROM: Final = 1000
_MOST_MEASURES: Final = 6


class _Question(QWidget):
    """The question before an undo, in place. The focus is on Keep."""

    answered = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        text = Text(_("Undo this repair?"), "strong")
        self.undo = Button(_("Undo"), "plain", "undo", small=True)
        self.keep = Button(_("Keep"), "plain", small=True)
        asked = row(text, None, self.keep, self.undo, gap=8)
        card = Card(asked, pad=12, gap=0, fill="sunken", line="edge")
        row(card, m=(0, 0, _RIGHT, 0), parent=self)
        self.undo.clicked.connect(self._yes)
        self.keep.clicked.connect(self._no)
        self.hide()

    def ask(self) -> None:
        """Show the question."""
        self.show()
        self.keep.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Esc keep it."""
        if event.key() == Qt.Key.Key_Escape:
            self._no()
            return
        super().keyPressEvent(event)

    @Slot()
    def _yes(self) -> None:
        self.hide()
        self.answered.emit(True)

    @Slot()
    def _no(self) -> None:
        self.hide()
        self.answered.emit(False)


class RunDetail(Card):
    """One run. ``trace_asked`` carries its trace, ``undo_asked`` its id, ``review_asked`` the id of
    the approval that it waits for."""

    trace_asked = Signal(object)
    undo_asked = Signal(object)
    review_asked = Signal(object)

    def __init__(self, core: Core, clock: Clock) -> None:
        self._core, self._clock = core, clock
        self._run: RunView | None = None
        self._approval: ApprovalView | None = None
        self._curve: Curve | None = None
        self._curve_at = 0.0
        self._is_asking = False
        self._pill = Mark("idle", "", pill=True)
        self._title = Text("", "title", wrap=True)
        self.trace_button = Button(_("Trace"), "plain", "compass")
        self.undo_button = Button(_("Undo…"), "plain", "undo")
        self.review_button = Button(_("Review…"), "main")
        self._how = Text("", "body", "text2", wrap=True)
        self._note = Text("", "small", "text2")
        self.question = _Question()
        self._inside = Column()
        self._body = col(None, gap=8, m=(0, 0, _RIGHT - 10, 12), parent=self._inside)
        self._scroll = Scroll(self._inside)
        super().__init__(*self._head(), self._scroll, pad=20, gap=8)
        self.lay.setContentsMargins(20, 17, 4, 2)
        self.trace_button.clicked.connect(self._ask_trace)
        self.undo_button.clicked.connect(self._ask_undo)
        self.review_button.clicked.connect(self._ask_review)
        self.question.answered.connect(self._undo_answered)

    @property
    def run(self) -> RunView | None:
        """Return the run that is shown."""
        return self._run

    def show_run(self, run: RunView, approval: ApprovalView | None = None) -> None:
        """Show a run, and what it waits for; does nothing when it is shown as it stands."""
        if run == self._run and approval == self._approval:
            return
        self._approval = approval
        if self._run is None or self._run.id != run.id:
            self.question.hide()
        self._is_asking = False
        self._run = run
        self._show_head(run)
        self._fill(run)

    def tick(self) -> None:
        """Keep what depends on the time up to date."""
        if self._run is None:
            return
        self._show_undo(self._run)
        now = self._clock.now()
        ended = self._run.finished or now
        is_live = now - ended < AFTER_S + CURVE_EVERY_S
        if is_live and self._clock.monotonic() - self._curve_at >= CURVE_EVERY_S:
            self._show_curve(self._run)

    def undo_refused(self) -> None:
        """Offer the undo again: it was asked for in vain."""
        self._is_asking = False
        if self._run is not None:
            self._show_undo(self._run)

    # the head

    def _head(self) -> tuple[QWidget, ...]:
        first, second = QWidget(), QWidget()
        buttons = (self.trace_button, self.undo_button, self.review_button)
        line = row(self._pill, self._title, 8, *buttons, gap=8, m=(0, 0, _RIGHT, 0), parent=first)
        line.setStretch(1, 1)
        line.setAlignment(self._pill, Qt.AlignmentFlag.AlignVCenter)
        below = row(self._how, self._note, gap=24, m=(0, 0, _RIGHT, 0), parent=second)
        below.setStretch(0, 1)
        below.setAlignment(self._how, Qt.AlignmentFlag.AlignTop)
        below.setAlignment(self._note, Qt.AlignmentFlag.AlignTop)
        return first, second, self.question

    def _show_head(self, run: RunView) -> None:
        self._pill.set(run_words.mark(run), run_words.capital(run_words.word(run)))
        self._pill.updateGeometry()
        self._title.set(visible(run.title.text()))
        self._how.set(run_words.how(run, words.midnight(self._clock.now())))
        self.trace_button.setEnabled(bool(run.trace))
        self.review_button.setVisible(run.state == "waiting" and bool(run.approval))
        self.undo_button.setVisible(run.state != "waiting")
        self._show_undo(run)

    def _show_undo(self, run: RunView) -> None:
        now = self._clock.now()
        can = run_words.can_undo(run, now)
        if not can and not self.question.isHidden():
            self.question.hide()
        self.undo_button.setEnabled(can and not self._is_asking)
        is_free = run.state == "waiting"
        self._note.set("" if is_free else run_words.undo_note(run, now))

    # the body

    def _fill(self, run: RunView) -> None:
        clear(self._body)
        self._curve = None
        if run.state == "waiting":
            self._add_question(run, self._approval)
        else:
            if run.is_done and not run_words.acted(run):
                self._add_nothing_done(run)
            else:
                self._add_verdict(run)
            if run.changes:
                self._add(Text(_("What changed"), "section"), above=6)
                self._add(Diff(run.changes))
            self._add(Text(_("Steps"), "section"), above=6)
            for part in run_steps(run.steps):
                self._add(part)
        self._body.addStretch(0)

    def _add_question(self, run: RunView, approval: ApprovalView | None) -> None:
        """What a person is asked to decide: the cause, the plan, the facts."""
        if approval is not None:
            self._add(Text(_("Why"), "section"), above=4)
            self._add(Text(visible(approval.why.text()), wrap=True))
        self._add(Text(_("Exactly this will happen"), "section"), above=6)
        steps = approval.steps if approval is not None else run.steps
        self._add(Card(*plan_steps(steps), pad=12, gap=6, fill="sunken"))
        if approval is not None:
            self._body.addSpacing(4)
            self._body.addLayout(fact_rows(approval))

    def _add(self, part: QWidget, above: int = 0) -> None:
        if above:
            self._body.addSpacing(above)
        self._body.addWidget(part)

    def _add_nothing_done(self, run: RunView) -> None:
        """Why it did not come to a repair."""
        reason = visible(run.outcome_reason.text()) or run_words.why_nothing(run)
        self._add(Text(_("Nothing was done"), "section"), above=4)
        self._add(Text(reason, wrap=True))

    def _add_verdict(self, run: RunView) -> None:
        """Whether it helped: what success means, the verdict in words, the figures, the curve."""
        criterion = visible(run.success.text())
        head = QWidget()
        said = _("Success means: {success}").format(success=criterion) if criterion else ""
        line = row(
            Text(_("Did it help?"), "section"),
            Text(said, "small", "text2", wrap=True),
            gap=10,
            parent=head,
        )
        line.setStretch(1, 1)
        self._add(head, above=4)
        reason = visible(run.outcome_reason.text())
        if not reason and not run.is_done:
            reason = _("It is measured after the last step.")
        if reason:
            self._add(Text(reason, wrap=True))
        if run.measures:
            grid = QGridLayout()
            grid.setSpacing(12)
            for number, measure in enumerate(run.measures[:_MOST_MEASURES]):
                card = _measure(measure, run.outcome)
                grid.addWidget(card, number // _COLUMNS, number % _COLUMNS)
                grid.setColumnStretch(number % _COLUMNS, 1)
            self._body.addLayout(grid)
        if run.metric:
            self._add_curve(run)

    def _add_curve(self, run: RunView) -> None:
        evidence = self._evidence(run)
        self._curve_at = self._clock.monotonic()
        if not evidence.is_known:
            text = _("The figures of that time are no longer kept.")
            self._add(Text(text, "small", "text2", wrap=True))
            return
        name = _("{metric} around the run").format(metric=visible(run.metric))
        self._curve = Curve(evidence, name)
        self._body.addWidget(self._curve, 1)
        self._size_curve()

    def _size_curve(self) -> None:
        """Let the curve grow with the window."""
        if self._curve is not None:
            self._curve.setMaximumHeight(_CURVE_WIDE if self.width() > _WIDE_FROM else _CURVE)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the curve the room there is."""
        super().resizeEvent(event)
        self._size_curve()

    def _show_curve(self, run: RunView) -> None:
        if self._curve is not None:
            self._curve_at = self._clock.monotonic()
            self._curve.show_evidence(self._evidence(run))

    def _evidence(self, run: RunView) -> Evidence:
        now, begun = self._clock.now(), run_words.began(run)
        start = begun - BEFORE_S
        end = min(now, (run.finished or now) + AFTER_S)
        series = self._core.metric_history(run.metric, now - start)
        times, values = cut(series.times, series.values, start, end)
        found = Evidence(times, values, series.unit, start, end, begun, run.limit)
        return replace(found, start=max(start, times[0])) if times else found

    # what the person does

    @Slot()
    def _ask_trace(self) -> None:
        if self._run is not None:
            self.trace_asked.emit(self._run.trace)

    @Slot()
    def _ask_review(self) -> None:
        if self._run is not None:
            self.review_asked.emit(self._run.approval)

    @Slot()
    def _ask_undo(self) -> None:
        self.question.ask()

    @Slot(bool)
    def _undo_answered(self, yes: bool) -> None:
        if self._run is None:
            return
        if yes:
            self._is_asking = True
            self._show_undo(self._run)
            self.undo_asked.emit(self._run.id)
        self.trace_button.setFocus(Qt.FocusReason.OtherFocusReason)


def _measure(measure: Measure, outcome: str) -> Card:
    """A figure before and after, as words and as two bars."""
    before, after, unit = measure.before, measure.after, measure.unit
    known = [abs(value) for value in (before, after) if value is not None]
    top = 100.0 if unit == "%" else max([*known, 1e-9])
    said = row(
        Text(run_words.amount(before, unit), "body", "text2"),
        Glyph("right", 12, "text3"),
        Text(run_words.amount(after, unit), "section"),
        None,
        gap=6,
    )
    name = visible(measure.name.text())
    bars = [
        Bar(abs(value) / top, tone, height=6)
        for value, tone in ((before, "idle"), (after, "ok" if outcome == "fixed" else "s1"))
        if value is not None
    ]
    return Card(Text(name, "small", "text2"), said, *bars, pad=12, gap=5)
