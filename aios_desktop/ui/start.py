"""Starts the desktop application with a real core behind it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from aios_desktop import log
from aios_desktop.clock import SystemClock
from aios_desktop.errors import AiosError
from aios_desktop.i18n import Say
from aios_desktop.paths import private_folder
from aios_desktop.ui.app import Desktop, run_app

if TYPE_CHECKING:
    from pathlib import Path

    from aios_desktop.paths import Paths
    from aios_desktop.runtime.launch import Instance
    from aios_desktop.runtime.port import Core

TRAY_EVERY_MS: Final = 6000  # the tray itself looks every five seconds for a late panel


class _Doorbell(QObject):
    """Brings what other threads ask of the window to the window's thread."""

    show = Signal()
    review = Signal(object)  # approval id


class _Start:
    """One start: makes the instance after the first paint and ties it to the window."""

    def __init__(self, paths: Paths, page: str) -> None:
        self._paths = paths
        self._page = page
        self.clock = SystemClock()
        self._doorbell = _Doorbell()
        self.instance: Instance | None = None

    def make_core(self) -> Core:
        """Start the core. Raises AiosError when it cannot."""
        from aios_desktop.config import Config  # noqa: PLC0415  after the first paint
        from aios_desktop.runtime.launch import launch  # noqa: PLC0415  after the first paint

        _set_up_log(self._paths)
        config = Config(self._paths.options)
        config.load()
        self.instance = launch(self._paths, self.clock, config)
        return self.instance.core

    def tie(self, desktop: Desktop) -> None:
        """Let the command line and the notices reach the window."""
        assert self.instance is not None
        self._doorbell.show.connect(desktop.frame.come_forward)
        self._doorbell.review.connect(desktop.open_approval)
        self.instance.commands.show = self._doorbell.show.emit
        self.instance.telling.open = self._doorbell.show.emit
        self.instance.telling.review = self._doorbell.review.emit
        if self._page and desktop.window is not None:
            desktop.window.go_to(self._page)
        watch = QTimer(desktop)
        watch.timeout.connect(lambda: self._look_for_a_tray(desktop))
        watch.start(TRAY_EVERY_MS)

    def _look_for_a_tray(self, desktop: Desktop) -> None:
        """Say, while it lasts, that there is no tray to hide in."""
        if self.instance is None or desktop.tray is None:
            return
        if desktop.tray.is_live():
            self.instance.core.drop_notice("tray")
            return
        text = Say("There is no tray here: closing the window ends AIOS.")
        self.instance.core.put_notice("tray", "info", text)

    def stop(self) -> None:
        """Stop the instance, if it was started."""
        if self.instance is not None:
            self.instance.stop()


def start(paths: Paths, *, hidden: bool, screenshot: Path | None, after_s: float, page: str) -> int:
    """Run the application until it ends; return its exit code."""
    started = _Start(paths, page)
    try:
        return run_app(
            started.make_core,
            places=paths,
            clock=started.clock,
            hidden=hidden,
            screenshot=screenshot,
            after_s=after_s,
            ready=started.tie,
        )
    finally:
        started.stop()


def _set_up_log(paths: Paths) -> None:
    try:
        private_folder(paths.log.parent)
        log.set_up(paths.log)
    except (AiosError, OSError) as error:
        print(f"aios-desktop: {error}", file=sys.stderr)
        log.set_up(None)
