"""The event store: takes every event at once, commits in groups, one file per UTC day.

``append`` only puts the event into memory. One lane runs ``run`` and is the only writer. When
the disk refuses, events stay in memory (and visible to queries) until it works again.
"""

from __future__ import annotations

import logging
import threading
from itertools import groupby
from typing import TYPE_CHECKING, Final

from aios_desktop.errors import AiosError
from aios_desktop.events import database
from aios_desktop.events.buffer import BATCH, Buffer, Fate, Item
from aios_desktop.events.database import DAMAGED, UNWRITABLE, ForeignFileError
from aios_desktop.events.dayfile import DayFile, MovedError, day_files, file_name, is_ours, today
from aios_desktop.events.model import Severity
from aios_desktop.events.reader import EventReader
from aios_desktop.events.rows import DAY_US, MAX_ID, day_of, encode, unpack
from aios_desktop.events.trouble import Trouble
from aios_desktop.events.want import Want
from aios_desktop.i18n import Say
from aios_desktop.paths import private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from aios_desktop.clock import Clock
    from aios_desktop.events.counts import Hours
    from aios_desktop.events.model import Event, EventQuery
    from aios_desktop.events.watch import Watch

__all__ = ["EventStore", "Trouble"]

logger = logging.getLogger(__name__)

WRITE_TROUBLE: Final = "events.write"
MAX_OPEN: Final = 3  # days open for writing: today, and what a jumping clock needs
REFUSALS: Final = (*UNWRITABLE, AiosError)
QUICK_CHECK_BYTES: Final = 32 * 1024 * 1024


