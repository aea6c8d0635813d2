"""The running core: starts and stops everything, and answers what the front door promises."""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING, Any, Final

from aios_desktop import __version__
from aios_desktop.agents.roster import NAMES
from aios_desktop.errors import AiosError
from aios_desktop.events.model import Severity
from aios_desktop.i18n import Say
from aios_desktop.reactor.recovery import recover
from aios_desktop.runtime import present
from aios_desktop.runtime.explain import why
from aios_desktop.runtime.storage import StorageReader
from aios_desktop.runtime.upkeep import Upkeep
from aios_desktop.runtime.views import Answer, DiskView, ProcessView, Series, Status
from aios_desktop.scheduler.task import Priority
from aios_desktop.sensors.metrics import METRICS
from aios_desktop.skills.action import Risk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aios_desktop.events.model import Event, EventQuery
    from aios_desktop.events.trouble import Trouble
    from aios_desktop.reactor.records import Reply, Run
    from aios_desktop.runtime.parts import Parts
    from aios_desktop.runtime.views import (
        AgentView,
        ApprovalView,
        PlaybookFault,
        PlaybookView,
        RunView,
        ScoreView,
        StorageView,
        StorageWork,
    )
    from aios_desktop.sensors.reading import Reading

logger = logging.getLogger(__name__)

DURABLE_S: Final = 5.0
STOP_S: Final = 3.0


