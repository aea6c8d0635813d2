"""Every command. Imports late, so that a command starts only what it needs.

Exit codes: 0 ok, 1 refused or failed, 2 usage.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aios_desktop import __version__, i18n
from aios_desktop.cli import transfer
from aios_desktop.errors import AiosError
from aios_desktop.i18n import _

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aios_desktop.paths import Paths

OK, FAILED, USAGE = 0, 1, 2
Arguments = argparse.Namespace


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    i18n.use(i18n.system_language())
    logging.getLogger().addHandler(logging.NullHandler())  # commands answer; only instances log
    # The shared flags are suppressed, or a subcommand's default would undo what stood before it.
    start = argparse.Namespace(json=False, data_dir=None)
    parsed = _parser().parse_args(arguments, start)
    command: Callable[[Arguments], int] = parsed.command
    try:
        return command(parsed)
    except AiosError as error:
        return _refused(parsed, error)
    except BrokenPipeError:  # the reader, such as head, has seen enough
        sys.stderr.close()
        return OK
    except KeyboardInterrupt:
        return FAILED


def _refused(parsed: Arguments, error: AiosError) -> int:
    text = _(error.key).format(**error.values)
    if parsed.json:
        print(json.dumps({"error": text}, ensure_ascii=False))
    else:
        print(f"aios-desktop: {text}", file=sys.stderr)
    return FAILED


# ---------------------------------------------------------------------- the parser


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help=_("print JSON")
    )
    common.add_argument(
        "--data-dir",
        type=Path,
        default=argparse.SUPPRESS,
        metavar="DIR",
        help=_("keep everything in this folder"),
    )
    parser = argparse.ArgumentParser(
        prog="aios-desktop",
        description=_("Keeps a computer, and the AI agents working on it, healthy."),
        parents=[common],
    )
    parser.set_defaults(command=_desktop)
    parser.add_argument("--version", action="version", version=f"aios-desktop {__version__}")
    parser.add_argument("--hidden", action="store_true", help=_("start in the tray only"))
    parser.add_argument(
        "--screenshot", type=Path, metavar="FILE", help=_("save the window and quit")
    )
    parser.add_argument(
        "--after", type=float, default=3.0, metavar="S", help=_("seconds until the screenshot")
    )
    parser.add_argument("--page", default="", metavar="NAME", help=_("open this page"))
    commands = parser.add_subparsers(title=_("commands"), metavar="")

    def add(name: str, command: Callable[[Arguments], int], text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[common], help=text, description=text)
        made.set_defaults(command=command)
        return made

    daemon = add("daemon", _daemon, _("run without a display"))
    daemon.add_argument(
        "--for", dest="seconds", type=float, metavar="SECONDS", help=_("end after so long")
    )
    _add_event_commands(add)
    _add_run_commands(add)
    _add_playbook_commands(commands, common)
    transfer.add(add)
    add("score", _score, _("show the health score"))
    add("status", _status, _("show how things are"))
    add("doctor", _doctor, _("check the installation, ready to paste into a report"))
    return parser


def _add_event_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    emit = add("emit", _emit, _("put an event into the running instance"))
    emit.add_argument("type", metavar="TYPE")
    emit.add_argument(
        "--severity", default="info", choices=["info", "warning", "error", "critical"]
    )
    emit.add_argument("--source", default="user")
    emit.add_argument("--target", default="")
    emit.add_argument("--data", default="{}", metavar="JSON")
    events = add("events", _events, _("query the store"))
    events.add_argument(
        "--since", metavar="WHEN", help=_("30m, 2h, 7d or a time such as 2026-11-20T08:00")
    )
    events.add_argument("--until", metavar="WHEN")
    events.add_argument("--type", default="", metavar="GLOB")
    events.add_argument("--trace", type=int, default=0, metavar="ID")
    events.add_argument("--limit", type=int, default=50, metavar="N")
    why = add("why", _why, _("tell which playbooks an event met, and what stopped each"))
    why.add_argument("event", type=int, metavar="EVENT_ID")


def _add_run_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    runs = add("runs", _runs, _("show runs, or one run with its steps"))
    runs.add_argument("run", type=int, nargs="?", metavar="ID")
    runs.add_argument("--limit", type=int, default=20, metavar="N")
    undo = add("undo", _undo, _("take a run back"))
    undo.add_argument("run", type=int, metavar="RUN_ID")
    approvals = add("approvals", _approvals, _("list the decisions that wait, approve or deny one"))
    approvals.add_argument("verb", nargs="?", default="list", choices=["list", "approve", "deny"])
    approvals.add_argument("id", type=int, nargs="?", metavar="ID")
    approvals.add_argument("--word", default="", help=_("the target's name, for high risk"))


def _add_playbook_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    text = _("list, check and try playbooks; none of these act")
    playbook = commands.add_parser("playbook", parents=[common], help=text, description=text)
    verbs = playbook.add_subparsers(title=_("commands"), metavar="", required=True)

    def add(name: str, command: Callable[[Arguments], int], text: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = verbs.add_parser(name, parents=[common], help=text)
        made.set_defaults(command=command)
        return made

    add("list", _playbook_list, _("show the playbooks in force and the refused ones"))
    check = add("check", _playbook_check, _("check files: shape, actions, conditions, risk"))
    check.add_argument("files", type=Path, nargs="+", metavar="FILE")
    plan = add("plan", _playbook_plan, _("show what a playbook would do for an event"))
    plan.add_argument("id", metavar="ID")
    plan.add_argument("event", type=Path, metavar="EVENT.json")


# ---------------------------------------------------------------------- starting


def _paths(parsed: Arguments) -> Paths:
    from aios_desktop import paths

    return paths.find(parsed.data_dir)


def _desktop(parsed: Arguments) -> int:
    from aios_desktop.runtime.control import NotRunning, ask

    paths = _paths(parsed)
    if parsed.screenshot is None:
        try:
            if ask(paths.socket, "show", timeout_s=2.0):
                print(_("AIOS runs already; its window is shown."))
                return OK
        except NotRunning:
            pass
    _need_a_display()
    from aios_desktop.ui.start import start

    return start(
        paths,
        hidden=parsed.hidden,
        screenshot=parsed.screenshot,
        after_s=parsed.after,
        page=parsed.page,
    )


def _need_a_display() -> None:
    """Raise AiosError where Qt would abort the process: without a display that answers."""
    import os

    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return
    if os.environ.get("WAYLAND_DISPLAY"):
        return
    display = os.environ.get("DISPLAY", "")
    if not display:
        raise AiosError("There is no display. Run without one: aios-desktop daemon")
    number = display.removeprefix("unix").removeprefix(":").split(".")[0]
    if number.isdigit() and not Path(f"/tmp/.X11-unix/X{number}").exists():  # noqa: S108
        raise AiosError(
            "The display {display} does not answer. Run without one: aios-desktop daemon",
            display=display,
        )


def _daemon(parsed: Arguments) -> int:
    from aios_desktop.daemon import run

    return run(_paths(parsed), seconds=parsed.seconds, as_json=parsed.json)


# ---------------------------------------------------------------------- asking


def _ask(parsed: Arguments, verb: str, **arguments: Any) -> Any:
    from aios_desktop.runtime.control import ask

    return ask(_paths(parsed).socket, verb, **arguments)


def _print(parsed: Arguments, value: Any, show: Callable[[Any], None]) -> None:
    if parsed.json:
        print(json.dumps(value, ensure_ascii=False, indent=2))
    else:
        show(value)


def _emit(parsed: Arguments) -> int:
    try:
        data = json.loads(parsed.data)
    except ValueError as error:
        raise AiosError("--data is not JSON: {reason}.", reason=str(error)) from error
    reply = _ask(
        parsed,
        "emit",
        type=parsed.type,
        severity=parsed.severity,
        source=parsed.source,
        target=parsed.target,
        data=data,
    )
    _print(parsed, reply, lambda value: print(value["id"]))
    return OK


def _events(parsed: Arguments) -> int:
    from aios_desktop.cli import offline, text
    from aios_desktop.runtime.control import NotRunning

    query = {
        "since": text.moment(parsed.since),
        "until": text.moment(parsed.until),
        "type": parsed.type,
        "trace": parsed.trace,
        "limit": parsed.limit,
    }
    try:
        rows = _ask(parsed, "events", **query)
    except NotRunning:
        rows = offline.events(_paths(parsed), query)
    _print(parsed, rows, text.events)
    return OK


def _why(parsed: Arguments) -> int:
    from aios_desktop.cli import offline, text
    from aios_desktop.runtime.control import NotRunning

    try:
        value = _ask(parsed, "why", id=parsed.event)
    except NotRunning:
        value = offline.why_event(_paths(parsed), parsed.event)
    _print(parsed, value, text.why)
    return OK


def _runs(parsed: Arguments) -> int:
    from aios_desktop.cli import offline, text
    from aios_desktop.runtime.control import NotRunning

    if parsed.run is None:
        try:
            value = _ask(parsed, "runs", limit=parsed.limit)
        except NotRunning:
            value = offline.runs(_paths(parsed), parsed.limit)
        _print(parsed, value, text.runs)
        return OK
    try:
        value = _ask(parsed, "run", id=parsed.run)
    except NotRunning:
        value = offline.run(_paths(parsed), parsed.run)
    _print(parsed, value, text.run)
    return OK


def _undo(parsed: Arguments) -> int:
    return _answer(parsed, _ask(parsed, "undo", id=parsed.run))


def _approvals(parsed: Arguments) -> int:
    from aios_desktop.cli import text

    if parsed.verb == "list":
        _print(parsed, _ask(parsed, "approvals"), text.approvals)
        return OK
    if parsed.id is None:
        print(
            _("aios-desktop: approvals {verb} needs an id").format(verb=parsed.verb),
            file=sys.stderr,
        )
        return USAGE
    arguments: dict[str, Any] = {"id": parsed.id}
    if parsed.verb == "approve":
        arguments["word"] = parsed.word
    return _answer(parsed, _ask(parsed, parsed.verb, **arguments))


def _answer(parsed: Arguments, reply: dict[str, Any]) -> int:
    _print(parsed, reply, lambda value: print(value["text"]))
    return OK if reply["ok"] else FAILED


def _score(parsed: Arguments) -> int:
    from aios_desktop.cli import text

    _print(parsed, _ask(parsed, "score"), text.score)
    return OK


def _status(parsed: Arguments) -> int:
    from aios_desktop.cli import text

    _print(parsed, _ask(parsed, "status"), text.status)
    return OK


# ---------------------------------------------------------------------- playbooks, doctor


def _playbook_list(parsed: Arguments) -> int:
    from aios_desktop.cli import offline, text
    from aios_desktop.runtime.control import NotRunning

    try:
        value = _ask(parsed, "playbooks")
    except NotRunning:
        value = offline.playbooks(_paths(parsed))
    _print(parsed, value, text.playbooks)
    return OK


def _playbook_check(parsed: Arguments) -> int:
    from aios_desktop.cli import offline, text

    checked = offline.check(_paths(parsed), parsed.files)
    _print(parsed, checked, text.checked)
    return OK if all(found["ok"] for found in checked) else FAILED


def _playbook_plan(parsed: Arguments) -> int:
    from aios_desktop.cli import offline, text

    plan = offline.plan(_paths(parsed), parsed.id, parsed.event)
    _print(parsed, plan, text.plan)
    return OK if not plan["stopped_by"] else FAILED


def _doctor(parsed: Arguments) -> int:
    from aios_desktop.cli import doctor

    report = doctor.examine(_paths(parsed))
    _print(parsed, report, doctor.show)
    return OK if report["ok"] else FAILED
