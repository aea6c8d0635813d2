"""Where an older AIOS kept its files, and a way to open them that never leaves the folder."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from aios_desktop.errors import AiosError

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator
    from pathlib import Path

MAX_FILES: Final = 20_000
MAX_DEPTH: Final = 8  # of folders below one that is searched through
MIGRATED: Final = ".migrated"
_DATE: Final = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"


class What(StrEnum):
    """What a file holds."""

    EVENTS = "events"
    DATABASE = "database"
    PLAYBOOKS = "playbooks"
    LESSONS = "lessons"
    STATE = "state"
    SERIES = "series"
    CHECKS = "checks"
    REACTIONS = "reactions"
    REACTOR_LOG = "reactor_log"
    DECISIONS = "decisions"
    ALERTS = "alerts"
    AGENTS = "agents"
    TASKS = "tasks"
    HEARTBEAT = "heartbeat"


# P/ stands for "with or without aios/"; the order is that of reading.
_PLACES: Final[tuple[tuple[What, tuple[str, ...]], ...]] = (
    (
        What.EVENTS,
        (
            "P/data/events.jsonl",
            "P/events/events.jsonl",
            "P/core/data/events.jsonl",
            "P/events.jsonl",
            "P/events/event_bus.jsonl",
            "P/events/queue/*.jsonl",
            f"P/data/events/{_DATE}.jsonl",
            "P/data/events/archive/*.jsonl",
            "P/data/events/archive/*.jsonl.gz",
            "P/events/archive/*.jsonl",
            "P/events/archive/*.jsonl.gz",
        ),
    ),
    (What.DATABASE, ("P/aios.db", "P/storage/aios.db")),
    (
        What.PLAYBOOKS,
        (
            "P/data/playbooks.json",  # first: what stands in it again elsewhere is the copy
            "P/data/*playbook*.json",
            "P/playbooks/*.json",
            "P/agent_system/agents/*/playbooks/**/*.json",
            "P/agent_system/playbooks/**/*.json",
        ),
    ),
    (
        What.LESSONS,
        (
            "memory/lessons.json",
            "P/agent_system/lessons.json",
            "autolearn/data/lessons.jsonl",
            "skills/lesson-extractor/output/lessons_new.json",
        ),
    ),
    (What.STATE, ("memory/selflearn-state.json",)),
    (
        What.SERIES,
        (
            "P/learning/baseline.jsonl",
            "P/core/data/metrics_history.jsonl",
            "P/data/evolution_history.jsonl",
        ),
    ),
    (What.CHECKS, ("P/data/verify_log.jsonl",)),  # before the reactions that they judge
    (What.REACTIONS, ("P/data/reactions.jsonl",)),
    (What.REACTOR_LOG, ("P/reactor_log.jsonl",)),
    (What.DECISIONS, ("P/data/decisions.jsonl",)),
    (What.ALERTS, ("memory/alerts_*.json", "memory/alerts_*.jsonl")),
    (
        What.AGENTS,
        (
            "P/agent_system/data/agents.jsonl",
            "P/data/agents/agents.jsonl",
            "P/agent_system/agents.json",
        ),
    ),
    (
        What.TASKS,
        (
            "P/agent_system/task_queue.jsonl",
            "P/agent_system/task_executions*.jsonl",
            "P/data/tasks/tasks.jsonl",
        ),
    ),
    (What.HEARTBEAT, ("HEARTBEAT.md",)),
)
_NOT_PLAYBOOKS: Final = ("_cooldowns", "_stats")


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read: its name inside the folder, and the parts of its real place there."""

    what: What
    name: str
    parts: tuple[str, ...]
    size: int

    @property
    def plain_name(self) -> str:
        """The name without the mark of an earlier migration."""
        return self.name.removesuffix(MIGRATED)


