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
from typing import TYPE_CHECKING, Any, Final

from aios_desktop.clock import Clock
from aios_desktop.config import Config
from aios_desktop.errors import AiosError
from aios_desktop.events.model import Event, Severity
from aios_desktop.i18n import Say
from aios_desktop.reactor import fields
from aios_desktop.reactor.facts import Facts, Publish
from aios_desktop.reactor.gates import Gates, Passed, Stopped
from aios_desktop.reactor.journal import Journal
from aios_desktop.reactor.library import Library
from aios_desktop.reactor.planner import Planner, target_name
from aios_desktop.reactor.records import Approval, Outcome, Phase, Reply, Run, State, Undo
from aios_desktop.reactor.runner import Runner, StepFailed, StepLimits, TryAgain
from aios_desktop.reactor.verification import Verdict, Verification
from aios_desktop.scheduler.task import Priority, Scheduler
from aios_desktop.skills.action import Risk
from aios_desktop.skills.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aios_desktop.reactor.playbook import Playbook

logger = logging.getLogger(__name__)

SOURCE: Final = "reactor"
# What the reactor itself says never triggers a playbook: no loops.
OWN_DOMAINS: Final = ("run.", "approval.", "action.", "scheduler.", "score.", "heartbeat.")
TRY_NEXT_AFTER: Final = frozenset({Outcome.NO_EFFECT, Outcome.FAILED})
WAITING_FOR_VERDICT: Final = frozenset({State.SETTLING, State.VERIFYING})
_DAY: Final = 86400.0


@dataclasses.dataclass(frozen=True, slots=True)
class Means:
    """All that the reactor works with."""

    library: Library
    registry: Registry
    journal: Journal
    scheduler: Scheduler
    publish: Publish
    clock: Clock
    config: Config
    facts: Facts


