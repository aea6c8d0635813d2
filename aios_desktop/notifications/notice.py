"""What a notice holds, and how long its texts may be."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from aios_desktop.i18n import _

if TYPE_CHECKING:
    from collections.abc import Iterable

# Approving is not among them: a decision is taken where its plan can be read.
ACTIONS: Final = frozenset({"review", "later", "deny", "open"})
TITLE_WIDTH: Final = 40
BODY_WIDTH: Final = 400
LABEL_WIDTH: Final = 40
_WIDE: Final = frozenset("WF")


class Urgency(IntEnum):
    """How much a notice may disturb, in the numbers of the standard."""

    LOW = 0
    NORMAL = 1
    CRITICAL = 2


@dataclass(frozen=True, slots=True)
class Notice:
    """What the person is told. ``actions`` are pairs of a key and the text on the button."""

    key: str
    title: str
    body: str = ""
    actions: tuple[tuple[str, str], ...] = ()
    urgency: Urgency = Urgency.NORMAL

    @property
    def click(self) -> str:
        """Return the action that a click on the notice itself stands for, or an empty string."""
        offered = [name for name, _label in self.actions]
        return next((name for name in ("review", "open") if name in offered), "")


def question_actions() -> tuple[tuple[str, str], ...]:
    """Return the buttons of a notice that waits for a decision."""
    return (("review", _("Review…")), ("later", _("Not now")), ("deny", _("Deny")))


def make(
    key: str, title: str, body: str, actions: Iterable[tuple[str, str]], urgency: Urgency
) -> Notice:
    """Return a notice whose texts fit. Raises ValueError for an action that no notice may offer."""
    buttons = tuple((name, fit(label, LABEL_WIDTH)) for name, label in actions)
    for name, _label in buttons:
        if name not in ACTIONS:
            raise ValueError(f"a notice cannot offer {name!r}")
    return Notice(key, fit(title, TITLE_WIDTH), fit(body, BODY_WIDTH), buttons, urgency)


def fit(text: str, width: int) -> str:
    """Return ``text`` on one line, cut to ``width`` characters; wide ones (Chinese) count 2.2."""
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    room = width * 18  # 40 narrow characters take the room of 18 wide ones
    used = 0
    for index, character in enumerate(text):
        used += 40 if unicodedata.east_asian_width(character) in _WIDE else 18
        if used > room:
            return text[: max(0, index - 1)].rstrip(" ,.;:，。；：、") + "…"
    return text
