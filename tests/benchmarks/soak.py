"""A long time for the scheduler: 24 days of a fake clock, then a million events with real workers.

    python tests/benchmarks/soak.py [--days 24] [--events 1000000]

1. Days: storms, single events, periodic timers and deadlines at a time of day go through bus, storms,
   queue and timekeeper; the machine sleeps every night, its clock is set an hour forward and back,
   the queue overflows now and then. At the end every event is accounted for (begun, counted as a
   repeat, or dropped and counted), and every deadline was kept to half a minute.
2. Memory: after a warm-up of a tenth, a million events through bus, storms and the worker pool.
   Goal: at most 1 MB growth.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import random
import sys
import threading
from pathlib import Path
from time import perf_counter

import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from aios_desktop.clock import SystemClock  # noqa: E402
from aios_desktop.events.bus import Bus  # noqa: E402
from aios_desktop.events.model import Event  # noqa: E402
from aios_desktop.events.stamp import Stamps  # noqa: E402
from aios_desktop.reactor.storms import Storms  # noqa: E402
from aios_desktop.scheduler.lanes import Lanes  # noqa: E402
from aios_desktop.scheduler.pool import PoolScheduler, WorkerPool  # noqa: E402
from aios_desktop.scheduler.queue import TaskQueue  # noqa: E402
from aios_desktop.scheduler.task import FOREVER, Priority, Task  # noqa: E402
from aios_desktop.scheduler.timers import LONGEST_WAIT_S, Timekeeper  # noqa: E402
from tests.fakes import FakeClock, Work  # noqa: E402

DAY_S = 86_400.0
STEP_S = 20.0
BEAT_S = 60.0
LIMIT = 500
SLOTS_A_STEP = 300


class Driver:
    """The real queue and the real timekeeper; this thread does the work of all others."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.queue = TaskQueue(limit=LIMIT)
        self.keeper = Timekeeper(clock)

    def submit(
        self,
        work: Work,
        *,
        priority: Priority = Priority.P3,
        name: str = "",
        key: object = None,
        same_as: object = None,
        expires_s: float = FOREVER,
        must: bool = False,
    ) -> Task:
        """Queue it."""
        now = self.clock.monotonic()
        return self.queue.push(work, now, priority, name, key, same_as, expires_s, must)

    def cancel(self, task: Task) -> bool:
        """Take it back."""
        return self.queue.cancel(task)

    def after(
        self,
        seconds: float,
        work: Work,
        *,
        priority: Priority = Priority.P3,
        name: str = "",
        key: object = None,
    ) -> Work:
        """Queue it later."""
        return self.keeper.at(
            seconds, lambda: self._late(work, priority=priority, name=name, key=key)
        )

    def until(
        self,
        wall: float,
        work: Work,
        *,
        priority: Priority = Priority.P3,
        name: str = "",
        key: object = None,
    ) -> Work:
        """Queue it at a time of day."""
        return self.keeper.at_wall(
            wall, lambda: self._late(work, priority=priority, name=name, key=key)
        )

    def _late(self, work: Work, *, priority: Priority, name: str, key: object) -> None:
        self.submit(work, priority=priority, name=name, key=key, must=True)

    def turn(self, most: int) -> None:
        """Serve the timers, then do as much work as there are slots for."""
        self.keeper.run_due()
        for _ in range(most):
            task = self.queue.pop(self.clock.monotonic())
            if task is None:
                return
            task.work()
            self.queue.done(task)


