"""The commands ``import`` and ``export``: take over an older AIOS, hand out events."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aios_desktop.errors import AiosError
from aios_desktop.i18n import _, ngettext

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from aios_desktop.migration.report import FileReport, Report
    from aios_desktop.paths import Paths

OK: Final = 0
FAILED: Final = 1
SHOWN: Final = 5  # refused lines shown per file
FIRST_S: Final = 1.0
EVERY_S: Final = 0.2


def add(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add both commands to the parser."""
    taken = add_command("import", _import, _("take over the folder of an older AIOS"))
    taken.add_argument("folder", type=Path, metavar="DIR")
    taken.add_argument(
        "--dry-run", action="store_true", help=_("only report what would be taken over")
    )
    taken.add_argument(
        "--timezone",
        metavar="ZONE",
        help=_("what local times mean where the files do not say it: +08:00 or Asia/Shanghai"),
    )
    given = add_command("export", _export, _("write stored events, oldest first"))
    given.add_argument(
        "--since", metavar="WHEN", help=_("30m, 2h, 7d or a time such as 2026-11-20T08:00")
    )
    given.add_argument("--until", metavar="WHEN")
    given.add_argument("--type", default="", metavar="GLOB")
    given.add_argument("--trace", type=int, default=0, metavar="ID")
    given.add_argument("--format", default="jsonl", choices=["jsonl", "csv"])
    given.add_argument(
        "--output", default="-", metavar="FILE", help=_("a file instead of the screen")
    )


class Progress:
    """One line on a terminal, from the first second on."""

    def __init__(self) -> None:
        from aios_desktop.clock import SystemClock

        self._clock = SystemClock()
        self._next = self._clock.monotonic() + FIRST_S
        self._on = sys.stderr.isatty()
        self._width = 0

    def show(self, text: str) -> None:
        """Show a line in place of the one before, not too often."""
        now = self._clock.monotonic()
        if not self._on or now < self._next:
            return
        self._next = now + EVERY_S
        text = text[:78]
        print("\r" + text.ljust(self._width), end="", file=sys.stderr, flush=True)
        self._width = len(text)

    def end(self) -> None:
        """Clear the line."""
        if self._width:
            print("\r" + " " * self._width + "\r", end="", file=sys.stderr, flush=True)
            self._width = 0


# ---------------------------------------------------------------------- import


def _import(parsed: argparse.Namespace) -> int:
    from aios_desktop import paths
    from aios_desktop.migration import moments
    from aios_desktop.migration.places import Folder
    from aios_desktop.runtime.instance import AlreadyRunning, InstanceLock

    found = paths.find(parsed.data_dir)
    folder = Folder(parsed.folder)
    zone = moments.zone(parsed.timezone) if parsed.timezone else None
    if parsed.dry_run:
        return _taken_over(parsed, found, folder, zone)
    lock = InstanceLock(found.lock)
    try:
        if not lock.take():
            raise AiosError("The data folder {folder} cannot be written.", folder=str(found.data))
    except AlreadyRunning as error:
        raise AiosError(
            "AIOS runs with the data folder {folder}. Quit it, then import.",
            folder=str(found.data),
        ) from error
    try:
        return _taken_over(parsed, found, folder, zone)
    finally:
        lock.release()


