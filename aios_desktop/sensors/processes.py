"""The table of processes: who they are and what they use.

Names, owners and command lines are kept between two looks, so that a look costs one small read for
each process.
"""

from __future__ import annotations

import os
import pwd
import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from aios_desktop.errors import AiosError
from aios_desktop.sensors import procfs
from aios_desktop.sensors.mask import masked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aios_desktop.clock import Clock

_KEY_FORM: Final = re.compile(r"([0-9]{1,10}):([0-9]{1,12}(?:\.[0-9]{1,6})?)\Z")
YOUNG_S: Final = 10.0  # a process this young may still become another program (fork, then exec)


def key(pid: int, started: float) -> str:
    """Return the name of a process that survives the reuse of its pid."""
    return f"{pid}:{started:.2f}"


def parse_key(text: str) -> tuple[int, float]:
    """Return pid and start time of a key. Raises AiosError when it is none."""
    match = _KEY_FORM.match(text)
    if match is None:
        raise AiosError(
            "{process} does not name a process; it is written as pid:started.", process=text[:60]
        )
    return int(match[1]), float(match[2])


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """A process at the moment of the look. ``cpu_percent`` is of one core since the look before."""

    pid: int
    started: float  # wall seconds
    ppid: int
    name: str
    command: str  # secrets masked, at most 300 characters
    user: str
    cpu_percent: float
    memory_bytes: int
    state: str
    uid: int = -1
    session: int = 0
    tty: int = 0  # 0: no terminal
    is_kernel: bool = False
    start_ticks: int = 0  # since the boot: with the pid, the exact identity

    @property
    def key(self) -> str:
        """Return ``pid:started``."""
        return key(self.pid, self.started)

    @property
    def title(self) -> str:
        """Return what a person would call it: the script that an interpreter runs, else the name."""
        return script_of(self.name, self.command) or self.name


_INTERPRETER: Final = re.compile(r"(python|pypy|node|ruby|perl|php|lua|bash|dash|zsh|sh)[\d.]*\Z")


def script_of(name: str, command: str) -> str:
    """Return the file name of the script or module that an interpreter runs, or nothing."""
    if not _INTERPRETER.match(name):
        return ""
    words = iter(command.split()[1:])
    for word in words:
        if word == "-m":
            return next(words, "")[:60]
        if word in {"-X", "-W", "-r"}:
            next(words, "")  # its value
            continue
        if word in {"-c", "-e"} or (
            word.startswith("-") and "c" in word[1:] and name.endswith("sh")
        ):
            return ""  # a program on the command line has no name of its own
        if not word.startswith("-"):
            return word.rsplit("/", 1)[-1][:60]
    return ""


@dataclass(frozen=True, slots=True)
class ProcessTable:
    """All processes at one moment. ``window_s`` is the time that the CPU figures cover (0: none)."""

    at: float
    mono: float
    rows: tuple[ProcessRow, ...] = ()
    window_s: float = 0.0

    def by_pid(self) -> Mapping[int, ProcessRow]:
        """Return the rows by pid."""
        return {row.pid: row for row in self.rows}


@dataclass(slots=True)
class _Known:
    """What is kept of a process between two looks."""

    start_ticks: int
    cpu_ticks: int
    comm: str
    name: str
    command: str
    uid: int
    user: str
    is_settled: bool


class ProcessSensor:
    """Reads the table of processes. Not for use by two threads at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._boot = procfs.boot_time()
        self._known: dict[int, _Known] = {}
        self._users: dict[int, str] = {}
        self._last: float | None = None

    def read(self) -> ProcessTable:
        """Look at all processes now."""
        mono = self._clock.monotonic()
        window = 0.0 if self._last is None else mono - self._last
        known: dict[int, _Known] = {}
        rows = []
        now_ticks = procfs.uptime_ticks()
        for pid in procfs.pids():
            stat = procfs.read_stat(pid)
            if stat is None:
                continue
            old = self._known.get(pid)
            if old is not None and old.start_ticks != stat.start_ticks:
                old = None
            percent = _percent(stat, old, window, now_ticks)  # before the old figures go
            fresh = self._identify(stat, old, now_ticks)
            if fresh is None:
                continue
            known[pid] = fresh
            rows.append(self._row(stat, fresh, percent))
        self._known = known
        self._last = mono
        return ProcessTable(self._clock.now(), mono, tuple(rows), window)

    def _identify(self, stat: procfs.Stat, old: _Known | None, now_ticks: int) -> _Known | None:
        """Return what is known of a process, looking again only when it may have changed."""
        if old is not None and old.is_settled and old.comm == stat.name:
            old.cpu_ticks = stat.cpu_ticks
            return old
        uid = procfs.owner(stat.pid)
        if uid is None:
            return None
        arguments = () if stat.is_kernel else procfs.read_command(stat.pid)
        age = (now_ticks - stat.start_ticks) / procfs.TICKS_PER_S
        return _Known(
            start_ticks=stat.start_ticks,
            cpu_ticks=stat.cpu_ticks,
            comm=stat.name,
            name=full_name(stat.name, arguments),
            command=masked(arguments) or f"[{stat.name}]",
            uid=uid,
            user=self._user(uid),
            is_settled=age > YOUNG_S,
        )

    def _row(self, stat: procfs.Stat, known: _Known, cpu_percent: float) -> ProcessRow:
        return ProcessRow(
            pid=stat.pid,
            started=started(stat, self._boot),
            ppid=stat.ppid,
            name=known.name,
            command=known.command,
            user=known.user,
            cpu_percent=cpu_percent,
            memory_bytes=stat.memory_bytes,
            state=procfs.STATES.get(stat.state, "sleeping"),
            uid=known.uid,
            session=stat.session,
            tty=stat.tty,
            is_kernel=stat.is_kernel,
            start_ticks=stat.start_ticks,
        )

    def _user(self, uid: int) -> str:
        if uid not in self._users:
            if len(self._users) > 1000:
                self._users.clear()
            self._users[uid] = user_name(uid)
        return self._users[uid]


def started(stat: procfs.Stat, boot: float) -> float:
    """Return the wall time at which a process began."""
    return boot + stat.start_ticks / procfs.TICKS_PER_S


def user_name(uid: int) -> str:
    """Return the name of a user, or the number when there is none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def full_name(comm: str, arguments: tuple[str, ...]) -> str:
    """Return a process's name; the kernel keeps only 15 characters, the command line has all."""
    if len(comm.encode()) >= 15 and arguments:
        longer = PurePath(arguments[0]).name
        if longer.startswith(comm):
            return longer[:80]
    return comm


def own_uid() -> int:
    """Return the user this program acts as."""
    return os.geteuid()


def _percent(stat: procfs.Stat, old: _Known | None, window: float, now_ticks: int) -> float:
    """Return the use of one core since the look before, in percent."""
    if window <= 0:
        return 0.0
    if old is None:
        age = (now_ticks - stat.start_ticks) / procfs.TICKS_PER_S
        used = stat.cpu_ticks if age <= window + 0.05 else 0
    else:
        used = stat.cpu_ticks - old.cpu_ticks
    return max(0.0, 100.0 * used / procfs.TICKS_PER_S / window)
