"""The tray: its silhouette, its menu, panels that come late and go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QSystemTrayIcon
from pytestqt.qtbot import QtBot

from aios_desktop import i18n
from aios_desktop.runtime.views import Level
from aios_desktop.ui.bridge import Bridge
from aios_desktop.ui.theme import Theme
from aios_desktop.ui.tray import Tray
from tests.fake_core import FakeCore

# the offscreen platform has no tray window; the real one is used in tests/e2e
pytestmark = pytest.mark.qt_log_ignore("systemTrayWindowChanged", extend=True)


class Panel:
    """A panel that is there or not."""

    def __init__(self) -> None:
        self.there = True

    def __call__(self) -> bool:
        return self.there


@pytest.fixture
def panel() -> Panel:
    return Panel()


@pytest.fixture
def make(
    core: FakeCore, bridge: Bridge, theme: Theme, panel: Panel
) -> Iterator[Callable[[], Tray]]:
    made: list[Tray] = []

    def build() -> Tray:
        made.append(Tray(core, bridge, theme, is_available=panel))
        return made[-1]

    yield build
    for tray in made:
        tray.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def words(tray: Tray) -> list[str]:
    return [action.text() for action in tray.menu.actions() if not action.isSeparator()]


def test_it_asks_for_a_person(make: Callable[[], Tray]) -> None:
    tray = make()
    assert tray.shape == "ask"
    assert words(tray) == ["3 decisions wait…", "Score 87, Healthy", "Open AIOS", "Quit"]
    assert tray.tip.split("\n") == ["AIOS Desktop", "Score 87, Healthy", "3 decisions wait…"]


@pytest.mark.parametrize(
    ("level", "shape"),
    [
        (Level.HEALTHY, "ok"),
        (Level.OK, "ok"),
        (Level.UNKNOWN, "ok"),
        (Level.DEGRADED, "bad"),
        (Level.CRITICAL, "bad"),
    ],
)
def test_its_shape_follows_the_level(
    make: Callable[[], Tray], core: FakeCore, level: Level, shape: str
) -> None:
    core.waiting.clear()
    core.score_now = replace(core.score_now, level=level)
    tray = make()
    assert tray.shape == shape
    assert words(tray)[0] == "No decision waits"
    assert not tray.menu.actions()[0].isEnabled()


def test_it_follows_events(qtbot: QtBot, make: Callable[[], Tray], core: FakeCore) -> None:
    tray = make()
    for waiting in list(core.waiting):
        core.deny(waiting.id, by="test")
    qtbot.waitUntil(lambda: tray.shape == "ok")
    assert "wait" not in tray.tip


def test_its_menu_passes_on_what_a_person_wants(qtbot: QtBot, make: Callable[[], Tray]) -> None:
    tray = make()
    waiting, score, opens, leaves = (
        action for action in tray.menu.actions() if not action.isSeparator()
    )
    with qtbot.waitSignal(tray.open_approval) as seen:
        waiting.trigger()
    assert seen.args == [31]
    with qtbot.waitSignal(tray.open_health):
        score.trigger()
    with qtbot.waitSignal(tray.open_window):
        opens.trigger()
    with qtbot.waitSignal(tray.quit_asked):
        leaves.trigger()
    assert leaves.shortcut().toString() == "Ctrl+Q"


def test_a_left_click_opens_the_window(qtbot: QtBot, make: Callable[[], Tray]) -> None:
    tray = make()
    assert tray._icon is not None
    with qtbot.waitSignal(tray.open_window):
        tray._icon.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
    with qtbot.assertNotEmitted(tray.open_window):
        tray._icon.activated.emit(QSystemTrayIcon.ActivationReason.Context)


def test_a_late_panel_gets_its_icon(make: Callable[[], Tray], panel: Panel) -> None:
    panel.there = False
    tray = make()
    assert not tray.is_live()
    assert tray.shape == ""
    panel.there = True
    tray.look()
    assert tray.is_live()
    assert tray.shape == "ask"


def test_a_panel_that_goes_is_told(qtbot: QtBot, make: Callable[[], Tray], panel: Panel) -> None:
    tray = make()
    panel.there = False
    assert not tray.is_live()
    with qtbot.waitSignal(tray.lost):
        tray.look()
    panel.there = True
    tray.look()
    assert tray.is_live()


def test_it_speaks_chinese(make: Callable[[], Tray]) -> None:
    tray = make()
    i18n.use("zh_CN")
    tray.retranslate()
    assert "退出" in words(tray)


def test_it_looks_for_a_panel_every_five_seconds(make: Callable[[], Tray]) -> None:
    tray = make()
    assert tray._look.isActive()
    assert tray._look.interval() == 5000
