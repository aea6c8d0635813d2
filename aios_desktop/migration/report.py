"""What an import found, took and refused: plain data for ``--json`` and for people."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from aios_desktop.i18n import Say
from aios_desktop.migration.moments import iso
from aios_desktop.migration.places import What
from aios_desktop.migration.reading import Fault

MAX_REFUSED: Final = 1000  # listed per file; all are counted
MAX_TYPES: Final = 1000
OTHER_TYPES: Final = "(other)"


@dataclass(slots=True)
class FileReport:
    """One file. ``records`` were usable; each of them is ``new`` or ``known``."""

    name: str
    what: What
    encoding: str = ""
    lines: int = 0
    blank: int = 0
    records: int = 0
    unique: int = 0
    new: int = 0
    known: int = 0
    refused: int = 0
    faults: list[Fault] = field(default_factory=list)
    why: Counter[str] = field(default_factory=Counter)
    several: int = 0
    not_utf8: list[int] = field(default_factory=list)
    types: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    notes: list[Say] = field(default_factory=list)

    def refuse(self, fault: Fault) -> None:
        """Note a refused line."""
        self.refused += 1
        self.why[str(fault.why)] += 1
        if len(self.faults) < MAX_REFUSED:
            self.faults.append(fault)

    def record(self, *, new: bool, first_in_file: bool = True) -> None:
        """Count a usable record."""
        self.records += 1
        self.unique += first_in_file
        self.new += new
        self.known += not new

    def type(self, name: str) -> None:
        """Count an event type under the name that it had."""
        full = len(self.types) >= MAX_TYPES and name not in self.types
        self.types[OTHER_TYPES if full else name[:200]] += 1

    def to_json(self) -> dict[str, Any]:
        """Return plain data; what does not apply is left out."""
        data: dict[str, Any] = {
            "file": self.name,
            "what": str(self.what),
            "encoding": self.encoding,
            "lines": self.lines,
            "blank": self.blank,
            "records": self.records,
            "unique_in_file": self.unique,
            "new": self.new,
            "known": self.known,
            "refused": self.refused,
            "refused_why": dict(self.why),
            "refused_lines": [
                {"line": x.line, "column": x.column, "why": str(x.why), "detail": x.detail}
                for x in self.faults
            ],
            "lines_with_several_objects": self.several,
            "lines_not_utf8": self.not_utf8,
        }
        if self.types:
            data["types"] = dict(self.types.most_common())
        data.update(self.counts)
        if self.notes:
            data["notes"] = [note.text() for note in self.notes]
        return data


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one playbook: draft, note, duplicate or refused."""

    file: str
    id: str
    form: str
    verdict: str
    why: tuple[Say, ...] = ()
    draft: str = ""  # the name of the draft's file
    new: bool = False
    loads: bool | None = None  # whether this version could load it as it stands

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "file": self.file,
            "id": self.id,
            "form": self.form,
            "verdict": self.verdict,
            "why": [reason.text() for reason in self.why],
            "draft": self.draft,
            "new": self.new,
            "loads": self.loads,
        }


@dataclass(slots=True)
class Report:
    """The whole import."""

    folder: str
    dry_run: bool
    files: list[FileReport] = field(default_factory=list)
    playbooks: list[Verdict] = field(default_factory=list)
    agents: set[bytes] = field(default_factory=set)
    heartbeat: list[str] = field(default_factory=list)
    notes: list[Say] = field(default_factory=list)
    first: int | None = None
    last: int | None = None
    stored: int = 0  # moved into the day files
    fresh: int = 0  # events for the store that were not known
    kept: dict[str, int] = field(default_factory=dict)
    zone: dict[str, Any] = field(default_factory=dict)
    drafts_folder: str = ""
    kept_folder: str = ""
    finished: bool = False

    def moment(self, stamp: int) -> None:
        """Note the time of an event of a ``.jsonl`` file."""
        self.first = stamp if self.first is None else min(self.first, stamp)
        self.last = stamp if self.last is None else max(self.last, stamp)

    def total(self, what: What, name: str) -> int:
        """Return a sum over the files that hold one thing."""
        return sum(getattr(file, name) for file in self.files if file.what is what)

    def counted(self, name: str) -> int:
        """Return a sum over what all files counted under a name."""
        return sum(file.counts[name] for file in self.files)

    def verdicts(self) -> dict[str, int]:
        """Return how many playbooks met which verdict."""
        return dict(Counter(found.verdict for found in self.playbooks))

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        kinds = dict.fromkeys(file.what for file in self.files)
        sums = ("lines", "records", "unique", "new", "known", "refused")
        return {
            "folder": self.folder,
            "dry_run": self.dry_run,
            "finished": self.finished,
            "zone": self.zone,
            "first": iso(self.first),
            "last": iso(self.last),
            "new_events": self.fresh,
            "stored_events": self.stored,
            "totals": {
                str(what): {name: self.total(what, name) for name in sums} for what in kinds
            },
            "playbooks_total": self.verdicts(),
            "agents_distinct": len(self.agents),
            "kept": self.kept,
            "drafts_folder": self.drafts_folder,
            "kept_folder": self.kept_folder,
            "heartbeat": self.heartbeat,
            "notes": [note.text() for note in self.notes],
            "files": [file.to_json() for file in self.files],
            "playbooks": [found.to_json() for found in self.playbooks],
        }
