"""Daily backups of the state database and a weekly look for damage."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import apsw

from aios_desktop.errors import AiosError
from aios_desktop.events import database, files
from aios_desktop.events.dayfile import day_files, file_name, today
from aios_desktop.events.model import Severity
from aios_desktop.events.trouble import Trouble
from aios_desktop.i18n import Say
from aios_desktop.paths import private_folder

if TYPE_CHECKING:
    from pathlib import Path

    from aios_desktop.clock import Clock
    from aios_desktop.events.statedb import StateDb

logger = logging.getLogger(__name__)

KEEP: Final = 7
CHECK_EVERY_S: Final = 7 * 86_400
NOTES: Final = "checked.json"
_NAME: Final = re.compile(r"state-\d{4}-\d\d-\d\d\.db\Z")


@dataclass(frozen=True, slots=True)
class Backups:
    """What there is to go back to."""

    count: int
    bytes: int
    newest: str


class Maintenance:
    """Looks after the databases of one data folder. Safe to use from any thread."""

    def __init__(self, state: StateDb, backups: Path, events: Path, clock: Clock) -> None:
        self._state = state
        self._folder = backups
        self._events = events
        self._clock = clock
        self._alone = threading.Lock()  # one copy at a time

    @property
    def folder(self) -> Path:
        """Return where the backups are."""
        return self._folder

    def look(self) -> list[Trouble]:
        """Do what is due: call it about hourly. Returns what is wrong; never raises."""
        troubles: list[Trouble] = []
        try:
            private_folder(self._folder)
            with self._alone:
                if self._state.durable and not self._newest().startswith(self._name_of_today()):
                    self._back_up()
            if self._check_is_due():
                troubles += self._check()
        except (OSError, apsw.Error, AiosError) as error:
            logger.warning("maintenance cannot be done: %r", error)
            troubles.append(self._trouble(error))
        return troubles

    def back_up(self) -> None:
        """Copy the state database now, in the place of today's copy. Raises AiosError."""
        if not self._state.durable:
            raise AiosError("What is decided now lives in memory: there is nothing to copy.")
        try:
            private_folder(self._folder)
            with self._alone:
                self._back_up()
        except (OSError, apsw.Error) as error:
            logger.warning("the backup asked for cannot be made: %r", error)
            raise AiosError(
                "The backup to {folder} failed: {reason}.",
                folder=str(self._folder),
                reason=database.reason(error),
            ) from error

    def backups(self) -> Backups:
        """Return what there is to go back to."""
        paths = self._paths()
        size = 0
        for path in paths:
            with contextlib.suppress(OSError):
                size += path.stat().st_size
        return Backups(len(paths), size, paths[0].name if paths else "")

    def _back_up(self) -> None:
        """Copy the state database and let go of the copies that are too many."""
        target = self._folder / f"{self._name_of_today()}.db"
        self._state.back_up(target)
        for path in self._paths()[KEEP:]:
            path.unlink(missing_ok=True)
        logger.info("backed up the state database to %s", target)

    def _paths(self) -> list[Path]:
        """Return the backups, the newest first."""
        try:
            return sorted((x for x in self._folder.iterdir() if _NAME.match(x.name)), reverse=True)
        except OSError:
            return []

    def _newest(self) -> str:
        paths = self._paths()
        return paths[0].name if paths else ""

    def _name_of_today(self) -> str:
        return "state-" + file_name(today(self._clock.now())).removesuffix(".db")

    def _check_is_due(self) -> bool:
        try:
            last = float(json.loads((self._folder / NOTES).read_bytes())["at"])
        except (OSError, ValueError, KeyError, TypeError):
            return True
        return not 0 <= self._clock.now() - last < CHECK_EVERY_S

    def _check(self) -> list[Trouble]:
        """Read everything for damage; a damaged day file is set aside, to be salvaged."""
        troubles = []
        if (found := self._state.check()) is not None:
            troubles.append(
                Trouble(
                    "state.check",
                    Severity.ERROR,
                    Say(
                        "The weekly check found damage in {file}: {reason}. The newest backup is"
                        " {backup}.",
                        {
                            "file": self._state.path.name,
                            "reason": found[:200],
                            "backup": self._newest() or "-",
                        },
                    ),
                )
            )
        for _, path in day_files(self._events)[1:]:  # the newest is checked at every start
            if not _is_intact(path):
                troubles.append(_set_aside(path))
        note = json.dumps({"at": self._clock.now(), "found": len(troubles)})
        files.write_whole(self._folder / NOTES, note.encode())
        return troubles

    def _trouble(self, error: Exception) -> Trouble:
        reason = str(error) if isinstance(error, AiosError) else database.reason(error)
        return Trouble(
            "state.backup",
            Severity.WARNING,
            Say(
                "The daily backup to {folder} failed: {reason}.",
                {"folder": str(self._folder), "reason": reason},
            ),
        )


def _is_intact(path: Path) -> bool:
    try:
        connection, _ = database.open_for_reading(path)
    except database.DAMAGED:
        return False
    try:
        database.require_intact(connection)
    except database.DAMAGED:
        return False
    finally:
        connection.close()
    return True


def _set_aside(path: Path) -> Trouble:
    aside = database.set_aside(path)
    logger.error("the weekly check found damage in %s; set aside as %s", path, aside)
    return Trouble(
        f"events.damaged:{path.name}",
        Severity.WARNING,
        Say(
            "The event file {name} was damaged. It was set aside as {aside},"
            " and a new one was started.",
            {"name": path.name, "aside": str(aside)},
        ),
    )
