"""After a crash: every run that was under way is brought to a named state, nothing is repeated blindly.

waiting: goes on waiting, or expires. retrying: goes on waiting for the time in the journal, when
the step may be repeated. approved, or running before its first step: ends as
*interrupted*, nothing was done. All steps ended: the result is judged. A step that was begun but not
ended is probed: if its effect is
there and it was the last step, the result is judged by fresh readings; in all other cases what was
done is taken back and the run ends as *interrupted*. Judging starts anew; an undo is finished.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aios_desktop.i18n import Say
from aios_desktop.reactor.records import Outcome, Phase, Run, State, Undo
from aios_desktop.skills.action import Presence

if TYPE_CHECKING:
    from aios_desktop.reactor.engine import Reactor
    from aios_desktop.reactor.journal import Journal
    from aios_desktop.reactor.library import Library

logger = logging.getLogger(__name__)


def recover(reactor: Reactor, journal: Journal, library: Library) -> int:
    """Bring every unfinished run on; return how many there were."""
    reactor.rescued_by(lambda run: _Recovery(reactor, journal, library, run).go())
    unfinished = journal.unfinished()
    for run in unfinished:
        logger.info("run %s was in state %s when AIOS stopped", run.id, run.state)
        _Recovery(reactor, journal, library, run).go()
        if run.state is not State.DONE:
            reactor.resume_story(run.origin, run.id)
    return len(unfinished)


class _Recovery:
    def __init__(self, reactor: Reactor, journal: Journal, library: Library, run: Run) -> None:
        self._reactor = reactor
        self._journal = journal
        self._library = library
        self._run = run

    def go(self) -> None:
        run = self._run
        if run.undo is Undo.RUNNING:
            self._reactor.carry_out_undo(run.id)
            return
        match run.state:
            case State.WAITING:
                approval = self._journal.approval_of(run.id)
                if approval is not None:
                    self._reactor.approvals.arm(approval)
            case State.APPROVED:
                self._nothing_was_done()
            case State.RUNNING | State.RETRYING:
                self._running()
            case State.SETTLING | State.VERIFYING:
                self._judge_anew()
            case State.UNDOING:
                reason = run.reason if run.reason.key else Say("AIOS was stopped during the run.")
                self._reactor.roll_back(run, run.outcome or Outcome.INTERRUPTED, reason)
            case State.DONE:
                pass

    def _nothing_was_done(self) -> None:
        self._reactor.finish(
            self._run,
            Outcome.INTERRUPTED,
            Say("AIOS was stopped before the first step. Nothing was done."),
            Undo.NONE,
        )

    def _waits_for_retry(self) -> bool:
        """Let a run that waited to try a step again go on waiting; False when it must not."""
        run, reactor = self._run, self._reactor
        entries = [e for e in self._journal.entries(run.id) if e.phase is Phase.RETRY]
        wait = entries[-1].data if entries else {}
        step, attempt, due = wait.get("step"), wait.get("attempt"), wait.get("due")
        if not isinstance(step, int) or not isinstance(attempt, int):
            return False
        if not isinstance(due, int | float) or self._library.get(run.playbook) is None:
            return False
        if not 1 <= step <= len(run.plan.steps) or not reactor.runner.may_repeat(run, step):
            return False
        reactor.arm_retry(run, step, attempt, due)
        return True

    def _running(self) -> None:
        runner = self._reactor.runner
        run = self._run
        if run.state is State.RETRYING and self._waits_for_retry():
            return
        number = runner.unfinished_step(run)
        if number is None:
            if runner.all_done(run):
                self._judge_anew()
            elif runner.begun(run):
                self._take_back(
                    Say("AIOS was stopped between two steps. What was done is taken back.")
                )
            else:
                self._nothing_was_done()
            return
        presence = runner.probe(run, number)
        self._journal.note(run.id, (Phase.RECOVERED, number, {"presence": presence}))
        self._reactor.tell("run.recovered", run, data={"step": number, "presence": presence})
        if presence is Presence.PRESENT and number == len(run.plan.steps):
            self._judge_anew()
        elif presence is Presence.ABSENT and runner.begun(run) == [number]:
            # Begun in the journal, but its effect is not there: undoing would find nothing.
            self._reactor.finish(
                run,
                Outcome.INTERRUPTED,
                Say(
                    "AIOS was stopped as the step began. Its effect is not there; nothing was done."
                ),
                Undo.NONE,
            )
        else:
            self._take_back(Say("AIOS was stopped during a step. What was done is taken back."))

    def _take_back(self, reason: Say) -> None:
        self._reactor.roll_back(self._run, Outcome.INTERRUPTED, reason)

    def _judge_anew(self) -> None:
        playbook = self._library.get(self._run.playbook)
        if playbook is None:
            self._take_back(Say("The playbook is gone."))
        else:
            self._reactor.settle(self._run, playbook)
