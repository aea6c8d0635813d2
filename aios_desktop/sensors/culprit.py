"""Finding the process tree that hogs the processor, without ever pointing at the wrong one.

A runner that merely waits for its busy child is never the culprit; a busy family is taken whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aios_desktop.sensors.protected import reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aios_desktop.sensors.processes import ProcessRow, ProcessTable

HOG_PERCENT: Final = 50.0  # of one core: less than that is no hog
NEARLY_ALL: Final = 0.9
MOST: Final = 0.6
BUSY_PERCENT: Final = 5.0
MAX_MEMBERS: Final = 500


@dataclass(frozen=True, slots=True)
class Culprit:
    """The tree that hogs the processor: its root and all its members, the root first."""

    key: str
    pid: int
    started: float
    name: str
    command: str
    user: str
    cpu_percent: float  # of one core, the whole tree
    members: tuple[str, ...]
    share: float  # of all processor time that processes used, 0 to 1

    def to_data(self) -> dict[str, Any]:
        """Return the form that events carry as ``top``."""
        return {
            "key": self.key,
            "pid": self.pid,
            "started": self.started,
            "name": self.name,
            "command": self.command,
            "user": self.user,
            "cpu_percent": round(self.cpu_percent, 1),
            "share": round(self.share, 3),
            "members": list(self.members),
        }


class ProcessTree:
    """Who started whom, at the moment of one table."""

    def __init__(self, rows: Iterable[ProcessRow]) -> None:
        self.rows = {row.pid: row for row in rows}
        self._children: dict[int, list[int]] = {}
        for row in self.rows.values():
            if self.parent(row.pid) is not None:
                self._children.setdefault(row.ppid, []).append(row.pid)

    def parent(self, pid: int) -> int | None:
        """Return the parent's pid; a "parent" younger than its child took over a used pid."""
        row = self.rows[pid]
        parent = self.rows.get(row.ppid)
        if parent is None or parent.pid == pid or parent.started > row.started + 0.005:
            return None
        return parent.pid

    def children(self, pid: int) -> tuple[int, ...]:
        """Return the direct children, the lowest pid first."""
        return tuple(sorted(self._children.get(pid, ())))

    def ancestors(self, pid: int) -> Iterator[int]:
        """Return parent, grandparent and so on; each once, even if the table is inconsistent."""
        seen = {pid}
        above = self.parent(pid) if pid in self.rows else None
        while above is not None and above not in seen:
            seen.add(above)
            yield above
            above = self.parent(above)

    def family(self, pid: int) -> list[int]:
        """Return a process and all its descendants, parents before their children."""
        found = [pid] if pid in self.rows else []
        seen = set(found)
        for one in found:  # grows while it is walked
            for child in self.children(one):
                if child not in seen:
                    seen.add(child)
                    found.append(child)
        return found


def shielded(tree: ProcessTree, *, own_pid: int, protected: frozenset[int]) -> set[int]:
    """Return the processes whose tree must not be touched.

    They are AIOS with its ancestors and children, ``protected``, whatever a name protects, and
    everything that has one of these below it.
    """
    core = set(protected) | set(tree.family(own_pid)) | {own_pid}
    core |= {row.pid for row in tree.rows.values() if reason(row) is not None}
    above = {up for pid in core if pid in tree.rows for up in tree.ancestors(pid)}
    return core | above


def may_signal(row: ProcessRow, own_uid: int) -> bool:
    """Say whether this user may stop a process."""
    return not row.is_kernel and (own_uid == 0 or row.uid == own_uid)


def is_alive(row: ProcessRow) -> bool:
    """Say whether there is still a program behind the entry."""
    return row.state not in {"zombie", "dead"}


def runaway(
    table: ProcessTable, *, own_pid: int, own_uid: int, protected: frozenset[int] = frozenset()
) -> Culprit | None:
    """Return the tree of processes that hogs the processor, or None when there is none to stop.

    It begins at the busiest tree that may be touched and goes down as long as one child makes up
    nearly all of it.
    """
    tree = ProcessTree(table.rows)
    blocked = shielded(tree, own_pid=own_pid, protected=protected)
    counted = {row.pid: row for row in table.rows if may_signal(row, own_uid) and is_alive(row)}
    allowed = counted.keys() - blocked
    totals = _totals(tree, {pid: counted[pid].cpu_percent for pid in allowed})
    roots = [pid for pid in allowed if tree.parent(pid) not in allowed]
    if not roots:
        return None
    chosen = max(roots, key=lambda pid: (totals[pid], -pid))
    while (below := _below(tree, chosen, totals, allowed)) is not None:
        chosen = below
    if totals[chosen] < HOG_PERCENT:
        return None
    return _culprit(tree, chosen, totals[chosen], allowed, table)


def _totals(tree: ProcessTree, cpu: dict[int, float]) -> dict[int, float]:
    """Return for each process the use of its whole tree."""
    totals = dict.fromkeys(tree.rows, 0.0)
    done: set[int] = set()
    for top in tree.rows:
        if tree.parent(top) is not None:
            continue
        for pid in reversed(tree.family(top)):  # children before their parents
            done.add(pid)
            totals[pid] = cpu.get(pid, 0.0) + sum(totals[child] for child in tree.children(pid))
    for pid in tree.rows.keys() - done:  # caught in a circle of reused pids
        totals[pid] = cpu.get(pid, 0.0)
    return totals


def _below(
    tree: ProcessTree, pid: int, totals: dict[int, float], allowed: Iterable[int]
) -> int | None:
    """Return the child that makes up nearly all of a tree, or None.

    Also a child that makes up most of it, when the rest is no hog itself and none of its busy
    siblings runs the same program: a runner that works a little is still only the runner.
    """
    children = [child for child in tree.children(pid) if child in allowed]
    if not children or totals[pid] <= 0:
        return None
    child = max(children, key=lambda one: (totals[one], -one))
    if totals[child] >= NEARLY_ALL * totals[pid]:
        return child
    rest = totals[pid] - totals[child]
    kin = any(
        tree.rows[other].name == tree.rows[child].name and totals[other] >= BUSY_PERCENT
        for other in children
        if other != child
    )
    if totals[child] >= HOG_PERCENT > rest and totals[child] >= MOST * totals[pid] and not kin:
        return child
    return None


def _culprit(
    tree: ProcessTree, pid: int, total: float, allowed: Iterable[int], table: ProcessTable
) -> Culprit:
    row = tree.rows[pid]
    members = [tree.rows[one].key for one in tree.family(pid) if one in allowed]
    busy = sum(max(0.0, one.cpu_percent) for one in table.rows)
    return Culprit(
        key=row.key,
        pid=pid,
        started=row.started,
        name=row.title,
        command=row.command,
        user=row.user,
        cpu_percent=total,
        members=tuple(members[:MAX_MEMBERS]),
        share=min(1.0, total / busy) if busy > 0 else 0.0,
    )
