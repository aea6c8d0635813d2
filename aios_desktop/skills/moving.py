"""Moving single files between two trees without following links or overwriting anything.

Every folder is opened step by step from its root, so a link that is slipped in is refused.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from aios_desktop.skills.manifest import Entry

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | getattr(os, "O_NOATIME", 0)
_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
CHUNK: Final = 1 << 20


class PlaceTakenError(Exception):
    """Something else lies where a file is to be put."""


class DamagedError(Exception):
    """A copy does not have the bytes it should have."""


@contextlib.contextmanager
def folder_of(
    root: Path, path: str, *, make: Mapping[str, int] | None = None
) -> Iterator[tuple[int, str]]:
    """Open the folder of ``root/path`` and give its descriptor with the file's own name.

    With ``make`` missing folders are made, with the modes it gives for their relative paths (0700
    for others). Raises OSError for a link or a missing folder.
    """
    *above, name = path.split("/")
    if name in {"", ".", ".."} or any(part in {"", ".", ".."} for part in above):
        raise OSError(errno.EINVAL, "not a plain relative path", path)
    if make is not None:
        root.mkdir(mode=make.get("", 0o700), parents=True, exist_ok=True)
    current = os.open(root, _FOLDER)
    try:
        for depth, part in enumerate(above, 1):
            below = _step(current, part, None if make is None else (make, "/".join(above[:depth])))
            os.close(current)
            current = below
        yield current, name
    finally:
        os.close(current)


def _step(folder: int, name: str, make: tuple[Mapping[str, int], str] | None) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        if make is None:
            raise
    modes, path = make
    mode = modes.get(path, 0o700)
    os.mkdir(name, 0o700, dir_fd=folder)
    below = os.open(name, _FOLDER, dir_fd=folder)
    os.fchmod(below, mode | 0o700)
    return below


def mode_of(root: Path, path: str) -> int:
    """Return the permissions of a folder below ``root`` (itself for an empty path)."""
    with folder_of(root, f"{path}/x" if path else "x") as (folder, _name):
        return stat.S_IMODE(os.fstat(folder).st_mode)


def is_file(root: Path, path: str) -> bool:
    """Say whether a regular file lies at ``root/path``, reached without links."""
    try:
        with folder_of(root, path) as (folder, name):
            return stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


def move_out(source: Path, target: Path, entry: Entry) -> bool:
    """Rename a file into ``target``; say whether it was still the file that was noted."""
    try:
        with (
            folder_of(source, entry.path) as (from_, name),
            folder_of(target, entry.path, make={}) as (to, _name),
        ):
            if not _is_same(os.stat(name, dir_fd=from_, follow_symlinks=False), entry):
                return False
            if _exists(to, name):
                return False
            os.rename(name, name, src_dir_fd=from_, dst_dir_fd=to)
            moved = os.stat(name, dir_fd=to, follow_symlinks=False)
            if moved.st_ino != entry.inode:  # somebody put another one there in between
                place(to, from_, name)
                return False
    except OSError as error:
        return _skip(error)
    return True


def copy_out(source: Path, target: Path, entry: Entry) -> str:
    """Copy a file into ``target`` with all its attributes; return its SHA-256, checked by reading.

    Returns an empty text when it was no longer the file that was noted. The original stays.
    """
    try:
        with (
            folder_of(source, entry.path) as (from_, name),
            folder_of(target, entry.path, make={}) as (to, _name),
        ):
            if not _is_same(os.stat(name, dir_fd=from_, follow_symlinks=False), entry):
                return ""
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=to)  # left by a move that was cut off
            return copy(from_, to, name, name)
    except OSError as error:
        _skip(error)
        return ""


def remove_original(source: Path, entry: Entry) -> bool:
    """Delete a file that was copied, if it is still the one that was noted."""
    try:
        with folder_of(source, entry.path) as (folder, name):
            if not _is_same(os.stat(name, dir_fd=folder, follow_symlinks=False), entry):
                return False
            os.unlink(name, dir_fd=folder)
    except OSError as error:
        return _skip(error)
    return True


def _skip(error: OSError) -> bool:
    """Return False for what concerns one file only; raise again what concerns all of them."""
    if error.errno in {
        errno.ENOENT,
        errno.ENOTDIR,
        errno.ELOOP,
        errno.EACCES,
        errno.EPERM,
        errno.EOPNOTSUPP,
    }:
        return False
    raise error


def put_back(kept: Path, home: Path, entry: Entry, modes: Mapping[str, int]) -> None:
    """Move a file from ``kept`` to its old place below ``home``.

    Raises PlaceTakenError when another file lies there, DamagedError when a copy went bad.
    """
    with (
        folder_of(kept, entry.path) as (from_, name),
        folder_of(home, entry.path, make=modes) as (to, _name),
    ):
        if _exists(to, name):
            if not _has_same_bytes(from_, to, name):
                raise PlaceTakenError(entry.path)
        elif on_one_disk(from_, to):
            place(from_, to, name)
            return
        else:
            _copy_back(from_, to, name, entry)
        os.unlink(name, dir_fd=from_)


def on_one_disk(one: int, two: int) -> bool:
    """Say whether two open folders lie on the same file system."""
    return os.fstat(one).st_dev == os.fstat(two).st_dev


def _copy_back(from_: int, to: int, name: str, entry: Entry) -> None:
    fresh = f".{name[:100]}.aios-{entry.inode}"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(fresh, dir_fd=to)  # left by an undo that was cut off
    digest = copy(from_, to, name, fresh)
    if entry.sha256 and digest != entry.sha256:
        os.unlink(fresh, dir_fd=to)
        raise DamagedError(entry.path)
    try:
        os.link(fresh, name, src_dir_fd=to, dst_dir_fd=to, follow_symlinks=False)
    except FileExistsError as error:
        raise PlaceTakenError(entry.path) from error
    finally:
        os.unlink(fresh, dir_fd=to)


def place(from_: int, to: int, name: str) -> None:
    """Move a file on one file system without ever replacing another. Raises PlaceTakenError."""
    try:
        os.link(name, name, src_dir_fd=from_, dst_dir_fd=to, follow_symlinks=False)
    except FileExistsError as error:
        raise PlaceTakenError(name) from error
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK}:
            raise
        if _exists(to, name):  # a file system without hard links: the best there is
            raise PlaceTakenError(name) from error
        os.rename(name, name, src_dir_fd=from_, dst_dir_fd=to)
        return
    os.unlink(name, dir_fd=from_)


def copy(from_: int, to: int, name: str, fresh: str) -> str:
    """Copy one file with mode, times and attributes, sync it, read it back; return its SHA-256.

    Nothing is left behind when that fails.
    """
    descriptor = os.open(fresh, _NEW, 0o600, dir_fd=to)
    try:
        with (
            os.fdopen(descriptor, "w+b") as target,
            os.fdopen(os.open(name, _READ, dir_fd=from_), "rb") as original,
        ):
            return _copy(original, target)
    except BaseException:
        os.unlink(fresh, dir_fd=to)
        raise


def _copy(original: BinaryIO, target: BinaryIO) -> str:
    facts = os.fstat(original.fileno())
    written, read = hashlib.sha256(), hashlib.sha256()
    while block := original.read(CHUNK):
        written.update(block)
        target.write(block)
    target.flush()
    for attribute in os.listxattr(original.fileno()):
        if attribute.startswith(("user.", "system.posix_acl_")):  # others follow from the place
            os.setxattr(target.fileno(), attribute, os.getxattr(original.fileno(), attribute))
    if facts.st_gid != os.fstat(target.fileno()).st_gid:
        os.fchown(target.fileno(), -1, facts.st_gid)
    os.fchmod(target.fileno(), stat.S_IMODE(facts.st_mode))
    os.fsync(target.fileno())
    target.seek(0)
    while block := target.read(CHUNK):
        read.update(block)
    if read.digest() != written.digest():
        raise DamagedError
    os.utime(target.fileno(), ns=(facts.st_atime_ns, facts.st_mtime_ns))
    return written.hexdigest()


def _exists(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _is_same(facts: os.stat_result, entry: Entry) -> bool:
    return (
        stat.S_ISREG(facts.st_mode)
        and facts.st_ino == entry.inode
        and facts.st_size == entry.size
        and facts.st_mtime_ns == entry.mtime_ns
    )


def _has_same_bytes(from_: int, to: int, name: str) -> bool:
    """Say whether the file in the old place is the same as, or equal to, the one that was kept."""
    try:
        with (
            os.fdopen(os.open(name, _READ, dir_fd=from_), "rb") as kept,
            os.fdopen(os.open(name, _READ, dir_fd=to), "rb") as there,
        ):
            one, two = os.fstat(kept.fileno()), os.fstat(there.fileno())
            if (one.st_ino, one.st_dev) == (two.st_ino, two.st_dev):
                return True  # an undo was cut off between its two halves
            if one.st_size != two.st_size or not stat.S_ISREG(two.st_mode):
                return False
            while block := kept.read(CHUNK):
                if there.read(CHUNK) != block:
                    return False
    except OSError:  # a link or a folder lies there
        return False
    return True
