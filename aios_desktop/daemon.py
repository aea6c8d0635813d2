"""The same engine without a display: a core application and a live status line."""

from __future__ import annotations

import json
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING, Any, Final, TextIO

from PySide6.QtCore import QCoreApplication, QSocketNotifier, Qt, QTimer, Slot

from aios_desktop import log
from aios_desktop.clock import SystemClock
from aios_desktop.config import Config
from aios_desktop.errors import AiosError
from aios_desktop.i18n import _
from aios_desktop.paths import private_folder
from aios_desktop.runtime.launch import Instance, launch

if TYPE_CHECKING:
    from aios_desktop.paths import Paths
    from aios_desktop.runtime.views import Status

LINE_EVERY_MS: Final = 1000


class _Daemon(QCoreApplication):
    """Owns the instance and ends it on SIGINT and SIGTERM."""

    def __init__(self, instance: Instance, *, as_json: bool, out: TextIO) -> None:
        super().__init__([sys.argv[0]])
        self.setApplicationName("aios-desktop")
        self._instance = instance
        self._as_json = as_json
        self._out = out
        self._ears, self._mouth = socket.socketpair()
        for end in (self._ears, self._mouth):
            end.setblocking(False)
        signal.set_wakeup_fd(self._mouth.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: None)  # the wake-up says it all
        self._notifier = QSocketNotifier(self._ears.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_signal)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.CoarseTimer)
        self._timer.timeout.connect(self._show_line)
        if out.isatty() or as_json:
            self._timer.start(LINE_EVERY_MS)

    @Slot()
    def _on_signal(self) -> None:
        self._ears.recv(64)
        self.quit()

    @Slot()
    def _show_line(self) -> None:
        status = self._instance.core.status()
        if self._as_json:
            print(json.dumps(_brief(status)), file=self._out, flush=True)
        else:
            print(f"\r{line(status)}\x1b[K", end="", file=self._out, flush=True)

    def close_down(self) -> None:
        """Stop the instance and the signal handling."""
        self._timer.stop()
        self._notifier.setEnabled(False)
        self._instance.stop()
        signal.set_wakeup_fd(-1)
        self._ears.close()
        self._mouth.close()


def line(status: Status) -> str:
    """Return the state in one line."""
    score = status.score
    number = "-" if score.value is None else str(round(score.value * 100))
    cpu = "-" if status.own_cpu_percent is None else f"{status.own_cpu_percent:.1f}"
    return _(
        "{time}  score {score} {level}  waiting {waiting}  running {running}  fixed today {fixed}  AIOS {cpu} % {memory} MB"
    ).format(
        time=time.strftime("%H:%M:%S"),
        score=number,
        level=score.level.value,
        waiting=status.waiting,
        running=status.running,
        fixed=status.fixed_today,
        cpu=cpu,
        memory=round(status.own_memory_bytes / 1e6),
    )


def _brief(status: Status) -> dict[str, Any]:
    return {
        "score": status.score.value,
        "level": status.score.level.value,
        "waiting": status.waiting,
        "running": status.running,
        "own_cpu_percent": status.own_cpu_percent,
        "own_memory_bytes": status.own_memory_bytes,
    }


def run(paths: Paths, *, seconds: float | None, as_json: bool) -> int:
    """Run until a signal comes or ``seconds`` are over; return the exit code."""
    sys.setswitchinterval(0.0005)
    _set_up_log(paths)
    config = Config(paths.options)
    config.load()
    instance = launch(paths, SystemClock(), config)
    application = _Daemon(instance, as_json=as_json, out=sys.stdout)
    print(_("AIOS watches this machine. Ctrl+C ends it."), flush=True)
    for notice in instance.core.status().notices:
        print(f"{notice.severity}: {notice.text.text()}", file=sys.stderr, flush=True)
    if seconds is not None:
        QTimer.singleShot(int(seconds * 1000), application, application.quit)
    try:
        return application.exec()
    finally:
        application.close_down()
        if sys.stdout.isatty() and not as_json:
            print()


def _set_up_log(paths: Paths) -> None:
    try:
        private_folder(paths.log.parent)
        log.set_up(paths.log)
    except (AiosError, OSError):
        log.set_up(None)
