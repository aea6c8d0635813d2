"""The decision of a person: who asks, why, exactly what will happen, and three answers.

Denying is the default in every way: the focus is on Deny, Enter denies, no answer does nothing.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeySequence, QPainter, QShortcut
from PySide6.QtWidgets import QDialog, QLayout, QWidget

from aios_desktop.errors import AiosError
from aios_desktop.i18n import _
from aios_desktop.runtime.views import Answer, Decided
from aios_desktop.ui import payload, words
from aios_desktop.ui.column import Column
from aios_desktop.ui.decision import fact_rows
from aios_desktop.ui.dialogs import approval_parts as parts
from aios_desktop.ui.plain import visible
from aios_desktop.ui.widgets import Button, Glyph, Scroll, Text, col, row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QHideEvent, QKeyEvent, QPaintEvent, QShowEvent
    from PySide6.QtWidgets import QBoxLayout

    from aios_desktop.clock import Clock
    from aios_desktop.events.model import Event
    from aios_desktop.runtime.port import Core
    from aios_desktop.runtime.views import ApprovalView
    from aios_desktop.ui.bridge import Bridge
    from aios_desktop.ui.theme import Theme

logger = logging.getLogger(__name__)

WIDTH: Final = 640
LAMP: Final = 4
GUTTER: Final = 10  # the scroll bar stands in the margin
GUARD_S: Final = 0.4  # after it appears: a click or key that was meant for something else
SECOND_MS: Final = 1000
SCREEN_PART: Final = 0.92
BY: Final = "window"
_FINAL: Final = (Decided.ALREADY, Decided.EXPIRED, Decided.UNKNOWN)


class ApprovalDialog(QDialog):
    """Shows one waiting decision and asks the core for what was decided. Never modal.

    ``trace_asked`` carries the id of the trace that the person wants to see.
    """

    trace_asked = Signal(object)

    def __init__(
        self,
        core: Core,
        bridge: Bridge,
        approval: ApprovalView,
        theme: Theme,
        clock: Clock,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.approval = approval
        self._core, self._bridge, self._theme, self._clock = core, bridge, theme, clock
        self._active_since = clock.monotonic()
        self._is_over = self._is_asking = False
        self._is_stale = False  # the plan is not the one that is shown
        question = visible(approval.title.text())
        self.setWindowTitle(_("AIOS: {question}").format(question=question))
        self.setModal(False)
        self._build()
        self._second = QTimer(self)
        self._second.setInterval(SECOND_MS)
        self._second.timeout.connect(self._count_down)
        bridge.events.connect(self._heard)
        bridge.changed.connect(self._changed)
        self.finished.connect(self.deleteLater)
        self._count_down()
        self._unlock()
        self._fit()
        self.deny_button.setFocus(Qt.FocusReason.OtherFocusReason)

    # what others ask for

    def open(self) -> None:
        """Show the dialog in front, without blocking any window."""
        self.show()
        self.activateWindow()

    @property
    def is_over(self) -> bool:
        """Say whether the question can no longer be answered here."""
        return self._is_over

    def notice(self) -> str:
        """Return what the dialog says about the answer, empty when it says nothing."""
        return self._notice.text()

    # building

    def _build(self) -> None:
        approval = self.approval
        self.head = parts.Head(approval)
        self.trace_button = Button(_("Trace"), "quiet", "compass", small=True)
        if not approval.trace:
            self.trace_button.hide()
        self.trace_button.clicked.connect(self._ask_trace)
        self.plan = parts.Plan(approval.steps)
        self.plan.resized.connect(self._fit)
        self.word = parts.WordRow(approval.confirm_word) if approval.confirm_word else None
        items: list[Any] = [self.head, 4]
        if self._is_high:
            items += [parts.HighRisk(approval), 4]
        items += [parts.why(approval, self.trace_button), 2, self.plan, 4]
        items.append(fact_rows(approval))
        if self.word is not None:
            self.word.edit.textChanged.connect(self._unlock)
            items += [6, self.word]
        self._body = Column()
        self._inside = col(*items, None, gap=8, m=(24, 24, 24 - GUTTER, 18), parent=self._body)
        self._scroll = Scroll(self._body)
        self._foot = self._make_foot()
        lay = col(self._scroll, self._foot, gap=0, m=(0, LAMP, 0, 0), parent=self)
        lay.setStretch(0, 1)
        lay.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.setFixedWidth(WIDTH)
        shortcut = QShortcut(QKeySequence("Alt+A"), self)
        shortcut.activated.connect(self.approve)

    def _make_foot(self) -> parts.Foot:
        hint = (
            _("High risk is never done by itself.")
            if self._is_high
            else _("Alt+A approves, Enter denies, Esc decides nothing.")
        )
        self._hint = Text(hint, "small", "text2", wrap=True)
        self._notice = Text("", wrap=True)
        self._notice_row = QWidget()
        row(
            Glyph("warn", 12, "warn", height=20), self._notice, gap=8, parent=self._notice_row
        ).setStretch(1, 1)
        self._notice_row.hide()
        self.later_button = Button(_("Not now"), "quiet", name=_("Not now"))
        self.later_button.clicked.connect(self.reject)
        self.deny_button = Button(_("Deny"), "plain", name=_("Deny"))
        self.deny_button.clicked.connect(self.deny)
        kind = "risky" if self._is_high else "main"
        self.approve_button = parts.Approve(_("Approve"), kind, name=_("Approve"), tip="Alt+A")
        self.approve_button.clicked.connect(self.approve)
        buttons = row(
            self._hint,
            self.later_button,
            self.deny_button,
            self.approve_button,
            gap=8,
        )
        buttons.setStretch(0, 1)
        foot = parts.Foot("bg")
        self._below = col(self._notice_row, buttons, gap=10, m=(24, 14, 24, 14), parent=foot)
        return foot

    @property
    def _is_high(self) -> bool:
        return self.approval.risk == "high"

    @Slot()
    def _fit(self) -> None:
        """Take the height that the content needs, at most what the screen has."""
        for layout in (self._inside, self._below):
            layout.invalidate()
        inside, below = _height(self._inside, WIDTH - GUTTER), _height(self._below, WIDTH)
        most = int(self.screen().availableSize().height() * SCREEN_PART)
        self._foot.setFixedHeight(below)
        self.resize(WIDTH, min(LAMP + inside + below, most))

    # deciding

    @Slot()
    def approve(self) -> None:
        """Approve the plan that is shown, unless the dialog has only just appeared."""
        appeared = self._clock.monotonic() - self._active_since
        if not self.approve_button.isEnabled() or appeared < GUARD_S:
            return
        core, asked = self._core, self.approval
        word = self.word.typed() if self.word is not None else ""
        self._ask(lambda: core.approve(asked.id, by=BY, digest=asked.digest, word=word))

    @Slot()
    def deny(self) -> None:
        """Deny it: nothing is done."""
        core, asked = self._core, self.approval
        self._ask(lambda: core.deny(asked.id, by=BY))

    def _ask(self, work: Callable[[], Answer]) -> None:
        """Hand the decision to the core once; the buttons rest until it has answered."""
        if self._is_over or self._is_asking:
            return
        self._is_asking = True
        self._bridge.ask(work, self._take)

    def _take(self, answer: object) -> None:
        self._is_asking = False
        if isinstance(answer, AiosError):
            self._say(visible(_(answer.key).format(**answer.values)))
            return
        if not isinstance(answer, Answer):
            logger.error("a decision could not be handed over: %r", answer)
            self._say(_("That did not work. The log says why."))
            return
        if answer.ok:
            self._is_over = True
            self.accept()
            return
        text = visible(answer.text.text())
        if answer.what in _FINAL:
            self._end(text)
            return
        self._say(text)
        if answer.what == Decided.CHANGED:
            self._is_stale = True
            self._unlock()

    def _end(self, text: str) -> None:
        """Say why there is nothing left to decide, and leave only the way out."""
        if self._is_over:
            return
        self._is_over = True
        self._second.stop()
        self.head.show_left("")
        self._hint.set("")
        for button in (self.deny_button, self.approve_button):
            button.setEnabled(False)
        if self.word is not None:
            self.word.edit.setEnabled(False)
        self.later_button.setText(_("Close"))
        self.later_button.setAccessibleName(_("Close"))
        self.later_button.setFocus(Qt.FocusReason.OtherFocusReason)
        self._say(text)

    def _say(self, text: str) -> None:
        self._notice.set(text)
        self._notice_row.setVisible(bool(text))
        self._fit()

    # what happens meanwhile

    @Slot()
    def _unlock(self) -> None:
        if not self._is_over:
            fits = self.word is None or self.word.fits()
            self.approve_button.setEnabled(fits and not self._is_stale)

    @Slot()
    def _count_down(self) -> None:
        if self._is_over:
            return
        left = self.approval.deadline - self._clock.now()
        if left > 0:
            self.head.show_left(words.left(left))
        else:
            self._end(_("The time to answer is over; nothing was done."))

    @Slot(object)
    def _heard(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.type != "approval.decided" or self._is_asking:
                continue
            if event.data.get("approval") == self.approval.id:
                self._decided_elsewhere(
                    payload.text(event.data, "decision"), payload.text(event.data, "by")
                )

    @Slot(object)
    def _changed(self, topics: frozenset[str]) -> None:
        if self._is_over or self._is_asking or "approvals" not in topics:
            return
        if any(item.id == self.approval.id for item in self._core.approvals()):
            return
        run = self._core.run(self.approval.run)
        if run is not None and run.outcome == "expired":
            self._decided_elsewhere("expire", "")
        elif run is not None and run.outcome == "denied":
            self._decided_elsewhere("deny", run.approved_by)
        elif run is not None and run.approved_by:
            self._decided_elsewhere("approve", run.approved_by)
        else:
            self._decided_elsewhere("", "")

    def _decided_elsewhere(self, decision: str, by: str) -> None:
        text = {
            "approve": _("It was approved by {who}."),
            "deny": _("It was denied by {who}. Nothing was done."),
            "expire": _("The time to answer is over; nothing was done."),
        }.get(decision, _("This question no longer waits."))
        self._end(text.format(who=payload.who(by)))

    @Slot()
    def _ask_trace(self) -> None:
        self.trace_asked.emit(self.approval.trace)

    # Qt's own

    def showEvent(self, event: QShowEvent) -> None:
        """Count down from now on."""
        super().showEvent(event)
        self._active_since = self._clock.monotonic()
        if not self._is_over:
            self._second.start()
            self._count_down()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop counting."""
        super().hideEvent(event)
        self._second.stop()

    def changeEvent(self, event: QEvent) -> None:
        """Guard against a click that was meant for another window."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self._active_since = self._clock.monotonic()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Enter deny and Esc close."""
        if event.key() in parts.ENTER:
            event.accept()
            self.deny()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground and the lamp."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), self._theme.colour("surface"))
        lamp = "bad" if self._is_high else "lamp"
        painter.fillRect(0, 0, self.width(), LAMP, self._theme.colour(lamp))


def _height(layout: QBoxLayout, width: int) -> int:
    """Return the height that a layout needs at a width."""
    if layout.hasHeightForWidth():
        return layout.totalHeightForWidth(width)
    return layout.totalSizeHint().height()
