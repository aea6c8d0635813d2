"""The buffer is bounded, drops the right events and counts them exactly."""

from __future__ import annotations

import threading
from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from aios_desktop.events.buffer import BATCH, MAX_BYTES, Buffer, Item
from aios_desktop.events.model import Event


def put(buffer: Buffer, number: int, durable: bool, text: str = "{}") -> None:
    buffer.add(Event(number, "a.b", "s"), text, durable)


def test_the_oldest_telemetry_makes_room() -> None:
    buffer = Buffer(limit=4)
    for number in range(1, 8):
        put(buffer, number, durable=number in {1, 3})
    assert sorted(x.id for x in buffer.rows()) == [1, 3, 6, 7]
    assert buffer.lost == 3


def test_durable_events_go_last() -> None:
    buffer = Buffer(limit=3)
    for number in range(1, 5):
        put(buffer, number, durable=True)
    put(buffer, 5, durable=False)
    assert sorted(x.id for x in buffer.rows()) == [2, 3, 4]
    assert buffer.lost == 2


def test_large_events_are_bounded_by_their_bytes() -> None:
    buffer = Buffer(limit=1_000_000)
    megabyte = "x" * 1_000_000
    for number in range(1, 101):
        put(buffer, number, durable=False, text=megabyte)
    assert sum(len(x.data) for x in buffer.rows()) <= MAX_BYTES
    assert len(buffer) + buffer.lost == 100
    assert len(buffer) > 60


def test_events_in_flight_stay_visible_and_safe() -> None:
    buffer = Buffer(limit=3)
    for number in (1, 2):
        put(buffer, number, durable=False)
    batch = buffer.take()
    for number in (3, 4, 5):
        put(buffer, number, durable=False)
    assert sorted(x.id for x in buffer.rows()) == [1, 2, 5]
    buffer.settle(batch, 2)
    assert [x.id for x in buffer.rows()] == [5]
    assert (buffer.stored, buffer.lost, len(buffer)) == (2, 2, 1)


def test_a_batch_is_bounded_and_takes_durable_events_first() -> None:
    buffer = Buffer(limit=10_000)
    for number in range(1, BATCH + 10):
        put(buffer, number, durable=False)
    put(buffer, 99_999, durable=True)
    batch = buffer.take()
    assert len(batch) == BATCH
    assert batch[-1][0] == 99_999
    assert [item[0] for item in batch[:-1]] == list(range(1, BATCH))


def test_waiting_for_a_batch_ends_when_stop_is_announced() -> None:
    buffer = Buffer(limit=10)
    stop = threading.Event()
    ended = threading.Event()

    def wait() -> None:
        buffer.wait_for_batch(stop)
        ended.set()

    thread = threading.Thread(target=wait)
    thread.start()
    stop.set()
    buffer.wake()
    assert ended.wait(0.9)  # well before the buffer looks by itself
    thread.join()


class BufferMachine(RuleBasedStateMachine):
    """Everything that came in is here, stored or lost, whatever happens in between."""

    LIMIT = 12

    def __init__(self) -> None:
        super().__init__()
        self.buffer = Buffer(self.LIMIT)
        self.came = 0
        self.durable: set[int] = set()
        self.batch: list[Item] = []
        self.stored: set[int] = set()

    @rule(durable=st.booleans(), many=st.integers(1, 6))
    def add(self, durable: bool, many: int) -> None:
        for _ in range(many):
            self.came += 1
            put(self.buffer, self.came, durable)
            if durable:
                self.durable.add(self.came)

    @precondition(lambda self: not self.batch)
    @rule()
    def take(self) -> None:
        self.batch = self.buffer.take()

    @precondition(lambda self: self.batch)
    @rule(part=st.floats(0, 1))
    def settle(self, part: float) -> None:
        cut = max(1, int(len(self.batch) * part))
        done, self.batch = self.batch[:cut], self.batch[cut:]
        self.buffer.settle(done, len(done))
        self.stored |= {item[0] for item in done}

    @precondition(lambda self: self.batch)
    @rule()
    def restore(self) -> None:
        self.batch = []
        self.buffer.restore()

    @invariant()
    def nothing_is_counted_twice_or_never(self) -> None:
        here = Counter(x.id for x in self.buffer.rows())
        assert all(count == 1 for count in here.values())
        assert len(here) == len(self.buffer) <= self.LIMIT
        assert not self.stored & here.keys()
        assert self.buffer.stored == len(self.stored)
        assert self.came == len(here) + self.buffer.stored + self.buffer.lost

    @invariant()
    def telemetry_goes_before_durable_events(self) -> None:
        gone = set(range(1, self.came + 1)) - self.stored - {x.id for x in self.buffer.rows()}
        if gone & self.durable:
            # then at that moment nothing but durable events was left to drop
            assert len(self.durable) > self.LIMIT - BATCH


TestBufferMachine = BufferMachine.TestCase
