"""What the core does by the clock, and what it tells about itself: playbook files, caches,
maintenance, faults of the store and of the journal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aios_desktop.events.model import Severity
from aios_desktop.i18n import Say

if TYPE_CHECKING:
    from collections.abc import Callable

    from aios_desktop.config import Value
    from aios_desktop.events.model import Event
    from aios_desktop.events.trouble import Trouble
    from aios_desktop.runtime.parts import Parts

PLAYBOOKS_EVERY_S: Final = 3.0
HOUSEKEEPING_EVERY_S: Final = 600.0
CACHES_FIRST_S: Final = 300.0
CACHES_EVERY_S: Final = 6 * 3600.0
MAINTENANCE_FIRST_S: Final = 120.0
MAINTENANCE_EVERY_S: Final = 3600.0


class Upkeep:
    """Keeps the house while the core runs."""

    def __init__(self, parts: Parts) -> None:
        self._p = parts
        self._stopped = False
        self._ends: list[Callable[[], None]] = []

    def start(self) -> None:
        """Begin to listen and to look; the playbooks are loaded when this returns."""
        p = self._p
        self._ends = [
            p.bus.subscribe("store.trouble", self._journal_trouble),
            p.bus.subscribe("run.*", self._journal_works),
            p.config.listen(self._option_changed),
        ]
        self.look_at_playbooks()
        self.every(PLAYBOOKS_EVERY_S, self.look_at_playbooks)
        self.every(HOUSEKEEPING_EVERY_S, p.reactor.housekeeping)
        self.every(CACHES_EVERY_S, self._look_at_caches, first=CACHES_FIRST_S)
        self.every(MAINTENANCE_EVERY_S, self._maintain, first=MAINTENANCE_FIRST_S)

    def stop(self) -> None:
        """Look no more."""
        self._stopped = True
        for end in self._ends:
            end()

    def every(
        self, seconds: float, work: Callable[[], None], *, first: float | None = None
    ) -> None:
        """Run ``work`` on a worker every so often; ``first`` says when to begin."""

        def again() -> None:
            if self._stopped:
                return
            try:
                work()
            finally:
                self._p.scheduler.after(seconds, again, name=work.__name__)

        start = seconds if first is None else first
        self._p.scheduler.after(start, again, name=work.__name__)

    def _option_changed(self, name: str, value: Value) -> None:
        data = {"name": name, "value": value}
        self._p.bus.publish("config.changed", source="app", target=name, data=data)

    def look_at_playbooks(self) -> None:
        """Load what changed in the playbook folders, and tell what is refused."""
        p = self._p
        if not p.library.refresh():
            return
        if p.library.refused:
            self._tell_refused()
        else:
            p.notices.drop("playbooks")
        p.bus.publish("playbook.loaded", source="reactor", data={"n": len(p.library.all())})

    def _tell_refused(self) -> None:
        refused = self._p.library.refused
        first = refused[0]
        text = Say(
            "{n} playbooks are refused. The first: {fault}",
            {"n": len(refused), "fault": first.faults[0].text()},
        )
        if not self._p.notices.put("playbooks", "warning", text):
            return
        self._p.bus.publish(
            "playbook.refused",
            source="reactor",
            severity=Severity.WARNING,
            target=str(first.file),
            data={
                "files": [str(found.file) for found in refused],
                "faults": [fault.text() for found in refused for fault in found.faults],
                "kept": [str(found.file) for found in refused if found.kept],
            },
        )

    def _look_at_caches(self) -> None:
        self._p.caches.look()

    def _maintain(self) -> None:
        for trouble in self._p.maintenance.look():
            self.trouble(trouble)

    def _journal_trouble(self, event: Event) -> None:
        if event.target == "state.db":
            text = Say("{reason}", {"reason": str(event.data.get("text", ""))})
            self._p.notices.put("journal", "error", text)

    def _journal_works(self, event: Event) -> None:
        del event
        self._p.notices.drop("journal")

    def trouble(self, trouble: Trouble) -> None:
        """Show a fault of the store while it lasts; an informative one ends it."""
        if trouble.severity is Severity.INFO:
            self._p.notices.drop(trouble.id)
        else:
            self._p.notices.put(trouble.id, str(trouble.severity), trouble.text)
        if trouble.id.startswith("events.damaged"):
            self._p.keeper.look_soon()  # what is whole in the file comes back
        self._p.bus.publish(
            "store.trouble",
            source="store",
            severity=trouble.severity,
            target=trouble.id,
            data={"text": trouble.text.text(), "lost": self._p.store.lost},
        )
