"""A core with made-up data that adds up, for tests of the window and for pictures of it.

It keeps no files and starts no threads: ``background`` runs at once. ``FakeCore.publish`` hands an
event to whoever listens, as the real bus does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from aios_desktop.clock import Clock
from aios_desktop.config import BY_NAME
from aios_desktop.errors import AiosError
from aios_desktop.events.model import Event, EventQuery
from aios_desktop.i18n import Say
from aios_desktop.runtime.views import (
    AgentView,
    Answer,
    ApprovalView,
    Decided,
    DiskView,
    Notice,
    PlaybookFault,
    PlaybookView,
    ProcessView,
    RunView,
    ScoreView,
    Series,
    Status,
    StorageView,
    StorageWork,
)
from tests import fake_data, fake_storage


class FakeCore:
    """Everything the window may ask for, from memory."""

    def __init__(self, clock: Clock, *, empty: bool = False) -> None:
        self._clock = clock
        self._listeners: tuple[Callable[[Event], None], ...] = ()
        self._last = 0
        self.options: dict[str, Any] = {name: option.default for name, option in BY_NAME.items()}
        self.notices: tuple[Notice, ...] = ()
        self.started = clock.now() - 9 * fake_data.HOUR
        self.asked: list[str] = []  # what was asked to be done, in order
        self.empty = empty
        self.work: StorageWork | None = None  # on old days
        now = clock.now()
        self.waiting: list[ApprovalView] = [] if empty else fake_data.approvals(now)
        self.all_runs: list[RunView] = [] if empty else fake_data.runs(now)
        self.people: list[AgentView] = fake_data.agents(now, quiet=empty)
        self.stored: list[Event] = [] if empty else fake_data.events(now)
        self.score_now = fake_data.unknown_score(now) if empty else fake_data.score(now)

    # memory
    def status(self) -> Status:
        done = [run for run in self.all_runs if run.is_done and self._is_today(run.finished)]
        return Status(
            version="0.7.0",
            pid=4242,
            started=self.started,
            score=self.score(),
            waiting=len(self.waiting),
            running=sum(run.state == "running" for run in self.all_runs),
            done_today=len(done),
            fixed_today=sum(run.outcome == "fixed" for run in done),
            metrics=214,
            processes=312,
            own_cpu_percent=None if self.empty else 0.4,
            own_memory_bytes=96 * fake_data.MB,
            heartbeat_s=60.0,
            last_look=None if self.empty else float(math.floor(self._clock.now())),
            events_stored=0 if self.empty else 1284,
            events_lost=0,
            notices=self.notices,
        )

    def score(self) -> ScoreView:
        return self.score_now

    def score_history(self, seconds: float) -> Series:
        now = self._clock.now()
        times = self._times(min(seconds, fake_data.HOUR))
        return Series("score", "", times, tuple(fake_data.score_at(now - at) for at in times))

    def metric_history(self, name: str, seconds: float) -> Series:
        if name not in fake_data.METRICS:
            return Series(name, "", (), ())
        unit, level, wave, spike = fake_data.METRICS[name]
        now = self._clock.now()
        times = self._times(min(seconds, fake_data.HOUR))
        values = tuple(
            fake_data.wave(180 - (now - at) / 10, level, wave, spike, len(name)) for at in times
        )
        return Series(name, unit, times, values)

    def metric_names(self) -> tuple[str, ...]:
        return () if self.empty else tuple(fake_data.METRICS)

    def processes(self, limit: int = 10) -> tuple[ProcessView, ...]:
        return () if self.empty else fake_data.PROCESSES[:limit]

    def disks(self) -> tuple[DiskView, ...]:
        return () if self.empty else fake_data.DISKS

    def agents(self) -> tuple[AgentView, ...]:
        return tuple(self.people)

    def approvals(self) -> tuple[ApprovalView, ...]:
        return tuple(self.waiting)

    def runs(self, limit: int = 100) -> tuple[RunView, ...]:
        return tuple(self.all_runs[:limit])

    def run(self, run_id: int) -> RunView | None:
        return next((run for run in self.all_runs if run.id == run_id), None)

    def playbooks(self) -> tuple[tuple[PlaybookView, ...], tuple[PlaybookFault, ...]]:
        return fake_data.PLAYBOOKS, ()

    def option(self, name: str) -> Any:
        return self.options[name]

    def listen(self, handler: Callable[[Event], None]) -> Callable[[], None]:
        self._listeners = (*self._listeners, handler)

        def end() -> None:
            self._listeners = tuple(x for x in self._listeners if x is not handler)

        return end

    # files
    def events(self, query: EventQuery) -> Sequence[Event]:
        found = [event for event in self.stored if _matches(event, query)]
        return sorted(found, key=lambda event: -event.id)[: query.limit]

    def why(self, event_id: int) -> Mapping[str, Any]:
        return {
            "event": event_id,
            "candidates": [
                {"playbook": "suspend-runaway", "gate": "", "reason": "passed 7 gates, asks you"},
                {"playbook": "rotate-logs", "gate": "cool-down", "reason": "18 h left"},
            ],
        }

    def storage(self) -> StorageView:
        return fake_storage.stored(self._clock.now(), empty=self.empty)

    def storage_work(self) -> StorageWork | None:
        return self.work

    # acts
    def archive_now(self) -> Answer:
        self.asked.append("archive")
        return Answer(True, "asked", Say("Old days are looked at now."))

    def back_up(self) -> Answer:
        self.asked.append("back up")
        return Answer(True, "done", Say("The journal of repairs is backed up."))

    def forget_events(self, before: float, *, by: str) -> Answer:
        self.asked.append(f"forget {before:.0f} {by}")
        return Answer(True, "asked", Say("Old events are let go of now; their summaries stay."))

    def approve(self, approval_id: int, *, by: str, digest: str = "", word: str = "") -> Answer:
        self.asked.append(f"approve {approval_id} {by}")
        found = next((item for item in self.waiting if item.id == approval_id), None)
        if found is None:
            return Answer(False, Decided.UNKNOWN, Say("This question does not exist."))
        if digest and digest != found.digest:
            return Answer(False, Decided.CHANGED, Say("The plan has changed. Look at it again."))
        if found.confirm_word and word != found.confirm_word:
            return Answer(False, Decided.CONFIRM, Say("The typed word does not match."))
        self._settle(found, state="running", outcome="")
        return Answer(True, Decided.ACCEPTED, Say("Approved."))

    def deny(self, approval_id: int, *, by: str) -> Answer:
        self.asked.append(f"deny {approval_id} {by}")
        found = next((item for item in self.waiting if item.id == approval_id), None)
        if found is None:
            return Answer(False, Decided.UNKNOWN, Say("This question does not exist."))
        self._settle(found, state="done", outcome="denied")
        return Answer(True, Decided.ACCEPTED, Say("Denied. Nothing was done."))

    def undo(self, run_id: int, *, by: str) -> Answer:
        self.asked.append(f"undo {run_id} {by}")
        run = self.run(run_id)
        if run is None or run.undo != "possible":
            return Answer(False, Decided.UNKNOWN, Say("There is nothing to undo."))
        self._replace(replace(run, undo="done"))
        self.publish("run.undone", target=run.target)
        return Answer(True, Decided.ACCEPTED, Say("Undone."))

    def set_option(self, name: str, value: Any) -> None:
        if name not in BY_NAME:
            raise AiosError("Unknown option {name}.", name=name)
        self.options[name] = value
        self.publish("config.changed", target=name)

    def background(self, work: Callable[[], object], then: Callable[[object], None]) -> None:
        try:
            value = work()
        except Exception as error:  # noqa: BLE001  work may raise anything
            value = error
        then(value)

    # for tests
    def publish(self, kind: str, *, target: str = "", **data: Any) -> Event:
        """Make an event, keep it and hand it to the listeners, in this thread."""
        self._last = max(self._last + 1, int(self._clock.now() * 1_000_000))
        event = Event(self._last, kind, "fake", target=target, data=data, trace=self._last)
        self.stored.append(event)
        for listener in self._listeners:
            listener(event)
        return event

    @property
    def listeners(self) -> int:
        """Return how many listen."""
        return len(self._listeners)

    def _settle(self, approval: ApprovalView, *, state: str, outcome: str) -> None:
        self.waiting.remove(approval)
        run = self.run(approval.run)
        if run is not None:
            finished = self._clock.now() if state == "done" else None
            self._replace(replace(run, state=state, outcome=outcome, finished=finished))
        self.publish("approval.decided", target=approval.target)

    def _replace(self, run: RunView) -> None:
        self.all_runs = [run if old.id == run.id else old for old in self.all_runs]

    def _is_today(self, at: float | None) -> bool:
        return at is not None and int(at // fake_data.DAY) == int(
            self._clock.now() // fake_data.DAY
        )

    def _times(self, seconds: float) -> tuple[float, ...]:
        if self.empty:
            return ()
        now = self._clock.now()
        return tuple(now - ago for ago in range(int(seconds), -1, -1))


def _matches(event: Event, query: EventQuery) -> bool:
    kind = query.type.rstrip("*")
    return (
        (query.since is None or event.time >= query.since)
        and (query.until is None or event.time < query.until)
        and event.type.startswith(kind)
        and (not query.trace or event.trace == query.trace)
        and (not query.text or query.text.lower() in f"{event.type} {event.target}".lower())
    )
