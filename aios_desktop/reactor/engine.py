"""The reactor: from a matched event to a repair that is proved, or taken back.

Candidates of one event are tried one after the other, low risk first. The next one starts only
when the one before did not help and the trouble is still there, so that a verdict belongs to
exactly one repair. A run that waits (for a person, a retry, settling, readings) holds no worker.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
import threading
from typing import TYPE_CHECKING, Final

from aios_desktop.events.model import Event, Severity
from aios_desktop.i18n import Say
from aios_desktop.reactor.choosing import Choice, Chooser, record
from aios_desktop.reactor.deciding import Approvals
from aios_desktop.reactor.judging import Judging
from aios_desktop.reactor.means import SOURCE, Means, Teller
from aios_desktop.reactor.orienting import observed, orient
from aios_desktop.reactor.records import Outcome, Phase, Reply, Run, State, Undo, key_of, no_undo
from aios_desktop.reactor.rescue import Rescue
from aios_desktop.reactor.runner import Runner, StepFailed, StepLimits, TryAgain
from aios_desktop.reactor.storms import Storms
from aios_desktop.scheduler.task import Priority
from aios_desktop.skills.action import Risk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aios_desktop.reactor.playbook import Playbook
    from aios_desktop.reactor.records import Approval
    from aios_desktop.reactor.verification import Verdict

logger = logging.getLogger(__name__)

# What the reactor itself says never triggers a playbook: no loops.
OWN_DOMAINS: Final = ("run.", "approval.", "action.", "scheduler.", "score.", "heartbeat.")
TRY_NEXT_AFTER: Final = frozenset({Outcome.NO_EFFECT, Outcome.FAILED})
WAITING_FOR_VERDICT: Final = frozenset({State.SETTLING, State.VERIFYING})
_DAY: Final = 86400.0


class Reactor:
    """Reacts to events. All public methods may be called from any thread."""

    def __init__(self, means: Means) -> None:
        self._m = means
        self._journal = means.journal
        self._stopping = threading.Event()
        self._chooser = Chooser(means)
        self._storms = Storms(means.scheduler, means.clock, means.publish, self._is_open)
        self.resume_story = self._storms.resume
        teller = Teller(means.publish, self._storms.repeats)
        self.tell = teller.tell
        self.runner = Runner(
            means.registry,
            means.journal,
            means.clock,
            stopping=self._stopping,
            tell=teller.tell_step,
        )
        self.approvals = Approvals(means, teller, self._execute_guarded)
        self.judging = Judging(means, self.runner, self._conclude)
        self._recover: Callable[[Run], None] = lambda _run: None
        self._rescue = Rescue(means, self._stopping, self._bring_on)

    # ------------------------------------------------------------------ matching

    def offer(self, event: Event) -> None:
        """Take an event from the bus; returns at once."""
        if event.severity is Severity.CRITICAL:
            self.judging.count_alarm(event)
        if event.type.startswith(OWN_DOMAINS) or self._stopping.is_set():
            return
        if self._m.library.match(event.type):
            priority = orient(event, self._m.facts).priority
            self._storms.offer(event, priority, lambda: self._handle(event))

    def _is_open(self, run_id: int) -> bool:
        run = self._journal.run(run_id)
        return run is not None and run.state is not State.DONE

    def _handle(self, event: Event) -> None:
        self._storms.begin(event)
        found = self._m.library.match(event.type)
        self._rescue.guard(0, lambda: self._consider(event, found))

    def _consider(self, event: Event, candidates: Sequence[Playbook]) -> None:
        """Begin the first candidate that passes all gates; tell what stopped each other one."""
        kept: Run | None = None
        approval: Approval | None = None
        try:
            choice = self._chooser.choose(event, candidates)
            while choice.playbook is not None and choice.run is not None:
                kept, approval = self._keep(choice.playbook, choice.run)
                if kept is not None:
                    break
                choice = self._chooser.choose(event, candidates)  # another event was faster
        finally:
            self._storms.considered(event, kept.id if kept else 0)
        self._tell_decision(event, choice, kept)
        if kept is not None:
            self._begin(kept, approval)

    def _tell_decision(self, event: Event, choice: Choice, run: Run | None) -> None:
        """Publish what was observed, how things stood, what was decided and what came of it."""
        self._m.publish(
            "scheduler.decision",
            source=SOURCE,
            target=event.target,
            data={
                **record(choice, run),
                "event": event.id,
                "repeats": self._storms.repeats(event),
                "observed": observed(event, self._m.clock.now()),
                "oriented": orient(event, self._m.facts).to_json(),
            },
            cause=event,
        )

    def needs_approval(self, playbook: Playbook, run: Run) -> bool:
        """Say whether a person must approve."""
        automatic = self._m.config.flag("reactor.automatic")
        return run.plan.risk > Risk.LOW or playbook.ask or not automatic

    def _keep(self, playbook: Playbook, run: Run) -> tuple[Run | None, Approval | None]:
        """Write a run into the journal; it gets none when one like it is not finished."""
        if self.needs_approval(playbook, run):
            minutes = self._m.config.number("reactor.approval_minutes")
            waiting = dataclasses.replace(run, state=State.WAITING)
            return self._journal.create(waiting, deadline=run.created + minutes * 60)
        # Begun in the same commit in which it is kept: one flush less before the first step.
        begun = dataclasses.replace(run, state=State.RUNNING, before=self._figures())
        return self._journal.create(begun, deadline=None)

    def _begin(self, run: Run, approval: Approval | None) -> None:
        if approval is None:
            self.tell("run.planned", run)
            priority = orient(run.origin, self._m.facts).priority
            self._on_target(run, lambda: self._start(run), "run", priority)
            return
        self.approvals.arm(approval)
        told = {
            "approval": approval.id,
            "asker": run.plan.asker,
            "risk": run.plan.risk.name.lower(),
            "deadline": approval.deadline,
        }
        self.tell("approval.requested", run, Severity.WARNING, told)

    def _on_target(
        self, run: Run, work: Callable[[], None], name: str, priority: Priority = Priority.P1
    ) -> None:
        """Do something to a run's target on a worker, while nobody else works on that target."""
        guarded = functools.partial(self._rescue.guard, run.id, work)
        self._m.scheduler.submit(guarded, priority=priority, name=name, key=key_of(run), must=True)

    def rescued_by(self, bring_on: Callable[[Run], None]) -> None:
        """Say how a run is taken up from where its journal stands (see recovery)."""
        self._recover = bring_on

    def _bring_on(self, run_id: int) -> None:
        run = self._journal.run(run_id)
        if run is not None and run_id not in self.judging.running():
            self._recover(run)

    # ------------------------------------------------------------------ acting

    def _execute_guarded(self, run_id: int) -> None:
        self._rescue.guard(run_id, lambda: self._execute(run_id))

    def _execute(self, run_id: int) -> None:
        run = self._journal.run(run_id)
        if run is None or self._stopping.is_set():
            return
        run = self._journal.move(run_id, {State.APPROVED}, State.RUNNING, before=self._figures())
        if run is not None:
            self._start(run)

    def _start(self, run: Run) -> None:
        if self._is_void(run):
            return
        self.tell("run.started", run)
        self.go_on(run)

    def _figures(self) -> dict[str, float]:
        """Return all metrics and the score, as they are now."""
        latest = self._m.facts.latest()
        found = dict(latest.metrics) if latest else {}
        score = self._m.facts.score()
        if score is not None:
            found["score"] = score
        return found

    def _is_void(self, run: Run) -> bool:
        """End a run whose reason is gone or whose plan has changed since it was approved."""
        if run.signal and self._m.facts.is_raised(run.signal) is False:
            self.finish(
                run, Outcome.RESOLVED, Say("The trouble ended by itself before the repair began.")
            )
            return True
        playbook = self._m.library.get(run.playbook)
        if playbook is None:
            self.finish(run, Outcome.FAILED, Say("The playbook is gone."))
            return True
        if not run.approved_by:
            return False
        if self._chooser.digest_now(playbook, run) == run.digest:
            return False
        self.finish(
            run,
            Outcome.INTERRUPTED,
            Say("The plan changed while it waited, so it was not carried out."),
        )
        self._consider(run.origin, [playbook, *self._rest(run)])
        return True

    def go_on(self, run: Run, first: int = 1, attempt: int = 1) -> None:
        """Execute the steps from ``first`` on, then settle, retry or roll back."""
        playbook = self._m.library.get(run.playbook)
        if playbook is None:
            self.roll_back(run, Outcome.FAILED, Say("The playbook is gone."))
            return
        limits = tuple(StepLimits(s.timeout_s, s.retries, s.delay_s) for s in playbook.steps)
        result = self.runner.execute(run, limits, first=first, attempt=attempt)
        if isinstance(result, TryAgain):
            self._retry(run, result)
        elif isinstance(result, StepFailed):
            self.roll_back(run, Outcome.FAILED, result.reason)
        else:
            self.settle(run, playbook)

    def _retry(self, run: Run, again: TryAgain) -> None:
        due = self._m.clock.now() + again.delay_s
        told = {
            "step": again.step,
            "attempt": again.attempt,
            "delay_s": again.delay_s,
            "due": due,
        }
        moved = self._journal.move(run.id, {State.RUNNING}, State.RETRYING, Phase.RETRY, told)
        if moved is None:
            return
        self.tell("run.retrying", moved, data=told)
        self.arm_retry(moved, again.step, again.attempt, due)

    def arm_retry(self, run: Run, step: int, attempt: int, due: float) -> None:
        """Try a step of a run again when the wall clock shows ``due``, also after a restart."""

        def resume() -> None:
            resumed = self._journal.move(run.id, {State.RETRYING}, State.RUNNING)
            if resumed is not None:
                self.go_on(resumed, step, attempt)

        self._m.scheduler.until(due, resume, priority=Priority.P1, name="retry", key=key_of(run))

    # ------------------------------------------------------------------ verifying

    def settle(self, run: Run, playbook: Playbook) -> None:
        """Wait for the world to settle, then judge by fresh readings."""
        verify = playbook.verify
        if verify is None:
            self.finish(run, Outcome.UNKNOWN, Say("The playbook does not check its result."))
            return
        come_from = {State.RUNNING, State.SETTLING, State.VERIFYING}
        moved = self._journal.move(run.id, come_from, State.SETTLING, Phase.VERIFYING, {})
        if moved is None:
            return
        self.judging.begin(moved, verify)
        told = {"within_s": verify.settle_s + verify.within_s, "acted": self.runner.acted(moved)}
        self.tell("run.verifying", moved, data=told)

    def on_sleep(self) -> None:
        """Begin every judgement anew after the machine slept: nothing was measured meanwhile."""
        for run_id in self.judging.running():
            run = self._journal.run(run_id)
            playbook = self._m.library.get(run.playbook) if run else None
            if run is not None and playbook is not None:
                self.settle(run, playbook)

    def _conclude(self, run_id: int, verdict: Verdict) -> None:
        self._rescue.guard(run_id, lambda: self._judged(run_id, verdict))

    def _judged(self, run_id: int, verdict: Verdict) -> None:
        run = self._journal.run(run_id)
        if run is not None:
            self._on_target(run, lambda: self._concluded(run_id, verdict), "verdict")

    def _concluded(self, run_id: int, verdict: Verdict) -> None:
        run = self._journal.run(run_id)
        if run is None or run.state not in WAITING_FOR_VERDICT:
            return
        if verdict.outcome in {Outcome.NO_EFFECT, Outcome.WORSE}:
            self.roll_back(run, verdict.outcome, verdict.reason)
        else:
            self.finish(run, verdict.outcome, verdict.reason)

    # ------------------------------------------------------------------ ending and undoing

    def roll_back(self, run: Run, outcome: Outcome, reason: Say) -> None:
        """Take all steps back, then end the run."""
        moved = self._journal.move(
            run.id, {run.state}, State.UNDOING, outcome=outcome, reason=reason
        )
        if moved is None:
            return
        began = bool(self.runner.begun(moved))
        trouble = self.runner.undo(moved)
        undo = Undo.NONE if not began or not moved.plan.reversible else Undo.DONE
        if trouble is not None:
            undo = Undo.FAILED
            reason = Say(
                "{reason} Taking it back failed: {trouble}",
                {"reason": reason.text(), "trouble": trouble.text()},
            )
        self.finish(moved, outcome, reason, undo)

    def finish(self, run: Run, outcome: Outcome, reason: Say, undo: Undo | None = None) -> None:
        """End a run, tell it, and try the next candidate when this one did not help."""
        now = self._m.clock.now()
        days = self._m.config.number("reactor.undo_days")
        if undo is None:
            acted = bool(self.runner.begun(run)) and run.plan.reversible
            undo = Undo.POSSIBLE if acted else Undo.NONE
        done = self._journal.move(
            run.id,
            {run.state},
            State.DONE,
            Phase.OUTCOME,
            {"outcome": outcome, "reason": reason.to_json()},
            outcome=outcome,
            reason=reason,
            undo=undo,
            undo_until=now + days * _DAY if undo is Undo.POSSIBLE else 0.0,
            finished=now,
            after=self._figures(),
        )
        if done is None:
            return
        bad = undo is Undo.FAILED
        severity = (
            Severity.CRITICAL
            if bad
            else Severity.WARNING
            if outcome is Outcome.WORSE
            else Severity.INFO
        )
        self.tell(
            "run.finished",
            done,
            severity,
            {
                "outcome": outcome,
                "reason": reason.text(),
                "undo": undo,
                "approved_by": done.approved_by,
                "acted": self.runner.acted(done),
            },
        )
        logger.info("run %s (%s) ended: %s", done.id, done.playbook, outcome)
        if outcome in TRY_NEXT_AFTER and not bad and not self._stopping.is_set():
            self._try_next(done)

    def _rest(self, run: Run) -> list[Playbook]:
        found = (self._m.library.get(name) for name in run.rest)
        return [playbook for playbook in found if playbook is not None]

    def _try_next(self, run: Run) -> None:
        rest = self._rest(run)
        if not rest or (run.signal and self._m.facts.is_raised(run.signal) is False):
            return
        self._storms.goes_on(run.origin)
        self._m.scheduler.submit(
            lambda: self._consider(run.origin, rest),
            priority=orient(run.origin, self._m.facts).priority,
            name="next candidate",
            must=True,
        )

    def undo(self, run_id: int, *, by: str) -> Reply:
        """Take a finished run back; the work goes on in the background."""
        run = self._journal.run(run_id)
        if run is None:
            return Reply(False, "unknown", Say("There is no run {id}.", {"id": run_id}))
        if run.undo is Undo.POSSIBLE and run.undo_until <= self._m.clock.now():
            self._journal.take_undo(run_id, {Undo.POSSIBLE}, Undo.EXPIRED)
        taken = self._journal.take_undo(run_id, {Undo.POSSIBLE, Undo.FAILED}, Undo.RUNNING)
        if taken is None:
            return no_undo(self._journal.run(run_id) or run)
        self.tell("run.undo_started", taken, data={"by": by})
        self._on_target(taken, lambda: self.carry_out_undo(run_id), "undo")
        return Reply(True, "accepted", Say("Undo has begun."))

    def carry_out_undo(self, run_id: int) -> None:
        """Undo the steps of a run whose undo has been claimed."""
        run = self._journal.run(run_id)
        if run is None or run.undo is not Undo.RUNNING:
            return
        trouble = self.runner.undo(run)
        if trouble is None:
            done = self._journal.take_undo(run_id, {Undo.RUNNING}, Undo.DONE)
            if done is not None:
                self.tell("run.undone", done)
            return
        failed = self._journal.take_undo(run_id, {Undo.RUNNING}, Undo.FAILED)
        if failed is not None:
            self.tell("run.undo_failed", failed, Severity.CRITICAL, {"error": trouble.text()})

    def housekeeping(self) -> None:
        """Let undos expire whose time is over, and drop what was kept for them."""
        now = self._m.clock.now()
        for run in self._journal.recent(500):
            if run.undo is Undo.POSSIBLE and run.undo_until <= now:
                expired = self._journal.take_undo(run.id, {Undo.POSSIBLE}, Undo.EXPIRED)
                if expired is not None:
                    self.runner.cleanup(expired)

    def stop(self) -> None:
        """Refuse new work and cancel what runs."""
        self._stopping.set()
