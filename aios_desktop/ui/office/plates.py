"""Name plates: a pip and a name at the resolution of the window, never scaled with the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPixmap

from aios_desktop.office.people import STATE_COLOURS, State
from aios_desktop.ui.office.pixel_font import GRID, pixel_font
from aios_desktop.ui.tokens import PALETTE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aios_desktop.office.people import Figure
    from aios_desktop.ui.office.artwork import Artwork
    from aios_desktop.ui.office.fit import Fit

HEIGHT: Final = 16
BASELINE: Final = 12
PIP_LEFT: Final = 3
BLOCK: Final = 11  # the state's colour, with its pip in it
MARGIN: Final = 4
LONGEST: Final = 160  # a longer name is cut
KEPT: Final = 200  # so many plates are kept drawn


class Plates:
    """The plates for one ratio of device pixels: drawn once, kept, laid out without overlap."""

    def __init__(self, art: Artwork, unit: int) -> None:
        self.unit = unit
        self._art = art
        self._font = pixel_font(GRID * unit)
        self._metrics = QFontMetrics(self._font)
        self._made: dict[tuple[str, State | None], QPixmap] = {}
        self._placed: dict[str, QRect] = {}
        self._placed_for: tuple[object, ...] = ()

    def place(self, figures: Sequence[Figure], fitted: Fit) -> dict[str, QRect]:
        """Return where each plate goes, in device pixels of the picture; none covers another."""
        key = (fitted, *((figure.id, *plate_of(figure)) for figure in figures))
        if key != self._placed_for:
            self._placed_for, self._placed = key, self._lay_out(figures, fitted)
        return self._placed

    def _lay_out(self, figures: Sequence[Figure], fitted: Fit) -> dict[str, QRect]:
        size = (fitted.width, fitted.height)
        placed: list[QRect] = []
        found: dict[str, QRect] = {}
        for figure in sorted(figures, key=lambda f: (f.walking, f.plate[1], f.plate[0], f.id)):
            rect = self.spot(self.picture(figure.label, figure.state), figure.plate, fitted)
            rect = _free(_inside(rect, size), placed, size)
            placed.append(rect)
            found[figure.id] = rect
        return found

    def spot(self, picture: QPixmap, plate: tuple[int, int], fitted: Fit) -> QRect:
        """Return where a plate goes when nothing is in its way."""
        x, y = plate[0] * fitted.zoom - picture.width() // 2, (plate[1] - 1) * fitted.zoom
        return QRect(x, y, picture.width(), picture.height())

    def picture(self, label: str, state: State | None) -> QPixmap:
        """Return the plate of somebody; without a state it is a plain sign."""
        key = (label, state)
        found = self._made.get(key)
        if found is None:
            if len(self._made) >= KEPT:
                self._made.clear()
            found = self._made[key] = self._draw(label, state)
        return found

    def _draw(self, label: str, state: State | None) -> QPixmap:
        unit = self.unit
        elide = Qt.TextElideMode.ElideRight
        text = self._metrics.elidedText(label, elide, LONGEST * unit)
        block = BLOCK if state is not None else 0
        start = (block + MARGIN) * unit
        width = start + self._metrics.horizontalAdvance(text) + MARGIN * unit
        picture = QPixmap(width, HEIGHT * unit)
        asks = state is State.WAITING
        picture.fill(QColor(PALETTE["amber" if asks else "ink"]))
        painter = QPainter(picture)
        if state is not None:
            colour = QColor(PALETTE[STATE_COLOURS[state]])
            painter.fillRect(0, 0, block * unit, HEIGHT * unit, colour)
            pip = self._art.sprite(f"pip.{state.value}")
            side = pip.width() * unit
            top = (HEIGHT * unit - side) // 2
            painter.drawImage(QRect(PIP_LEFT * unit, top, side, side), pip)
        painter.setFont(self._font)
        tone = "ink" if asks else "paper" if state is not None else "fog"
        painter.setPen(QColor(PALETTE[tone]))
        painter.drawText(start, BASELINE * unit, text)
        painter.end()
        return picture


def plate_of(figure: Figure) -> tuple[object, ...]:
    """Return what a name plate shows and where."""
    return figure.plate, figure.label, figure.state


def _inside(rect: QRect, size: tuple[int, int]) -> QRect:
    """Move a plate into the picture."""
    x = max(0, min(rect.x(), size[0] - rect.width()))
    y = max(0, min(rect.y(), size[1] - rect.height()))
    return QRect(x, y, rect.width(), rect.height())


def _free(rect: QRect, placed: Sequence[QRect], size: tuple[int, int]) -> QRect:
    """Move a plate down, else up, to where it covers no other; stay when there is no room."""
    for step in (1, -1):
        moved = QRect(rect)
        while moved.top() >= 0 and moved.bottom() < size[1]:
            hit = next((other for other in placed if other.intersects(moved)), None)
            if hit is None:
                return moved
            moved.moveTop(hit.bottom() + 2 if step > 0 else hit.top() - moved.height() - 1)
    return rect
