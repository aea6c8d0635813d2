"""The top-level window and its first picture, made of as little as can be.

The picture shows rail, bars and one sentence. Once the core runs, the real widgets take its place.
So a person sees the window at once.

Grounds and inks of the picture are palettes, not brushes and pens: the first QColor that is used
as one makes PySide build all enums of the Qt namespace, which takes longer than this whole window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRect, Signal, Slot
from PySide6.QtGui import QFontMetrics, QGuiApplication, QPainter, QPalette
from PySide6.QtWidgets import QWidget

from aios_desktop.i18n import N_, _
from aios_desktop.ui import app_icon, icons, tokens, window_state
from aios_desktop.ui.paint import CENTRE, LEFT, WRAP

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QCloseEvent, QFont, QPaintEvent, QPixmap, QResizeEvent

    from aios_desktop.ui.theme import Theme

PAGES: Final = (
    ("office", N_("Office")),
    ("health", N_("Health")),
    ("events", N_("Events")),
    ("repairs", N_("Repairs")),
    ("settings", N_("Settings")),
)
LAST: Final = "settings"  # stands at the bottom of the rail
SIZE: Final = (1280, 800)
LEAST: Final = (960, 600)
LOGO: Final = 68  # from the top to the first page of the rail
RAIL_GAP: Final = 4
RAIL_END: Final = 12
_TEXT_WIDTH: Final = 560


class _Sheet(QWidget):
    """A rectangle of one ground with texts and icons in one ink."""

    def __init__(self, parent: QWidget, theme: Theme, ground: str, ink: str = "text") -> None:
        super().__init__(parent)
        self.theme = theme
        self.texts: list[tuple[QRect, int, str, QFont]] = []
        self.images: list[tuple[int, int, QPixmap]] = []
        self.dye(ground, ink)
        self.setAutoFillBackground(True)

    def dye(self, ground: str, ink: str) -> None:
        """Take other colours."""
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, self.theme.colour(ground))
        palette.setColor(QPalette.ColorRole.WindowText, self.theme.colour(ink))
        self.setPalette(palette)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw texts and icons; the ground is there already."""
        del event
        painter = QPainter(self)
        for x, y, image in self.images:
            painter.drawPixmap(x, y, image)
        for box, flags, text, font in self.texts:
            painter.setFont(font)
            painter.drawText(box, flags, text)


