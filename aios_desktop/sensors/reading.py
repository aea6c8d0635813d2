"""One look at the machine as plain data, and what sensors need from the bus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from aios_desktop.events.model import Event, Severity


@dataclass(frozen=True, slots=True)
class Disk:
    """A mounted file system and how full it is."""

    mount: str
    total_bytes: int
    used_bytes: int
    free_bytes: int  # for this user; less than total minus used where blocks are reserved
    percent: float


@dataclass(frozen=True, slots=True)
class Reading:
    """All figures of one moment. ``at`` is wall time, ``mono`` monotonic time.

    A figure that could not be had is missing from ``metrics``.
    """

    at: float
    mono: float
    metrics: Mapping[str, float]
    disks: tuple[Disk, ...] = field(default=())

    def fullest(self) -> Disk | None:
        """Return the disk with the least room, or None when none is known."""
        return max(self.disks, key=lambda disk: disk.percent, default=None)


class Publish(Protocol):
    """How an event gets onto the bus; ``EventBus.publish`` fits."""

    def __call__(
        self,
        type: str,  # noqa: A002  the word of the event model
        *,
        source: str,
        severity: Severity,
        target: str = "",
        data: Mapping[str, Any] | None = None,
        cause: Event | None = None,
    ) -> Event:
        """Publish an event and return it."""
