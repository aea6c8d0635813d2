"""A metric around a run: one line, the limit, and the moment of the run. Painted, not plotted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from aios_desktop.i18n import _
from aios_desktop.ui import run_words, words
from aios_desktop.ui.theme import current

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QPaintEvent

HEIGHT: Final = 150
LEAST: Final = 120
_TOP: Final = 10
_GAP: Final = 8
_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0, 20.0)
_MOST_TICKS: Final = 4


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the curve shows: from ``start`` to ``end``, the run from ``begun`` on."""

    times: tuple[float, ...]
    values: tuple[float | None, ...]
    unit: str
    start: float
    end: float
    begun: float
    limit: float | None = None

    @property
    def is_known(self) -> bool:
        """Say whether there are at least two figures to draw a line through."""
        return sum(value is not None for value in self.values) > 1


def cut(
    times: Sequence[float], values: Sequence[float | None], start: float, end: float
) -> tuple[tuple[float, ...], tuple[float | None, ...]]:
    """Return the part of a series between two times."""
    pairs = [(at, x) for at, x in zip(times, values, strict=True) if start <= at <= end]
    return tuple(at for at, _x in pairs), tuple(x for _at, x in pairs)


def thin(evidence: Evidence, columns: int) -> list[list[tuple[float, float]]]:
    """Return lines with at most two points a column, broken where the figure is unknown.

    Of each column the lowest and the highest figure stay, in their order, so that a peak stays.
    """
    span = max(evidence.end - evidence.start, 1e-9)
    lines: list[list[tuple[float, float]]] = []
    column: list[tuple[float, float]] = []
    number, is_broken = -1, True
    for at, value in zip(evidence.times, evidence.values, strict=True):
        here = int((at - evidence.start) / span * columns)
        if value is None or here != number:
            _keep(lines, column)
            column, number = [], here
        if value is None:
            is_broken = True
            continue
        if is_broken:
            lines.append([])
            is_broken = False
        column.append((at, value))
    _keep(lines, column)
    return [line for line in lines if line]


def _keep(lines: list[list[tuple[float, float]]], column: list[tuple[float, float]]) -> None:
    if column:
        ends = {min(column, key=lambda point: point[1]), max(column, key=lambda point: point[1])}
        lines[-1] += sorted(ends)


def ticks(low: float, high: float) -> list[float]:
    """Return round figures from below ``low`` to above ``high``, at most five of them."""
    span = max(high - low, abs(high) * 0.05, 1e-6)
    size = 10.0 ** math.floor(math.log10(span / _MOST_TICKS))
    for step in (factor * size for factor in _STEPS):
        first, last = math.floor(low / step), math.ceil(high / step)
        if last - first <= _MOST_TICKS:
            return [number * step for number in range(first, max(last, first + 1) + 1)]
    return [low, high]