class RunningCore:
    """Implements the front door (``runtime.port.Core``)."""

    def __init__(self, parts: Parts) -> None:
        self._p = parts
        self._upkeep = Upkeep(parts)
        self._storage = StorageReader(parts.paths, parts.clock, parts.keeper, parts.maintenance)
        self._started = parts.clock.now()
        self._stopped = False
        self._ends: list[Callable[[], None]] = []

    # ------------------------------------------------------------------ life

    def start(self) -> None:
        """Start the lanes, bring unfinished runs on, begin to watch."""
        p = self._p
        listeners = (
            ("*", p.reactor.offer),  # first: a reaction waits for nobody else
            ("*", p.roster.observe),
            ("*", p.score.observe),
        )
        self._ends += [p.bus.subscribe(pattern, handler) for pattern, handler in listeners]
        p.lanes.start("writer", p.store.run, p.store.wake)
        p.lanes.start("timekeeper", p.timekeeper.run, p.timekeeper.wake)
        p.lanes.start("keeper", p.keeper.run, p.keeper.wake)
        p.sensors.listen_reading(self._reading)
        self._upkeep.start()
        recovered = recover(p.reactor, p.journal, p.library)
        p.roster.waiting({a.id: self._asker(a.run) for a in p.journal.waiting()})
        p.lanes.start("sensors", p.sensors.run)
        p.heartbeat.start()
        data = {"version": __version__, "pid": os.getpid(), "recovered": recovered}
        p.bus.publish("app.started", source="app", data=data)

    def stop(self) -> None:
        """Stop in order, each stage bounded in time. Calling it again does nothing."""
        if self._stopped:
            return
        self._stopped = True
        p = self._p
        self._upkeep.stop()
        p.reactor.stop()
        p.heartbeat.stop()
        if not p.pool.close(STOP_S):
            logger.warning("running tasks did not end in time")
        p.bus.publish("app.stopped", source="app")
        p.lanes.stop(STOP_S)
        for end in self._ends:
            end()
        p.store.close()
        p.db.close()
        p.lock.release()

    def add_lane(
        self,
        name: str,
        loop: Callable[[Any], None],
        wake: Callable[[], None],
        end: Callable[[], None],
    ) -> None:
        """Run another loop until the core stops; ``end`` is called when all lanes have stopped."""
        self._p.lanes.start(name, loop, wake)
        self._ends.append(end)

    def submit(self, work: Callable[[], None]) -> None:
        """Run ``work`` on a worker, soon."""
        self._p.pool.submit(work, priority=Priority.P2, name="request", must=True)

    def put_notice(self, key: str, severity: str, text: Say) -> None:
        """Show something about ourselves until it ends."""
        self._p.notices.put(key, severity, text)

    def drop_notice(self, key: str) -> None:
        """Take a notice down."""
        self._p.notices.drop(key)

    def every(self, seconds: float, work: Callable[[], None]) -> None:
        """Run ``work`` on a worker again and again, until the core stops."""
        self._upkeep.every(seconds, work)

    def _reading(self, reading: Reading) -> None:
        p = self._p
        p.facts.feed(reading)
        p.roster.reading(len(reading.metrics))
        p.score.feed(reading)
        p.reactor.judging.on_reading()

    def _asker(self, run_id: int) -> str:
        run = self._p.journal.run(run_id)
        return run.plan.asker if run else "executor"

    def trouble(self, trouble: Trouble) -> None:
        """Show a fault of the store while it lasts."""
        self._upkeep.trouble(trouble)

    # ------------------------------------------------------------------ reading

    def status(self) -> Status:
        """Return how things are."""
        p = self._p
        runs = p.journal.recent(500)
        midnight = _midnight(p.clock.now())
        today = [run for run in runs if run.finished >= midnight]
        last = p.history.last_reading()
        metrics = last.metrics if last else {}
        own_cpu = metrics.get("own_cpu")
        return Status(
            version=__version__,
            pid=os.getpid(),
            started=self._started,
            score=p.score.view,
            waiting=len(p.journal.waiting()),
            running=sum(1 for run in runs if run.state not in {"waiting", "done"}),
            done_today=len(today),
            fixed_today=sum(1 for run in today if run.outcome == "fixed"),
            metrics=len(metrics),
            processes=len(p.sensors.table().rows),
            own_cpu_percent=own_cpu,
            own_memory_bytes=int(metrics.get("own_memory_bytes", 0)),
            heartbeat_s=p.config.number("heartbeat.interval"),
            last_look=last.at if last else None,
            events_stored=p.store.stored,
            events_lost=p.store.lost,
            notices=p.notices.all(),
            extra={
                "sensor_ms": round(p.sensors.cpu_ms, 2),
                "lanes": list(p.lanes.running()),
                "events_refused": p.bus.refused,
                "archiving": p.keeper.progress,
            },
        )

    def score(self) -> ScoreView:
        """Return the health score."""
        return self._p.score.view

    def score_history(self, seconds: float) -> Series:
        """Return the score over the last seconds."""
        return self._p.score.history(seconds)

    def metric_history(self, name: str, seconds: float) -> Series:
        """Return a metric over the last seconds; an unknown name gives an empty series."""
        if name == "score":
            return self.score_history(seconds)
        unit = METRICS[name].unit if name in METRICS else ""
        times, values = self._p.history.series(name, seconds)
        return Series(name, unit, tuple(times), tuple(values))

    def metric_names(self) -> tuple[str, ...]:
        """Return the metrics that have been read."""
        return tuple(self._p.history.names())

    def processes(self, limit: int = 10) -> tuple[ProcessView, ...]:
        """Return the busiest processes at the last look."""
        rows = sorted(self._p.sensors.table().rows, key=lambda row: -row.cpu_percent)
        return tuple(
            ProcessView(
                key=row.key,
                pid=row.pid,
                name=row.name,
                command=row.command,
                user=row.user,
                cpu_percent=row.cpu_percent,
                memory_bytes=row.memory_bytes,
                state=row.state,
            )
            for row in rows[: max(0, limit)]
        )

    def disks(self) -> tuple[DiskView, ...]:
        """Return the mounted file systems."""
        last = self._p.history.last_reading()
        if last is None:
            return ()
        return tuple(DiskView(d.mount, d.total_bytes, d.used_bytes, d.percent) for d in last.disks)

    def agents(self) -> tuple[AgentView, ...]:
        """Return who works here and what they do."""
        return tuple(
            present.agent_view(agent, NAMES[agent.id]) for agent in self._p.roster.agents()
        )

    def approvals(self) -> tuple[ApprovalView, ...]:
        """Return the decisions that wait, the most urgent first."""
        journal = self._p.journal
        found = []
        for approval in journal.waiting():
            run = journal.run(approval.run)
            if run is not None:
                found.append(present.approval_view(approval, run, journal.record(run.playbook)))
        return tuple(found)

    def runs(self, limit: int = 100) -> tuple[RunView, ...]:
        """Return the newest runs first."""
        return tuple(self._run_view(run) for run in self._p.journal.recent(limit))

    def run(self, run_id: int) -> RunView | None:
        """Return one run."""
        run = self._p.journal.run(run_id)
        return self._run_view(run) if run else None

    def _run_view(self, run: Run) -> RunView:
        journal = self._p.journal
        return present.run_view(run, journal.entries(run.id), journal.approval_of(run.id))

    def playbooks(self) -> tuple[tuple[PlaybookView, ...], tuple[PlaybookFault, ...]]:
        """Return the playbooks in force and the faults of the refused ones."""
        p = self._p
        automatic = p.config.flag("reactor.automatic")
        views = tuple(
            present.playbook_view(
                playbook,
                playbook.ask or playbook.risk > Risk.LOW or not automatic,
                p.journal.record(playbook.id),
            )
            for playbook in p.library.all()
        )
        return views, present.fault_views(p.library.refused)

    def option(self, name: str) -> Any:
        """Return the value of an option."""
        return self._p.config.get(name)

    def listen(self, handler: Callable[[Event], None]) -> Callable[[], None]:
        """Call ``handler`` for every event, in the publisher's thread; return its end."""
        return self._p.bus.subscribe("*", handler)

    def watch_processes(self, watched: bool) -> None:
        """Keep the process table fresh while somebody looks at it."""
        self._p.sensors.watch_processes(watched)

    def events(self, query: EventQuery) -> Sequence[Event]:
        """Return events, newest first. Reads files."""
        return self._p.store.query(query)

    def why(self, event_id: int) -> Mapping[str, Any]:
        """Return what was decided about an event: every candidate and what stopped it."""
        return why(event_id, self._p.store.get, self._p.store.query, self._p.library)

    def storage(self) -> StorageView:
        """Return what is kept on the disk. Reads files."""
        return self._storage.look()

    def storage_work(self) -> StorageWork | None:
        """Return how far the work on old days is, None while there is none."""
        return self._storage.work()

    # ------------------------------------------------------------------ acting

    def emit(
        self, kind: str, *, severity: str, source: str, target: str, data: Mapping[str, Any]
    ) -> Event:
        """Publish an event that somebody asked for, and return when it is on the disk.

        Raises AiosError for a bad one, and when the disk refuses it (it is acted on even so).
        """
        try:
            level = Severity(severity)
        except ValueError:
            words = ", ".join(Severity)
            raise AiosError("{value} is not one of {words}.", value=severity, words=words) from None
        event = self._p.bus.publish(
            kind, source=source, severity=level, target=target, data=data, durable=True
        )
        self._p.store.wait_durable(event.id, DURABLE_S)
        return event

    def approve(self, approval_id: int, *, by: str, digest: str = "", word: str = "") -> Answer:
        """Approve a plan, once."""
        reply = self._p.reactor.approvals.decide(
            approval_id, approve=True, by=by, digest=digest, word=word
        )
        return _answer(reply)

    def deny(self, approval_id: int, *, by: str) -> Answer:
        """Deny a plan, once."""
        return _answer(self._p.reactor.approvals.decide(approval_id, approve=False, by=by))

    def undo(self, run_id: int, *, by: str) -> Answer:
        """Take a run back."""
        return _answer(self._p.reactor.undo(run_id, by=by))

    def archive_now(self) -> Answer:
        """Archive, or drop, the days that are due."""
        self._p.keeper.look_soon()
        return Answer(True, "asked", Say("Old days are looked at now."))

    def back_up(self) -> Answer:
        """Copy the journal of repairs now. Raises AiosError; it takes as long as the copy."""
        self._p.maintenance.back_up()
        return Answer(True, "done", Say("The journal of repairs is backed up."))

    def forget_events(self, before: float, *, by: str) -> Answer:
        """Let go of the events of all days that ended before a wall time; summaries stay."""
        data = {"before": before, "by": by}
        self._p.bus.publish("store.forget_asked", source="store", data=data, durable=True)
        self._p.keeper.forget(before)
        return Answer(True, "asked", Say("Old events are let go of now; their summaries stay."))

    def set_option(self, name: str, value: Any) -> None:
        """Change an option. Raises AiosError."""
        self._p.config.set(name, value)

    def background(self, work: Callable[[], object], then: Callable[[object], None]) -> None:
        """Run ``work`` on a worker; ``then`` gets its value or its exception there."""

        def task() -> None:
            try:
                value = work()
            except Exception as error:  # noqa: BLE001  handed to the caller, who shows it
                value = error
            then(value)

        self._p.pool.submit(task, priority=Priority.P2, name="query", must=True)

    def flush(self, timeout_s: float = 2.0) -> bool:
        """Wait until all events so far are in the store."""
        return self._p.store.flush(timeout_s)


def _answer(reply: Reply) -> Answer:
    return Answer(reply.ok, reply.what, reply.text)


def _midnight(now: float) -> float:
    parts = time.localtime(now)
    return now - (parts.tm_hour * 3600 + parts.tm_min * 60 + parts.tm_sec)
