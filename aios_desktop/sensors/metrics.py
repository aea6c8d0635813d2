"""The names of all figures that are measured, with their units and labels."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from aios_desktop.i18n import Say

if TYPE_CHECKING:
    from collections.abc import Mapping


class Metric(NamedTuple):
    """What a figure is counted in (``%``, ``B``, ``B/s`` or nothing) and what people call it."""

    unit: str
    label: Say


METRICS: Final[Mapping[str, Metric]] = MappingProxyType(
    {
        "cpu_usage": Metric("%", Say("Processor")),
        "cpu_core_max": Metric("%", Say("Busiest core")),
        "load_1m": Metric("", Say("Load, 1 minute")),
        "load_per_core": Metric("", Say("Load per core")),
        "memory_usage": Metric("%", Say("Memory")),
        "memory_available_bytes": Metric("B", Say("Memory available")),
        "swap_usage": Metric("%", Say("Swap")),
        "disk_usage": Metric("%", Say("Fullest disk")),
        "disk_free_bytes": Metric("B", Say("Free on the fullest disk")),
        "disk_read_bytes_s": Metric("B/s", Say("Disk reading")),
        "disk_write_bytes_s": Metric("B/s", Say("Disk writing")),
        "net_recv_bytes_s": Metric("B/s", Say("Network received")),
        "net_sent_bytes_s": Metric("B/s", Say("Network sent")),
        "process_count": Metric("", Say("Processes")),
        "cpu_pressure": Metric("%", Say("Waiting for the processor")),
        "memory_pressure": Metric("%", Say("Waiting for memory")),
        "io_pressure": Metric("%", Say("Waiting for the disk")),
        "own_cpu": Metric("%", Say("Processor used by AIOS")),
        "own_memory_bytes": Metric("B", Say("Memory used by AIOS")),
    }
)
