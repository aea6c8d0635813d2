"""AIOS's own sign of life: how it does, every ``heartbeat.interval`` seconds."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aios_desktop.config import Config
    from aios_desktop.scheduler.task import Scheduler


class Heartbeat:
    """Beats; a changed interval holds from the next beat on, counted from the change."""

    def __init__(
        self, config: Config, scheduler: Scheduler, beat: Callable[[Mapping[str, object]], None]
    ) -> None:
        self._config = config
        self._scheduler = scheduler
        self._beat = beat
        self._lock = threading.Lock()
        self._cancel: Callable[[], None] | None = None
        self._end_listening: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin to beat."""
        self._end_listening = self._config.listen(self._changed)
        self._arm()

    def stop(self) -> None:
        """Beat no more."""
        if self._end_listening is not None:
            self._end_listening()
        with self._lock:
            if self._cancel is not None:
                self._cancel()
            self._cancel = None

    def _arm(self) -> None:
        interval = self._config.number("heartbeat.interval")
        with self._lock:
            if self._cancel is not None:
                self._cancel()
            self._cancel = self._scheduler.after(interval, self._strike, name="heartbeat")

    def _strike(self) -> None:
        self._beat({"interval_s": self._config.number("heartbeat.interval")})
        self._arm()

    def _changed(self, name: str, value: object) -> None:
        del value
        if name == "heartbeat.interval":
            self._arm()
