"""What the commands print for people: short lines, aligned, in the user's language."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, Final

from aios_desktop.clock import SystemClock
from aios_desktop.errors import AiosError
from aios_desktop.i18n import _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def moment(text: str | None) -> float | None:
    """Return wall seconds for ``30m`` (ago) or a local time. Raises AiosError for anything else."""
    if text is None:
        return None
    if found := re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text):
        return SystemClock().now() - float(found.group(1)) * _UNITS[found.group(2)]
    for form in ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            return time.mktime(time.strptime(text, form))
        except ValueError:
            continue
    raise AiosError("{value} is not a time. Write 30m, 2h, 7d or 2026-11-20T08:00.", value=text)


def at(seconds: float | None, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """Return a local time, 24 h."""
    return time.strftime(form, time.localtime(seconds)) if seconds else "-"


def events(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print events, oldest first, one a line."""
    if not rows:
        print(_("No event matches."))
    for row in reversed(rows):
        about = ", ".join(f"{key}={_brief(value)}" for key, value in row["data"].items())
        stamp = at(row["time"], "%m-%d %H:%M:%S")
        print(
            f"{row['id']}  {stamp}  {row['severity']:<8}  {row['type']:<22}  {row['target']}  {about}"[
                :400
            ]
        )


def _brief(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def why(value: Mapping[str, Any]) -> None:
    """Print what was decided about an event."""
    print(f"{value['event']}  {value['type']}")
    print(value["summary"])
    for found in value["candidates"]:
        gate = found["gate"] or _("chosen")
        print(f"  {found['playbook']:<28} {gate:<10} {found['reason']}")


def runs(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print runs, newest first."""
    if not rows:
        print(_("No run yet."))
    for row in rows:
        state = row["outcome"] if row["state"] == "done" else row["state"]
        undo = "" if row["undo"] == "none" else _("undo: {state}").format(state=row["undo"])
        print(
            f"{row['id']:>5}  {at(row['created'], '%m-%d %H:%M:%S')}  {state:<11}  {row['title']}  {undo}"
        )


def run(row: Mapping[str, Any]) -> None:
    """Print one run with its steps."""
    runs([row])
    print(f"       {row['playbook']} {row['version']}, {row['risk']}, trace {row['trace']}")
    if row["outcome_reason"]:
        print(f"       {row['outcome_reason']}")
    for step in row["steps"]:
        took = "" if step["took_s"] is None else f"{step['took_s']:.2f} s"
        print(
            f"   {step['number']:>2}. {step['state']:<8} {step['command']}  {took} {step['error']}"
        )


def approvals(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print what waits for a person."""
    if not rows:
        print(_("Nothing waits for you."))
    for row in rows:
        deadline = at(row["deadline"], "%H:%M:%S")
        print(f"{row['id']:>5}  {row['title']}")
        print(f"       {row['why']}")
        for step in row["steps"]:
            print(f"       {step['number']}. {step['command']}  ({step['effect']})")
        words = {"risk": row["risk"], "undo": row["undo"], "time": deadline}
        print("       " + _("Risk: {risk}. Undo: {undo}. Denies itself at {time}.").format(**words))


def score(value: Mapping[str, Any]) -> None:
    """Print the score and its parts."""
    number = value["value"]
    print(f"{'-' if number is None else round(number * 100)}  {value['level']}")
    for part in value["parts"]:
        shown = "-" if part["value"] is None else f"{part['value']:.2f}"
        print(f"  {part['name']:<11} {shown:>5}  x {part['weight']:.2f}  {part['reason']}")


def status(value: Mapping[str, Any]) -> None:
    """Print how things are."""
    number = value["score"]["value"]
    rows = [
        (_("version"), f"{value['version']} (pid {value['pid']})"),
        (_("score"), f"{'-' if number is None else round(number * 100)} {value['score']['level']}"),
        (_("waiting"), value["waiting"]),
        (_("running"), value["running"]),
        (_("done today"), f"{value['done_today']} ({value['fixed_today']} {_('fixed')})"),
        (
            _("watching"),
            f"{value['metrics']} {_('metrics')}, {value['processes']} {_('processes')}",
        ),
        (_("own memory"), f"{value['own_memory_bytes'] / 1e6:.0f} MB"),
        (_("heartbeat"), f"{value['heartbeat_s']:g} s"),
        (
            _("events"),
            f"{value['events_stored']} {_('stored')}, {value['events_lost']} {_('lost')}",
        ),
    ]
    for name, text in rows:
        print(f"{name:<12} {text}")
    for notice in value["notices"]:
        print(f"{notice['severity']}: {notice['text']}")


def playbooks(value: Sequence[Any]) -> None:
    """Print the playbooks in force and the faults of the refused ones."""
    found, faults = value
    for row in found:
        asks = _("asks") if row["asks"] else _("by itself")
        print(
            f"{row['id']:<26} {row['risk']:<7} {asks:<10} {row['fixed']}/{row['runs']}  {row['title']}"
        )
    for fault in faults:
        print(fault_line(fault))


def fault_line(fault: Mapping[str, Any]) -> str:
    """Return a fault as ``file:line:column: field: message (nearest)``."""
    near = (
        " " + _("(the nearest is {word})").format(word=fault["nearest"]) if fault["nearest"] else ""
    )
    name = f"{fault['field']}: " if fault["field"] else ""
    kept = " " + _("The last good version stays active.") if fault["kept_version"] else ""
    return (
        f"{fault['file']}:{fault['line']}:{fault['column']}: {name}{fault['message']}{near}{kept}"
    )


def checked(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the verdict on each file."""
    for row in rows:
        if row["ok"]:
            words = {"file": row["file"], "id": row["id"], "risk": row["risk"]}
            print(_("{file}: good: {id}, risk {risk}").format(**words))
        for fault in row["faults"]:
            print(fault_line(fault))


def plan(value: Mapping[str, Any]) -> None:
    """Print what a playbook would do."""
    if value["stopped_by"]:
        print(
            _("Would not run. {gate}: {reason}").format(
                gate=value["stopped_by"], reason=value["reason"]
            )
        )
        return
    print(value["title"])
    for step in value["steps"]:
        print(f"  {step['number']}. {step['command']}")
        print(f"     {step['effect']}")
        print(f"     {_('Undo')}: {step['undo']}")
    asks = _("yes") if value["asks"] else _("no")
    print(_("Risk: {risk}. Needs approval: {asks}.").format(risk=value["risk"], asks=asks))
    print(_("Success: {success}").format(success=value["success"]))
