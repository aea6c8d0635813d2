"""A dense, readable table: faint rules, marks before words, selection by a bar and a tint."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from aios_desktop.ui import icons, tokens
from aios_desktop.ui.theme import current
from aios_desktop.ui.widgets import MARKS, TONES, flat_bars, plain_tip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QFocusEvent

_CELL = Qt.ItemDataRole.UserRole
_KEY = Qt.ItemDataRole.UserRole + 1
_EDGE = 15  # left and right of the first and last column: the card's text edge
_PAD = 8
_BAR = 56
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its width in pixels, 0 for the rest of the room."""

    title: str
    width: int = 0
    right: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell shows. ``kind``: empty, a mark's kind, mono, dim, strong, or bar (with level)."""

    text: str
    kind: str = ""
    level: float = 0.0
    tone: str = "s1"


@dataclass(frozen=True, slots=True)
class Row:
    """A row. Its key finds it again after the rows have changed."""

    key: Hashable
    cells: tuple[Cell, ...]


class Rows(QAbstractTableModel):
    """The rows of a table; tells the view no more than what really changed."""

    def __init__(self, columns: Sequence[Column], parent: QWidget) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self._rows: list[Row] = []

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return the rows as they stand."""
        return tuple(self._rows)

    def put(self, rows: Sequence[Row]) -> None:
        """Show these rows. Rows at the same place with the same key are updated in place."""
        if [row.key for row in rows] != [row.key for row in self._rows]:
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()
            return
        for number, row in enumerate(rows):
            if row != self._rows[number]:
                self._rows[number] = row
                last = self.index(number, len(self._columns) - 1)
                self.dataChanged.emit(self.index(number, 0), last)

    def prepend(self, rows: Sequence[Row], most: int) -> None:
        """Put new rows on top, and drop what is then beyond ``most`` at the bottom."""
        rows = rows[:most]
        if not rows:
            return
        self.beginInsertRows(_ROOT, 0, len(rows) - 1)
        self._rows[:0] = rows
        self.endInsertRows()
        if len(self._rows) > most:
            self.beginRemoveRows(_ROOT, most, len(self._rows) - 1)
            del self._rows[most:]
            self.endRemoveRows()

    def place(self, key: Hashable) -> int:
        """Return the number of the row with this key, -1 when there is none."""
        return next((n for n, row in enumerate(self._rows) if row.key == key), -1)

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Return how many rows there are."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell says, in the form asked for."""
        row = self._rows[index.row()]
        cell = row.cells[index.column()]
        if role == _CELL:
            return cell
        if role == _KEY:
            return row.key
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return cell.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(cell.text) if len(cell.text) > 12 else None
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Return the title of a column."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section].title
        return None


