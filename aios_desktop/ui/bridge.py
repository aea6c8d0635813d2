"""From the core to the window: one thread hop, many events in one batch.

The core calls its listeners in its own threads and never waits for the window. So events go into
a deque, and one pending wake-up brings them to the GUI thread, which takes them out for a few
milliseconds a turn. What a person waits for wakes it at once; the rest when ten wait, or after
five seconds. Pages are told only *what kind* of thing changed, ten times a second at most.
"""

from __future__ import annotations

import weakref
from collections import deque
from typing import TYPE_CHECKING, Final

import shiboken6
from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal, Slot

from aios_desktop.events.model import Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from aios_desktop.events.model import Event
    from aios_desktop.runtime.port import Core

    Then = Callable[[object], None]

BUDGET_MS: Final = 4
CHUNK: Final = 128  # events handed on at once between two looks at the clock
MOST_WAITING: Final = 20_000  # a window that hangs must not eat the memory
TOPIC_MS: Final = 100
BATCH: Final = 10  # events without haste wait for each other
HASTE_MS: Final = 5000  # but no longer than this

# rare, and somebody waits for what they show
AT_ONCE: Final = ("approval.", "run.", "action.", "config.", "store.", "playbook.", "resource.")
LOUD: Final = frozenset((Severity.ERROR, Severity.CRITICAL))

# the first word of an event type, and what may look different after it
TOPICS: Final = {
    "score": frozenset(("score", "status")),
    "agent": frozenset(("agents",)),
    "run": frozenset(("runs", "approvals", "agents", "status")),
    "action": frozenset(("runs", "approvals", "agents", "status")),
    "approval": frozenset(("runs", "approvals", "agents", "status")),
    "cache": frozenset(("agents",)),
    "sensor": frozenset(("agents", "status")),
    "playbook": frozenset(("playbooks",)),
    "config": frozenset(("options",)),
    "resource": frozenset(("metrics", "agents")),
    "signal": frozenset(("metrics",)),
}
_ANYTHING = frozenset(("status",))


def topics_of(event_type: str) -> frozenset[str]:
    """Return what may look different after an event of this type."""
    return TOPICS.get(event_type.partition(".")[0], _ANYTHING)


class Bridge(QObject):
    """Brings events and answers of the core to the GUI thread. Make it there.

    ``events`` carries a tuple of events, oldest first; ``changed`` a frozenset of topics out of
    score, runs, approvals, agents, metrics, playbooks, status and options.
    """

    events = Signal(object)
    changed = Signal(object)
    _wake = Signal()
    _soon = Signal()
    _answered = Signal(object)

    def __init__(self, core: Core, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._core = core
        self._waiting: deque[Event] = deque()
        self._awake = False  # a wake-up is on its way
        self._patient = False  # the timer runs, or is about to
        self._level: object = None  # of the score, as last heard
        self._open = True
        self._topics: frozenset[str] = frozenset()
        self._replies: dict[int, Callable[[], Then | None]] = {}
        self._last_ask = 0
        self.lost = 0
        queued = Qt.ConnectionType.QueuedConnection
        self._wake.connect(self._drain, queued)
        self._soon.connect(self._be_patient, queued)
        self._answered.connect(self._deliver, queued)
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(HASTE_MS)
        self._late.timeout.connect(self._drain)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(TOPIC_MS)
        self._rest.timeout.connect(self._tell)
        self._end = core.listen(self._heard)

    def close(self) -> None:
        """Stop listening and drop what is under way; safe to call twice."""
        self._open = False
        self._end()
        self._rest.stop()
        self._late.stop()
        self._waiting.clear()
        self._replies.clear()

    def ask(self, work: Callable[[], object], then: Then) -> None:
        """Run ``work`` off the GUI thread, then call ``then`` in it with the value or the error.

        When ``then`` is a method of a widget that died in the meantime, the answer is dropped.
        """
        self._last_ask += 1
        number = self._last_ask
        owner = getattr(then, "__self__", None)
        self._replies[number] = weakref.WeakMethod(then) if owner is not None else lambda: then
        self._core.background(work, _Reply(self, number))

    def _heard(self, event: Event) -> None:  # any thread
        if len(self._waiting) >= MOST_WAITING:
            self.lost += 1
            return
        self._waiting.append(event)
        if self._is_important(event) or len(self._waiting) >= BATCH:
            if not self._awake:
                self._awake = True
                self._wake.emit()
        elif not self._patient:
            self._patient = True
            self._soon.emit()

    def _is_important(self, event: Event) -> bool:  # any thread
        """Say whether a person should see it now."""
        if event.type == "score.updated":
            was, self._level = self._level, event.data.get("level")
            return was != self._level
        return event.severity in LOUD or event.type.startswith(AT_ONCE)

    @Slot()
    def _be_patient(self) -> None:
        if self._open and not self._late.isActive():
            self._late.start()

    def _answer(self, number: int, value: object) -> None:  # any thread
        if self._open:
            self._answered.emit((number, value))

    @Slot()
    def _drain(self) -> None:
        """Hand events on until the budget is used up; come back for the rest in the next turn."""
        self._awake = self._patient = False  # before looking: what comes now calls us again
        self._late.stop()
        spent = QElapsedTimer()
        spent.start()
        while batch := self._take():
            for event in batch:
                self._topics |= topics_of(event.type)
            self.events.emit(batch)
            if spent.elapsed() >= BUDGET_MS:
                break
        if self._waiting and not self._awake:
            self._awake = True
            self._wake.emit()
        if self._topics and not self._rest.isActive():
            self._tell()

    def _take(self) -> tuple[Event, ...]:
        batch: list[Event] = []
        while self._waiting and len(batch) < CHUNK:
            batch.append(self._waiting.popleft())
        return tuple(batch)

    @Slot()
    def _tell(self) -> None:
        if self._topics and self._open:
            topics, self._topics = self._topics, frozenset()
            self._rest.start()
            self.changed.emit(topics)

    @Slot(object)
    def _deliver(self, answer: tuple[int, object]) -> None:
        number, value = answer
        find = self._replies.pop(number, None)
        then = find() if find is not None else None
        if then is None:
            return
        owner = getattr(then, "__self__", None)
        if isinstance(owner, QObject) and not shiboken6.isValid(owner):
            return
        then(value)


class _Reply:
    """What the core calls with an answer; it keeps the bridge alive for nobody."""

    def __init__(self, bridge: Bridge, number: int) -> None:
        self._bridge = weakref.ref(bridge)
        self._number = number

    def __call__(self, value: object) -> None:
        """Pass the answer on, from any thread."""
        bridge = self._bridge()
        if bridge is not None and shiboken6.isValid(bridge):
            bridge._answer(self._number, value)  # noqa: SLF001  part of the bridge
