"""Starts a complete instance: the core, the local socket and the notifications."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aios_desktop.errors import AiosError
from aios_desktop.i18n import Say
from aios_desktop.runtime.build import build
from aios_desktop.runtime.commands import Commands
from aios_desktop.runtime.control import ControlServer
from aios_desktop.runtime.core import RunningCore
from aios_desktop.runtime.telling import Telling

if TYPE_CHECKING:
    from aios_desktop.clock import Clock
    from aios_desktop.config import Config
    from aios_desktop.paths import Paths

logger = logging.getLogger(__name__)

NOTICES_EVERY_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Instance:
    """What runs: the core, the verbs of its socket, its notifications."""

    core: RunningCore
    commands: Commands
    telling: Telling

    def stop(self) -> None:
        """Stop everything, in order."""
        self.core.stop()


def launch(paths: Paths, clock: Clock, config: Config) -> Instance:
    """Start an instance. Raises AlreadyRunning when the data folder is taken."""
    core = build(paths, clock, config)
    commands = Commands(core)
    telling = Telling(core, config)
    core.start()
    _open_socket(core, commands, paths)
    core.add_lane("notifications", telling.run, telling.wake, telling.close)
    core.every(NOTICES_EVERY_S, telling.report)
    return Instance(core, commands, telling)


def _open_socket(core: RunningCore, commands: Commands, paths: Paths) -> None:
    server = ControlServer(paths.socket, commands.handle, core.submit)
    try:
        server.open()
    except AiosError as error:
        logger.warning("%s", error)
        reason = {name: str(value) for name, value in error.values.items()}
        core.put_notice("control", "warning", Say(error.key, reason))
        server.close()
        return
    core.add_lane("control", server.run, server.wake, server.close)
