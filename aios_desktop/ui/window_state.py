"""Remembers where the window was: a small file, and never a reason to fail."""

from __future__ import annotations

import logging
import os
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)
MAX_BYTES: Final = 4096
_MOST: Final = 32_767


@dataclass(frozen=True, slots=True)
class WindowState:
    """Place and size of the window, and the page that was open."""

    x: int
    y: int
    width: int
    height: int
    maximized: bool = False
    page: str = ""


def load(file: Path) -> WindowState | None:
    """Return what was kept, or None when there is nothing that makes sense."""
    if not file.exists():
        return None
    import json  # noqa: PLC0415  only when there is something to read

    try:
        if file.stat().st_size > MAX_BYTES:
            return None
        raw = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(raw, dict) or set(raw) != {field.name for field in fields(WindowState)}:
        return None
    numbers = (raw["x"], raw["y"], raw["width"], raw["height"])
    if not all(type(number) is int and abs(number) <= _MOST for number in numbers):
        return None
    if type(raw["maximized"]) is not bool or type(raw["page"]) is not str:
        return None
    return WindowState(**raw)


def save(file: Path, state: WindowState) -> None:
    """Keep it for the next start. A failure is logged and otherwise ignored."""
    import json  # noqa: PLC0415  not needed at the start

    fresh = file.with_suffix(".new")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with os.fdopen(os.open(fresh, flags, 0o600), "w", encoding="utf-8") as out:
            json.dump(asdict(state), out)
        fresh.replace(file)
    except OSError as error:
        logger.warning("the place of the window is not kept: %s", error)
