"""Buttons, texts, chips, fields: what they show, how they are operated, what they are called."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from aios_desktop.ui.theme import Theme
from aios_desktop.ui.widgets import (
    MARKS,
    TONES,
    Bar,
    Button,
    Card,
    Chip,
    Choice,
    Field,
    Glyph,
    Item,
    Key,
    Mark,
    Plain,
    Scroll,
    Text,
    clear,
    col,
    facts,
    plain_tip,
    row,
)


@pytest.fixture
def ground(qtbot: QtBot, theme: Theme) -> Plain:
    """A window to put things into with ``put``, which shows it."""
    made = Plain("bg")
    qtbot.addWidget(made)
    made.resize(400, 300)
    return made


def put(ground: Plain, *items: Item, gap: int = 8) -> QVBoxLayout:
    """Fill the window and show it. The offscreen platform warns of windows with a least size."""
    box = col(*items, gap=gap, parent=ground)
    box.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
    ground.show()
    return box


def spoken(widget: QWidget) -> str:
    """Return the name that assistive technology reads."""
    interface = QAccessible.queryAccessibleInterface(widget)
    assert interface is not None
    return interface.text(QAccessible.Text.Name)


@pytest.mark.parametrize("kind", ["main", "plain", "quiet", "risky"])
@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_keys_press_a_button(qtbot: QtBot, ground: Plain, kind: str, key: Qt.Key) -> None:
    button = Button("&Deny", kind)
    put(ground, button)
    with qtbot.waitSignal(button.clicked):
        QTest.keyClick(button, key)


def test_its_letter_presses_a_button(qtbot: QtBot, ground: Plain) -> None:
    button = Button("&Deny")
    put(ground, button)
    ground.activateWindow()
    qtbot.waitUntil(ground.isActiveWindow)
    with qtbot.waitSignal(button.clicked):
        QTest.keyClick(ground, Qt.Key.Key_D, Qt.KeyboardModifier.AltModifier)


def test_a_button_is_called_what_it_says(ground: Plain) -> None:
    assert spoken(Button("&Review…", "main")) == "Review…"
    assert spoken(Button("", "quiet", "cross", name="Close")) == "Close"


def test_a_locked_button_shows_a_lock_and_stays_readable(ground: Plain) -> None:
    button = Button("Approve", "main")
    put(ground, row(button, None), None)
    width = button.sizeHint().width()
    button.setEnabled(False)
    assert button.sizeHint().width() > width
    ground.grab()


def test_the_ring_is_for_the_keyboard(qtbot: QtBot, ground: Plain) -> None:
    button, other = Button("Deny"), Button("Review…")
    put(ground, button, other)
    ground.activateWindow()
    qtbot.waitUntil(ground.isActiveWindow)
    other.setFocus()
    button.setFocus(Qt.FocusReason.MouseFocusReason)
    assert button.hasFocus()
    assert not button.shows_ring
    QTest.keyClick(ground.focusWidget(), Qt.Key.Key_Tab)
    assert other.shows_ring


def test_choices_exclude_each_other(ground: Plain) -> None:
    first, second = Choice("1 h"), Choice("24 h")
    put(ground, row(first, second))
    first.click()
    second.click()
    assert (first.isChecked(), second.isChecked()) == (False, True)


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_Space])
def test_a_chip_is_removed_by_the_keyboard(qtbot: QtBot, ground: Plain, key: Qt.Key) -> None:
    chip = Chip("24 h", "since")
    put(ground, chip)
    assert "since" in spoken(chip)
    with qtbot.waitSignal(chip.clicked):
        QTest.keyClick(chip, key)


def test_a_field_passes_the_focus_to_its_edit(qtbot: QtBot, ground: Plain) -> None:
    field = Field("Search", icon="search", name="Search in the events", right=[Key("K")])
    put(ground, field, None)
    ground.activateWindow()
    qtbot.waitUntil(ground.isActiveWindow)
    field.setFocus()
    assert field.edit.hasFocus()
    assert spoken(field.edit) == "Search in the events"
    QTest.keyClicks(field.edit, "cpu")
    assert field.edit.text() == "cpu"


def test_text_never_becomes_markup(ground: Plain) -> None:
    text = Text("<b>rm</b> & co")
    assert text.textFormat() == Qt.TextFormat.PlainText
    assert spoken(text) == "<b>rm</b> & co"
    assert "&lt;b&gt;" in plain_tip("<b>")
    assert plain_tip("plain") == "plain"


def test_text_that_is_cut_tells_itself_in_its_tip(ground: Plain) -> None:
    text = Text("a long sentence that does not fit", elide=True)
    text.setParent(ground)
    ground.show()
    text.setGeometry(0, 0, 60, 20)
    assert text.toolTip() == "a long sentence that does not fit"
    text.setGeometry(0, 0, 390, 20)
    assert text.toolTip() == ""


def test_setting_the_same_text_changes_nothing(ground: Plain) -> None:
    text = Text("one")
    text.set("two", "bad_text")
    assert text.text() == "two"
    assert text.palette().windowText().color() == text.theme.colour("bad_text")
    mark = Mark("ok", "well", pill=True)
    mark.set("bad", "ill")
    assert (mark.kind, mark.text()) == ("bad", "ill")


def test_every_mark_has_icon_and_tone(ground: Plain, theme: Theme) -> None:
    assert set(MARKS) == set(TONES)
    marks = [Mark(kind, kind, pill=pill) for kind in MARKS for pill in (False, True)]
    put(ground, *marks, gap=0)
    ground.grab()
    assert [spoken(mark) for mark in marks[::2]] == list(MARKS)


def test_a_mark_without_a_word_has_a_name(ground: Plain) -> None:
    assert spoken(Mark("ok", name="fixed")) == "fixed"


def test_a_bar_shows_its_level(ground: Plain, theme: Theme) -> None:
    bar = Bar(0.5, "bad", mark=0.9, then=0.7, name="half full")
    bar.setParent(ground)
    bar.setGeometry(0, 0, 100, 12)
    ground.show()
    image = bar.grab().toImage()
    assert image.pixelColor(20, 6) == theme.colour("bad")
    assert image.pixelColor(80, 6) == theme.colour("grid")
    assert image.pixelColor(90, 1) == theme.colour("text2")
    bar.set(0.9)
    assert bar.grab().toImage().pixelColor(80, 6) == theme.colour("bad")
    assert bar.accessibleName() == "half full"


def test_a_card_that_waits_has_a_lamp(ground: Plain, theme: Theme) -> None:
    card = Card(Text("Free 46 GB?"), Glyph("bolt"), bar="lamp")
    put(ground, card)
    ground.grab()
    assert card.grab().toImage().pixelColor(1, card.height() // 2) == theme.colour("lamp")


def test_facts_stand_under_each_other(ground: Plain) -> None:
    made = facts([("bolt", "Plan", "Move", "text"), ("undo", "Undo", "7 days", "text")])
    put(ground, *made)
    ground.grab()
    values = [text for text in ground.findChildren(Text) if text.text() in ("Move", "7 days")]
    places = {text.mapTo(ground, QPoint(0, 0)).x() for text in values}
    assert len(places) == 1


def test_clear_takes_everything_out(ground: Plain) -> None:
    box = put(ground, Text("a"), row(Text("b"), None))
    clear(box)
    assert box.count() == 0


def test_scroll_keeps_its_ground(ground: Plain, theme: Theme) -> None:
    inside = QWidget()
    col(*[Text(str(n)) for n in range(60)], parent=inside)
    area = Scroll(inside)
    put(ground, area)
    image = ground.grab().toImage()
    assert image.pixelColor(200, 150) == QColor(theme.hex("bg"))
    assert area.verticalScrollBar().maximum() > 0
    assert area.verticalScrollBar().width() == 10
