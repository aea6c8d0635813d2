"""The heartbeat tells what the workers and the bus did, and an overflow is told loudly, once."""

from __future__ import annotations

from aios_desktop.events.bus import Bus
from aios_desktop.events.model import Event, Severity
from aios_desktop.events.stamp import Stamps
from aios_desktop.runtime.engine_watch import EngineWatch
from aios_desktop.scheduler.pool import PoolStats
from aios_desktop.scheduler.queue import QueueCounts
from aios_desktop.scheduler.slow import Slow
from tests.fakes import FakeClock


def stats(dropped: tuple[int, int, int, int], *slow: Slow) -> PoolStats:
    return PoolStats(2, (), 7, 1, 0, QueueCounts(9, 4, 0, dropped, (0, 0, 0, 3)), slow)


def test_a_heartbeat_has_the_engines_figures() -> None:
    clock = FakeClock()
    bus = Bus(Stamps(clock), None, clock.monotonic)
    told: list[Event] = []
    bus.subscribe("*", told.append)

    def dawdle(event: Event) -> None:
        clock.advance(0.25)

    bus.subscribe("a.b", dawdle)
    bus.publish("a.b", source="test")
    now = stats((0, 0, 1, 4), Slow("backup", 3, 12.34))
    watch = EngineWatch(bus, lambda: now)
    watch.beat({"interval_s": 60})
    beat, overflow = told[1:]
    assert beat.type == "heartbeat.beat"
    assert beat.data["interval_s"] == 60
    figures = ("done", "failed", "queued", "repeats", "dropped", "expired", "handler_faults")
    assert [beat.data[name] for name in figures] == [7, 1, 2, 4, 5, 3, 0]
    assert beat.data["slow_tasks"] == [{"name": "backup", "count": 3, "worst_s": 12.3}]
    (late,) = beat.data["slow_handlers"]
    assert (late["count"], late["worst_ms"]) == (1, 250)
    assert (overflow.type, overflow.severity) == ("scheduler.overflow", Severity.WARNING)
    assert overflow.data == {"dropped": {"P2": 1, "P3": 4}}
    watch.beat({})
    now = stats((0, 0, 1, 6))
    watch.beat({})
    assert [x.data for x in told if x.type == "scheduler.overflow"][1:] == [{"dropped": {"P3": 2}}]
