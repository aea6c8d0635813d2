"""The storage part of the settings: what is kept, archiving and forgetting, with proof on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from aios_desktop import i18n
from aios_desktop.clock import SystemClock
from aios_desktop.config import Config
from aios_desktop.errors import AiosError
from aios_desktop.events.archive import archive_files, summary_days
from aios_desktop.events.dayfile import day_files
from aios_desktop.events.model import Event, EventQuery
from aios_desktop.events.store import EventStore
from aios_desktop.paths import Paths, find
from aios_desktop.runtime.build import build
from aios_desktop.runtime.core import RunningCore
from aios_desktop.runtime.views import Answer, StorageView, StorageWork
from aios_desktop.ui.bridge import Bridge
from aios_desktop.ui.frame import Frame
from aios_desktop.ui.main_window import MainWindow
from aios_desktop.ui.pages import storage_words
from aios_desktop.ui.pages.settings import SettingsPage
from aios_desktop.ui.pages.storage import AGAIN_S, StorageCard
from aios_desktop.ui.theme import Theme
from tests.fake_core import FakeCore
from tests.fakes import FakeClock
from tests.ui.conftest import Open
from tests.ui.test_main_window import clipped, outside, settle

pytestmark = pytest.mark.qt_log_ignore("does not support raise", extend=True)
DAY = 86_400
PATIENCE_MS = 30_000  # for a process of its own on a busy machine


class Core(FakeCore):
    """A core whose storage can be changed."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.view: StorageView | Exception = super().storage()
        self.looks = 0

    def storage(self) -> StorageView:
        self.looks += 1
        if isinstance(self.view, Exception):
            raise self.view
        return self.view


@pytest.fixture
def core(clock: FakeClock) -> Core:
    return Core(clock)


@pytest.fixture
def window(open_window: Open, qtbot: QtBot) -> MainWindow:
    window = open_window("settings")
    window.frame.activateWindow()
    qtbot.waitUntil(window.frame.isActiveWindow)
    settle()
    return window


@pytest.fixture
def card(window: MainWindow) -> StorageCard:
    page = window.page("settings")
    assert isinstance(page, SettingsPage)
    page.open("storage")
    return page.storage


def shown(core: Core) -> StorageView:
    assert isinstance(core.view, StorageView)
    return core.view


def said(card: StorageCard) -> list[str]:
    return [label.text() for label in card.findChildren(QLabel) if not label.isHidden()]


# ---------------------------------------------------------------- what is kept


def test_sizes_are_shown_for_each_kind(card: StorageCard) -> None:
    texts = said(card)
    for text in (
        "2.5 GB in use, 46 GB free",
        "/home/ada/.local/share/aios-desktop",
        "Events in fast files",
        "8 days, 370,011 events",
        "96 MB",
        "Events in the archive",
        "22 days, 1,022,171 events",
        "Quarantine",
        "18,204 files",
        "2.3 GB",
        "Nothing is due. The next day, 2026-11-14, is archived at 2026-11-22 00:00.",
    ):
        assert text in texts, text
    assert "Damaged files, set aside" not in texts


def test_what_cannot_be_counted_is_said(card: StorageCard, core: Core) -> None:
    view = shown(core)
    days = (replace(view.days[0], events=None), *view.days[1:])
    parts = tuple(
        replace(part, is_all=False) if part.kind == "quarantine" else part for part in view.parts
    )
    core.view = replace(view, days=days, parts=parts, free_bytes=None)
    card.look()
    settle()
    texts = said(card)
    assert "2.5 GB in use" in texts
    assert "more than 18,204 files" in texts
    assert any(text.startswith("8 days, ") and text.endswith(", 1 unreadable") for text in texts)


def test_a_look_that_fails_says_why(card: StorageCard, core: Core) -> None:
    core.view = OSError("the disk is gone")
    card.look()
    settle()
    assert "What is kept could not be counted: the disk is gone" in said(card)


def test_before_the_first_day_nothing_can_be_done(card: StorageCard, core: Core) -> None:
    core.view = StorageView(core.status().started, "/data", 1, (), ())
    card.look()
    settle()
    assert "No day waits." in said(card)
    assert "There is no copy yet. One is made every day." in said(card)
    assert not card.archive_button.isEnabled()
    assert not card.forget.button.isEnabled()


def test_it_looks_when_opened_once_a_minute_and_after_a_rotation(
    qtbot: QtBot, window: MainWindow, card: StorageCard, core: Core
) -> None:
    assert core.looks == 1
    for _ in range(AGAIN_S):
        card.tick()
    settle()
    assert core.looks == 2
    core.publish("store.rotated")
    qtbot.waitUntil(lambda: core.looks == 3)
    window.go_to("health")
    core.publish("store.rotated")
    settle()
    assert core.looks == 3
    window.go_to("settings")
    settle()
    assert core.looks == 4


