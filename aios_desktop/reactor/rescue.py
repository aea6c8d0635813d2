"""When the journal cannot be written: say so, do nothing more, and look after the run later.

A full disk must neither leave a run hanging nor let one go on without its journal. The run is
brought on as after a crash (see recovery), again and again until the disk works.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from aios_desktop.errors import AiosError
from aios_desktop.events.model import Severity
from aios_desktop.reactor.means import SOURCE, Means
from aios_desktop.scheduler.task import Priority

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event as Flag

logger = logging.getLogger(__name__)

EVERY_S: Final = 5.0


class Rescue:
    """Guards work on runs; ``bring_on(run_id)`` takes a run up from where its journal stands."""

    def __init__(self, means: Means, stopping: Flag, bring_on: Callable[[int], None]) -> None:
        self._means = means
        self._stopping = stopping
        self._bring_on = bring_on

    def guard(self, run_id: int, work: Callable[[], None]) -> None:
        """Do work on a run (0: on none yet) and survive a journal that cannot be written."""
        try:
            work()
        except AiosError as error:
            self._tell(run_id, error)
            if run_id and not self._stopping.is_set():
                self._means.scheduler.after(
                    EVERY_S,
                    lambda: self.guard(run_id, lambda: self._bring_on(run_id)),
                    priority=Priority.P1,
                    name="rescue",
                )

    def _tell(self, run_id: int, error: AiosError) -> None:
        logger.warning("run %s waits for its journal: %s", run_id, error)
        self._means.publish(
            "store.trouble",
            source=SOURCE,
            severity=Severity.ERROR,
            target="state.db",
            data={"text": str(error), "run": run_id},
        )
