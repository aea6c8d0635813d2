"""What a page is: what it is given, what it tells, and when it is asked to show fresh data."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot

from aios_desktop.clock import Clock
from aios_desktop.errors import AiosError
from aios_desktop.i18n import _
from aios_desktop.runtime.port import Core
from aios_desktop.runtime.views import Answer
from aios_desktop.ui.bridge import Bridge
from aios_desktop.ui.theme import Theme
from aios_desktop.ui.widgets import Plain

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

logger = logging.getLogger(__name__)
ALL_TOPICS = frozenset(
    ("score", "runs", "approvals", "agents", "metrics", "playbooks", "status", "options")
)


def _nowhere(text: str) -> None:
    del text


@dataclass(frozen=True, slots=True)
class Context:
    """What every page is given.

    ``open_approval(id)`` shows the dialog of a waiting decision; ``go_to(page, argument)`` opens
    another page: ``("events", filter text)``, ``("repairs", run id as text)``; ``tell(sentence)``
    shows a short answer under the top bar for some seconds.
    """

    core: Core
    bridge: Bridge
    theme: Theme
    clock: Clock
    open_approval: Callable[[int], None]
    go_to: Callable[[str, str], None]
    tell: Callable[[str], None] = _nowhere


class Page(Plain):
    """A page of the window. Only a page that can be seen is asked to refresh.

    A subclass builds its widgets in ``__init__``, fills them in ``refresh`` and says in
    ``summary`` how things are, in one sentence.
    """

    summary_changed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__("bg")
        self.context = context
        self.core = context.core
        self._stale: frozenset[str] = ALL_TOPICS
        context.bridge.changed.connect(self._changed)

    def summary(self) -> str:
        """Return the sentence that stands in the top bar."""
        return ""

    def refresh(self, topics: frozenset[str]) -> None:
        """Show fresh data; ``topics`` are the things that may have changed, all at first."""

    def tick(self) -> None:
        """Do what is due once a second while the page can be seen, such as counting down."""

    def open(self, argument: str) -> None:
        """Go to something on this page: a filter text, the id of a run."""

    def place(self) -> str:
        """Return what ``open`` would bring a person back to, empty for the page as it opens."""
        return ""

    def tell_answer(self, answer: object) -> None:
        """Say what became of something that was asked of the core, or why it failed."""
        if isinstance(answer, Answer):
            self.context.tell(answer.text.text())
        elif isinstance(answer, AiosError):
            self.context.tell(_(answer.key).format(**answer.values))
        elif isinstance(answer, Exception):
            logger.error("a request of the window failed", exc_info=answer)
            self.context.tell(_("That did not work. The log says why."))

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what changed while the page was hidden."""
        super().showEvent(event)
        stale, self._stale = self._stale, frozenset()
        if stale:
            self.refresh(stale)
        self.summary_changed.emit()

    @Slot(object)
    def _changed(self, topics: frozenset[str]) -> None:
        if not self.isVisible():
            self._stale |= topics
            return
        self.refresh(topics)
        self.summary_changed.emit()
