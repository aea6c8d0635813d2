"""The mark of the application: one window of the office, in three states told apart by shape.

An ink outline inside a paper frame keeps it visible on light and on dark panels.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from PySide6.QtGui import QColor, QIcon

from aios_desktop.ui import icons
from aios_desktop.ui.tokens import PALETTE

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter, QPixmap

GRID: Final = 16
SIZES: Final = (16, 20, 22, 24, 28, 32, 40, 48, 64)  # those of panels, so that none is blurred
_KEYS: Final = {
    "o": "ink",
    "w": "paper",
    "l": "lemon",
    "a": "amber",
    "r": "brick",
    "d": "plum",
    "b": "cobalt",
    "k": "sky",
}
SHAPES: Final = {
    # all is well
    "ok": """
................
.oooooooooooooo.
.owwwwwwwwwwwwo.
.owllllwwllllwo.
.owllllwwllllwo.
.owlaalwwlaalwo.
.owaaaawwaaaawo.
.owwwwwwwwwwwwo.
.owwwwwwwwwwwwo.
.owkkkkwwkkkkwo.
.owkkkkwwkkkkwo.
.owbbbbwwbbbbwo.
.owbbbbwwbbbbwo.
.owwwwwwwwwwwwo.
oooooooooooooooo
................""",
    # somebody must decide: a bubble
    "ask": """
.......ooooooooo
.ooooooowwwwwwwo
.owwwwwowwaaawwo
.owlllwowwaaawwo
.owlllwowwaaawwo
.owlllwowwaaawwo
.owlaawowwwwwwwo
.owwwwwowwaaawwo
.owwwwwowwaaawwo
.owkkkwowwwwwwwo
.owkkkwooowwoooo
.owbbbwwbowobwo.
.owbbbwwboobbwo.
.owwwwwwwwwwwwo.
oooooooooooooooo
................""",
    # in trouble: a crossed disc that breaks the outline
    "bad": """
................
.oooooooooooooo.
.owwwwwwwwwwwwo.
.owddddwwddddwo.
.owddddwwddddwo.
.owddddwwddddwo.
.owddddwoooooo..
.owwwwworrrrrro.
.owwwworwrrrrwro
.owdddorwwrrwwro
.owdddorrwwwwrro
.owdddorrrwwrrro
.owdddorrwwwwrro
.owwwworwwrrwwro
oooooooorrrrrro.
........oooooo..""",
}


@cache
def pixmap(state: str, size: int, scale: float = 1.0) -> QPixmap:
    """Return the mark at ``size`` logical pixels, made once; even at a multiple of 16."""
    lines = SHAPES[state].strip().split("\n")
    order = tuple(_KEYS)
    cells = bytes(order.index(c) + 1 if c in _KEYS else 0 for line in lines for c in line[:GRID])
    table = [0, *(QColor(PALETTE[_KEYS[key]]).rgba() for key in order)]
    device = max(GRID, round(size * scale))
    return icons.enlarged(cells, GRID, table, device, device / size)


def draw(painter: QPainter, x: int, y: int, size: int, state: str = "ok") -> None:
    """Draw the mark with its top left corner at ``x, y``."""
    painter.drawPixmap(x, y, pixmap(state, size, painter.device().devicePixelRatioF()))


def icon(state: str = "ok") -> QIcon:
    """Return the mark for windows, panels and the tray."""
    made = QIcon()
    for size in SIZES:
        made.addPixmap(pixmap(state, size))
    return made
