"""What the parts of the reactor share: what they work with, and how they tell what they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aios_desktop.clock import Clock
from aios_desktop.config import Config
from aios_desktop.events.model import Severity
from aios_desktop.reactor.facts import Facts, Publish
from aios_desktop.reactor.journal import Journal
from aios_desktop.reactor.library import Library
from aios_desktop.scheduler.task import Scheduler
from aios_desktop.skills.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aios_desktop.events.model import Event
    from aios_desktop.reactor.records import Run

SOURCE: Final = "reactor"


@dataclass(frozen=True, slots=True)
class Means:
    """All that the reactor works with."""

    library: Library
    registry: Registry
    journal: Journal
    scheduler: Scheduler
    publish: Publish
    clock: Clock
    config: Config
    facts: Facts


class Teller:
    """Publishes events about runs, each in its run's trace."""

    def __init__(self, publish: Publish, repeats: Callable[[Event], int]) -> None:
        self._publish = publish
        self._repeats = repeats

    def tell(
        self,
        kind: str,
        run: Run,
        severity: Severity = Severity.INFO,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Publish an event about a run."""
        about = {
            "run": run.id,
            "playbook": run.playbook,
            "title": run.plan.title.text(),
            "state": run.state,
            "repeats": self._repeats(run.origin),
        }
        self._publish(
            kind,
            source=SOURCE,
            severity=severity,
            target=run.target,
            data={**about, **(data or {})},
            cause=run.origin,
            durable=True,
        )

    def tell_step(self, kind: str, run: Run, data: Mapping[str, Any]) -> None:
        """Publish an event about a step; a failed undo is the loudest there is."""
        severity = Severity.INFO if data.get("ok", True) else Severity.WARNING
        if kind == "action.undo_failed":
            severity = Severity.CRITICAL
        self.tell(kind, run, severity, data)
