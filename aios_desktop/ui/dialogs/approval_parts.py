"""What the approval dialog is made of: head, cause, plan, facts, the word to type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from aios_desktop.i18n import N_, _, ngettext
from aios_desktop.ui import words
from aios_desktop.ui.exact import Exact
from aios_desktop.ui.plain import visible
from aios_desktop.ui.plan_steps import plan_steps
from aios_desktop.ui.portrait import Portrait
from aios_desktop.ui.theme import current
from aios_desktop.ui.widgets import (
    Button,
    Card,
    Field,
    Glyph,
    Mark,
    Plain,
    Text,
    col,
    flat_bars,
    row,
)

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QPaintEvent
    from PySide6.QtWidgets import QBoxLayout

    from aios_desktop.runtime.views import ApprovalView, StepView

ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_ITEM_LINES: Final = 9
_ASKS: Final = {
    "monitor": N_("The monitor asks. Without an answer nothing is done."),
    "analyst": N_("The analyst asks. Without an answer nothing is done."),
    "optimizer": N_("The optimizer asks. Without an answer nothing is done."),
    "executor": N_("The executor asks. Without an answer nothing is done."),
    "validator": N_("The validator asks. Without an answer nothing is done."),
    "learner": N_("The learner asks. Without an answer nothing is done."),
}


class Approve(Button):
    """The one button that Enter does not press: somebody may be typing elsewhere."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Enter and do nothing."""
        if event.key() in ENTER:
            event.accept()
            return
        super().keyPressEvent(event)


class Foot(Plain):
    """The ground under the buttons, so that the decision is always at the same place."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill it and draw the line above it."""
        super().paintEvent(event)
        line = self.theme.line
        QPainter(self).fillRect(0, 0, self.width(), line, self.theme.colour("line"))


class Head(QWidget):
    """Who asks what, the risk, and how long the question stays open."""

    def __init__(self, approval: ApprovalView) -> None:
        super().__init__()
        title = Text(visible(approval.title.text()), "title", wrap=True)
        key = _ASKS.get(approval.asker)
        asks = (
            _(key)
            if key
            else _("{name} asks. Without an answer nothing is done.").format(
                name=visible(approval.asker)
            )
        )
        self._left = Text("", "small", "text2")
        self._clock = Glyph("clock", 12, "text3")
        kind = approval.risk if approval.risk in ("low", "medium", "high") else "unknown"
        pill = Mark(kind, words.risk(approval.risk), pill=True)
        said = col(None, title, Text(asks, "body", "text2", wrap=True), None, gap=2)
        side = col(pill, row(None, self._clock, self._left, gap=6), None, gap=6)
        side.setAlignment(pill, Qt.AlignmentFlag.AlignRight)
        line = row(Portrait(approval.asker), said, side, gap=16, parent=self)
        line.setStretch(1, 1)

    def show_left(self, text: str) -> None:
        """Show how long the question stays open; empty when it no longer does."""
        self._left.set(text)
        if not text:
            self._clock.hide()


class HighRisk(Card):
    """High risk: what cannot be undone, before anything else."""

    def __init__(self, approval: ApprovalView) -> None:
        undo = _("Undo: {undo}").format(undo=visible(approval.undo.text()))
        effects = [Text(visible(step.effect.text()), wrap=True) for step in approval.steps[:3]]
        said = col(Text(undo, "strong", "bad_text", wrap=True), *effects, gap=2)
        line = row(Glyph("warn", 24, "bad"), said, gap=14)
        line.setStretch(1, 1)
        super().__init__(line, pad=14, fill="bad_soft", line="bad")


class Plan(QWidget):
    """Each step exactly as it will be done, and on request each thing that it touches."""

    resized = Signal()

    def __init__(self, steps: tuple[StepView, ...]) -> None:
        super().__init__()
        self._steps = steps
        self._count = sum(max(step.item_count, len(step.items)) for step in steps)
        self._items: QPlainTextEdit | None = None
        self.toggle = Button("", "quiet", small=True)
        if not any(step.items for step in steps):
            self.toggle.hide()
        self.toggle.clicked.connect(self._turn)
        self._name_toggle()
        heading = Text(_("Exactly this will happen"), "strong")
        card = Card(*plan_steps(steps), pad=12, gap=6, fill="sunken")
        self._lay = col(row(heading, None, self.toggle, gap=8), card, gap=6, parent=self)

    def items_shown(self) -> bool:
        """Say whether the list of things is open."""
        return self._items is not None

    @Slot()
    def _turn(self) -> None:
        if self._items is None:
            self._items = _item_list(self._steps)
            self._lay.addWidget(self._items)
            self._items.show()
        else:
            self._items.hide()
            self._items.deleteLater()
            self._items = None
        self._name_toggle()
        self._lay.invalidate()
        self.updateGeometry()
        self.resized.emit()

    def _name_toggle(self) -> None:
        if self._items is not None:
            self.toggle.setText(_("Hide the items"))
            return
        text = ngettext("Show the item", "Show all {n} items", self._count)
        self.toggle.setText(text.format(n=f"{self._count:,}"))


def _item_list(steps: tuple[StepView, ...]) -> QPlainTextEdit:
    lines: list[str] = []
    for step in steps:
        lines += [visible(item, 1000) for item in step.items]
        if step.item_count > len(step.items):
            more = step.item_count - len(step.items)
            lines.append(ngettext("and {n} more", "and {n} more", more).format(n=f"{more:,}"))
    made = QPlainTextEdit("\n".join(lines))
    made.setReadOnly(True)
    made.setTabChangesFocus(True)
    made.setFont(current().mono("small"))
    made.setAccessibleName(_("All items"))
    made.setFrameShape(QFrame.Shape.NoFrame)
    made.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
    flat_bars(made)
    shown = min(len(lines), _ITEM_LINES)
    made.setFixedHeight(made.fontMetrics().lineSpacing() * shown + 12)
    return made


class WordRow(QWidget):
    """High risk: the target's name must be typed."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self._word = word
        ask = Text(_("To approve, type the name of the target:"), wrap=True)
        name = _("The name of the target, {word}").format(word=visible(word))
        self.field = Field(name=name, width=200)
        self.edit = self.field.edit
        said = col(None, ask, Exact(word), None, gap=0)
        row(said, self.field, gap=16, parent=self).setStretch(0, 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Enter and do nothing: who types the name does not mean to deny."""
        if event.key() in ENTER:
            event.accept()
            return
        super().keyPressEvent(event)

    def typed(self) -> str:
        """Return what was typed."""
        return self.edit.text().strip()

    def fits(self) -> bool:
        """Say whether the right word was typed."""
        return self.typed() == self._word


def why(approval: ApprovalView, trace: Button) -> QBoxLayout:
    """Return the cause, with the button that shows its trace."""
    said = Text(visible(approval.why.text()), wrap=True)
    return col(row(Text(_("Why"), "strong"), None, trace, gap=8), said, gap=2)
