"""The made-up data of the fake core: one afternoon on one machine, and its figures add up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from aios_desktop.events.model import Event, Severity
from aios_desktop.i18n import Say
from aios_desktop.runtime.views import (
    AgentState,
    AgentView,
    ApprovalView,
    Change,
    DiskView,
    Level,
    Measure,
    Part,
    PlaybookView,
    ProcessView,
    RunView,
    ScoreView,
    StepView,
)

GB = 1_000_000_000
MB = 1_000_000
MINUTE = 60.0
HOUR = 3600.0
DAY = 86_400.0
START = 1_795_271_528.0  # 2026-11-21, 14:32:08 UTC
SCORE = 0.87

METRICS: Mapping[str, tuple[str, float, float, float]] = {  # unit, level, wave, spike
    "cpu_usage": ("%", 22.0, 6.0, 46.0),
    "memory_usage": ("%", 61.0, 2.0, 3.0),
    "memory_available_bytes": ("B", 6.2 * GB, 0.2 * GB, 0.0),
    "disk_read_bytes_s": ("B/s", 9.0 * MB, 5.0 * MB, 38.0 * MB),
    "disk_write_bytes_s": ("B/s", 5.0 * MB, 3.0 * MB, 9.0 * MB),
    "net_recv_bytes_s": ("B/s", 2.2 * MB, 0.9 * MB, 5.0 * MB),
    "net_sent_bytes_s": ("B/s", 0.9 * MB, 0.3 * MB, 0.6 * MB),
}


def score_at(ago_s: float) -> float:
    """Return the score (0 to 100) that long ago: two dips within the last hour, now 87."""
    hour = 24 - ago_s / 150  # the shape of a day, an hour long
    value = 93 + 1.6 * math.sin(hour * 1.7) + 0.9 * math.sin(hour * 5.1 + 1)
    for at, depth, down, up in ((4.1, 26, 0.25, 1.0), (11.8, 44, 0.2, 0.9), (17.2, 14, 0.3, 1.4)):
        width = down if hour < at else up
        value -= depth * math.exp(-(((hour - at) / width) ** 2))
    value -= 5.4 * math.exp(-(((hour - 24.0) / 0.8) ** 2))
    return round(min(max(value, 0.0), 100.0), 1)


def wave(x: float, level: float, wave: float, spike: float, seed: int) -> float:
    value = level + wave * (0.6 * math.sin(x / 19 + seed) + 0.4 * math.sin(x / 3.1 + seed * 2))
    return max(0.0, value + spike * math.exp(-(((x - 60 - seed * 7) / 4) ** 2)))


def score(now: float) -> ScoreView:
    """Return a score of 87: the lost points of its parts add up to 13."""
    parts = (
        Part("health", 0.975, 0.40, 1.0, Say("No signal is raised.")),
        Part(
            "efficiency",
            0.92,
            0.25,
            2.0,
            Say("The processor is {percent} % busy.", {"percent": 72}),
        ),
        Part("stability", 0.84, 0.25, 4.0, Say("One thing went wrong in the last 15 minutes.")),
        Part(
            "headroom",
            0.40,
            0.10,
            6.0,
            Say("The fullest disk has {percent} % left.", {"percent": 12}),
        ),
    )
    return ScoreView(now, SCORE, Level.HEALTHY, parts)


def unknown_score(now: float) -> ScoreView:
    """Return the score before the first look."""
    return ScoreView(now, None, Level.UNKNOWN, (), partial=True)


def agents(now: float, *, quiet: bool = False) -> list[AgentView]:
    """Return the six, each in the state that the other data says."""
    if quiet:
        states = [(name, AgentState.IDLE, "Nothing to do yet") for name in _NAMES]
    else:
        states = [
            ("monitor", AgentState.RUNNING, "Looked at 214 metrics a second ago"),
            ("analyst", AgentState.MEETING, "Looks for the cause of 14:10"),
            ("optimizer", AgentState.WAITING, "Asks to free 46 GB on /home"),
            ("executor", AgentState.DEGRADED, "Third try: print service"),
            ("validator", AgentState.RUNNING, "Measures /var for 10 min"),
            ("learner", AgentState.LEARNING, "Counts 13 runs of free-caches"),
        ]
    return [
        AgentView(name, Say(_NAMES[name]), state, now - 240, Say(evidence))
        for name, state, evidence in states
    ]


_NAMES = {
    "monitor": "Monitor",
    "analyst": "Analyst",
    "optimizer": "Optimizer",
    "executor": "Executor",
    "validator": "Validator",
    "learner": "Learner",
}


def approvals(now: float) -> list[ApprovalView]:
    """Return three decisions: two of medium risk, one of high risk. The most urgent is first."""
    suspend = StepView(
        1,
        "process.suspend  pid 4711 (python3)",
        Say("Stops the process; it keeps its memory"),
        Say("Lets it run again"),
    )
    move = StepView(
        1,
        "files.quarantine  ~/.cache/build/*  older than 3 h",
        Say("Moves {n} folders, {size}, aside", {"n": 41, "size": "46 GB"}),
        Say("Moves them back"),
        items=tuple(f"/home/ada/.cache/build/{n:02d}" for n in range(41)),
        item_count=41,
    )
    restart = StepView(
        1,
        "service.restart  postgresql  timeout 60 s",
        Say("Ends 14 connections, 3 with open transactions"),
        Say("Not possible"),
    )
    first = ApprovalView(
        id=31,
        run=2231,
        digest="d31",
        title=Say("Free {size} on {mount}?", {"size": "46 GB", "mount": "/home"}),
        why=Say("Old build caches fill the disk. At this rate it is full tomorrow at 09:40."),
        asker="optimizer",
        risk="medium",
        risk_reason=Say("Touches your files"),
        undo=Say("{n} days, in full", {"n": 7}),
        success=Say("{mount} below {n} % within 2 min", {"mount": "/home", "n": 80}),
        record=Say("{fixed} of {runs} fixed", {"fixed": 12, "runs": 13}),
        steps=(move,),
        target="/home",
        confirm_word="",
        playbook="free-caches",
        trace=_stamp(now, -1046),
        created=now - 240,
        deadline=now + 26 * MINUTE,
    )
    second = replace(
        first,
        id=32,
        run=2232,
        digest="d32",
        title=Say("Suspend {name} (pid {pid})?", {"name": "python3", "pid": 4711}),
        why=Say("It has used all processor cores for 4 min."),
        risk_reason=Say("A program stops answering"),
        undo=Say("Any time: it goes on where it stopped"),
        success=Say("Processor below {n} % within 30 s", {"n": 70}),
        record=Say("Never run here"),
        steps=(suspend,),
        target="4711:8812",
        playbook="suspend-runaway",
        deadline=now + 38 * MINUTE,
    )
    third = replace(
        second,
        id=33,
        run=2233,
        digest="d33",
        title=Say("Restart the database service?"),
        why=Say("It has used all 100 connections for 12 min and answers no new one."),
        asker="executor",
        risk="high",
        risk_reason=Say("Open transactions are lost"),
        undo=Say("Not possible"),
        success=Say("A new connection within 60 s"),
        record=Say("{fixed} of {runs} fixed", {"fixed": 1, "runs": 2}),
        steps=(restart,),
        target="postgresql",
        confirm_word="postgresql",
        playbook="restart-database",
        deadline=now + 51 * MINUTE,
    )
    return [first, second, third]


def runs(now: float) -> list[RunView]:
    """Return three that wait, one that runs, four that are done today; newest first."""
    midnight = now - now % DAY
    waiting = [
        _run(item.run, item.title, item.created, item.playbook, risk=item.risk, approval=item.id)
        for item in approvals(now)
    ]
    running = replace(
        _run(2230, Say("Restart the print service"), now - 18, "restart-print"),
        state="running",
        steps=(
            _step(1, "service.status  cups", "done", now - 18),
            _step(2, "service.restart  cups", "running", now - 12),
        ),
    )
    printed = _run(2219, Say("Print service restarted"), midnight + 12.9 * HOUR, "restart-print")
    rotated = _run(2208, Say("Log folder rotated"), midnight + 8.17 * HOUR, "rotate-logs")
    clock = _run(2203, Say("Time server changed"), midnight + 3.2 * HOUR, "change-time-server")
    memory = _run(2201, Say("Browser memory limit lowered"), midnight + 2.4 * HOUR, "limit-memory")
    return [
        *waiting,
        running,
        _done(printed, "fixed", "Queue empty after 12 s", "none"),
        replace(
            _done(rotated, "fixed", "/var fell from 91 % to 78 %", "possible"),
            undo_until=now + 6 * DAY,
            metric="cpu_usage",
            limit=80.0,
            success=Say("{mount} below {n} % within 2 min", {"mount": "/var", "n": 80}),
            steps=(
                _step(1, "files.quarantine  /var/log/*.gz", "done", rotated.created),
                _step(2, "config.update  logs.keep = 7", "done", rotated.created + 2),
            ),
            measures=(
                Measure(Say("/var used"), "%", 91.0, 78.0),
                Measure(Say("Log folder"), "GB", 1.3, 0.2),
                Measure(Say("Score"), "", 84.0, 92.0),
            ),
            changes=(
                Change("-", "logs.keep = 4"),
                Change("+", "logs.keep = 7"),
                Change(" ", "/var/log: 9 files moved to quarantine, 7 days"),
            ),
        ),
        _done(clock, "unknown", "Answers again, but would have anyway?", "none"),
        _done(memory, "worse", "Became worse, taken back by itself", "done"),
    ]


def _run(
    number: int, title: Say, created: float, playbook: str, *, risk: str = "low", approval: int = 0
) -> RunView:
    return RunView(
        id=number,
        playbook=playbook,
        version=3,
        title=title,
        target=playbook,
        target_name=playbook,
        risk=risk,
        state="waiting" if approval else "planned",
        outcome="",
        outcome_reason=Say(""),
        undo="none",
        undo_until=0.0,
        created=created,
        finished=None,
        approved_by="",
        trace=_stamp(created, 0),
        event=_stamp(created, 0),
        approval=approval,
        steps=(_step(1, f"{playbook}", "planned", None),),
    )


def _done(run: RunView, outcome: str, reason: str, undo: str) -> RunView:
    return replace(
        run,
        state="done",
        outcome=outcome,
        outcome_reason=Say(reason),
        undo=undo,
        finished=run.created + 14,
        steps=(_step(1, run.playbook, "done", run.created),),
    )


def _step(number: int, command: str, state: str, started: float | None) -> StepView:
    took = 1.8 if state == "done" else None
    return StepView(
        number,
        command,
        Say("One step"),
        Say("Takes it back"),
        state=state,
        started=started,
        took_s=took,
        attempts=1 if started else 0,
    )


def _stamp(now: float, offset_s: float) -> int:
    return int((now + offset_s) * 1_000_000)


_EVENTS = (  # seconds ago, type, source, severity, target
    (10, "score.updated", "score", Severity.INFO, ""),
    (56, "agent.changed", "executor", Severity.WARNING, "executor"),
    (208, "run.waiting", "reactor", Severity.INFO, "free-caches"),
    (485, "action.failed", "executor", Severity.ERROR, "cups"),
    (888, "action.completed", "validator", Severity.INFO, "time-sync"),
    (1046, "resource.high", "signals", Severity.WARNING, "/home"),
    (1046, "run.planned", "reactor", Severity.INFO, "free-caches"),
    (1046, "gate.stopped", "reactor", Severity.INFO, "rotate-logs"),
    (2996, "resource.cpu_spike", "signals", Severity.WARNING, "4711:8812"),
    (5195, "agent.changed", "learner", Severity.INFO, "learner"),
    (1700, "run.finished", "reactor", Severity.INFO, "restart-print"),
    (1846, "error.occurred", "services", Severity.ERROR, "cups.service"),
    (7328, "scheduler.decision", "scheduler", Severity.INFO, ""),
    (13435, "resource.memory_high", "signals", Severity.WARNING, "firefox"),
    (22928, "run.started", "reactor", Severity.INFO, "rotate-logs"),
    (40764, "service.lost", "services", Severity.CRITICAL, "time-sync"),
)


def events(now: float) -> list[Event]:
    """Return a day of events; the story of /home is one trace."""
    story = _stamp(now, -1046)
    found: list[Event] = []
    for number, (ago, kind, source, severity, target) in enumerate(_EVENTS):
        stamp = _stamp(now, -ago) + (number if ago != 1046 or found[-1].trace == story else 0)
        in_story = target in ("/home", "free-caches", "rotate-logs") and ago < 2000
        trace = story if in_story else stamp
        data: dict[str, object] = {}
        if kind == "resource.high":
            data = {"value": 0.884, "threshold": 0.88}
        elif kind == "run.finished":
            data = {"outcome": "fixed"}
        found.append(Event(stamp, kind, source, severity, target, data, trace))
    return found


DISKS = (
    DiskView("/home", 468 * GB, 412 * GB, 88.0),
    DiskView("/", 94 * GB, 51 * GB, 54.3),
    DiskView("/data", 2000 * GB, 1420 * GB, 71.0),
    DiskView("/backup", 8000 * GB, 2900 * GB, 36.3),
)
PROCESSES = tuple(
    ProcessView(f"{pid}:8812", pid, name, command, user, cpu, memory * MB, "running")
    for pid, name, command, user, cpu, memory in (
        (4711, "python3", "python3 train.py --epochs 40", "ada", 187.0, 640),
        (3120, "node", "node build.js", "ada", 62.0, 1900),
        (2290, "rust-analyzer", "rust-analyzer", "ada", 11.0, 1200),
        (1804, "firefox", "firefox", "ada", 7.0, 2400),
        (911, "postgres", "postgres: writer", "postgres", 4.0, 310),
        (702, "containerd", "/usr/bin/containerd", "root", 2.0, 210),
        (655, "syncthing", "syncthing serve", "ada", 2.0, 120),
        (4242, "aios-desktop", "aios-desktop", "ada", 0.4, 96),
    )
)
PLAYBOOKS = (
    PlaybookView(
        "free-caches",
        4,
        Say("Free old caches"),
        "playbooks/free-caches.yaml",
        ("resource.high",),
        "medium",
        asks=True,
        enabled=True,
        fixed=12,
        runs=13,
    ),
    PlaybookView(
        "suspend-runaway",
        1,
        Say("Suspend a runaway process"),
        "playbooks/suspend-runaway.yaml",
        ("resource.cpu_spike",),
        "medium",
        asks=True,
        enabled=True,
        fixed=0,
        runs=0,
    ),
)