class Days:
    """Some weeks of a machine's life, and what became of every event."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.clock = FakeClock(1_700_000_000.0)
        self.driver = Driver(self.clock)
        self.bus = Bus(Stamps(self.clock), None, self.clock.monotonic)
        self.storms = Storms(
            self.driver, self.clock, self.bus.publish, lambda run: run > self.closed
        )
        self.bus.subscribe("scheduler.repeated", self._repeated)
        self.bus.subscribe("disk.*", self._offer)
        self.offered = self.begun = self.repeats = self.run = self.closed = 0
        self.beats = self.kept = self.late = self.asked = 0
        self.slept = 0.0
        self._beat()

    def _repeated(self, event: Event) -> None:
        self.repeats += event.data["repeats"]

    def _offer(self, event: Event) -> None:
        def work() -> None:
            self.begun += 1
            self.storms.begin(event)
            self.run += 1
            self.storms.considered(event, self.run if self.run % 3 else 0)

        self.offered += 1
        self.storms.offer(event, self.random.choice(tuple(Priority)), work)

    def _beat(self) -> None:
        self.beats += 1
        self.driver.after(BEAT_S, self._beat, name="beat")

    def _ask(self) -> None:
        """Set a deadline at a time of day, as an approval does."""
        due = self.clock.now() + self.random.uniform(60.0, 3 * 3600.0)
        self.asked += 1

        def over() -> None:
            if self.clock.now() < due - 0.5:  # the clock was set back meanwhile
                self.driver.until(due, over)
                return
            self.kept += 1
            self.late += self.clock.now() - due > LONGEST_WAIT_S + STEP_S and not self.excused

        self.driver.until(due, over)

    @property
    def excused(self) -> bool:
        """Say whether the machine slept or its clock was moved in this very step."""
        return self._moved

    def step(self) -> None:
        """Let twenty seconds pass."""
        self._moved = False
        dice = self.random.random()
        if dice < 0.02:
            target = str(self.random.randrange(50))
            for _ in range(self.random.randrange(2, 200)):
                self.bus.publish("disk.full", source="soak", target=target)
        elif dice < 0.022:
            for number in range(LIMIT + 200):  # more than the queue holds
                self.bus.publish("disk.slow", source="soak", target=str(number))
        elif dice < 0.3:
            self.bus.publish("disk.full", source="soak", target=str(self.random.randrange(9)))
        if dice > 0.97:
            self._ask()
        if dice > 0.999:
            self.clock.jump(self.random.choice((-3600.0, 3600.0)))
            self._moved = True
        self.clock.advance(STEP_S)
        self.closed = self.run - self.random.randrange(3)
        self.driver.turn(SLOTS_A_STEP)

    def night(self) -> None:
        """Let the machine sleep for eight hours."""
        self.clock.sleep_machine(8 * 3600.0)
        self.slept += 8 * 3600.0
        self._moved = True
        self.driver.turn(SLOTS_A_STEP)

    def finish(self) -> None:
        """Let everything come to its end."""
        self.closed = self.run + 10**9
        self._moved = True
        for _ in range(int(5 * 3600 / STEP_S)):
            self.clock.advance(STEP_S)
            self.driver.turn(10**6)


def days(count: int) -> bool:
    """Live through the days; print and return whether everything is accounted for."""
    start = perf_counter()
    life = Days(seed=7)
    awake_a_day = DAY_S - 8 * 3600.0
    for _ in range(count):
        for _ in range(int(awake_a_day / STEP_S)):
            life.step()
        life.night()
    life.finish()
    counts = life.driver.queue.counts()
    lost = sum(counts.dropped)
    awake = count * awake_a_day + 5 * 3600
    open_stories = len(life.storms._stories)
    accounted = life.begun + life.repeats + lost
    good = (
        accounted == life.offered
        and life.kept == life.asked
        and life.late == 0
        and counts.dropped[0] == 0
        and open_stories == 0
        and abs(life.beats - awake / (BEAT_S)) < awake / BEAT_S * 0.01 + 5
    )
    print(
        f"{count} days in {perf_counter() - start:.1f} s: events {life.offered} = begun {life.begun}"
        f" + repeats {life.repeats} + dropped {lost} {counts.dropped}: "
        + ("exact" if accounted == life.offered else f"WRONG by {life.offered - accounted}")
    )
    print(
        f"deadlines set {life.asked}, kept {life.kept}, late {life.late}; beats {life.beats} in "
        f"{awake / 3600:.0f} h awake; stories left {open_stories}; "
        f"timers left {len(life.driver.keeper)}"
    )
    return good


def memory(count: int) -> bool:
    """Push a million events through bus, storms and workers; print the growth."""
    clock = SystemClock()
    pool, keeper, lanes = WorkerPool(clock), Timekeeper(clock), Lanes()
    lanes.start("timekeeper", keeper.run, keeper.wake)
    bus = Bus(Stamps(clock))
    storms = Storms(PoolScheduler(pool, keeper), clock, bus.publish, lambda run: False)
    begun = [0]
    repeats = [0]
    lock = threading.Lock()

    def offer(event: Event) -> None:
        def work() -> None:
            storms.begin(event)
            with lock:
                begun[0] += 1
            storms.considered(event, 0)

        storms.offer(event, Priority.P3, work)

    def repeated(event: Event) -> None:
        with lock:
            repeats[0] += event.data["repeats"]

    bus.subscribe("disk.full", offer)
    bus.subscribe("scheduler.repeated", repeated)
    process = psutil.Process()
    sent = 0

    def send(some: int) -> None:
        nonlocal sent
        for _ in range(some):
            sent += 1
            # ever new targets beside a storm: nothing may be kept of either
            target = str(sent) if sent % 4 else "storm"
            bus.publish("disk.full", source="soak", target=target, data={"n": sent % 7})

    send(count // 10)
    gc.collect()
    before = process.memory_info().rss
    start = perf_counter()
    send(count)
    took = perf_counter() - start
    gc.collect()
    grown = process.memory_info().rss - before
    for _ in range(100):
        if pool.idle() and not storms._stories:
            break
        threading.Event().wait(0.1)
    dropped = sum(pool.stats().counts.dropped)
    pool.close(10)
    lanes.stop(10)
    exact = begun[0] + repeats[0] + dropped == sent
    print(
        f"{count} events in {took:.1f} s ({count / took / 1e3:.0f} k/s): resident memory "
        f"{grown / 1e6:+.2f} MB (goal at most +1); {sent} = begun {begun[0]} + repeats "
        f"{repeats[0]} + dropped {dropped}: {'exact' if exact else 'WRONG'}"
    )
    return exact and grown <= 1_000_000


def main() -> int:
    """Run both and fail when a goal is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--days", type=int, default=24)
    parser.add_argument("--events", type=int, default=1_000_000)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    sys.setswitchinterval(0.0005)
    print(f"load {os.getloadavg()[0]:.2f}")
    good = days(arguments.days)
    good = memory(arguments.events) and good
    print("goals kept" if good else "a goal is MISSED")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
