"""Keeps which tasks took long: how often, and how long at worst, by name. Bounded, pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SLOW_S: Final = 5.0
MOST_NAMES: Final = 100


@dataclass(frozen=True, slots=True)
class Slow:
    """Tasks of one name that took long."""

    name: str
    count: int
    worst_s: float


class SlowTasks:
    """Counts tasks that held a slot for longer than ``limit_s``."""

    def __init__(self, limit_s: float = SLOW_S) -> None:
        self.limit_s = limit_s
        self.count = 0
        self._found: dict[str, Slow] = {}

    def note(self, name: str, took_s: float) -> bool:
        """Count one; return whether to log it: the 1st, 2nd, 4th, 8th ... of its name."""
        self.count += 1
        old = self._found.get(name)
        if old is None and len(self._found) >= MOST_NAMES:
            return False
        new = Slow(name, old.count + 1 if old else 1, max(took_s, old.worst_s if old else 0.0))
        self._found[name] = new
        return new.count.bit_count() == 1

    def worst(self) -> tuple[Slow, ...]:
        """Return what was slow, the slowest first."""
        return tuple(sorted(self._found.values(), key=lambda x: -x.worst_s))
