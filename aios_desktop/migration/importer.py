"""One import from beginning to end: look, learn the time zone, take over, hand on, report."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING, Any, Final

from aios_desktop.errors import AiosError
from aios_desktop.events.database import reason
from aios_desktop.events.rows import DAY_US
from aios_desktop.i18n import Say
from aios_desktop.migration import drafts, history, olddb, shapes
from aios_desktop.migration.drafts import Drafts
from aios_desktop.migration.history import History, Kept
from aios_desktop.migration.moments import NoTimeError, Times, iso
from aios_desktop.migration.places import Folder, Source, What
from aios_desktop.migration.reading import Fault, Found, Lines, Records, Why
from aios_desktop.migration.report import FileReport, Report
from aios_desktop.migration.whole import decode, read_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo
    from io import BufferedReader

    from aios_desktop.clock import Clock
    from aios_desktop.migration.drafts import Check
    from aios_desktop.migration.ledger import Ledger
    from aios_desktop.paths import Paths

    Progress = Callable[[str, int, int], None]

IMPORTED: Final = "imported"  # the folder of what no part of the house can hold yet
DRAFTS: Final = "drafts"
DAY_S: Final = 86_400
TICK: Final = 500  # records between two looks at the clock
MAX_UNPACKED: Final = 4 * 1024**3
MAX_HEARTBEAT: Final = 100
MAX_HEARTBEAT_BYTES: Final = 256 * 1024
_EVERY: Final = re.compile(r"###\s*((?:every\b|每)[^:：]{0,60})[:：]\s*(.{1,200})", re.IGNORECASE)


class Importer:
    """Takes over one folder. Nothing in it changes, and nothing that comes out of it is started."""

    def __init__(
        self,
        folder: Folder,
        paths: Paths,
        ledger: Ledger,
        clock: Clock,
        *,
        dry_run: bool = False,
        zone: tzinfo | None = None,
        keep_days: float = 0,
        check: Check,
        progress: Progress = lambda _name, _done, _all: None,
    ) -> None:
        self._folder = folder
        self._paths = paths
        self._ledger = ledger
        self._clock = clock
        self._zone = zone
        self._keep_days = keep_days  # how long the store keeps events; 0: for good
        self._old = 0
        self._progress = progress
        self._times = Times(zone)
        self._history = History(self._times, ledger.was_checked)
        self._drafts = Drafts(paths.playbooks / DRAFTS, ledger, write=not dry_run, check=check)
        self._done = self._all = 0
        self.report = Report(folder.name, dry_run)

    def run(self) -> Report:
        """Take everything over. Raises AiosError; the next import goes on where this one stopped."""
        report = self.report
        sources = self._folder.sources()
        self._all = 2 * sum(source.size for source in sources) or 1
        self._deliver()  # what an import that was stopped left behind
        for source in sources:
            self._survey(source)
        for source in sources:
            self._take(source)
            self._deliver()
        self._ledger.write_lines()
        report.kept = {kind: n for kind in _KINDS if (n := self._ledger.count(kind))}
        report.drafts_folder = str(self._paths.playbooks / DRAFTS)
        report.kept_folder = str(self._paths.data / IMPORTED)
        self._conclude(sources)
        report.finished = True
        return report

    def _deliver(self) -> None:
        self.report.stored += self._ledger.deliver(
            self._paths.events, lambda: self._tick(self.report.folder)
        )

    def _conclude(self, sources: list[Source]) -> None:
        report, times = self.report, self._times
        report.zone = {
            "offsets": {_offset(s): n for s, n in times.offsets.items()},
            "pairs": times.pairs,
            "assumed": times.assumed,
            "fallback": str(self._zone) if self._zone else "",
        }
        if times.assumed and self._zone is None:
            report.notes.append(
                Say(
                    "{n} local times name no zone. They were read in the zone of this computer."
                    " Give --timezone when that is wrong.",
                    {"n": times.assumed},
                )
            )
        for name in self._folder.links_out:
            report.notes.append(Say("{file} leads out of the folder: not read.", {"file": name}))
        for name in self._folder.twice:
            report.notes.append(Say("{file} is a file that was read already.", {"file": name}))
        if self._folder.too_many:
            report.notes.append(Say("There are too many files; the last ones were not read."))
        if self._old:
            report.notes.append(
                Say(
                    "{n} new events are older than {days} days: of these the store keeps a summary"
                    " only, from its next rotation on. To keep them, raise store.archive_days"
                    " before AIOS starts.",
                    {"n": self._old, "days": round(self._keep_days)},
                )
            )
        if not sources:
            report.notes.append(
                Say(
                    "Nothing of an older AIOS lies in {folder}. Choose its workspace, the folder"
                    " aios in it, or aios/data.",
                    {"folder": report.folder},
                )
            )

    # -- the time zone -------------------------------------------------------------------------

    def _survey(self, source: Source) -> None:
        """Learn from a file what its local times mean."""
        if not _is_lines(source):
            self._done += source.size
            return
        try:
            with self._folder.open(source) as stream:
                for number, item in enumerate(
                    Records(Lines(_unpacked(source, stream), most=_most(source)))
                ):
                    if isinstance(item, Found):
                        self._times.learn(item.value)
                    if not number % TICK:
                        self._progress(source.name, self._done + _at(stream), self._all)
        except OSError:
            pass  # it is reported when it is taken over
        self._done += source.size

    # -- files ---------------------------------------------------------------------------------

    def _take(self, source: Source) -> None:
        file = FileReport(source.name, source.what)
        self.report.files.append(file)
        self._ledger.begin_file()
        try:
            if source.what is What.DATABASE:
                self._database(source, file)
            elif source.what is What.HEARTBEAT:
                self._heartbeat(source, file)
            elif _is_lines(source):
                self._lines(source, file)
            else:
                self._whole(source, file)
        except OSError as error:
            file.refuse(Fault(0, Why.UNREADABLE, reason(error)))
        self._done += source.size
        self._tick(source.name)

    def _lines(self, source: Source, file: FileReport) -> None:
        with self._folder.open(source) as stream:
            lines = Lines(_unpacked(source, stream), most=_most(source))
            records = Records(lines)
            for number, item in enumerate(records):
                if isinstance(item, Fault):
                    file.refuse(item)
                else:
                    self._record(file, item)
                if not number % TICK:
                    self._progress(source.name, self._done + _at(stream), self._all)
        file.encoding, file.lines, file.blank = lines.encoding, lines.lines, lines.blank
        file.several, file.not_utf8 = records.several, lines.not_utf8

    def _record(self, file: FileReport, item: Found) -> None:
        try:
            if file.what is What.EVENTS:
                event = self._event(file, item.value)
                file.type(event.old_type)
                self.report.moment(event.stamp)
            else:
                self._keep(file, self._history.kept(file.what, item.value))
                self._note_check(file.what, item.value)
        except shapes.RefusedError as error:
            file.refuse(Fault(item.line, error.why))
        except NoTimeError:
            file.refuse(Fault(item.line, Why.TIME))
        except RecursionError:
            file.refuse(Fault(item.line, Why.NOT_JSON, "nested too deeply"))

    def _event(self, file: FileReport, record: dict[str, Any]) -> shapes.Legacy:
        """Take one event over. Raises RefusedError."""
        event = shapes.read(record, self._times)
        first = self._ledger.first_in_file(event.key)
        if event.is_sample:
            file.counts["samples"] += 1
            new = self._ledger.keep("samples", event.key, event.stamp, _aside(event))
        elif event.stamp > self._clock.now() * 1e6:
            # In the store it would push the time of all events to come beyond its own.
            file.counts["in_the_future"] += 1
            new = self._ledger.keep("future_events", event.key, event.stamp, _aside(event))
        else:
            new = self._ledger.take(event)
            self.report.fresh += new
            self._old += new and self._is_old(event.stamp)
        file.counts["tests"] += event.is_test
        file.counts["mojibake"] += event.garbled
        file.counts["mojibake_repairable"] += event.repairable
        file.record(new=new, first_in_file=first)
        return event

    def _is_old(self, stamp: int) -> bool:
        """Say whether the store will keep only a summary of such an event."""
        return 0 < self._keep_days < self._clock.now() / DAY_S - stamp / DAY_US

    def _keep(self, file: FileReport, kept: Kept, source: str = "") -> None:
        body = {"file": source or file.name, **kept.body}
        new = self._ledger.keep(kept.kind, kept.key, kept.time, body)
        file.record(new=new, first_in_file=self._ledger.first_in_file(kept.key))
        if kept.count:
            file.counts[kept.count] += 1
        if marks := body.get("mojibake"):
            file.counts["mojibake"] += 1
            file.counts["mojibake_repairable"] += any(x is not None for x in marks.values())
        if kept.kind == "agents":
            self.report.agents.add(kept.key)

    def _note_check(self, what: What, record: dict[str, Any]) -> None:
        reaction = record.get("reaction_id")
        if what is What.CHECKS and isinstance(reaction, str) and history.is_real_check(record):
            self._ledger.note_check(reaction)

    def _whole(self, source: Source, file: FileReport) -> None:
        with self._folder.open(source) as stream:
            whole = read_json(stream)
        file.lines, file.encoding = whole.lines, whole.encoding
        if whole.fault is not None:
            file.refuse(whole.fault)
        elif source.what is What.PLAYBOOKS:
            self._playbooks(source, file, whole.value)
        elif source.what is What.STATE:
            self._state(file, whole.value)
        else:
            self._items(file, whole.value)

    def _playbooks(self, source: Source, file: FileReport, value: Any) -> None:
        found, wrapped = drafts.playbooks(value)
        for place, raw in enumerate(found, 1):
            try:
                verdict = self._drafts.take(source.name, raw, place, wrapped)
            except RecursionError:
                file.refuse(Fault(0, Why.NOT_JSON, "nested too deeply"))
                continue
            self.report.playbooks.append(verdict)
            if verdict.verdict == "refused":
                why = Why.NO_TRIGGER if isinstance(raw, dict) else Why.NOT_OBJECT
                file.refuse(Fault(0, why, f"entry {place}"))
            else:
                file.record(new=verdict.new)

    def _state(self, file: FileReport, value: Any) -> None:
        if not isinstance(value, dict):
            file.refuse(Fault(1, Why.NOT_OBJECT))
            return
        for kept in self._history.last_runs(value):
            self._keep(file, kept)
        self._rules(file, value.get("lessons_learned"))

    def _items(self, file: FileReport, value: Any) -> None:
        found, rules = history.items(file.what, value)
        for place, item in enumerate(found, 1):
            if isinstance(item, dict):
                self._record(file, Found(0, item))
            else:
                file.refuse(Fault(0, Why.NOT_OBJECT, f"entry {place}"))
        self._rules(file, rules)

    def _rules(self, file: FileReport, rules: Any) -> None:
        for rule in rules[: history.MAX_ITEMS] if isinstance(rules, list) else []:
            if isinstance(rule, str) and rule.strip():
                self._keep(file, self._history.rule(rule))
            elif isinstance(rule, dict):
                self._record(file, Found(0, rule))

    def _database(self, source: Source, file: FileReport) -> None:
        if not source.size:
            file.notes.append(Say("The file is empty."))
            return
        try:
            with olddb.opened(self._folder, source) as database:
                self._rows(file, database)
                file.counts["bad_data_json"] += database.bad_data
                if database.damage:
                    file.refuse(Fault(0, Why.UNREADABLE, database.damage))
        except AiosError as error:
            file.refuse(Fault(0, Why.UNREADABLE, str(error)))

    def _rows(self, file: FileReport, database: olddb.OldDatabase) -> None:
        for number, record in database.events():
            try:
                event = self._event(file, record)
            except shapes.RefusedError as error:
                file.refuse(Fault(number, error.why))
            else:
                file.counts["events"] += 1
                file.type(event.old_type)
            if not number % TICK:
                self._tick(file.name)
        for _, record in database.tasks():
            self._keep(file, self._history.task(record))
            file.counts["task_history"] += 1

    def _heartbeat(self, source: Source, file: FileReport) -> None:
        """List what was to run when; none of it is taken over."""
        with self._folder.open(source) as stream:
            text, file.encoding = decode(stream.read(MAX_HEARTBEAT_BYTES))
        lines = (text or "").splitlines()
        file.lines = len(lines)
        found = [match for line in lines if (match := _EVERY.match(line.strip()))]
        self.report.heartbeat = [f"{x[1].strip()}: {x[2].strip()}" for x in found[:MAX_HEARTBEAT]]
        file.notes.append(Say("Only listed: nothing of it is taken over."))

    def _tick(self, name: str) -> None:
        self._progress(name, self._done, self._all)


_KINDS: Final = (
    "samples", "future_events", "lessons", "last_runs", "series", "checks", "reactions",
    "reactor_log", "decisions", "alerts", "agents", "tasks", "playbooks", "playbook_notes",
)  # fmt: skip


def _aside(event: shapes.Legacy) -> dict[str, Any]:
    """Return what is kept of an event that does not go to the store."""
    row = event.row(event.stamp)
    return {
        "time": iso(event.stamp),
        "type": event.type,
        "source": event.source,
        "severity": str(event.severity),
        "data": json.loads(row.data),
    }


def _is_lines(source: Source) -> bool:
    return source.plain_name.endswith((".jsonl", ".gz"))


def _unpacked(source: Source, stream: BufferedReader) -> BufferedReader | gzip.GzipFile:
    return gzip.GzipFile(fileobj=stream) if source.plain_name.endswith(".gz") else stream


def _most(source: Source) -> int:
    return MAX_UNPACKED if source.plain_name.endswith(".gz") else 1 << 62


def _at(stream: BufferedReader) -> int:
    try:
        return stream.tell()
    except (OSError, ValueError):
        return 0


def _offset(seconds: int) -> str:
    sign = "-" if seconds < 0 else "+"
    return f"{sign}{abs(seconds) // 3600:02d}:{abs(seconds) % 3600 // 60:02d}"
