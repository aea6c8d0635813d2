"""Moves batches of files from a cache into quarantine, and notes each batch before it moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aios_desktop.skills import moving
from aios_desktop.skills.action import ActionError
from aios_desktop.skills.manifest import Entry, Manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from aios_desktop.sensors.caches import FileFacts
    from aios_desktop.skills.action import Cancel


class Mover:
    """Moves files from ``home`` to ``kept``, and counts them."""

    def __init__(self, home: Path, kept: Path, manifest: Manifest, cancel: Cancel) -> None:
        self._home = home
        self._kept = kept
        self._manifest = manifest
        self._cancel = cancel
        self._renames = same_disk(home, kept)
        self._known: set[str] = set()
        self.files = 0
        self.size_bytes = 0
        self.skipped = 0

    def move(self, batch: Sequence[FileFacts]) -> None:
        """Note a batch, sync the note, and move its files."""
        self._note_folders(batch)
        self._manifest.note_files(batch)
        if self._renames:
            for file in batch:
                self._check()
                self._count(file, moving.move_out(self._home, self._kept, _entry(file)))
        else:
            self._copy(batch)

    def _copy(self, batch: Sequence[FileFacts]) -> None:
        """Copy a batch to another disk; the originals go when the copies are proved and noted."""
        copied: list[tuple[FileFacts, str]] = []
        for file in batch:
            self._check()
            digest = moving.copy_out(self._home, self._kept, _entry(file))
            if digest:
                copied.append((file, digest))
            else:
                self.skipped += 1
        self._manifest.note_copies((file.path, digest) for file, digest in copied)
        for file, _digest in copied:
            self._count(file, moving.remove_original(self._home, _entry(file)))

    def _note_folders(self, batch: Sequence[FileFacts]) -> None:
        fresh = {
            above
            for file in batch
            for above in _folders_above(file.path)
            if above not in self._known
        }
        modes = []
        for path in sorted(fresh):
            self._known.add(path)
            try:
                modes.append((path, moving.mode_of(self._home, path)))
            except OSError:
                continue
        self._manifest.note_folders(modes)

    def _count(self, file: FileFacts, moved: bool) -> None:
        if moved:
            self.files += 1
            self.size_bytes += file.size
        else:
            self.skipped += 1

    def _check(self) -> None:
        if self._cancel.is_set():
            raise ActionError("Moving was interrupted after {n} files.", n=self.files)


def _entry(file: FileFacts) -> Entry:
    return Entry(file.path, file.size, file.mtime_ns, file.atime_ns, file.mode, file.inode)


def _folders_above(path: str) -> Iterable[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]


def same_disk(one: Path, two: Path) -> bool:
    """Say whether files can be renamed from one folder into the other."""
    return one.stat().st_dev == two.stat().st_dev
