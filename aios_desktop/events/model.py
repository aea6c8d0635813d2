"""The event: an immutable fact about the machine, an agent or ourselves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

Json = Any  # what JSON can hold; payloads come from outside and are checked where they are read
TYPE_FORM: Final = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)+\Z")
MAX_TYPE = 120
MAX_DATA_BYTES = 64 * 1024


class Severity(StrEnum):
    """How bad an event is, in growing order."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info to 3 for critical."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Event:
    """One fact.

    ``id`` is the time in microseconds since the epoch, unique in the store. ``trace`` is the id of
    the first event of the story this one belongs to; ``cause`` the id of the event that led to it
    (0: none). ``target`` names what it is about (a mount, ``pid:started`` of a process, a service).
    """

    id: int
    type: str
    source: str
    severity: Severity = Severity.INFO
    target: str = ""
    data: Mapping[str, Json] = field(default_factory=dict)
    trace: int = 0
    cause: int = 0

    @property
    def time(self) -> float:
        """Seconds since the epoch."""
        return self.id / 1_000_000


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events: times in wall seconds, ``type`` a glob such as ``resource.*``, newest first."""

    since: float | None = None
    until: float | None = None
    type: str = ""
    trace: int = 0
    text: str = ""
    limit: int = 200
