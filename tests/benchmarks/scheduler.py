"""The scheduler and the bus beside their peers, measured in turns in one run.

    python tests/benchmarks/scheduler.py [--repetitions 5] [--tasks 50000] [--json]

1. No-op tasks a second: ours, dramatiq's stub broker (in memory), huey on SQLite. Goals: at least
   10 times dramatiq, at least 100 times huey on SQLite.
2. Bytes a queued task. Goal: at most 256.
3. Start of an urgent task behind 1000 queued ones of 1 ms. Goal: p99 at most one running task + 1 ms.
   P0 has a slot of its own; P2 has none and must wait for one of the running tasks.
4. Events a second through the bus, beside a bare dict of lists and pyee: with the event made for each
   and with one that is ready. Goals: at least 0.4 of the dict, at least twice pyee.

The peers are development extras: pip install -e ".[peers]". One that is missing is named.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import logging
import os
import statistics
import sys
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, perf_counter_ns
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from aios_desktop.clock import SystemClock  # noqa: E402
from aios_desktop.events.bus import Bus  # noqa: E402
from aios_desktop.events.model import Event, Severity  # noqa: E402
from aios_desktop.events.stamp import Stamps  # noqa: E402
from aios_desktop.scheduler.pool import WorkerPool  # noqa: E402
from aios_desktop.scheduler.queue import TaskQueue  # noqa: E402
from aios_desktop.scheduler.task import Priority  # noqa: E402

WORKERS = 5
BEHIND = 1000
TASK_S = 0.001

Rates = dict[str, float]


class Countdown:
    """Counts what was done, cheaply, and tells when it is all done."""

    def __init__(self, count: int) -> None:
        self._left = count
        self._lock = threading.Lock()
        self.done = threading.Event()

    def one(self) -> None:
        """Count one."""
        with self._lock:
            self._left -= 1
            if not self._left:
                self.done.set()


def ours(count: int) -> float:
    """Return no-op tasks a second through our pool."""
    pool = WorkerPool(SystemClock(), workers=WORKERS, limit=count)
    countdown = Countdown(count)
    work = countdown.one
    start = perf_counter()
    for _ in range(count):
        pool.submit(work)
    assert countdown.done.wait(120)
    took = perf_counter() - start
    assert pool.close(10)
    assert pool.stats().done == count
    return count / took


def dramatiq_rate(count: int) -> float:
    """Return no-op tasks a second through dramatiq's broker in memory."""
    import dramatiq
    from dramatiq.brokers.stub import StubBroker

    broker = StubBroker(middleware=[])
    countdown = Countdown(count)

    @dramatiq.actor(broker=broker)
    def noop() -> None:
        countdown.one()

    worker = dramatiq.Worker(broker, worker_threads=WORKERS)
    worker.start()
    start = perf_counter()
    for _ in range(count):
        noop.send()
    assert countdown.done.wait(120)
    took = perf_counter() - start
    worker.stop()
    broker.close()
    return count / took


def huey_rate(count: int, folder: Path) -> float:
    """Return no-op tasks a second through huey on SQLite."""
    from huey import SqliteHuey

    huey = SqliteHuey(filename=str(folder / f"{perf_counter_ns()}.db"), results=False)
    countdown = Countdown(count)

    @huey.task()  # type: ignore[untyped-decorator,unused-ignore]
    def noop() -> None:
        countdown.one()

    consumer = huey.create_consumer(workers=WORKERS, periodic=False, initial_delay=0.001)
    consumer.start()
    start = perf_counter()
    for _ in range(count):
        noop()
    assert countdown.done.wait(120)
    took = perf_counter() - start
    consumer.stop(graceful=True)
    return count / took


def is_there(name: str) -> bool:
    """Say whether a peer is installed."""
    return importlib.util.find_spec(name) is not None