# ---------------------------------------------------------------- archiving


def test_archive_now_is_locked_until_a_day_is_due(
    window: MainWindow, card: StorageCard, core: Core
) -> None:
    assert not card.archive_button.isEnabled()
    core.view = replace(shown(core), due=3)
    card.look()
    settle()
    assert "3 days are due. They are looked at within the hour." in said(card)
    card.archive_button.click()
    settle()
    assert core.asked == ["archive"]
    assert window.notice.text.text() == "Old days are looked at now."
    window._hush.stop()


def test_the_work_is_followed_to_its_end(card: StorageCard, core: Core) -> None:
    core.view = replace(shown(core), due=3)
    card.look()
    settle()
    assert card.work_line.isHidden()
    core.work = StorageWork("2026-11-12", 2, 4, 0.5)
    card.tick()
    assert card.work_line.isVisible()
    assert card.working.text() == "Works on 2026-11-12: day 2 of 4"
    assert card.progress._value == pytest.approx(0.375)
    assert not card.archive_button.isEnabled()
    looks = core.looks
    core.work = None
    core.view = replace(shown(core), due=0)
    card.tick()
    settle()
    assert card.work_line.isHidden()
    assert core.looks == looks + 1
    assert not card.archive_button.isEnabled()


# ---------------------------------------------------------------- backing up


