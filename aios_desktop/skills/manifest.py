"""The list of what was moved aside: one JSON object a line, on the disk before anything moves."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from aios_desktop.sensors.caches import FileFacts

NAME: Final = "manifest.jsonl"
MAX_BYTES: Final = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that was, or was about to be, moved. ``path`` is relative to the cache's folder.

    ``sha256`` is known of a file that had to be copied; one that was renamed is the same file.
    """

    path: str
    size: int
    mtime_ns: int
    atime_ns: int
    mode: int
    inode: int
    sha256: str = ""


class Manifest:
    """Writes and reads the list of one move."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / NAME

    def exists(self) -> bool:
        """Say whether anything was noted."""
        return self._file.is_file()

    def note_files(self, files: Iterable[FileFacts]) -> None:
        """Note files that are about to be moved, proof against a power cut."""
        self._append(
            {
                "path": file.path,
                "size": file.size,
                "mtime_ns": file.mtime_ns,
                "atime_ns": file.atime_ns,
                "mode": file.mode,
                "inode": file.inode,
            }
            for file in files
        )

    def note_folders(self, modes: Iterable[tuple[str, int]]) -> None:
        """Note the permissions of folders that files are taken from."""
        self._append({"folder": path, "mode": mode} for path, mode in modes)

    def note_copies(self, hashes: Iterable[tuple[str, str]]) -> None:
        """Note the SHA-256 of files that were copied, before their originals go."""
        self._append({"path": path, "sha256": digest} for path, digest in hashes)

    def note_end(self) -> None:
        """Note that all files were dealt with."""
        self._append([{"end": True}])

    def read(self) -> tuple[dict[str, Entry], dict[str, int], bool]:
        """Return the files, the modes of folders, and whether the move came to its end.

        A last line that was cut off by a crash is left out: its file was not moved yet.
        """
        files: dict[str, dict[str, Any]] = {}
        folders: dict[str, int] = {}
        is_ended = False
        for line in self._lines():
            if "folder" in line:
                folders[str(line["folder"])] = int(line["mode"])
            elif "path" in line:
                files.setdefault(str(line["path"]), {}).update(line)
            elif "end" in line:
                is_ended = True
        return {path: Entry(**raw) for path, raw in files.items()}, folders, is_ended

    def _lines(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        if not self.exists() or self._file.stat().st_size > MAX_BYTES:
            return found
        with self._file.open("rb") as lines:
            for raw in lines:
                try:
                    line = json.loads(raw)
                except ValueError:
                    continue
                if isinstance(line, dict):
                    found.append(line)
        return found

    def _append(self, lines: Iterable[dict[str, Any]]) -> None:
        is_new = not self.exists()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(self._file, flags, 0o600), "ab") as out:
            if not is_new and not self._ends_with_newline():
                out.write(b"\n")  # after a line that a crash cut off
            for line in lines:
                out.write(json.dumps(line).encode("ascii") + b"\n")
            out.flush()
            os.fsync(out.fileno())
        if is_new:
            sync_folder(self._file.parent)

    def _ends_with_newline(self) -> bool:
        with self._file.open("rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return True
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"


def sync_folder(folder: Path) -> None:
    """Make the names in a folder proof against a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
