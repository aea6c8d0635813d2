"""The notifier against a real session bus with a fake notification service on it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from aios_desktop.notifications import Notifier, Urgency, question_actions
from aios_desktop.scheduler.lanes import Lanes
from tests.e2e.bus import FAKEBUS, FakeServices, PrivateBus

PATIENCE_S = 5.0


class Bench:
    """A bus, a running notifier, and the answers it has reported."""

    def __init__(self, bus: PrivateBus) -> None:
        self.bus = bus
        self.answers: SimpleQueue[tuple[str, str]] = SimpleQueue()
        self.notifier = Notifier(self._answer, patience_s=1.0)
        self._lanes = Lanes()

    def _answer(self, key: str, action: str) -> None:
        self.answers.put((key, action))

    def run(self) -> Notifier:
        self._lanes.start("notices", self.notifier.run, self.notifier.wake)
        return self.notifier

    @property
    def trouble(self) -> str:
        """Return the sentence in force; an empty one when notices reach the screen."""
        trouble = self.notifier.trouble
        return trouble.text() if trouble else ""

    def until(self, reached: Callable[[], bool]) -> None:
        """Wait until the lane has got there."""
        for _ in range(500):
            if reached():
                return
            threading.Event().wait(0.01)
        pytest.fail(f"not reached; the trouble is {self.trouble!r}")

    def until_trouble(self, word: str) -> None:
        """Wait until the notifier tells of it; an empty word waits for the end of all trouble."""
        self.until(lambda: word in self.trouble if word else self.notifier.available)

    def end(self) -> list[str]:
        return self._lanes.stop(PATIENCE_S)

    def failed(self) -> tuple[str, ...]:
        return self._lanes.failed


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with PrivateBus() as bus:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
        bench = Bench(bus)
        yield bench
        assert bench.end() == []
        assert bench.failed() == ()


def test_a_question_arrives_whole(bench: Bench) -> None:
    with FakeServices(bench.bus.address) as desktop:
        bench.run().show(
            "approval:7", "Stop make?", "CPU < 5 % & more", question_actions(), Urgency.CRITICAL
        )
        notice = desktop.wait("notify")
        bench.until_trouble("")
    assert notice["app"] == "AIOS Desktop"
    assert notice["title"] == "Stop make?"
    assert notice["body"] == "CPU &lt; 5 % &amp; more"
    assert notice["actions"] == {
        "default": "Review…",
        "review": "Review…",
        "later": "Not now",
        "deny": "Deny",
    }
    assert notice["hints"]["urgency"] == 2
    assert notice["hint_types"]["urgency"] == "y"
    assert notice["hints"]["desktop-entry"] == "aios-desktop"
    assert notice["timeout"] == 0


def test_the_same_key_replaces_and_closing_takes_back(bench: Bench) -> None:
    with FakeServices(bench.bus.address) as desktop:
        notifier = bench.run()
        notifier.show("run:1", "Print service works again")
        first = desktop.wait("notify")
        assert first["timeout"] == -1
        notifier.show("run:1", "Print service works again, checked twice")
        second = desktop.wait("notify")
        assert second["replaces"] == first["id"]
        notifier.close_notice("run:1")
        assert desktop.wait("close_asked")["id"] == first["id"]
        notifier.show("run:1", "Once more")
        assert desktop.wait("notify")["replaces"] == 0


def test_answers_come_back_once_and_only_those_offered(bench: Bench) -> None:
    with FakeServices(bench.bus.address) as desktop:
        notifier = bench.run()
        notifier.show("approval:1", "Stop make?", actions=question_actions())
        notifier.show("approval:2", "Stop cc1?", actions=question_actions())
        first, second = desktop.wait("notify"), desktop.wait("notify")
        desktop.press(first, "approve")  # offered by nobody: ends the question, answers nothing
        desktop.press(second, "deny")
        desktop.press(second, "later")  # a second press of the same notice
        notifier.show("approval:3", "Stop ld?", actions=question_actions())
        desktop.press(desktop.wait("notify"), "default")
        assert bench.answers.get(timeout=PATIENCE_S) == ("approval:2", "deny")
        assert bench.answers.get(timeout=PATIENCE_S) == ("approval:3", "review")
    assert bench.answers.empty()


def test_signals_of_strangers_are_not_answers(bench: Bench) -> None:
    with FakeServices(bench.bus.address) as desktop:
        notifier = bench.run()
        notifier.show("approval:1", "Stop make?", actions=question_actions())
        notice = desktop.wait("notify")
        with FakeServices(bench.bus.address, "--no-notifications", "--no-tray") as stranger:
            stranger.press(notice, "deny")
            stranger.order("stop")
            stranger._process.wait(PATIENCE_S)
        desktop.press(notice, "later")
        assert bench.answers.get(timeout=PATIENCE_S) == ("approval:1", "later")
    assert bench.answers.empty()


@pytest.mark.logs_errors
def test_an_answer_that_fails_does_not_end_the_lane(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(key: str, action: str) -> None:
        bench._answer(key, action)
        raise RuntimeError("the window is gone")

    monkeypatch.setattr(bench.notifier, "_on_action", fail)
    with FakeServices(bench.bus.address) as desktop:
        notifier = bench.run()
        for key in ("approval:1", "approval:2"):
            notifier.show(key, "Stop make?", actions=question_actions())
            desktop.press(desktop.wait("notify"), "deny")
            assert bench.answers.get(timeout=PATIENCE_S) == (key, "deny")
    bench.end()
    assert [r.message for r in caplog.records if "was lost" in r.message] == [
        "the answer deny to the notice approval:1 was lost",
        "the answer deny to the notice approval:2 was lost",
    ]


def test_without_a_service_open_questions_wait_for_one(bench: Bench) -> None:
    notifier = bench.run()
    notifier.show("approval:1", "Stop make?", actions=question_actions())
    notifier.show("approval:2", "Stop cc1?", actions=question_actions())
    notifier.show("run:1", "A result that nobody needs later")
    notifier.close_notice("approval:2")
    bench.until_trouble("no notification service")
    with FakeServices(bench.bus.address) as desktop:
        assert desktop.wait("notify")["title"] == "Stop make?"
        bench.until_trouble("")
        notifier.show("run:2", "Fixed")
        assert desktop.wait("notify")["title"] == "Fixed"
    bench.until_trouble("no notification service")
    with FakeServices(bench.bus.address) as desktop:  # restarted: the question is still open
        assert desktop.wait("notify")["title"] == "Stop make?"
        desktop.order("close 1 2")  # put away by the person
        notifier.show("run:3", "Worse")
        assert desktop.wait("notify")["title"] == "Worse"
    bench.until_trouble("no notification service")
    with FakeServices(bench.bus.address) as desktop:
        bench.until_trouble("")
        notifier.show("run:4", "Unknown")
        assert desktop.wait("notify")["title"] == "Unknown"


def test_a_service_without_buttons_and_markup_gets_neither(bench: Bench) -> None:
    with FakeServices(bench.bus.address, "--capabilities", "body") as desktop:
        bench.run().show("approval:1", "Stop make?", "a < b", question_actions())
        notice = desktop.wait("notify")
    assert notice["actions"] == {}
    assert notice["body"] == "a < b"


def test_a_service_that_hangs_is_told_of(bench: Bench) -> None:
    with FakeServices(bench.bus.address, "--mute") as desktop:
        bench.notifier._patience_s = 0.3
        bench.run().show("run:1", "Fixed")
        desktop.wait("notify")
        bench.until_trouble("does not answer")


def test_without_a_bus_it_waits_and_finds_one_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    notifier = bench.run()
    notifier.show("approval:1", "Stop make?", actions=question_actions())
    bench.until_trouble("no session bus")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")
    notifier.show("run:1", "lost")
    bench.until_trouble("cannot be reached")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bench.bus.address)
    with FakeServices(bench.bus.address) as desktop:
        notifier.show("run:2", "Fixed")
        assert [desktop.wait("notify")["title"] for _ in range(2)] == ["Stop make?", "Fixed"]
        assert bench.notifier.available


def test_a_bus_that_ends_is_left(bench: Bench) -> None:
    desktop = FakeServices(bench.bus.address)
    try:
        notifier = bench.run()
        notifier.show("run:1", "Fixed")
        desktop.wait("notify")
        bench.bus.stop()
        bench.until_trouble("cannot be reached")
        notifier.show("run:2", "Nobody sees this")
    finally:
        desktop.stop()


def test_a_service_that_the_bus_starts_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, str(FAKEBUS), "--no-tray"]
    name = "org.freedesktop.Notifications"
    # The bus starts it with its standard input on /dev/null, where it would end at once.
    with PrivateBus({name: ["/bin/sh", "-c", f"'exec sleep 30 | {' '.join(command)}'"]}) as bus:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
        bench = Bench(bus)
        bench.notifier._patience_s = PATIENCE_S
        bench.run()
        bench.until_trouble("")  # nothing runs yet, but it can be started
        bench.notifier.show("approval:1", "Stop make?", actions=question_actions())
        bench.until(lambda: bool(bench.notifier._numbers))
        assert bench.notifier._numbers == {"approval:1": 1}
        assert bench.end() == []


def test_it_costs_nothing_while_nothing_happens(bench: Bench) -> None:
    with FakeServices(bench.bus.address) as desktop:
        bench.run().show("run:1", "Fixed")
        desktop.wait("notify")
        waited = threading.Event()
        waited.wait(0.2)
        lane = next(t for t in threading.enumerate() if t.name == "aios-notices")
        before = _switches(lane)
        waited.wait(0.5)
        assert _switches(lane) == before


def _switches(thread: threading.Thread) -> int:
    """Count how often a thread has run and gone back to sleep."""
    status = Path(f"/proc/self/task/{thread.native_id}/status").read_text("utf-8")
    return sum(int(line.split()[1]) for line in status.splitlines() if "ctxt_switches" in line)
