"""Hands changed options to the core, off the GUI thread."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from aios_desktop.errors import AiosError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aios_desktop.config import Value
    from aios_desktop.runtime.port import Core
    from aios_desktop.ui.bridge import Bridge

logger = logging.getLogger(__name__)


class Writer(QObject):
    """Hands changes to the core in their order, off the GUI thread; the last of each name counts.

    ``written`` carries what became of them: for each name None or the error.
    """

    written = Signal(object)

    def __init__(self, core: Core, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._core, self._bridge = core, bridge
        self._waiting: dict[str, Value] = {}
        self._is_busy = False

    def put(self, values: Mapping[str, Value]) -> None:
        """Change these options soon."""
        self._waiting.update(values)
        self._go_on()

    def _go_on(self) -> None:
        if self._is_busy or not self._waiting:
            return
        core, values = self._core, self._waiting
        self._waiting, self._is_busy = {}, True
        self._bridge.ask(lambda: _write(core, values), self._answered)

    def _answered(self, answer: object) -> None:
        self._is_busy = False
        self.written.emit(answer)
        self._go_on()


def _write(core: Core, values: Mapping[str, Value]) -> dict[str, Exception | None]:
    """Change options one by one; one that is refused does not stop the others."""
    answers: dict[str, Exception | None] = {}
    for name, value in values.items():
        answers[name] = None
        try:
            core.set_option(name, value)
        except AiosError as error:
            answers[name] = error
        except Exception as error:  # shown beside the setting; the log has the whole of it
            logger.exception("the option %s could not be changed", name)
            answers[name] = error
    return answers
