"""Turns journal records into the plain views that the window and the command line show."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any, Final

from aios_desktop.i18n import N_, Say
from aios_desktop.reactor.deciding import confirm_word
from aios_desktop.reactor.records import Entry, Phase, Run, State
from aios_desktop.runtime.views import (
    AgentState,
    AgentView,
    ApprovalView,
    Change,
    Measure,
    PlaybookFault,
    PlaybookView,
    RunView,
    StepView,
)
from aios_desktop.skills.action import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aios_desktop.agents.roster import Agent
    from aios_desktop.reactor.library import Refused
    from aios_desktop.reactor.playbook import Playbook
    from aios_desktop.reactor.records import Approval
    from aios_desktop.skills.action import StepPlan

MEASURED: Final = {
    "cpu_usage": (N_("Processor"), "%"),
    "memory_usage": (N_("Memory"), "%"),
    "disk_usage": (N_("Fullest disk"), "%"),
}
RISK_REASONS: Final = {
    Kind.READ_ONLY: N_("changes nothing"),
    Kind.REVERSIBLE: N_("can be taken back in full"),
    Kind.COMPENSABLE: N_("can be made good, not taken back"),
    Kind.IRREVERSIBLE: N_("cannot be taken back"),
}


def agent_view(agent: Agent, name: str) -> AgentView:
    """Return an agent as the office shows it."""
    return AgentView(
        id=agent.id,
        name=Say(name),
        state=AgentState(agent.state),
        since=agent.since,
        evidence=agent.evidence,
        event=agent.event,
    )


def approval_view(approval: Approval, run: Run, record: tuple[int, int]) -> ApprovalView:
    """Return a waiting decision with all that a person needs for it."""
    fixed, acted = record
    worst = max((step.kind for step in run.plan.steps), key=list(Kind).index)
    return ApprovalView(
        id=approval.id,
        run=run.id,
        digest=approval.digest,
        title=run.plan.question,
        why=run.plan.why,
        asker=run.plan.asker,
        risk=run.plan.risk.name.lower(),
        risk_reason=Say(RISK_REASONS[worst]),
        undo=run.plan.undo,
        success=run.plan.success,
        record=Say("{fixed} of {acted} fixed", {"fixed": fixed, "acted": acted})
        if acted
        else Say("Never run here before"),
        steps=tuple(_planned(i, plan) for i, plan in enumerate(run.plan.steps, 1)),
        target=run.target,
        confirm_word=confirm_word(run),
        playbook=run.playbook,
        trace=run.origin.trace,
        created=approval.created,
        deadline=approval.deadline,
    )


def run_view(run: Run, entries: Sequence[Entry], approval: Approval | None) -> RunView:
    """Return a run with its steps as far as they have come."""
    return RunView(
        id=run.id,
        playbook=run.playbook,
        version=run.version,
        title=run.plan.title,
        target=run.target,
        target_name=run.target_name,
        risk=run.plan.risk.name.lower(),
        state=run.state,
        outcome=run.outcome,
        outcome_reason=run.reason,
        undo=run.undo,
        undo_until=run.undo_until,
        created=run.created,
        finished=run.finished or None,
        approved_by=run.approved_by,
        trace=run.origin.trace,
        event=run.origin.id,
        approval=approval.id if approval and not approval.decision else 0,
        steps=tuple(_step(i, plan, entries, run) for i, plan in enumerate(run.plan.steps, 1)),
        success=run.plan.success,
        metric=run.plan.metric,
        limit=run.plan.limit,
        measures=_measures(run),
        changes=tuple(_changes(run, entries)),
    )


def _planned(number: int, plan: StepPlan) -> StepView:
    return StepView(
        number, plan.command, plan.effect, plan.undo, items=plan.items, item_count=plan.item_count
    )


_MARKS: Final[Mapping[Phase, str]] = {
    Phase.STARTED: "running",
    Phase.DONE: "done",
    Phase.FAILED: "failed",
    Phase.RETRY: "running",
    Phase.UNDO_DONE: "undone",
    Phase.UNDO_FAILED: "failed",
}


def _step(number: int, plan: StepPlan, entries: Sequence[Entry], run: Run) -> StepView:
    state, started, took, attempts, error = "planned", None, None, 0, ""
    for entry in entries:
        if entry.step != number:
            continue
        state = _MARKS.get(entry.phase, state)
        if entry.phase is Phase.STARTED:
            started, attempts, error = entry.at, attempts + 1, ""
        if "took_s" in entry.data:
            took = float(entry.data["took_s"])
        if "error" in entry.data:
            error = Say.from_json(entry.data["error"]).text()
        if entry.phase is Phase.RECOVERED:
            state = "done" if entry.data.get("presence") == "present" else "unknown"
    if state == "planned" and run.state is State.DONE:
        state = "skipped"
    return StepView(
        number=number,
        command=plan.command,
        effect=plan.effect,
        undo=plan.undo,
        state=state,
        started=started,
        took_s=took,
        attempts=attempts,
        error=error,
        items=plan.items,
        item_count=plan.item_count,
    )


def _measures(run: Run) -> tuple[Measure, ...]:
    shown = [
        name for name in (run.plan.metric, *MEASURED) if name in run.before or name in run.after
    ]
    found = []
    for name in dict.fromkeys(shown):
        label, unit = MEASURED.get(name, (name, ""))
        if name == run.plan.metric or name == "cpu_usage":
            found.append(Measure(Say(label), unit, run.before.get(name), run.after.get(name)))
    if "score" in run.before or "score" in run.after:
        before, after = run.before.get("score"), run.after.get("score")
        found.append(
            Measure(
                Say(N_("Score")),
                "",
                None if before is None else round(before * 100),
                None if after is None else round(after * 100),
            )
        )
    return tuple(found[:3])


def _changes(run: Run, entries: Sequence[Entry]) -> list[Change]:
    changes: list[Change] = []
    for entry in entries:
        if entry.phase is not Phase.DONE or not 0 < entry.step <= len(run.plan.steps):
            continue
        changes.append(Change(" ", run.plan.steps[entry.step - 1].command))
        result: Mapping[str, Any] = entry.data.get("result", {})
        if "old" in result and "new" in result:
            changes.append(Change("-", str(result["old"])))
            changes.append(Change("+", str(result["new"])))
    return changes


def playbook_view(playbook: Playbook, asks: bool, record: tuple[int, int]) -> PlaybookView:
    """Return a playbook in force."""
    return PlaybookView(
        id=playbook.id,
        version=playbook.version,
        title=_without_values(playbook.title),
        file=playbook.file,
        triggers=playbook.triggers,
        risk=playbook.risk.name.lower(),
        asks=asks,
        enabled=playbook.enabled,
        fixed=record[0],
        runs=record[1],
    )


def _without_values(template: str) -> Say:
    """Return a title whose event is not there yet: "Suspend …"."""
    names = (name for _, name, _, _ in string.Formatter().parse(template) if name)
    return Say(template, dict.fromkeys(names, "…"))


def fault_views(refused: Sequence[Refused]) -> tuple[PlaybookFault, ...]:
    """Return every fault of the refused files."""
    return tuple(
        PlaybookFault(
            file=fault.file,
            line=fault.line,
            column=fault.column,
            field=fault.field,
            message=fault.message,
            nearest=fault.nearest,
            kept_version=found.kept,
        )
        for found in refused
        for fault in found.faults
    )
