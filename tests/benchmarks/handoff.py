"""How fast the core is beside the bare thing it is built on, measured interleaved in one run.

    python tests/benchmarks/handoff.py [--repetitions 5] [--events 2000] [--json]

1. Event published to action started (bus, store, scheduler, worker), the store committing beside
   it, against a bare SimpleQueue hand-off between two threads. Goal: p50 4 times, p99 5 times.
2. Bus against bare dict dispatch.
3. Store against raw APSW with the same layout and batches.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from time import perf_counter, perf_counter_ns

import msgspec

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from aios_desktop.clock import SystemClock  # noqa: E402
from aios_desktop.events import database  # noqa: E402
from aios_desktop.events.buffer import BATCH  # noqa: E402
from aios_desktop.events.bus import Bus  # noqa: E402
from aios_desktop.events.dayfile import LAYOUT  # noqa: E402
from aios_desktop.events.model import Event, Severity  # noqa: E402
from aios_desktop.events.stamp import Stamps  # noqa: E402
from aios_desktop.events.store import EventStore  # noqa: E402
from aios_desktop.scheduler.lanes import Lanes  # noqa: E402
from aios_desktop.scheduler.pool import PoolScheduler, WorkerPool  # noqa: E402
from aios_desktop.scheduler.task import Priority  # noqa: E402
from aios_desktop.scheduler.timers import Timekeeper  # noqa: E402

RANKS = {severity: severity.rank for severity in Severity}
RATE = 1000  # events a second
PAYLOAD = {"metric": "cpu", "value": 93.5, "level": 80, "who": "make", "note": "x" * 120}


@dataclass(frozen=True, slots=True)
class Latency:
    """Microseconds from publication to start."""

    p50: float
    p99: float

    @classmethod
    def of(cls, nanoseconds: list[int]) -> Latency:
        """Summarise one repetition."""
        ordered = sorted(nanoseconds)
        return cls(ordered[len(ordered) // 2] / 1000, ordered[len(ordered) * 99 // 100] / 1000)


def paced(count: int, rate: int = RATE) -> Iterator[int]:
    """Yield 0 to ``count`` - 1 at an even pace."""
    start = perf_counter()
    for number in range(count):
        left = start + number / rate - perf_counter()
        if left > 0:
            time.sleep(left)
        yield number


def bare_handoff(count: int) -> Latency:
    """Measure a SimpleQueue between two threads."""
    queue: SimpleQueue[int | None] = SimpleQueue()
    taken: list[int] = []

    def take() -> None:
        while (sent := queue.get()) is not None:
            taken.append(perf_counter_ns() - sent)

    thread = threading.Thread(target=take)
    thread.start()
    for _ in paced(count):
        queue.put(perf_counter_ns())
    queue.put(None)
    thread.join()
    return Latency.of(taken)


@dataclass(frozen=True, slots=True)
class Core:
    """The parts between an event and its action."""

    bus: Bus
    store: EventStore
    pool: WorkerPool
    scheduler: PoolScheduler


@contextmanager
def running_core(folder: Path) -> Iterator[Core]:
    """Start bus, store, timekeeper and pool as the application does."""
    clock = SystemClock()
    store = EventStore(folder, clock)
    assert store.open() == []
    lanes = Lanes()
    timekeeper = Timekeeper(clock)
    lanes.start("store", store.run, store.wake)
    lanes.start("timekeeper", timekeeper.run, timekeeper.wake)
    pool = WorkerPool(clock)
    try:
        yield Core(Bus(Stamps(clock), store.append), store, pool, PoolScheduler(pool, timekeeper))
    finally:
        assert pool.close(5)
        assert lanes.stop(5) == []
        store.close()


def core_handoff(core: Core, count: int) -> Latency:
    """Measure publish to action start; every second event starts an action."""
    taken: list[int] = []
    before = core.store.stored
    sent = 0

    def act() -> None:
        taken.append(perf_counter_ns() - sent)

    def handle(event: Event) -> None:
        core.scheduler.submit(act, priority=Priority.P1, name="act")

    end = core.bus.subscribe("resource.high", handle)
    for number in paced(count):
        type_ = "resource.high" if number % 2 else "resource.sampled"
        sent = perf_counter_ns()
        core.bus.publish(type_, source="bench", severity=Severity.WARNING, data=PAYLOAD)
    end()
    assert core.store.flush(10)
    assert core.store.stored - before == count
    while not core.pool.idle():
        time.sleep(0.01)
    assert len(taken) == count // 2
    return Latency.of(taken)


def per_second(work: Callable[[], int], seconds: float = 0.3) -> float:
    """Return how many things ``work`` does in a second."""
    start = perf_counter()
    done = 0
    while (took := perf_counter() - start) < seconds:
        done += work()
    return done / took


def bus_rates() -> dict[str, float]:
    """Compare a publication with bare dict dispatch, alone and with making the event."""
    count = 1000
    stamps = Stamps(SystemClock())
    seen: list[int] = [0]

    def handler(event: Event) -> None:
        seen[0] += 1

    table = {"resource.high": [handler]}
    ready = Event(1, "resource.high", "bench")
    bus = Bus(stamps)
    bus.subscribe("resource.high", handler)

    def bare() -> int:
        for _ in range(count):
            for each in table[ready.type]:
                each(ready)
        return count

    def bare_with_event() -> int:
        for _ in range(count):
            stamp = stamps.next()
            event = Event(stamp, "resource.high", "bench", Severity.INFO, "", {}, stamp, 0)
            for each in table[event.type]:
                each(event)
        return count

    def ours() -> int:
        for _ in range(count):
            bus.publish("resource.high", source="bench")
        return count

    return {
        "bare": per_second(bare),
        "bare_with_event": per_second(bare_with_event),
        "bus": per_second(ours),
    }


def raw_rate(path: Path, events: list[Event], *, ready: bool) -> float:
    """Write events with bare APSW: rows made ``ready`` before, or from the events on the way."""
    raw = database.open_for_writing(path)
    raw.execute(LAYOUT)
    raw.pragma("synchronous", "normal")
    codes = {type_: code for code, type_ in enumerate(sorted({event.type for event in events}))}

    def row(event: Event) -> tuple[int | str | None, ...]:
        data = msgspec.json.encode(event.data).decode()
        return event.id, codes[event.type], 1, RANKS[event.severity], event.target, None, 0, data

    rows = [row(event) for event in events] if ready else []
    start = perf_counter()
    for first in range(0, len(events), BATCH):
        batch = rows[first : first + BATCH] or [row(x) for x in events[first : first + BATCH]]
        with raw:
            raw.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)", batch)
    took = perf_counter() - start
    raw.close()
    return len(events) / took


def store_rates(folder: Path, count: int = 50_000) -> dict[str, float]:
    """Compare the store with bare APSW: same events, same layout, batches of 1000."""
    clock = SystemClock()
    stamps = Stamps(clock)
    events = [
        Event(stamp, f"resource.kind{stamp % 50}", "bench", data=PAYLOAD, trace=stamp)
        for stamp in (stamps.next() for _ in range(count))
    ]
    ready = raw_rate(folder / "ready.db", events, ready=True)
    encoding = raw_rate(folder / "encoding.db", events, ready=False)
    store = EventStore(folder / "store", clock, limit=count + BATCH)
    store.open()
    start = perf_counter()
    for first in range(0, count, BATCH):
        for event in events[first : first + BATCH]:
            store.append(event)
        store.flush(10)
    took = perf_counter() - start
    assert store.stored == count
    store.close()
    return {"raw": ready, "raw_encoding": encoding, "store": count / took}


def measure(repetitions: int, events: int) -> dict[str, list[dict[str, float]]]:
    """Run everything, interleaved."""
    results: dict[str, list[dict[str, float]]] = {"handoff": [], "bus": [], "store": []}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with running_core(folder / "events") as core:
            for _ in range(repetitions):
                bare, ours = bare_handoff(events), core_handoff(core, events)
                results["handoff"].append(
                    {
                        "null_p50": bare.p50,
                        "null_p99": bare.p99,
                        "p50": ours.p50,
                        "p99": ours.p99,
                        "ratio_p50": ours.p50 / bare.p50,
                        "ratio_p99": ours.p99 / bare.p99,
                    }
                )
        for number in range(repetitions):
            results["bus"].append(bus_rates())
            (here := folder / str(number)).mkdir()
            results["store"].append(store_rates(here))
    return results


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    sys.setswitchinterval(0.0005)
    results = measure(arguments.repetitions, arguments.events)
    if arguments.json:
        print(json.dumps(results, indent=1))
        return

    def median(part: str, name: str) -> float:
        return statistics.median(one[name] for one in results[part])

    def h(name: str) -> float:
        return median("handoff", name)

    print(f"null hand-off      p50 {h('null_p50'):6.1f} us   p99 {h('null_p99'):7.1f} us")
    print(f"publish to action  p50 {h('p50'):6.1f} us   p99 {h('p99'):7.1f} us")
    print(f"ratio              p50 {h('ratio_p50'):6.2f}      p99 {h('ratio_p99'):7.2f}")
    bus = statistics.median(one["bus"] / one["bare"] for one in results["bus"])
    made = statistics.median(one["bus"] / one["bare_with_event"] for one in results["bus"])
    print(
        f"bus    {median('bus', 'bus') / 1e3:6.0f} k/s  {bus:.2f} of bare dict dispatch,"
        f" {made:.2f} of the same with making the event"
    )
    store = statistics.median(one["store"] / one["raw"] for one in results["store"])
    coded = statistics.median(one["store"] / one["raw_encoding"] for one in results["store"])
    print(
        f"store  {median('store', 'store') / 1e3:6.0f} k/s  {store:.2f} of bare APSW with rows"
        f" ready, {coded:.2f} of the same with making the rows"
    )


if __name__ == "__main__":
    main()
