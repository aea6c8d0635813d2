"""The events between publication and commit: bounded, visible to queries, counted exactly.

Every event that comes in leaves in one of two ways, stored or lost.
"""

from __future__ import annotations

import threading
from collections import deque
from enum import Enum
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from aios_desktop.events.model import Event
from aios_desktop.events.rows import Row, pack

if TYPE_CHECKING:
    from collections.abc import Sequence

BATCH: Final = 1000
WINDOW_S: Final = 0.05
IDLE_WAIT_S: Final = 1.0  # how late a stop is noticed that nobody announced with ``wake``
MAX_BYTES: Final = 64 * 1024 * 1024
ROW_BYTES: Final = 600  # what an event takes besides its payload, roughly
_BY_ID: Final = itemgetter(0)

Item = tuple[int, bool, Event, str]
"""Event id, durable, event, its payload as JSON: a plain tuple, for every event needs one."""


class Fate(Enum):
    """What became of a durable event."""

    SETTLED = "settled"  # stored, or found to be there already
    REFUSED = "refused"  # the disk did not take it; it stays here for another attempt
    LOST = "lost"
    LATE = "late"  # nothing was heard in time
    ABSENT = "absent"  # it is not here (any more)


class _Waiter:
    """One thread that waits for the commit of one event."""

    __slots__ = ("fate", "lock")

    def __init__(self) -> None:
        self.fate = Fate.LATE
        self.lock = threading.Lock()
        self.lock.acquire()


