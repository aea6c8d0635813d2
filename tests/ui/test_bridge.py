"""The bridge: every event arrives once, in the GUI thread, in batches; answers find their way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aios_desktop.events.model import Event, Severity
from aios_desktop.ui import bridge as module
from aios_desktop.ui.bridge import Bridge, topics_of
from tests.fake_core import FakeCore
from tests.fakes import FakeClock


class _Listener(QObject):
    """Keeps what arrives, and in which thread."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[tuple[Event, ...]] = []
        self.topics: list[frozenset[str]] = []
        self.answers: list[object] = []
        self.threads: set[int] = set()

    def take(self, batch: tuple[Event, ...]) -> None:
        self.threads.add(threading.get_ident())
        self.batches.append(batch)

    def note(self, topics: frozenset[str]) -> None:
        self.topics.append(topics)

    def answered(self, value: object) -> None:
        self.threads.add(threading.get_ident())
        self.answers.append(value)

    @property
    def events(self) -> list[Event]:
        return [event for batch in self.batches for event in batch]


@pytest.fixture
def core() -> FakeCore:
    return FakeCore(FakeClock())


@pytest.fixture
def bridge(qapp: QApplication, core: FakeCore) -> Iterator[Bridge]:
    made = Bridge(core)
    yield made
    made.close()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def listener(bridge: Bridge) -> _Listener:
    made = _Listener()
    bridge.events.connect(made.take)
    bridge.changed.connect(made.note)
    return made


def publish(core: FakeCore, numbers: range, kind: str = "score.updated") -> None:
    for listen in core._listeners:
        for number in numbers:
            listen(Event(number, kind, "test"))


def in_threads(works: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_events_arrive_later_and_together(
    qtbot: QtBot, core: FakeCore, bridge: Bridge, listener: _Listener
) -> None:
    publish(core, range(1, 51))
    assert listener.batches == []
    qtbot.waitUntil(lambda: len(listener.events) == 50)
    assert [event.id for event in listener.events] == list(range(1, 51))
    assert len(listener.batches) == 1
    assert listener.threads == {threading.get_ident()}


@pytest.mark.parametrize("publishers", [1, 4, 8])
def test_no_wake_up_is_lost(
    qtbot: QtBot, core: FakeCore, bridge: Bridge, listener: _Listener, publishers: int
) -> None:
    each = 500
    spans = [range(1 + n * each, 1 + (n + 1) * each) for n in range(publishers)]
    threads = [
        threading.Thread(target=publish, args=(core, span, "run.finished")) for span in spans
    ]
    for thread in threads:
        thread.start()
    qtbot.waitUntil(lambda: len(listener.events) == publishers * each, timeout=20_000)
    for thread in threads:
        thread.join()
    seen = [event.id for event in listener.events]
    assert sorted(seen) == list(range(1, 1 + publishers * each))
    for span in spans:
        assert [number for number in seen if number in span] == list(span)


def test_single_events_from_threads_all_wake_it(
    qtbot: QtBot, core: FakeCore, bridge: Bridge, listener: _Listener
) -> None:
    for number in range(1, 201):
        one = range(number, number + 1)
        in_threads([lambda one=one: publish(core, one, "run.finished")])  # type: ignore[misc]
        qtbot.waitUntil(lambda number=number: len(listener.events) == number)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("event", "important"),
    [
        (Event(1, "approval.requested", "test"), True),
        (Event(1, "run.finished", "test"), True),
        (Event(1, "action.triggered", "test"), True),
        (Event(1, "sensor.failed", "test", Severity.ERROR), True),
        (Event(1, "sensor.failed", "test", Severity.CRITICAL), True),
        (Event(1, "sensor.failed", "test", Severity.WARNING), False),
        (Event(1, "heartbeat.beat", "test"), False),
        (Event(1, "runs.counted", "test"), False),
    ],
)
def test_what_a_person_waits_for_comes_at_once(
    qtbot: QtBot, core: FakeCore, bridge: Bridge, listener: _Listener, event: Event, important: bool
) -> None:
    bridge._late.setInterval(3_600_000)
    for listen in core._listeners:
        listen(event)
    QCoreApplication.sendPostedEvents()
    assert listener.events == ([event] if important else [])
    assert bridge._late.isActive() is not important


def test_another_level_of_the_score_comes_at_once_and_another_figure_does_not(
    core: FakeCore, bridge: Bridge, listener: _Listener
) -> None:
    seen = []
    for number, level in enumerate(("ok", "ok", "healthy", "healthy", "critical"), 1):
        for listen in core._listeners:
            listen(Event(number, "score.updated", "test", data={"level": level}))
        QCoreApplication.sendPostedEvents()
        seen.append(len(listener.events))
    assert seen == [1, 1, 3, 3, 5]


