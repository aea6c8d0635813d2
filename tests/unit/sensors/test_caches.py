"""The look at caches is bounded, follows nothing, and tells only what is large."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from aios_desktop.clock import SystemClock
from aios_desktop.events.bus import Bus
from aios_desktop.events.model import Event
from aios_desktop.events.stamp import Stamps
from aios_desktop.sensors.caches import CACHES, CacheSensor, Walk, cache_folders
from tests.fakes import FakeClock


def put(file: Path, size: int, days: float) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x" * size)
    when = time.time() - days * 86_400
    os.utime(file, (when, when))
    return file


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def sensor(tmp_path: Path, events: list[Event]) -> CacheSensor:
    clock = SystemClock()
    bus = Bus(Stamps(clock))
    bus.subscribe("*", events.append)
    return CacheSensor(
        clock,
        bus.publish,
        lambda: {"pip": tmp_path / "pip", "npm": tmp_path / "npm"},
        large_bytes=5000,
    )


def test_a_large_cache_is_told_with_its_figures(
    sensor: CacheSensor, events: list[Event], tmp_path: Path
) -> None:
    put(tmp_path / "pip/a/old", 4000, 30)
    put(tmp_path / "pip/b/old", 2000, 15)
    put(tmp_path / "pip/new", 1000, 2)
    put(tmp_path / "npm/old", 4999, 99)
    pip, npm = sensor.look()
    assert (pip.files, pip.size_bytes, pip.old_files, pip.old_bytes) == (3, 7000, 2, 6000)
    assert (npm.old_bytes, npm.is_whole) == (4999, True)
    (event,) = events
    assert (event.type, event.target) == ("cache.large", "pip")
    assert event.data == {
        "cache": "pip",
        "folder": str(tmp_path / "pip"),
        "files": 3,
        "bytes": 7000,
        "old_files": 2,
        "old_bytes": 6000,
        "older_than_days": 14,
        "complete": True,
    }


def test_a_missing_cache_is_empty(sensor: CacheSensor, events: list[Event]) -> None:
    assert [use.files for use in sensor.look()] == [0, 0]
    assert events == []


def test_links_and_names_shared_by_a_file_do_not_count(sensor: CacheSensor, tmp_path: Path) -> None:
    outside = put(tmp_path / "outside/big", 9000, 30)
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip/folder").symlink_to(tmp_path / "outside")
    (tmp_path / "pip/file").symlink_to(outside)
    os.link(outside, tmp_path / "pip/hard")
    (tmp_path / "npm").symlink_to(tmp_path / "outside")
    os.mkfifo(tmp_path / "pip/pipe")
    assert [use.files for use in sensor.look()] == [0, 0]


def test_a_look_ends_after_so_many_files(tmp_path: Path) -> None:
    for number in range(50):
        put(tmp_path / f"d{number % 5}/{number}", 1, 0)
    walk = Walk(tmp_path, SystemClock(), max_entries=30)
    assert len(list(walk.files())) < 30
    assert not walk.is_whole
    walk = Walk(tmp_path, SystemClock(), max_entries=60)
    assert len(list(walk.files())) == 50
    assert walk.is_whole


def test_a_look_ends_after_its_time(tmp_path: Path) -> None:
    for number in range(50):
        put(tmp_path / str(number), 1, 0)
    clock = FakeClock()
    walk = Walk(tmp_path, clock, max_s=2.0)
    seen = []
    for file in walk.files():
        seen.append(file)
        clock.advance(0.5)
    assert len(seen) == 5
    assert not walk.is_whole


def test_a_look_can_be_stopped(sensor: CacheSensor, tmp_path: Path) -> None:
    put(tmp_path / "pip/a", 9000, 30)
    stop = threading.Event()
    stop.set()
    assert sensor.look(stop) == ()


def test_a_very_deep_cache_is_not_followed_for_ever(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 60)
    put(deep / "file", 1, 0)
    walk = Walk(tmp_path, SystemClock())
    assert list(walk.files()) == []
    assert not walk.is_whole


def test_other_file_systems_are_not_entered() -> None:
    walk = Walk(Path("/dev"), SystemClock())
    assert not any(file.path.startswith(("shm/", "pts/", "mqueue/")) for file in walk.files())


def test_where_the_caches_are() -> None:
    folders = cache_folders({"XDG_CACHE_HOME": "/x"}, Path("/home/me"))
    assert set(folders) == set(CACHES)
    assert folders["pip"] == Path("/x/pip")
    assert folders["npm"] == Path("/home/me/.npm/_cacache")
    assert cache_folders({"XDG_CACHE_HOME": "x"}, Path("/home/me"))["pip"] == (
        Path("/home/me/.cache/pip")
    )
