"""One whole run of the application in this process: start, failure, picture, signals, options."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from aios_desktop import i18n
from aios_desktop.errors import AiosError
from aios_desktop.paths import Paths, find
from aios_desktop.runtime.port import Core
from aios_desktop.ui.app import Desktop, run_app
from aios_desktop.ui.theme import Theme
from tests.fake_core import FakeCore
from tests.fake_data import START
from tests.fakes import FakeClock

Ready = Callable[[Desktop], None]
pytestmark = pytest.mark.qt_log_ignore("does not support raise", extend=True)


@pytest.fixture(autouse=True)
def quiet(qapp: QApplication) -> Iterator[None]:
    interval = sys.getswitchinterval()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    sys.setswitchinterval(interval)
    assert {number: signal.getsignal(number) for number in handlers} == handlers


@pytest.fixture
def places(tmp_path: Path) -> Paths:
    found = find(tmp_path)
    found.data.mkdir(parents=True)
    return found


@pytest.fixture
def core() -> FakeCore:
    return FakeCore(FakeClock(START))


def run(
    places: Paths,
    core_factory: Callable[[], Core],
    ready: Ready | None = None,
    *,
    hidden: bool = False,
    screenshot: Path | None = None,
) -> int:
    return run_app(
        core_factory,
        places=places,
        clock=FakeClock(START),
        hidden=hidden,
        screenshot=screenshot,
        after_s=0.05,
        ready=ready,
    )


def test_the_window_is_painted_before_the_core_is_made(places: Paths, core: FakeCore) -> None:
    order: list[str] = []

    def make() -> Core:
        frame = next(w for w in QApplication.topLevelWidgets() if w.windowTitle() == "AIOS Desktop")
        order.append("visible" if frame.isVisible() else "hidden")
        return core

    def ready(desktop: Desktop) -> None:
        assert desktop.window is not None
        order.append(desktop.window.page_name)
        desktop.quit()

    assert run(places, make, ready) == 0
    assert order == ["visible", "office"]
    assert core.listeners == 0
    assert (places.data / "window.json").exists()
    assert sys.getswitchinterval() == pytest.approx(0.0005)


@pytest.mark.logs_errors
def test_a_core_that_cannot_start_says_why(places: Paths) -> None:
    said: list[str] = []

    def fail() -> Core:
        QTimer.singleShot(0, look)
        raise AiosError("Cannot use the folder {folder}: {reason}.", folder="/x", reason="full")

    def look() -> None:
        frame = next(w for w in QApplication.topLevelWidgets() if w.windowTitle() == "AIOS Desktop")
        said.append(frame.accessibleDescription())
        frame.close()

    assert run(places, fail) == 1
    assert said == ["Cannot use the folder /x: full."]


def test_a_hidden_start_shows_no_window(places: Paths, core: FakeCore) -> None:
    seen: list[bool] = []

    def ready(desktop: Desktop) -> None:
        seen.append(desktop.frame.isVisible())
        assert desktop.window is not None
        assert desktop.window._pages == {}
        desktop.frame.come_forward()
        seen.append(desktop.window.page("office").isVisible())
        desktop.quit()

    assert run(places, lambda: core, ready, hidden=True) == 0
    assert seen == [False, True]


def test_a_hidden_start_without_a_panel_gets_into_the_task_bar(
    places: Paths, core: FakeCore
) -> None:
    seen: list[bool] = []

    def ready(desktop: Desktop) -> None:
        desktop.need_an_entry()
        seen.append(desktop.frame.isMinimized())
        desktop.quit()

    assert run(places, lambda: core, ready, hidden=True) == 0
    assert seen == [True]


def test_a_picture_is_saved(places: Paths, core: FakeCore, tmp_path: Path) -> None:
    file = tmp_path / "shot.png"
    assert run(places, lambda: core, screenshot=file) == 0
    image = QImage(str(file))
    assert (image.width(), image.height()) == (1280, 800)


@pytest.mark.logs_errors
def test_a_picture_that_cannot_be_saved_is_a_failure(
    places: Paths, core: FakeCore, tmp_path: Path
) -> None:
    assert run(places, lambda: core, screenshot=tmp_path / "no" / "shot.png") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_system_can_end_it(
    places: Paths, core: FakeCore, number: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert run(places, lambda: core, lambda _desktop: os.kill(os.getpid(), number)) == 0
    assert f"signal {int(number)}" in caplog.text


def test_closing_the_window_without_a_tray_ends_it(places: Paths, core: FakeCore) -> None:
    def ready(desktop: Desktop) -> None:
        assert desktop.tray is not None
        assert not desktop.tray.is_live()
        desktop.frame.close()

    assert run(places, lambda: core, ready) == 0


def test_theme_and_language_are_taken_at_once(places: Paths, core: FakeCore) -> None:
    seen: list[str] = []

    def ready(desktop: Desktop) -> None:
        core.set_option("ui.theme", "dark")
        core.set_option("ui.language", "zh_CN")
        desktop.follow_options()
        assert desktop.window is not None
        seen.extend((desktop.theme.name, i18n.language(), desktop.window.top.title.text()))
        desktop.quit()

    assert run(places, lambda: core, ready) == 0
    assert seen == ["dark", "zh_CN", "办公室"]


def test_the_options_file_is_read_before_the_first_paint(places: Paths, core: FakeCore) -> None:
    places.options.parent.mkdir(parents=True)
    places.options.write_text('[ui]\ntheme = "hc_dark"\nlanguage = "zh_CN"\n')
    core.options.update({"ui.theme": "hc_dark", "ui.language": "zh_CN"})
    seen: list[str] = []

    def make() -> Core:
        theme = QApplication.instance().property("aiosTheme")  # type: ignore[union-attr]
        assert isinstance(theme, Theme)
        seen.extend((theme.name, i18n.language()))
        return core

    assert run(places, make, lambda desktop: desktop.quit()) == 0
    assert seen == ["hc_dark", "zh_CN"]


def test_the_tray_opens_a_decision_in_the_window(places: Paths, core: FakeCore) -> None:
    seen: list[list[int]] = []

    def ready(desktop: Desktop) -> None:
        assert desktop.tray is not None
        assert desktop.window is not None
        desktop.tray.menu.actions()[0].trigger()
        seen.append(list(desktop.window._dialogs))
        desktop.tray.menu.actions()[1].trigger()
        seen.append([len(desktop.window._pages)])
        assert desktop.window.page_name == "health"
        for dialog in list(desktop.window._dialogs.values()):
            dialog.reject()
        desktop.quit()

    assert run(places, lambda: core, ready) == 0
    assert seen == [[31], [2]]
