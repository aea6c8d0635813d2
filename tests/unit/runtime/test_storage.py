"""What is kept on the disk is counted right, whatever lies there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aios_desktop.errors import AiosError
from aios_desktop.events.keeper import Keeper
from aios_desktop.events.maintenance import Maintenance
from aios_desktop.events.model import Event
from aios_desktop.events.rotation import Plan, Progress, Rotation
from aios_desktop.events.statedb import StateDb
from aios_desktop.events.store import EventStore
from aios_desktop.paths import Paths, find
from aios_desktop.runtime import storage
from aios_desktop.runtime.storage import DAY_S, StorageReader
from aios_desktop.runtime.views import StoragePart, StorageView, StorageWork
from tests.fakes import FakeClock

TODAY = 20_000
KEEP = {"store.raw_days": 7.0, "store.archive_days": 30.0}


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find(tmp_path)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(TODAY * DAY_S + 1000.0)


@pytest.fixture
def keeper(paths: Paths, clock: FakeClock) -> Keeper:
    return Keeper(paths.events, clock, dict(KEEP).__getitem__)


@pytest.fixture
def state(paths: Paths) -> Iterator[StateDb]:
    made = StateDb(paths.state_db)
    assert made.open(("CREATE TABLE thing (n INTEGER)",)) == []
    yield made
    made.close()


@pytest.fixture
def maintenance(paths: Paths, clock: FakeClock) -> Maintenance:
    return Maintenance(StateDb(paths.state_db), paths.data / "backups", paths.events, clock)


@pytest.fixture
def reader(
    paths: Paths, clock: FakeClock, keeper: Keeper, maintenance: Maintenance
) -> StorageReader:
    return StorageReader(paths, clock, keeper, maintenance)


def fill(paths: Paths, clock: FakeClock, *counts: int, second: int = 60) -> None:
    """Store so many events of today, of yesterday and so on."""
    store = EventStore(paths.events, clock)
    store.open()
    for ago, count in enumerate(counts):
        for number in range(count):
            stamp = ((TODAY - ago) * DAY_S + second) * 1_000_000 + number
            store.append(Event(stamp, "test.thing", "test", data={"n": number}))
    assert store.flush(5)
    store.close()


def part(view: StorageView, kind: str) -> StoragePart:
    return next(one for one in view.parts if one.kind == kind)


def test_nothing_there_is_nothing_kept(reader: StorageReader) -> None:
    view = reader.look()
    assert (view.days, view.size_bytes, view.events, view.free_bytes) == ((), 0, 0, None)
    assert [one.kind for one in view.parts] == [
        "raw",
        "archive",
        "summaries",
        "state",
        "backups",
        "quarantine",
        "log",
        "damaged",
    ]


def test_days_are_counted_raw_and_archived(
    paths: Paths, clock: FakeClock, reader: StorageReader
) -> None:
    fill(paths, clock, 30, 20, 10)
    Rotation(paths.events, Plan(TODAY - 1, 0)).run()
    view = reader.look()
    assert [(day.day, day.kind, day.events) for day in view.days] == [
        ("2024-10-04", "raw", 30),
        ("2024-10-03", "raw", 20),
        ("2024-10-02", "archive", 10),
    ]
    assert view.days[0].start == TODAY * DAY_S
    assert view.events == 60
    assert part(view, "raw").files == 2
    assert part(view, "archive").files == 1
    assert part(view, "summaries").files == 1
    on_disk = sum(x.stat().st_size for x in paths.events.rglob("*") if x.is_file())
    assert view.size_bytes == pytest.approx(on_disk, abs=64 * 1024)  # without lock and -shm
    assert view.free_bytes is not None


def test_a_file_is_counted_again_only_when_it_changed(
    paths: Paths, clock: FakeClock, reader: StorageReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(paths, clock, 3, 2)
    counted: list[str] = []
    count = storage._count

    def noted(path: Path) -> int | None:
        counted.append(path.name)
        return count(path)

    monkeypatch.setattr(storage, "_count", noted)
    assert reader.look().events == 5
    assert len(counted) == 2
    assert reader.look().events == 5
    assert len(counted) == 2
    fill(paths, clock, 4, second=90)
    assert reader.look().events == 9
    assert counted[2:] == ["2024-10-04.db"]


def test_other_folders_are_added_up(paths: Paths, clock: FakeClock, reader: StorageReader) -> None:
    (paths.quarantine / "1" / "deep").mkdir(parents=True)
    (paths.quarantine / "1" / "deep" / "a").write_bytes(b"x" * 700)
    (paths.quarantine / "b").write_bytes(b"x" * 300)
    (paths.quarantine / "link").symlink_to("/")
    (paths.data / "state.db").write_bytes(b"x" * 50)
    (paths.data / "state.db-wal").write_bytes(b"x" * 5)
    (paths.data / "state.db.corrupt-1").write_bytes(b"x" * 9)
    (paths.data / "aios-desktop.log.1").write_bytes(b"x" * 11)
    view = reader.look()
    assert part(view, "quarantine").files == 3
    assert 1000 <= part(view, "quarantine").size_bytes < 1100
    assert part(view, "state") == StoragePart("state", 55, 2)
    assert part(view, "damaged") == StoragePart("damaged", 9, 1)
    assert part(view, "log") == StoragePart("log", 11, 1)


def test_too_many_files_are_not_all_counted(
    paths: Paths, clock: FakeClock, reader: StorageReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "MOST_FILES", 3)
    paths.quarantine.mkdir(parents=True)
    for number in range(5):
        (paths.quarantine / str(number)).write_bytes(b"x")
    found = part(reader.look(), "quarantine")
    assert found == StoragePart("quarantine", 3, 3, is_all=False)


def test_a_file_that_cannot_be_read_is_unknown_not_zero(
    paths: Paths, clock: FakeClock, reader: StorageReader
) -> None:
    fill(paths, clock, 3)
    (paths.events / "2024-10-01.db").write_bytes(b"no database at all" * 100)
    (paths.events / "archive").mkdir()
    (paths.events / "archive" / "2024-09-30.jsonl.zst").write_bytes(b"no archive")
    view = reader.look()
    assert [(day.day, day.events) for day in view.days] == [
        ("2024-10-04", 3),
        ("2024-10-01", None),
        ("2024-09-30", None),
    ]
    assert view.events == 3


def test_it_says_which_day_goes_next_and_when(
    paths: Paths, clock: FakeClock, reader: StorageReader
) -> None:
    assert reader.look().next_at is None
    fill(paths, clock, 1, 1, 1)
    view = reader.look()
    assert (view.due, view.next_day) == (0, "2024-10-02")
    assert view.next_at == (TODAY + 6) * DAY_S + 5
    clock.advance(6 * DAY_S)
    view = reader.look()
    assert (view.due, view.next_day) == (1, "2024-10-02")
    assert view.next_at is not None
    assert clock.now() < view.next_at <= clock.now() + 3600


def test_it_says_how_far_the_work_is(reader: StorageReader, keeper: Keeper) -> None:
    assert reader.work() is None
    keeper.progress = Progress(TODAY - 9, "write", 250, 1000, 1, 4)
    assert reader.work() == StorageWork("2024-09-25", 2, 4, 0.25)
    keeper.progress = Progress(TODAY - 9, "write", 0, 0, 1, 4)
    assert reader.work() == StorageWork("2024-09-25", 2, 4, 0.0)


def test_a_backup_is_made_now_and_counted(
    paths: Paths, clock: FakeClock, keeper: Keeper, state: StateDb
) -> None:
    maintenance = Maintenance(state, paths.data / "backups", paths.events, clock)
    reader = StorageReader(paths, clock, keeper, maintenance)
    assert reader.look().backup_at is None
    maintenance.back_up()
    with state.transaction() as connection:
        connection.execute("INSERT INTO thing VALUES (7)")
    maintenance.back_up()
    (copy,) = (paths.data / "backups").glob("state-*.db")
    view = reader.look()
    assert view.backup_at == pytest.approx(copy.stat().st_mtime)
    assert part(view, "backups") == StoragePart("backups", copy.stat().st_size, 1)
    saved = StateDb(copy)
    saved.open(("CREATE TABLE thing (n INTEGER)",))
    assert saved.read("SELECT n FROM thing") == [(7,)]
    saved.close()


def test_a_backup_that_cannot_be_made_says_why(
    paths: Paths, clock: FakeClock, state: StateDb
) -> None:
    paths.data.mkdir(exist_ok=True)
    (paths.data / "backups").write_text("in the way")
    with pytest.raises(AiosError, match="backups"):
        Maintenance(state, paths.data / "backups", paths.events, clock).back_up()
    asleep = StateDb(paths.state_db)
    with pytest.raises(AiosError, match="nothing to copy"):
        Maintenance(asleep, paths.data / "elsewhere", paths.events, clock).back_up()
