"""The office on the screen: exact pixels, the pace of its timer, choosing people, words."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from aios_desktop import i18n
from aios_desktop.i18n import Say
from aios_desktop.office.people import Resident, State
from aios_desktop.office.person import PATIENCE_S
from aios_desktop.office.poses import BEAT_MS
from aios_desktop.office.world import World
from aios_desktop.runtime.views import AgentState, AgentView
from aios_desktop.ui.office import pixel_font, residents, view
from aios_desktop.ui.office.pictures import artwork
from aios_desktop.ui.office.residents import residents_of
from aios_desktop.ui.office.stage import Stage
from aios_desktop.ui.office.view import AWAY_S, REST_MS, WALK_MS, OfficeView
from aios_desktop.ui.tokens import PALETTE
from tests.fakes import FakeClock

BUILT_IN = ("monitor", "analyst", "optimizer", "executor", "validator", "learner")
NOON = 1_790_000_000 // 86_400 * 86_400 + 43_200
DAY = "6e1c05279165a44f"
NIGHT = "2a0066ea95fced23"
ALL_STATES = (
    State.RUNNING,
    State.MEETING,
    State.WAITING,
    State.DEGRADED,
    State.RUNNING,
    State.LEARNING,
)
Make = Callable[..., "Watched"]


class Watched(OfficeView):
    """A view that notes what it was asked to paint anew; None stands for everything."""

    asked: tuple[QRect | None, ...] = ()

    def forget(self) -> None:
        self.asked = ()

    def update(self, *area: QRect) -> None:  # type: ignore[override]
        self.asked += (area[0] if area else None,)
        super().update(*area)


def people(*states: State) -> tuple[Resident, ...]:
    """Return the built-in agents in these states (the last one goes on)."""
    padded = (*states, *[states[-1]] * len(BUILT_IN))[: len(BUILT_IN)]
    return tuple(
        Resident(who, state, float(at), who, f"Because of {who}")
        for at, (who, state) in enumerate(zip(BUILT_IN, padded, strict=True))
    )


@pytest.fixture
def clock() -> FakeClock:
    """Noon of a day in UTC."""
    return FakeClock(float(NOON))


@pytest.fixture
def make(qtbot: QtBot, clock: FakeClock) -> Iterator[Make]:
    """Make shown views of a size; they are gone afterwards."""
    made: list[Watched] = []

    def view_of(size: tuple[int, int] = (858, 538), *, show: bool = True) -> Watched:
        office = Watched(clock)
        made.append(office)
        office.resize(*size)
        office.set_residents(people(*ALL_STATES))
        if show:
            office.show()
            qtbot.waitUntil(lambda: office._was_painted)
        return office

    yield view_of
    for office in made:
        office.close()
        office.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def image(office: OfficeView) -> QImage:
    """Return what the widget shows."""
    return office.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def colours(picture: QImage) -> set[int]:
    """Return all colours of a picture."""
    width, height = picture.width(), picture.height()
    return {picture.pixel(x, y) & 0xFFFFFF for y in range(height) for x in range(width)}


def fingerprint(daytime: str) -> str:
    """Return a hash of a scene without text: every state, two screen pixels a world pixel."""
    world = World(artwork().layout, seed=1)
    world.set_residents(people(*ALL_STATES), 0.0)
    world.tick(40.0)
    picture = QImage(QSize(854, 534), QImage.Format.Format_RGB32)
    painter = QPainter(picture)
    Stage(artwork(), (2, daytime, True, 144)).paint(painter, 0, 0, world.figures())
    painter.end()
    return hashlib.sha256(bytes(picture.constBits())).hexdigest()[:16]


@pytest.mark.parametrize(("daytime", "wanted"), [("day", DAY), ("night", NIGHT)])
def test_the_scene_is_exactly_this(qapp: object, daytime: str, wanted: str) -> None:
    assert fingerprint(daytime) == wanted


def test_by_day_only_colours_of_the_palette_are_shown(make: Make) -> None:
    office = make((427, 267))
    allowed = {int(value.removeprefix("#"), 16) for value in PALETTE.values()}
    assert colours(image(office)) <= allowed


def test_night_falls_with_the_clock(make: Make, clock: FakeClock) -> None:
    office = make()
    day = sum(_light(image(office).pixelColor(x, 240)) for x in range(20, 500, 4))
    clock.advance(10 * 3600)
    office._beat()
    night = sum(_light(image(office).pixelColor(x, 240)) for x in range(20, 500, 4))
    assert night < 0.8 * day


def _light(colour: QColor) -> int:
    return colour.red() + colour.green() + colour.blue()


def test_the_lamp_is_lit_only_while_somebody_waits(make: Make) -> None:
    office = make()
    lamp_x, lamp_y = artwork().own_lamp
    fitted = office._fitted()
    x, y = fitted.left + (lamp_x + 5) * 2, fitted.top + (lamp_y + 4) * 2
    assert office._key()[2]
    lit = image(office).pixelColor(x, y)
    office.set_residents(people(State.RUNNING))
    off = image(office).pixelColor(x, y)
    assert lit.name() in (PALETTE["amber"], PALETTE["lemon"])
    assert off.name() not in (PALETTE["amber"], PALETTE["lemon"])


def test_pixels_are_squares_of_the_zoom(make: Make) -> None:
    office = make((1281, 801))
    assert office.zoom == 3
    picture = image(office)
    corner = office._fitted()
    for x in range(0, 60, 3):
        for y in range(0, 60, 3):
            square = {
                picture.pixel(corner.left + x + dx, corner.top + y + dy)
                for dx in range(3)
                for dy in range(3)
            }
            assert len(square) == 1


SCALED = """
import os, sys, time
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from aios_desktop.office.people import Resident, State
from aios_desktop.ui.office import view
from tests.fakes import FakeClock
app = QApplication([])
outer = QWidget()
outer.resize(700, 500)
office = view.OfficeView(FakeClock({noon}.0), outer)
office.setGeometry(7, 5, 600, 400)
office.set_residents([Resident("analyst", State.RUNNING, 0.0, "analyst")])
picture = outer.grab().toImage()
fitted = office._fitted()
ratio = office.devicePixelRatioF()
left = round(7 * ratio) + fitted.left
top = round(5 * ratio) + fitted.top
bad = 0
for x in range(60):
    for y in range(60):
        square = {{picture.pixel(left + x * fitted.zoom + a, top + y * fitted.zoom + b)
                  for a in range(fitted.zoom) for b in range(fitted.zoom)}}
        bad += len(square) != 1
