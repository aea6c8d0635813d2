"""The window as a whole: pages in every look and language, keys, search, notices, tray."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QAccessible, QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from aios_desktop import i18n
from aios_desktop.i18n import Say
from aios_desktop.runtime.views import Notice
from aios_desktop.ui.dialogs.approval import ApprovalDialog
from aios_desktop.ui.main_window import MainWindow
from aios_desktop.ui.office.view import OfficeView
from aios_desktop.ui.pages.events import EventsPage
from aios_desktop.ui.shell import Rail
from aios_desktop.ui.theme import Theme
from aios_desktop.ui.widgets import Mark, Text
from tests.fake_core import FakeCore
from tests.fakes import FakeClock
from tests.ui.conftest import Open

# the offscreen platform has no stack of windows
pytestmark = pytest.mark.qt_log_ignore("does not support raise", extend=True)
PAGES = ("office", "health", "events", "repairs", "settings")


def settle() -> None:
    """Let layouts and queued calls come to rest."""
    for _ in range(5):
        QApplication.processEvents()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def all_texts(window: QWidget) -> list[str]:
    """Return what can be read in a window."""
    return [
        label.text() for label in window.findChildren(QLabel) if label.isVisible() and label.text()
    ]


def clipped(root: QWidget) -> Iterator[str]:
    """Name the visible texts that do not fit into their widget."""
    for widget in root.findChildren(QWidget):
        if not widget.isVisible() or widget.width() == 0:
            continue
        if isinstance(widget, Text) and widget._elide:
            continue
        if isinstance(widget, QLabel):
            wanted = widget.heightForWidth(widget.width()) if widget.wordWrap() else 0
            hint = widget.sizeHint()
            if widget.wordWrap():
                if widget.height() < wanted or widget.width() < _longest_word(widget):
                    yield f"{widget.text()!r} {widget.size()} needs {wanted}"
            elif widget.text() and (
                widget.width() < hint.width()
                or widget.height() < QFontMetrics(widget.font()).height()
            ):
                yield f"{widget.text()!r} {widget.size()} of {hint}"
        elif isinstance(widget, QAbstractButton) and widget.text():
            hint = widget.sizeHint()
            if widget.width() < hint.width() or widget.height() < hint.height():
                yield f"button {widget.text()!r} {widget.size()} of {hint}"


def _longest_word(label: QLabel) -> int:
    metrics = QFontMetrics(label.font())
    if any("\u4e00" <= letter <= "\u9fff" for letter in label.text()):
        return metrics.horizontalAdvance("中")
    return max((metrics.horizontalAdvance(word) for word in label.text().split()), default=0)


def outside(root: QWidget) -> Iterator[str]:
    """Name the texts that stick out of their parent sideways."""
    for area in root.findChildren(QScrollArea):
        inside = area.widget()
        if area.isVisible() and inside is not None and inside.width() > area.viewport().width():
            yield f"{inside.size()} in {area.viewport().size()}"
    for widget in root.findChildren(QWidget):
        parent = widget.parentWidget()
        if not isinstance(widget, QLabel | QAbstractButton) or not widget.isVisible():
            continue
        if parent is not None and not QRect(0, -9999, parent.width(), 19_999).contains(
            widget.geometry()
        ):
            yield f"{widget.text()!r} {widget.geometry()} in {parent.size()}"


@pytest.mark.parametrize("size", [(1280, 800), (1920, 1200), (960, 600)])
@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_fits(
    open_window: Open, page: str, language: str, size: tuple[int, int]
) -> None:
    i18n.use(language)
    window = open_window(page, size)
    assert window.page_name == page
    settle()
    assert (window.frame.width(), window.frame.height()) == size
    assert window.width() == size[0]
    shown = window.page(page)
    assert shown.isVisible()
    assert shown.width() == size[0] - window.rail.width()
    assert list(clipped(window)) == []
    assert list(outside(window)) == []


@pytest.mark.parametrize("name", ["light", "dark", "hc_dark", "hc_light"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_in_every_theme(
    open_window: Open, theme: Theme, page: str, name: str
) -> None:
    window = open_window(page)
    theme.use(name)
    image = window.frame.grab().toImage()
    assert image.pixelColor(84, 40) == theme.colour("bg")
    assert image.pixelColor(4, 700) == theme.colour("rail")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_before_anything_is_known(
    open_window: Open, core: FakeCore, clock: FakeClock, page: str
) -> None:
    core.__init__(clock, empty=True)  # type: ignore[misc]
    window = open_window(page)
    settle()
    assert window.top.pill.text() == "Score unknown"
    assert list(clipped(window)) == []
    assert not window.frame.grab().isNull()


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("page", PAGES)
def test_everything_that_can_be_operated_has_a_name(
    open_window: Open, page: str, language: str
) -> None:
    i18n.use(language)
    window = open_window(page)
    nameless = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or widget.focusPolicy() == Qt.FocusPolicy.NoFocus:
            continue
        interface = QAccessible.queryAccessibleInterface(widget)
        if not interface.text(QAccessible.Text.Name).strip():
            nameless.append(f"{type(widget).__name__} {widget.objectName()}")
    assert nameless == []


@pytest.mark.parametrize("page", PAGES)
def test_tab_reaches_everything_that_can_be_operated(
    qtbot: QtBot, open_window: Open, page: str
) -> None:
    window = open_window(page)
    window.frame.activateWindow()
    qtbot.waitUntil(window.frame.isActiveWindow)
    seen: set[QWidget] = set()
    for _ in range(200):
        here = QApplication.focusWidget()
        if here is None or here in seen:
            break
        seen.add(here)
        QTest.keyClick(here, Qt.Key.Key_Tab)
    missing = [
        f"{type(widget).__name__} {widget.accessibleName()}"
        for widget in window.findChildren(QWidget)
        if widget.isVisible()
        and widget.isEnabled()
        and isinstance(widget, QAbstractButton | QLineEdit | OfficeView)
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget not in seen
        and not (isinstance(widget, QAbstractButton) and widget.autoExclusive())
    ]
    assert missing == []


def test_the_first_page_shows_what_the_core_says(window: MainWindow) -> None:
    said = all_texts(window)
    for text in (
        "3 decisions wait for you. The machine is healthy.",
        "87 Healthy",
        "Free 46 GB on /home?",
        "Suspend python3 (pid 4711)?",
        "Restart the database service?",
        "26 min left",
        "Log folder rotated",
        "2 of 4 fixed",
        "2 work",
        "1 waits for you",
        "Watching 214 metrics, 312 processes",
        "AIOS uses 0.4 % of one core, 96 MB",
        "14:32:08",
    ):
        assert text in said
    assert window.rail.buttons["repairs"].count == 3


def test_pages_are_built_when_they_are_opened(window: MainWindow) -> None:
    assert set(window._pages) == {"office"}
    window.go_to("events")
    assert set(window._pages) == {"office", "events"}


@pytest.mark.parametrize(("number", "page"), list(enumerate(PAGES[:4], 1)))
def test_keys_switch_pages(qtbot: QtBot, window: MainWindow, number: int, page: str) -> None:
    window.go_to("events" if page != "events" else "office")
    window.frame.activateWindow()
    qtbot.waitUntil(window.frame.isActiveWindow)
    QTest.keyClick(window.frame, Qt.Key(Qt.Key.Key_0 + number), Qt.KeyboardModifier.ControlModifier)
    assert window.page_name == page
    assert window.rail.buttons[page].isChecked()
    assert window.page(page).isVisible()


def test_ctrl_q_asks_to_quit(qtbot: QtBot, window: MainWindow) -> None:
    window.frame.activateWindow()
    qtbot.waitUntil(window.frame.isActiveWindow)
    with qtbot.waitSignal(window.quit_asked):
        QTest.keyClick(window.frame, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)


def test_ctrl_k_searches_the_events(qtbot: QtBot, window: MainWindow) -> None:
    window.frame.activateWindow()
    qtbot.waitUntil(window.frame.isActiveWindow)
    QTest.keyClick(window.frame, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    edit = window.top.search.edit
    assert edit.hasFocus()
    QTest.keyClicks(edit, "cpu")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert window.page_name == "events"
    page = window.page("events")
    assert isinstance(page, EventsPage)
    assert any("cpu" in field.text() for field in page.findChildren(QLineEdit))


def test_the_rail_is_operated_by_the_keyboard(qtbot: QtBot, window: MainWindow) -> None:
    window.frame.activateWindow()
    qtbot.waitUntil(window.frame.isActiveWindow)
    button = window.rail.buttons["health"]
    QTest.keyClick(button, Qt.Key.Key_Return)
    assert window.page_name == "health"
    assert button.isChecked()


def test_the_badge_counts_what_waits(qtbot: QtBot, window: MainWindow, core: FakeCore) -> None:
    button = window.rail.buttons["repairs"]
    assert button.accessibleName() == "Repairs, 3 waiting"
    core.deny(31, by="test")
    qtbot.waitUntil(lambda: button.count == 2)
    for waiting in list(core.waiting):
        core.deny(waiting.id, by="test")
    qtbot.waitUntil(lambda: button.count == 0)
    assert button.accessibleName() == ""


def test_wide_windows_name_the_pages_beside_their_icons(open_window: Open) -> None:
    assert open_window(size=(1599, 900)).rail.width() == 80
    assert open_window(size=(1600, 900)).rail.width() == 200


def notice(number: int, severity: str = "warning") -> Notice:
    return Notice(f"n{number}", severity, Say("Notice {n}", {"n": number}), 0.0)


def test_notices_stand_under_the_top_bar(window: MainWindow, core: FakeCore) -> None:
    line = window.notice
    assert line.isHidden()
    core.notices = (notice(1), notice(2, "critical"))
    window._tick()
    assert line.isVisible()
    assert (line.text.text(), line.mark.kind, line.more.text()) == ("Notice 2", "bad", "1 more")
    line.dismiss.click()
    assert (line.text.text(), line.mark.kind, line.more.text()) == ("Notice 1", "warn", "")
    line.dismiss.click()
    assert line.isHidden()
    window._tick()
    assert line.isHidden()
    core.notices = (notice(1), notice(3))
    window._tick()
    assert line.text.text() == "Notice 3"


def test_a_dismissed_notice_comes_back_with_its_cause(window: MainWindow, core: FakeCore) -> None:
    core.notices = (notice(1),)
    window._tick()
    window.notice.dismiss.click()
    core.notices = ()
    window._tick()
    core.notices = (notice(1),)
    window._tick()
    assert window.notice.isVisible()


def test_an_answer_is_told_and_goes_away(window: MainWindow) -> None:
    window.tell("Denied. Nothing was done.")
    assert window.notice.text.text() == "Denied. Nothing was done."
    assert window._hush.isActive()
    window._hush.stop()
    window._say_nothing()
    assert window.notice.isHidden()


@pytest.mark.parametrize(
    ("tray", "option", "hides"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
)
def test_closing_hides_only_with_a_tray_and_the_wish(
    qtbot: QtBot, window: MainWindow, core: FakeCore, tray: bool, option: bool, hides: bool
) -> None:
    core.options["ui.close_to_tray"] = option
    window.can_hide = lambda: tray
    closed: list[None] = []
    window.frame.closed.connect(lambda: closed.append(None))
    window.frame.close()
    assert window.frame.isHidden()
    assert bool(closed) is not hides


def test_a_hidden_window_rests(window: MainWindow) -> None:
    assert window._second.isActive()
    window.frame.hide()
    assert not window._second.isActive()
    window.frame.show()
    assert window._second.isActive()


def test_a_minimised_window_rests(window: MainWindow) -> None:
    window.frame.showMinimized()
    assert not window._second.isActive()
    window.frame.come_forward()
    assert window._second.isActive()


def test_a_hidden_page_is_refreshed_when_it_is_seen_again(
    qtbot: QtBot, window: MainWindow, core: FakeCore
) -> None:
    window.go_to("events")
    core.deny(31, by="test")
    with qtbot.waitSignal(window._bridge.changed):
        pass
    window.go_to("office")
    assert "Free 46 GB on /home?" not in all_texts(window)


def test_another_language_is_taken_at_once(window: MainWindow) -> None:
    window.go_to("health")
    i18n.use("zh_CN")
    window.retranslate()
    assert window.page_name == "health"
    assert window.top.title.text() == "健康"
    assert window.rail.buttons["repairs"].text() == "修复"
    assert window.page("health").isVisible()
    assert len(window.frame.findChildren(Rail)) == 2  # the old one goes with the next event
    settle()
    assert len(window.frame.findChildren(Rail)) == 1


def test_a_decision_opens_in_a_dialog_once(window: MainWindow) -> None:
    window.open_approval(31)
    window.open_approval(31)
    assert list(window._dialogs) == [31]
    dialog = window._dialogs[31]
    assert dialog.isVisible()
    dialog.reject()
    assert window._dialogs == {}


def test_a_decision_that_is_gone_is_said_so(window: MainWindow) -> None:
    window.open_approval(99)
    assert window.notice.text.text() == "This question is no longer open."
    window._hush.stop()


def test_the_status_bar_says_what_is_not_known(
    open_window: Open, core: FakeCore, clock: FakeClock
) -> None:
    core.__init__(clock, empty=True)  # type: ignore[misc]
    window = open_window()
    assert window.status.watched.text() == "The first look at the machine is under way."
    assert window.status.cost.text() == ""


def test_score_and_level_are_shown_with_a_mark(window: MainWindow) -> None:
    pill = window.top.pill
    assert isinstance(pill, Mark)
    assert (pill.kind, pill.text()) == ("ok", "87 Healthy")


def test_the_trace_of_a_question_opens_the_events(open_window: Open, core: FakeCore) -> None:
    window = open_window("office")
    approval = core.approvals()[0]
    window.open_approval(approval.id)
    dialog = window._dialogs[approval.id]
    assert isinstance(dialog, ApprovalDialog)
    dialog.trace_asked.emit(approval.trace)
    assert window.page_name == "events"
    dialog.close()
