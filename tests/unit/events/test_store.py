"""The store takes everything, keeps it by day, and finds it again."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aios_desktop.clock import SystemClock
from aios_desktop.events.bus import Bus
from aios_desktop.events.model import Event, EventQuery, Severity
from aios_desktop.events.reader import EventReader
from aios_desktop.events.stamp import Stamps
from aios_desktop.events.store import EventStore
from aios_desktop.scheduler.lanes import Lanes
from tests.fakes import FakeClock

DAY = 86_400.0
Make = Callable[..., EventStore]


def ids(events: list[Event]) -> list[int]:
    return [event.id for event in events]


def test_an_event_survives_a_restart(make_store: Make, clock: FakeClock) -> None:
    store = make_store()
    assert store.open() == []
    event = Bus(Stamps(clock), store.append).publish(
        "resource.high",
        source="signals",
        severity=Severity.CRITICAL,
        target="/home/用户",
        data={"percent": 93.5, "who": ["make", None]},
    )
    assert store.flush(5)
    store.close()
    again = make_store()
    assert again.open() == []
    assert again.query(EventQuery()) == [event]
    assert again.get(event.id) == event
    assert again.last_id() == event.id
    assert (store.stored, store.lost, store.waiting) == (1, 0, 0)


def test_a_query_sees_what_is_not_committed_yet(make_store: Make, clock: FakeClock) -> None:
    store = make_store()
    store.open()
    bus = Bus(Stamps(clock), store.append)
    first = bus.publish("resource.high", source="a")
    assert store.query(EventQuery(trace=first.id)) == [first]
    assert store.flush(5)
    second = bus.publish("run.started", source="b", cause=first)
    assert store.waiting == 1
    assert ids(store.query(EventQuery())) == [second.id, first.id]
    assert ids(store.query(EventQuery(trace=first.id))) == [second.id, first.id]
    assert ids(store.query(EventQuery(type="run.*"))) == [second.id]
    assert store.get(second.id) == second
    assert store.last_id() == second.id


def test_a_running_writer_commits_by_itself(
    make_store: Make, clock: FakeClock, lanes: Lanes, tmp_path: Path
) -> None:
    store = make_store()
    store.open()
    lanes.start("store", store.run, store.wake)
    bus = Bus(Stamps(clock), store.append)
    sent = [bus.publish("load.test", source="a", durable=n % 100 == 0) for n in range(5000)]
    assert store.flush(20)
    reader = EventReader(tmp_path / "events")
    assert ids(reader.query(EventQuery(limit=9999))) == ids(sent)[::-1]
    reader.close()
    assert (store.stored, store.lost) == (5000, 0)


def test_stopping_the_writer_writes_what_is_left(make_store: Make, clock: FakeClock) -> None:
    store = make_store()
    store.open()
    lanes = Lanes()
    lanes.start("store", store.run, store.wake)
    bus = Bus(Stamps(clock), store.append)
    for _ in range(100):
        bus.publish("load.test", source="a")
    assert lanes.stop(5) == []
    store.close()
    assert (store.stored, store.waiting) == (100, 0)


def test_flushing_one_thread_while_others_publish(make_store: Make, lanes: Lanes) -> None:
    store = make_store(limit=100_000)
    store.open()
    lanes.start("store", store.run, store.wake)
    bus = Bus(Stamps(SystemClock()), store.append)

    def publish(number: int) -> bool:
        sent = {
            bus.publish("load.test", source=f"thread{number}", durable=number == 0).id
            for _ in range(300)
        }
        return store.flush(20) and not sent & {row.id for row in store._buffer.rows()}

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(publish, range(4)))
    assert store.stored == 1200


def test_each_utc_day_has_its_file(make_store: Make, tmp_path: Path) -> None:
    clock = FakeClock(start=datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC).timestamp())
    store = EventStore(tmp_path / "events", clock)
    assert store.open() == []
    bus = Bus(Stamps(clock), store.append)
    late = bus.publish("sample.taken", source="a")
    clock.advance(2)
    early = bus.publish("sample.taken", source="a")
    assert store.flush(5)
    clock.jump(40 * DAY)
    future = bus.publish("sample.taken", source="a")
    assert store.flush(5)
    files = sorted(x.name for x in (tmp_path / "events").glob("*.db"))
    assert files == ["2026-11-20.db", "2026-11-21.db", "2026-12-31.db"]
    assert ids(store.query(EventQuery())) == [future.id, early.id, late.id]
    assert store.get(late.id) == late
    store.close()


def test_an_event_of_an_older_day_goes_to_that_day(make_store: Make, tmp_path: Path) -> None:
    clock = FakeClock(start=100 * DAY + 50)
    store = EventStore(tmp_path / "events", clock)
    store.open()
    for day in (100, 90, 100, 95, 91, 90):
        clock.jump(1)
        store.append(Event(int((day * DAY + clock.now() % 50) * 1e6), "a.b", "s"))
        assert store.flush(5)
    days = [event.time // DAY for event in store.query(EventQuery())]
    assert days == [100, 100, 95, 91, 90, 90]
    assert len(list((tmp_path / "events").glob("*.db"))) == 4
    store.close()


def test_files_are_private(make_store: Make, clock: FakeClock, tmp_path: Path) -> None:
    store = make_store()
    store.open()
    Bus(Stamps(clock), store.append).publish("a.b", source="s")
    assert store.flush(5)
    folder = tmp_path / "events"
    files = list(folder.iterdir())
    assert len(files) > 1  # the write-ahead log too
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_left_readable_is_made_private(
    make_store: Make, clock: FakeClock, tmp_path: Path
) -> None:
    store = make_store()
    store.open()
    store.close()
    (file,) = (tmp_path / "events").glob("*.db")
    file.chmod(0o644)
    make_store().open()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_layout_is_what_the_design_says(
    make_store: Make, clock: FakeClock, tmp_path: Path
) -> None:
    store = make_store()
    store.open()
    bus = Bus(Stamps(clock), store.append)
    first = bus.publish("resource.high", source="signals", data={"a": 1})
    bus.publish("run.started", source="signals", cause=first)
    store.close()
    (file,) = (tmp_path / "events").glob("*.db")
    assert [x.name for x in (tmp_path / "events").iterdir()] == [file.name]
    raw = sqlite3.connect(file)
    rows = raw.execute(
        "SELECT e.id, t.text, s.text, trace, cause, data FROM event e"
        " JOIN word t ON t.id = e.type JOIN word s ON s.id = e.source ORDER BY e.id"
    ).fetchall()
    assert rows == [
        (first.id, "resource.high", "signals", None, 0, '{"a":1}'),
        (first.id + 1, "run.started", "signals", first.id, first.id, "{}"),
    ]
    assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert raw.execute("PRAGMA user_version").fetchone() == (1,)
    assert raw.execute("PRAGMA application_id").fetchone() == (0x41494F45,)
    raw.close()


def test_durable_batches_use_full_sync_and_others_do_not(
    make_store: Make, clock: FakeClock
) -> None:
    store = make_store()
    store.open()
    bus = Bus(Stamps(clock), store.append)
    seen = []
    for durable in (False, True, False):
        bus.publish("a.b", source="s", durable=durable)
        assert store.flush(5)
        (file,) = store._files.values()
        seen.append(file._connection.pragma("synchronous"))
    assert seen == [1, 2, 1]


def test_the_same_id_twice_is_kept_once_and_counted(make_store: Make, clock: FakeClock) -> None:
    store = make_store()
    store.open()
    event = Event(int(clock.now() * 1e6), "a.b", "s", trace=1)
    for _ in range(3):
        store.append(event)
    store.flush(5)
    assert ids(store.query(EventQuery())) == [event.id]
    assert (store.stored, store.lost) == (1, 2)


@pytest.mark.logs_errors
def test_an_event_that_no_file_can_hold_is_counted_as_lost(make_store: Make) -> None:
    store = make_store()
    store.open()
    store.append(Event(-5, "a.b", "s"))
    assert (store.lost, store.waiting) == (1, 0)
    assert store.flush(5)


def test_many_types_and_sources(make_store: Make, clock: FakeClock) -> None:
    store = make_store()
    store.open()
    bus = Bus(Stamps(clock), store.append)
    for number in range(3000):
        bus.publish(f"outside.kind{number}", source=f"source {number}")
    assert store.flush(20)
    (found,) = store.query(EventQuery(type="outside.kind1234"))
    assert found.source == "source 1234"
    assert len(store.query(EventQuery(type="outside.kind12*", limit=9999))) == 111


def test_appending_never_waits_for_the_disk(make_store: Make, clock: FakeClock) -> None:
    store = make_store()
    store.open()
    bus = Bus(Stamps(clock), store.append)
    published = threading.Event()

    def publish() -> None:
        for _ in range(100):
            bus.publish("a.b", source="s", durable=True)
        published.set()

    with store._writing:  # as while a slow disk syncs
        thread = threading.Thread(target=publish)
        thread.start()
        assert published.wait(5)
    thread.join()
