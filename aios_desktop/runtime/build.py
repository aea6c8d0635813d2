"""Puts the core together. The only place that constructs its parts."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from aios_desktop.agents.roster import Roster
from aios_desktop.events.bus import Bus
from aios_desktop.events.keeper import Keeper
from aios_desktop.events.maintenance import Maintenance
from aios_desktop.events.model import Severity
from aios_desktop.events.stamp import Stamps
from aios_desktop.events.statedb import StateDb
from aios_desktop.events.store import EventStore
from aios_desktop.i18n import Say
from aios_desktop.reactor.engine import Reactor
from aios_desktop.reactor.journal import SCHEMA, Journal
from aios_desktop.reactor.means import Means
from aios_desktop.runtime.core import RunningCore
from aios_desktop.runtime.engine_watch import EngineWatch
from aios_desktop.runtime.facts import LiveFacts
from aios_desktop.runtime.heartbeat import Heartbeat
from aios_desktop.runtime.instance import InstanceLock
from aios_desktop.runtime.notices import Notices
from aios_desktop.runtime.parts import Parts
from aios_desktop.runtime.score_keeper import ScoreKeeper
from aios_desktop.runtime.shelf import library_for
from aios_desktop.scheduler.lanes import Lanes
from aios_desktop.scheduler.pool import PoolScheduler, WorkerPool
from aios_desktop.scheduler.timers import Timekeeper
from aios_desktop.score.engine import ScoreEngine
from aios_desktop.sensors.caches import CacheSensor
from aios_desktop.sensors.history import MetricHistory
from aios_desktop.sensors.processes import ProcessSensor
from aios_desktop.sensors.service import SensorService
from aios_desktop.sensors.signals import Signals, default_specs
from aios_desktop.sensors.system import SystemSensor
from aios_desktop.skills.registry import default_registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aios_desktop.clock import Clock
    from aios_desktop.config import Config
    from aios_desktop.events.trouble import Trouble
    from aios_desktop.paths import Paths


def build(paths: Paths, clock: Clock, config: Config) -> RunningCore:
    """Return a core that is ready to start. Raises AlreadyRunning when the data folder is taken."""
    lock = InstanceLock(paths.lock)
    lock.take()
    notices = Notices(clock)
    _show_faults(notices, config)

    store = EventStore(paths.events, clock)
    troubles = store.open()
    db = StateDb(paths.state_db)
    troubles += db.open(SCHEMA)
    stamps = Stamps(clock)
    stamps.start_after(store.last_id())
    bus = Bus(stamps, store.append)

    pool = WorkerPool(clock)
    timekeeper = Timekeeper(clock)
    scheduler = PoolScheduler(pool, timekeeper)

    signals = Signals(default_specs(config.number))
    history = MetricHistory()
    sensors = SensorService(
        clock,
        SystemSensor(clock),
        ProcessSensor(clock),
        history,
        signals,
        bus.publish,
        config.number,
    )
    score = ScoreKeeper(ScoreEngine(clock), signals, bus.publish)
    warm_up = config.number("signals.raise_after") + 4 * config.number("sensors.interval")
    facts = LiveFacts(clock, signals, lambda: score.value, warm_up)

    registry = default_registry(
        config,
        paths,
        clock,
        tell=lambda text: _tell(bus, text),
    )
    journal = Journal(db, clock)
    journal.load()
    library = library_for(paths, registry, db)
    reactor = Reactor(
        Means(
            library=library,
            registry=registry,
            journal=journal,
            scheduler=scheduler,
            publish=bus.publish,
            clock=clock,
            config=config,
            facts=facts,
        )
    )
    keeper = Keeper(paths.events, clock, config.number, functools.partial(_rotated, bus))

    def on_sleep(_gap: float) -> None:
        reactor.on_sleep()
        keeper.look_soon()

    timekeeper.on_sleep = on_sleep
    core = RunningCore(
        Parts(
            paths=paths,
            clock=clock,
            config=config,
            lock=lock,
            notices=notices,
            store=store,
            db=db,
            bus=bus,
            pool=pool,
            timekeeper=timekeeper,
            scheduler=scheduler,
            lanes=Lanes(),
            history=history,
            sensors=sensors,
            caches=CacheSensor(clock, bus.publish),
            score=score,
            facts=facts,
            journal=journal,
            library=library,
            reactor=reactor,
            roster=Roster(clock),
            heartbeat=Heartbeat(config, scheduler, EngineWatch(bus, pool.stats).beat),
            keeper=keeper,
            maintenance=Maintenance(db, paths.data / "backups", paths.events, clock),
        )
    )
    store.on_trouble = core.trouble
    for trouble in troubles:
        _show(notices, trouble)
    return core


def _show_faults(notices: Notices, config: Config) -> None:
    for fault in config.faults:
        values = {
            "file": str(config.file),
            "field": fault.field,
            "message": fault.message,
            "near": fault.nearest or "-",
        }
        text = Say("{file}: {field}: {message} (nearest: {near})", values)
        notices.put(f"config.{fault.field}", "warning", text)


def _rotated(bus: Bus, outcome: Mapping[str, object]) -> None:
    severity = Severity.WARNING if outcome["failed"] else Severity.INFO
    bus.publish("store.rotated", source="store", severity=severity, data=outcome)


def _tell(bus: Bus, text: str) -> None:
    bus.publish("notice.posted", source="reactor", data={"text": text})


def _show(notices: Notices, trouble: Trouble) -> None:
    if trouble.severity is not Severity.INFO:
        notices.put(trouble.id, str(trouble.severity), trouble.text)