class Buffer:
    """Holds at most ``limit`` events; the oldest telemetry goes first when there is no room."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)  # something to write
        self._kick = threading.Condition(self._lock)  # end a pause now
        self._settled = threading.Condition(self._lock)  # something left the buffer
        self._telemetry: deque[Item] = deque()
        self._durable: deque[Item] = deque()
        self._flight: list[Item] = []  # being written, in the order of their arrival
        self._pending: set[int] = set()  # the ids of the durable events in here
        self._waiters: dict[int, list[_Waiter]] = {}
        self._count = 0  # in all three
        self._bytes = 0
        self._came = [0, 0]  # telemetry, durable: so many came in ever
        self._left = [0, 0]  # and so many left
        self._hurry = False
        self._idle = False  # the writer waits for a first event
        self._warm = False  # the writer has just written
        self._failures = 0
        self.stored = 0
        self.lost = 0

    def __len__(self) -> int:
        return self._count

    def add(self, event: Event, text: str, durable: bool) -> None:
        """Take an event in, with its payload as JSON; make room if need be."""
        with self._lock:
            if durable:
                self._durable.append((event.id, True, event, text))
                self._came[1] += 1
                self._pending.add(event.id)
            else:
                self._telemetry.append((event.id, False, event, text))
                self._came[0] += 1
            self._bytes += ROW_BYTES + len(text)
            self._count = count = self._count + 1
            if count > self._limit or self._bytes > MAX_BYTES:
                self._make_room()
            if self._idle or durable or count == BATCH:
                self._work.notify()

    def lose(self, count: int) -> None:
        """Count events that cannot be stored at all."""
        with self._lock:
            self.lost += count

    def rows(self, low: int = 0, high: int = 1 << 63) -> list[Row]:
        """Return the rows, with ids from ``low`` to ``high``, that are not known to be stored."""
        with self._lock:
            items = [*self._flight, *self._durable, *self._telemetry]
        return [pack(event, text) for id_, _, event, text in items if low <= id_ <= high]

    def wait_for(self, event_id: int, timeout_s: float) -> Fate:
        """Wait until a durable event is committed; say what became of it."""
        waiter = _Waiter()
        with self._lock:
            if event_id not in self._pending:
                return Fate.ABSENT
            self._waiters.setdefault(event_id, []).append(waiter)
            self._kick.notify_all()
        if waiter.lock.acquire(timeout=timeout_s):
            return waiter.fate
        with self._lock:
            waiters = self._waiters.get(event_id, [])
            if waiter in waiters:
                waiters.remove(waiter)
            return waiter.fate

    def wait_for_batch(self, stop: threading.Event) -> bool:
        """Wait for something to write, and then a little for company.

        Right after a batch more is expected, so the company is waited for first: a steady stream
        of events never has to wake the writer, which would delay the reaction to them. False when
        nothing came in that time: the writer may do something else.
        """
        with self._lock:
            if self._warm:
                self._warm = False
                self._gather(stop)
                return bool(self._count or self._hurry or stop.is_set())
            self._idle = True
            while not self._count and not self._hurry and not stop.is_set():
                self._work.wait(IDLE_WAIT_S)
            self._idle = False
            self._gather(stop)
            return True

    def pause(self, seconds: float, stop: threading.Event) -> None:
        """Wait before the next attempt to write; ``wake`` and a flush end it early."""
        with self._lock:
            if not stop.is_set() and not self._hurry:
                self._kick.wait(seconds)

    def wake(self) -> None:
        """Make the writer look at its stop flag now."""
        with self._lock:
            self._work.notify_all()
            self._kick.notify_all()

    def take(self) -> list[Item]:
        """Hand out up to one batch, durable events first; settle or restore it afterwards."""
        with self._lock:
            self._hurry = False
            batch: list[Item] = []
            for line in (self._durable, self._telemetry):
                room = BATCH - len(batch)
                if len(line) <= room:
                    batch += line
                    line.clear()
                else:
                    batch += [line.popleft() for _ in range(room)]
            self._flight = batch.copy()
            self._warm = self._warm or bool(batch)
            batch.sort(key=_BY_ID)
            return batch

    def settle(self, items: Sequence[Item], stored: int) -> None:
        """Let go of items in flight: ``stored`` of them are in the file, the others are lost."""
        with self._lock:
            if len(items) == len(self._flight):
                self._flight = []
            else:
                gone = {id(item) for item in items}
                self._flight = [item for item in self._flight if id(item) not in gone]
            self._leave(items, Fate.SETTLED)
            self.stored += stored
            self.lost += len(items) - stored
            self._settled.notify_all()

    def restore(self) -> None:
        """Take back what could not be written, for another attempt."""
        with self._lock:
            for item in reversed(self._flight):
                (self._durable if item[1] else self._telemetry).appendleft(item)
                if self._waiters:
                    self._answer(item[0], Fate.REFUSED)
            self._flight = []
            self._failures += 1
            self._make_room()
            self._settled.notify_all()

    def wait_settled(self, timeout_s: float) -> bool:
        """Have everything that is here now written; False when it is not, or not in time."""
        with self._lock:
            target, failures, lost = [*self._came], self._failures, self.lost
            self._hurry = True
            self._work.notify_all()
            self._kick.notify_all()
            self._settled.wait_for(
                lambda: self._is_past(target) or self._failures != failures, timeout_s
            )
            return self._is_past(target) and self.lost == lost

    def _is_past(self, target: list[int]) -> bool:
        """Say whether all that had come in at some time has left (each line keeps its order)."""
        return self._left[0] >= target[0] and self._left[1] >= target[1]

    def _gather(self, stop: threading.Event) -> None:
        """Wait one window, less when a full batch or something urgent comes (lock held)."""
        full = self._count >= BATCH
        if not (full or self._durable or self._hurry or stop.is_set()):
            self._work.wait(WINDOW_S)

    def _make_room(self) -> None:
        """Drop the oldest telemetry, or when there is none the oldest durable events."""
        while (self._count > self._limit or self._bytes > MAX_BYTES) and (
            line := self._telemetry or self._durable
        ):
            self._leave((line.popleft(),), Fate.LOST)
            self.lost += 1

    def _leave(self, items: Sequence[Item], fate: Fate) -> None:
        durable = sum([item[1] for item in items])
        self._left[0] += len(items) - durable
        self._left[1] += durable
        if durable:
            self._pending.difference_update([item[0] for item in items if item[1]])
        self._count -= len(items)
        self._bytes -= ROW_BYTES * len(items) + sum([len(item[3]) for item in items])
        if self._waiters:
            for item in items:
                self._answer(item[0], fate)

    def _answer(self, event_id: int, fate: Fate) -> None:
        for waiter in self._waiters.pop(event_id, ()):
            waiter.fate = fate
            waiter.lock.release()
