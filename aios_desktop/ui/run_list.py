"""The list of runs: groups with heads, a mark, a title, a second line and a word at the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from aios_desktop.ui import icons, tokens
from aios_desktop.ui.theme import current
from aios_desktop.ui.widgets import MARKS, TONES, flat_bars, plain_tip, tone_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QFocusEvent

_LINE: Final = Qt.ItemDataRole.UserRole
_LEFT: Final = 16
_RIGHT: Final = 14
_INDENT: Final = _LEFT + tokens.ICON + 8
_PAD: Final = 8
_BAR: Final = 4
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_MIDDLE: Final = Qt.AlignmentFlag.AlignVCenter
_TO_LEFT: Final = int(_MIDDLE | Qt.AlignmentFlag.AlignLeft)
_TO_RIGHT: Final = int(_MIDDLE | Qt.AlignmentFlag.AlignRight)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the list. Key 0 is the head of a group: ``title`` and a count at ``word``."""

    key: int
    title: str
    word: str = ""
    below: str = ""
    kind: str = "idle"
    tone: str = "text2"
    progress: float | None = None


class _Lines(QAbstractListModel):
    """The rows as they stand; tells the view no more than what changed."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.lines: list[Line] = []

    def put(self, lines: Sequence[Line]) -> bool:
        """Take these rows; say whether others stand at some place than before."""
        shape = [(line.key, line.title) for line in lines]
        if shape != [(line.key, line.title) for line in self.lines]:
            self.beginResetModel()
            self.lines = list(lines)
            self.endResetModel()
            return True
        for number, line in enumerate(lines):
            if line != self.lines[number]:
                self.lines[number] = line
                self.dataChanged.emit(self.index(number), self.index(number))
        return False

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Return how many rows there are."""
        return 0 if parent.isValid() else len(self.lines)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Let only runs be chosen."""
        if index.isValid() and not self.lines[index.row()].key:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a row says, in the form asked for."""
        line = self.lines[index.row()]
        if role == _LINE:
            return line
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return ", ".join(part for part in (line.title, line.word, line.below) if part)
        if role == Qt.ItemDataRole.ToolTipRole and line.key:
            return plain_tip(f"{line.title}\n{line.below}")
        return None


