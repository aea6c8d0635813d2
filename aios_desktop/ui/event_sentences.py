"""The sentence for each type of event. ``RULES`` finds it; ``other`` is for types without one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from aios_desktop.events.model import Event, Severity
from aios_desktop.i18n import N_, Say, Value, _
from aios_desktop.ui import payload, words
from aios_desktop.ui.payload import SHORT, number, text, took
from aios_desktop.ui.plain import visible

Rule = Callable[[Event], "Say | None"]

# ---------------------------------------------------------------- what is observed


def _high(event: Event) -> Say | None:
    data = event.data
    value, limit = number(data, "value"), number(data, "threshold")
    if value is None or limit is None:
        return None
    resource = text(data, "resource")
    values = {
        "value": words.percent(value),
        "limit": words.percent(limit),
        "span": took(number(data, "held_s") or 0.0),
        "name": payload.process(data),
        "mount": visible(event.target, SHORT),
    }
    if resource == "cpu" and values["name"]:
        return Say(
            "The processor is at {value}, over {limit} for {span}; {name} uses most of it", values
        )
    if resource in _HIGH:
        return Say(_HIGH[resource], values)
    values["name"] = resource or payload.about(event)
    values |= {"value": payload.figure(value), "limit": payload.figure(limit)}
    return Say("{name} is at {value}; the limit is {limit}", values)


_HIGH: Final = {
    "cpu": N_("The processor is at {value}, over {limit} for {span}"),
    "memory": N_("Memory is {value} full, over {limit} for {span}"),
    "disk": N_("{mount} is {value} full, over {limit} for {span}"),
}
_NORMAL: Final = {
    "cpu": N_("The processor is back to {value}"),
    "memory": N_("Memory is back to {value}"),
    "disk": N_("{mount} is back to {value}"),
}


def _normal(event: Event) -> Say | None:
    value, resource = number(event.data, "value"), text(event.data, "resource")
    if value is None:
        return None
    if resource in _NORMAL:
        values = {"value": words.percent(value), "mount": visible(event.target, SHORT)}
        return Say(_NORMAL[resource], values)
    plain = {"name": resource or payload.about(event), "value": payload.figure(value)}
    return Say("{name} is normal again: {value}", plain)


def _cache(event: Event) -> Say | None:
    data = event.data
    old, days = number(data, "old_bytes"), number(data, "older_than_days")
    name = text(data, "cache") or visible(event.target, SHORT)
    if old is not None and days is not None:
        values: dict[str, Value] = {"name": name, "size": words.size(old), "n": round(days)}
        return Say("The {name} cache holds {size} that was not used for {n} days", values)
    size = number(data, "bytes")
    if size is None:
        return None
    return Say("The {name} cache holds {size}", {"name": name, "size": words.size(size)})


def _app_started(event: Event) -> Say:
    version = text(event.data, "version")
    recovered = number(event.data, "recovered") or 0
    if recovered:
        values: dict[str, Value] = {"version": version, "n": round(recovered)}
        return Say("AIOS {version} has started and taken up {n} unfinished repairs", values)
    return Say("AIOS {version} has started", {"version": version})


def _app_stopped(event: Event) -> Say:
    del event
    return Say("AIOS has stopped")


def _loaded(event: Event) -> Say | None:
    count = number(event.data, "n")
    return None if count is None else Say("Playbooks in force: {n}", {"n": round(count)})


def _refused(event: Event) -> Say | None:
    faults = event.data.get("faults")
    first = faults[0] if isinstance(faults, list) and faults else ""
    if not isinstance(first, str) or not first:
        return None
    return Say("Refused playbook: {reason}", {"reason": visible(first, SHORT)})


def _notice(event: Event) -> Say | None:
    said = text(event.data, "text")
    return Say("{data}", {"data": said}) if said else None


def _sensor_failed(event: Event) -> Say:
    name = text(event.data, "sensor") or visible(event.target, SHORT)
    values = {"name": name, "reason": text(event.data, "error") or _("no reason given")}
    return Say("The sensor {name} failed: {reason}", values)


def _sensor_back(event: Event) -> Say:
    return Say("The sensor {name} measures again", {"name": visible(event.target, SHORT)})


def _flapping(event: Event) -> Say:
    return Say("{name} changes too often; silent until it is quiet", {"name": payload.about(event)})


def _trouble(event: Event) -> Say | None:
    found = (text(event.data, name) for name in ("text", "reason", "error", "message"))
    reason = next((item for item in found if item), "")
    if reason and event.severity is Severity.INFO:
        return Say("{data}", {"data": reason})
    return Say("Trouble with what is kept: {reason}", {"reason": reason}) if reason else None


def _beat(event: Event) -> Say:
    interval = number(event.data, "interval_s")
    if interval is None:
        return Say("AIOS is alive")
    return Say("AIOS is alive; the next sign comes in {span}", {"span": took(interval)})


def _score(event: Event) -> Say | None:
    value, was = number(event.data, "value"), number(event.data, "was")
    if value is None:
        return Say("The score is unknown") if "value" in event.data else None
    now = round(value * 100)
    if was is None:
        return Say("The score is {value}", {"value": now})
    return Say("The score is {value}, was {was}", {"value": now, "was": round(was * 100)})


# ---------------------------------------------------------------- what is decided


def _decision(event: Event) -> Say | None:
    chosen = text(event.data, "chosen")
    if chosen:
        return Say("{playbook} was chosen", {"playbook": chosen})
    stopped = payload.candidates(event)
    if len(stopped) == 1:
        values = {"playbook": stopped[0].playbook, "reason": stopped[0].reason}
        return Say("{playbook} does not run: {reason}", values)
    if stopped:
        return Say("None of {n} playbooks runs", {"n": len(stopped)})
    return Say("No playbook is meant for this")


def _repeated(event: Event) -> Say | None:
    n = number(event.data, "repeats")
    return Say("Equal events that were only counted: {n}", {"n": round(n)}) if n else None


def _overflow(event: Event) -> Say | None:
    dropped = event.data.get("dropped")
    if not isinstance(dropped, dict):
        return None
    n = sum(x for x in dropped.values() if isinstance(x, int))
    return Say("More work came than can be done. Tasks dropped: {n}", {"n": n})


def _requested(event: Event) -> Say:
    deadline, title = payload.moment(event.data, "deadline"), _title(event)
    if deadline is None:
        return Say("Waits for your approval: {title}", {"title": title})
    values = {"title": title, "time": words.clock(deadline)}
    return Say("Waits for your approval until {time}: {title}", values)


def _decided(event: Event) -> Say | None:
    values = {"title": _title(event), "who": payload.who(text(event.data, "by"))}
    decision = text(event.data, "decision")
    return Say(_DECISIONS[decision], values) if decision in _DECISIONS else None


_DECISIONS: Final = {
    "approve": N_("Approved by {who}: {title}"),
    "deny": N_("Denied by {who}: {title}"),
    "expire": N_("Nobody answered in time, so nothing is done: {title}"),
}


# ---------------------------------------------------------------- what is done


def _retrying(event: Event) -> Say:
    data = event.data
    span = took(number(data, "delay_s") or 0.0)
    values = {"step": text(data, "step"), "attempt": text(data, "attempt"), "span": span}
    return Say("Step {step} is tried again in {span}, try {attempt}", values)


def _verifying(event: Event) -> Say:
    within = number(event.data, "within_s")
    if within is None:
        return Say("Measures whether it helped")
    return Say("Measures for up to {span} whether it helped", {"span": took(within)})


def _finished(event: Event) -> Say | None:
    data = event.data
    outcome, undo = text(data, "outcome"), text(data, "undo")
    values = {"reason": text(data, "reason") or _title(event)}
    if undo == "done" and outcome in _TAKEN_BACK:
        return Say(_TAKEN_BACK[outcome], values)
    return Say(_OUTCOMES[outcome], values) if outcome in _OUTCOMES else None


_OUTCOMES: Final = {
    "fixed": N_("Fixed: {reason}"),
    "no_effect": N_("No effect: {reason}"),
    "worse": N_("Worse: {reason}"),
    "unknown": N_("No proof that it helped: {reason}"),
    "denied": N_("Denied, nothing was done: {reason}"),
    "expired": N_("Nobody answered in time, nothing was done: {reason}"),
    "failed": N_("Failed: {reason}"),
    "resolved": N_("The trouble ended by itself: {reason}"),
    "interrupted": N_("Interrupted: {reason}"),
}
_TAKEN_BACK: Final = {
    "no_effect": N_("No effect, taken back: {reason}"),
    "worse": N_("Worse, taken back: {reason}"),
    "failed": N_("Failed, taken back: {reason}"),
}


def _recovered(event: Event) -> Say:
    step = {"step": text(event.data, "step")}
    presence = text(event.data, "presence")
    if presence == "present":
        return Say("After a restart: what step {step} did is there", step)
    if presence == "absent":
        return Say("After a restart: step {step} had not begun its work", step)
    return Say("After a restart: it is unknown how far step {step} came", step)


def _triggered(event: Event) -> Say:
    return Say("Step {step} begins: {action}", _step(event))


def _completed(event: Event) -> Say:
    if event.data.get("ok") is False:
        return Say("Step {step} failed: {reason}", _step(event))
    seconds = number(event.data, "took_s")
    if seconds is None:
        return Say("Step {step} is done: {action}", _step(event))
    return Say("Step {step} is done in {span}: {action}", {**_step(event), "span": took(seconds)})


def _step(event: Event) -> dict[str, Value]:
    data = event.data
    return {
        "step": text(data, "step"),
        "action": text(data, "action"),
        "reason": text(data, "error") or _("no reason given"),
    }


def _title(event: Event) -> str:
    return text(event.data, "title") or text(event.data, "playbook") or payload.about(event)


def _titled(key: str) -> Rule:
    return lambda event: Say(key, {"title": _title(event)})


def _stepped(key: str) -> Rule:
    return lambda event: Say(key, _step(event))


def other(event: Event) -> Say:
    """Show what we have no words for: the target and the payload as it is."""
    values = {"about": visible(event.target, SHORT), "data": payload.short(event.data)}
    if values["about"] and values["data"]:
        return Say("{about}: {data}", values)
    return Say("{data}", {"data": values["about"] or values["data"] or event.type})


RULES: Final[Mapping[str, Rule]] = {
    "resource.high": _high,
    "resource.cpu_spike": _high,
    "resource.memory_high": _high,
    "resource.disk_high": _high,
    "resource.normal": _normal,
    "cache.large": _cache,
    "app.started": _app_started,
    "app.stopped": _app_stopped,
    "playbook.loaded": _loaded,
    "playbook.refused": _refused,
    "notice.posted": _notice,
    "sensor.failed": _sensor_failed,
    "sensor.recovered": _sensor_back,
    "signal.flapping": _flapping,
    "store.trouble": _trouble,
    "heartbeat.beat": _beat,
    "score.updated": _score,
    "scheduler.decision": _decision,
    "scheduler.repeated": _repeated,
    "scheduler.overflow": _overflow,
    "approval.requested": _requested,
    "approval.decided": _decided,
    "run.planned": _titled(N_("Planned: {title}")),
    "run.started": _titled(N_("Begun: {title}")),
    "run.retrying": _retrying,
    "run.verifying": _verifying,
    "run.finished": _finished,
    "run.undo_started": _titled(N_("Undo begins: {title}")),
    "run.undone": _titled(N_("Undone: {title}")),
    "run.undo_failed": _stepped(N_("Undo failed: {reason}")),
    "run.recovered": _recovered,
    "action.triggered": _triggered,
    "action.completed": _completed,
    "action.undone": _stepped(N_("Step {step} is taken back: {action}")),
    "action.undo_failed": _stepped(N_("Step {step} could not be taken back: {reason}")),
}
