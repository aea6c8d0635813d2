"""Looking at the caches of the user's programs: how much lies there unused.

A look is bounded, follows no links and stays on one file system.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from aios_desktop.events.model import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from aios_desktop.clock import Clock
    from aios_desktop.sensors.reading import Publish

CACHES: Final[Mapping[str, tuple[str, str]]] = {  # name: what it lies under, folder
    "pip": ("cache", "pip"),
    "npm": ("home", ".npm/_cacache"),
    "thumbnails": ("cache", "thumbnails"),
    "fontconfig": ("cache", "fontconfig"),
    "mesa": ("cache", "mesa_shader_cache"),
    "go-build": ("cache", "go-build"),
}
OLD_DAYS: Final = 14
LARGE_BYTES: Final = 500_000_000
MAX_FILES: Final = 20_000
MAX_LOOK_S: Final = 2.0
MAX_DEPTH: Final = 40
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Stop(Protocol):
    """Tells a long look to end."""

    def is_set(self) -> bool:
        """Say whether to stop."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A regular file in a cache; ``path`` is relative to the cache's folder, times in ns."""

    path: str
    size: int
    mtime_ns: int
    atime_ns: int
    ctime_ns: int
    mode: int
    inode: int

    @property
    def used_ns(self) -> int:
        """Return when the file was last written or read, as far as the file system tells."""
        return max(self.mtime_ns, self.atime_ns)


class Walk:
    """Walks over a cache's folder once; ``is_whole`` says afterwards whether it saw everything.

    Only regular files of this user with a single name count. Links are left alone, and so are
    folders on other file systems.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        max_entries: int = MAX_FILES,
        max_s: float = MAX_LOOK_S,
        stop: Stop | None = None,
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._left = max_entries
        self._until = clock.monotonic() + max_s
        self._stop = stop
        self._device = 0
        self._uid = os.geteuid()
        self.is_whole = True

    def files(self) -> Iterator[FileFacts]:
        """Return the files one by one. A folder that is missing has none."""
        try:
            top = os.open(self._folder, _FOLDER)
        except OSError:
            return
        try:
            facts = os.fstat(top)
            self._device = facts.st_dev
            if facts.st_uid == self._uid:
                yield from self._walk(top, "", 0)
        finally:
            os.close(top)

    def _walk(self, folder: int, prefix: str, depth: int) -> Iterator[FileFacts]:
        names: list[str] = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if not self._may_go_on():
                        return
                    names.append(entry.name)
        except OSError:
            self.is_whole = False
            return
        for name in sorted(names):
            if self._is_over():
                return
            try:
                facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except OSError:
                continue
            if stat.S_ISREG(facts.st_mode):
                if facts.st_uid == self._uid and facts.st_nlink == 1:
                    yield _facts(prefix + name, facts)
            elif stat.S_ISDIR(facts.st_mode) and facts.st_dev == self._device:
                yield from self._below(folder, name, prefix, depth)

    def _below(self, folder: int, name: str, prefix: str, depth: int) -> Iterator[FileFacts]:
        if depth >= MAX_DEPTH:
            self.is_whole = False
            return
        try:
            inner = os.open(name, _FOLDER, dir_fd=folder)
        except OSError:
            self.is_whole = False
            return
        try:
            yield from self._walk(inner, f"{prefix}{name}/", depth + 1)
        finally:
            os.close(inner)

    def _may_go_on(self) -> bool:
        self._left -= 1
        if self._left < 0:
            self.is_whole = False
            return False
        return not self._is_over()

    def _is_over(self) -> bool:
        stopped = self._stop is not None and self._stop.is_set()
        if stopped or self._clock.monotonic() > self._until:
            self.is_whole = False
            return True
        return False


def _facts(path: str, facts: os.stat_result) -> FileFacts:
    return FileFacts(
        path=path,
        size=facts.st_size,
        mtime_ns=facts.st_mtime_ns,
        atime_ns=facts.st_atime_ns,
        ctime_ns=facts.st_ctime_ns,
        mode=stat.S_IMODE(facts.st_mode),
        inode=facts.st_ino,
    )


@dataclass(frozen=True, slots=True)
class CacheUse:
    """What one cache holds; ``is_whole`` is False when the look had to end early."""

    name: str
    folder: str
    files: int
    size_bytes: int
    old_files: int
    old_bytes: int
    is_whole: bool


def cache_folders(environment: Mapping[str, str], home: Path) -> dict[str, Path]:
    """Return the folder of each known cache."""
    base = environment.get("XDG_CACHE_HOME", "")
    cache = Path(base) if base.startswith("/") else home / ".cache"
    return {
        name: (cache if under == "cache" else home) / folder
        for name, (under, folder) in CACHES.items()
    }


def own_cache_folders() -> dict[str, Path]:
    """Return the folders of this user's caches."""
    return cache_folders(os.environ, Path.home())


class CacheSensor:
    """Looks at the known caches and publishes ``cache.large`` for each with much unused in it."""

    def __init__(
        self,
        clock: Clock,
        publish: Publish,
        folders: Callable[[], Mapping[str, Path]] = own_cache_folders,
        *,
        large_bytes: int = LARGE_BYTES,
        old_days: int = OLD_DAYS,
    ) -> None:
        self._clock = clock
        self._publish = publish
        self._folders = folders
        self._large_bytes = large_bytes
        self._old_days = old_days

    def look(self, stop: Stop | None = None) -> tuple[CacheUse, ...]:
        """Look at all caches once, at most 20,000 files and 2 seconds for each."""
        found = []
        for name, folder in self._folders().items():
            if stop is not None and stop.is_set():
                break
            use = self._measure(name, folder, stop)
            found.append(use)
            if use.old_bytes >= self._large_bytes:
                self._tell(use)
        return tuple(found)

    def _measure(self, name: str, folder: Path, stop: Stop | None) -> CacheUse:
        before_ns = int((self._clock.now() - self._old_days * 86_400) * 1e9)
        walk = Walk(folder, self._clock, stop=stop)
        files = size = old_files = old_size = 0
        for file in walk.files():
            files += 1
            size += file.size
            if file.used_ns < before_ns:
                old_files += 1
                old_size += file.size
        return CacheUse(name, str(folder), files, size, old_files, old_size, walk.is_whole)

    def _tell(self, use: CacheUse) -> None:
        self._publish(
            "cache.large",
            source="sensors",
            severity=Severity.INFO,
            target=use.name,
            data={
                "cache": use.name,
                "folder": use.folder,
                "files": use.files,
                "bytes": use.size_bytes,
                "old_files": use.old_files,
                "old_bytes": use.old_bytes,
                "older_than_days": self._old_days,
                "complete": use.is_whole,
            },
        )
