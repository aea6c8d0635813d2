"""Text from outside made safe to look at: what it holds is what a person sees."""

from __future__ import annotations

import unicodedata
from typing import Final

LIMIT: Final = 4000
_HIDDEN: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def visible(text: str, limit: int = LIMIT) -> str:
    """Return ``text`` with what cannot be seen written out, cut after ``limit`` characters.

    Line breaks, control characters and marks that turn the reading direction could make a command
    look like another one.
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isprintable():
        return text
    return "".join(_shown(letter) for letter in text)


def _shown(letter: str) -> str:
    if unicodedata.category(letter) in _HIDDEN:
        return f"\\u{ord(letter):04x}"
    return letter
