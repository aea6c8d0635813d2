"""Lanes: the one place that starts threads. Each runs one loop under one name."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Lane:
    name: str
    thread: threading.Thread
    stop: threading.Event
    wake: Callable[[], None] | None


class Lanes:
    """Starts loops in daemon threads and stops them. A loop returns soon after its stop is set."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lanes: list[_Lane] = []
        self._failed: list[str] = []

    @property
    def failed(self) -> tuple[str, ...]:
        """Return the names of the lanes that ended with an exception."""
        return tuple(self._failed)

    def running(self) -> tuple[str, ...]:
        """Return the names of the lanes whose loop still runs."""
        with self._lock:
            return tuple(lane.name for lane in self._lanes if lane.thread.is_alive())

    def start(
        self,
        name: str,
        loop: Callable[[threading.Event], None],
        wake: Callable[[], None] | None = None,
    ) -> None:
        """Run ``loop(stop)`` in a thread of its own.

        ``wake`` is called after ``stop`` was set, for a loop that waits on something else.
        """
        stop = threading.Event()
        thread = threading.Thread(
            target=self._run, args=(name, loop, stop), name=f"aios-{name}", daemon=True
        )
        with self._lock:
            self._lanes.append(_Lane(name, thread, stop, wake))
        thread.start()

    def stop(self, timeout_s: float) -> list[str]:
        """Stop all lanes, last started first told; return the names of those that did not end."""
        with self._lock:
            lanes, self._lanes = self._lanes[::-1], []
        for lane in lanes:
            lane.stop.set()
            if lane.wake is not None:
                lane.wake()
        deadline = monotonic() + timeout_s
        for lane in lanes:
            if lane.thread is not threading.current_thread():
                lane.thread.join(max(0.0, deadline - monotonic()))
        stuck = [lane for lane in lanes if lane.thread.is_alive()]
        if stuck:
            with self._lock:
                self._lanes = stuck[::-1] + self._lanes
            logger.warning("lanes did not end: %s", ", ".join(lane.name for lane in stuck))
        return [lane.name for lane in stuck]

    def _run(
        self, name: str, loop: Callable[[threading.Event], None], stop: threading.Event
    ) -> None:
        try:
            loop(stop)
        except BaseException:
            self._failed.append(name)
            logger.critical(
                "the lane %s died; what it did is not done any more", name, exc_info=True
            )
            return
        if not stop.is_set():
            logger.warning("the lane %s ended by itself", name)
