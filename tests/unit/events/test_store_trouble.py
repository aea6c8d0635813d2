"""Bad disks and bad files: a clear message, nothing lost silently, and work goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from signal import SIGKILL

import apsw
import pytest

from aios_desktop.events.bus import Bus
from aios_desktop.events.model import EventQuery, Severity
from aios_desktop.events.reader import EventReader
from aios_desktop.events.stamp import Stamps
from aios_desktop.events.store import EventStore
from aios_desktop.events.trouble import Trouble
from aios_desktop.scheduler.lanes import Lanes
from tests.fakes import FakeClock
from tests.unit.events.conftest import Disk

Make = Callable[..., EventStore]
CHILD = Path(__file__).with_name("writer_child.py")
ROOT = Path(__file__).resolve().parents[3]


def day_file(folder: Path) -> Path:
    (file,) = folder.glob("*.db")
    return file


def asides(file: Path) -> list[Path]:
    found = file.parent.glob(f"{file.name}.corrupt-*")
    return [x for x in found if not x.name.endswith(("-wal", "-shm"))]


def fill_store(store: EventStore, clock: FakeClock, count: int = 3000) -> None:
    bus = Bus(Stamps(clock), store.append)
    for _ in range(count):
        bus.publish("load.test", source="s", data={"text": "x" * 200})


def damage_everything(file: Path) -> None:
    file.write_bytes(b"this is no database" * 1000)


def damage_the_middle(file: Path) -> None:
    with file.open("r+b") as out:
        out.seek(file.stat().st_size // 2)
        out.write(b"\xa5" * 20_000)


def damage_all_but_the_first_page(file: Path) -> None:
    with file.open("r+b") as out:
        out.seek(4096)
        out.write(b"\xa5" * (file.stat().st_size - 4096))


def cut_off(file: Path) -> None:
    with file.open("r+b") as out:
        out.truncate(file.stat().st_size // 2)


def make_foreign(file: Path) -> None:
    file.unlink()
    connection = apsw.Connection(str(file))
    connection.execute("CREATE TABLE poems (text); PRAGMA user_version = 7")
    connection.close()


@pytest.mark.logs_errors
@pytest.mark.parametrize("damage", [damage_everything, damage_the_middle, cut_off, make_foreign])
def test_a_damaged_file_is_set_aside_whole(
    make_store: Make, clock: FakeClock, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    store = make_store()
    store.open()
    fill_store(store, clock)
    store.close()
    file = day_file(tmp_path / "events")
    damage(file)
    content = file.read_bytes()

    again = make_store()
    told: list[Trouble] = []
    again.on_trouble = told.append
    (trouble,) = again.open()
    assert told == [trouble]
    assert trouble.severity is Severity.WARNING
    (aside,) = asides(file)
    assert aside.read_bytes() == content
    assert str(aside) in trouble.text.text()
    event = Bus(Stamps(clock), again.append).publish("app.started", source="s")
    assert again.flush(5)
    assert again.query(EventQuery()) == [event]
    assert [x.id for x in again.troubles()] == [f"events.damaged:{file.name}"]


@pytest.mark.logs_errors
def test_two_damaged_files_of_one_day_are_both_kept(
    make_store: Make, clock: FakeClock, tmp_path: Path
) -> None:
    file = tmp_path / "events" / "1970-01-12.db"
    for _ in range(4):
        store = make_store()
        store.open()
        store.close()
        damage_everything(file)
        os.utime(file, (1, 1))  # so that both ask for the same new name
    assert len(asides(file)) == 3


@pytest.mark.logs_errors
def test_a_file_damaged_while_in_use_is_replaced(
    make_store: Make, clock: FakeClock, tmp_path: Path
) -> None:
    store = make_store()
    store.open()
    fill_store(store, clock)
    store.close()
    file = day_file(tmp_path / "events")
    damage_all_but_the_first_page(file)
    clock.advance(60)
    # No second open(): as if the damage had come while we were running.
    fill_store(store, clock, 10)
    assert store.flush(5)
    assert (store.stored, store.lost) == (3010, 0)
    assert [x.severity for x in store.troubles()] == [Severity.WARNING]
    assert len(asides(file)) == 1
    assert len(store.query(EventQuery(limit=100))) == 10


def test_a_folder_removed_while_in_use_is_made_again(
    make_store: Make, clock: FakeClock, tmp_path: Path
) -> None:
    store = make_store()
    store.open()
    fill_store(store, clock, 10)
    assert store.flush(5)
    shutil.rmtree(tmp_path / "events")
    clock.advance(60)
    fill_store(store, clock, 5)
    assert store.flush(5)
    assert len(store.query(EventQuery())) == 5


def test_an_interrupted_creation_is_finished(
    make_store: Make, clock: FakeClock, tmp_path: Path
) -> None:
    store = make_store()
    store.open()
    store.close()
    file = day_file(tmp_path / "events")
    file.write_bytes(b"")
    again = make_store()
    assert again.open() == []
    fill_store(again, clock, 1)
    assert again.flush(5)
    assert len(again.query(EventQuery())) == 1


@pytest.mark.logs_errors
def test_a_folder_that_cannot_be_made(make_store: Make, clock: FakeClock, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    store = make_store(blocked / "events", limit=100)
    (trouble,) = store.open()
    assert trouble.severity is Severity.ERROR
    assert str(blocked / "events") in trouble.text.text()
    fill_store(store, clock, 150)
    assert not store.flush(5)
    assert (store.stored, store.lost, store.waiting) == (0, 50, 100)
    assert len(store.query(EventQuery(type="load.*"))) == 100
    assert len(store.troubles()) == 1
    blocked.unlink()
    assert store.flush(5)
    assert (store.stored, store.lost, store.waiting) == (100, 50, 0)
    assert store.troubles() == []


@pytest.mark.logs_errors
def test_a_read_only_folder(make_store: Make, clock: FakeClock, disk: Disk) -> None:
    folder = disk.folder / "events"
    store = make_store(folder)
    store.open()
    fill_store(store, clock, 10)
    store.close()
    disk.protect()

    again = make_store(folder)
    (trouble,) = again.open()
    assert trouble.severity is Severity.ERROR
    bus = Bus(Stamps(clock), again.append)
    clock.advance(60)
    bus.publish("app.started", source="s")
    assert not again.flush(5)
    assert [x.type for x in again.query(EventQuery(limit=2))] == ["app.started", "load.test"]
    assert len(again.query(EventQuery())) == 11


@pytest.mark.logs_errors
def test_a_full_disk_is_waited_for(
    make_store: Make, clock: FakeClock, disk: Disk, lanes: Lanes
) -> None:
    folder = disk.folder / "events"
    store = make_store(folder, limit=2000, retry_s=0.02)
    told: list[Trouble] = []
    recovered = threading.Event()

    def tell(trouble: Trouble) -> None:
        told.append(trouble)
        if trouble.severity is Severity.INFO:
            recovered.set()

    store.on_trouble = tell
    store.open()
    fill_store(store, clock, 10)
    assert store.flush(5)
    disk.fill()
    clock.advance(60)
    fill_store(store, clock, 3000)
    assert not store.flush(5)
    # part of it may still have found room in the write-ahead log
    assert store.stored + store.lost + store.waiting == 3010
    assert store.waiting > 500
    waiting = store.waiting
    assert [x.id for x in store.troubles()] == ["events.write"]
    assert len(store.query(EventQuery(limit=5000))) == store.stored + waiting

    clock.advance(60)
    late = Bus(Stamps(clock), store.append).publish("late.kind", source="late", durable=True)
    lanes.start("store", store.run, store.wake)
    assert not store.flush(5)
    lost = store.lost
    disk.free()
    assert recovered.wait(10)
    assert store.flush(10)
    assert (store.stored, store.lost, store.waiting) == (3011 - lost, lost, 0)
    assert store.query(EventQuery(type="late.kind")) == [late]
    assert store.troubles() == []
    assert [x.severity for x in told] == [Severity.ERROR, Severity.INFO]


@pytest.mark.logs_errors
def test_a_failing_listener_does_not_stop_the_store(make_store: Make, tmp_path: Path) -> None:
    def fail(trouble: Trouble) -> None:
        raise ZeroDivisionError

    (tmp_path / "file").write_text("in the way")
    store = make_store(tmp_path / "file" / "events")
    store.on_trouble = fail
    assert len(store.open()) == 1


@pytest.mark.parametrize("kind", ["durable", "telemetry"])
def test_nothing_acknowledged_is_lost_by_a_kill(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "events"
    with subprocess.Popen(
        [sys.executable, str(CHILD), str(folder), kind],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    ) as child:
        assert child.stdout is not None
        acknowledged = [int(child.stdout.readline()) for _ in range(30)]
        child.send_signal(SIGKILL)
        acknowledged += [int(line) for line in child.stdout.read().split("\n")[:-1]]
    assert child.returncode == -SIGKILL
    reader = EventReader(folder)
    stored = {event.id for event in reader.query(EventQuery(limit=10_000))}
    reader.close()
    assert set(acknowledged) <= stored
    store = EventStore(folder, FakeClock())
    assert store.open() == []
    assert len(store.query(EventQuery(limit=10_000))) == len(stored)
    store.close()
