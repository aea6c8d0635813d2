"""A reactor with a fake clock and scheduler; everything else is real."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aios_desktop.clock import Clock
from aios_desktop.config import Config
from aios_desktop.errors import AiosError
from aios_desktop.events.bus import Bus
from aios_desktop.events.model import Event, Severity
from aios_desktop.events.stamp import Stamps
from aios_desktop.events.statedb import StateDb
from aios_desktop.i18n import Say
from aios_desktop.reactor import fields
from aios_desktop.reactor.engine import Reactor
from aios_desktop.reactor.facts import Fresh
from aios_desktop.reactor.journal import SCHEMA, Journal
from aios_desktop.reactor.library import Library
from aios_desktop.reactor.means import Means
from aios_desktop.reactor.playbook import Compiler
from aios_desktop.reactor.records import Run
from aios_desktop.scheduler.task import Scheduler
from aios_desktop.sensors.metrics import METRICS
from aios_desktop.skills.action import (
    ActionError,
    Args,
    Cancel,
    Kind,
    Presence,
    Risk,
    State,
    StepPlan,
    WorldChanged,
)
from aios_desktop.skills.config_update import UpdateConfig
from aios_desktop.skills.registry import Registry
from tests.fakes import FakeClock, FakeScheduler


class Facts:
    """The world as the test says it is."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.metrics: dict[str, float] = {"cpu_usage": 95.0}
        self.raised: dict[str, bool | None] = {"cpu.high": True}
        self.health: float | None = 0.6

    def latest(self) -> Fresh | None:
        return Fresh(self._clock.monotonic(), dict(self.metrics))

    def is_raised(self, signal: str) -> bool | None:
        return self.raised.get(signal)

    def score(self) -> float | None:
        return self.health


class FileAction:
    """A real action on a real file: writes a word, undo restores what was there.

    ``fail`` makes the next applies fail; ``crash_at`` raises what a killed process looks like.
    """

    name = "file.write"
    params: Mapping[str, type] = {"path": str, "word": str}
    required = frozenset({"path", "word"})
    idempotent = True
    measures: Mapping[str, str] = {"length": "B"}

    def __init__(self, kind: Kind = Kind.REVERSIBLE, risk: Risk = Risk.MEDIUM) -> None:
        self.kind = kind
        self.risk = risk
        self.fail: list[ActionError] = []
        self.fail_undo: ActionError | None = None
        self.applied: list[str] = []
        self.during: Callable[[], None] | None = None

    def measure(self, plan: StepPlan) -> Mapping[str, float]:
        file = Path(plan.args["path"])
        return {"length": float(len(file.read_bytes()))} if file.exists() else {}

    def plan(self, args: Args) -> StepPlan:
        file = Path(str(args["path"]))
        if not file.exists():
            raise ActionError("There is no file {path}.", path=str(file))
        return StepPlan(
            action=self.name,
            args=dict(args),
            target=str(file),
            command=f"write {args['word']}",
            effect=Say("Writes a word."),
            undo=Say("Writes the old word."),
            risk=self.risk,
            kind=self.kind,
            expects={"old": file.read_text()},
        )

    def snapshot(self, plan: StepPlan) -> State:
        return {"old": Path(plan.args["path"]).read_text()}

    def apply(self, plan: StepPlan, snapshot: State, cancel: Cancel) -> State:
        self.applied.append(plan.args["word"])
        if self.fail:
            raise self.fail.pop(0)
        file = Path(plan.args["path"])
        if file.read_text() != plan.expects["old"]:
            raise WorldChanged("The file changed.")
        file.write_text(plan.args["word"])
        if self.during:
            self.during()
        return {"old": snapshot["old"], "new": plan.args["word"]}

    def probe(self, plan: StepPlan, snapshot: State) -> Presence:
        text = Path(plan.args["path"]).read_text()
        if text == plan.args["word"]:
            return Presence.PRESENT
        return Presence.ABSENT if text == snapshot["old"] else Presence.PARTIAL

    def undo(self, plan: StepPlan, snapshot: State) -> None:
        if self.fail_undo:
            raise self.fail_undo
        Path(plan.args["path"]).write_text(snapshot["old"])

    def cleanup(self, plan: StepPlan, snapshot: State) -> None:
        Path(plan.args["path"]).with_suffix(".cleaned").touch()


@dataclasses.dataclass
class House:
    """Everything a test of the reactor needs at hand."""

    folder: Path
    clock: FakeClock
    scheduler: FakeScheduler
    config: Config
    facts: Facts
    file_action: FileAction
    db: StateDb
    journal: Journal
    library: Library
    reactor: Reactor
    bus: Bus
    told: list[Event]

    def playbook(self, name: str, text: str) -> None:
        (self.folder / "playbooks").mkdir(exist_ok=True)
        (self.folder / "playbooks" / name).write_text(text)
        self.library.refresh()

    def publish(self, kind: str = "resource.high", **data: Any) -> Event:
        payload = {
            "resource": "cpu",
            "value": 95.0,
            "threshold": 80.0,
            "signal": "cpu.high",
            "held_s": 5.0,
            **data,
        }
        return self.bus.publish(
            kind, source="test", severity=Severity.WARNING, target="cpu", data=payload
        )

    def reading(self, **metrics: float) -> None:
        """Let a second pass, deliver a reading, and run what is due."""
        self.facts.metrics.update(metrics)
        self.scheduler.advance(1.0)
        self.reactor.judging.on_reading()
        self.scheduler.run()

    def types(self) -> list[str]:
        return [event.type for event in self.told]

    def last(self, kind: str) -> Event:
        return next(event for event in reversed(self.told) if event.type == kind)

    def only_run(self) -> Run:
        (run,) = self.journal.recent(10)
        return run

    def close(self) -> None:
        self.db.close()


def build(
    folder: Path,
    *,
    clock: FakeClock | None = None,
    action: FileAction | None = None,
    real: tuple[Clock, Scheduler] | None = None,
) -> House:
    """Build a house on a folder; a second one on the same folder is a restart.

    ``real`` is a clock and a scheduler that the reactor uses in place of the fakes.
    """
    clock = clock or FakeClock(1_700_000_000.0)
    scheduler = FakeScheduler(clock)
    config = Config(folder / "config.toml")
    config.load()
    facts = Facts(clock)
    file_action = action or FileAction()
    registry = Registry((UpdateConfig(config), file_action))
    db = StateDb(folder / "state.db")
    troubles = db.open(SCHEMA)
    assert not troubles, [trouble.text.text() for trouble in troubles]
    time, worker = real or (clock, scheduler)
    stamps = Stamps(time)
    bus = Bus(stamps)
    journal = Journal(db, time)
    journal.load()
    compiler = Compiler(registry, METRICS, fields.TYPED)
    library = Library((folder / "none", folder / "playbooks"), compiler, db)
    library.refresh()
    told: list[Event] = []
    bus.subscribe("*", told.append)
    reactor = Reactor(Means(library, registry, journal, worker, bus.publish, time, config, facts))
    bus.subscribe("*", reactor.offer)
    return House(
        folder,
        clock,
        scheduler,
        config,
        facts,
        file_action,
        db,
        journal,
        library,
        reactor,
        bus,
        told,
    )


__all__ = ["AiosError", "Facts", "FileAction", "House", "build"]
