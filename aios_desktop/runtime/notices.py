"""What AIOS has to say about itself: faults that last, shown until they end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from aios_desktop.runtime.views import Notice

if TYPE_CHECKING:
    from aios_desktop.clock import Clock
    from aios_desktop.i18n import Say


class Notices:
    """A small board; safe to use from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._notices: dict[str, Notice] = {}

    def put(self, key: str, severity: str, text: Say) -> bool:
        """Show a notice; say whether it is new or has changed."""
        with self._lock:
            old = self._notices.get(key)
            if old is not None and old.text == text and old.severity == severity:
                return False
            self._notices[key] = Notice(key, severity, text, self._clock.now())
            return True

    def drop(self, key: str) -> None:
        """Take a notice down."""
        with self._lock:
            self._notices.pop(key, None)

    def all(self) -> tuple[Notice, ...]:
        """Return what is shown now."""
        with self._lock:
            return tuple(self._notices.values())
