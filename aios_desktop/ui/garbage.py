"""Collects cyclic garbage in the GUI thread only.

Python collects in whatever thread happens to allocate. A worker that frees a forgotten widget
destroys it in the wrong thread, and Qt crashes. So automatic collection is off while there is a
window, and a timer does it where the widgets live.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, QTimer, Slot

if TYPE_CHECKING:
    from collections.abc import Sequence

EVERY_MS: Final = 4000


class Collector(QObject):
    """Takes over the collection from its making until ``close``. Make it in the GUI thread."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._was_on = gc.isenabled()
        self._frozen = False
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.VeryCoarseTimer)
        self._timer.timeout.connect(self.look)
        self._timer.start(EVERY_MS)

    @Slot()
    def look(self) -> None:
        """Collect the oldest generation that is due, by Python's own thresholds."""
        if not self._frozen:  # what the start left stays; looking at it again would cost 40 ms
            self._frozen = True
            gc.freeze()
        generation = due(gc.get_count(), gc.get_threshold())
        if generation is not None:
            gc.collect(generation)

    def close(self) -> None:
        """Give the collection back to Python."""
        self._timer.stop()
        gc.unfreeze()
        if self._was_on:
            gc.enable()


def due(counts: Sequence[int], thresholds: Sequence[int]) -> int | None:
    """Return the oldest generation whose count is over its threshold, or None."""
    for generation in (2, 1, 0):
        if counts[generation] > thresholds[generation]:
            return generation
    return None
