"""The parts of the Office page: legend, list, the cards of what needs a person and of what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from aios_desktop.i18n import _, ngettext
from aios_desktop.runtime.views import AgentState
from aios_desktop.ui import tokens, words
from aios_desktop.ui.paint import clear, col, row
from aios_desktop.ui.table import Cell, Column, Row, Table
from aios_desktop.ui.widgets import Button, Card, Glyph, Mark, Rule, Text, facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aios_desktop.runtime.views import AgentView, ApprovalView, RunView

ORDER: Final = (
    AgentState.WAITING,
    AgentState.DEGRADED,
    AgentState.RUNNING,
    AgentState.MEETING,
    AgentState.LEARNING,
    AgentState.IDLE,
    AgentState.STOPPED,
)
PUT_OFF_S: Final = 600.0
_TIME_WIDTH: Final = 42


class Legend(QWidget):
    """The states with how many are in each, and the switch between picture and list."""

    def __init__(self) -> None:
        super().__init__()
        self._marks = {
            state: Mark(words.STATE_MARKS[state], "", "small")
            for state in (AgentState.RUNNING, *(s for s in ORDER if s is not AgentState.RUNNING))
        }
        self.as_list = Button(_("As a list"), "quiet", small=True)
        self.as_list.setCheckable(True)
        self.needs = Button("", "plain", "ask", small=True)
        self.needs.hide()
        self.lay = row(*self._marks.values(), None, self.needs, self.as_list, gap=18, parent=self)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_agents(self, agents: Sequence[AgentView]) -> None:
        """Show how many are in each state; nobody in a state, no word about it."""
        for state, mark in self._marks.items():
            n = sum(agent.state is state for agent in agents)
            mark.set(mark.kind, words.states(state, n))
            mark.setVisible(n > 0)


class AgentList(Card):
    """The same facts as in the picture, as text: who, what, since when, why we think so."""

    def __init__(self) -> None:
        super().__init__(pad=1)
        self.lay.setContentsMargins(1, 2, 1, 2)
        columns = (
            Column(_("Who"), 140),
            Column(_("State"), 150),
            Column(_("Since"), 70),
            Column(_("Because")),
        )
        self.table = Table(columns, name=_("Everybody in the office"))
        self.lay.addWidget(self.table)

    def show_agents(self, agents: Sequence[AgentView]) -> None:
        """Show them, the ones that need a person first."""
        ordered = sorted(agents, key=lambda agent: ORDER.index(agent.state))
        self.table.put([_agent_row(agent) for agent in ordered])


def _agent_row(agent: AgentView) -> Row:
    evidence = agent.evidence.text()
    if not agent.certain:
        evidence = _("{evidence} (likely)").format(evidence=evidence)
    return Row(
        agent.id,
        (
            Cell(agent.name.text(), "strong"),
            Cell(words.state(agent.state), words.STATE_MARKS[agent.state]),
            Cell(words.clock(agent.since)),
            Cell(evidence, "dim"),
        ),
    )


class OpenCard(Card):
    """The most urgent decision, told in full."""

    review = Signal(object)  # approval id
    deny = Signal(object)
    put_off = Signal(object)

    def __init__(self, approval: ApprovalView, now: float) -> None:
        super().__init__(gap=6, bar="lamp")
        self._approval = approval
        self.left = Text("", "small", "text2")
        risk = Mark(approval.risk, words.risk(approval.risk), "small", pill=True)
        self.lay.addLayout(row(risk, None, Glyph("clock", 12, "text3"), self.left, gap=6))
        self.lay.addWidget(Text(approval.title.text(), "section", wrap=True))
        self.lay.addWidget(Text(approval.why.text(), "body", "text2", wrap=True))
        self.lay.addSpacing(2)
        plan = approval.steps[0].effect.text() if approval.steps else ""
        lines = (
            ("bolt", _("Plan"), plan, "text"),
            ("undo", _("Undo"), approval.undo.text(), "text"),
            ("flag", _("Record"), approval.record.text(), "text"),
        )
        for line in facts(line for line in lines if line[2]):
            self.lay.addLayout(line)
        self.lay.addSpacing(6)
        title = approval.title.text()
        self.review_button = Button(_("Review…"), "main")
        later = Button(_("Not now"), "quiet", tip=_("Hides this question here for 10 minutes"))
        deny = Button(_("Deny"), "plain")
        for button, slot in (
            (self.review_button, self._review),
            (later, self._put_off),
            (deny, self._deny),
        ):
            button.setAccessibleDescription(title)
            button.clicked.connect(slot)
        self.lay.addLayout(row(self.review_button, None, later, deny))
        self.count_down(now)

    def count_down(self, now: float) -> None:
        """Say how much time is left."""
        self.left.set(words.left(self._approval.deadline - now))

    @Slot()
    def _review(self) -> None:
        self.review.emit(self._approval.id)

    @Slot()
    def _deny(self) -> None:
        self.deny.emit(self._approval.id)

    @Slot()
    def _put_off(self) -> None:
        self.put_off.emit(self._approval.id)


class SmallCard(Card):
    """Any other decision, in three lines."""

    review = Signal(object)  # approval id

    def __init__(self, approval: ApprovalView, now: float) -> None:
        super().__init__(pad=14, gap=4, bar="lamp")
        self._approval = approval
        self.left = Text("", "small", "text2")
        risk = Mark(approval.risk, words.risk(approval.risk), "small", pill=True)
        button = Button(_("Review…"), "plain", small=True)
        button.setAccessibleDescription(approval.title.text())
        button.clicked.connect(self._review)
        self.lay.addLayout(row(risk, None, self.left, gap=10))
        self.lay.addWidget(Text(approval.title.text(), "strong", elide=True))
        reason = Text(approval.risk_reason.text(), "small", "text2", elide=True)
        last = row(reason, button)
        last.setStretch(0, 1)
        self.lay.addLayout(last)
        self.count_down(now)

    def count_down(self, now: float) -> None:
        """Say how much time is left."""
        self.left.set(words.left(self._approval.deadline - now))

    @Slot()
    def _review(self) -> None:
        self.review.emit(self._approval.id)


class NeedsYou(QWidget):
    """The decisions that wait, the most urgent one open."""

    review = Signal(object)
    deny = Signal(object)
    put_off = Signal(object)
    bring_back = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._key: object = None
        self._cards: list[OpenCard | SmallCard] = []
        self.count = Text("", "section", "text2")
        self._list = col(gap=10)
        head = row(Text(_("Needs you"), "section"), None, self.count)
        col(head, self._list, gap=10, parent=self)

    def show_approvals(self, waiting: Sequence[ApprovalView], hidden: int, now: float) -> None:
        """Show these, the most urgent first; ``hidden`` more were put off."""
        ordered = sorted(waiting, key=lambda approval: approval.deadline)
        key = (tuple(ordered), hidden)
        if key == self._key:
            self.count_down(now)
            return
        self._key = key
        total = len(ordered) + hidden
        self.count.set(str(total) if total else "")
        clear(self._list)
        self._cards = []
        for number, approval in enumerate(ordered):
            card = OpenCard(approval, now) if number == 0 else SmallCard(approval, now)
            card.review.connect(self.review)
            if isinstance(card, OpenCard):
                card.deny.connect(self.deny)
                card.put_off.connect(self.put_off)
            self._cards.append(card)
            self._list.addWidget(card)
        if hidden:
            self._list.addLayout(self._hidden_line(hidden))
        elif not ordered:
            self._list.addWidget(_nothing())

    def count_down(self, now: float) -> None:
        """Say on every card how much time is left."""
        for card in self._cards:
            card.count_down(now)

    def _hidden_line(self, hidden: int) -> QHBoxLayout:
        text = ngettext("{n} put off", "{n} put off", hidden).format(n=hidden)
        show = Button(_("Show"), "quiet", small=True)
        show.clicked.connect(self.bring_back)
        return row(Text(text, "small", "text2"), None, show)


def _nothing() -> Card:
    title = Text(_("Nothing needs you"), "strong")
    why = Text(_("Decisions appear here and in the tray."), "body", "text2", wrap=True)
    return Card(row(Mark("ok", name=_("All is well")), title, None), why, pad=14, gap=4)


class DoneToday(QWidget):
    """What was done since midnight, with its undo while that is possible."""

    undo = Signal(object)  # run id
    open_run = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._key: object = None
        self.count = Text("", "small", "text2")
        self._card = Card(pad=12, gap=1)
        col(
            row(Text(_("Done today"), "section"), None, self.count), self._card, gap=10, parent=self
        )

    def show_runs(self, done: Sequence[RunView], most: int) -> None:
        """Show the latest ``most`` of the runs that ended today."""
        key = (tuple(done), most)
        if key == self._key:
            return
        self._key = key
        clear(self._card.lay)
        fixed = sum(run.outcome == "fixed" for run in done)
        text = _("{fixed} of {n} fixed").format(fixed=fixed, n=len(done))
        self.count.set(text if done else "")
        for number, run in enumerate(done[:most]):
            if number:
                self._card.lay.addWidget(Rule())
            self._card.lay.addWidget(self._line(run))
        if len(done) > most:
            rest = len(done) - most
            more = Button(_("{n} more…").format(n=rest), "quiet", small=True)
            more.clicked.connect(self._open_all)
            self._card.lay.addLayout(row(None, more))
        if not done:
            self._card.lay.addWidget(Text(_("Nothing was done yet."), "body", "text2"))

    def _line(self, run: RunView) -> QWidget:
        made = QWidget()
        when = Text(words.clock(run.finished or run.created), "small", "text2")
        when.setMinimumWidth(_TIME_WIDTH)
        mark = Mark(words.outcome_mark(run), name=words.outcome(run))
        what = Text(run.title.text(), "body", wrap=True)
        what.setToolTip(run.outcome_reason.text())
        made.setMinimumHeight(tokens.CONTROL_SMALL)
        line = row(when, mark, what, gap=6, parent=made)
        line.setStretch(2, 1)
        if run.undo == "possible":
            button = _UndoButton(run)
            button.clicked.connect(self._undo)
            line.addWidget(button)
        return made

    @Slot()
    def _undo(self) -> None:
        button = self.sender()
        if isinstance(button, _UndoButton):
            button.setEnabled(False)
            self.undo.emit(button.run)

    @Slot()
    def _open_all(self) -> None:
        self.open_run.emit(0)


class _UndoButton(Button):
    """Knows its run."""

    def __init__(self, run: RunView) -> None:
        name = _("Undo: {title}").format(title=run.title.text())
        super().__init__(_("Undo"), "quiet", small=True, name=name)
        self.run = run.id


class WhoIsHere(QWidget):
    """Everybody in one line each; shown where there is room."""

    def __init__(self) -> None:
        super().__init__()
        self._key: object = None
        self._card = Card(gap=10)
        col(Text(_("Who is here"), "section"), self._card, gap=10, parent=self)

    def show_agents(self, agents: Sequence[AgentView]) -> None:
        """Show them."""
        key = tuple((agent.id, agent.state, agent.evidence) for agent in agents)
        if key == self._key:
            return
        self._key = key
        clear(self._card.lay)
        for agent in agents:
            mark = Mark(words.STATE_MARKS[agent.state], name=words.state(agent.state))
            name = Text(agent.name.text(), "body", weight=500)
            why = Text(agent.evidence.text(), "small", "text2", elide=True)
            why.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            line = row(mark, name, why)
            line.setStretch(2, 1)
            self._card.lay.addLayout(line)
