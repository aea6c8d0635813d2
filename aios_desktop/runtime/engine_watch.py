"""The heartbeat's figures about the engine itself: what was dropped, what expired, who was slow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aios_desktop.events.model import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aios_desktop.events.bus import Bus
    from aios_desktop.scheduler.pool import PoolStats

MOST_NAMED = 5


class EngineWatch:
    """Publishes heartbeats, and says loudly when work was dropped for want of room."""

    def __init__(self, bus: Bus, stats: Callable[[], PoolStats]) -> None:
        self._bus = bus
        self._stats = stats
        self._told: tuple[int, ...] = (0, 0, 0, 0)

    def beat(self, data: Mapping[str, object]) -> None:
        """Publish a heartbeat with what the bus and the workers did since the start."""
        stats = self._stats()
        counts = stats.counts
        beat: dict[str, Any] = {
            **data,
            "done": stats.done,
            "failed": stats.failed,
            "queued": stats.queued,
            "repeats": counts.repeats,
            "dropped": sum(counts.dropped),
            "expired": sum(counts.expired),
            "handler_faults": self._bus.faults,
        }
        if slow := stats.slow[:MOST_NAMED]:
            beat["slow_tasks"] = [
                {"name": x.name, "count": x.count, "worst_s": round(x.worst_s, 1)} for x in slow
            ]
        if late := self._bus.slow_handlers()[:MOST_NAMED]:
            beat["slow_handlers"] = [
                {"name": x.name, "count": x.count, "worst_ms": round(x.worst_s * 1000)}
                for x in late
            ]
        self._bus.publish("heartbeat.beat", source="app", data=beat)
        if counts.dropped != self._told:
            new = [now - was for now, was in zip(counts.dropped, self._told, strict=True)]
            self._told = counts.dropped
            self._bus.publish(
                "scheduler.overflow",
                source="app",
                severity=Severity.WARNING,
                data={"dropped": {f"P{n}": count for n, count in enumerate(new) if count}},
            )
