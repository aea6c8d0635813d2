"""The Office page: what needs a person, what was done, picture and list, the drawer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from aios_desktop.i18n import Say
from aios_desktop.runtime.views import AgentState, Series
from aios_desktop.ui.main_window import MainWindow
from aios_desktop.ui.pages.office import OfficePage
from aios_desktop.ui.pages.office_parts import OpenCard, SmallCard
from aios_desktop.ui.signs import signs_of
from aios_desktop.ui.strip import ScoreStrip
from aios_desktop.ui.theme import Theme
from aios_desktop.ui.widgets import Button, Mark
from tests import fake_data
from tests.fake_core import FakeCore
from tests.fake_data import START
from tests.fakes import FakeClock
from tests.ui.conftest import Open


@pytest.fixture
def page(window: MainWindow) -> OfficePage:
    found = window.page("office")
    assert isinstance(found, OfficePage)
    return found


def texts(root: OfficePage) -> list[str]:
    QApplication.processEvents()
    return [label.text() for label in root.findChildren(QLabel) if not label.isHidden()]


def button(root: OfficePage | OpenCard | SmallCard, text: str) -> Button:
    QApplication.processEvents()
    return next(
        x for x in root.findChildren(Button) if x.text().replace("&", "") == text and x.isVisible()
    )


def test_the_most_urgent_decision_is_open_the_others_are_short(page: OfficePage) -> None:
    cards = page.needs._cards
    assert [type(card) for card in cards] == [OpenCard, SmallCard, SmallCard]
    assert [card._approval.id for card in cards] == [31, 32, 33]
    assert page.needs.count.text() == "3"
    assert [card.bar for card in cards] == ["lamp"] * 3


def test_only_one_button_is_filled(page: OfficePage) -> None:
    assert [x.text() for x in page.findChildren(Button) if x._kind == "main"] == ["Review…"]


def test_the_time_left_counts_down(page: OfficePage, clock: FakeClock) -> None:
    assert page.needs._cards[0].left.text() == "26 min left"
    clock.advance(61)
    page.tick()
    assert page.needs._cards[0].left.text() == "24 min left"
    clock.advance(24 * 60 + 30)
    page.tick()
    assert page.needs._cards[0].left.text() == "29 s left"


def test_cards_stay_while_nothing_changes(page: OfficePage) -> None:
    before = list(page.needs._cards)
    page.tick()
    page.refresh(frozenset({"approvals"}))
    assert page.needs._cards == before


def test_review_opens_the_dialog(page: OfficePage, window: MainWindow) -> None:
    button(page, "Review…").click()
    assert list(window._dialogs) == [31]
    window._dialogs[31].reject()


def test_deny_denies_and_says_so(
    qtbot: QtBot, page: OfficePage, window: MainWindow, core: FakeCore
) -> None:
    button(page, "Deny").click()
    qtbot.waitUntil(lambda: core.asked == ["deny 31 window"])
    qtbot.waitUntil(lambda: window.notice.text.text() == "Denied. Nothing was done.")
    qtbot.waitUntil(lambda: [card._approval.id for card in page.needs._cards] == [32, 33])
    window._hush.stop()


def test_not_now_hides_for_ten_minutes_and_decides_nothing(
    page: OfficePage, core: FakeCore, clock: FakeClock
) -> None:
    button(page, "Not now").click()
    assert [card._approval.id for card in page.needs._cards] == [32, 33]
    assert isinstance(page.needs._cards[0], OpenCard)
    assert "1 put off" in texts(page)
    assert page.needs.count.text() == "3"
    assert core.asked == []
    clock.advance(599)
    page.tick()
    assert len(page.needs._cards) == 2
    clock.advance(2)
    page.tick()
    assert [card._approval.id for card in page.needs._cards] == [31, 32, 33]


def test_what_was_put_off_can_be_brought_back(page: OfficePage) -> None:
    button(page, "Not now").click()
    button(page, "Show").click()
    assert len(page.needs._cards) == 3


def test_nothing_needs_you(page: OfficePage, core: FakeCore) -> None:
    core.waiting.clear()
    page.refresh(frozenset({"approvals"}))
    assert "Nothing needs you" in texts(page)
    assert page.needs.count.text() == ""
    assert page.summary() == "Nothing needs you. The machine is healthy."


def test_done_today_lists_the_latest_with_their_undo(
    qtbot: QtBot, open_window: Open, core: FakeCore
) -> None:
    page = open_window(size=(1920, 1200)).page("office")
    assert isinstance(page, OfficePage)
    said = texts(page)
    for title in ("Print service restarted", "Log folder rotated", "Time server changed"):
        assert title in said
    assert "2 of 4 fixed" in said
    undo = [x for x in page.findChildren(Button) if x.text() == "Undo"]
    assert [x.accessibleName() for x in undo] == ["Undo: Log folder rotated"]
    undo[0].click()
    assert not undo[0].isEnabled()
    qtbot.waitUntil(lambda: core.asked == ["undo 2208 window"])


def test_yesterday_is_not_today(page: OfficePage, core: FakeCore) -> None:
    core.all_runs = [
        replace(run, finished=run.finished - 86_400 if run.finished else None)
        for run in core.all_runs
    ]
    page.refresh(frozenset({"runs"}))
    assert "Nothing was done yet." in texts(page)


def test_the_legend_counts_states(page: OfficePage, core: FakeCore) -> None:
    shown = [mark.text() for mark in page.legend.findChildren(Mark) if mark.isVisible()]
    assert shown == ["2 work", "1 waits for you", "1 in trouble", "1 in talks", "1 reads"]
    core.people = [replace(agent, state=AgentState.IDLE) for agent in core.people]
    page.refresh(frozenset({"agents"}))
    shown = [mark.text() for mark in page.legend.findChildren(Mark) if mark.isVisible()]
    assert shown == ["6 idle"]


def test_the_list_says_what_the_picture_shows(page: OfficePage) -> None:
    page.legend.as_list.click()
    assert page.list.isVisible()
    assert not page.view.isVisible()
    rows = [[cell.text for cell in row.cells] for row in page.list.table.model_rows.rows]
    assert rows[0] == ["Optimizer", "waits for you", "14:28", "Asks to free 46 GB on /home"]
    assert len(rows) == 6
    page.legend.as_list.click()
    assert page.view.isVisible()


def test_what_is_only_likely_says_so(page: OfficePage, core: FakeCore) -> None:
    core.people = [replace(core.people[0], certain=False, evidence=Say("Looks busy"))]
    page.refresh(frozenset({"agents"}))
    assert page.list.table.model_rows.rows[0].cells[3].text == "Looks busy (likely)"


def test_the_picture_is_drawn_at_twice_its_size(page: OfficePage) -> None:
    QApplication.sendPostedEvents()
    assert page.view.zoom == 2


def test_a_notice_leaves_the_picture_its_size(window: MainWindow, page: OfficePage) -> None:
    window.tell("Denied. Nothing was done.")
    for _ in range(3):
        QApplication.processEvents()
    assert page.view.zoom == 2
    window._hush.stop()


def test_narrow_windows_have_a_drawer(open_window: Open) -> None:
    page = open_window(size=(1100, 700)).page("office")
    assert isinstance(page, OfficePage)
    assert not page.aside.isVisible()
    opener = page.legend.needs
    assert opener.isVisible()
    assert opener.text() == "3 need you"
    assert page.main.width() == page.width()
    QTest.keyClick(opener, Qt.Key.Key_Space)
    assert page.aside.isVisible()
    assert page.aside.geometry().right() == page.width() - 1
    assert page.aside.y() >= opener.mapTo(page, opener.rect().bottomLeft()).y()
    opener.click()
    assert not page.aside.isVisible()
    opener.click()
    QTest.keyClick(page.aside, Qt.Key.Key_Escape)
    assert not page.aside.isVisible()
    page.grab()


@pytest.mark.parametrize(
    ("height", "strip", "zoom"), [(800, True, 2), (700, False, 2), (660, True, 1)]
)
def test_low_windows_give_up_the_strip_for_the_picture(
    open_window: Open, height: int, strip: bool, zoom: int
) -> None:
    page = open_window(size=(1280, height)).page("office")
    assert isinstance(page, OfficePage)
    QApplication.processEvents()
    assert page.strip.isVisible() is strip
    assert page.view.zoom == zoom


def test_wide_windows_say_who_is_here(open_window: Open) -> None:
    page = open_window(size=(1920, 1200)).page("office")
    assert isinstance(page, OfficePage)
    assert page.people.isVisible()
    assert "Third try: print service" in texts(page)


def test_the_page_colour_follows_the_theme(page: OfficePage, theme: Theme) -> None:
    theme.use("dark")
    assert page.view._page == theme.colour("bg")


def test_the_strip_shows_the_lowest_of_each_part(qtbot: QtBot, theme: Theme) -> None:
    strip = ScoreStrip(100.0)
    qtbot.addWidget(strip)
    times = tuple(float(n) for n in range(900, 1001))
    values = tuple(40.0 if n == 905 else None if n > 980 else 90.0 for n in range(900, 1001))
    strip.show_history(Series("score", "", times, values), 1000.0, ())
    assert strip.columns(10) == [40.0, 90.0, 90.0, 90.0, 90.0, 90.0, 90.0, 90.0, 90.0, None]
    assert strip.accessibleDescription() == "Now 90, lowest 40"
    strip.resize(400, 76)
    image = strip.grab().toImage()
    bottom = 76 - 26 - 1
    assert image.pixelColor(16 + 3 * 4 + 1, bottom) == theme.colour("bad")
    assert image.pixelColor(120, bottom) == theme.colour("s1")


def test_signs_tell_failures_warnings_and_repairs() -> None:
    signs = signs_of(fake_data.events(START))
    (bolt,) = (sign for sign in signs if sign.icon == "bolt")
    assert bolt.at == pytest.approx(START - 1700)
    assert bolt.tone == "ok"
    assert {sign.icon for sign in signs} == {"bolt", "cross", "warn"}
    assert list(signs) == sorted(signs, key=lambda sign: sign.at)


def test_a_failed_request_is_told_and_logged(
    page: OfficePage, window: MainWindow, caplog: pytest.LogCaptureFixture
) -> None:
    from aios_desktop.errors import AiosError

    page.tell_answer(AiosError("Unknown option {name}.", name="x"))
    assert window.notice.text.text() == "Unknown option x."
    window._hush.stop()


@pytest.mark.logs_errors
def test_a_fault_of_ours_is_told_and_logged(page: OfficePage, window: MainWindow) -> None:
    page.tell_answer(ValueError("secret detail"))
    assert window.notice.text.text() == "That did not work. The log says why."
    window._hush.stop()
