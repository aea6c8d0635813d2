"""The frame every page lives in: rail, top bar, notice line, status bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Signal, Slot
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from aios_desktop.i18n import _
from aios_desktop.ui import app_icon, icons, tokens, words
from aios_desktop.ui.controls import Pressable
from aios_desktop.ui.frame import LAST, LOGO, RAIL_END, RAIL_GAP, item_height, shortcut_of
from aios_desktop.ui.office.pixel_font import pixel_font
from aios_desktop.ui.paint import CENTRE, LEFT
from aios_desktop.ui.theme import current
from aios_desktop.ui.widgets import (
    Button,
    Field,
    Glyph,
    Key,
    Mark,
    Strip,
    Text,
    col,
    frame,
    plain_tip,
    row,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QPaintEvent

    from aios_desktop.runtime.views import Notice, ScoreView, Status
    from aios_desktop.ui.theme import Theme

NOTICE = 32
SEARCH = 232
SEARCH_WIDE = 288


def draw_wall(painter: QPainter, box: QRect, theme: Theme, *, wide: bool) -> None:
    """Draw the ground of the rail and the mark of the application."""
    painter.fillRect(box, theme.colour("rail"))
    if theme.is_high_contrast:
        painter.fillRect(box.right() - 1, box.y(), 2, box.height(), theme.colour("line"))
    app_icon.draw(painter, 24 if wide else box.width() // 2 - 16, 14, 32)
    if wide:
        painter.setFont(theme.font("section"))
        painter.setPen(theme.colour("rail_on"))
        painter.drawText(QRect(68, 14, box.width() - 68, 32), LEFT, _("AIOS Desktop"))


def draw_item(
    painter: QPainter,
    box: QRect,
    theme: Theme,
    icon: str,
    label: str,
    *,
    wide: bool,
    is_on: bool,
    is_lit: bool = False,
) -> None:
    """Draw one page in the rail: block and bar when it is open, icon, name."""
    if is_on:
        edge = "line" if theme.is_high_contrast else ""
        frame(painter, box.adjusted(8, 0, -8, 0), theme, "rail_sel", edge)
        painter.fillRect(box.x(), box.y(), 4, box.height(), theme.colour("rail_on"))
    ink = "rail_on" if is_on or is_lit else "rail_text"
    painter.setPen(theme.colour(ink))
    painter.setFont(theme.font("body" if wide else "small", tokens.MEDIUM))
    if wide:
        top = box.y() + (box.height() - 24) // 2
        icons.draw(painter, icon, box.x() + 24, top, theme.hex(ink), 24)
        painter.drawText(box.adjusted(64, 0, 0, 0), LEFT, label)
    else:
        icons.draw(painter, icon, box.x() + box.width() // 2 - 12, box.y() + 8, theme.hex(ink), 24)
        painter.drawText(box.adjusted(8, 36, -8, -4), CENTRE, label)


class RailButton(Pressable):
    """One page in the rail: its icon over its name, or beside it when there is room."""

    def __init__(self, name: str, label: str, shortcut: str) -> None:
        super().__init__(label, tip=f"{label} ({shortcut})")
        self.page = name
        self.wide = False
        self.count = 0
        self.setCheckable(True)
        self.setAutoExclusive(True)

    def set_count(self, count: int) -> None:
        """Show how many things wait on this page; 0 shows nothing."""
        if count == self.count:
            return
        self.count = count
        name = _("{page}, {n} waiting").format(page=self.text(), n=count) if count else ""
        self.setAccessibleName(name)
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of its block."""
        width = tokens.RAIL_WIDE if self.wide else tokens.RAIL
        return QSize(width, item_height(self.theme, wide=self.wide))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw block, bar, icon, name and count."""
        del event
        painter = QPainter(self)
        draw_item(
            painter,
            self.rect(),
            self.theme,
            self.page,
            self.text(),
            wide=self.wide,
            is_on=self.isChecked(),
            is_lit=self.underMouse(),
        )
        if self.shows_ring:
            inner = self.rect().adjusted(10, 2, -10, -2)
            frame(painter, inner, self.theme, "", "rail_on", tokens.FOCUS)
        if self.count:
            self._draw_count(painter)

    def _draw_count(self, painter: QPainter) -> None:
        text = str(self.count) if self.count < 100 else "99+"
        painter.setFont(pixel_font(12))
        width = max(18, painter.fontMetrics().horizontalAdvance(text) + 10)
        left = self.width() - 26 - width if self.wide else self.width() // 2 + 10
        box = QRect(left, (self.height() - 18) // 2 if self.wide else 2, width, 18)
        frame(painter, box, self.theme, "lamp")
        painter.setPen(self.theme.colour("on_lamp"))
        painter.drawText(box.adjusted(1, 0, 0, 0), CENTRE, text)


class Rail(QWidget):
    """The pages. Dark in every theme: it is the office's outer wall."""

    chosen = Signal(object)  # the name of a page

    def __init__(self, pages: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.theme = current()
        self._wide = False
        self.buttons = {
            name: RailButton(name, label, shortcut_of(number, name))
            for number, (name, label) in enumerate(pages, 1)
        }
        for button in self.buttons.values():
            button.clicked.connect(self._clicked)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        above = [button for name, button in self.buttons.items() if name != LAST]
        below = [button for name, button in self.buttons.items() if name == LAST]
        ends = (0, LOGO, 0, RAIL_END)
        self.lay = col(*above, None, *below, gap=RAIL_GAP, m=ends, parent=self)
        self.setFixedWidth(tokens.RAIL)

    def set_wide(self, wide: bool) -> None:
        """Put names beside the icons, or below them."""
        if wide == self._wide:
            return
        self._wide = wide
        for button in self.buttons.values():
            button.wide = wide
            button.updateGeometry()
        self.setFixedWidth(tokens.RAIL_WIDE if wide else tokens.RAIL)

    def show_page(self, name: str) -> None:
        """Mark a page as the one that is open."""
        self.buttons[name].setChecked(True)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the wall and the mark of the application."""
        del event
        draw_wall(QPainter(self), self.rect(), self.theme, wide=self._wide)

    @Slot()
    def _clicked(self) -> None:
        button = self.sender()
        if isinstance(button, RailButton):
            self.chosen.emit(button.page)


class TopBar(Strip):
    """Title, one sentence, search, score."""

    searched = Signal(object)  # text

    def __init__(self) -> None:
        super().__init__(tokens.TOP_BAR)
        self.title = Text("", "title")
        self.sentence = Text("", "body", "text2", elide=True)
        keys = (Key("Ctrl"), Key("K"))
        name = _("Search in the events")
        self.search = Field(_("Search events…"), icon="search", name=name, right=keys)
        self.search.edit.setMaxLength(200)
        self.search.edit.returnPressed.connect(self._searched)
        self.pill = Mark("unknown", "", pill=True)
        self.pill.hide()
        row(
            self.title, self.sentence, self.search, self.pill, gap=12, m=(16, 0, 16, 0), parent=self
        ).setStretch(1, 1)
        self.search.setFixedWidth(SEARCH)

    def set_wide(self, wide: bool) -> None:
        """Give the search field more room."""
        self.search.setFixedWidth(SEARCH_WIDE if wide else SEARCH)

    def show_score(self, score: ScoreView) -> None:
        """Show the score and its level; before the first look, that it is unknown."""
        mark = words.LEVEL_MARKS[score.level]
        word = words.level(score.level)
        if score.value is None:
            self.pill.set(mark, _("Score unknown"))
        else:
            points = round(score.value * 100)
            self.pill.set(mark, _("{points} {level}").format(points=points, level=word))
            self.pill.setToolTip(_("Health score, 0 to 100"))
        self.pill.show()

    @Slot()
    def _searched(self) -> None:
        self.searched.emit(self.search.edit.text().strip())


class NoticeLine(Strip):
    """One slim line for what AIOS must say about itself; the most serious first.

    A message that was sent away does not come back while its cause lasts.
    """

    def __init__(self) -> None:
        super().__init__(NOTICE, "surface")
        self._notices: tuple[Notice, ...] = ()
        self._gone: frozenset[str] = frozenset()
        self._passing = ""
        self.mark = Mark("warn")
        self.text = Text("", "body", elide=True)
        self.more = Text("", "small", "text2")
        self.dismiss = Button("", "quiet", "cross", small=True, name=_("Dismiss this message"))
        self.dismiss.clicked.connect(self._dismissed)
        row(
            self.mark, self.text, self.more, self.dismiss, gap=10, m=(16, 1, 10, 1), parent=self
        ).setStretch(1, 1)
        self.hide()

    def show_notices(self, notices: tuple[Notice, ...]) -> None:
        """Show the notices in force."""
        if notices == self._notices:
            return
        self._notices = notices
        self._gone &= {notice.id for notice in notices}
        self._show()

    def say(self, text: str) -> None:
        """Show a sentence until the next one or until it is sent away; empty ends it."""
        self._passing = text
        self._show()

    @Slot()
    def _dismissed(self) -> None:
        if self._passing:
            self._passing = ""
        elif open_ones := self._open():
            self._gone |= {open_ones[0].id}
        self._show()

    def _open(self) -> list[Notice]:
        order = {"critical": 0, "error": 1, "warning": 2, "info": 3}
        notices = [notice for notice in self._notices if notice.id not in self._gone]
        return sorted(notices, key=lambda notice: order.get(notice.severity, 3))

    def _show(self) -> None:
        notices = self._open()
        if self._passing:
            self.mark.set("run")
            self.text.set(self._passing)
        elif notices:
            first = notices[0]
            kinds = {"critical": "bad", "error": "bad", "warning": "warn"}
            self.mark.set(kinds.get(first.severity, "run"))
            self.text.set(first.text.text())
        behind = len(notices) - (0 if self._passing else 1)
        self.more.set(_("{n} more").format(n=behind) if behind > 0 else "")
        self.setVisible(bool(self._passing or notices))


class StatusBar(Strip):
    """What is watched, what AIOS itself costs, and when it last looked."""

    def __init__(self) -> None:
        super().__init__(tokens.STATUS_BAR, line_on_top=True)
        self.watched = Text("", "small", "text2", elide=True)
        self.cost = Text("", "small", "text2")
        self.looked = Text("", "small", "text2")
        self._clock = Glyph("clock", 12, "text3")
        self._eye = Glyph("eye", 12, "text3")
        for glyph in (self._clock, self._eye):
            glyph.hide()
        row(
            self._eye,
            self.watched,
            self.cost,
            self._clock,
            self.looked,
            gap=8,
            m=(16, 1, 16, 0),
            parent=self,
        ).setStretch(1, 1)

    def show_status(self, status: Status) -> None:
        """Show fresh figures; only what is different is drawn again."""
        for glyph in (self._clock, self._eye):
            glyph.setVisible(status.last_look is not None)
        if status.last_look is None:
            self.watched.set(_("The first look at the machine is under way."))
            self.cost.set("")
            self.looked.set("")
            return
        text = _("Watching {metrics} metrics, {processes} processes")
        self.watched.set(text.format(metrics=status.metrics, processes=status.processes))
        memory = words.size(status.own_memory_bytes)
        if status.own_cpu_percent is None:
            self.cost.set(_("AIOS uses {memory}").format(memory=memory))
        else:
            cpu = words.percent(status.own_cpu_percent)
            self.cost.set(_("AIOS uses {cpu} of one core, {memory}").format(cpu=cpu, memory=memory))
        self.looked.set(words.clock_s(status.last_look))
        self.looked.setToolTip(plain_tip(_("Last look at the machine")))