def _taken_over(parsed: argparse.Namespace, found: Paths, folder: Any, zone: Any) -> int:
    from aios_desktop.clock import SystemClock
    from aios_desktop.migration.importer import IMPORTED, Importer
    from aios_desktop.migration.ledger import Ledger

    progress = Progress()

    def show(name: str, done: int, whole: int) -> None:
        percent = min(99, 100 * done // whole)
        progress.show(_("{percent} %  {file}").format(percent=percent, file=name))

    ledger = Ledger(found.data / IMPORTED, dry_run=parsed.dry_run)
    try:
        importer = Importer(
            folder,
            found,
            ledger,
            SystemClock(),
            dry_run=parsed.dry_run,
            zone=zone,
            keep_days=_keep_days(found),
            check=_checker(found),
            progress=show,
        )
        try:
            report = importer.run()
        except KeyboardInterrupt:
            progress.end()
            text = _("Stopped. What was imported stays; import again to continue.")
            print(f"aios-desktop: {text}", file=sys.stderr)
            return FAILED
        finally:
            progress.end()
    finally:
        ledger.close()
    if parsed.json:
        print(json.dumps(report.to_json(), ensure_ascii=False, indent=2))
    else:
        show_report(report)
    return OK if report.files else FAILED


def _keep_days(found: Paths) -> float:
    from aios_desktop.config import Config

    config = Config(found.options)
    config.load()
    return max(config.number("store.raw_days"), config.number("store.archive_days"))


def _checker(found: Paths) -> Callable[[bytes, str], bool]:
    """Return what says whether this version could load a draft as it stands."""
    from aios_desktop.clock import SystemClock
    from aios_desktop.config import Config
    from aios_desktop.reactor import source
    from aios_desktop.reactor.source import FaultyError
    from aios_desktop.runtime.shelf import compiler_for
    from aios_desktop.skills.registry import default_registry

    config = Config(found.options)
    compiler = compiler_for(default_registry(config, found, SystemClock(), tell=lambda _text: None))

    def check(raw: bytes, name: str) -> bool:
        try:
            compiler.compile(source.parse(raw, name))
        except FaultyError:
            return False
        return True

    return check


def show_report(report: Report) -> None:
    """Print the report for people."""
    if report.dry_run:
        print(_("A try: nothing was written."))
    for file in report.files:
        _show_file(file)
    _show_playbooks(report)
    for text in report.heartbeat:
        print(_("Listed only: {text}").format(text=text))
    _show_totals(report)
    for note in report.notes:
        print(note.text())


def _show_file(file: FileReport) -> None:
    words = {
        "file": file.name, "lines": file.lines, "records": file.records, "new": file.new,
        "known": file.known, "refused": file.refused,
    }  # fmt: skip
    print(
        _(
            "{file}: {lines} lines, {records} records, {new} new, {known} known, {refused} refused"
        ).format(**words)
    )
    for fault in file.faults[:SHOWN]:
        place = {"line": fault.line, "column": fault.column}
        where = _("line {line}, column {column}") if fault.column else _("line {line}")
        detail = f" ({fault.detail})" if fault.detail else ""
        at = where.format(**place) + ": " if fault.line else ""
        print(f"    {at}{_reason(str(fault.why))}{detail}")
    if (left := file.refused - SHOWN) > 0:
        print("    " + ngettext("and {n} more", "and {n} more", left).format(n=left))
    extra = {name: n for name, n in file.counts.items() if n}
    if extra:
        print("    " + ", ".join(f"{name}: {n}" for name, n in extra.items()))
    for note in file.notes:
        print("    " + note.text())


def _reason(why: str) -> str:
    reasons = {
        "not json": _("not JSON"),
        "not an object": _("not an object"),
        "not text": _("neither UTF-8 nor GB18030"),
        "too long": _("too long"),
        "cannot be read": _("cannot be read"),
        "time": _("no time between 2000 and 2100"),
        "no type": _("it does not say what it is"),
        "no trigger": _("nothing would ever start it"),
        "empty": _("the file is empty"),
    }
    return reasons.get(why, why)


def _show_playbooks(report: Report) -> None:
    verdicts = {
        "draft": _("draft"),
        "note": _("only noted"),
        "duplicate": _("met before"),
        "refused": _("refused"),
    }
    for found in report.playbooks:
        draft = f" {found.draft}" if found.draft else ""
        print(f"{found.file}: {found.id}: {verdicts[found.verdict]}{draft}")
        for why in found.why:
            print(f"    {why.text()}")


def _show_totals(report: Report) -> None:
    new = report.fresh
    print(ngettext("{n} event is new.", "{n} events are new.", new).format(n=new))
    if report.verdicts().get("draft"):
        print(
            _(
                "The drafts in {folder} are not loaded. Review one, then move it one folder up."
            ).format(folder=report.drafts_folder)
        )
    if report.kept:
        kinds = ", ".join(f"{kind} {n}" for kind, n in report.kept.items())
        print(
            _("Kept as JSON lines in {folder}: {kinds}").format(
                folder=report.kept_folder, kinds=kinds
            )
        )
    for offset, n in report.zone["offsets"].items():
        print(
            ngettext(
                "Local times: {offset}, as {n} record says.",
                "Local times: {offset}, as {n} records say.",
                n,
            ).format(offset=offset, n=n)
        )


# ---------------------------------------------------------------------- export


def _export(parsed: argparse.Namespace) -> int:
    from aios_desktop import paths
    from aios_desktop.cli import text
    from aios_desktop.events.model import EventQuery
    from aios_desktop.migration.export import Export, csv_lines, json_lines, new_file

    query = EventQuery(
        since=text.moment(parsed.since),
        until=text.moment(parsed.until),
        type=parsed.type,
        trace=parsed.trace,
    )
    export = Export(paths.find(parsed.data_dir).events, query)
    progress = Progress()
    count = 0

    def show(n: int, day: int, days: int) -> None:
        nonlocal count
        count = n
        progress.show(
            _("{n} events, day {day} of {days}").format(n=n, day=min(day + 1, days), days=days)
        )

    lines = (csv_lines if parsed.format == "csv" else json_lines)(export.events(show))
    try:
        if parsed.output == "-":
            for line in lines:
                sys.stdout.write(line)
            sys.stdout.flush()
        else:
            with new_file(Path(parsed.output).expanduser()) as file:
                file.writelines(lines)
    except KeyboardInterrupt:
        progress.end()
        print(f"aios-desktop: {_('Stopped.')}", file=sys.stderr)
        return FAILED
    finally:
        progress.end()
    return _exported(parsed, export.unreadable, count)


def _exported(parsed: argparse.Namespace, unreadable: list[str], count: int) -> int:
    for name in unreadable:
        text = _("{file} cannot be read; its events are missing.").format(file=name)
        print(f"aios-desktop: {text}", file=sys.stderr)
    if parsed.output != "-":
        if parsed.json:
            answer = {"file": parsed.output, "events": count, "unreadable": unreadable}
            print(json.dumps(answer, ensure_ascii=False))
        else:
            words = {"n": count, "file": parsed.output}
            print(
                ngettext(
                    "{n} event written to {file}", "{n} events written to {file}", count
                ).format(**words)
            )
    return FAILED if unreadable else OK