class Curve(QWidget):
    """The curve. Give it ``Evidence``; its accessible name says the same in words."""

    def __init__(self, evidence: Evidence, name: str) -> None:
        super().__init__()
        self.theme = current()
        self._evidence = evidence
        self._lines: tuple[int, list[list[tuple[float, float]]]] = (0, [])
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumHeight(LEAST)
        self.setAccessibleName(name)

    def show_evidence(self, evidence: Evidence) -> None:
        """Show other figures."""
        if evidence != self._evidence:
            self._evidence = evidence
            self._lines = (0, [])
            self.update()

    def sizeHint(self) -> QSize:
        """Return its usual size."""
        return QSize(360, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw grid, limit, moment and line."""
        del event
        painter, theme, shown = QPainter(self), self.theme, self._evidence
        painter.setFont(theme.font("small"))
        metrics = painter.fontMetrics()
        marks = self._marks()
        labels = [run_words.amount(value, shown.unit) for value in marks]
        left = max(map(metrics.horizontalAdvance, labels), default=0) + _GAP
        plot = QRect(left, _TOP, self.width() - left - 1, self.height() - _TOP - 22)
        for value, label in zip(marks, labels, strict=True):
            y = self._y(plot, marks, value)
            painter.fillRect(plot.x(), y, plot.width(), 1, theme.colour("grid"))
            painter.setPen(theme.colour("text2"))
            box = QRect(0, y - 10, left - _GAP, 20)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | _MIDDLE), label)
        self._draw_limit(painter, plot, marks)
        self._draw_moment(painter, plot)
        self._draw_line(painter, plot, marks)
        self._draw_times(painter, plot)

    def _marks(self) -> list[float]:
        known = [value for value in self._evidence.values if value is not None]
        if self._evidence.limit is not None:
            known.append(self._evidence.limit)
        low, high = min(known, default=0.0), max(known, default=1.0)
        found = ticks(low, high)
        return [mark for mark in found if mark <= 100] if self._is_percent(high) else found

    def _is_percent(self, high: float) -> bool:
        return self._evidence.unit == "%" and high <= 100

    def _draw_limit(self, painter: QPainter, plot: QRect, marks: list[float]) -> None:
        limit = self._evidence.limit
        if limit is None:
            return
        y = self._y(plot, marks, limit)
        painter.setPen(QPen(self.theme.colour("warn"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(plot.x(), y, plot.right(), y)
        text = _("limit {value}").format(value=run_words.amount(limit, self._evidence.unit))
        painter.setPen(self.theme.colour("warn_text"))
        below = y + 16 < plot.bottom()
        painter.drawText(plot.x() + 6, y + 14 if below else y - 5, text)

    def _draw_moment(self, painter: QPainter, plot: QRect) -> None:
        x = self._x(plot, self._evidence.begun)
        painter.fillRect(x, plot.y(), 1, plot.height(), self.theme.colour("accent"))
        painter.setPen(self.theme.colour("accent"))
        text = _("run")
        wide = painter.fontMetrics().horizontalAdvance(text)
        left = x + 6 if x + 8 + wide < plot.right() else x - 6 - wide
        painter.drawText(left, plot.y() + 12, text)

    def _draw_line(self, painter: QPainter, plot: QRect, marks: list[float]) -> None:
        columns = max(1, round(plot.width() * self.devicePixelRatioF() / 2))
        if self._lines[0] != columns:
            self._lines = columns, thin(self._evidence, columns)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.theme.colour("s1"), 2))
        ends = (marks[0], marks[-1])
        for line in self._lines[1]:
            painter.drawPolyline([self._point(plot, ends, at, value) for at, value in line])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)

    def _draw_times(self, painter: QPainter, plot: QRect) -> None:
        """Write the time of the run under its line, and those of both ends where there is room."""
        shown = self._evidence
        painter.setPen(self.theme.colour("text2"))
        metrics = QFontMetrics(painter.font())
        taken: list[tuple[int, int]] = []
        for at in (shown.begun, shown.start, shown.end):
            text = words.clock(at)
            wide = metrics.horizontalAdvance(text)
            left = self._x(plot, at) - wide // 2
            left = min(max(left, plot.x()), plot.right() - wide)
            if all(left + wide + _GAP < a or left > b + _GAP for a, b in taken):
                painter.drawText(left, plot.bottom() + 17, text)
                taken.append((left, left + wide))

    def _x(self, plot: QRect, at: float) -> int:
        return round(self._point(plot, (0.0, 1.0), at, 0.0).x())

    def _y(self, plot: QRect, marks: list[float], value: float) -> int:
        return round(self._point(plot, (marks[0], marks[-1]), self._evidence.start, value).y())

    def _point(self, plot: QRect, span: tuple[float, float], at: float, value: float) -> QPointF:
        """Return where a figure stands; what lies outside stands at the edge."""
        shown, (low, high) = self._evidence, span
        right = min(max((at - shown.start) / max(shown.end - shown.start, 1e-9), 0.0), 1.0)
        up = min(max((value - low) / max(high - low, 1e-9), 0.0), 1.0)
        return QPointF(
            plot.x() + right * (plot.width() - 1), plot.bottom() - up * (plot.height() - 1)
        )


_MIDDLE = Qt.AlignmentFlag.AlignVCenter
