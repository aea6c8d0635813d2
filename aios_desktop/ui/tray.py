"""The tray: one of three silhouettes, what waits, and a way in and out.

An icon is made only while a panel is there to show it, and made again when a panel comes late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from aios_desktop.i18n import _, ngettext
from aios_desktop.runtime.views import Level
from aios_desktop.ui import app_icon, icons, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from aios_desktop.runtime.port import Core
    from aios_desktop.runtime.views import ScoreView
    from aios_desktop.ui.bridge import Bridge
    from aios_desktop.ui.theme import Theme

LOOK_MS: Final = 5000
_OPENERS = (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick)


class Tray(QObject):
    """The icon in the panel. It shows state and passes on what a person wants."""

    open_window = Signal()
    open_approval = Signal(object)  # id
    open_health = Signal()
    quit_asked = Signal()
    lost = Signal()  # the panel went away

    def __init__(
        self,
        core: Core,
        bridge: Bridge,
        theme: Theme,
        *,
        is_available: Callable[[], bool] = QSystemTrayIcon.isSystemTrayAvailable,
    ) -> None:
        super().__init__(bridge)
        self._core = core
        self._theme = theme
        self._is_available = is_available
        self._icon: QSystemTrayIcon | None = None
        self._shape = ""
        self._menu = QMenu()
        self._build_menu()
        self._look = QTimer(self)
        self._look.setTimerType(Qt.TimerType.VeryCoarseTimer)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self.look)
        self._look.start()
        bridge.changed.connect(self._changed)
        theme.changed.connect(self._dress_menu)
        self.look()

    def is_live(self) -> bool:
        """Say whether a person can find the icon at this moment."""
        return self._icon is not None and self._is_available()

    @property
    def shape(self) -> str:
        """Return which silhouette is shown: ok, ask or bad."""
        return self._shape

    @property
    def menu(self) -> QMenu:
        """Return the menu."""
        return self._menu

    @property
    def tip(self) -> str:
        """Return the sentence that the icon shows as its tip."""
        return self._icon.toolTip() if self._icon is not None else ""

    @Slot()
    def look(self) -> None:
        """Make the icon when a panel has come, drop it when the panel has gone."""
        there = self._is_available()
        if there and self._icon is None:
            self._icon = QSystemTrayIcon(self)
            self._icon.setContextMenu(self._menu)
            self._icon.activated.connect(self._activated)
            self._shape = ""
            self.refresh()
            self._icon.show()
        elif not there and self._icon is not None:
            self._drop()
            self.lost.emit()

    @Slot()
    def refresh(self) -> None:
        """Show the state of things, if it is another one."""
        score, waiting = self._core.score(), len(self._core.approvals())
        self._say_waiting(waiting)
        said = _score_text(score)
        self._score.setText(said)
        if self._icon is None:
            return
        shape = _shape(score, waiting)
        if shape != self._shape:
            self._shape = shape
            self._icon.setIcon(app_icon.icon(shape))
        lines = [_("AIOS Desktop"), said]
        if waiting:
            lines.append(self._waiting.text())
        tip = "\n".join(lines)
        if tip != self._icon.toolTip():
            self._icon.setToolTip(tip)

    def retranslate(self) -> None:
        """Say everything in the language now in use."""
        self._open.setText(_("Open AIOS"))
        self._quit.setText(_("Quit"))
        self.refresh()

    def close(self) -> None:
        """Take the icon away."""
        self._look.stop()
        self._drop()
        self._menu.hide()
        self._menu.deleteLater()

    def _build_menu(self) -> None:
        self._waiting = QAction(self)
        self._waiting.triggered.connect(self._open_first)
        self._score = QAction(self)
        self._score.triggered.connect(self.open_health)
        self._open = QAction(_("Open AIOS"), self)
        self._open.triggered.connect(self.open_window)
        self._quit = QAction(_("Quit"), self)
        self._quit.setShortcut(QKeySequence("Ctrl+Q"))
        self._quit.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # the window has its own
        self._quit.triggered.connect(self.quit_asked)
        for action in (self._waiting, self._score):
            self._menu.addAction(action)
        self._menu.addSeparator()
        self._menu.addAction(self._open)
        self._menu.addSeparator()
        self._menu.addAction(self._quit)
        self._dress_menu()

    def _say_waiting(self, waiting: int) -> None:
        if waiting:
            text = ngettext("{n} decision waits…", "{n} decisions wait…", waiting)
            self._waiting.setText(text.format(n=waiting))
        else:
            self._waiting.setText(_("No decision waits"))
        self._waiting.setEnabled(waiting > 0)

    def _drop(self) -> None:
        if self._icon is not None:
            self._icon.hide()
            self._icon.deleteLater()
            self._icon = None
            self._shape = ""

    @Slot()
    def _dress_menu(self) -> None:
        ink = self._theme.hex("text")
        for action, name in (
            (self._waiting, "ask"),
            (self._score, "health"),
            (self._open, "office"),
        ):
            action.setIcon(icons.icon(name, ink))

    @Slot(object)
    def _changed(self, topics: frozenset[str]) -> None:
        if topics & {"score", "approvals", "status"}:
            self.refresh()

    @Slot()
    def _open_first(self) -> None:
        waiting = self._core.approvals()
        if waiting:
            self.open_approval.emit(min(waiting, key=lambda item: item.deadline).id)

    @Slot(QSystemTrayIcon.ActivationReason)
    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in _OPENERS:
            self.open_window.emit()


def _shape(score: ScoreView, waiting: int) -> str:
    if waiting:
        return "ask"
    return "bad" if score.level in (Level.DEGRADED, Level.CRITICAL) else "ok"


def _score_text(score: ScoreView) -> str:
    if score.value is None:
        return _("Score unknown")
    points, level = round(score.value * 100), words.level(score.level)
    return _("Score {points}, {level}").format(points=points, level=level)
