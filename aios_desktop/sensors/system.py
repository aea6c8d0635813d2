"""The figures of the machine as a whole, through psutil.

A figure that cannot be had is left out; reading never raises.
"""

from __future__ import annotations

import contextlib
import os
import resource
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aios_desktop.sensors.reading import Disk, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aios_desktop.clock import Clock

DISKS_EVERY_S: Final = 30.0
MAX_DISKS: Final = 64
PRESSURE: Final = Path("/proc/pressure")
BLOCK_DEVICES: Final = Path("/sys/block")
_STACKED: Final = ("loop", "ram", "zram", "dm-", "md", "sr", "fd")  # counted below, or no disks
_READ_ONLY: Final = frozenset({"squashfs", "iso9660", "erofs", "cramfs", "udf"})


class SystemSensor:
    """Reads the figures of the machine. Not for use by two threads at once.

    ``pressure`` is the folder of the kernel's pressure figures.
    """

    def __init__(self, clock: Clock, *, pressure: Path = PRESSURE) -> None:
        import psutil  # noqa: PLC0415  the window must be on screen before this is imported

        self._psutil = psutil
        self._clock = clock
        self._cores = os.cpu_count() or 1
        self._pressure = {
            f"{name}_pressure": pressure / name
            for name in ("cpu", "memory", "io")
            if (pressure / name).is_file()
        }
        self._rates = _Rates()
        self._core_times: list[tuple[float, float]] = []
        self._disks: tuple[Disk, ...] = ()
        self._disks_due = float("-inf")
        self._own_cpu_s = 0.0
        self._last: float | None = None

    def read(self) -> Reading:
        """Look at the machine now."""
        at, mono = self._clock.now(), self._clock.monotonic()
        metrics: dict[str, float] = {}
        for part in (self._cpu, self._memory, self._swap, self._io, self._network, self._processes):
            _into(metrics, part)
        _into(metrics, self._pressures)
        _into(metrics, self._own)
        if mono >= self._disks_due or mono < self._disks_due - DISKS_EVERY_S:
            self._disks_due = mono + DISKS_EVERY_S
            self._disks = self._read_disks()
        reading = Reading(at, mono, metrics, self._disks)
        if fullest := reading.fullest():
            metrics["disk_usage"] = fullest.percent
            metrics["disk_free_bytes"] = float(fullest.free_bytes)
        self._last = mono
        return reading

    def _cpu(self, out: dict[str, float]) -> None:
        load = os.getloadavg()[0]
        out["load_1m"] = load
        out["load_per_core"] = load / self._cores
        before, self._core_times = self._core_times, self._read_core_times()
        if len(before) != len(self._core_times):  # the first look, or a core came or went
            return
        pairs = zip(before, self._core_times, strict=True)
        moved = [(busy - was_busy, total - was) for (was_busy, was), (busy, total) in pairs]
        total = sum(core_total for _busy, core_total in moved)
        if total <= 0:
            return
        busy = sum(core_busy for core_busy, _total in moved)
        out["cpu_usage"] = _clamped(100.0 * busy / total)
        cores = [100.0 * busy / total for busy, total in moved if total > 0]
        out["cpu_core_max"] = _clamped(max(cores))

    def _read_core_times(self) -> list[tuple[float, float]]:
        """Return busy and total seconds of each core; waiting for a disk is not busy."""
        found = []
        for times in self._psutil.cpu_times(percpu=True):
            total = sum(times[:8])  # guest time is already part of user time
            idle = times.idle + getattr(times, "iowait", 0.0)
            found.append((total - idle, total))
        return found

    def _memory(self, out: dict[str, float]) -> None:
        memory = self._psutil.virtual_memory()
        out["memory_usage"] = memory.percent
        out["memory_available_bytes"] = float(memory.available)

    def _swap(self, out: dict[str, float]) -> None:
        swap = self._psutil.swap_memory()
        if swap.total > 0:
            out["swap_usage"] = swap.percent

    def _io(self, out: dict[str, float]) -> None:
        disks = self._psutil.disk_io_counters(perdisk=True, nowrap=False)
        whole = _whole_disks()
        counted = [count for name, count in disks.items() if name in whole]
        if not counted:
            return
        rates, mono = self._rates, self._clock.monotonic()
        rates.put(out, "disk_read_bytes_s", sum(c.read_bytes for c in counted), mono)
        rates.put(out, "disk_write_bytes_s", sum(c.write_bytes for c in counted), mono)

    def _network(self, out: dict[str, float]) -> None:
        cards = self._psutil.net_io_counters(pernic=True, nowrap=False)
        counted = [count for name, count in cards.items() if name != "lo"]
        rates, mono = self._rates, self._clock.monotonic()
        rates.put(out, "net_recv_bytes_s", sum(c.bytes_recv for c in counted), mono)
        rates.put(out, "net_sent_bytes_s", sum(c.bytes_sent for c in counted), mono)

    def _processes(self, out: dict[str, float]) -> None:
        out["process_count"] = float(len(self._psutil.pids()))

    def _pressures(self, out: dict[str, float]) -> None:
        for name, file in self._pressure.items():
            _into(out, lambda found, name=name, file=file: _pressure(found, name, file))  # type: ignore[misc]

    def _own(self, out: dict[str, float]) -> None:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        used = usage.ru_utime + usage.ru_stime
        mono = self._clock.monotonic()
        if self._last is not None and mono > self._last:
            out["own_cpu"] = 100.0 * (used - self._own_cpu_s) / (mono - self._last)
        self._own_cpu_s = used
        out["own_memory_bytes"] = float(self._psutil.Process().memory_info().rss)

    def _read_disks(self) -> tuple[Disk, ...]:
        try:
            mounts = list(self._mounts())
        except OSError:
            mounts = ["/"]
        found: dict[int, Disk] = {}
        for mount in mounts[:MAX_DISKS]:
            try:
                device = Path(mount).stat().st_dev
                usage = self._psutil.disk_usage(mount)
            except OSError:
                continue
            if usage.total > 0 and device not in found:
                found[device] = Disk(mount, usage.total, usage.used, usage.free, usage.percent)
        return tuple(found.values())

    def _mounts(self) -> Iterable[str]:
        """Return the root, the home folder and every disk that can be written to."""
        yield "/"
        for part in self._psutil.disk_partitions(all=False):
            options = part.opts.split(",")
            if part.fstype not in _READ_ONLY and "ro" not in options:
                yield part.mountpoint
        yield str(Path.home())


