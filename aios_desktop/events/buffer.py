"""The events between publication and commit: bounded, visible to queries, counted exactly.

Every event that comes in leaves in one of two ways, stored or lost.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Final

from aios_desktop.events.rows import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

BATCH: Final = 1000
WINDOW_S: Final = 0.05
IDLE_WAIT_S: Final = 1.0  # how late a stop is noticed that nobody announced with ``wake``
MAX_BYTES: Final = 64 * 1024 * 1024
ROW_BYTES: Final = 400  # what a row takes besides its texts, roughly

Item = tuple[int, int, int, bool, Row]
"""Event id, number of arrival, size, durable, row: a plain tuple, for it is made for every event."""


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
        self._flight: list[Item] = []  # being written
        self._count = 0  # in all three
        self._bytes = 0
        self._number = 0
        self._hurry = False
        self._idle = False  # the writer waits for a first event
        self._warm = False  # the writer has just written
        self._failures = 0
        self.stored = 0
        self.lost = 0

    def __len__(self) -> int:
        return self._count

    def add(self, row: Row, durable: bool) -> None:
        """Take an event in; make room if need be."""
        size = ROW_BYTES + len(row[7]) + len(row[4])
        with self._lock:
            self._number += 1
            item = (row[0], self._number, size, durable, row)
            (self._durable if durable else self._telemetry).append(item)
            self._bytes += size
            self._count += 1
            if self._count > self._limit or self._bytes > MAX_BYTES:
                self._make_room()
            if self._idle or durable or self._count == BATCH:
                self._work.notify()

    def lose(self, count: int) -> None:
        """Count events that cannot be stored at all."""
        with self._lock:
            self.lost += count

    def rows(self) -> list[Row]:
        """Return all rows that are not known to be stored yet."""
        with self._lock:
            items = [*self._flight, *self._durable, *self._telemetry]
        return [item[4] for item in items]

    def wait_for_batch(self, stop: threading.Event) -> None:
        """Wait for something to write, and then a little for company.

        Right after a batch more is expected, so the company is waited for first: a steady stream
        of events never has to wake the writer, which would delay the reaction to them.
        """
        with self._lock:
            if self._warm:
                self._warm = False
                self._gather(stop)
                if self._count or self._hurry:
                    return
            self._idle = True
            while not self._count and not self._hurry and not stop.is_set():
                self._work.wait(IDLE_WAIT_S)
            self._idle = False
            self._gather(stop)

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
                batch += [line.popleft() for _ in range(min(len(line), BATCH - len(batch)))]
            batch.sort()  # by event id
            self._flight = batch.copy()
            self._warm = self._warm or bool(batch)
            return batch

    def settle(self, items: Sequence[Item], stored: int) -> None:
        """Let go of items in flight: ``stored`` of them are in the file, the others are lost."""
        with self._lock:
            if len(items) == len(self._flight):
                self._flight = []
            else:
                gone = {item[1] for item in items}
                self._flight = [item for item in self._flight if item[1] not in gone]
            self._leave(items)
            self.stored += stored
            self.lost += len(items) - stored
            self._settled.notify_all()

    def restore(self) -> None:
        """Take back what could not be written, for another attempt."""
        with self._lock:
            for item in sorted(self._flight, key=lambda item: item[1], reverse=True):
                (self._durable if item[3] else self._telemetry).appendleft(item)
            self._flight = []
            self._failures += 1
            self._make_room()
            self._settled.notify_all()

    def wait_settled(self, timeout_s: float) -> bool:
        """Have everything that is here now written; False when it is not, or not in time."""
        with self._lock:
            last, failures, lost = self._number, self._failures, self.lost
            self._hurry = True
            self._work.notify_all()
            self._kick.notify_all()
            self._settled.wait_for(
                lambda: self._oldest() > last or self._failures != failures, timeout_s
            )
            return self._oldest() > last and self.lost == lost

    def _gather(self, stop: threading.Event) -> None:
        """Wait one window, less when a full batch or something urgent comes (lock held)."""
        full = self._count >= BATCH
        if not (full or self._durable or self._hurry or stop.is_set()):
            self._work.wait(WINDOW_S)

    def _oldest(self) -> int:
        """Return the lowest number in the buffer (one beyond the last when it is empty)."""
        numbers = [line[0][1] for line in (self._telemetry, self._durable) if line]
        numbers += [item[1] for item in self._flight]
        return min(numbers, default=self._number + 1)

    def _make_room(self) -> None:
        """Drop the oldest telemetry, or when there is none the oldest durable events."""
        while (self._count > self._limit or self._bytes > MAX_BYTES) and (
            line := self._telemetry or self._durable
        ):
            self._leave((line.popleft(),))
            self.lost += 1

    def _leave(self, items: Sequence[Item]) -> None:
        self._count -= len(items)
        self._bytes -= sum([item[2] for item in items])
