"""The playbooks in force: the shipped ones and the user's, reloaded when a file changes.

A file that fails is reported with its place; its last good version (kept in state.db) stays
active. A user's playbook with the id of a shipped one replaces it.
"""

from __future__ import annotations

import logging
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aios_desktop.i18n import Say
from aios_desktop.reactor import source
from aios_desktop.reactor.playbook import Playbook
from aios_desktop.reactor.source import Fault, FaultyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aios_desktop.events.statedb import StateDb
    from aios_desktop.reactor.playbook import Compiler

logger = logging.getLogger(__name__)

MAX_FILES: Final = 1000
ENDINGS: Final = (".yaml", ".yml", ".json")
_Stamp = tuple[int, int, int]


def _is_playbook(file: Path) -> bool:
    return file.name.endswith(ENDINGS) and not file.name.startswith(".")


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is not in force as it stands; ``kept`` when its last good version is."""

    file: Path
    faults: tuple[Fault, ...]
    kept: bool


@dataclass(frozen=True, slots=True)
class _Loaded:
    stamp: _Stamp
    playbook: Playbook | None
    refused: Refused | None


class Library:
    """All playbooks and an index by event type; replaced as a whole, so readers need no lock."""

    def __init__(self, folders: tuple[Path, ...], compiler: Compiler, db: StateDb) -> None:
        self._folders = folders
        self._compiler = compiler
        self._db = db
        self._files: dict[Path, _Loaded] = {}
        self._index: Mapping[str, tuple[Playbook, ...]] = {}
        self._by_id: Mapping[str, Playbook] = {}
        self.refused: tuple[Refused, ...] = ()

    def match(self, event_type: str) -> tuple[Playbook, ...]:
        """Return the playbooks that listen to a type: low risk first, then priority, then id."""
        return self._index.get(event_type, ())

    def get(self, playbook_id: str) -> Playbook | None:
        """Return the playbook with that id."""
        return self._by_id.get(playbook_id)

    def all(self) -> tuple[Playbook, ...]:
        """Return every playbook in force, by id."""
        return tuple(self._by_id[key] for key in sorted(self._by_id))

    def refresh(self) -> bool:
        """Look at the folders and load what changed; say whether anything did."""
        seen = dict(self._look())
        changed = [
            file
            for file in seen
            if file not in self._files or self._files[file].stamp != seen[file]
        ]
        gone = [file for file in self._files if file not in seen]
        for file in gone:
            del self._files[file]
        for file in changed:
            self._files[file] = self._load(file, seen[file])
        if changed or gone:
            self._switch(list(seen))
        return bool(changed or gone)

    def _look(self) -> list[tuple[Path, _Stamp]]:
        found: list[tuple[Path, _Stamp]] = []
        for folder in self._folders:
            try:
                files = sorted(file for file in folder.iterdir() if _is_playbook(file))
            except OSError:
                continue
            for file in files[:MAX_FILES]:
                try:
                    info = file.stat()
                except OSError:
                    continue
                if stat.S_ISREG(info.st_mode):
                    found.append((file, (info.st_mtime_ns, info.st_size, info.st_mode)))
        return found

    def _load(self, file: Path, stamp: _Stamp) -> _Loaded:
        try:
            if stamp[2] & 0o022 and file.parent != self._folders[0]:
                message = Say(
                    "Others may write this file. Run: chmod go-w {file}", {"file": str(file)}
                )
                raise FaultyError(Fault(str(file), 1, 1, "", message))  # noqa: TRY301
            playbook = self._compiler.compile(source.read(file))
        except FaultyError as error:
            kept = self._last_good(file)
            for fault in error.faults:
                logger.warning("playbook refused: %s", fault.text())
            return _Loaded(stamp, kept, Refused(file, error.faults, kept is not None))
        self._keep(file, playbook.digest)
        return _Loaded(stamp, playbook, None)

    def _keep(self, file: Path, digest: str) -> None:
        rows = self._db.read("SELECT digest FROM good_playbook WHERE file = ?", (str(file),))
        if not self._db.durable or (rows and rows[0][0] == digest):
            return
        text = file.read_bytes()
        with self._db.transaction() as connection:
            connection.execute(
                "INSERT INTO good_playbook(file, digest, text) VALUES (?, ?, ?) "
                "ON CONFLICT(file) DO UPDATE SET digest = excluded.digest, text = excluded.text",
                (str(file), digest, text),
            )

    def _last_good(self, file: Path) -> Playbook | None:
        rows = self._db.read("SELECT text FROM good_playbook WHERE file = ?", (str(file),))
        if not rows:
            return None
        try:
            return self._compiler.compile(source.parse(bytes(rows[0][0]), str(file)))
        except FaultyError:  # an action or metric it used is gone
            return None

    def _switch(self, order: list[Path]) -> None:
        by_id: dict[str, Playbook] = {}
        for file in order:
            if (playbook := self._files[file].playbook) is not None:
                by_id[playbook.id] = playbook
        index: dict[str, list[Playbook]] = {}
        for playbook in by_id.values():
            for trigger in playbook.triggers:
                index.setdefault(trigger, []).append(playbook)
        self._index = {
            key: tuple(sorted(found, key=lambda p: p.order)) for key, found in index.items()
        }
        self._by_id = by_id
        refused = (self._files[file].refused for file in order)
        self.refused = tuple(found for found in refused if found is not None)
