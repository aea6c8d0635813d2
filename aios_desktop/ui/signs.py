"""What happened, as icons over a curve: warnings, failures, repairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aios_desktop.events.model import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aios_desktop.events.model import Event

MOST: Final = 200
_BAD = (Severity.ERROR, Severity.CRITICAL)


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that happened, as an icon in a colour role."""

    at: float
    icon: str
    tone: str


def signs_of(events: Sequence[Event]) -> tuple[Sign, ...]:
    """Return what went wrong and what was repaired, oldest first."""
    signs = [sign for event in events if (sign := _sign(event)) is not None]
    return tuple(sorted(signs, key=lambda sign: sign.at)[-MOST:])


def _sign(event: Event) -> Sign | None:
    if event.type == "run.finished" and event.data.get("outcome") == "fixed":
        return Sign(event.time, "bolt", "ok")
    if event.severity in _BAD:
        return Sign(event.time, "cross", "bad")
    if event.severity is Severity.WARNING and event.type.startswith("resource."):
        return Sign(event.time, "warn", "warn")
    return None