def test_the_rest_comes_by_tens(core: FakeCore, bridge: Bridge, listener: _Listener) -> None:
    bridge._late.setInterval(3_600_000)
    for number in range(1, 26):
        publish(core, range(number, number + 1), "heartbeat.beat")
        QCoreApplication.sendPostedEvents()
    assert [len(batch) for batch in listener.batches] == [10, 10]
    assert bridge._late.isActive()


def test_the_rest_comes_when_the_time_is_over(
    qtbot: QtBot, core: FakeCore, bridge: Bridge, listener: _Listener
) -> None:
    assert bridge._late.interval() == 5000
    bridge._late.setInterval(20)
    for number in (1, 2, 3):
        publish(core, range(number, number + 1), "heartbeat.beat")
        qtbot.waitUntil(lambda number=number: len(listener.events) == number)  # type: ignore[misc]
        assert not bridge._late.isActive()
    assert listener.topics[0] == frozenset({"status"})


def test_a_slow_receiver_gets_its_share_turn_by_turn(
    qtbot: QtBot,
    core: FakeCore,
    bridge: Bridge,
    listener: _Listener,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "BUDGET_MS", 0)
    publish(core, range(1, 3 * module.CHUNK + 1))
    turns: list[int] = []
    original = bridge._drain

    def count() -> None:
        turns.append(len(listener.events))
        original()

    for _ in range(3):
        count()
    assert turns == [0, module.CHUNK, 2 * module.CHUNK]
    assert len(listener.events) == 3 * module.CHUNK


def test_a_window_that_hangs_does_not_eat_the_memory(
    core: FakeCore, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 10)
    publish(core, range(1, 26))
    assert len(bridge._waiting) == 10
    assert bridge.lost == 15


def test_topics_come_at_once_and_then_no_oftener_than_allowed(
    qtbot: QtBot, core: FakeCore, bridge: Bridge, listener: _Listener
) -> None:
    publish(core, range(1, 2))
    bridge._drain()
    assert listener.topics == [frozenset({"score", "status"})]
    publish(core, range(2, 3), "agent.state_changed")
    publish(core, range(3, 4), "run.finished")
    bridge._drain()
    assert len(listener.topics) == 1
    assert bridge._rest.isActive()
    qtbot.waitUntil(lambda: len(listener.topics) == 2)
    assert listener.topics[1] == frozenset({"agents", "runs", "approvals", "status"})
    qtbot.waitUntil(lambda: not bridge._rest.isActive())
    assert len(listener.topics) == 2


@pytest.mark.parametrize(
    ("kind", "topic"),
    [
        ("score.updated", "score"),
        ("agent.state_changed", "agents"),
        ("run.finished", "runs"),
        ("approval.requested", "approvals"),
        ("resource.high", "metrics"),
        ("playbook.loaded", "playbooks"),
        ("config.changed", "options"),
        ("store.trouble", "status"),
    ],
)
def test_topics(kind: str, topic: str) -> None:
    assert topic in topics_of(kind)


def test_answers_come_back_in_the_gui_thread(
    qtbot: QtBot, core: FakeCore, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = _Listener()
    plain = core.background

    def elsewhere(work: Callable[[], object], then: Callable[[object], None]) -> None:
        in_threads([lambda: plain(work, then)])

    monkeypatch.setattr(core, "background", elsewhere)
    bridge.ask(lambda: 42, receiver.answered)
    assert receiver.answers == []
    qtbot.waitUntil(lambda: receiver.answers == [42])
    assert receiver.threads == {threading.get_ident()}


def test_an_error_is_an_answer(qtbot: QtBot, bridge: Bridge) -> None:
    receiver = _Listener()
    fault = ValueError("no")

    def fail() -> object:
        raise fault

    bridge.ask(fail, receiver.answered)
    qtbot.waitUntil(lambda: receiver.answers == [fault])


def test_an_answer_to_the_dead_is_dropped(qtbot: QtBot, bridge: Bridge) -> None:
    gone, stays = _Listener(), _Listener()
    answers = gone.answers
    bridge.ask(lambda: 1, gone.answered)
    gone.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    bridge.ask(lambda: 2, stays.answered)
    qtbot.waitUntil(lambda: stays.answers == [2])
    assert answers == []


def test_a_receiver_is_not_kept_alive(qtbot: QtBot, bridge: Bridge) -> None:
    import gc
    import weakref

    receiver = _Listener()
    watch = weakref.ref(receiver)
    bridge.ask(lambda: 1, receiver.answered)
    del receiver
    gc.collect()
    assert watch() is None
    last = _Listener()
    bridge.ask(lambda: 2, last.answered)
    qtbot.waitUntil(lambda: last.answers == [2])


def test_a_closed_bridge_is_silent(
    qtbot: QtBot, core: FakeCore, bridge: Bridge, listener: _Listener
) -> None:
    publish(core, range(1, 5))
    bridge.ask(lambda: 1, listener.answered)
    bridge.close()
    bridge.close()
    assert core.listeners == 0
    QCoreApplication.sendPostedEvents()
    assert (listener.batches, listener.topics, listener.answers) == ([], [], [])
