"""What the person is told on the desktop: a waiting question, the end of a repair, a loud failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aios_desktop.i18n import Say, _
from aios_desktop.notifications.notice import Urgency, question_actions
from aios_desktop.notifications.notifier import Notifier

if TYPE_CHECKING:
    from collections.abc import Callable

    from aios_desktop.config import Config
    from aios_desktop.events.model import Event
    from aios_desktop.runtime.core import RunningCore

RESULTS: Final = {
    "fixed": Say("It helped."),
    "no_effect": Say("It had no effect and was taken back."),
    "worse": Say("It made things worse and was taken back."),
    "failed": Say("It failed and was taken back."),
    "unknown": Say("Nobody knows whether it helped."),
    "interrupted": Say("It was interrupted."),
}


class Telling:
    """Turns events into notices. ``review(approval)`` opens the dialog, where there is a window."""

    def __init__(self, core: RunningCore, config: Config) -> None:
        self._core = core
        self._config = config
        self._notifier = Notifier(self._pressed)
        self._end = core.listen(self._observe)
        self.review: Callable[[int], None] | None = None
        self.open: Callable[[], None] | None = None

    def run(self, stop: Any) -> None:
        """Serve the notification daemon; the loop of a lane."""
        self._notifier.run(stop)

    def wake(self) -> None:
        """Make the lane look around."""
        self._notifier.wake()

    def close(self) -> None:
        """Stop listening."""
        self._end()

    def report(self) -> None:
        """Show in the window, while it lasts, that notices do not reach the screen."""
        trouble = self._notifier.trouble
        if trouble is None:
            self._core.drop_notice("notifications")
        else:
            self._core.put_notice("notifications", "info", trouble)

    @property
    def trouble(self) -> Say | None:
        """Say why notices do not reach the screen, or None when they do."""
        return self._notifier.trouble

    def _observe(self, event: Event) -> None:
        if event.type == "approval.requested" and self._config.flag("notifications.approvals"):
            self._ask(event)
        elif event.type == "approval.decided":
            self._notifier.close_notice(f"approval-{event.data.get('approval', 0)}")
        elif event.type == "run.finished" and self._config.flag("notifications.results"):
            self._result(event)
        elif event.type in {"run.undo_failed", "action.undo_failed"}:
            self._notifier.show(
                "undo-failed",
                _("A repair could not be undone"),
                str(event.data.get("title", "")),
                (("open", _("Open")),),
                Urgency.CRITICAL,
            )
        elif event.type == "notice.posted":
            self._notifier.show(f"posted-{event.id}", "AIOS", str(event.data.get("text", "")))

    def _ask(self, event: Event) -> None:
        approval_id = int(event.data.get("approval", 0))
        found = next((a for a in self._core.approvals() if a.id == approval_id), None)
        if found is None:
            return
        risks = {"low": _("Low risk."), "medium": _("Medium risk."), "high": _("High risk.")}
        undo = _("Undo: {undo}.").format(undo=found.undo.text())
        self._notifier.show(
            f"approval-{approval_id}",
            found.title.text(),
            f"{risks[found.risk]} {undo}",
            question_actions(),
            Urgency.CRITICAL,
        )

    def _result(self, event: Event) -> None:
        outcome = str(event.data.get("outcome", ""))
        text = RESULTS.get(outcome)
        # What ran by itself is told only when it did harm: the office and the list show the rest.
        if text is None or not (event.data.get("approved_by") or outcome == "worse"):
            return
        key = f"run-{event.data.get('run', 0)}"
        self._notifier.show(
            key, str(event.data.get("title", "")), text.text(), (("open", _("Open")),)
        )

    def _pressed(self, key: str, action: str) -> None:
        kind, _dash, number = key.partition("-")
        if action == "deny" and kind == "approval" and number.isdigit():
            approval_id = int(number)
            self._core.submit(lambda: self._deny(approval_id))
        elif action == "review" and kind == "approval" and self.review is not None:
            self.review(int(number))
        elif action == "open" and self.open is not None:
            self.open()

    def _deny(self, approval_id: int) -> None:
        self._core.deny(approval_id, by="notification")
