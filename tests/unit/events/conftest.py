"""Places that events and state are kept in, good ones and bad ones."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from aios_desktop.events.store import EventStore
from aios_desktop.scheduler.lanes import Lanes
from tests.fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def lanes() -> Iterator[Lanes]:
    lanes = Lanes()
    yield lanes
    assert lanes.stop(5) == []
    assert lanes.failed == ()


@pytest.fixture
def make_store(tmp_path: Path, clock: FakeClock) -> Iterator[Callable[..., EventStore]]:
    """Make stores of one folder (or of another), closed after the test."""
    made: list[EventStore] = []

    def make(folder: Path = tmp_path / "events", **options: float) -> EventStore:
        store = EventStore(folder, clock, **options)  # type: ignore[arg-type]
        made.append(store)
        return store

    yield make
    for store in made:
        store.close()


@dataclass(slots=True)
class Disk:
    """A small file system of its own, or (without the right to mount one) a limit of the kernel."""

    folder: Path
    mounted: bool

    def fill(self) -> None:
        """Refuse all further bytes."""
        if not self.mounted:
            hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
            return
        with (self.folder / "ballast").open("wb", buffering=0) as ballast:
            size = 1 << 20
            while size:
                try:
                    ballast.write(b"\0" * size)
                except OSError:
                    size //= 2

    def free(self) -> None:
        """Take bytes again."""
        if self.mounted:
            (self.folder / "ballast").unlink(missing_ok=True)
            return
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

    def protect(self) -> None:
        """Allow reading only."""
        if self.mounted:
            _mount("-o", "remount,ro", str(self.folder))
        else:
            for folder in (self.folder, *(x for x in self.folder.rglob("*") if x.is_dir())):
                folder.chmod(0o500)
            for file in (x for x in self.folder.rglob("*") if x.is_file()):
                file.chmod(0o400)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Give a disk of 4 MB that can be full or read-only."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = os.getuid() == 0 and _mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder))
    disk = Disk(folder, mounted)
    yield disk
    if mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
    else:
        disk.free()
        for path in (folder, *(x for x in folder.rglob("*") if x.is_dir())):
            path.chmod(0o700)


def _mount(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True).returncode == 0