def throughput(count: int, folder: Path) -> Rates:
    """Measure all schedulers once."""
    found = {"ours": ours(count)}
    if is_there("dramatiq"):
        found["dramatiq"] = dramatiq_rate(max(1000, count // 10))
    if is_there("huey"):
        found["huey"] = huey_rate(max(200, count // 100), folder)
    return found


def bytes_per_task(count: int = 20_000) -> float:
    """Return what a waiting task takes, without its work and what that holds."""

    def nothing() -> None:
        """Stand for the work."""

    clock = SystemClock()
    queue = TaskQueue(limit=count)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(count):
        queue.push(nothing, clock.monotonic(), priority=Priority(number % 4), expires_s=60.0)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return grown / count


def urgent(priority: Priority, rounds: int) -> tuple[list[float], list[float]]:
    """Return the waits of an urgent task behind a full queue, and how long the others ran, in ms."""
    waits: list[float] = []
    ran: list[float] = []

    def work() -> None:
        start = perf_counter_ns()
        time.sleep(TASK_S)
        ran.append((perf_counter_ns() - start) / 1e6)

    for _ in range(rounds):
        pool = WorkerPool(SystemClock(), workers=WORKERS)
        for _ in range(BEHIND):
            pool.submit(work)
        time.sleep(0.01)
        begun = threading.Event()

        def start(sent: int = perf_counter_ns(), begun: threading.Event = begun) -> None:
            waits.append((perf_counter_ns() - sent) / 1e6)
            begun.set()

        pool.submit(start, priority=priority)
        assert begun.wait(10)
        assert pool.close(10)
    return waits, ran


def per_second(work: Callable[[], int], seconds: float = 0.3) -> float:
    """Return how many things ``work`` does in a second."""
    start = perf_counter()
    done = 0
    while (took := perf_counter() - start) < seconds:
        done += work()
    return done / took


def bus_rates(count: int = 1000) -> Rates:
    """Compare the bus with a dict of lists and with pyee: the event made for each, and ready."""
    stamps = Stamps(SystemClock())
    seen = [0]

    def handler(event: Event) -> None:
        seen[0] += 1

    def make() -> Event:
        stamp = stamps.next()
        return Event(stamp, "resource.high", "bench", Severity.INFO, "", {}, stamp, 0)

    bus = Bus(stamps)
    bus.subscribe("resource.high", handler)
    table = {"resource.high": [handler]}
    ready = make()

    def times(work: Callable[[], object]) -> Callable[[], int]:
        def many() -> int:
            for _ in range(count):
                work()
            return count

        return many

    def dispatch(event: Event) -> None:
        for each in table[event.type]:
            each(event)

    works: dict[str, Callable[[], object]] = {
        "dict": lambda: dispatch(ready),
        "dict_made": lambda: dispatch(make()),
        "bus": lambda: bus.deliver(ready),
        "bus_made": lambda: bus.publish("resource.high", source="bench"),
    }
    if is_there("pyee"):
        from pyee.base import EventEmitter

        emitter = EventEmitter()
        emitter.on("resource.high", handler)
        works["pyee"] = lambda: emitter.emit("resource.high", ready)
        works["pyee_made"] = lambda: emitter.emit("resource.high", make())
    return {name: per_second(times(work)) for name, work in works.items()}


def percentile(values: list[float], share: float) -> float:
    """Return a percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def measure(repetitions: int, tasks: int) -> dict[str, Any]:
    """Run everything, interleaved."""
    results: dict[str, Any] = {"load": os.getloadavg()[0], "rates": [], "bus": []}
    with tempfile.TemporaryDirectory() as place:
        for _ in range(repetitions):
            results["rates"].append(throughput(tasks, Path(place)))
            results["bus"].append(bus_rates())
    results["bytes"] = bytes_per_task()
    for priority in (Priority.P0, Priority.P2):
        waits, ran = urgent(priority, 40 * repetitions)
        results[f"urgent_{priority.name}"] = {
            "p50": percentile(waits, 0.5),
            "p99": percentile(waits, 0.99),
            "task_p50": percentile(ran, 0.5),
            "task_p99": percentile(ran, 0.99),
        }
    results["load_after"] = os.getloadavg()[0]
    return results


def median(rows: list[Rates], name: str, beside: str = "") -> float:
    """Return the median of a figure, or of its ratio to another of the same repetition."""
    return statistics.median(row[name] / (row[beside] if beside else 1) for row in rows)


def report(results: dict[str, Any]) -> None:
    """Print the figures, each beside its goal."""
    rates, bus = results["rates"], results["bus"]
    print(f"load {results['load']:.2f} to {results['load_after']:.2f}, {len(rates)} repetitions")
    print(f"tasks/s    ours              {median(rates, 'ours'):12,.0f}")
    for peer, goal in (("dramatiq", 10), ("huey", 100)):
        if peer not in rates[0]:
            print(f"tasks/s    {peer:<10} peer not installed")
            continue
        ratio = median(rates, "ours", peer)
        print(
            f"tasks/s    {peer:<10}        {median(rates, peer):12,.0f}"
            f"   ours is {ratio:8.1f} times (goal {goal})"
        )
    print(f"bytes a queued task          {results['bytes']:12.0f}   (goal at most 256)")
    for name in ("P0", "P2"):
        row = results[f"urgent_{name}"]
        print(
            f"{name} behind {BEHIND}: start p50 {row['p50']:.3f} ms, p99 {row['p99']:.3f} ms;"
            f" a running task p50 {row['task_p50']:.3f} ms, p99 {row['task_p99']:.3f} ms"
            f" (goal p99 at most a task + 1 ms)"
        )
    for made, how in (("_made", "made for each"), ("", "ready")):
        line = f"bus, event {how}: {median(bus, 'bus' + made) / 1e3:6.0f} k/s"
        line += f", {median(bus, 'bus' + made, 'dict' + made):.2f} of a dict of lists (goal 0.4)"
        if "pyee" in bus[0]:
            line += f", {median(bus, 'bus' + made, 'pyee' + made):.1f} times pyee (goal 2)"
        else:
            line += ", pyee: peer not installed"
        print(line)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--tasks", type=int, default=50_000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    sys.setswitchinterval(0.0005)
    results = measure(arguments.repetitions, arguments.tasks)
    if arguments.json:
        print(json.dumps(results, indent=1))
    else:
        report(results)


if __name__ == "__main__":
    main()
