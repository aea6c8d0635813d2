"""The sensor lane: one round a second, from reading to event, within its budget."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from aios_desktop.events.model import Severity
from aios_desktop.sensors.culprit import runaway
from aios_desktop.sensors.processes import ProcessTable
from aios_desktop.sensors.signals import GAP_S, Change, Phase, default_specs

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from aios_desktop.clock import Clock
    from aios_desktop.events.model import Event
    from aios_desktop.sensors.history import MetricHistory
    from aios_desktop.sensors.reading import Publish, Reading
    from aios_desktop.sensors.signals import Signals

T = TypeVar("T")
logger = logging.getLogger(__name__)

SOURCE: Final = "sensors"
BUSY_PERCENT: Final = 50.0
TABLE_OFTEN_S: Final = 2.0
TABLE_RARELY_S: Final = 10.0
SHORTEST_WINDOW_S: Final = 0.4  # over less, the figures of processes are mostly rounding
LONGEST_RETRY_S: Final = 300.0


class ReadsSystem(Protocol):
    """What gives the figures of the machine."""

    def read(self) -> Reading:
        """Look at the machine now."""


class ReadsProcesses(Protocol):
    """What gives the table of processes."""

    def read(self) -> ProcessTable:
        """Look at all processes now."""


@dataclass(slots=True)
class _Trouble:
    """A sensor that fails: how often in a row, and when it is tried again."""

    times: int = 0
    retry_at: float = 0.0


class SensorService:
    """Reads the sensors, keeps the history and publishes what the signals say.

    One thread at a time may call ``tick``; everything else is safe from any thread. ``number``
    gives the value of an option.
    """

    def __init__(
        self,
        clock: Clock,
        system: ReadsSystem,
        processes: ReadsProcesses,
        history: MetricHistory,
        signals: Signals,
        publish: Publish,
        number: Callable[[str], float],
        *,
        protected: Callable[[], frozenset[int]] = frozenset,
        own_pid: int | None = None,
        own_uid: int | None = None,
    ) -> None:
        self._clock = clock
        self._system = system
        self._processes = processes
        self._history = history
        self._signals = signals
        self._publish = publish
        self._number = number
        self._protected = protected
        self._own_pid = os.getpid() if own_pid is None else own_pid
        self._own_uid = os.geteuid() if own_uid is None else own_uid
        self._listeners: tuple[Callable[[Reading], None], ...] = ()
        self._table = ProcessTable(at=clock.now(), mono=float("-inf"))
        self._is_watched = False
        self._has_round = False
        self._trouble: dict[str, _Trouble] = {}
        self._raised: dict[str, Event] = {}
        self._options: tuple[float, ...] = ()
        self.cost_ms = 0.0  # of the last round, on the wall clock
        self.cpu_ms = 0.0  # of the last round, processor time
        self.rounds = 0

    def table(self) -> ProcessTable:
        """Return the last table of processes."""
        return self._table

    def watch_processes(self, watched: bool) -> None:
        """Keep the table fresh (every two seconds) while somebody looks at it."""
        self._is_watched = watched

    def listen_reading(self, handler: Callable[[Reading], None]) -> Callable[[], None]:
        """Call ``handler`` with each reading, in the sensor lane; return what ends it."""
        self._listeners = (*self._listeners, handler)

        def end() -> None:
            self._listeners = tuple(x for x in self._listeners if x is not handler)

        return end

    def run(self, stop: threading.Event) -> None:
        """Make a round every ``sensors.interval`` seconds until ``stop`` is set.

        Rounds keep to their beat; one that comes too late is left out, not made up for.
        """
        due = self._clock.monotonic()
        while not stop.is_set():
            try:
                self.tick()
            except Exception:  # the lane must go on
                logger.exception("a sensor round failed")
            interval = max(0.1, self._number("sensors.interval"))
            now = self._clock.monotonic()
            due += interval
            if due <= now:
                due = now + interval - (now - due) % interval
            stop.wait(due - now)

    def tick(self) -> None:
        """Make one round: readings, history, signals, events, and the processes when due."""
        began, began_cpu = self._clock.monotonic(), time.thread_time()
        self._follow_options()
        reading = self._attempt("system", self._system.read)
        if reading is not None:
            self._history.add(reading)
        if self._table_is_due(reading):
            self._read_table()
        if reading is not None:
            # What one full round has not seen is not judged.
            changes = self._signals.feed(reading) if self._has_round else []
            for listener in self._listeners:
                self._tell(listener, reading)
            for change in changes:
                self._publish_change(change, reading)
        self._has_round = True
        self.rounds += 1
        self.cost_ms = 1000.0 * (self._clock.monotonic() - began)
        self.cpu_ms = 1000.0 * (time.thread_time() - began_cpu)

    def _follow_options(self) -> None:
        """Take over changed signal levels and intervals."""
        options = tuple(self._number(name) for name in _WATCHED_OPTIONS)
        if options != self._options:
            self._options = options
            gap = max(GAP_S, 2.5 * self._number("sensors.interval"))
            self._signals.update(default_specs(self._number), gap_s=gap)

    def _table_is_due(self, reading: Reading | None) -> bool:
        busy = reading is not None and reading.metrics.get("cpu_usage", 0.0) > BUSY_PERCENT
        every = TABLE_OFTEN_S if busy or self._is_watched else TABLE_RARELY_S
        return self._clock.monotonic() - self._table.mono >= every - 0.05

    def _read_table(self) -> None:
        table = self._attempt("processes", self._processes.read)
        if table is not None:
            self._table = table

    def _attempt(self, name: str, read: Callable[[], T]) -> T | None:
        """Read a sensor; after a failure leave it alone for a growing time, and say so once."""
        trouble = self._trouble.get(name)
        if trouble is not None and self._clock.monotonic() < trouble.retry_at:
            return None
        try:
            value = read()
        except Exception as error:  # noqa: BLE001  a sensor may raise anything
            self._failed(name, error)
            return None
        if trouble is not None:
            del self._trouble[name]
            self._publish("sensor.recovered", source=SOURCE, severity=Severity.INFO, target=name)
        return value

    def _failed(self, name: str, error: Exception) -> None:
        trouble = self._trouble.setdefault(name, _Trouble())
        trouble.times += 1
        wait = min(LONGEST_RETRY_S, 2.0 ** min(trouble.times, 20))
        trouble.retry_at = self._clock.monotonic() + wait
        if trouble.times == 1:
            logger.warning("the sensor %s failed: %r", name, error)
            self._publish(
                "sensor.failed",
                source=SOURCE,
                severity=Severity.WARNING,
                target=name,
                data={"sensor": name, "error": f"{type(error).__name__}: {error}"[:500]},
            )

    def _tell(self, listener: Callable[[Reading], None], reading: Reading) -> None:
        try:
            listener(reading)
        except Exception:  # one listener must not stop the others
            logger.exception("a listener of readings failed")

    def _publish_change(self, change: Change, reading: Reading) -> None:
        spec = change.spec
        data: dict[str, Any] = {
            "resource": spec.resource,
            "metric": spec.metric,
            "value": round(change.value, 2),
            "threshold": change.threshold,
            "signal": spec.name,
            "episode": change.episode,
            "phase": change.phase.value,
            "held_s": round(change.held_s, 2),
        }
        target = spec.resource
        fullest = reading.fullest()
        if spec.resource == "disk" and fullest is not None:
            target = fullest.mount
            data["free_bytes"] = fullest.free_bytes
        if change.phase is Phase.RAISED:
            if spec.resource == "cpu" and (top := self._top()) is not None:
                data["top"] = top
            self._raised[spec.name] = self._publish(
                spec.event_type, source=SOURCE, severity=spec.severity, target=target, data=data
            )
        elif change.phase is Phase.CLEARED:
            raised = self._raised.pop(spec.name, None)
            self._publish(
                spec.cleared_type,
                source=SOURCE,
                severity=Severity.INFO,
                target=raised.target if raised is not None else target,
                data=data,
                cause=raised,
            )
        else:
            self._publish(
                "signal.flapping",
                source=SOURCE,
                severity=Severity.WARNING,
                target=spec.name,
                data=data,
            )

    def _top(self) -> dict[str, Any] | None:
        """Return the tree that hogs the processor now, from a table that is fresh."""
        if self._clock.monotonic() - self._table.mono >= SHORTEST_WINDOW_S:
            self._read_table()
        found = runaway(
            self._table,
            own_pid=self._own_pid,
            own_uid=self._own_uid,
            protected=self._protected(),
        )
        return found.to_data() if found is not None else None


_WATCHED_OPTIONS: Final = (
    "sensors.interval",
    "signals.cpu_raise",
    "signals.cpu_clear",
    "signals.memory_raise",
    "signals.memory_clear",
    "signals.disk_raise",
    "signals.disk_clear",
    "signals.raise_after",
    "signals.clear_after",
)
