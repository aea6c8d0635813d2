"""Reading /proc: the cheapest facts about processes, and their identity.

A process is named by its pid and its start time; a pid alone may be somebody else's a moment later.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final, NamedTuple

PROC: Final = Path("/proc")
TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
MAX_COMMAND_BYTES: Final = 4096
_KERNEL_THREAD: Final = 0x00200000  # PF_KTHREAD in the kernel's task flags
STATES: Final = {
    "R": "running",
    "S": "sleeping",
    "D": "disk-sleep",
    "T": "stopped",
    "t": "tracing-stop",
    "Z": "zombie",
    "I": "idle",
    "X": "dead",
}


class Stat(NamedTuple):
    """One line of /proc/PID/stat, as far as we use it. ``start_ticks`` count from the boot."""

    pid: int
    name: str  # at most 15 characters
    state: str  # the kernel's letter
    ppid: int
    session: int
    tty: int
    cpu_ticks: int
    start_ticks: int
    memory_bytes: int
    is_kernel: bool

    @property
    def is_stopped(self) -> bool:
        """Say whether the process stands still, stopped by a signal or a debugger."""
        return self.state in "Tt"

    @property
    def is_gone(self) -> bool:
        """Say whether nothing but its entry is left."""
        return self.state in "ZX"


def pids() -> list[int]:
    """Return the numbers of all processes that can be seen."""
    with os.scandir(PROC) as entries:
        return [int(entry.name) for entry in entries if entry.name.isdecimal()]


def read_stat(pid: int) -> Stat | None:
    """Return the facts of one process, or None when it is gone or cannot be read."""
    raw = _read(f"/proc/{pid}/stat", 1024)
    close = raw.rfind(b")")
    if close < 0:
        return None
    name = raw[raw.find(b"(") + 1 : close].decode("utf-8", "replace")
    part = raw[close + 2 :].split()
    try:
        return Stat(
            pid=pid,
            name=name,
            state=part[0].decode("ascii"),
            ppid=int(part[1]),
            session=int(part[3]),
            tty=int(part[4]),
            cpu_ticks=int(part[11]) + int(part[12]),
            start_ticks=int(part[19]),
            memory_bytes=int(part[21]) * PAGE_BYTES,
            is_kernel=bool(int(part[6]) & _KERNEL_THREAD),
        )
    except (ValueError, IndexError):
        return None


def read_all() -> list[Stat]:
    """Return the facts of all processes; those that vanish meanwhile are left out."""
    found = (read_stat(pid) for pid in pids())
    return [stat for stat in found if stat is not None]


def read_command(pid: int) -> tuple[str, ...]:
    """Return the arguments a process was started with, cut at 4 KiB; empty when unknown."""
    raw = _read(f"/proc/{pid}/cmdline", MAX_COMMAND_BYTES)
    return tuple(part.decode("utf-8", "replace") for part in raw.rstrip(b"\0").split(b"\0") if part)


def owner(pid: int) -> int | None:
    """Return the effective user id of a process, or None when it is gone."""
    try:
        return os.stat(f"/proc/{pid}").st_uid  # noqa: PTH116  hot path
    except OSError:
        return None


def boot_time() -> float:
    """Return the wall time of the boot as the kernel tells it now (it moves with the clock)."""
    for line in _read("/proc/stat", 1 << 20).splitlines():
        if line.startswith(b"btime "):
            return float(line.split()[1])
    return 0.0


def boot_id() -> str:
    """Return what names this boot, so that a stored identity never fits after a restart."""
    return _read("/proc/sys/kernel/random/boot_id", 64).decode("ascii", "replace").strip()


def uptime_ticks() -> int:
    """Return now on the clock that ``start_ticks`` use."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * TICKS_PER_S)


def _read(path: str, limit: int) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, limit)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
