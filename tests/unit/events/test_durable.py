"""A durable event is on the platter when ``wait_durable`` returns, or it says why not."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIGKILL

import pytest

from aios_desktop.clock import SystemClock
from aios_desktop.errors import AiosError
from aios_desktop.events.bus import Bus
from aios_desktop.events.dayfile import DayFile
from aios_desktop.events.model import Event, EventQuery
from aios_desktop.events.reader import EventReader
from aios_desktop.events.stamp import Stamps
from aios_desktop.events.store import EventStore
from aios_desktop.scheduler.lanes import Lanes
from tests.fakes import FakeClock
from tests.unit.events.conftest import Disk

Make = Callable[..., EventStore]
CHILD = Path(__file__).with_name("durable_child.py")
ROOT = Path(__file__).resolve().parents[3]


def test_it_returns_after_the_commit(make_store: Make, lanes: Lanes, tmp_path: Path) -> None:
    store = make_store()
    store.open()
    lanes.start("store", store.run, store.wake)
    bus = Bus(Stamps(SystemClock()), store.append)
    reader = EventReader(tmp_path / "events")
    events = []
    for _ in range(20):
        events.append(bus.publish("a.b", source="s", durable=True))
        store.wait_durable(events[-1].id, 10)
        assert reader.get(events[-1].id) == events[-1]
    store.wait_durable(events[0].id, 0)  # also when it was committed long ago
    reader.close()


def test_a_durable_batch_is_committed_with_full_sync(
    make_store: Make, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels: list[object] = []
    insert = DayFile.insert

    def watched(file: DayFile, items: list[object], durable: bool) -> int:
        done = insert(file, items, durable)  # type: ignore[arg-type]
        levels.append(file._connection.pragma("synchronous"))
        return done

    monkeypatch.setattr(DayFile, "insert", watched)
    store = make_store()
    bus = Bus(Stamps(clock), store.append)
    for durable in (False, True, False):
        bus.publish("a.b", source="s", durable=durable)
        assert store.flush(5)
    assert levels == [1, 2, 1]


def test_many_threads_are_all_answered(make_store: Make, lanes: Lanes) -> None:
    store = make_store()
    store.open()
    lanes.start("store", store.run, store.wake)
    bus = Bus(Stamps(SystemClock()), store.append)

    def publish(_: int) -> None:
        store.wait_durable(bus.publish("a.b", source="s", durable=True).id, 20)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(publish, range(400)))
    assert len(store.query(EventQuery(limit=500))) == 400


@pytest.mark.logs_errors
def test_a_full_disk_is_said(make_store: Make, clock: FakeClock, disk: Disk, lanes: Lanes) -> None:
    store = make_store(disk.folder / "events", retry_s=0.02)
    store.open()
    bus = Bus(Stamps(clock), store.append)
    disk.fill()
    big = {"text": "x" * 60_000}
    lanes.start("store", store.run, store.wake)
    errors: list[str] = []
    events = []
    while not errors:
        events.append(bus.publish("a.b", source="s", data=big, durable=True))
        try:
            store.wait_durable(events[-1].id, 10)
        except AiosError as error:
            errors.append(str(error))
    assert str(disk.folder) in errors[0]
    assert "not stored yet" in errors[0]
    disk.free()
    assert store.flush(10)
    store.wait_durable(events[-1].id, 10)
    assert [store.get(event.id) for event in events] == events


@pytest.mark.logs_errors
def test_what_had_to_make_room_is_said(make_store: Make, clock: FakeClock, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = make_store(tmp_path / "file" / "events", limit=3)
    bus = Bus(Stamps(clock), store.append)
    events = [bus.publish("a.b", source="s", durable=True) for _ in range(5)]
    with pytest.raises(AiosError, match="lost"):
        store.wait_durable(events[0].id, 1)
    with pytest.raises(AiosError, match="within"):
        store.wait_durable(events[4].id, 0.01)


def test_a_store_that_does_not_run_writes_at_once(make_store: Make, clock: FakeClock) -> None:
    store = make_store()
    event = Bus(Stamps(clock), store.append).publish("a.b", source="s", durable=True)
    store.wait_durable(event.id, 0)
    assert store.stored == 1


def test_an_id_that_is_taken_already_counts_as_stored(make_store: Make, clock: FakeClock) -> None:
    store = make_store()
    for _ in range(2):
        store.append(Event(int(clock.now() * 1e6), "a.b", "s"), durable=True)
        store.wait_durable(int(clock.now() * 1e6), 1)
    with pytest.raises(AiosError):
        store.wait_durable(17, 0)


def test_the_timeout_counts(make_store: Make, clock: FakeClock, lanes: Lanes) -> None:
    store = make_store()
    store.open()
    began = threading.Event()

    def run(stop: threading.Event) -> None:
        store._running = True
        began.set()
        stop.wait()
        store._running = False

    lanes.start("store that hangs", run)
    assert began.wait(5)
    event = Bus(Stamps(clock), store.append).publish("a.b", source="s", durable=True)
    with pytest.raises(AiosError, match="within"):
        store.wait_durable(event.id, 0.01)


def test_fifty_kills_lose_nothing_acknowledged(tmp_path: Path) -> None:
    folder = tmp_path / "events"
    chance = random.Random(5)
    acknowledged: set[int] = set()
    pause = threading.Event()
    for _ in range(50):
        with subprocess.Popen(
            [sys.executable, str(CHILD), str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(ROOT)},
        ) as child:
            assert child.stdout is not None
            lines = [child.stdout.readline()]
            pause.wait(chance.random() * 0.05)
            child.send_signal(SIGKILL)
            lines += child.stdout.read().split("\n")[:-1]
        assert child.returncode == -SIGKILL
        acknowledged |= {int(line) for line in lines}
    reader = EventReader(folder)
    stored: set[int] = set()
    query = EventQuery(limit=10_000)
    while page := reader.query(query):
        stored |= {event.id for event in page}
        query = EventQuery(limit=10_000, until=(page[-1].id - 1) / 1e6)
    reader.close()
    assert len(acknowledged) >= 50
    assert acknowledged <= stored
