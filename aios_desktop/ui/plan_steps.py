"""The steps of a plan or of a run: number, exact command, effect, what undo does, how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QWidget

from aios_desktop.i18n import _
from aios_desktop.ui import payload
from aios_desktop.ui.exact import Exact
from aios_desktop.ui.plain import visible
from aios_desktop.ui.theme import current
from aios_desktop.ui.widgets import Glyph, Mark, Rule, Text, col, row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtWidgets import QBoxLayout

    from aios_desktop.runtime.views import StepView

MOST: Final = 50  # steps that are shown; a playbook has far fewer
_MARKS: Final = {
    "planned": "idle",
    "running": "run",
    "done": "ok",
    "failed": "bad",
    "skipped": "stop",
    "undone": "undo",
    "unknown": "unknown",
}
_TOP: Final = Qt.AlignmentFlag.AlignTop


def state_word(state: str) -> str:
    """Say how a step went."""
    return {
        "planned": _("planned"),
        "running": _("running"),
        "done": _("done"),
        "failed": _("failed"),
        "skipped": _("not begun"),
        "undone": _("taken back"),
        "unknown": _("unknown"),
    }.get(state, state)


def plan_steps(steps: Iterable[StepView]) -> list[QWidget]:
    """Return the rows of a plan that nobody has begun, with rules between them."""
    return _ruled([_step(step) for step in list(steps)[:MOST]])


def run_steps(steps: Iterable[StepView]) -> list[QWidget]:
    """Return the rows of a run: with a mark, how long each took, and what went wrong."""
    return _ruled([_step(step, went=True) for step in list(steps)[:MOST]])


def _ruled(rows: list[QWidget]) -> list[QWidget]:
    found: list[QWidget] = []
    for made in rows:
        found += [Rule(), made] if found else [made]
    return found


def _step(step: StepView, *, went: bool = False) -> QWidget:
    made = QWidget()
    number = Text(str(step.number), "small", "text2")
    number.setFixedWidth(max(12, QFontMetrics(number.font()).horizontalAdvance("00")))
    head = row(number, Exact(step.command), gap=8)
    head.setStretch(1, 1)
    head.setAlignment(number, _TOP)
    indent = number.width() + 8
    if went:
        mark = Mark(_MARKS.get(step.state, "unknown"), name=state_word(step.state))
        head.insertWidget(0, mark, 0, _TOP)
        head.addWidget(Text(_duration(step), "small", "text2"), 0, _TOP)
        indent += 12 + 8
    items: list[QBoxLayout] = [head, _effect(step, indent, went=went)]
    if went and step.error:
        wrong = row(indent, Text(visible(step.error), "small", "bad_text", wrap=True), gap=0)
        wrong.setStretch(1, 1)
        items.insert(1, wrong)
    col(*items, gap=1, parent=made)
    return made


def _effect(step: StepView, indent: int, *, went: bool) -> QBoxLayout:
    """What it does at the left, what undo does at the right."""
    effect = Text(visible(step.effect.text()), "small", "text2", wrap=True)
    word = visible(step.undo.text())
    if went and step.state in ("undone", "skipped"):
        word = state_word(step.state)
    undo = Text(word, "small", "text2", wrap=True)
    undo.setAlignment(Qt.AlignmentFlag.AlignRight | _TOP)
    room = QFontMetrics(current().font("small")).horizontalAdvance(word) + 4
    undo.setFixedWidth(min(room, 220))
    glyph = Glyph("undo", 12, "text3", height=QFontMetrics(undo.font()).height())
    line = row(indent, effect, 12, glyph, 6, undo, gap=0)
    line.setStretch(1, 1)
    for part in (effect, glyph, undo):
        line.setAlignment(part, _TOP)
    return line


def _duration(step: StepView) -> str:
    parts = []
    if step.attempts > 1:
        parts.append(_("try {n}").format(n=step.attempts))
    if step.took_s is not None:
        parts.append(payload.took(step.took_s))
    return _(", ").join(parts)
