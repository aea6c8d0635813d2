"""A theme, a fake core, a bridge and a whole window for the tests of the window."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from aios_desktop.ui.bridge import Bridge
from aios_desktop.ui.frame import Frame
from aios_desktop.ui.main_window import MainWindow
from aios_desktop.ui.theme import Theme
from tests.fake_core import FakeCore
from tests.fake_data import START
from tests.fakes import FakeClock

Open = Callable[..., MainWindow]


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still in the afternoon of the made-up data."""
    return FakeClock(START)


@pytest.fixture
def core(clock: FakeClock) -> FakeCore:
    """A core with made-up data."""
    return FakeCore(clock)


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    """The light theme."""
    made = Theme(qapp, "light")
    made.settle()
    yield made
    made.deleteLater()
    _finish()


@pytest.fixture
def bridge(core: FakeCore, theme: Theme) -> Iterator[Bridge]:
    """A bridge to the fake core."""
    made = Bridge(core)
    yield made
    made.close()
    made.deleteLater()
    _finish()


@pytest.fixture
def open_window(core: FakeCore, bridge: Bridge, theme: Theme, clock: FakeClock) -> Iterator[Open]:
    """Make windows: ``open_window(page, size)``; they are closed afterwards."""
    frames: list[Frame] = []

    def make(page: str = "office", size: tuple[int, int] = (1280, 800)) -> MainWindow:
        frame = Frame(theme)
        frames.append(frame)
        frame.page = page
        frame.resize(*size)
        window = MainWindow(core, bridge, theme, clock, frame)
        frame.show()
        return window

    yield make
    for frame in frames:
        frame.wants_hiding = lambda: False
        frame.close()
        frame.deleteLater()
    _finish()


@pytest.fixture
def window(open_window: Open) -> MainWindow:
    """The window at 1280x800 with the Office open."""
    return open_window()


def _finish() -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
