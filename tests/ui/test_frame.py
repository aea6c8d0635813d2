"""The frame: its first picture, where it was the last time, closing and hiding."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from aios_desktop.ui import window_state
from aios_desktop.ui.frame import Frame
from aios_desktop.ui.theme import Theme
from aios_desktop.ui.window_state import WindowState

pytestmark = pytest.mark.qt_log_ignore("does not support raise", extend=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "window.json"


@pytest.fixture
def frame(theme: Theme, file: Path) -> Iterator[Frame]:
    made = Frame(theme, state_file=file)
    yield made
    made.close()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_it_tells_its_first_paint_once(qtbot: QtBot, frame: Frame) -> None:
    paints: list[None] = []
    frame.first_painted.connect(lambda: paints.append(None))
    with qtbot.waitSignal(frame.first_painted):
        frame.show()
    frame.repaint()
    frame.grab()
    assert len(paints) == 1


@pytest.mark.parametrize("size", [(1280, 800), (1920, 1200)])
@pytest.mark.parametrize("name", ["light", "dark", "hc_dark"])
def test_its_picture_has_rail_bars_and_sentence(
    frame: Frame, theme: Theme, size: tuple[int, int], name: str
) -> None:
    theme.use(name)
    other = Frame(theme)
    other.resize(*size)
    image = other.grab().toImage()
    rail = 80 if size[0] < 1600 else 200
    assert image.pixelColor(rail - 3, size[1] - 5) == theme.colour("rail")
    assert image.pixelColor(rail + 5, 5) == theme.colour("bg")
    assert image.pixelColor(rail + 5, 51) == theme.colour("line")
    middle = {
        image.pixelColor(x, y).name()
        for x in range(rail, size[0], 2)
        for y in range(size[1] // 2 - 20, size[1] // 2 + 50)
    }
    assert theme.hex("text2") in middle
    other.deleteLater()


def test_it_says_why_it_cannot_start(frame: Frame) -> None:
    frame.fail("Cannot use the folder /x: no space. Choose another one with --data-dir.")
    assert "Cannot use the folder" in frame.accessibleDescription()
    assert not frame.grab().isNull()


def test_content_takes_the_place_of_the_picture(frame: Frame) -> None:
    content = QWidget()
    frame.resize(1000, 700)
    frame.hold(content)
    frame.show()
    assert content.geometry() == frame.rect()


def test_it_comes_back_where_it_was(theme: Theme, frame: Frame, file: Path) -> None:
    frame.resize(1111, 777)
    frame.page = "events"
    frame.keep_state()
    assert file.stat().st_mode & 0o777 == 0o600
    again = Frame(theme, state_file=file)
    assert (again.width(), again.height(), again.page) == (1111, 777, "events")
    again.deleteLater()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"x": 1}',
        json.dumps(
            {"x": "1", "y": 0, "width": 9, "height": 9, "maximized": False, "page": "office"}
        ),
        json.dumps(
            {"x": 10**9, "y": 0, "width": 9, "height": 9, "maximized": False, "page": "office"}
        ),
        json.dumps({"x": 1, "y": 0, "width": 9, "height": 9, "maximized": 1, "page": "office"}),
        " " * 5000,
    ],
)
def test_a_spoilt_file_is_ignored(theme: Theme, file: Path, text: str) -> None:
    file.write_text(text)
    assert window_state.load(file) is None
    frame = Frame(theme, state_file=file)
    assert (frame.width(), frame.height()) == (1280, 800)
    frame.deleteLater()


def test_a_missing_folder_is_no_reason_to_fail(tmp_path: Path) -> None:
    window_state.save(tmp_path / "no" / "window.json", WindowState(0, 0, 1280, 800))
    assert not (tmp_path / "no").exists()


def test_a_place_off_the_screens_is_not_taken(theme: Theme, file: Path) -> None:
    window_state.save(file, WindowState(20_000, 20_000, 1000, 700))
    frame = Frame(theme, state_file=file)
    assert (frame.x(), frame.width()) != (20_000, 0)
    assert frame.x() < 20_000
    frame.deleteLater()


def test_it_hides_when_that_is_wanted(qtbot: QtBot, frame: Frame) -> None:
    frame.show()
    frame.wants_hiding = lambda: True
    with qtbot.assertNotEmitted(frame.closed):
        frame.close()
    assert frame.isHidden()
    frame.come_forward()
    assert frame.isVisible()
    frame.wants_hiding = lambda: False
    with qtbot.waitSignal(frame.closed):
        frame.close()
