"""Moves old days into the archive and very old ones out of it, so that a kill loses nothing.

A day's events are in its day file, or in its archive, or in both for the moment between two
steps (the reader shows each once); when they go for good their summary is kept. Every step can
be cut off and done again:

    day file   -> archive (written beside, decoded, compared) and summary -> day file removed
    archive    -> its summary counts as gone                              -> archive removed
"""

from __future__ import annotations

import heapq
import logging
import os
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from operator import itemgetter
from typing import TYPE_CHECKING, Final

import apsw

from aios_desktop.events import database, files, salvage
from aios_desktop.events.archive import (
    FOLDER,
    SUMMARIES,
    ArchiveFile,
    ArchiveWriter,
    DamagedArchiveError,
    Fields,
    archive_file,
    archive_files,
    blocks,
    readable_rows,
    summary_file,
)
from aios_desktop.events.dayfile import day_files, file_name, is_ours
from aios_desktop.events.totals import DaySummary, Tally, load_summary, merged, save_summary
from aios_desktop.paths import private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)

ATTEMPTS: Final = 3
_ROWS: Final = (
    "SELECT id, type, source, severity, target, coalesce(trace, 0), cause, data"
    " FROM event ORDER BY id"
)


FAULTS: Final = (
    OSError,
    apsw.Error,
    database.ForeignFileError,
    DamagedArchiveError,
    UnicodeDecodeError,
)


DAMAGED: Final = (*database.DAMAGED, UnicodeDecodeError)


class NotEqualError(Exception):
    """What was read back is not what was written."""