print(ratio, fitted.zoom, bad)
"""


@pytest.mark.parametrize(("scale", "zoom"), [("1", 1), ("1.5", 2), ("2", 2), ("3", 4)])
def test_the_zoom_is_whole_at_every_ratio(scale: str, zoom: int) -> None:
    import os

    environment = os.environ | {"QT_SCALE_FACTOR": scale, "QT_QPA_PLATFORM": "offscreen"}
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", SCALED.format(noon=NOON)],
        capture_output=True,
        text=True,
        timeout=50,
        env=environment,
        cwd=root,
    )
    assert done.stdout.split() == [str(float(scale)), str(zoom), "0"], done.stderr


def test_the_page_shows_around_the_dark_frame_with_its_corners_cut(make: Make) -> None:
    office = make((900, 600))
    office.set_page_color(QColor("#123456"))
    picture, fitted = image(office), office._fitted()
    ink = QColor(PALETTE["ink"]).rgb()
    page = QColor("#123456").rgb()
    assert picture.pixel(0, 0) == page
    assert picture.pixel(899, 599) == page
    assert picture.pixel(fitted.left - 1, fitted.top + 50) == ink
    assert picture.pixel(fitted.left + 50, fitted.top + fitted.height + 1) == ink
    assert picture.pixel(fitted.left - 1, fitted.top - 1) == page
    assert picture.pixel(fitted.left - 3, fitted.top + 50) == page


def test_plates_are_drawn_from_the_second_paint_on(make: Make, qtbot: QtBot) -> None:
    office = make()
    qtbot.waitUntil(pixel_font.is_loaded)
    image(office)
    assert set(office._plate_rects) == set(BUILT_IN)
    rects = list(office._plate_rects.values())
    assert not any(a.intersects(b) for a in rects for b in rects if a is not b)


# the timer


def test_the_timer_keeps_the_pace_of_the_picture(make: Make, clock: FakeClock) -> None:
    office = make()
    assert office._timer.interval() == BEAT_MS
    office.set_residents(people(State.RUNNING))
    clock.advance(1.0)
    office._beat()
    assert office._world.is_walking(clock.monotonic())
    assert office._timer.interval() == WALK_MS
    clock.advance(30.0)
    office._beat()
    assert office._timer.interval() == BEAT_MS


def test_nobody_looks_after_a_minute_without_focus(
    make: Make, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = make()
    monkeypatch.setattr(office, "isActiveWindow", lambda: False)
    clock.advance(AWAY_S - 1)
    office._beat()
    assert office._timer.interval() == BEAT_MS
    clock.advance(2)
    office._beat()
    assert office._timer.interval() == REST_MS
    monkeypatch.setattr(office, "isActiveWindow", lambda: True)
    office._beat()
    assert office._timer.interval() == BEAT_MS


def test_the_timer_stops_when_hidden(make: Make) -> None:
    office = make()
    assert office._timer.isActive()
    office.hide()
    assert not office._timer.isActive()
    office.set_residents(people(State.WAITING))
    assert not office._timer.isActive()
    office.show()
    assert office._timer.isActive()


def test_the_timer_stops_when_minimised(make: Make, qtbot: QtBot) -> None:
    office = make()
    office.showMinimized()
    qtbot.waitUntil(lambda: not office._timer.isActive())


def test_only_one_timer_and_it_goes_with_the_view(make: Make) -> None:
    office = make()
    assert len(office.findChildren(QTimer)) == 1


def test_nothing_is_painted_when_nothing_has_changed(
    make: Make, clock: FakeClock, qtbot: QtBot
) -> None:
    office = make()
    qtbot.waitUntil(pixel_font.is_loaded)
    office.set_reduced_motion(True)
    image(office)
    office.forget()
    for _ in range(5):
        clock.advance(0.5)
        office._beat()
    assert office.asked == ()
    office.set_residents(people(State.DEGRADED))
    assert office.asked


def test_only_what_has_changed_is_painted_anew(make: Make, clock: FakeClock, qtbot: QtBot) -> None:
    office = make()
    qtbot.waitUntil(pixel_font.is_loaded)
    office.set_residents(people(State.RUNNING))
    clock.advance(PATIENCE_S)
    office._beat()
    before = image(office)
    for _ in range(12):
        office.forget()
        clock.advance(BEAT_MS / 1000)
        office._beat()
        after = image(office)
        areas = [area for area in office.asked if area is not None]
        assert areas
        assert len(areas) == len(office.asked), "never the whole picture"
        for x in range(0, 858, 2):
            for y in range(0, 538, 2):
                if before.pixel(x, y) != after.pixel(x, y):
                    assert any(area.contains(x, y) for area in areas)
        before = after


def test_walking_leaves_no_traces(make: Make, clock: FakeClock, qtbot: QtBot) -> None:
    office = make()
    qtbot.waitUntil(pixel_font.is_loaded)
    image(office)
    office.set_residents(people(State.MEETING))
    clock.advance(1.0)
    office._beat()
    before = image(office)
    for _ in range(25):
        office.forget()
        clock.advance(WALK_MS / 1000)
        office._beat()
        after = image(office)
        areas = [area for area in office.asked if area is not None]
        assert len(areas) == len(office.asked), "never the whole picture"
        for x in range(0, 858, 3):
            for y in range(0, 538, 3):
                if before.pixel(x, y) != after.pixel(x, y):
                    assert any(area.contains(x, y) for area in areas), (x, y)
        before = after
    assert office._world.is_walking(clock.monotonic())


# choosing


def test_a_click_chooses_who_is_there(make: Make, qtbot: QtBot) -> None:
    office = make()
    for who in BUILT_IN:
        spot = office.figure_rect(who).center()
        with qtbot.waitSignal(office.chosen) as caught:
            QTest.mouseClick(office, Qt.MouseButton.LeftButton, pos=spot)
        assert caught.args == [who]
    with qtbot.assertNotEmitted(office.chosen):
        QTest.mouseClick(office, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
        right = office.figure_rect("monitor").center()
        QTest.mouseClick(office, Qt.MouseButton.RightButton, pos=right)
    assert office.figure_rect("nobody").isEmpty()


def test_a_click_on_the_plate_chooses_too(make: Make, qtbot: QtBot) -> None:
    office = make()
    qtbot.waitUntil(pixel_font.is_loaded)
    image(office)
    fitted, plate = office._fitted(), office._plate_rects["monitor"]
    spot = plate.translated(fitted.left, fitted.top).center()
    with qtbot.waitSignal(office.chosen) as caught:
        QTest.mouseClick(office, Qt.MouseButton.LeftButton, pos=spot)
    assert caught.args == ["monitor"]


def test_arrow_keys_reach_everybody_and_enter_chooses(make: Make, qtbot: QtBot) -> None:
    office = make()
    arrows = (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Up)
    with qtbot.assertNotEmitted(office.chosen):
        QTest.keyClick(office, Qt.Key.Key_Return)
    reached = set()
    for number in range(60):
        QTest.keyClick(office, arrows[number * 7 // 3 % 4])
        reached.add(office.focused)
    assert reached == set(BUILT_IN)
    who = office.focused
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space):
        with qtbot.waitSignal(office.chosen) as caught:
            QTest.keyClick(office, key)
        assert caught.args == [who]


def test_who_has_left_is_no_longer_chosen(make: Make, qtbot: QtBot) -> None:
    office = make()
    QTest.keyClick(office, Qt.Key.Key_Down)
    who = office.focused
    assert who
    office.set_residents([person for person in people(State.IDLE) if person.id != who])
    assert office.focused == ""


def test_the_chosen_one_has_a_ring(
    make: Make, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = make()
    qtbot.waitUntil(pixel_font.is_loaded)
    monkeypatch.setattr(office, "hasFocus", lambda: True)
    office.set_reduced_motion(True)
    before = image(office)
    QTest.keyClick(office, Qt.Key.Key_Down)
    assert image(office) != before


def test_over_people_there_is_a_hand_and_the_evidence(make: Make) -> None:
    office = make()
    QTest.mouseMove(office, office.figure_rect("executor").center())
    assert office.cursor().shape() is Qt.CursorShape.PointingHandCursor
    assert office.toolTip() == "executor is in trouble.\nBecause of executor"
    QTest.mouseMove(office, QPoint(20, 20))
    assert office.cursor().shape() is Qt.CursorShape.ArrowCursor
    assert office.toolTip() == ""


# words


def test_the_picture_is_told_in_words(make: Make) -> None:
    office = make()
    lines = office.accessibleDescription().splitlines()
    assert lines[0] == "optimizer waits for you."
    assert lines[1] == "executor is in trouble."
    assert set(lines[2:]) == {
        "monitor works.",
        "analyst is in talks.",
        "validator works.",
        "learner reads.",
    }
    assert office.accessibleName() == "Office"
    office.set_residents([])
    assert office.describe() == "Nobody is in the office."


def test_agents_of_the_core_become_residents() -> None:
    views = [
        AgentView(
            id="monitor",
            name=Say("Monitor"),
            state=state,
            since=5.0,
            evidence=Say("{n} metrics", {"n": 3}),
            certain=state is not AgentState.IDLE,
        )
        for state in AgentState
    ]
    found = residents_of(views)
    assert [resident.state.value for resident in found] == [state.value for state in AgentState]
    assert {resident.evidence for resident in found} == {"3 metrics"}
    told = [residents.evidence(resident) for resident in found]
    assert len(set(told)) == len(AgentState)
    assert told[0] == "Monitor is idle.\n3 metrics\nThis is likely, not certain."


def test_words_are_there_in_chinese() -> None:
    i18n.use("zh_CN")
    told = residents.describe(people(*ALL_STATES))
    assert "waits for you" not in told


def test_the_sizes_show_the_whole_picture(make: Make) -> None:
    office = make(show=False)
    assert office.sizeHint() == QSize(858, 538)
    assert office.minimumSizeHint() == QSize(431, 271)
    assert isinstance(office, QWidget)
    assert view.portrait is not None
