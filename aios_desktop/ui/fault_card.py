"""Playbooks that were refused: where, what is wrong, the nearest word, and what holds meanwhile."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from aios_desktop.i18n import _, ngettext
from aios_desktop.ui.plain import visible
from aios_desktop.ui.widgets import Card, Mark, Text, clear, col, plain_tip, row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QBoxLayout

    from aios_desktop.runtime.views import PlaybookFault

MOST: Final = 3


class FaultCard(Card):
    """A slim red frame with the first faults; hidden while there are none."""

    def __init__(self) -> None:
        self._lines = col(gap=6)
        super().__init__(self._lines, pad=10, line="bad")
        self._shown: tuple[PlaybookFault, ...] = ()
        self.hide()

    def show_faults(self, faults: Sequence[PlaybookFault]) -> None:
        """Show these faults."""
        if tuple(faults) == self._shown:
            return
        self._shown = tuple(faults)
        clear(self._lines)
        for fault in faults[:MOST]:
            self._lines.addLayout(_line(fault))
        if len(faults) > MOST:
            more = len(faults) - MOST
            text = ngettext("and {n} more fault", "and {n} more faults", more).format(n=more)
            self._lines.addWidget(Text(text, "small", "text2"))
        self.setVisible(bool(faults))


def _line(fault: PlaybookFault) -> QBoxLayout:
    place = visible(PurePath(fault.file).name, 80)
    if fault.line:
        place = _("{file}:{line}").format(file=place, line=fault.line)
    where = Text(place, "small", fixed=True)
    where.setToolTip(plain_tip(visible(fault.file)))
    message = Text(visible(fault.message.text(), 400), "small", wrap=True)
    said = []
    if fault.nearest:
        said.append(_("The nearest word is {word}.").format(word=visible(fault.nearest, 80)))
    if fault.kept_version:
        said.append(_("The last good version stays active."))
    head = row(Mark("bad", name=_("Refused playbook")), where, message, gap=8)
    head.setStretch(2, 1)
    if not said:
        return head
    more = row(20, *(Text(text, "small", "text2", elide=True) for text in said), None, gap=12)
    return col(head, more, gap=2)