class _Painter(QStyledItemDelegate):
    """Draws the rows."""

    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self._view = view
        self._theme = current()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Return the height that the fonts need."""
        del option
        line: Line = index.data(_LINE)
        small = QFontMetrics(self._theme.font("small")).height()
        if not line.key:
            return QSize(0, 10 + small + 4)
        strong = QFontMetrics(self._theme.font("strong")).height()
        bar = 0 if line.progress is None else _BAR + 3
        return QSize(0, _PAD + strong + 2 + small + bar + _PAD)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw one row."""
        line: Line = index.data(_LINE)
        box: QRect = option.rect
        if not line.key:
            self._draw_head(painter, box, line)
            return
        chosen = self._view.selectionModel().isSelected(index)
        self._draw_ground(painter, box, index.row(), chosen=chosen)
        self._draw_run(painter, box, line)

    def _draw_head(self, painter: QPainter, box: QRect, line: Line) -> None:
        theme = self._theme
        painter.setPen(theme.colour("text2"))
        room = box.adjusted(_LEFT, 8, -_RIGHT, 0)
        painter.setFont(theme.font("small", 600))
        painter.drawText(room, _TO_LEFT, line.title)
        used = painter.fontMetrics().horizontalAdvance(line.title) + 6
        painter.setFont(theme.font("small"))
        painter.drawText(room.adjusted(used, 0, 0, 0), _TO_LEFT, line.word)

    def _draw_ground(self, painter: QPainter, box: QRect, number: int, *, chosen: bool) -> None:
        theme, lines = self._theme, self._view.lines.lines  # type: ignore[attr-defined]
        if chosen:
            painter.fillRect(box, theme.colour("select"))
            wide = 6 if self._view.hasFocus() else 4
            painter.fillRect(box.x(), box.y(), wide, box.height(), theme.colour("accent"))
        elif number + 1 < len(lines) and lines[number + 1].key:
            painter.fillRect(box.x(), box.bottom(), box.width(), 1, theme.colour("line"))

    def _draw_run(self, painter: QPainter, box: QRect, line: Line) -> None:
        theme = self._theme
        strong, small = theme.font("strong"), theme.font("small")
        top = QRect(box.x(), box.y() + _PAD, box.width() - _RIGHT, QFontMetrics(strong).height())
        mark_y = top.y() + (top.height() - tokens.ICON) // 2
        icons.draw(painter, MARKS[line.kind], box.x() + _LEFT, mark_y, theme.hex(TONES[line.kind]))
        painter.setFont(theme.font("small", tokens.MEDIUM))
        painter.setPen(theme.colour(line.tone))
        painter.drawText(top, _TO_RIGHT, line.word)
        used = painter.fontMetrics().horizontalAdvance(line.word) + (12 if line.word else 0)
        room = top.adjusted(_INDENT, 0, -used, 0)
        painter.setFont(strong)
        painter.setPen(theme.colour("text"))
        painter.drawText(room, _TO_LEFT, _cut(painter, line.title, room.width()))
        below = QRect(room.x(), top.bottom() + 3, 0, QFontMetrics(small).height())
        below.setRight(box.right() - _RIGHT)
        painter.setFont(small)
        painter.setPen(theme.colour("text2"))
        painter.drawText(below, _TO_LEFT, _cut(painter, line.below, below.width()))
        if line.progress is not None:
            bar = QRect(below.x(), below.bottom() + 4, below.width(), _BAR)
            painter.fillRect(bar, theme.colour("grid"))
            bar.setWidth(int(bar.width() * min(max(line.progress, 0.0), 1.0)))
            painter.fillRect(bar, theme.colour("accent"))


class RunList(QListView):
    """The list. ``chosen`` tells the key of the run that the person went to."""

    chosen = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.theme = current()
        self.lines = _Lines(self)
        self._told = 0
        self.setModel(self.lines)
        self.setAccessibleName(name)
        self.setItemDelegate(_Painter(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        flat_bars(self)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.selectionModel().currentChanged.connect(self._went)

    def put(self, lines: Sequence[Line]) -> None:
        """Show these rows; the chosen run stays chosen and the view where it was."""
        place, bar = self.key(), self.verticalScrollBar()
        at = bar.value()
        if self.lines.put(lines):
            self.doItemsLayout()
            if place:
                self.select(place)
            bar.setValue(at)

    def key(self) -> int:
        """Return the key of the chosen run, 0 when there is none."""
        at = self.currentIndex()
        line: Line | None = at.data(_LINE) if at.isValid() else None
        return line.key if line is not None else 0

    def select(self, key: int) -> bool:
        """Choose the run with this key; say whether there is one."""
        for number, line in enumerate(self.lines.lines):
            if key and line.key == key:
                flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
                self.selectionModel().setCurrentIndex(self.lines.index(number), flag)
                return True
        return False

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Go to the first run when the keyboard comes and nothing is chosen."""
        super().focusInEvent(event)
        if not self.key():
            self.select(next((line.key for line in self.lines.lines if line.key), 0))

    @Slot(QModelIndex, QModelIndex)
    def _went(self, index: QModelIndex, before: QModelIndex) -> None:
        del before
        line: Line | None = index.data(_LINE) if index.isValid() else None
        if line is not None and line.key and line.key != self._told:
            self._told = line.key
            self.chosen.emit(line.key)


def run_tone(kind: str) -> str:
    """Return the colour of the word at the right that goes with a mark."""
    return tone_text(kind) if kind in ("ok", "warn", "bad") else "text2"


def _cut(painter: QPainter, text: str, width: int) -> str:
    return painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width)
