"""Looks at what AIOS keeps on the disk: how much of what, and how many events of which day."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import apsw

from aios_desktop.events import database
from aios_desktop.events.archive import (
    SUMMARIES,
    ArchiveFile,
    DamagedArchiveError,
    archive_files,
)
from aios_desktop.events.dayfile import day_files, is_ours, today
from aios_desktop.events.keeper import AFTER_MIDNIGHT_S
from aios_desktop.runtime.views import StoragePart, StorageView, StorageWork, StoredDay

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from aios_desktop.clock import Clock
    from aios_desktop.events.keeper import Keeper
    from aios_desktop.events.maintenance import Maintenance
    from aios_desktop.paths import Paths

logger = logging.getLogger(__name__)

DAY_S: Final = 86_400
MOST_FILES: Final = 100_000  # looked at in one folder
_UNREADABLE: Final = (OSError, apsw.Error, database.ForeignFileError, DamagedArchiveError)

_Stamp = tuple[int, ...]


class StorageReader:
    """Looks at the folders of one instance. Safe to use from any thread; it reads files.

    The events of a file that did not change since the last look are not counted again.
    """

    def __init__(
        self, paths: Paths, clock: Clock, keeper: Keeper, maintenance: Maintenance
    ) -> None:
        self._paths = paths
        self._clock = clock
        self._keeper = keeper
        self._maintenance = maintenance
        self._lock = threading.Lock()
        self._counted: dict[Path, tuple[_Stamp, int | None]] = {}

    def look(self) -> StorageView:
        """Return what is there now. Never raises for a file that comes or goes meanwhile."""
        paths = self._paths
        with self._lock:
            days = sorted(self._days(), key=lambda day: (day.start, day.kind), reverse=True)
        plan = self._keeper.plan()
        due = len(plan.days(paths.events))
        raw = [day for day in days if day.kind == "raw"]
        next_at = self._clock.now() + self._keeper.next_look_s()
        if raw and not due:
            waits = round(raw[-1].start / DAY_S) - plan.archive_before + 1  # in days, today's end
            next_at = (today(self._clock.now()) + waits) * DAY_S + AFTER_MIDNIGHT_S
        backups = self._maintenance.backups()
        return StorageView(
            due=due,
            backup_at=_stamp(self._maintenance.folder / backups.newest)[1] / 1e9
            if backups.newest
            else None,
            next_day=raw[-1].day if raw else "",
            next_at=next_at if raw else None,
            at=self._clock.now(),
            folder=str(paths.data),
            free_bytes=_free(paths.data),
            days=tuple(days),
            parts=(
                _of_days("raw", days),
                _of_days("archive", days),
                _folder("summaries", paths.events / SUMMARIES),
                _files("state", paths.data, paths.state_db.name, but=".corrupt-"),
                StoragePart("backups", backups.bytes, backups.count),
                _folder("quarantine", paths.quarantine),
                _files("log", paths.data, paths.log.name),
                _damaged(paths),
            ),
        )

    def work(self) -> StorageWork | None:
        """Return how far the work on old days is, None while there is none. Reads no files."""
        progress = self._keeper.progress
        if progress is None:
            return None
        part = min(1.0, progress.rows / progress.of) if progress.of > 0 else 0.0
        return StorageWork(_iso(progress.day), progress.done + 1, progress.days, part)

    def _days(self) -> Iterator[StoredDay]:
        events = self._paths.events
        found = [("raw", day, path) for day, path in day_files(events)]
        found += [("archive", day, path) for day, path in archive_files(events)]
        known, self._counted = self._counted, {}
        for kind, day, path in found:
            stamps = [_stamp(path)]
            if kind == "raw":
                stamps.append(_stamp(path.with_name(f"{path.name}-wal")))
            stamp = tuple(number for each in stamps for number in each)
            events_there = known[path][1] if known.get(path, ((), 0))[0] == stamp else _count(path)
            self._counted[path] = (stamp, events_there)
            size = sum(each[0] for each in stamps)
            yield StoredDay(_iso(day), float(day * DAY_S), kind, size, events_there)


def _iso(day: int) -> str:
    return datetime.fromtimestamp(day * DAY_S, UTC).date().isoformat()


def _count(path: Path) -> int | None:
    """Return the number of events in a file of either kind; None when it cannot be read."""
    try:
        if path.suffix == ".zst":
            archive = ArchiveFile(path)
            try:
                return archive.index.rows
            finally:
                archive.close()
        connection, _ = database.open_for_reading(path)
        try:
            if not is_ours(connection):
                return 0
            return int(connection.execute("SELECT count(*) FROM event").get)
        finally:
            connection.close()
    except _UNREADABLE as error:
        logger.info("the events in %s cannot be counted: %r", path, error)
        return None


def _of_days(kind: str, days: Iterable[StoredDay]) -> StoragePart:
    sizes = [day.size_bytes for day in days if day.kind == kind]
    return StoragePart(kind, sum(sizes), len(sizes))


def _folder(kind: str, folder: Path) -> StoragePart:
    """Add up a folder with all that is in it; links are not followed."""
    size = files = 0
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                        continue
                    size += entry.stat(follow_symlinks=False).st_size
                    files += 1
                    if files >= MOST_FILES:
                        return StoragePart(kind, size, files, is_all=False)
        except OSError:
            continue
    return StoragePart(kind, size, files)


def _files(kind: str, folder: Path, start: str, *, but: str = "\0") -> StoragePart:
    """Add up the files of a folder whose names begin so."""
    sizes = [_stamp(x)[0] for x in _names(folder) if x.name.startswith(start) and but not in x.name]
    return StoragePart(kind, sum(sizes), len(sizes))


def _damaged(paths: Paths) -> StoragePart:
    """Add up what was set aside because it was damaged."""
    found = [*_names(paths.events), *_names(paths.data)]
    sizes = [_stamp(path)[0] for path in found if ".corrupt-" in path.name]
    return StoragePart("damaged", sum(sizes), len(sizes))


def _names(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _stamp(path: Path) -> tuple[int, int]:
    """Return size and time of change, zeros for a file that is empty or not there.

    SQLite makes an empty log when somebody reads, which changes nothing.
    """
    try:
        facts = path.stat()
    except OSError:
        return (0, 0)
    return (facts.st_size, facts.st_mtime_ns) if facts.st_size else (0, 0)


def _free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
