"""How a long question is followed and ended by whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aios_desktop.errors import AiosError


class QueryCancelled(AiosError):
    """The asker does not want the answer any more."""

    def __init__(self) -> None:
        super().__init__("The search was stopped.")


@dataclass(frozen=True, slots=True)
class Watch:
    """``cancelled`` is asked often and from the asking thread; ``progress`` gets 0.0 to 1.0."""

    cancelled: Callable[[], bool] | None = None
    progress: Callable[[float], None] | None = None

    def check(self) -> None:
        """Raise QueryCancelled when the asker has gone."""
        if self.cancelled is not None and self.cancelled():
            raise QueryCancelled

    def step(self, part: float) -> None:
        """Say how far it is, and look whether it shall go on."""
        self.check()
        if self.progress is not None:
            self.progress(part)
