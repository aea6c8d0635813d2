"""A storm through the real workers: one run, an exact count, and something urgent gets through."""

from __future__ import annotations

import statistics
import threading
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import pytest

from aios_desktop.clock import SystemClock
from aios_desktop.events.model import Event, Severity
from aios_desktop.scheduler.lanes import Lanes
from aios_desktop.scheduler.pool import PoolScheduler, WorkerPool
from aios_desktop.scheduler.timers import Timekeeper
from tests.unit.reactor.house import House, build

EVENTS = 10_000
PLAYBOOK = """
schema: 1
id: {id}
title: Repair it
trigger: [{trigger}]
limits: ["100 per 1h"]
steps: [{{do: config.update, with: {{path: heartbeat.interval, value: {value}}}}}]
verify: {{expect: metric.cpu_usage < 70.0, settle: 20s, within: 5s}}
"""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    clock = SystemClock()
    pool, keeper, lanes = WorkerPool(clock), Timekeeper(clock), Lanes()
    lanes.start("timekeeper", keeper.run, keeper.wake)
    made = build(tmp_path, real=(clock, PoolScheduler(pool, keeper)))
    made.playbook("a.yaml", PLAYBOOK.format(id="storm", trigger="disk.full", value=120))
    made.playbook("b.yaml", PLAYBOOK.format(id="urgent", trigger="fire.alarm", value=130))
    yield made
    made.reactor.stop()
    assert pool.close(10)
    assert lanes.stop(10) == []
    made.close()


def test_ten_thousand_equal_events_are_one_run_and_p0_starts_at_once(house: House) -> None:
    publish = house.bus.publish
    begun: dict[int, float] = {}
    decided = threading.Semaphore(0)

    def note(event: Event) -> None:
        if event.type == "scheduler.decision":
            begun[event.data["event"]] = perf_counter()
            decided.release()

    house.bus.subscribe("scheduler.*", note)

    def send() -> None:
        for _ in range(EVENTS // 4):
            publish("disk.full", source="test", target="/", data={"percent": 99})

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    assert decided.acquire(timeout=10)
    waits = []
    for number in range(10):
        start = perf_counter()
        event = publish("fire.alarm", source="test", severity=Severity.CRITICAL, target=str(number))
        assert decided.acquire(timeout=10)
        waits.append(begun[event.id] - start)
    for sender in senders:
        sender.join()
    runs = [run for run in house.journal.recent(100) if run.playbook == "storm"]
    assert len(runs) == 1
    told = [x for x in house.told if x.type == "scheduler.decision"]
    assert [x.data["chosen"] for x in told].count("storm") == 1
    assert house.reactor._storms.repeats(runs[0].origin) == EVENTS - 1
    assert statistics.median(waits) < 0.05
