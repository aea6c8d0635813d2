"""A process and all it started, found anew in /proc, and signals that cannot hit a stranger."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, NamedTuple

from aios_desktop.sensors import procfs
from aios_desktop.skills.action import ActionError

if TYPE_CHECKING:
    from collections.abc import Iterable

Identity = tuple[int, int]  # pid, ticks from the boot to its start


class Member(NamedTuple):
    """A living process of a family."""

    identity: Identity
    stat: procfs.Stat


class Family:
    """The living descendants of some processes, as they are at this moment.

    ``known`` are further members: they count although their parent has ended. ``boot`` is the boot
    that the identities belong to; after another one nobody is left.
    """

    def __init__(
        self, root: Identity, known: Iterable[Identity], *, boot: str, own_uid: int
    ) -> None:
        self.boot = boot
        self._root = root
        self._own_uid = own_uid
        self._stats: dict[int, procfs.Stat] = {}
        self._known: list[Identity] = [root, *known]
        if procfs.boot_id() == boot:
            self._stats = {stat.pid: stat for stat in procfs.read_all()}

    def has_root(self) -> bool:
        """Say whether the first process is still alive."""
        return self._alive(self._root) is not None

    def members(self) -> list[Member]:
        """Return the living members that this user may signal, parents before their children."""
        children: dict[int, list[procfs.Stat]] = {}
        for stat in self._stats.values():
            children.setdefault(stat.ppid, []).append(stat)
        alive = (self._alive(one) for one in self._known)
        found = list({stat.pid: stat for stat in alive if stat is not None}.values())
        seen = {stat.pid for stat in found}
        for stat in found:  # grows while it is walked
            for child in children.get(stat.pid, ()):
                if child.pid not in seen and child.start_ticks >= stat.start_ticks:
                    seen.add(child.pid)
                    found.append(child)
        return [
            Member((stat.pid, stat.start_ticks), stat)
            for stat in found
            if not stat.is_gone and self._may_signal(stat)
        ]

    def _alive(self, identity: Identity) -> procfs.Stat | None:
        stat = self._stats.get(identity[0])
        if stat is None or stat.start_ticks != identity[1] or stat.is_gone:
            return None
        return stat

    def _may_signal(self, stat: procfs.Stat) -> bool:
        if stat.is_kernel or stat.pid == 1:
            return False
        return self._own_uid == 0 or procfs.owner(stat.pid) == self._own_uid


def send(identity: Identity, number: signal.Signals) -> bool:
    """Send a signal to exactly this process; say whether it was still there.

    Raises ActionError when the user may not.
    """
    pid, ticks = identity
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        stat = procfs.read_stat(pid)  # the handle holds on to the process behind this number
        if stat is None or stat.start_ticks != ticks:
            return False
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    except PermissionError as error:
        raise ActionError(
            "Process {pid} belongs to somebody else; this user may not signal it.", pid=pid
        ) from error
    finally:
        os.close(handle)
    return True
