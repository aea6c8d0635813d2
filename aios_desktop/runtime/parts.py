"""What the core is made of."""

from __future__ import annotations

from dataclasses import dataclass

from aios_desktop.agents.roster import Roster
from aios_desktop.clock import Clock
from aios_desktop.config import Config
from aios_desktop.events.bus import Bus
from aios_desktop.events.keeper import Keeper
from aios_desktop.events.maintenance import Maintenance
from aios_desktop.events.statedb import StateDb
from aios_desktop.events.store import EventStore
from aios_desktop.paths import Paths
from aios_desktop.reactor.engine import Reactor
from aios_desktop.reactor.journal import Journal
from aios_desktop.reactor.library import Library
from aios_desktop.runtime.facts import LiveFacts
from aios_desktop.runtime.heartbeat import Heartbeat
from aios_desktop.runtime.instance import InstanceLock
from aios_desktop.runtime.notices import Notices
from aios_desktop.runtime.score_keeper import ScoreKeeper
from aios_desktop.scheduler.lanes import Lanes
from aios_desktop.scheduler.pool import PoolScheduler, WorkerPool
from aios_desktop.scheduler.timers import Timekeeper
from aios_desktop.sensors.caches import CacheSensor
from aios_desktop.sensors.history import MetricHistory
from aios_desktop.sensors.service import SensorService


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything the core is made of; put together by ``build``."""

    paths: Paths
    clock: Clock
    config: Config
    lock: InstanceLock
    notices: Notices
    store: EventStore
    db: StateDb
    bus: Bus
    pool: WorkerPool
    timekeeper: Timekeeper
    scheduler: PoolScheduler
    lanes: Lanes
    history: MetricHistory
    sensors: SensorService
    caches: CacheSensor
    score: ScoreKeeper
    facts: LiveFacts
    journal: Journal
    library: Library
    reactor: Reactor
    roster: Roster
    heartbeat: Heartbeat
    keeper: Keeper
    maintenance: Maintenance
