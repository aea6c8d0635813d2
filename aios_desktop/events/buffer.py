"""The events between publication and commit: bounded, visible to queries, counted exactly.

Every event that comes in leaves in one of three ways: stored, lost, or still here.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aios_desktop.events.rows import Row

BATCH: Final = 1000
WINDOW_S: Final = 0.05
IDLE_WAIT_S: Final = 1.0  # how late a stop is noticed that nobody announced with ``wake``
MAX_BYTES: Final = 64 * 1024 * 1024
ROW_BYTES: Final = 400  # what a row takes besides its texts, roughly


class Item(NamedTuple):
    """A row that waits. ``number`` counts arrivals."""

    number: int
    durable: bool
    row: Row


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
        self._bytes = 0
        self._number = 0
        self._hurry = False
        self._failures = 0
        self.stored = 0
        self.lost = 0

    def __len__(self) -> int:
        with self._lock:
            return self._waiting() + len(self._flight)

    def add(self, row: Row, durable: bool) -> None:
        """Take an event in; make room if need be."""
        with self._lock:
            self._number += 1
            item = Item(self._number, durable, row)
            (self._durable if durable else self._telemetry).append(item)
            self._bytes += _size(item)
            waiting = self._waiting()
            if waiting >= self._limit - len(self._flight) or self._bytes > MAX_BYTES:
                self._make_room()
            if durable or waiting in {1, BATCH}:
                self._work.notify()

    def lose(self, count: int) -> None:
        """Count events that cannot be stored at all."""
        with self._lock:
            self.lost += count

    def rows(self) -> list[Row]:
        """Return all rows that are not known to be stored yet."""
        with self._lock:
            items = [*self._flight, *self._durable, *self._telemetry]
        return [item.row for item in items]

    def wait_for_batch(self, stop: threading.Event) -> None:
        """Wait for something to write, and then a little for company."""
        with self._lock:
            while not self._waiting() and not self._hurry and not stop.is_set():
                self._work.wait(IDLE_WAIT_S)
            if self._durable or self._hurry or stop.is_set() or self._waiting() >= BATCH:
                return
            self._work.wait(WINDOW_S)

    def pause(self, seconds: float, stop: threading.Event) -> None:
        """Wait before the next attempt to write; ``wake`` and ``hurry`` end it early."""
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
                while line and len(batch) < BATCH:
                    batch.append(line.popleft())
            batch.sort(key=lambda item: item.row.id)
            self._flight = batch
            return batch

    def settle(self, items: Sequence[Item], stored: int) -> None:
        """Let go of items: ``stored`` of them are in the file, the others are lost."""
        gone = {item.number for item in items}
        with self._lock:
            self._flight = [item for item in self._flight if item.number not in gone]
            self._bytes -= sum(map(_size, items))
            self.stored += stored
            self.lost += len(items) - stored
            self._settled.notify_all()

    def restore(self) -> None:
        """Take back what could not be written, for another attempt."""
        with self._lock:
            self._flight.sort(key=lambda item: item.number, reverse=True)
            for item in self._flight:
                (self._durable if item.durable else self._telemetry).appendleft(item)
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

    def _waiting(self) -> int:
        return len(self._telemetry) + len(self._durable)

    def _oldest(self) -> int:
        """Return the lowest number in the buffer (one beyond the last when it is empty)."""
        numbers = [line[0].number for line in (self._telemetry, self._durable) if line]
        numbers += [item.number for item in self._flight]
        return min(numbers, default=self._number + 1)

    def _make_room(self) -> None:
        """Drop the oldest telemetry, or when there is none the oldest durable events."""
        while (
            self._waiting() > max(0, self._limit - len(self._flight)) or self._bytes > MAX_BYTES
        ) and (line := self._telemetry or self._durable):
            self._bytes -= _size(line.popleft())
            self.lost += 1


def _size(item: Item) -> int:
    return ROW_BYTES + len(item.row.data) + len(item.row.target)
