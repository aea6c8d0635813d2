"""The desktop application: the window first, then the core, then everything else."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication

from aios_desktop import i18n, paths
from aios_desktop.errors import AiosError
from aios_desktop.ui import icons
from aios_desktop.ui.frame import Frame
from aios_desktop.ui.garbage import Collector
from aios_desktop.ui.theme import Theme

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aios_desktop.clock import Clock
    from aios_desktop.runtime.port import Core
    from aios_desktop.ui.bridge import Bridge
    from aios_desktop.ui.main_window import MainWindow
    from aios_desktop.ui.signals import Signals
    from aios_desktop.ui.tray import Tray

logger = logging.getLogger(__name__)
SWITCH_S: Final = 0.0005  # a busy Python thread must not hold up the window
PANEL_MS: Final = 15_000  # how long a hidden start waits for a panel
STATE_FILE: Final = "window.json"
_DELETE: Final = QEvent.Type.DeferredDelete.value


class Desktop(QObject):
    """One run of the application: the frame at once, the rest when the core is there."""

    def __init__(self, app: QApplication, theme: Theme, clock: Clock, state_file: Path) -> None:
        super().__init__(app)
        self._app = app
        self._clock = clock
        self.theme = theme
        self.frame = Frame(theme, state_file=state_file)
        self.frame.closed.connect(self.quit)
        self._collector = Collector(self)
        self.core: Core | None = None
        self.bridge: Bridge | None = None
        self.window: MainWindow | None = None
        self.tray: Tray | None = None

    def start(self, core: Core) -> None:
        """Fill the frame and make the tray."""
        from aios_desktop.ui.bridge import Bridge  # noqa: PLC0415  after the first paint
        from aios_desktop.ui.main_window import MainWindow  # noqa: PLC0415  after the first paint
        from aios_desktop.ui.tray import Tray  # noqa: PLC0415  after the first paint

        self.theme.settle()
        self.core = core
        self.bridge = Bridge(core, self)
        self.bridge.changed.connect(self.follow_options)
        self.window = MainWindow(core, self.bridge, self.theme, self._clock, self.frame)
        self.window.quit_asked.connect(self.quit)
        self.window.second_passed.connect(self.follow_options)
        self.tray = Tray(core, self.bridge, self.theme)
        self.window.can_hide = self.tray.is_live
        self.tray.open_window.connect(self.frame.come_forward)
        self.tray.open_health.connect(self._open_health)
        self.tray.open_approval.connect(self.open_approval)
        self.tray.quit_asked.connect(self.quit)
        self.tray.lost.connect(self.need_an_entry)

    def close(self) -> None:
        """Let everything go; the core is the caller's to stop."""
        if self.tray is not None:
            self.tray.close()
        if self.bridge is not None:
            self.bridge.close()
        self.frame.keep_state()
        self.frame.hide()
        for thing in (self.frame, self.theme, self):
            thing.deleteLater()
        QCoreApplication.sendPostedEvents(None, _DELETE)

    @Slot(object)
    def open_approval(self, approval_id: int) -> None:
        """Bring the window to the front with the dialog of a decision."""
        self.frame.come_forward()
        if self.window is not None:
            self.window.open_approval(approval_id)

    @Slot()
    def quit(self) -> None:
        """End the application."""
        self._app.quit()

    @Slot()
    def need_an_entry(self) -> None:
        """Put a hidden window into the task bar when there is no panel to find it in."""
        is_live = self.tray is not None and self.tray.is_live()
        if not self.frame.isVisible() and not is_live:
            self.frame.showMinimized()

    @Slot()
    def _open_health(self) -> None:
        self.frame.come_forward()
        if self.window is not None:
            self.window.go_to("health")

    @Slot()
    def follow_options(self) -> None:
        """Take on theme and language when the options name others, whoever changed them."""
        if self.core is None:
            return
        choice = str(self.core.option("ui.theme"))
        if choice != self.theme.choice:
            self.theme.use(choice)
        language = _language(str(self.core.option("ui.language")))
        if language == i18n.language():
            return
        i18n.use(language)
        if self.window is not None:
            self.window.retranslate()
        if self.tray is not None:
            self.tray.retranslate()


