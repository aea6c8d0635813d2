"""Ends the application in good order when the system asks for it (SIGTERM, SIGINT)."""

from __future__ import annotations

import logging
import signal
import socket

from PySide6.QtCore import QObject, QSocketNotifier, Signal, Slot

logger = logging.getLogger(__name__)


class Signals(QObject):
    """Turns the system's signals into ``came``. Python's own handlers wait for the next bytecode;
    a byte in a socket wakes the event loop at once.
    """

    came = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._read, self._write = socket.socketpair()
        for end in (self._read, self._write):
            end.setblocking(False)
        self._old_fd = signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        self._old = {
            number: signal.signal(number, _note) for number in (signal.SIGTERM, signal.SIGINT)
        }
        self._notifier = QSocketNotifier(self._read.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._readable)

    def close(self) -> None:
        """Give the signals back to whoever had them."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._old_fd)
        for number, handler in self._old.items():
            signal.signal(number, handler)
        self._read.close()
        self._write.close()

    @Slot()
    def _readable(self) -> None:
        if self._read.recv(64):
            self.came.emit()


def _note(number: int, stack: object) -> None:
    """Let Python see the signal; the byte in the socket does the rest."""
    del stack
    logger.info("signal %s: the application ends", number)
