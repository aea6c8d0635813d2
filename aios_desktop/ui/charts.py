"""Plots in our dress. The only module that knows pyqtgraph; it is loaded with the first plot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QFrame, QSizePolicy

from aios_desktop.ui import icons, tokens, words
from aios_desktop.ui.theme import current

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QResizeEvent, QWheelEvent

    from aios_desktop.runtime.views import Series
    from aios_desktop.ui.signs import Sign

_TOP: Final = 10  # room over the curve for half a label
_LANE: Final = 22  # and for the marks
WIDTH: Final = 2  # five times the cost of one a point, so the curves are thinned to what is seen
_COLUMN: Final = 3
_LEAST_COLUMNS: Final = 60
_NAMES_FROM: Final = 30
_NAME_WIDTH: Final = 72
_FILL_ALPHA: Final = 28
SPANS: Final = (120.0, 300.0, 600.0, 1800.0)
_STEPS: Final = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Line:
    """How a series is drawn. The second one of a plot is dashed."""

    tone: str = "s1"
    dashed: bool = False
    filled: bool = True


@dataclass(frozen=True, slots=True)
class Limit:
    """A level worth knowing, with its name written on the line."""

    value: float
    tone: str = "warn"
    text: str = ""


class Plot(pg.GraphicsView):  # type: ignore[misc]  # pyqtgraph has no types
    """A plot over time with fixed ranges: time runs in whole steps, so that only curves change.

    It is put together from axes and a view box: pyqtgraph's own plot brings dozens of menus.
    """

    def __init__(self, lines: Sequence[Line], *, name: str, left: int = 36) -> None:
        super().__init__()
        self.theme = current()
        self.setAccessibleName(name)
        for widget in (self, self.viewport()):
            widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._box = pg.ViewBox(enableMouse=False, enableMenu=False)
        self._left = pg.AxisItem("left")
        self._bottom = pg.AxisItem("bottom")
        self._sheet = pg.GraphicsLayout()
        self._sheet.layout.setSpacing(0)
        self._sheet.addItem(self._left, 0, 0)
        self._sheet.addItem(self._box, 0, 1)
        self._sheet.addItem(self._bottom, 1, 1)
        for axis in (self._left, self._bottom):
            axis.linkToView(self._box)
        self.setCentralItem(self._sheet)
        self._lines = tuple(lines)
        self._limits: tuple[Limit, ...] = ()
        self._signs: tuple[Sign, ...] = ()
        self._moment: tuple[float, str] | None = None
        self._bounds = (0.0, 100.0)
        self._ticks: tuple[tuple[float, str], ...] = ()
        self._times: tuple[float, float] = (0.0, 1.0)
        self._named: list[tuple[float, str]] = []
        self._grid: list[Any] = []
        self._data: list[tuple[Any, Any]] = [(np.empty(0), np.empty(0)) for _ in lines]
        self._box.disableAutoRange()
        self._sheet.layout.setContentsMargins(0, _TOP, 1, 0)
        self._left.setWidth(left)
        self._bottom.setHeight(24)
        self._curves = [pg.PlotCurveItem(antialias=True, skipFiniteCheck=False) for _ in lines]
        for curve in reversed(self._curves):
            self._box.addItem(curve)
        self.set_scale(100.0)
        self._dress()
        self.theme.changed.connect(self._dress)

    def sizeHint(self) -> QSize:
        """Return a small size: the layout gives what there is."""
        return QSize(160, 84)

    def minimumSizeHint(self) -> QSize:
        """Return the least size at which a curve can be read."""
        return QSize(80, 60)

    def set_scale(
        self, top: float, ticks: Sequence[tuple[float, str]] = (), bottom: float = 0.0
    ) -> None:
        """Fix the vertical range; without ``ticks`` the ends and the middle are named."""
        ticks = tuple(ticks) or tuple((v, _tick(v)) for v in (bottom, (bottom + top) / 2, top))
        if (bottom, top) == self._bounds and ticks == self._ticks:
            return
        self._bounds, self._ticks = (bottom, top), ticks
        self._left.setTicks([list(ticks)])
        self._box.setYRange(bottom, top, padding=0)
        self._draw_grid()

    def set_span(self, seconds: float, now: float) -> None:
        """Show the last ``seconds`` before ``now``, rounded up to a step of one thirtieth."""
        step = max(1.0, seconds / 30)
        end = math.ceil(now / step) * step
        self.set_times(end - seconds, end)

    def set_times(self, start: float, end: float) -> None:
        """Show the time from ``start`` to ``end``."""
        if (start, end) == self._times:
            return
        self._times = (start, end)
        self._name_times()
        self._box.setXRange(start, end, padding=0)

    def set_limits(self, limits: Sequence[Limit]) -> None:
        """Draw these levels as dashed lines."""
        if tuple(limits) != self._limits:
            self._limits = tuple(limits)
            self._draw_grid()

    def set_signs(self, signs: Sequence[Sign]) -> None:
        """Show what happened, tied to the first curve."""
        if tuple(signs) != self._signs:
            self._signs = tuple(signs)
            top = _LANE if signs else _TOP
            self._sheet.layout.setContentsMargins(0, top, 1, 0)
            self.viewport().update()

    def set_moment(self, at: float, text: str) -> None:
        """Draw one moment, such as that of a run, as a line from top to bottom."""
        self._moment = (at, text)
        self._draw_grid()

    def put(self, number: int, times: Sequence[float], values: Sequence[float | None]) -> None:
        """Show this series as line ``number``, with no more points than can be seen."""
        columns = max(_LEAST_COLUMNS, self.width() // _COLUMN)
        x, y = thinned(np.asarray(times, float), np.asarray(values, float), columns)
        self._data[number] = (x, y)
        gaps = "finite" if bool(np.isnan(y).any()) else "all"
        self._curves[number].setData(x, y, connect=gaps)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Name as many times as there is room for."""
        super().resizeEvent(event)
        if hasattr(self, "_times"):  # the base class sizes itself before we are made
            self._name_times()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page."""
        event.ignore()

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:  # noqa: N802  Qt's name
        """Draw the names of the limits and the lane of signs, in whole pixels."""
        del rect
        painter.resetTransform()
        painter.setFont(self.theme.font("small", tokens.MEDIUM))
        for limit in self._limits:
            if limit.text:
                spot = self._place(self._times[0], limit.value)
                painter.setPen(self.theme.colour(f"{limit.tone}_text"))
                painter.drawText(int(spot.x()) + 8, int(spot.y()) + 15, limit.text)
        if self._moment is not None:
            spot = self._place(self._moment[0], self._bounds[1])
            painter.setPen(self.theme.colour("accent"))
            painter.drawText(int(spot.x()) + 6, int(spot.y()) + 14, self._moment[1])
        last = -99
        for sign in self._signs:
            last = self._draw_sign(painter, sign, last)

    def _name_times(self) -> None:
        most = max(2, min(8, (self.width() - _NAMES_FROM) // _NAME_WIDTH))
        ticks = time_ticks(*self._times, most)
        if ticks != self._named:
            self._named = ticks
            self._bottom.setTicks([ticks])

    def _draw_sign(self, painter: QPainter, sign: Sign, last: int) -> int:
        """Draw one sign right of the ``last`` one; return where it is."""
        x, y = self._data[0]
        if not len(x) or not self._times[0] <= sign.at <= self._times[1]:
            return last
        level = float(np.interp(sign.at, x, y))
        foot = self._place(sign.at, level if math.isfinite(level) else self._bounds[1])
        head = self._place(sign.at, self._bounds[1])
        middle, top = int(foot.x()), max(0, int(head.y()) - _LANE)
        left = max(middle - 6, last + 13)
        painter.setPen(QPen(self.theme.colour(sign.tone), 1, Qt.PenStyle.DotLine))
        painter.drawLine(middle, top + 14, middle, int(foot.y()) - 3)
        if left > self.width() - 12:
            return last
        icons.draw(painter, sign.icon, left, top, self.theme.hex(sign.tone))
        return left

    def _place(self, x: float, y: float) -> QPointF:
        return QPointF(self.mapFromScene(self._box.mapViewToScene(QPointF(x, y))))

    def _draw_grid(self) -> None:
        for line in self._grid:
            self._box.removeItem(line)
        theme, dash = self.theme, Qt.PenStyle.DashLine
        self._grid = [
            pg.InfiniteLine(at, angle=0, pen=pg.mkPen(theme.hex("grid"))) for at, _ in self._ticks
        ]
        for limit in self._limits:
            pen = pg.mkPen(theme.hex(limit.tone), style=dash)
            self._grid.append(pg.InfiniteLine(limit.value, angle=0, pen=pen))
        if self._moment is not None:
            pen = pg.mkPen(theme.hex("accent"))
            self._grid.append(pg.InfiniteLine(self._moment[0], angle=90, pen=pen))
        for line in self._grid:
            line.setZValue(-1)
            self._box.addItem(line)

    @Slot()
    def _dress(self) -> None:
        theme = self.theme
        self.setBackground(theme.hex("surface"))
        for axis in (self._left, self._bottom):
            axis.setPen(pg.mkPen(theme.hex("line")) if axis is self._bottom else pg.mkPen(None))
            axis.setTickPen(pg.mkPen(theme.hex("surface")))
            axis.setTextPen(theme.hex("text2"))
            axis.setStyle(tickLength=0, tickFont=theme.font("small"), tickTextOffset=6)
        for line, curve in zip(self._lines, self._curves, strict=True):
            style = Qt.PenStyle.DashLine if line.dashed else Qt.PenStyle.SolidLine
            curve.setPen(pg.mkPen(theme.hex(line.tone), width=WIDTH, style=style))
            soft = QColor(theme.hex(line.tone))
            soft.setAlpha(_FILL_ALPHA)
            is_filled = line.filled and not line.dashed and not theme.is_high_contrast
            curve.setBrush(soft if is_filled else None)
            curve.setFillLevel(self._bounds[0] if is_filled else None)
        self._draw_grid()


def thinned(x: Any, y: Any, columns: int) -> tuple[Any, Any]:
    """Keep the lowest and the highest value of each column, in their order."""
    if len(x) <= 2 * columns:
        return x, y
    size = -(-len(x) // columns)
    short = -len(x) % size
    block = np.concatenate([y, np.full(short, np.nan)]).reshape(-1, size)
    known = np.isfinite(block)
    low = np.argmin(np.where(known, block, np.inf), axis=1)
    high = np.argmax(np.where(known, block, -np.inf), axis=1)
    base = np.arange(len(block)) * size
    picked = np.sort(np.stack([base + low, base + high], axis=1), axis=1).ravel()
    picked = np.minimum(picked, len(x) - 1)
    return x[picked], y[picked]


def fitting_span(series: Sequence[Series], most: float, now: float) -> float:
    """Return how far back a plot should reach: no farther than there is something to see."""
    starts = [
        at
        for one in series
        for at in next(
            ([at] for at, value in zip(one.times, one.values, strict=True) if value is not None),
            [],
        )
    ]
    age = now - min(starts, default=now)
    return next((span for span in SPANS if age <= span < most), most)


def nice_top(value: float, least: float = 1.0) -> float:
    """Return the next 1, 2 or 5 times a power of ten above ``value``: a range that rarely moves."""
    value = max(value, least)
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * step for step in _STEPS if power * step >= value)


def _tick(value: float) -> str:
    return f"{value:g}"


def time_ticks(start: float, end: float, most: int) -> list[tuple[float, str]]:
    """Name up to ``most`` whole times of the clock."""
    choices = (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 86_400)
    step = next((s for s in choices if (end - start) / s <= most), choices[-1])
    midnight = words.midnight(start)
    at = midnight + math.ceil((start - midnight) / step) * step
    say = words.clock if step >= 60 else words.clock_s
    ticks = []
    while at <= end - (end - start) * 0.04:
        if at >= start + (end - start) * 0.04:
            ticks.append((at, say(at)))
        at += step
    return ticks