class Folder:
    """The folder of an older AIOS, for reading only. Links that lead out of it are not followed."""

    def __init__(self, path: Path) -> None:
        try:
            self._root = path.expanduser().resolve(strict=True)
            if not self._root.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            with os.scandir(self._root) as entries:
                next(entries, None)
        except (OSError, RuntimeError) as error:
            raise AiosError(
                "The folder {folder} cannot be read: {reason}.",
                folder=shown(str(path)),
                reason=getattr(error, "strerror", None) or str(error),
            ) from error
        self.links_out: list[str] = []
        self.twice: list[str] = []
        self.too_many = False

    @property
    def name(self) -> str:
        """The folder's path, fit to be shown."""
        return shown(str(self._root))

    def sources(self) -> list[Source]:
        """Return the files to read, each once, in the order of reading."""
        found: list[Source] = []
        seen: set[tuple[int, int]] = set()
        for what, patterns in _PLACES:
            names = [name for pattern in patterns for name in self._named(what, pattern)]
            for path in sorted(dict.fromkeys(names), key=lambda x: x.name.endswith(MIGRATED)):
                if len(found) >= MAX_FILES:
                    self.too_many = True
                    return found
                if (source := self._source(what, path, seen)) is not None:
                    found.append(source)
        return found

    def open(self, source: Source) -> io.BufferedReader:
        """Open a file, step by step from the folder, so that no link is followed. Raises OSError."""
        folder = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in source.parts[:-1]:
                flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
                inner = os.open(part, flags, dir_fd=folder)
                os.close(folder)
                folder = inner
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            handle = os.open(source.parts[-1], flags, dir_fd=folder)
        finally:
            os.close(folder)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return os.fdopen(handle, "rb")

    def beside(self, source: Source, ending: str) -> Source | None:
        """Return the regular file with this name plus ``ending``, or None."""
        path = self._root.joinpath(*source.parts[:-1], source.parts[-1] + ending)
        return self._source(source.what, path, set())

    def _source(self, what: What, path: Path, seen: set[tuple[int, int]]) -> Source | None:
        real = self._inside(path)
        if real is None:
            return None
        try:
            info = real.stat()
        except OSError:
            return None
        if not stat.S_ISREG(info.st_mode):
            return None
        name = shown(path.relative_to(self._root).as_posix())
        if (info.st_dev, info.st_ino) in seen:
            self.twice.append(name)
            return None
        seen.add((info.st_dev, info.st_ino))
        return Source(what, name, real.relative_to(self._root).parts, info.st_size)

    def _inside(self, path: Path) -> Path | None:
        """Return the real path, or None for one that leads out of the folder."""
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError):
            return None
        if real.is_relative_to(self._root):
            return real
        name = shown(path.relative_to(self._root).as_posix())
        if name not in self.links_out:
            self.links_out.append(name)
        return None

    def _named(self, what: What, pattern: str) -> Iterator[Path]:
        """Return the paths that a pattern stands for."""
        for form in self._forms(pattern):
            for path in self._walk(self._root, tuple(form.split("/"))):
                if what is not What.PLAYBOOKS or not _no_playbook(path.name):
                    yield path

    def _forms(self, pattern: str) -> list[str]:
        """Write a pattern for this folder: the workspace, its ``aios`` or its ``aios/data``."""
        if not pattern.startswith("P/"):
            return [pattern]
        bare = pattern.removeprefix("P/")
        forms = ["aios/" + bare, bare]
        if bare.startswith("data/") and self._is_data():
            forms.append(bare.removeprefix("data/"))
        return forms

    def _is_data(self) -> bool:
        """Say whether this is the ``aios/data`` of a workspace."""
        others = ("aios", "data", "agent_system", "memory", "core")
        return self._root.name == "data" or not any((self._root / x).is_dir() for x in others)

    def _walk(self, folder: Path, parts: tuple[str, ...]) -> Iterator[Path]:
        first, rest = parts[0], parts[1:]
        if first == "**":
            for inner in self._tree(folder, MAX_DEPTH):
                yield from self._walk(inner, rest)
        elif not rest:
            yield from _files(folder, first)
        elif "*" in first:
            for inner in self._folders(folder):
                if fnmatchcase(inner.name, first):
                    yield from self._walk(inner, rest)
        elif (inner := folder / first).is_dir() and self._inside(inner) is not None:
            yield from self._walk(inner, rest)

    def _tree(self, folder: Path, depth: int) -> Iterator[Path]:
        yield folder
        if depth:
            for inner in self._folders(folder):
                if not inner.is_symlink():  # a link may lead round in a circle
                    yield from self._tree(inner, depth - 1)

    def _folders(self, folder: Path) -> list[Path]:
        inner = [path for path in _listed(folder) if path.is_dir()]
        return [path for path in inner if self._inside(path) is not None]


def _files(folder: Path, pattern: str) -> list[Path]:
    if "*" not in pattern and "[" not in pattern:
        named = (folder / pattern, folder / (pattern + MIGRATED))
        return [path for path in named if os.path.lexists(path)]
    return [p for p in _listed(folder) if fnmatchcase(p.name.removesuffix(MIGRATED), pattern)]


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _no_playbook(name: str) -> bool:
    return name.removesuffix(MIGRATED).removesuffix(".json").endswith(_NOT_PLAYBOOKS)


def shown(name: str) -> str:
    """Return a file name as it can be printed: odd bytes become escapes."""
    return name.encode("utf-8", "backslashreplace").decode()