class EventStore:
    """Keeps the events of one data folder. All methods may be called from any thread.

    ``on_trouble`` is told in the writer's thread of each new trouble, and (with severity INFO)
    when the disk works again; it must return at once and not wait for the store.
    """

    def __init__(
        self, folder: Path, clock: Clock, *, limit: int = 20_000, retry_s: float = 2.0
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._retry_s = retry_s
        self._buffer = Buffer(limit)
        self._add = self._buffer.add
        self._reader = EventReader(folder)
        self._writing = threading.RLock()  # held by whoever uses the files below
        self._files: dict[int, DayFile] = {}
        self._running = False
        self._doubtful = False  # something that was settled was not stored
        self._troubles: dict[str, Trouble] = {}
        self.on_trouble: Callable[[Trouble], None] | None = None

    @property
    def stored(self) -> int:
        """Return how many events this object has committed."""
        return self._buffer.stored

    @property
    def lost(self) -> int:
        """Return how many events could not be kept."""
        return self._buffer.lost

    @property
    def waiting(self) -> int:
        """Return how many events are in memory only."""
        return len(self._buffer)

    def troubles(self) -> list[Trouble]:
        """Return what is wrong at this moment."""
        return list(self._troubles.values())

    def open(self) -> list[Trouble]:
        """Check the files and make today's; return what is wrong. Never raises."""
        with self._writing:
            try:
                private_folder(self._folder)
                for number, (_, path) in enumerate(day_files(self._folder)):
                    self._check(path, thoroughly=number == 0)
                self._file(today(self._clock.now()))
            except REFUSALS as error:
                self._refused(error)
        return self.troubles()

    def append(self, event: Event, durable: bool = False, text: str = "") -> None:
        """Take an event in; ``durable`` has it committed at once. Never blocks, never raises.

        ``text`` is its payload as JSON, for a caller that has encoded it.
        """
        try:
            if not 0 < event.id < MAX_ID:
                raise ValueError(event.id)  # noqa: TRY301
            self._add(event, text or encode(event.data), durable)
        except Exception:
            self._buffer.lose(1)
            logger.exception("an event that cannot be stored")

    def run(self, stop: threading.Event) -> None:
        """Write until ``stop`` is set; follow it with ``wake`` to end at once."""
        self._running = True
        try:
            while not stop.is_set():
                if not self._buffer.wait_for_batch(stop):
                    self._rest()
                elif not self._write_all() and not stop.is_set():
                    self._buffer.pause(self._retry_s, stop)
        finally:
            self._running = False

    def wake(self) -> None:
        """Make ``run`` notice its stop flag now."""
        self._buffer.wake()

    def flush(self, timeout_s: float) -> bool:
        """Commit everything appended so far; False when that did not work, or not in time."""
        if self._running:
            return self._buffer.wait_settled(timeout_s)
        lost = self.lost
        return self._write_all() and self.lost == lost

    def wait_durable(self, event_id: int, timeout_s: float = 10.0) -> None:
        """Return when an event that was published as durable is on the platter.

        Raises AiosError when the disk refuses it, or when that takes too long.
        """
        if not self._running:
            self._write_all()
        fate = self._buffer.wait_for(event_id, timeout_s)
        if fate in {Fate.SETTLED, Fate.ABSENT}:
            if fate is Fate.SETTLED and not self._doubtful:
                return
            if self._reader.row(event_id) is not None:
                return
            fate = Fate.LOST
        trouble = self._troubles.get(WRITE_TROUBLE)
        if fate is Fate.REFUSED and trouble is not None:
            raise AiosError("The event is not stored yet: {reason}", reason=trouble.text.text())
        if fate is Fate.LOST:
            raise AiosError("The event was lost: the disk did not take it in time.")
        raise AiosError("The event was not stored within {seconds} s.", seconds=timeout_s)

    def close(self) -> None:
        """Write what is left and close the files. Call it after the writer's lane has ended."""
        self._write_all()
        self._reader.close()  # first, so that the last one to close tidies up SQLite's side files
        with self._writing:
            for day in list(self._files):
                self._close(day)

    def query(self, query: EventQuery, watch: Watch | None = None) -> list[Event]:
        """Return the wanted events, newest first, those in memory included.

        ``watch`` follows a long search and may end it with QueryCancelled. For the next page ask
        again with ``until`` one microsecond before the last event.
        """
        want = Want.of(query)
        found = {row.id: row for row in self._buffer.rows(want.low, want.high) if want.matches(row)}
        found.update((row.id, row) for row in self._reader.rows(want, watch))
        newest = sorted(found.values(), key=lambda row: row.id, reverse=True)
        return [unpack(row) for row in newest[: want.limit]]

    def hours(self, query: EventQuery, watch: Watch | None = None) -> Hours:
        """Count stored events by UTC hour and type, also of days that are gone."""
        return self._reader.hours(query, watch)

    def get(self, event_id: int) -> Event | None:
        """Return one event, or None."""
        for row in self._buffer.rows(event_id, event_id):
            return unpack(row)
        return self._reader.get(event_id)

    def last_id(self) -> int:
        """Return the newest id, 0 when there is no event.

        What a wrong clock has put more than a day ahead does not count.
        """
        bound = int(self._clock.now() * 1e6) + DAY_US
        newest = max((row.id for row in self._buffer.rows(0, bound)), default=0)
        return max(newest, self._reader.last_id(bound))

    # -- writing -------------------------------------------------------------------------------

    def _write_all(self) -> bool:
        """Write all that waits; False when the disk refused."""
        with self._writing:
            # What comes in meanwhile is for the next call, so that a stop is noticed.
            for _ in range(len(self._buffer) // BATCH + 1):
                if not (batch := self._buffer.take()):
                    break
                try:
                    for day, items in _by_day(batch):
                        self._write_day(day, items)
                except REFUSALS as error:
                    self._refused(error)  # first, for those who wait ask why
                    self._buffer.restore()
                    return False
                self._works_again()
        return True

    def _rest(self) -> None:
        """Write logs back while nothing waits to be written."""
        with self._writing:
            for day, file in list(self._files.items()):
                try:
                    file.rest()
                except (*UNWRITABLE, *DAMAGED):
                    logger.warning("the log of %s is written back later", file_name(day))

    def _write_day(self, day: int, items: Sequence[Item]) -> None:
        """Commit the items of one day, replacing a damaged file once."""
        durable = any(item[1] for item in items)
        try:
            stored = self._insert(day, items, durable)
        except (*DAMAGED, ForeignFileError) as error:
            self._replace(self._folder / file_name(day), error)
            stored = self._insert(day, items, durable)
        except REFUSALS:
            raise
        except Exception:
            logger.exception("a batch of %s events was refused; trying them one by one", len(items))
            stored = self._insert_singly(day, items, durable)
        self._doubtful = self._doubtful or stored < len(items)
        self._buffer.settle(items, stored)

    def _insert(self, day: int, items: Sequence[Item], durable: bool) -> int:
        try:
            try:
                return self._file(day).insert(items, durable)
            except MovedError:
                logger.info("%s was archived or removed; it is begun anew", file_name(day))
                self._close(day)
                return self._file(day).insert(items, durable)
        except UNWRITABLE:
            raise  # the file is as sound as before, and readers need its side files
        except BaseException:
            self._close(day)
            raise

    def _insert_singly(self, day: int, items: Sequence[Item], durable: bool) -> int:
        stored = 0
        for item in items:
            try:
                stored += self._insert(day, [item], durable)
            except REFUSALS:
                raise
            except Exception:
                logger.exception("event %s cannot be stored", item[0])
        return stored

    def _file(self, day: int) -> DayFile:
        """Return the open file of a day; the one used longest ago is closed beyond the limit."""
        path = self._folder / file_name(day)
        file = self._files.pop(day, None)
        if file is None:
            private_folder(self._folder)
            try:
                file = DayFile(path)
            except (*DAMAGED, ForeignFileError) as error:
                self._replace(path, error)
                file = DayFile(path)
        self._files[day] = file
        for earlier in [each for each in self._files if each < day]:
            self._close(earlier)
        if len(self._files) > MAX_OPEN:
            self._close(next(iter(self._files)))
        return file

    def _close(self, day: int) -> None:
        file = self._files.pop(day, None)
        if file is not None:
            try:
                file.close()
            except Exception:
                logger.exception("closing the event file of day %s failed", day)

    # -- trouble -------------------------------------------------------------------------------

    def _check(self, path: Path, *, thoroughly: bool) -> None:
        """Look at a file as a reader would; set it aside when it is damaged.

        Only the newest file may have been torn by a crash; reading all of them would cost more
        than the rest of the start.
        """
        try:
            connection, _ = database.open_for_reading(path)
            try:
                if is_ours(connection):
                    connection.execute("SELECT min(id), max(id) FROM event").fetchall()
                if thoroughly and path.stat().st_size <= QUICK_CHECK_BYTES:
                    database.require_intact(connection)
            finally:
                connection.close()
        except (*DAMAGED, ForeignFileError) as error:
            self._replace(path, error)

    def _replace(self, path: Path, error: Exception) -> None:
        """Set a damaged file aside whole and report it. Raises OSError when that is impossible."""
        aside = database.set_aside(path)
        logger.error("the event file %s is damaged (%r); set aside as %s", path, error, aside)
        self._report(
            Trouble(
                f"events.damaged:{path.name}",
                Severity.WARNING,
                Say(
                    "The event file {name} was damaged. It was set aside as {aside},"
                    " and a new one was started.",
                    {"name": path.name, "aside": str(aside)},
                ),
            )
        )

    def _refused(self, error: BaseException) -> None:
        """Remember that the disk refuses; report it once per reason."""
        reason = str(error) if isinstance(error, AiosError) else database.reason(error)
        text = Say(
            "Events cannot be stored in {folder}: {reason}. They stay in memory until it works"
            " again.",
            {"folder": str(self._folder), "reason": reason},
        )
        known = self._troubles.get(WRITE_TROUBLE)
        if known is None or known.text != text:
            logger.error("events cannot be stored in %s: %s", self._folder, reason)
            self._report(Trouble(WRITE_TROUBLE, Severity.ERROR, text))

    def _works_again(self) -> None:
        if self._troubles.pop(WRITE_TROUBLE, None) is not None:
            logger.info("events are stored again")
            text = Say("Events are stored on disk again.")
            self._tell(Trouble(WRITE_TROUBLE, Severity.INFO, text))

    def _report(self, trouble: Trouble) -> None:
        self._troubles[trouble.id] = trouble
        self._tell(trouble)

    def _tell(self, trouble: Trouble) -> None:
        if self.on_trouble is None:
            return
        try:
            self.on_trouble(trouble)
        except Exception:
            logger.exception("the handler of a store's trouble failed")


def _by_day(batch: list[Item]) -> list[tuple[int, list[Item]]]:
    """Split a batch (sorted by id) by UTC day."""
    first, last = day_of(batch[0][0]), day_of(batch[-1][0])
    if first == last:
        return [(first, batch)]
    return [(day, list(items)) for day, items in groupby(batch, key=lambda x: day_of(x[0]))]
