"""Still pictures for other pages: faces of agents, and pieces of the office for empty states."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap

from aios_desktop.ui.office.artwork import Artwork


@cache
def artwork() -> Artwork:
    """Return the compiled pictures, read once for all widgets."""
    return Artwork()


def enlarge(image: QImage, zoom: int) -> QPixmap:
    """Return an image enlarged by a whole number: each of its pixels becomes a square."""
    big = image.scaled(
        image.width() * zoom,
        image.height() * zoom,
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.FastTransformation,
    )
    return QPixmap.fromImage(big)


def portrait(agent: str, scale: int, dpr: float) -> QPixmap:
    """Return the face of an agent at its own place, always in daylight: 20 world pixels square.

    Raises KeyError for somebody without looks of their own.
    """
    art = artwork()
    if agent not in art.layout.personas:
        raise KeyError(agent)
    return _for_screen(art.portrait(agent), scale, dpr)


def empty_piece(name: str, scale: int, dpr: float, daytime: str = "day") -> QPixmap:
    """Return a piece of the office, 64 x 32 world pixels, for a page that has nothing to show.

    The names are sofa, coffee, screens, whiteboard and library. Raises KeyError for others.
    """
    return _for_screen(artwork().piece(name, daytime), scale, dpr)


def _for_screen(image: QImage, scale: int, dpr: float) -> QPixmap:
    """Enlarge for a screen; the picture knows its ratio and is not scaled again when drawn."""
    zoom = max(1, round(scale * dpr))
    picture = enlarge(image, zoom)
    picture.setDevicePixelRatio(zoom / scale)
    return picture
