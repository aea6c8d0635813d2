"""The figures of the machine as a whole, through psutil.

A figure that cannot be had is left out; reading never raises.
"""

from __future__ import annotations

import contextlib
import os
import re
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
MEMORY_INFO: Final = Path("/proc/meminfo")
BLOCK_DEVICES: Final = Path("/sys/block")
_STACKED: Final = ("loop", "ram", "zram", "dm-", "md", "sr", "fd")  # counted below, or no disks
_AVG10: Final = re.compile(rb"some avg10=([0-9.]+) ")
_MEMORY_LINE: Final = re.compile(rb"^(MemTotal|MemAvailable|SwapTotal|SwapFree): +(\d+) kB$", re.M)
_READ_ONLY: Final = frozenset({"squashfs", "iso9660", "erofs", "cramfs", "udf"})


class SystemSensor:
    """Reads the figures of the machine. Not for use by two threads at once.

    ``pressure`` is the folder of the kernel's pressure figures, ``memory_info`` its file about memory.
    """

    def __init__(
        self, clock: Clock, *, pressure: Path = PRESSURE, memory_info: Path = MEMORY_INFO
    ) -> None:
        import psutil  # noqa: PLC0415  the window must be on screen before this is imported

        self._psutil = psutil
        self._clock = clock
        self._cores = os.cpu_count() or 1
        self._pressure = {
            f"{name}_pressure": str(pressure / name)
            for name in ("cpu", "memory", "io")
            if (pressure / name).is_file()
        }
        self._memory_info = str(memory_info)
        self._process = psutil.Process()
        self._whole_disks: frozenset[str] = _whole_disks()
        self._parts = (
            self._cpu,
            self._memory,
            self._io,
            self._network,
            self._processes,
            self._pressures,
            self._own,
        )
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
        for part in self._parts:
            _into(metrics, part)
        if mono >= self._disks_due or mono < self._disks_due - DISKS_EVERY_S:
            self._disks_due = mono + DISKS_EVERY_S
            self._disks = self._read_disks()
            self._whole_disks = _whole_disks()
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
        """Add memory and swap from one small read; psutil reads three files for the same."""
        found = _memory_info(self._memory_info)
        total, available = found.get(b"MemTotal", 0), found.get(b"MemAvailable")
        if available is None or total <= 0:  # another system, or a very old kernel
            self._portable_memory(out)
            return
        out["memory_usage"] = _clamped(round(100.0 * (total - available) / total, 1))
        out["memory_available_bytes"] = float(available)
        swap, free = found.get(b"SwapTotal", 0), found.get(b"SwapFree", 0)
        if swap > 0:
            out["swap_usage"] = _clamped(round(100.0 * (swap - free) / swap, 1))

    def _portable_memory(self, out: dict[str, float]) -> None:
        memory = self._psutil.virtual_memory()
        out["memory_usage"] = memory.percent
        out["memory_available_bytes"] = float(memory.available)
        swap = self._psutil.swap_memory()
        if swap.total > 0:
            out["swap_usage"] = swap.percent

    def _io(self, out: dict[str, float]) -> None:
        disks = self._psutil.disk_io_counters(perdisk=True, nowrap=False)
        counted = [count for name, count in disks.items() if name in self._whole_disks]
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
            with contextlib.suppress(OSError, ValueError):
                out[name] = _pressure(file)

    def _own(self, out: dict[str, float]) -> None:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        used = usage.ru_utime + usage.ru_stime
        mono = self._clock.monotonic()
        if self._last is not None and mono > self._last:
            out["own_cpu"] = 100.0 * (used - self._own_cpu_s) / (mono - self._last)
        self._own_cpu_s = used
        out["own_memory_bytes"] = float(self._process.memory_info().rss)

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


def _pressure(file: str) -> float:
    """Return the share of the last ten seconds in which some task waited, in percent."""
    match = _AVG10.match(_read(file))
    if match is None:
        raise ValueError(file)
    return float(match[1])


def _memory_info(file: str) -> dict[bytes, int]:
    """Return the bytes of each kind of memory that the kernel tells of."""
    try:
        raw = _read(file)
    except OSError:
        return {}
    return {name: 1024 * int(kilobytes) for name, kilobytes in _MEMORY_LINE.findall(raw)}


def _read(file: str) -> bytes:
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 8192)
    finally:
        os.close(descriptor)


def _whole_disks() -> frozenset[str]:
    """Return the names of real disks, without partitions and without devices made of others."""
    try:
        names = [entry.name for entry in BLOCK_DEVICES.iterdir()]
    except OSError:
        return frozenset()
    return frozenset(name for name in names if not name.startswith(_STACKED))


def _clamped(percent: float) -> float:
    return min(100.0, max(0.0, percent))
