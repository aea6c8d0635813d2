"""The event store and the bus against bare APSW, a bare dict of lists and (if installed) pyee.

    python tests/benchmarks/store.py [--repetitions 5] [--million]

Goals: store at least 0.8 of bare APSW (same batch, schema and sync); durable events from 32
threads at least 0.8 of bare APSW with full sync at the same batch; at most 270 bytes an event;
the last 100 of a type at a million events in at most 1 ms (p99) and over 7 files at most 1.2
times one file; bus at least 0.4 of a bare dict of lists and at least 2 times pyee.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import statistics
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import msgspec

from aios_desktop.clock import SystemClock
from aios_desktop.events import database
from aios_desktop.events.buffer import BATCH
from aios_desktop.events.bus import Bus
from aios_desktop.events.dayfile import LAYOUT, day_files
from aios_desktop.events.model import Event, EventQuery, Severity
from aios_desktop.events.reader import EventReader
from aios_desktop.events.rows import DAY_US
from aios_desktop.events.stamp import Stamps
from aios_desktop.events.store import EventStore
from aios_desktop.scheduler.lanes import Lanes

INSERT = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
PAYLOAD = {
    "resource": "/home",
    "value": 93.5,
    "threshold": 90.0,
    "unit": "percent",
    "held_s": 12.0,
    "top": ["firefox", "postgres", "python3"],
    "note": "the value stays above its level for long enough",
    "phase": "raised",
}
THREADS = 32


def made(count: int) -> list[Event]:
    """Return ready events of 50 types."""
    stamps = Stamps(SystemClock())
    ids = [stamps.next() for _ in range(count)]
    return [Event(n, f"resource.kind{n % 50}", "bench", data=PAYLOAD, trace=n) for n in ids]


def raw(path: Path, events: list[Event], batch: int, sync: str) -> tuple[float, float]:
    """Write ready rows with bare APSW; return events a second, without and with the closing."""
    connection = database.open_for_writing(path)
    connection.execute(LAYOUT)
    connection.pragma("synchronous", sync)
    codes = {f"resource.kind{n}": n for n in range(50)}
    rows = [
        (e.id, codes[e.type], 50, 0, "", None, 0, msgspec.json.encode(e.data).decode())
        for e in events
    ]
    start = perf_counter()
    for first in range(0, len(rows), batch):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT, rows[first : first + batch])
        connection.execute("COMMIT")
    took = perf_counter() - start
    connection.close()
    return len(rows) / took, len(rows) / (perf_counter() - start)


def store(folder: Path, events: list[Event], *, through_bus: bool) -> tuple[float, float]:
    """Write with the store, its lane running, as the application does."""
    clock = SystemClock()
    ours = EventStore(folder, clock, limit=len(events) + BATCH)
    assert ours.open() == []
    lanes = Lanes()
    lanes.start("store", ours.run, ours.wake)
    bus = Bus(Stamps(clock), ours.append)
    start = perf_counter()
    for first in range(0, len(events), BATCH):
        for event in events[first : first + BATCH]:
            if through_bus:
                bus.publish(event.type, source="bench", data=PAYLOAD)
            else:
                ours.append(event)
        assert ours.flush(30)  # as the bare one commits each batch before the next
    took = perf_counter() - start
    assert (ours.stored, ours.lost) == (len(events), 0)
    assert lanes.stop(5) == []
    ours.close()
    return len(events) / took, len(events) / (perf_counter() - start)


def durable(folder: Path, count: int, each: int) -> tuple[float, float]:
    """Publish durably from many threads; return events a second and the mean batch.

    Every thread waits for the commit after so many events.
    """
    clock = SystemClock()
    ours = EventStore(folder, clock)
    ours.open()
    lanes = Lanes()
    lanes.start("store", ours.run, ours.wake)
    bus = Bus(Stamps(clock), ours.append)
    commits = [0]
    write = ours._write_day

    def counted(day: int, items: object) -> None:
        commits[0] += 1
        write(day, items)  # type: ignore[arg-type]

    ours._write_day = counted  # type: ignore[method-assign]

    def publish() -> None:
        for number in range(1, count // THREADS + 1):
            event = bus.publish("resource.kind1", source="bench", data=PAYLOAD, durable=True)
            if number % each == 0:
                ours.wait_durable(event.id, 30)

    threads = [threading.Thread(target=publish) for _ in range(THREADS)]
    start = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = perf_counter() - start
    done = ours.stored
    assert lanes.stop(5) == []
    ours.close()
    return done / took, done / commits[0]


def hand_off(each: int = 100) -> float:
    """Return how many answers a second a thread can give to threads that wait for them: no disk."""
    waiting: deque[threading.Lock] = deque()
    asked = threading.Semaphore(0)

    def serve() -> None:
        for _ in range(THREADS * each):
            asked.acquire()
            waiting.popleft().release()

    def ask() -> None:
        for _ in range(each):
            answer = threading.Lock()
            answer.acquire()
            waiting.append(answer)
            asked.release()
            answer.acquire()

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    threads.append(threading.Thread(target=serve))
    start = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return THREADS * each / (perf_counter() - start)


def rate(work: Callable[[], None], count: int = 1000, seconds: float = 0.2) -> float:
    """Return how often a thing is done in a second of CPU time; ``work`` does it 1000 times."""
    start, done = process_time(), 0
    while (took := process_time() - start) < seconds:
        work()
        done += count
    return done / took


def buses() -> dict[str, float]:
    """Compare the delivery of a ready event to one handler, and publishing from nothing."""
    seen = [0]

    def handler(event: Event) -> None:
        seen[0] += 1

    table: dict[str, list[Callable[[Event], None]]] = {"resource.high": [handler]}
    ready = Event(1_000_000, "resource.high", "bench")
    bus = Bus(Stamps(SystemClock()))
    bus.subscribe("resource.high", handler)

    def publish_bare(event: Event) -> None:
        for each in table[event.type]:
            each(event)

    def bare() -> None:
        for _ in range(1000):
            publish_bare(ready)

    def ours() -> None:
        for _ in range(1000):
            bus.deliver(ready)

    def whole() -> None:
        for _ in range(1000):
            bus.publish("resource.high", source="bench", severity=Severity.INFO)

    found = {"bare": rate(bare), "bus": rate(ours), "publish": rate(whole)}
    return {**found, **peers(handler, ready)}


def peers(handler: Callable[[Event], None], ready: Event) -> dict[str, float]:
    """Measure pyee, if it is installed."""
    try:
        emitter = importlib.import_module("pyee").EventEmitter()
    except ImportError:
        return {}
    emitter.on("resource.high", handler)

    def peer() -> None:
        for _ in range(1000):
            emitter.emit("resource.high", ready)

    return {"pyee": rate(peer)}


def latency(ask: Callable[[], object], times: int = 300) -> tuple[float, float]:
    """Return p50 and p99 in milliseconds."""
    taken = []
    for _ in range(times):
        start = perf_counter()
        ask()
        taken.append((perf_counter() - start) * 1e3)
    taken.sort()
    return statistics.median(taken), taken[int(len(taken) * 0.99)]


def million(folder: Path) -> None:
    """Look up the last 100 of a type in one file of a million and in seven of the same size."""
    count = 1_000_000
    readers = []
    for name, days in (("one", 1), ("seven", 7)):
        start = 20_000 * DAY_US
        step = days * DAY_US // count
        clock = SystemClock()
        ours = EventStore(folder / name, clock, limit=10**7)
        for n in range(count):
            id_ = start + n * step
            event = Event(id_, f"resource.kind{n % 50}", "bench", data=PAYLOAD, trace=id_)
            ours.append(event)
            if n % BATCH == 0:
                ours.flush(10)
        ours.flush(10)
        assert ours.stored == count
        ours.close()
        size = sum(path.stat().st_size for day, path in day_files(folder / name) if day < 20_010)
        print(f"{name} file(s) of a million events: {size / count:.1f} bytes an event")
        readers.append(EventReader(folder / name))
    for title, query in (
        ("last 100 of a type", EventQuery(type="resource.kind7", limit=100)),
        ("last 100 of a glob", EventQuery(type="resource.kind1*", limit=100)),
        ("last 1000", EventQuery(limit=1000)),
    ):
        (one, one99), (seven, seven99) = (latency(partial(r.query, query)) for r in readers)
        print(
            f"{title:<20} one file p50 {one:.2f} p99 {one99:.2f} ms   seven p50 {seven:.2f}"
            f" p99 {seven99:.2f} ms   ratio {seven / one:.2f}"
        )
    for reader in readers:
        reader.close()


def main() -> None:
    """Measure, interleaved, and print medians."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--million", action="store_true", help="also questions at a million events")
    options = parser.parse_args()
    sys.setswitchinterval(0.0005)
    gc.disable()  # the application collects garbage in its window's thread only
    print(f"load {os.getloadavg()[0]:.2f}, {len(PAYLOAD)} fields in a payload")
    runs: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        runs.setdefault(name, []).append(value)

    for _ in range(options.repetitions):
        gc.collect()
        with tempfile.TemporaryDirectory() as place:
            folder, events = Path(place), made(options.events)
            floor, floor_closed = raw(folder / "raw.db", events, BATCH, "normal")
            for name, through_bus in (("append", False), ("publish", True)):
                fast, closed = store(folder / name, events, through_bus=through_bus)
                note(name, fast)
                note(f"{name} ratio", fast / floor)
                note(f"{name} ratio closed", closed / floor_closed)
            note("raw", floor)
            for each in (1, 10, 100):
                name = f"durable {each}"
                fast, batch = durable(folder / name, 3200 * min(each, 10), each)
                floor, _ = raw(folder / f"full{each}.db", events[:20_000], round(batch), "full")
                note(name, fast)
                note(f"{name} batch", batch)
                note(f"{name} ratio", fast / floor)
            note("hand-off", hand_off())
        for name, value in buses().items():
            note(f"bus {name}", value)
    middle = {name: statistics.median(values) for name, values in runs.items()}
    print(f"bare APSW        {middle['raw'] / 1e3:7.0f} k/s")
    for name in ("append", "publish"):
        print(
            f"store, {name:<9} {middle[name] / 1e3:7.0f} k/s  {middle[name + ' ratio']:.2f} of bare"
            f" APSW, {middle[name + ' ratio closed']:.2f} when both are closed too"
        )
    print(f"{THREADS} threads, no disk: {middle['hand-off']:.0f} answers/s from one other thread")
    for each in (1, 10, 100):
        name = f"durable {each}"
        print(
            f"durable, {THREADS} threads, waiting after {each:>3}: {middle[name]:6.0f} /s"
            f"  {middle[name + ' ratio']:.2f} of bare APSW FULL at batches of"
            f" {middle[name + ' batch']:.1f}"
        )
    bare = middle["bus bare"]
    print(f"bare dict of lists {bare / 1e6:5.2f} M/s")
    print(f"bus, ready event   {middle['bus bus'] / 1e6:5.2f} M/s  {middle['bus bus'] / bare:.2f}")
    print(f"bus, publish       {middle['bus publish'] / 1e6:5.2f} M/s")
    if "bus pyee" in middle:
        peer = middle["bus pyee"]
        print(f"pyee               {peer / 1e6:5.2f} M/s; bus {middle['bus bus'] / peer:.2f} times")
    if options.million:
        with tempfile.TemporaryDirectory() as place:
            million(Path(place))


if __name__ == "__main__":
    main()
