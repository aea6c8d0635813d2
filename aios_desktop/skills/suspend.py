"""The action ``process.suspend``: lets a process and all it started stand still, without ending them.

Processes are named by pid and start time (and the boot), so a number that was given to another
process meanwhile is never touched.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aios_desktop.errors import AiosError
from aios_desktop.i18n import Say
from aios_desktop.sensors import procfs
from aios_desktop.sensors.culprit import ProcessTree, is_alive, may_signal, shielded
from aios_desktop.sensors.processes import ProcessSensor, parse_key
from aios_desktop.sensors.protected import reason
from aios_desktop.skills.action import (
    ActionError,
    Kind,
    Presence,
    Risk,
    StepPlan,
    WorldChanged,
)
from aios_desktop.skills.family import Family, Identity, Member, send

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aios_desktop.clock import Clock
    from aios_desktop.i18n import Value
    from aios_desktop.sensors.processes import ProcessRow
    from aios_desktop.skills.action import Args, Cancel, State

MAX_MEMBERS: Final = 1000
ROUNDS: Final = 5
LOOKS: Final = 40
LOOK_EVERY_S: Final = 0.005
SAME_START_S: Final = 1.5  # the boot time moves a little when the clock is set
SHORTEST_MEASURE_S: Final = 0.2
MAX_MEASURED: Final = 64


@dataclass(frozen=True, slots=True)
class _Measured:
    """What the members had used when they were last measured."""

    mono: float
    ticks: Mapping[Identity, int]
    cpu: float | None


class SuspendProcess:
    """Suspends a tree of processes; undo lets it go on.

    ``protected`` gives further processes never to be touched, ``pause`` waits some seconds.
    """

    name: Final = "process.suspend"
    kind: Final = Kind.REVERSIBLE
    risk: Final = Risk.MEDIUM
    params: Final[Mapping[str, type]] = {"process": str}
    required: Final = frozenset({"process"})
    idempotent: Final = True
    measures: Final[Mapping[str, str]] = {"cpu": "%", "running": "count"}

    def __init__(
        self,
        clock: Clock,
        *,
        protected: Callable[[], frozenset[int]] = frozenset,
        own_pid: int | None = None,
        own_uid: int | None = None,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self._clock = clock
        self._protected = protected
        self._own_pid = os.getpid() if own_pid is None else own_pid
        self._own_uid = os.geteuid() if own_uid is None else own_uid
        self._pause = pause or threading.Event().wait
        self._lock = threading.Lock()
        self._measured: dict[str, _Measured] = {}

    # ------------------------------------------------------------------ planning

    def plan(self, args: Args) -> StepPlan:
        """Find the process and all it started. Refuses what must not be touched."""
        row, members = self._resolve(str(args.get("process", "")))
        identities = [(one.pid, one.start_ticks) for one in members]
        plan = StepPlan(
            action=self.name,
            args={"process": row.key},
            target=row.key,
            command=_command(members),
            effect=_effect(row, len(members) - 1),
            undo=Say("Lets {name} go on where it stopped.", {"name": row.title}),
            risk=self.risk,
            kind=self.kind,
            expects={
                "boot": procfs.boot_id(),
                "name": row.name,
                "root": [row.pid, row.start_ticks],
                "members": [list(identity) for identity in identities],
            },
            loose=("members",),  # a build starts new ones all the time; all of them are meant
            items=tuple(f"{one.pid} {one.command}" for one in members),
            item_count=len(members),
        )
        self._begin_measuring(plan)
        return plan

    def _resolve(self, text: str) -> tuple[ProcessRow, list[ProcessRow]]:
        try:
            pid, started = parse_key(text)
        except AiosError as error:
            raise ActionError.because(error) from error
        tree = ProcessTree(ProcessSensor(self._clock).read().rows)
        row = tree.rows.get(pid)
        if row is None or not is_alive(row) or abs(row.started - started) > SAME_START_S:
            raise ActionError("Process {pid} has ended.", pid=pid)
        if (refusal := self._refusal(tree, row)) is not None:
            raise ActionError.because(refusal)
        members = [tree.rows[one] for one in tree.family(pid)]
        members = [one for one in members if is_alive(one) and may_signal(one, self._own_uid)]
        if len(members) > MAX_MEMBERS:
            raise ActionError(
                "{name} (process {pid}) has {n} processes below it; more than {most} are not suspended.",
                name=row.name,
                pid=pid,
                n=len(members),
                most=MAX_MEMBERS,
            )
        return row, members

    def _refusal(self, tree: ProcessTree, row: ProcessRow) -> Say | None:
        """Return why a process must not be suspended, or None."""
        shown: dict[str, Value] = {"name": row.title, "pid": row.pid, "user": row.user}
        if row.pid in tree.family(self._own_pid):
            return Say("{name} (process {pid}) is a part of AIOS itself.", shown)
        if (why := reason(row)) is not None:
            return why
        if self._own_pid in tree.rows and row.pid in tree.ancestors(self._own_pid):
            return Say(
                "{name} (process {pid}) started AIOS, which would stand still with it.", shown
            )
        if not may_signal(row, self._own_uid):
            return Say(
                "{name} (process {pid}) belongs to {user}; this user may not suspend it.", shown
            )
        protected = self._protected()
        if row.pid in protected:
            return Say("{name} (process {pid}) is needed by AIOS.", shown)
        blocked = shielded(tree, own_pid=self._own_pid, protected=protected)
        inner = next((one for one in tree.family(row.pid) if one in blocked - {row.pid}), None)
        if inner is None:
            return None
        shown |= {"inner": tree.rows[inner].name, "inner_pid": inner}
        return Say(
            "{name} (process {pid}) started {inner} (process {inner_pid}), which must not be"
            " suspended.",
            shown,
        )

    # ------------------------------------------------------------------ doing

    def snapshot(self, plan: StepPlan) -> State:
        """Record who belongs to the tree now, and who of them already stands still."""
        family = self._family(plan)
        self._check_root(plan, family)
        members = family.members()
        return {
            "boot": family.boot,
            "members": [list(one.identity) for one in members],
            "stopped": [list(one.identity) for one in members if one.stat.is_stopped],
        }

    def apply(self, plan: StepPlan, snapshot: State, cancel: Cancel) -> State:
        """Stop parents before their children, and look again until nothing new runs."""
        self._check_root(plan, self._family(plan))
        self._check_protection(plan)
        stopped: set[Identity] = set()
        for _round in range(ROUNDS):
            if cancel.is_set():
                raise ActionError("Suspending was interrupted.")
            running = self._running(plan, snapshot)
            fresh = [one for one in running if one not in stopped]
            for identity in fresh:
                send(identity, signal.SIGSTOP)
                stopped.add(identity)
            if not running or (not self._wait_until_still(plan, snapshot) and not fresh):
                break
        left = self._running(plan, snapshot)
        if any(identity not in stopped for identity in left):
            raise ActionError(
                "{name} starts new processes faster than they can be suspended.",
                name=plan.expects["name"],
            )
        self._begin_measuring(plan)
        return {"stopped": len(stopped), "pending": len(left)}

    def _check_root(self, plan: StepPlan, family: Family) -> None:
        if not family.has_root():
            raise WorldChanged(
                "{name} (process {pid}) has ended.",
                name=plan.expects["name"],
                pid=plan.expects["root"][0],
            )

    def _check_protection(self, plan: StepPlan) -> None:
        """Raise WorldChanged when the tree has something in it by now that must not be touched."""
        tree = ProcessTree(ProcessSensor(self._clock).read().rows)
        row = tree.rows.get(plan.expects["root"][0])
        if row is not None and (refusal := self._refusal(tree, row)) is not None:
            raise WorldChanged.because(refusal)

    def _running(self, plan: StepPlan, snapshot: State) -> list[Identity]:
        members = self._family(plan, snapshot).members()
        return [one.identity for one in members if not one.stat.is_stopped]

    def _wait_until_still(self, plan: StepPlan, snapshot: State) -> bool:
        """Wait a moment for the signals to arrive; say whether all members stand still."""
        for _look in range(LOOKS):
            if not self._running(plan, snapshot):
                return True
            self._pause(LOOK_EVERY_S)
        return False

    # ------------------------------------------------------------------ looking and undoing

    def probe(self, plan: StepPlan, snapshot: State) -> Presence:
        """Say whether the members stand still that did not before. A tree that ended has none."""
        concerned = self._concerned(plan, snapshot)
        still = sum(1 for one in concerned if one.stat.is_stopped)
        if still == 0:
            return Presence.ABSENT
        return Presence.PRESENT if still == len(concerned) else Presence.PARTIAL

    def undo(self, plan: StepPlan, snapshot: State) -> None:
        """Let the members go on, children first; those that stood still before stay so.

        A tree that has ended meanwhile counts as undone: there is nothing to resume.
        """
        left: list[Identity] = []
        for _round in range(ROUNDS):
            left = self._stopped(plan, snapshot)
            if not left:
                self._begin_measuring(plan)
                return
            for identity in reversed(left):
                send(identity, signal.SIGCONT)
            for _look in range(LOOKS):
                if not self._stopped(plan, snapshot):
                    break
                self._pause(LOOK_EVERY_S)
        left = self._stopped(plan, snapshot)
        if left:
            raise ActionError(
                "Process {pid} does not go on by itself. Type fg in its terminal, or run"
                " kill -CONT {pid}.",
                pid=left[0][0],
                retry=True,
            )

    def _stopped(self, plan: StepPlan, snapshot: State) -> list[Identity]:
        concerned = self._concerned(plan, snapshot)
        return [one.identity for one in concerned if one.stat.is_stopped]

    def cleanup(self, plan: StepPlan, snapshot: State) -> None:
        """Do nothing: nothing was kept beside the snapshot."""

    def _concerned(self, plan: StepPlan, snapshot: State) -> list[Member]:
        before = {(int(pid), int(ticks)) for pid, ticks in snapshot["stopped"]}
        members = self._family(plan, snapshot).members()
        return [one for one in members if one.identity not in before]

    def _family(self, plan: StepPlan, snapshot: State | None = None) -> Family:
        """Return the tree as it is now, with all that ever belonged to it and is still alive."""
        known = [*plan.expects["members"], *(snapshot["members"] if snapshot else ())]
        root = plan.expects["root"]
        return Family(
            (int(root[0]), int(root[1])),
            ((int(pid), int(ticks)) for pid, ticks in known),
            boot=str(plan.expects["boot"]),
            own_uid=self._own_uid,
        )

    # ------------------------------------------------------------------ measuring

    def measure(self, plan: StepPlan) -> Mapping[str, float]:
        """Return how many members run, and their use of one core since the measure before."""
        members = self._family(plan).members()
        found = {"running": float(sum(1 for one in members if not one.stat.is_stopped))}
        used = {one.identity: one.stat.cpu_ticks for one in members}
        mono = self._clock.monotonic()
        with self._lock:
            before = self._measured.get(plan.target)
            if before is not None and mono - before.mono >= SHORTEST_MEASURE_S:
                ticks = sum(max(0, used[one] - before.ticks.get(one, 0)) for one in used)
                cpu = 100.0 * ticks / procfs.TICKS_PER_S / (mono - before.mono)
                self._keep(plan.target, _Measured(mono, used, cpu))
            elif before is None:
                self._keep(plan.target, _Measured(mono, used, None))
            last = self._measured[plan.target].cpu
        if last is not None:
            found["cpu"] = last
        return found

    def _begin_measuring(self, plan: StepPlan) -> None:
        members = self._family(plan).members()
        used = {one.identity: one.stat.cpu_ticks for one in members}
        with self._lock:
            self._keep(plan.target, _Measured(self._clock.monotonic(), used, None))

    def _keep(self, target: str, measured: _Measured) -> None:
        self._measured.pop(target, None)
        self._measured[target] = measured
        while len(self._measured) > MAX_MEASURED:
            del self._measured[next(iter(self._measured))]


def _command(members: Sequence[ProcessRow]) -> str:
    """Return the command that would do the same, with at most twenty numbers."""
    numbers = [str(one.pid) for one in members[:20]]
    more = ["…"] if len(members) > 20 else []
    return " ".join(["kill", "-STOP", *numbers, *more])


def _effect(row: ProcessRow, others: int) -> Say:
    values: dict[str, Value] = {"name": row.title, "pid": row.pid, "n": others}
    if others == 0:
        return Say("Suspends {name} (process {pid}). It keeps its memory and its work.", values)
    if others == 1:
        return Say(
            "Suspends {name} (process {pid}) and one process it started. They keep their memory"
            " and their work.",
            values,
        )
    return Say(
        "Suspends {name} (process {pid}) and {n} processes it started. They keep their memory"
        " and their work.",
        values,
    )
