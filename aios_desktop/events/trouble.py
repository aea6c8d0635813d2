"""What is wrong with a place where we keep things."""

from __future__ import annotations

from dataclasses import dataclass

from aios_desktop.events.model import Severity
from aios_desktop.i18n import Say


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault that a person should know of; ``id`` stays the same while it lasts."""

    id: str
    severity: Severity
    text: Say