def run_app(
    core_factory: Callable[[], Core],
    *,
    places: paths.Paths,
    clock: Clock,
    hidden: bool = False,
    screenshot: Path | None = None,
    after_s: float = 5.0,
    ready: Callable[[Desktop], None] | None = None,
) -> int:
    """Run the desktop application until it ends; return its exit code.

    ``core_factory`` is called after the first paint, in this thread; the core stays the caller's
    to stop afterwards. ``ready`` is called once, when window, bridge and tray are there. With
    ``screenshot`` the window is saved to that file ``after_s`` seconds later and the application
    ends.
    """
    sys.setswitchinterval(SWITCH_S)
    app = make_application()
    theme_name, language = _look(places.options)
    i18n.use(_language(language))
    theme = Theme(app, theme_name)
    desktop = Desktop(app, theme, clock, places.data / STATE_FILE)
    starter = _Starter(desktop, core_factory, ready)
    if screenshot is not None:
        starter.take_picture(screenshot, after_s)
    try:
        starter.begin(hidden=hidden)
        code = app.exec()
    finally:
        starter.close()
        desktop.close()
        icons.pixmap.cache_clear()
    return code or starter.code


def make_application() -> QApplication:
    """Return the application object, made now unless there is one."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication([paths.APP])
    app.setApplicationName(paths.APP)
    app.setDesktopFileName(paths.APP)
    app.setQuitOnLastWindowClosed(False)
    return app


class _Starter(QObject):
    """Calls the core factory after the first paint, and takes the picture that was asked for."""

    def __init__(
        self,
        desktop: Desktop,
        core_factory: Callable[[], Core],
        ready: Callable[[Desktop], None] | None,
    ) -> None:
        super().__init__(desktop)
        self._desktop = desktop
        self._core_factory = core_factory
        self._ready = ready
        self._picture: Path | None = None
        self._after_ms = 0
        self._signals: Signals | None = None
        self.code = 0

    def take_picture(self, file: Path, after_s: float) -> None:
        """Save the window to ``file`` that long after the start, and end."""
        self._picture, self._after_ms = file, max(0, round(after_s * 1000))

    def begin(self, *, hidden: bool) -> None:
        """Show the window and start the core after its first paint; at once when hidden."""
        if hidden:
            QTimer.singleShot(0, self, self._start)
            panel = QTimer(self)
            panel.setSingleShot(True)
            panel.timeout.connect(self._desktop.need_an_entry)
            panel.start(PANEL_MS)
            return
        self._desktop.frame.first_painted.connect(self._painted)
        self._desktop.frame.show()

    def close(self) -> None:
        """Give the signals back."""
        if self._signals is not None:
            self._signals.close()

    @Slot()
    def _painted(self) -> None:
        QTimer.singleShot(0, self, self._start)  # the picture is on the screen by then

    @Slot()
    def _start(self) -> None:
        from aios_desktop.ui.signals import Signals  # noqa: PLC0415  after the first paint

        self._signals = Signals(self._desktop)
        self._signals.came.connect(self._desktop.quit)
        try:
            core = self._core_factory()
        except AiosError as error:
            logger.error("cannot start: %s", error)  # noqa: TRY400  an expected failure
            self.code = 1
            self._desktop.frame.fail(i18n._(error.key).format(**error.values))
            self._desktop.frame.show()
        else:
            self._desktop.start(core)
            if self._ready is not None:
                self._ready(self._desktop)
        if self._picture is not None:
            QTimer.singleShot(self._after_ms, self, self._take)

    @Slot()
    def _take(self) -> None:
        file = str(self._picture)
        if not self._desktop.frame.grab().save(file):
            logger.error("cannot write the picture %s", file)
            self.code = 1
        self._desktop.quit()


def _look(file: Path) -> tuple[str, str]:
    """Return theme and language as the options say; without a file they are the system's."""
    if not file.exists():
        return "system", "system"
    from aios_desktop.config import Config  # noqa: PLC0415  only when there is something to read

    options = Config(file)
    options.load()
    return options.text("ui.theme"), options.text("ui.language")


def _language(choice: str) -> str:
    return i18n.system_language() if choice == "system" else choice
