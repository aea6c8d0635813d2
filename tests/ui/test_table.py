"""The table: rows change in place, the selection follows its row, keys move it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from aios_desktop.ui.table import Cell, Column, Row, Table
from aios_desktop.ui.theme import Theme

COLUMNS = (Column("Time", 80), Column("What"), Column("Size", 80, right=True))


def line(key: int, what: str = "x") -> Row:
    return Row(key, (Cell("14:32"), Cell(what, "warn"), Cell("1 GB", "bar", 0.5)))


@pytest.fixture
def table(qtbot: QtBot, theme: Theme) -> Table:
    made = Table(COLUMNS, name="Things")
    qtbot.addWidget(made)
    made.resize(400, 200)
    made.put([line(1), line(2), line(3)])
    return made


def test_it_says_what_it_shows(table: Table) -> None:
    model = table.model_rows
    assert (model.rowCount(), model.columnCount()) == (3, 3)
    assert model.index(0, 1).data() == "x"
    assert model.headerData(1, Qt.Orientation.Horizontal) == "What"
    assert table.accessibleName() == "Things"
    assert not table.grab().isNull()


def test_a_changed_row_is_changed_in_place(qtbot: QtBot, table: Table) -> None:
    with qtbot.waitSignal(table.model_rows.dataChanged) as seen:
        table.put([line(1), line(2, "new"), line(3)])
    assert seen.args is not None
    assert (seen.args[0].row(), seen.args[1].row()) == (1, 1)
    with qtbot.assertNotEmitted(table.model_rows.modelReset):
        table.put([line(1), line(2, "newer"), line(3)])


def test_nothing_new_tells_nothing(qtbot: QtBot, table: Table) -> None:
    with qtbot.assertNotEmitted(table.model_rows.dataChanged):
        table.put([line(1), line(2), line(3)])


def test_the_selection_follows_its_row(table: Table) -> None:
    assert table.select(2)
    table.put([line(9), line(1), line(2), line(3)])
    assert table.key() == 2
    table.model_rows.prepend([line(10), line(11)], most=50)
    assert table.key() == 2
    assert table.currentIndex().row() == 4
    assert not table.select(77)


def test_new_rows_push_old_ones_out(table: Table) -> None:
    table.model_rows.prepend([line(10), line(11)], most=4)
    assert [row.key for row in table.model_rows.rows] == [10, 11, 1, 2]


def test_keys_move_the_selection(qtbot: QtBot, table: Table) -> None:
    seen: list[object] = []
    table.chosen.connect(seen.append)
    table.show()
    table.activateWindow()
    qtbot.waitUntil(table.isActiveWindow)
    table.setFocus()
    assert table.key() == 1
    QTest.keyClick(table, Qt.Key.Key_Down)
    assert table.key() == 2
    assert seen == [1, 2]


def test_a_long_text_has_a_tip(table: Table) -> None:
    table.put([line(1, "something that is <b>rather</b> long")])
    tip = table.model_rows.index(0, 1).data(Qt.ItemDataRole.ToolTipRole)
    assert "&lt;b&gt;" in tip
