"""An event as a row of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtGui import QFontMetrics

from aios_desktop.events.model import Event, Severity
from aios_desktop.i18n import _
from aios_desktop.ui import event_words, trace
from aios_desktop.ui.table import Cell, Column, Row

if TYPE_CHECKING:
    from aios_desktop.ui.theme import Theme

ABOUT: Final = 3  # the column that a narrow page does without
_LOUD: Final = ("ask", "bad")


def columns(theme: Theme) -> tuple[Column, ...]:
    """Return the columns, as wide as the fonts need."""
    body = QFontMetrics(theme.font("body"))
    fixed = QFontMetrics(theme.mono("small"))
    names = [event_words.severity(severity) for severity in Severity]
    word = max(map(body.horizontalAdvance, [*names, _("Severity")]))
    return (
        Column(_("Time"), body.horizontalAdvance("00-00 00:00") + 24),
        Column(_("Severity"), word + 36),
        Column(_("Type"), fixed.horizontalAdvance("resource.memory_high") + 18),
        Column(_("About"), 128),
        Column(_("What happened")),
    )


def row(event: Event, now: float) -> Row:
    """Return the cells of an event; its id is the key."""
    kind = event_words.mark(event)
    is_loud = kind in _LOUD or event.severity is Severity.CRITICAL
    return Row(
        event.id,
        (
            Cell(trace.moment(event.time, now)),
            Cell(event_words.severity(event.severity), kind),
            Cell(event.type, "mono"),
            Cell(event_words.about(event), "strong" if is_loud else ""),
            Cell(event_words.sentence(event).text()),
        ),
    )
