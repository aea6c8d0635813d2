"""Theme, icons and the application's mark."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aios_desktop.ui import app_icon, icons, paint, tokens
from aios_desktop.ui.theme import Theme, current
from aios_desktop.ui.widgets import Card, Mark, Plain, Text


def test_flags_are_those_of_qt() -> None:
    flags = Qt.AlignmentFlag
    assert int(flags.AlignVCenter | flags.AlignLeft) == paint.LEFT
    assert int(flags.AlignVCenter | flags.AlignRight) == paint.RIGHT
    assert int(flags.AlignCenter) == paint.CENTRE
    assert int(Qt.TextFlag.TextWordWrap) == paint.WRAP
    assert int(Qt.TextFlag.TextShowMnemonic) == paint.MNEMONIC


@pytest.mark.parametrize("name", tokens.THEMES)
def test_each_theme_dresses_the_palette(qapp: QApplication, theme: Theme, name: str) -> None:
    theme.use(name)
    assert theme.name == name
    assert qapp.palette().window().color() == QColor(tokens.colours(name)["bg"])
    assert theme.is_dark == (theme.colour("bg").lightness() < 128)
    assert theme.line == (2 if name.startswith("hc") else 1)


def test_current_finds_the_theme(theme: Theme) -> None:
    assert current() is theme


def test_system_falls_back_to_light_or_dark(theme: Theme) -> None:
    theme.use("system")
    assert theme.name in tokens.THEMES
    assert theme.choice == "system"


def test_the_only_style_sheet_is_that_of_tool_tips(qapp: QApplication, theme: Theme) -> None:
    assert qapp.styleSheet() == "QToolTip { padding: 4px 8px; }"


def test_figures_have_equal_widths(theme: Theme) -> None:
    from PySide6.QtGui import QFontMetrics

    for role in tokens.TYPE_PX:
        metrics = QFontMetrics(theme.font(role))
        assert len({metrics.horizontalAdvance(figure) for figure in "0123456789"}) == 1
        assert theme.font(role).pixelSize() >= 12


def test_widgets_repaint_when_the_theme_changes(qtbot: QtBot, theme: Theme) -> None:
    ground = Plain("bg")
    qtbot.addWidget(ground)
    card = Card(Text("words", color="text2"), Mark("ok", "well"))
    card.setParent(ground)
    card.setGeometry(20, 20, 160, 80)
    ground.resize(200, 120)
    ground.show()
    before = ground.grab().toImage()
    assert before.pixelColor(0, 0) == QColor(tokens.colours("light")["bg"])
    with qtbot.waitSignal(theme.changed):
        theme.use("dark")
    after = ground.grab().toImage()
    assert after.pixelColor(0, 0) == QColor(tokens.colours("dark")["bg"])
    text = ground.findChild(Text)
    assert text is not None
    assert text.palette().windowText().color() == QColor(tokens.colours("dark")["text2"])


def test_a_theme_that_stays_tells_nothing(qtbot: QtBot, theme: Theme) -> None:
    with qtbot.assertNotEmitted(theme.changed):
        theme.use("light")


def test_every_icon_is_twelve_by_twelve_and_has_ink(theme: Theme) -> None:
    assert len(icons.names()) == 49
    for name in icons.names():
        image = icons.pixmap(name, "#112233").toImage()
        assert (image.width(), image.height()) == (12, 12)
        colours = {
            image.pixelColor(x, y).name()
            for x in range(12)
            for y in range(12)
            if image.pixelColor(x, y).alpha() == 255
        }
        assert colours == {"#112233"}, name


@pytest.mark.parametrize(
    ("px", "scale", "side"), [(12, 1, 12), (24, 1, 24), (12, 1.5, 18), (36, 2, 72)]
)
def test_icons_end_on_device_pixels(theme: Theme, px: int, scale: float, side: int) -> None:
    made = icons.pixmap("bolt", "#000000", px, scale)
    assert (made.width(), made.devicePixelRatio()) == (side, scale)


def test_an_icon_is_made_once(theme: Theme) -> None:
    assert icons.pixmap("bolt", "#000000") is icons.pixmap("bolt", "#000000")


def test_the_three_marks_have_three_silhouettes(theme: Theme) -> None:
    shapes = set()
    for state in app_icon.SHAPES:
        image = app_icon.pixmap(state, 16).toImage().convertToFormat(QImage.Format.Format_ARGB32)
        alpha = bytes(image.pixelColor(x, y).alpha() for y in range(16) for x in range(16))
        shapes.add(alpha)
    assert len(shapes) == 3


@pytest.mark.parametrize("panel", ["#f4f4f4", "#1f2024"])
def test_the_mark_can_be_seen_on_any_panel(theme: Theme, panel: str) -> None:
    for state in app_icon.SHAPES:
        image = QImage(16, 16, QImage.Format.Format_RGB32)
        image.fill(QColor(panel))
        painter = QPainter(image)
        app_icon.draw(painter, 0, 0, 16, state)
        painter.end()
        best = max(
            tokens.contrast(panel, image.pixelColor(x, y).name())
            for x in range(16)
            for y in range(16)
        )
        assert best >= 7.0


def test_frames_have_cut_corners(theme: Theme) -> None:
    image = QImage(20, 20, QImage.Format.Format_RGB32)
    image.fill(QColor("#123456"))
    painter = QPainter(image)
    paint.frame(painter, QRect(0, 0, 20, 20), theme, "surface", "edge")
    painter.end()
    for x, y in ((0, 0), (1, 0), (0, 1), (19, 0), (18, 19), (19, 18), (0, 19)):
        assert image.pixelColor(x, y) == QColor("#123456")
    assert image.pixelColor(10, 0) == theme.colour("edge")
    assert image.pixelColor(10, 10) == theme.colour("surface")