def test_the_journal_is_backed_up_now(
    window: MainWindow, card: StorageCard, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "One copy a day, 7 are kept. The newest was made at 2026-11-21 03:12."
    assert card.backup_help.text() == text
    later: list[tuple[Callable[[], object], Callable[[object], None]]] = []
    with monkeypatch.context() as patch:
        patch.setattr(core, "background", lambda work, then: later.append((work, then)))
        card.backup_button.click()
        card.backup_button.click()
    assert len(later) == 1
    assert not card.backup_button.isEnabled()
    assert card.backup_help.text() == "Copies the journal…"
    looks = core.looks
    core.background(*later.pop())
    settle()
    assert core.asked == ["back up"]
    assert card.backup_button.isEnabled()
    assert card.backup_help.text() == text
    assert core.looks == looks + 1
    assert window.notice.text.text() == "The journal of repairs is backed up."
    window._hush.stop()


def test_a_backup_that_fails_says_why(
    window: MainWindow, card: StorageCard, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> Answer:
        raise AiosError("The backup to {folder} failed: {reason}.", folder="/b", reason="full")

    monkeypatch.setattr(core, "back_up", fail)
    card.backup_button.click()
    settle()
    assert window.notice.text.text() == "The backup to /b failed: full."
    assert card.backup_button.isEnabled()
    window._hush.stop()


# ---------------------------------------------------------------- forgetting


def type_days(card: StorageCard, text: str) -> None:
    edit = card.forget.days.edit
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, text)
    QTest.keyClick(edit, Qt.Key.Key_Return)
    settle()


def test_forgetting_says_what_would_go_and_is_asked_once_more(
    window: MainWindow, card: StorageCard, core: Core, clock: FakeClock
) -> None:
    forget = card.forget
    assert not forget.button.isEnabled()
    assert forget.help.text() == "No event is that old."
    type_days(card, "20")
    assert forget.button.isEnabled()
    old = storage_words.older(shown(core), 20)
    assert old.days == 9
    forget.button.click()
    assert forget.is_asking
    assert forget.keep_button.hasFocus()
    assert forget.question.text() == f"Forget 9 days with {old.events:,} events, 20 MB?"
    assert "They cannot be brought back." in said(card)
    QTest.keyClick(forget.keep_button, Qt.Key.Key_Escape)
    assert not forget.question.isVisible()
    assert forget.button.hasFocus()
    assert core.asked == []
    forget.button.click()
    forget.keep_button.click()
    assert core.asked == []
    forget.button.click()
    forget.sure_button.click()
    settle()
    assert core.asked == [f"forget {clock.now() - 20 * DAY:.0f} window"]
    assert window.notice.text.text() == "Old events are let go of now; their summaries stay."
    window._hush.stop()


@pytest.mark.parametrize("typed", ["1", "0", "-5", "2.5", "4000", "nan", "inf", "soon"])
def test_a_bad_age_is_refused(card: StorageCard, core: Core, typed: str) -> None:
    type_days(card, "20")
    type_days(card, typed)
    assert card.forget.days.edit.text() == "20"
    reasons = ("A whole number of days from 2 to 3650.", "soon is not a number.")
    assert card.forget.help.text() in reasons
    assert core.asked == []


def test_the_question_follows_what_is_there(card: StorageCard, core: Core) -> None:
    type_days(card, "20")
    card.forget.button.click()
    core.view = replace(shown(core), days=shown(core).days[:22])
    card.look()
    settle()
    assert card.forget.question.text().startswith("Forget 1 day with ")
    core.view = replace(shown(core), days=shown(core).days[:5])
    card.look()
    settle()
    assert not card.forget.is_asking
    assert not card.forget.button.isEnabled()


def test_today_and_yesterday_are_never_forgotten(core: Core) -> None:
    view = shown(core)
    today = view.days[0]
    late = replace(view, at=today.start + DAY - 1)
    assert storage_words.older(late, 0).days == len(view.days) - 2
    assert storage_words.older(late, 2).days == len(view.days) - 3
    assert storage_words.older(late, 30).days == 0
    assert storage_words.older(late, 29).days == 0
    assert storage_words.older(late, 28).days == 1


# ---------------------------------------------------------------- finding, looks


@pytest.mark.parametrize("typed", ["forget", "quarantine", "archive", "back up", "存储"])
def test_the_search_finds_it(window: MainWindow, card: StorageCard, typed: str) -> None:
    page = window.page("settings")
    assert isinstance(page, SettingsPage)
    page.search.edit.setText(typed)
    settle()
    assert card.isVisible()
    page.search.edit.setText("heartbeats")
    settle()
    assert not card.isVisible()


@pytest.mark.parametrize("size", [(1280, 800), (1920, 1200), (960, 600)])
@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_it_fits(open_window: Open, core: Core, language: str, size: tuple[int, int]) -> None:
    i18n.use(language)
    core.view = replace(shown(core), due=3)
    core.work = StorageWork("2026-11-12", 2, 4, 0.5)
    window = open_window("settings", size)
    page = window.page("settings")
    assert isinstance(page, SettingsPage)
    page.open("storage")
    settle()
    assert page.storage.work_line.isVisible()
    assert list(clipped(window)) == []
    assert list(outside(window)) == []
    type_days(page.storage, "20")
    page.storage.forget.button.click()
    settle()
    assert page.storage.forget.is_asking
    assert list(clipped(window)) == []
    assert list(outside(window)) == []
    assert (window.frame.width(), window.frame.height()) == size


# ---------------------------------------------------------------- with the real thing


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find(tmp_path)


@pytest.fixture
def real(paths: Paths) -> Iterator[RunningCore]:
    """Return a core that runs, with three events on each of the last twelve days."""
    clock = SystemClock()
    store = EventStore(paths.events, clock)
    store.open()
    for ago in range(1, 13):
        for number in range(3):
            stamp = round((clock.now() - ago * DAY) * 1_000_000) + number
            store.append(Event(stamp, "test.old", "test", target=str(ago)))
    assert store.flush(10)
    store.close()
    core = build(paths, clock, Config(paths.options))
    core.start()
    yield core
    core.stop()


@pytest.mark.slow
def test_days_are_archived_and_forgotten_on_the_disk(
    qtbot: QtBot, theme: Theme, real: RunningCore, paths: Paths
) -> None:
    bridge, frame = Bridge(real), Frame(theme)
    frame.page = "settings"
    window = MainWindow(real, bridge, theme, SystemClock(), frame)
    frame.show()
    try:
        page = window.page("settings")
        assert isinstance(page, SettingsPage)
        card = page.storage
        qtbot.waitUntil(card.archive_button.isEnabled, timeout=PATIENCE_MS)
        assert "5 days are due. They are looked at within the hour." in said(card)
        card.archive_button.click()
        qtbot.waitUntil(lambda: len(archive_files(paths.events)) == 5, timeout=PATIENCE_MS)
        qtbot.waitUntil(
            lambda: any(x.startswith("5 days, 15 events") for x in said(card)), timeout=PATIENCE_MS
        )
        assert len(day_files(paths.events)) == 8
        type_days(card, "4")
        card.forget.button.click()
        assert card.forget.question.text().startswith("Forget 8 days with 24 events, ")
        card.forget.sure_button.click()
        qtbot.waitUntil(lambda: len(archive_files(paths.events)) == 0, timeout=PATIENCE_MS)
        qtbot.waitUntil(lambda: not card.forget.button.isEnabled(), timeout=PATIENCE_MS)
        left = {event.target for event in real.events(EventQuery(type="test.old"))}
        assert left == {"1", "2", "3", "4"}
        assert len(summary_days(paths.events)) == 8
        assert not list((paths.data / "backups").glob("*"))
        card.backup_button.click()
        qtbot.waitUntil(lambda: "1 file" in said(card), timeout=PATIENCE_MS)
        assert len(list((paths.data / "backups").glob("state-*.db"))) == 1
        asked = real.events(EventQuery(type="store.forget_asked"))
        assert [event.data["by"] for event in asked] == ["window"]
    finally:
        window._hush.stop()
        bridge.close()
        frame.close()
        frame.deleteLater()
        settle()