class _Picture(_Sheet):
    """The whole first picture."""

    painted = Signal()

    def __init__(self, parent: QWidget, theme: Theme, page: str) -> None:
        super().__init__(parent, theme, "bg")
        self._page = page
        self._sentence = _("AIOS starts and takes its first look at the machine.")
        self._rail = _Sheet(self, theme, "rail", "rail_text")
        self._open = _Sheet(self._rail, theme, "rail_sel", "rail_on")
        self._bar = _Sheet(self._rail, theme, "rail_on")
        self._lines = (_Sheet(self, theme, "line"), _Sheet(self, theme, "line"))
        self._middle = _Sheet(self, theme, "bg", "text2")

    def say(self, sentence: str, ink: str) -> None:
        """Show another sentence."""
        self._sentence = sentence
        self._middle.dye("bg", ink)
        self._place()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw, and tell."""
        super().paintEvent(event)
        self.painted.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put everything in its place."""
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        theme, line, height = self.theme, self.theme.line, self.height()
        wide = self.width() >= tokens.WIDE_FROM
        rail = tokens.RAIL_WIDE if wide else tokens.RAIL
        rest = self.width() - rail
        title = QRect(rail + 16, 0, rest - 32, tokens.TOP_BAR)
        self.texts = [(title, LEFT, _(dict(PAGES)[self._page]), theme.font("title"))]
        self._rail.setGeometry(0, 0, rail, height)
        self._lines[0].setGeometry(rail, tokens.TOP_BAR - line, rest, line)
        self._lines[1].setGeometry(rail, height - tokens.STATUS_BAR, rest, line)
        column = min(_TEXT_WIDTH, rest - 32)
        under = tokens.TOP_BAR + tokens.STATUS_BAR + 2
        self._middle.setGeometry(
            rail + (rest - column) // 2, tokens.TOP_BAR, column, height - under
        )
        box = self._middle.rect()
        self._middle.texts = [(box, CENTRE | WRAP, self._sentence, theme.font("body"))]
        self._fill_rail(rail, wide=wide)

    def _fill_rail(self, width: int, *, wide: bool) -> None:
        theme, scale, rail = self.theme, self.devicePixelRatioF(), self._rail
        rail.images = [(24 if wide else width // 2 - 16, 14, app_icon.pixmap("ok", 32, scale))]
        rail.texts = []
        if wide:
            name = QRect(68, 14, width - 68, 32)
            rail.texts = [(name, LEFT, _("AIOS Desktop"), theme.font("section"))]
        height = item_height(theme, wide=wide)
        font = theme.font("body" if wide else "small", tokens.MEDIUM)
        for number, (icon, label) in enumerate(PAGES):
            top = LOGO + number * (height + RAIL_GAP)
            if icon == LAST:
                top = self.height() - RAIL_END - height
            sheet, ink, y, left = rail, "rail_text", top, 0
            if icon == self._page:
                self._open.setGeometry(8, top, width - 16, height)
                self._bar.setGeometry(0, top, 4, height)
                sheet, ink, y, left = self._open, "rail_on", 0, 8
                self._open.images, self._open.texts = [], []
            x = (24 if wide else width // 2 - 12) - left
            at = y + ((height - 24) // 2 if wide else 8)
            sheet.images.append((x, at, icons.pixmap(icon, theme.hex(ink), 24, scale)))
            box = QRect(64 - left, y, width - 64, height)
            if not wide:
                box = QRect(8 - left, y + 36, width - 16, height - 40)
            sheet.texts.append((box, LEFT if wide else CENTRE, _(label), font))


class Frame(QWidget):
    """The window of the application.

    ``first_painted`` is emitted once, when a person can see it; ``closed`` when it was closed for
    good. ``wants_hiding`` is asked before: true hides the window instead.
    """

    first_painted = Signal()
    closed = Signal()
    state_changed = Signal()  # minimised, maximised or neither

    def __init__(self, theme: Theme, *, state_file: Path | None = None) -> None:
        super().__init__()
        self.theme = theme
        self.wants_hiding: Callable[[], bool] = lambda: False
        self.page = PAGES[0][0]
        self._state_file = state_file
        self._is_new = True
        self.setWindowTitle(_("AIOS Desktop"))
        self.setMinimumSize(*LEAST)
        self._picture: _Picture | None = None
        self._restore()
        self._picture = _Picture(self, theme, self.page)
        self._picture.painted.connect(self._was_painted)
        self._picture.setGeometry(self.rect())

    def hold(self, content: QWidget) -> None:
        """Show this widget instead of the first picture, from edge to edge."""
        if self._picture is not None:
            self._picture.hide()
            self._picture.deleteLater()
            self._picture = None
        from PySide6.QtWidgets import QLayout, QVBoxLayout  # noqa: PLC0415  see above

        layout = QVBoxLayout(self)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # texts never grow it
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(content)

    def fail(self, sentence: str) -> None:
        """Say why there is nothing else to see."""
        self.setAccessibleDescription(sentence)
        if self._picture is not None:
            self._picture.say(sentence, "bad_text")

    def keep_state(self) -> None:
        """Write down where the window is and which page is open."""
        if self._state_file is None:
            return
        box = self.normalGeometry() if self.isMaximized() else self.geometry()
        place = (box.x(), box.y(), box.width(), box.height())
        state = window_state.WindowState(*place, maximized=self.isMaximized(), page=self.page)
        window_state.save(self._state_file, state)

    def come_forward(self) -> None:
        """Show the window and bring it to the front."""
        if self.isMinimized():
            self.showNormal()
        self.show()
        self.raise_()
        self.activateWindow()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Hide when that is wanted; otherwise tell that the window is closed."""
        self.keep_state()
        if self.wants_hiding():
            event.ignore()
            self.hide()
            return
        event.accept()
        self.closed.emit()

    def changeEvent(self, event: QEvent) -> None:
        """Tell when the window was minimised or comes back."""
        super().changeEvent(event)
        if event.type().name == "WindowStateChange":
            self.state_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the first picture."""
        super().resizeEvent(event)
        if self._picture is not None:
            self._picture.setGeometry(self.rect())

    @Slot()
    def _was_painted(self) -> None:
        if self._is_new:
            self._is_new = False
            self.first_painted.emit()

    def _restore(self) -> None:
        state = window_state.load(self._state_file) if self._state_file else None
        if state is None:
            self.resize(*SIZE)
            return
        if state.page in dict(PAGES):
            self.page = state.page
        box = QRect(state.x, state.y, state.width, state.height)
        self.resize(box.size())
        screens = (screen.availableGeometry() for screen in QGuiApplication.screens())
        if any(screen.contains(box.center()) for screen in screens):
            self.move(box.topLeft())
        if state.maximized:
            from PySide6.QtCore import Qt  # noqa: PLC0415  see paint.py

            self.setWindowState(Qt.WindowState.WindowMaximized)


def shortcut_of(number: int, page: str) -> str:
    """Return the keys that open a page; numbers count from 1."""
    return "Ctrl+," if page == LAST else f"Ctrl+{number}"


def item_height(theme: Theme, *, wide: bool) -> int:
    """Return the height of one page in the rail; it follows the font."""
    if wide:
        return 40
    return 44 + max(16, QFontMetrics(theme.font("small", tokens.MEDIUM)).height())
