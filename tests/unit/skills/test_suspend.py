"""``process.suspend`` on real processes: the whole tree stops, nobody else does, undo resumes it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from aios_desktop.clock import SystemClock
from aios_desktop.sensors import procfs
from aios_desktop.sensors.processes import ProcessSensor, key
from aios_desktop.skills.action import ActionError, Presence, StepPlan, WorldChanged
from aios_desktop.skills.suspend import SuspendProcess

Start = Callable[..., subprocess.Popen[bytes]]
NEVER = threading.Event()
WAITS = "import time; print(flush=True); time.sleep(60)"
COUNTS = """
import time
print(flush=True)
while True:
    sum(range(1000))
"""
FAMILY = """
import os, time
for _ in range(2):
    if os.fork() == 0:
        if os.fork() == 0:
            while True: sum(range(1000))
        while True: sum(range(1000))
time.sleep(0.2)
print(flush=True)
time.sleep(60)
"""
BREEDER = """
import os, time, signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print(flush=True)
for _ in range(4000):
    if os.fork() == 0:
        time.sleep(0.05)
        os._exit(0)
    time.sleep(0.001)
time.sleep(60)
"""


@pytest.fixture
def action(start: Start) -> SuspendProcess:
    """Return the action as if AIOS were another process, not the parent of those of the tests."""
    return SuspendProcess(SystemClock(), own_pid=start(WAITS).pid)


def key_of(pid: int) -> str:
    row = ProcessSensor(SystemClock()).read().by_pid()[pid]
    return row.key


def session(pid: int) -> list[procfs.Stat]:
    return [stat for stat in procfs.read_all() if stat.session == pid and not stat.is_gone]


def states(pid: int) -> set[str]:
    return {"T" if stat.is_stopped else "runs" for stat in session(pid)}


def stored(snapshot: Any) -> Any:
    """Return what is left of a snapshot or plan after it was in the journal."""
    return json.loads(json.dumps(dict(snapshot)))


def test_the_plan_names_the_tree_and_touches_nothing(action: SuspendProcess, start: Start) -> None:
    child = start(FAMILY)
    plan = action.plan({"process": key_of(child.pid)})
    pids = sorted(stat.pid for stat in session(child.pid))
    assert plan.item_count == len(pids) == 5
    assert sorted(pid for pid, _ticks in plan.expects["members"]) == pids
    assert plan.effect.text().endswith(
        "and 4 processes it started. They keep their memory and their work."
    )
    assert plan.command.startswith(f"kill -STOP {child.pid} ")
    assert plan.target == key_of(child.pid)
    assert states(child.pid) == {"runs"}


def test_a_tree_is_suspended_and_resumed(action: SuspendProcess, start: Start) -> None:
    child, other = start(FAMILY), start(COUNTS)
    plan = action.plan({"process": key_of(child.pid)})
    snapshot = stored(action.snapshot(plan))
    assert action.probe(plan, snapshot) is Presence.ABSENT
    result = action.apply(plan, snapshot, NEVER)
    assert result == {"stopped": 5, "pending": 0}
    assert states(child.pid) == {"T"}
    assert states(other.pid) == {"runs"}
    assert action.probe(plan, snapshot) is Presence.PRESENT
    assert action.apply(plan, snapshot, NEVER) == {"stopped": 0, "pending": 0}
    action.undo(plan, snapshot)
    assert states(child.pid) == {"runs"}
    assert action.probe(plan, snapshot) is Presence.ABSENT


def test_a_new_instance_can_undo_from_the_journal(action: SuspendProcess, start: Start) -> None:
    child = start(FAMILY)
    plan = action.plan({"process": key_of(child.pid)})
    snapshot = stored(action.snapshot(plan))
    action.apply(plan, snapshot, NEVER)
    again = StepPlan(**{name: getattr(plan, name) for name in StepPlan.__slots__})
    later = SuspendProcess(SystemClock(), own_pid=os.getpid())
    assert later.probe(again, snapshot) is Presence.PRESENT
    later.undo(again, snapshot)
    assert states(child.pid) == {"runs"}


def test_what_stood_still_before_stays_so(action: SuspendProcess, start: Start) -> None:
    child = start(FAMILY)
    inner = next(stat.pid for stat in session(child.pid) if stat.ppid == child.pid)
    os.kill(inner, signal.SIGSTOP)
    wait_for(lambda: stat_of(inner).is_stopped)
    plan = action.plan({"process": key_of(child.pid)})
    snapshot = stored(action.snapshot(plan))
    assert [pid for pid, _ticks in snapshot["stopped"]] == [inner]
    action.apply(plan, snapshot, NEVER)
    assert states(child.pid) == {"T"}
    action.undo(plan, snapshot)
    assert [stat.pid for stat in session(child.pid) if stat.is_stopped] == [inner]
    assert action.probe(plan, snapshot) is Presence.ABSENT


def test_children_born_during_the_work_are_stopped_too(
    action: SuspendProcess, start: Start
) -> None:
    child = start(BREEDER)
    plan = action.plan({"process": key_of(child.pid)})
    snapshot = stored(action.snapshot(plan))
    action.apply(plan, snapshot, NEVER)
    assert states(child.pid) == {"T"}
    assert action.probe(plan, snapshot) is Presence.PRESENT
    action.undo(plan, snapshot)
    assert states(child.pid) == {"runs"}


def test_a_member_resumed_by_hand_makes_it_partial(action: SuspendProcess, start: Start) -> None:
    child = start(FAMILY)
    plan = action.plan({"process": key_of(child.pid)})
    snapshot = action.snapshot(plan)
    action.apply(plan, snapshot, NEVER)
    os.kill(session(child.pid)[-1].pid, signal.SIGCONT)
    wait_for(lambda: states(child.pid) == {"T", "runs"})
    assert action.probe(plan, snapshot) is Presence.PARTIAL
    action.undo(plan, snapshot)
    assert states(child.pid) == {"runs"}


def test_a_tree_that_has_ended_counts_as_undone(action: SuspendProcess, start: Start) -> None:
    child = start(COUNTS)
    plan = action.plan({"process": key_of(child.pid)})
    snapshot = action.snapshot(plan)
    action.apply(plan, snapshot, NEVER)
    child.kill()
    child.wait()
    action.undo(plan, snapshot)
    assert action.probe(plan, snapshot) is Presence.ABSENT
    assert action.measure(plan)["running"] == 0.0


def test_orphans_of_a_killed_parent_are_resumed(action: SuspendProcess, start: Start) -> None:
    child = start(FAMILY)
    plan = action.plan({"process": key_of(child.pid)})
    snapshot = stored(action.snapshot(plan))
    action.apply(plan, snapshot, NEVER)
    child.kill()
    child.wait()
    assert states(child.pid) == {"T"}
    action.undo(plan, snapshot)
    assert states(child.pid) == {"runs"}


def test_a_process_that_ended_is_refused(action: SuspendProcess, start: Start) -> None:
    child = start(WAITS)
    name = key_of(child.pid)
    plan = action.plan({"process": name})
    child.kill()
    child.wait()
    with pytest.raises(WorldChanged, match="has ended"):
        action.snapshot(plan)
    with pytest.raises(ActionError, match="has ended"):
        action.plan({"process": name})


def test_a_pid_that_belongs_to_another_by_now_is_refused(
    action: SuspendProcess, start: Start
) -> None:
    child = start(COUNTS)
    name = key_of(child.pid)
    with pytest.raises(ActionError, match="has ended"):
        action.plan({"process": key(child.pid, float(name.split(":")[1]) - 60)})
    plan = action.plan({"process": name})
    pid, ticks = plan.expects["root"]
    plan = replace(plan, expects={**plan.expects, "root": [pid, ticks - 1]})
    with pytest.raises(WorldChanged, match="has ended"):
        action.apply(plan, {"members": [], "stopped": []}, NEVER)
    assert states(child.pid) == {"runs"}


def test_nothing_of_another_boot_is_touched(action: SuspendProcess, start: Start) -> None:
    child = start(COUNTS)
    plan = action.plan({"process": key_of(child.pid)})
    snapshot = action.snapshot(plan)
    action.apply(plan, snapshot, NEVER)
    plan = replace(plan, expects={**plan.expects, "boot": "another"})
    assert action.probe(plan, snapshot) is Presence.ABSENT
    action.undo(plan, snapshot)
    assert states(child.pid) == {"T"}


def test_aios_itself_its_parents_and_children_are_refused(start: Start) -> None:
    action = SuspendProcess(SystemClock())
    child = start(WAITS)
    with pytest.raises(ActionError, match="is a part of AIOS itself"):
        action.plan({"process": key_of(child.pid)})
    with pytest.raises(ActionError, match="is a part of AIOS itself"):
        action.plan({"process": key_of(os.getpid())})
    outer = SuspendProcess(SystemClock(), own_pid=child.pid)
    with pytest.raises(ActionError, match="started AIOS, which would stand still"):
        outer.plan({"process": key_of(os.getpid())})


def test_protected_processes_are_refused(start: Start) -> None:
    aios, child, inner = start(WAITS), start(FAMILY), start(WAITS)
    guarded = SuspendProcess(
        SystemClock(), own_pid=aios.pid, protected=lambda: frozenset({inner.pid})
    )
    with pytest.raises(ActionError, match="is needed by AIOS"):
        guarded.plan({"process": key_of(inner.pid)})
    below = next(stat.pid for stat in session(child.pid) if stat.ppid == child.pid)
    guarded = SuspendProcess(SystemClock(), own_pid=aios.pid, protected=lambda: frozenset({below}))
    with pytest.raises(ActionError, match=rf"\(process {below}\), which must not be suspended"):
        guarded.plan({"process": key_of(child.pid)})
    with pytest.raises(ActionError, match="everything hangs on it"):
        guarded.plan({"process": key_of(1)})


def test_what_became_protected_after_the_plan_is_not_touched(start: Start) -> None:
    aios, child = start(WAITS), start(FAMILY)
    shield: set[int] = set()
    action = SuspendProcess(SystemClock(), own_pid=aios.pid, protected=lambda: frozenset(shield))
    plan = action.plan({"process": key_of(child.pid)})
    snapshot = action.snapshot(plan)
    shield.add(session(child.pid)[-1].pid)
    with pytest.raises(WorldChanged, match="must not be suspended"):
        action.apply(plan, snapshot, NEVER)
    assert states(child.pid) == {"runs"}


def test_a_process_of_another_user_is_refused(action: SuspendProcess, start: Start) -> None:
    child = start(COUNTS)
    stranger = SuspendProcess(SystemClock(), own_pid=start(WAITS).pid, own_uid=os.geteuid() + 12345)
    with pytest.raises(ActionError, match="this user may not suspend it"):
        stranger.plan({"process": key_of(child.pid)})


@pytest.mark.parametrize("text", ["", "12", "12:", "x:1.00", "1:1e5", "-1:5.00", "1:2:3", "9" * 99])
def test_a_bad_key_is_refused(action: SuspendProcess, text: str) -> None:
    with pytest.raises(ActionError, match="does not name a process"):
        action.plan({"process": text})


def test_a_cancelled_step_stops_at_once(action: SuspendProcess, start: Start) -> None:
    child = start(FAMILY)
    plan = action.plan({"process": key_of(child.pid)})
    snapshot = action.snapshot(plan)
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(ActionError, match="interrupted"):
        action.apply(plan, snapshot, cancelled)
    assert states(child.pid) == {"runs"}


def test_the_measures_tell_before_from_after(action: SuspendProcess, start: Start) -> None:
    child = start(COUNTS)
    plan = action.plan({"process": key_of(child.pid)})
    assert action.measure(plan) == {"running": 1.0}  # too early for a rate
    threading.Event().wait(0.5)
    before = action.measure(plan)
    assert before["running"] == 1.0
    assert before["cpu"] > 10
    action.apply(plan, action.snapshot(plan), NEVER)
    threading.Event().wait(0.3)
    assert action.measure(plan) == {"running": 0.0, "cpu": 0.0}


def stat_of(pid: int) -> procfs.Stat:
    stat = procfs.read_stat(pid)
    assert stat is not None
    return stat


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        threading.Event().wait(0.01)
