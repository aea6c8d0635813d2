"""How the window tells of a run: its group, its state, how it ran, whether it can be undone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from aios_desktop.i18n import _
from aios_desktop.ui import payload, words
from aios_desktop.ui.plain import visible

if TYPE_CHECKING:
    from aios_desktop.runtime.views import ApprovalView, RunView, StepView

GROUPS = ("waiting", "running", "today", "earlier")
UNDOABLE = ("possible", "failed")


def group(run: RunView, midnight: float) -> str:
    """Return the group of the list that a run belongs to."""
    if run.state == "waiting":
        return "waiting"
    if not run.is_done:
        return "running"
    return "today" if (run.finished or run.created) >= midnight else "earlier"


def group_name(name: str) -> str:
    """Say a group."""
    return {
        "waiting": _("Waiting for you"),
        "running": _("Running"),
        "today": _("Done today"),
        "earlier": _("Earlier"),
    }[name]


def mark(run: RunView) -> str:
    """Return the kind of mark of a run."""
    if run.undo == "failed":
        return "bad"
    return words.outcome_mark(run)


def word(run: RunView) -> str:
    """Say in a word or two where a run stands or how it ended."""
    if not run.is_done:
        return {
            "planned": _("planned"),
            "waiting": _("waits for you"),
            "approved": _("approved"),
            "running": _("running"),
            "retrying": _("tries again"),
            "settling": _("measures"),
            "verifying": _("measures"),
            "undoing": _("takes back"),
        }.get(run.state, run.state)
    outcome = words.outcome(run)
    if run.undo == "failed":
        return _("{outcome}, undo failed").format(outcome=outcome)
    return outcome


def capital(text: str) -> str:
    """Return a word as it stands at the beginning."""
    return text[:1].upper() + text[1:]


def second_line(run: RunView, approval: ApprovalView | None, now: float, midnight: float) -> str:
    """Say what a person needs to know of a run in the list, under its title."""
    if run.state == "waiting":
        if approval is None:
            return words.risk(run.risk)
        values = {"risk": words.risk(run.risk), "span": words.span(approval.deadline - now)}
        return _("{risk}, denies itself in {span}").format(**values)
    if not run.is_done:
        return _progress(run)
    reason = visible(run.outcome_reason.text(), 300) or visible(run.target_name, 300)
    ended = run.finished or run.created
    if ended >= midnight:
        return reason
    return _("{when}: {reason}").format(when=day(ended), reason=reason)


def progress(run: RunView) -> float:
    """Return how far a run has come, 0 to 1."""
    if run.state in ("settling", "verifying"):
        return 1.0
    parts = {"done": 1.0, "undone": 1.0, "running": 0.5, "failed": 0.5}
    return sum(parts.get(step.state, 0.0) for step in run.steps) / max(1, len(run.steps))


def began(run: RunView) -> float:
    """Return when the first step began, or when the run was made."""
    return min(
        (step.started for step in run.steps if step.started is not None), default=run.created
    )


def acted(run: RunView) -> bool:
    """Say whether any step began."""
    return any(step.started is not None for step in run.steps)


def why_nothing(run: RunView) -> str:
    """Say why a run that has ended never began a step."""
    return {
        "denied": _("It was denied."),
        "expired": _("Nobody answered in time."),
        "resolved": _("The trouble ended by itself before the repair began."),
    }.get(run.outcome, _("It ended before its first step."))


def how(run: RunView, midnight: float) -> str:
    """Say how a run came to run, when, and by which playbook."""
    values = {
        "risk": words.risk(run.risk),
        "when": _moment(began(run), midnight),
        "span": payload.took(_took(run)),
        "who": payload.who(run.approved_by),
        "playbook": visible(run.playbook),
        "version": run.version,
        "run": run.id,
    }
    return _how(run).format(**values)


def _how(run: RunView) -> str:
    if run.state == "waiting":
        return _("{risk}, so it asks you. Playbook {playbook}, version {version}, run {run}.")
    if run.is_done and not acted(run):
        return _("Planned at {when}. Playbook {playbook}, version {version}, run {run}.")
    if run.approved_by and run.is_done:
        return _(
            "{risk}, approved by {who}. Began at {when} and took {span}."
            " Playbook {playbook}, version {version}, run {run}."
        )
    if run.approved_by:
        return _(
            "{risk}, approved by {who}. Began at {when}."
            " Playbook {playbook}, version {version}, run {run}."
        )
    if run.is_done:
        return _(
            "{risk}, so it ran by itself. Began at {when} and took {span}."
            " Playbook {playbook}, version {version}, run {run}."
        )
    return _(
        "{risk}, so it runs by itself. Began at {when}."
        " Playbook {playbook}, version {version}, run {run}."
    )


def can_undo(run: RunView, now: float) -> bool:
    """Say whether asking for an undo makes sense."""
    if not run.is_done or run.undo not in UNDOABLE:
        return False
    return run.undo == "failed" or run.undo_until > now


def undo_note(run: RunView, now: float) -> str:
    """Say until when a run can be undone, or why it cannot."""
    if not run.is_done:
        return _("Undo is possible once it has ended.")
    if run.undo == "possible" and run.undo_until <= now:
        return _("The time to undo it is over.")
    return {
        "none": _("There is nothing to undo."),
        "possible": _("Undo is possible until {when}.").format(when=day(run.undo_until)),
        "running": _("It is being undone."),
        "done": _("It has been undone."),
        "failed": _("The last undo failed: the steps say why."),
        "expired": _("The time to undo it is over."),
    }.get(run.undo, "")


def day(at: float) -> str:
    """Say a day: 2026-11-27."""
    return time.strftime("%Y-%m-%d", time.localtime(at))


def amount(value: float | None, unit: str) -> str:
    """Say a figure with its unit; a figure that is not known says so."""
    if value is None:
        return _("unknown")
    if unit == "%":
        return words.percent(value)
    if unit == "B/s":
        return words.rate(value)
    if unit == "B":
        return words.size(value)
    shown = payload.figure(value)
    return _("{number} {unit}").format(number=shown, unit=unit) if unit else shown


def _moment(at: float, midnight: float) -> str:
    """Say a time of today, or time and day."""
    if at >= midnight:
        return words.clock(at)
    return _("{time} on {day}").format(time=words.clock(at), day=day(at))


def _progress(run: RunView) -> str:
    step = _current(run)
    if run.state in ("settling", "verifying"):
        return _("Measures whether it helped")
    if run.state == "undoing":
        return _("Takes its steps back")
    if step is None:
        return _("Begins")
    values = {
        "n": step.number,
        "all": len(run.steps),
        "attempt": step.attempts,
        "command": visible(step.command, 200),
    }
    if step.attempts > 1:
        return _("Try {attempt}, step {n} of {all}: {command}").format(**values)
    return _("Step {n} of {all}: {command}").format(**values)


def _current(run: RunView) -> StepView | None:
    begun = [step for step in run.steps if step.state in ("running", "failed")]
    return begun[-1] if begun else next((s for s in run.steps if s.state == "planned"), None)


def _took(run: RunView) -> float:
    known = [step.took_s for step in run.steps if step.took_s is not None]
    return sum(known) if known else max(0.0, (run.finished or run.created) - began(run))
