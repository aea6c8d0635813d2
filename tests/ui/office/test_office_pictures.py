"""Faces and pieces of the office for other pages, and the pixel font."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter
from PySide6.QtWidgets import QApplication

from aios_desktop.ui.office import pixel_font
from aios_desktop.ui.office.artwork import clock_hands
from aios_desktop.ui.office.pictures import artwork
from aios_desktop.ui.office.view import empty_piece, portrait
from aios_desktop.ui.tokens import PALETTE

BUILT_IN = ("monitor", "analyst", "optimizer", "executor", "validator", "learner")
COLOURS = {int(value.removeprefix("#"), 16) for value in PALETTE.values()}


def seen(image: QImage) -> set[int]:
    """Return all colours of a picture."""
    return {
        image.pixel(x, y) & 0xFFFFFF for y in range(image.height()) for x in range(image.width())
    }


@pytest.mark.parametrize(
    ("scale", "dpr", "side"), [(3, 1.0, 60), (3, 2.0, 120), (2, 1.5, 60), (5, 1.0, 100)]
)
def test_a_portrait_is_a_whole_multiple_of_its_pixels(
    qapp: QApplication, scale: int, dpr: float, side: int
) -> None:
    face = portrait("executor", scale, dpr)
    assert (face.width(), face.height()) == (side, side)
    assert face.deviceIndependentSize().width() == pytest.approx(20 * scale)
    assert seen(face.toImage()) <= COLOURS


def test_everybody_has_a_face_of_their_own_towards_us(qapp: QApplication) -> None:
    faces = [portrait(who, 1, 1.0).toImage() for who in BUILT_IN]
    assert all(one != other for at, one in enumerate(faces) for other in faces[:at])
    ink = QColor(PALETTE["ink"]).rgb()
    for face in faces:  # the lower halves of both eyes
        assert face.pixel(7, 12) == face.pixel(12, 12) == ink


def test_a_stranger_has_no_face(qapp: QApplication) -> None:
    with pytest.raises(KeyError):
        portrait("stranger", 3, 1.0)


@pytest.mark.parametrize("name", ["sofa", "coffee", "screens", "whiteboard", "library"])
def test_a_piece_of_the_office(qapp: QApplication, name: str) -> None:
    piece = empty_piece(name, 3, 1.0)
    assert (piece.width(), piece.height()) == (192, 96)
    assert seen(piece.toImage()) <= COLOURS
    assert seen(empty_piece(name, 1, 1.0, "night").toImage()) - COLOURS


def test_an_unknown_piece_is_an_error(qapp: QApplication) -> None:
    with pytest.raises(KeyError):
        empty_piece("cellar", 3, 1.0)


def test_the_furniture_before_people_is_cut_from_the_picture(qapp: QApplication) -> None:
    art = artwork()
    room = art.office("day", own=False)
    for number, front in enumerate(art.fronts):
        cut = art.front(number, "day", own=False)
        for y in range(cut.height()):
            for x in range(cut.width()):
                if cut.pixel(x, y) >> 24:
                    at = (front.rect.x() + x, front.rect.y() + y)
                    assert room.pixel(*at) == cut.pixel(x, y), (number, at)


def test_every_light_has_a_picture_of_its_own(qapp: QApplication) -> None:
    art = artwork()
    rooms = [
        art.office(time, own=own)
        for time in ("dawn", "day", "dusk", "night")
        for own in (False, True)
    ]
    times = rooms[::2]
    assert all(one != other for at, one in enumerate(times) for other in times[:at])
    assert rooms[6] != rooms[7], "at night the own lamp lights the room"


@pytest.mark.parametrize(
    ("hour", "short", "long"),
    [
        (12.0, (0, -2), (0, -4)),
        (15.0, (2, 0), (0, -4)),
        (6.5, (0, 2), (0, 4)),
        (9.75, (-2, -1), (-4, 0)),
    ],
)
def test_the_clock_tells_the_time(
    hour: float, short: tuple[int, int], long: tuple[int, int]
) -> None:
    hands = clock_hands(hour)
    assert hands[1] == short
    assert hands[-1] == long


def test_the_pixel_font_has_two_colours_and_chinese(qapp: QApplication) -> None:
    family = pixel_font.load()
    assert "Fusion Pixel" in family
    assert pixel_font.is_loaded()
    font = pixel_font.pixel_font(12)
    assert font.pixelSize() == 12
    assert font.families()[0] == family
    assert QFontMetrics(font).horizontalAdvance("监控员") == 36
    image = QImage(120, 20, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    painter.setFont(font)
    painter.setPen(QColor("black"))
    painter.drawText(2, 14, "optimizer 优化师")
    painter.end()
    assert seen(image) == {0xFFFFFF, 0}


def test_sizes_are_brought_to_the_grid(qapp: QApplication) -> None:
    assert [pixel_font.pixel_font(px).pixelSize() for px in (5, 12, 23, 24, 40)] == [
        12,
        12,
        12,
        24,
        36,
    ]


def test_before_it_is_read_the_window_font_stands_in(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pixel_font, "is_loaded", lambda: False)
    assert pixel_font.pixel_font(12).family() == QFont().family()