class Reactor:
    """Reacts to events. All public methods may be called from any thread."""

    def __init__(self, means: Means) -> None:
        self._m = means
        self._journal = means.journal
        self._stopping = threading.Event()
        self._planner = Planner(means.registry)
        self._gates = Gates(means.journal, means.clock)
        self.runner = Runner(
            means.registry,
            means.journal,
            means.clock,
            stopping=self._stopping,
            tell=self._tell_step,
        )
        self._judging: dict[int, Verification] = {}
        self._judging_lock = threading.Lock()

    # ------------------------------------------------------------------ matching

    def offer(self, event: Event) -> None:
        """Take an event from the bus; returns at once."""
        if event.severity is Severity.CRITICAL:
            self._count_alarm(event)
        if event.type.startswith(OWN_DOMAINS) or self._stopping.is_set():
            return
        if self._m.library.match(event.type):
            self._m.scheduler.submit(
                lambda: self._handle(event), priority=self._priority(event), name=event.type
            )

    def _priority(self, event: Event) -> Priority:
        score = self._m.facts.score()
        if event.severity is Severity.CRITICAL or (score is not None and score < 0.3):
            return Priority.P0
        if event.type.startswith("resource."):
            return Priority.P1
        return Priority.P2 if event.type == "agent.error" else Priority.P3

    def _handle(self, event: Event) -> None:
        self._consider(event, self._m.library.match(event.type))

    def _consider(self, event: Event, candidates: Sequence[Playbook]) -> None:
        """Begin the first candidate that passes all gates; tell what stopped each other one."""
        verdicts: list[dict[str, Any]] = []
        chosen: Playbook | None = None
        begin: Callable[[], None] | None = None
        for i, playbook in enumerate(candidates):
            if chosen is not None:
                verdicts.append(
                    _told(
                        playbook,
                        "later",
                        Say("Tried next if {id} does not help.", {"id": chosen.id}),
                    )
                )
                continue
            stopped, begin = self._prepare(playbook, event, candidates[i + 1 :])
            if stopped is None:
                chosen = playbook
                verdicts.append(_told(playbook, "", Say("Chosen.")))
            else:
                verdicts.append(_told(playbook, stopped.gate, stopped.reason))
        self._m.publish(
            "scheduler.decision",
            source=SOURCE,
            target=event.target,
            data={"event": event.id, "chosen": chosen.id if chosen else "", "candidates": verdicts},
            cause=event,
        )
        if begin is not None and chosen is not None:
            begin()

    def _prepare(
        self, playbook: Playbook, event: Event, rest: Sequence[Playbook]
    ) -> tuple[Stopped | None, Callable[[], None] | None]:
        gate = self._gates.check(playbook, event)
        if isinstance(gate, Stopped):
            return gate, None
        try:
            run = self._planned(playbook, event, gate, rest)
        except AiosError as error:
            reason = Say(error.key, {name: str(value) for name, value in error.values.items()})
            return Stopped("plan", reason), None
        return None, lambda: self._begin(playbook, run)

    def _planned(
        self, playbook: Playbook, event: Event, gate: Passed, rest: Sequence[Playbook]
    ) -> Run:
        days = self._m.config.number("reactor.undo_days")
        plan, digest = self._planner.plan(playbook, event, gate.target, days)
        return Run(
            id=0,
            playbook=playbook.id,
            version=playbook.version,
            digest=digest,
            origin=event,
            signal=str(event.data.get("signal", "")),
            target=gate.target,
            target_name=target_name(playbook, event, gate.target),
            plan=plan,
            rest=tuple(p.id for p in rest),
            created=self._m.clock.now(),
        )

    def preview(self, playbook: Playbook, event: Event) -> Stopped | Run:
        """Say what a playbook would do for an event: the gate that stops it, or the planned run."""
        gate = self._gates.check(playbook, event)
        if isinstance(gate, Stopped):
            return gate
        try:
            return self._planned(playbook, event, gate, ())
        except AiosError as error:
            reason = Say(error.key, {name: str(value) for name, value in error.values.items()})
            return Stopped("plan", reason)

    def needs_approval(self, playbook: Playbook, run: Run) -> bool:
        """Say whether a person must approve."""
        automatic = self._m.config.flag("reactor.automatic")
        return run.plan.risk > Risk.LOW or playbook.ask or not automatic

    def _begin(self, playbook: Playbook, run: Run) -> None:
        if self.needs_approval(playbook, run):
            minutes = self._m.config.number("reactor.approval_minutes")
            waiting = dataclasses.replace(run, state=State.WAITING)
            kept, approval = self._journal.create(waiting, deadline=run.created + minutes * 60)
            assert approval is not None
            self.arm(approval)
            told = {
                "approval": approval.id,
                "risk": run.plan.risk.name.lower(),
                "deadline": approval.deadline,
            }
            self.tell("approval.requested", kept, Severity.WARNING, told)
            return
        kept, _ = self._journal.create(run, deadline=None)
        self.tell("run.planned", kept)
        self._execute(kept.id)

    # ------------------------------------------------------------------ deciding

    def arm(self, approval: Approval) -> None:
        """Let an approval deny itself when its time is over."""
        left = max(0.0, approval.deadline - self._m.clock.now())
        self._m.scheduler.after(left, lambda: self._expire(approval.id), name="approval deadline")

    def _expire(self, approval_id: int) -> None:
        approval = self._journal.approval(approval_id)
        if approval is None or approval.decision:
            return
        if approval.deadline > self._m.clock.now() + 0.5:  # the clock was set back meanwhile
            self.arm(approval)
            return
        decided, _ = self._journal.decide(approval_id, "expire", "deadline")
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
        if approve and digest and digest != approval.digest:
            return Reply(False, "changed", Say("The plan is not the one that was shown."))
        if approve and word != confirm_word(run):
            return Reply(
                False, "confirm", Say("To approve, type {word}.", {"word": confirm_word(run)})
            )
        if not approval.decision and approval.deadline <= self._m.clock.now():
            self._expire(approval_id)
        decision = "approve" if approve else "deny"
        decided, stands = self._journal.decide(approval_id, decision, by)
        if not decided:
            return _already(stands)
        self._decided(approval, decision, by)
        if approve:
            self._m.scheduler.submit(
                lambda: self._execute(approval.run), priority=Priority.P1, name="approved run"
            )
            return Reply(True, "accepted", Say("Approved."))
        return Reply(True, "accepted", Say("Denied. Nothing was done."))

    def _decided(self, approval: Approval, decision: str, by: str) -> None:
        run = self._journal.run(approval.run)
        if run is None:
            return
        self.tell(
            "approval.decided", run, data={"approval": approval.id, "decision": decision, "by": by}
        )
        if run.state is State.DONE:
            self.tell("run.finished", run, data={"outcome": run.outcome})

    # ------------------------------------------------------------------ acting

    def _execute(self, run_id: int) -> None:
        run = self._journal.run(run_id)
        if run is None or self._stopping.is_set():
            return
        latest = self._m.facts.latest()
        before = dict(latest.metrics) if latest else {}
        score = self._m.facts.score()
        if score is not None:
            before["score"] = score
        run = self._journal.move(run_id, {State.APPROVED}, State.RUNNING, before=before)
        if run is None or self._is_void(run):
            return
        self.tell("run.started", run)
        self.go_on(run)

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
        now = self.replan(playbook, run)
        if now == run.digest:
            return False
        self.finish(
            run,
            Outcome.INTERRUPTED,
            Say("The plan changed while it waited, so it was not carried out."),
        )
        self._consider(run.origin, [playbook, *self._rest(run)])
        return True

    def replan(self, playbook: Playbook, run: Run) -> str:
        """Return the digest that the plan would have now, or why there is none."""
        try:
            _, digest = self._planner.plan(playbook, run.origin, run.target, 1.0)
        except AiosError as error:
            return str(error)
        return digest

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
        told = {"step": again.step, "attempt": again.attempt, "delay_s": again.delay_s}
        moved = self._journal.move(run.id, {State.RUNNING}, State.RETRYING, Phase.RETRY, told)
        if moved is None:
            return
        self.tell("run.retrying", moved, data=told)

        def resume() -> None:
            resumed = self._journal.move(run.id, {State.RETRYING}, State.RUNNING)
            if resumed is not None:
                self.go_on(resumed, again.step, again.attempt)

        self._m.scheduler.after(again.delay_s, resume, priority=Priority.P1, name="retry")

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
        now = self._m.clock.monotonic()
        values = fields.values_of(run.origin)
        values |= {f"before.{name}": value for name, value in run.before.items()}
        judged = Verification(
            expect=verify.expect,
            worse=verify.worse,
            fixed_values=values,
            not_before=now + verify.settle_s,
            until=now + verify.settle_s + verify.within_s,
        )
        with self._judging_lock:
            self._judging[run.id] = judged
        self.tell("run.verifying", moved, data={"within_s": verify.settle_s + verify.within_s})
        self._m.scheduler.after(
            verify.settle_s + verify.within_s,
            lambda: self._time_is_over(run.id, judged),
            priority=Priority.P1,
            name="verification deadline",
        )

    def on_reading(self) -> None:
        """Take note that a fresh reading is there; returns at once."""
        with self._judging_lock:
            judging = list(self._judging)
        for run_id in judging:
            self._m.scheduler.submit(
                functools.partial(self._judge, run_id), priority=Priority.P1, name="verify"
            )

    def on_sleep(self) -> None:
        """Begin every judgement anew after the machine slept: nothing was measured meanwhile."""
        with self._judging_lock:
            judging = list(self._judging)
        for run_id in judging:
            run = self._journal.run(run_id)
            playbook = self._m.library.get(run.playbook) if run else None
            if run is not None and playbook is not None:
                self.settle(run, playbook)

    def _judge(self, run_id: int) -> None:
        latest = self._m.facts.latest()
        run = self._journal.run(run_id)
        with self._judging_lock:
            judged = self._judging.get(run_id)
        if latest is None or run is None or judged is None or latest.mono < judged.not_before:
            return
        self._journal.move(run_id, {State.SETTLING}, State.VERIFYING)
        values: dict[str, Any] = {f"metric.{name}": value for name, value in latest.metrics.items()}
        values |= {f"target.{name}": value for name, value in self.runner.measure(run).items()}
        values["signal.raised"] = bool(self._m.facts.is_raised(run.signal)) if run.signal else False
        with self._judging_lock:
            verdict = judged.feed(latest.mono, values)
        if verdict is not None:
            self._conclude(run_id, judged, verdict)

    def _time_is_over(self, run_id: int, judged: Verification) -> None:
        with self._judging_lock:
            if self._judging.get(run_id) is not judged:
                return
            verdict = judged.expire()
        self._conclude(run_id, judged, verdict)

    def _conclude(self, run_id: int, judged: Verification, verdict: Verdict) -> None:
        with self._judging_lock:
            if self._judging.get(run_id) is not judged:
                return
            del self._judging[run_id]
        run = self._journal.run(run_id)
        if run is None or run.state not in WAITING_FOR_VERDICT:
            return
        if verdict.outcome in {Outcome.NO_EFFECT, Outcome.WORSE}:
            self.roll_back(run, verdict.outcome, verdict.reason)
        else:
            self.finish(run, verdict.outcome, verdict.reason)

    def _count_alarm(self, event: Event) -> None:
        with self._judging_lock:
            for run_id, judged in self._judging.items():
                run = self._journal.run(run_id)
                if run is not None and event.trace != run.origin.trace:
                    judged.alarms += 1

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
        latest = self._m.facts.latest()
        after = dict(latest.metrics) if latest else {}
        score = self._m.facts.score()
        if score is not None:
            after["score"] = score
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
            after=after,
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
            {"outcome": outcome, "reason": reason.text(), "undo": undo},
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
        self._m.scheduler.submit(
            lambda: self._consider(run.origin, rest),
            priority=self._priority(run.origin),
            name="next candidate",
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
            return _no_undo(self._journal.run(run_id) or run)
        self.tell("run.undo_started", taken, data={"by": by})
        self._m.scheduler.submit(
            lambda: self.carry_out_undo(run_id), priority=Priority.P1, name="undo"
        )
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

    # ------------------------------------------------------------------ telling

    def tell(
        self,
        kind: str,
        run: Run,
        severity: Severity = Severity.INFO,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Publish an event about a run, in the run's trace."""
        about = {
            "run": run.id,
            "playbook": run.playbook,
            "title": run.plan.title.text(),
            "state": run.state,
        }
        self._m.publish(
            kind,
            source=SOURCE,
            severity=severity,
            target=run.target,
            data={**about, **(data or {})},
            cause=run.origin,
            durable=True,
        )

    def _tell_step(self, kind: str, run: Run, data: Mapping[str, Any]) -> None:
        severity = Severity.INFO if data.get("ok", True) else Severity.WARNING
        if kind == "action.undo_failed":
            severity = Severity.CRITICAL
        self.tell(kind, run, severity, data)


def confirm_word(run: Run) -> str:
    """Return the word that a person must type: the target's name for high risk, else nothing."""
    return run.target_name or run.target or run.playbook if run.plan.risk is Risk.HIGH else ""


def _told(playbook: Playbook, gate: str, reason: Say) -> dict[str, Any]:
    return {"playbook": playbook.id, "gate": gate, "reason": reason.to_json()}


def _already(approval: Approval | None) -> Reply:
    if approval is None or not approval.decision:
        return Reply(False, "unknown", Say("This question no longer waits."))
    if approval.decision == "expire":
        return Reply(False, "expired", Say("The time to answer is over; nothing was done."))
    done = {"approve": Say("It was approved before, by {by}.", {"by": approval.by})}
    return Reply(
        False,
        "already",
        done.get(approval.decision, Say("It was denied before, by {by}.", {"by": approval.by})),
    )


def _no_undo(run: Run) -> Reply:
    reasons = {
        Undo.NONE: Say("Run {id} changed nothing that can be undone.", {"id": run.id}),
        Undo.DONE: Say("Run {id} is undone already.", {"id": run.id}),
        Undo.RUNNING: Say("Run {id} is being undone.", {"id": run.id}),
        Undo.EXPIRED: Say("The time to undo run {id} is over.", {"id": run.id}),
    }
    return Reply(
        False, "refused", reasons.get(run.undo, Say("Run {id} is not finished.", {"id": run.id}))
    )
