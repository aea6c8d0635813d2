"""What the window and the command line may ask the running core for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aios_desktop.events.model import Event
    from aios_desktop.runtime.views import (
        AgentView,
        Answer,
        ApprovalView,
        DiskView,
        PlaybookFault,
        PlaybookView,
        ProcessView,
        RunView,
        ScoreView,
        Series,
        Status,
    )


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events: times in wall seconds, ``type`` a glob such as ``resource.*``, newest first."""

    since: float | None = None
    until: float | None = None
    type: str = ""
    trace: int = 0
    text: str = ""
    limit: int = 200


class Core(Protocol):
    """The front door of the core. Every method is safe from any thread.

    Reads marked *memory* return at once and may be called from the GUI thread; the others touch
    files and are to be asked through ``background``.
    """

    # memory
    def status(self) -> Status: ...
    def score(self) -> ScoreView: ...
    def score_history(self, seconds: float) -> Series: ...
    def metric_history(self, name: str, seconds: float) -> Series: ...
    def metric_names(self) -> tuple[str, ...]: ...
    def processes(self, limit: int = 10) -> tuple[ProcessView, ...]: ...
    def disks(self) -> tuple[DiskView, ...]: ...
    def agents(self) -> tuple[AgentView, ...]: ...
    def approvals(self) -> tuple[ApprovalView, ...]: ...
    def runs(self, limit: int = 100) -> tuple[RunView, ...]: ...
    def run(self, run_id: int) -> RunView | None: ...
    def playbooks(self) -> tuple[tuple[PlaybookView, ...], tuple[PlaybookFault, ...]]: ...
    def option(self, name: str) -> Any: ...
    def listen(self, handler: Callable[[Event], None]) -> Callable[[], None]:
        """Call ``handler`` (in the publisher's thread, at once) for every event; returns its end."""

    # files
    def events(self, query: EventQuery) -> Sequence[Event]: ...
    def why(self, event_id: int) -> Mapping[str, Any]: ...

    # acts: they return quickly, the work goes on in the core
    def approve(self, approval_id: int, *, by: str, digest: str = "", word: str = "") -> Answer: ...
    def deny(self, approval_id: int, *, by: str) -> Answer: ...
    def undo(self, run_id: int, *, by: str) -> Answer: ...
    def set_option(self, name: str, value: Any) -> None: ...
    def background(self, work: Callable[[], object], then: Callable[[object], None]) -> None:
        """Run ``work`` off this thread; ``then`` gets its value or the exception, in that thread."""
