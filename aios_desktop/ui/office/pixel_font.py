"""The pixel font of name plates, key caps and badges: 12 px or a multiple, never antialiased.

Reading the font costs about 40 ms of work, so it must not happen before the window was painted for
the first time: until ``load`` was called, ``pixel_font`` answers with the font of the window.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from PySide6.QtGui import QFont, QFontDatabase

from aios_desktop import resources

FILE: Final = "fusion-pixel-12px-proportional-sc-latin-400-normal.woff2"
GRID: Final = 12  # the font is drawn for 12 px; other sizes are multiples of it


@cache
def load() -> str:
    """Read the font once; returns its family, empty when it cannot be read."""
    number = QFontDatabase.addApplicationFont(str(resources.folder("assets") / "fonts" / FILE))
    families = QFontDatabase.applicationFontFamilies(number) if number >= 0 else []
    return families[0] if families else ""


def is_loaded() -> bool:
    """Say whether ``load`` was called."""
    return load.cache_info().currsize > 0


def pixel_font(px: int) -> QFont:
    """Return the pixel font, or the window's font before ``load`` was called.

    ``px`` is brought down to a multiple of 12, at least 12.
    """
    size = max(GRID, px // GRID * GRID)
    font = QFont()
    family = load() if is_loaded() else ""
    if family:
        font.setFamilies([family, *font.families()])
        font.setStyleStrategy(QFont.StyleStrategy.NoAntialias)
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setPixelSize(size)
    return font