class BusyError(Exception):
    """Somebody goes on writing into the day; it can be done later."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which days to move: those before ``archive_before``, those before ``drop_before``."""

    archive_before: int
    drop_before: int

    @classmethod
    def of(cls, today: int, raw_days: int, archive_days: int, *, drop: bool = True) -> Plan:
        """Keep ``raw_days`` before today as they are and ``archive_days`` at all."""
        keep = max(raw_days, archive_days)
        return cls(today - max(0, raw_days), today - keep if drop else 0)

    def days(self, folder: Path) -> list[int]:
        """Return the days that have something to do, the oldest first."""
        found = {day for day, _ in day_files(folder) if day < self.archive_before}
        found |= {day for day, _ in archive_files(folder) if day < self.drop_before}
        found |= {day for day, _ in salvage.set_aside(folder) if day < self.drop_before}
        return sorted(found)

    def is_due(self, folder: Path) -> bool:
        """Say whether there is anything to do."""
        return bool(salvage.pending(folder) or self.days(folder))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rotation is; ``rows`` of ``of`` in this day, ``done`` of ``days`` before it."""

    day: int
    step: str
    rows: int
    of: int
    done: int
    days: int


@dataclass(slots=True)
class Outcome:
    """What a rotation did."""

    archived: int = 0
    events: int = 0
    dropped: int = 0
    mended: int = 0
    salvaged: int = 0
    unreadable: int = 0
    busy: int = 0
    failed: int = 0


class Rotation:
    """One pass over a folder. ``at`` is told of each step; tests cut the pass off there."""

    def __init__(
        self,
        folder: Path,
        plan: Plan,
        *,
        progress: Callable[[Progress], None] = lambda progress: None,
        at: Callable[[str], None] = lambda step: None,
    ) -> None:
        self._folder = folder
        self._plan = plan
        self._progress = progress
        self._at = at
        self._done = self._days = 0
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """Do all that is to be done. Raises AiosError or OSError when the folder is unusable."""
        private_folder(self._folder / FOLDER)
        private_folder(self._folder / SUMMARIES)
        for day, path in salvage.pending(self._folder):
            self._guarded(day, partial(self._salvage, day, path))
        days = self._plan.days(self._folder)
        self._days = len(days)
        for self._done, day in enumerate(days):
            self._guarded(day, partial(self._move, day))
        return self.outcome

    def _guarded(self, day: int, work: Callable[[], None]) -> None:
        """Do some work on a day; whatever goes wrong with it, the other days get their turn."""
        try:
            work()
        except (BusyError, apsw.BusyError, apsw.LockedError):
            self.outcome.busy += 1
            logger.info("day %s is in use; it is moved later", file_name(day))
        except FAULTS as error:
            self.outcome.failed += 1
            logger.error("day %s cannot be moved: %r", file_name(day), error)  # noqa: TRY400
        except NotEqualError:
            self.outcome.failed += 1
            logger.exception("day %s stays as it is: its archive was not equal", day)

    def _salvage(self, day: int, path: Path) -> None:
        """Take what is whole out of a damaged day file."""

        def tell(rows: int) -> None:
            self._tell(day, "salvage", rows, 0)

        result = salvage.salvage(self._folder, day, path, tell)
        self.outcome.salvaged += result.new
        self.outcome.unreadable += result.broken

    def _move(self, day: int) -> None:
        self._finish_drop(day)
        raw = self._folder / file_name(day)
        for attempt in range(ATTEMPTS):
            if not raw.exists():
                break
            try:
                self._archive(day, careful=attempt > 0)
            except (BusyError, NotEqualError, DamagedArchiveError, *DAMAGED) as error:
                if attempt + 1 == ATTEMPTS:
                    raise
                if isinstance(error, DamagedArchiveError):
                    self._mend(day)
                elif isinstance(error, DAMAGED):
                    self._salvage(day, database.set_aside(raw))
        if day < self._plan.drop_before:
            self._drop(day)
            for damaged_day, path in salvage.set_aside(self._folder):
                if damaged_day == day:
                    salvage.forget(path)

    # -- into the archive ----------------------------------------------------------------------

    def _archive(self, day: int, *, careful: bool) -> None:
        """Move a day file into the archive, together with what the archive has of that day."""
        raw, target = self._folder / file_name(day), archive_file(self._folder, day)
        source = _Source(raw, target)
        try:
            self._at("opened")
            tally = Tally()
            writer = ArchiveWriter(target, careful=careful)
            try:
                for block in blocks(source.rows()):
                    writer.add(block)
                    tally.add(block)
                    self._tell(day, "write", tally.events, source.count)
                self._at("written")
                writer.finish()
            finally:
                writer.close()
            self._at("sealed")
            self._compare(day, source, files.fresh(target))
            self._at("compared")
            source.lock()
            if tally.events:
                self._take_over(day, tally)
            else:
                files.fresh(target).unlink()
            source.remove(self._at)
            self.outcome.archived += bool(tally.events)
            self.outcome.events += tally.events
        finally:
            source.close()

    def _take_over(self, day: int, tally: Tally) -> None:
        """Let the new archive and its summary count."""
        path = summary_file(self._folder, day)
        summary = load_summary(path) or DaySummary()
        summary.here = tally.totals()
        save_summary(path, summary)
        self._at("summed up")
        files.publish(archive_file(self._folder, day))
        self._at("published")

    def _compare(self, day: int, source: _Source, written: Path) -> None:
        """Read the new archive back and compare every row. Raises NotEqualError."""
        archive = ArchiveFile(written)
        try:
            seen = 0
            for ours, theirs in zip_longest(blocks(source.rows()), archive.rows()):
                if ours != theirs:
                    raise NotEqualError
                seen += len(ours)
                self._tell(day, "compare", seen, source.count)
        except DamagedArchiveError as error:
            raise NotEqualError from error
        finally:
            archive.close()

    def _mend(self, day: int) -> None:
        """Replace a damaged archive by what can be read of it, and keep it beside."""
        target = archive_file(self._folder, day)
        aside = database.free_name(target)
        os.link(target, aside)
        writer = ArchiveWriter(target, careful=True)
        try:
            for block in readable_rows(aside):
                writer.add(block)
            writer.finish()
        finally:
            writer.close()
        files.publish(target)
        self.outcome.mended += 1
        logger.error("the archive %s is damaged; what can be read was kept, see %s", target, aside)

    # -- out of the archive --------------------------------------------------------------------

    def _drop(self, day: int) -> None:
        """Remove an archive; its summary stays."""
        target, path = archive_file(self._folder, day), summary_file(self._folder, day)
        if not target.exists():
            return
        self._tell(day, "drop", 0, 0)
        summary = load_summary(path)
        if summary is None or summary.here is None:
            summary = summary or DaySummary()
            tally = Tally()
            for block in readable_rows(target):
                tally.add(block)
            summary.here = tally.totals()
        summary.gone = merged([part for part in (summary.gone, summary.here) if part is not None])
        summary.here = None
        save_summary(path, summary)
        self._at("counted")
        files.remove(target)
        self._at("dropped")
        self.outcome.dropped += 1

    def _finish_drop(self, day: int) -> None:
        """Finish a removal that was cut off: the events of this archive are counted as gone."""
        path = summary_file(self._folder, day)
        if not path.exists() or not archive_file(self._folder, day).exists():
            return
        summary = load_summary(path)
        if summary is not None and summary.here is None:
            files.remove(archive_file(self._folder, day))
            self.outcome.dropped += 1

    def _tell(self, day: int, step: str, rows: int, of: int) -> None:
        self._progress(Progress(day, step, rows, of, self._done, self._days))


class _Source:
    """The events of one day while they move: its day file and an archive made before."""

    def __init__(self, raw: Path, earlier: Path) -> None:
        self._raw = raw
        self._earlier = earlier if earlier.exists() else None
        self._connection = database.open_for_writing(raw)
        self._gone = False
        try:
            self._empty = not is_ours(self._connection)
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._version = self._connection.pragma("data_version")
            self._words = _Words()
            self.count = 0
            if not self._empty:
                self._words = _Words(self._connection.execute("SELECT id, text FROM word"))
                self.count = int(self._connection.execute("SELECT count(*) FROM event").get)
        except BaseException:
            self._connection.close()
            raise

    def rows(self) -> Iterator[Fields]:
        """Return all rows by id, each once."""
        if self._earlier is None:
            return iter(self._rows())
        return _once(heapq.merge(_archived(self._earlier), self._rows(), key=itemgetter(0)))

    def lock(self) -> None:
        """Keep writers out from now on. Raises BusyError when the rows were not the last."""
        self._connection.execute("BEGIN IMMEDIATE")
        if self._connection.pragma("data_version") != self._version:
            self._connection.execute("ROLLBACK")
            raise BusyError

    def remove(self, at: Callable[[str], None]) -> None:
        """Remove the day file, while writers are kept out."""
        # Closing must not tidy up: these names may belong to a new day file by then.
        self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        self._raw.unlink()
        at("removed")
        for side in database.SIDE_FILES:
            self._raw.with_name(self._raw.name + side).unlink(missing_ok=True)
        database.sync_folder(self._raw.parent)

    def close(self) -> None:
        """Let go of the day file, and of the lock."""
        self._connection.close()

    def _rows(self) -> Iterable[Fields]:
        if self._empty:
            return ()
        words = self._words
        return (
            (id_, words[type_], words[source], severity, target, trace, cause, data)
            for id_, type_, source, severity, target, trace, cause, data in (
                self._connection.execute(_ROWS)
            )
        )


class _Words(dict[int, str]):
    """The words of a day file; a number without one (in a damaged file) has a word too."""

    def __missing__(self, code: int) -> str:
        return f"unknown.word{code}"


def _archived(path: Path) -> Iterator[Fields]:
    archive = ArchiveFile(path)
    try:
        for block in archive.rows():
            yield from block
    finally:
        archive.close()


def _once(rows: Iterable[Fields]) -> Iterator[Fields]:
    last = 0
    for row in rows:
        if row[0] != last:
            last = row[0]
            yield row
