"""Approvals: a person's decision on an exact plan, once, with a deadline that denies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aios_desktop.errors import AiosError
from aios_desktop.i18n import Say
from aios_desktop.reactor.records import Approval, Reply, Run, State, key_of
from aios_desktop.scheduler.task import Priority
from aios_desktop.skills.action import Risk

if TYPE_CHECKING:
    from collections.abc import Callable

    from aios_desktop.reactor.means import Means, Teller

AGAIN_S: Final = 5.0


class Approvals:
    """Takes decisions; ``approved(run_id)`` carries out a run, on a worker."""

    def __init__(self, means: Means, teller: Teller, approved: Callable[[int], None]) -> None:
        self._journal = means.journal
        self._scheduler = means.scheduler
        self._clock = means.clock
        self._teller = teller
        self._approved = approved

    def arm(self, approval: Approval) -> None:
        """Let an approval deny itself when its time is over."""
        self._scheduler.until(
            approval.deadline, lambda: self._expire(approval.id), name="approval deadline"
        )

    def _expire(self, approval_id: int) -> None:
        approval = self._journal.approval(approval_id)
        if approval is None or approval.decision:
            return
        if approval.deadline > self._clock.now() + 0.5:  # the clock was set back meanwhile
            self.arm(approval)
            return
        try:
            decided, _ = self._journal.decide(approval_id, "expire", "deadline")
        except AiosError:  # the disk is full; nothing is done in the meantime either
            self._scheduler.after(AGAIN_S, lambda: self._expire(approval_id), name="deadline")
            return
        if decided:
            self._decided(approval, "expire", "deadline")

    def decide(
        self, approval_id: int, *, approve: bool, by: str, digest: str = "", word: str = ""
    ) -> Reply:
        """Decide an approval; of several callers only the first one does."""
        approval = self._journal.approval(approval_id)
        run = self._journal.run(approval.run) if approval else None
        if approval is None or run is None:
            return Reply(False, "unknown", Say("There is no question {id}.", {"id": approval_id}))
        if approve and (refused := _mismatch(approval, run, digest, word)):
            return refused
        if not approval.decision and approval.deadline <= self._clock.now():
            self._expire(approval_id)
        decision = "approve" if approve else "deny"
        decided, stands = self._journal.decide(approval_id, decision, by)
        if not decided:
            return _already(stands)
        self._decided(approval, decision, by)
        if not approve:
            return Reply(True, "accepted", Say("Denied. Nothing was done."))
        self._scheduler.submit(
            lambda: self._approved(approval.run),
            priority=Priority.P1,
            name="approved run",
            key=key_of(run),
            must=True,
        )
        return Reply(True, "accepted", Say("Approved."))

    def _decided(self, approval: Approval, decision: str, by: str) -> None:
        run = self._journal.run(approval.run)
        if run is None:
            return
        told = {"approval": approval.id, "decision": decision, "by": by}
        self._teller.tell("approval.decided", run, data=told)
        if run.state is State.DONE:
            self._teller.tell("run.finished", run, data={"outcome": run.outcome})


def confirm_word(run: Run) -> str:
    """Return the word that a person must type: the target's name for high risk, else nothing."""
    return run.target_name or run.target or run.playbook if run.plan.risk is Risk.HIGH else ""


def _mismatch(approval: Approval, run: Run, digest: str, word: str) -> Reply | None:
    if digest and digest != approval.digest:
        return Reply(False, "changed", Say("The plan is not the one that was shown."))
    needed = confirm_word(run)
    if needed and word != needed:
        return Reply(False, "confirm", Say("To approve, type {word}.", {"word": needed}))
    return None


def _already(approval: Approval | None) -> Reply:
    if approval is None or not approval.decision:
        return Reply(False, "unknown", Say("This question no longer waits."))
    if approval.decision == "expire":
        return Reply(False, "expired", Say("The time to answer is over; nothing was done."))
    if approval.decision == "approve":
        return Reply(False, "already", Say("It was approved before, by {by}.", {"by": approval.by}))
    return Reply(False, "already", Say("It was denied before, by {by}.", {"by": approval.by}))