class _Header(QHeaderView):
    """Column titles in small grey letters over one line."""

    def __init__(self, columns: Sequence[Column], parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._columns = tuple(columns)
        self._theme = current()
        self.setFixedHeight(self._theme.row)
        self.setHighlightSections(False)
        self.setSectionsClickable(False)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:  # noqa: N802
        """Draw one title."""
        theme = self._theme
        painter.fillRect(rect, theme.colour("surface"))
        painter.fillRect(rect.x(), rect.bottom(), rect.width(), 1, theme.colour("line"))
        painter.setFont(theme.font("small", tokens.MEDIUM))
        painter.setPen(theme.colour("text2"))
        column = self._columns[section]
        left = _EDGE if section == 0 else _PAD
        right = _EDGE if section == self.count() - 1 else _PAD
        align = _RIGHT if column.right else _LEFT
        painter.drawText(rect.adjusted(left, 0, -right, 0), int(align), column.title)


class _Painter(QStyledItemDelegate):
    """Draws the cells."""

    def __init__(self, columns: Sequence[Column], parent: QTableView) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self._theme = current()
        self._view = parent

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw one cell: ground, mark or bar, then the text, cut where it is too long."""
        cell = index.data(_CELL)
        box: QRect = option.rect
        self._draw_ground(painter, box, index)
        left = box.x() + (_EDGE if index.column() == 0 else _PAD)
        pad = _EDGE if index.column() == len(self._columns) - 1 else _PAD
        theme, middle = self._theme, box.y() + box.height() // 2
        if cell.kind in MARKS:
            icon, tone = MARKS[cell.kind], theme.hex(TONES[cell.kind])
            icons.draw(painter, icon, left, middle - tokens.ICON // 2, tone)
            left += tokens.ICON + 6
        elif cell.kind == "bar":
            room = min(_BAR, box.width() - 60)
            painter.fillRect(left, middle - 3, room, 6, theme.colour("grid"))
            filled = int(room * min(max(cell.level, 0.0), 1.0))
            painter.fillRect(left, middle - 3, filled, 6, theme.colour(cell.tone))
            left += room + 8
        font = theme.font("body")
        if cell.kind == "mono":
            font = theme.mono("small")
        elif cell.kind == "strong":
            font = theme.font("strong")
        painter.setFont(font)
        painter.setPen(theme.colour("text2" if cell.kind == "dim" else "text"))
        text_box = QRect(left, box.y(), box.right() - left - pad + 1, box.height())
        shown = QFontMetrics(font).elidedText(
            cell.text, Qt.TextElideMode.ElideRight, text_box.width()
        )
        align = _RIGHT if self._columns[index.column()].right else _LEFT
        painter.drawText(text_box, int(align), shown)

    def _draw_ground(self, painter: QPainter, box: QRect, index: _Index) -> None:
        theme, chosen = self._theme, self._view.selectionModel()
        is_first = index.column() == 0
        if chosen.isRowSelected(index.row(), _ROOT):
            painter.fillRect(box, theme.colour("select"))
            if is_first:
                wide = 6 if self._view.hasFocus() else 4
                painter.fillRect(box.x(), box.y(), wide, box.height(), theme.colour("accent"))
        elif index.row() and not chosen.isRowSelected(index.row() - 1, _ROOT):
            left = box.x() + (_EDGE if is_first else 0)
            painter.fillRect(left, box.y(), box.right() - left + 1, 1, theme.colour("grid"))


class Table(QTableView):
    """A table of ``Row``. ``chosen`` tells the key of the row the person went to."""

    chosen = Signal(object)

    def __init__(self, columns: Sequence[Column], *, name: str, selectable: bool = True) -> None:
        super().__init__()
        self.theme = current()
        self._told: Hashable | None = None
        self.model_rows = Rows(columns, self)
        self.setModel(self.model_rows)
        self.setAccessibleName(name)
        self.setHorizontalHeader(_Header(columns, self))
        self.setItemDelegate(_Painter(columns, self))
        flat_bars(self)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setCornerButtonEnabled(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(
            QAbstractItemView.SelectionMode.SingleSelection
            if selectable
            else QAbstractItemView.SelectionMode.NoSelection
        )
        if not selectable:
            self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._lay_out(columns)
        self.selectionModel().currentRowChanged.connect(self._went)

    def put(self, rows: Sequence[Row]) -> None:
        """Show these rows and keep the selected one selected."""
        key = self.key()
        self.model_rows.put(rows)
        if key is not None and self.key() != key:
            self.select(key)

    def key(self) -> Hashable | None:
        """Return the key of the selected row."""
        at = self.currentIndex()
        return at.data(_KEY) if at.isValid() and self.selectionModel().hasSelection() else None

    def select(self, key: Hashable) -> bool:
        """Select the row with this key; say whether there is one."""
        place = self.model_rows.place(key)
        if place < 0:
            return False
        flags = (
            QItemSelectionModel.SelectionFlag.ClearAndSelect
            | QItemSelectionModel.SelectionFlag.Rows
        )
        self.selectionModel().setCurrentIndex(self.model_rows.index(place, 0), flags)
        return True

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Go to the first row when the keyboard comes and nothing is selected."""
        super().focusInEvent(event)
        if self.key() is None and self.model_rows.rowCount():
            self.select(self.model_rows.rows[0].key)

    def _lay_out(self, columns: Sequence[Column]) -> None:
        rows, heads = self.verticalHeader(), self.horizontalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(self.theme.row)
        for number, column in enumerate(columns):
            if column.width:
                heads.setSectionResizeMode(number, QHeaderView.ResizeMode.Fixed)
                heads.resizeSection(number, column.width)
            else:
                heads.setSectionResizeMode(number, QHeaderView.ResizeMode.Stretch)

    @Slot(QModelIndex, QModelIndex)
    def _went(self, index: QModelIndex, before: QModelIndex) -> None:
        del before
        key = index.data(_KEY) if index.isValid() else None
        if key is not None and key != self._told:
            self._told = key
            self.chosen.emit(key)