class _Rates:
    """Turns counters that only grow into figures per second."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[float, float]] = {}

    def put(self, out: dict[str, float], name: str, count: float, mono: float) -> None:
        """Add the rate since the last call, unless the counter was reset or time stood still."""
        before = self._last.get(name)
        self._last[name] = (count, mono)
        if before is not None and mono > before[1] and count >= before[0]:
            out[name] = (count - before[0]) / (mono - before[1])


def _into(metrics: dict[str, float], part: Callable[[dict[str, float]], None]) -> None:
    """Let a part add its figures; what it cannot read stays out."""
    with contextlib.suppress(Exception):  # psutil raises many kinds; each means "not known"
        part(metrics)


def _pressure(out: dict[str, float], name: str, file: Path) -> None:
    """Add the share of the last ten seconds in which some task waited."""
    first = file.read_text("ascii").split("\n", 1)[0]
    for word in first.split():
        if word.startswith("avg10="):
            out[name] = float(word[6:])


def _whole_disks() -> frozenset[str]:
    """Return the names of real disks, without partitions and without devices made of others."""
    names = (entry.name for entry in BLOCK_DEVICES.iterdir())
    return frozenset(name for name in names if not name.startswith(_STACKED))


def _clamped(percent: float) -> float:
    return min(100.0, max(0.0, percent))
