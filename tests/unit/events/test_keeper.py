"""The keeper starts the archiver when days are old, and only when the clock can be trusted."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest

from aios_desktop.events.archive import archive_files, summary_file
from aios_desktop.events.archiver import BUSY, LOCK, main
from aios_desktop.events.dayfile import day_files, file_name
from aios_desktop.events.keeper import TRUST_S, Keeper
from aios_desktop.events.model import Event, EventQuery
from aios_desktop.events.reader import EventReader
from aios_desktop.events.rotation import Outcome
from aios_desktop.events.rows import DAY_US
from aios_desktop.events.store import EventStore
from aios_desktop.events.totals import peek_summary
from aios_desktop.scheduler.lanes import Lanes
from tests.fakes import FakeClock

DAY = 86_400
TODAY = 20_000
NOON = TODAY * DAY + 43_200.0
ROOT = Path(__file__).resolve().parents[3]
DAYS = {"store.raw_days": 7.0, "store.archive_days": 30.0}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "events"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


def fill(folder: Path, ages: list[int], count: int = 10) -> set[int]:
    clock = FakeClock(NOON)
    store = EventStore(folder, clock, limit=1_000_000)
    store.open()
    ids = {(TODAY - age) * DAY_US + number * 1000 + 1 for age in ages for number in range(count)}
    for id_ in sorted(ids):
        store.append(Event(id_, "load.test", "s", data={"text": "some text", "id": id_}))
    assert store.flush(30)
    store.close()
    return ids


def stored(folder: Path) -> list[int]:
    reader = EventReader(folder)
    found = []
    query = EventQuery(limit=10_000)
    while page := reader.query(query):
        found += [event.id for event in page]
        query = EventQuery(limit=10_000, until=(page[-1].id - 1) / 1e6)
    reader.close()
    return found


def ages(files: list[tuple[int, Path]]) -> list[int]:
    return [TODAY - day for day, _ in files]


def test_old_days_are_moved_by_a_child(folder: Path, clock: FakeClock) -> None:
    ids = fill(folder, [0, 7, 8, 30, 31])
    told: list[Mapping[str, Any]] = []
    keeper = Keeper(folder, clock, DAYS.__getitem__, told.append)
    assert keeper.sizes().raw_days == 5
    assert keeper.look() == Outcome(archived=3, events=30)
    assert keeper.look() is None
    assert [{**x, "took_s": 0} for x in told] == [
        {
            "archived": 3,
            "events": 30,
            "dropped": 0,
            "mended": 0,
            "salvaged": 0,
            "unreadable": 0,
            "busy": 0,
            "failed": 0,
            "took_s": 0,
        }
    ]
    clock.advance(TRUST_S)
    assert keeper.look() == Outcome(dropped=1)
    assert (ages(day_files(folder)), ages(archive_files(folder))) == ([0, 7], [8, 30])
    assert set(stored(folder)) == {x for x in ids if x >= (TODAY - 30) * DAY_US}
    sizes = keeper.sizes()
    assert (sizes.raw_days, sizes.archive_days, sizes.summary_days) == (2, 2, 3)
    assert sizes.raw_bytes > sizes.archive_bytes > 0
    assert keeper.progress is None


def test_a_clock_that_leaps_drops_nothing(folder: Path, clock: FakeClock) -> None:
    fill(folder, [0, 8])
    keeper = Keeper(folder, clock, DAYS.__getitem__)
    clock.advance(TRUST_S)
    clock.jump(1000 * DAY)
    assert keeper.look() == Outcome(archived=2, events=20)
    clock.advance(TRUST_S - 1)
    assert keeper.look() is None
    clock.jump(-1000 * DAY)
    assert keeper.look() is None
    clock.advance(TRUST_S)
    assert keeper.look() is None
    assert len(stored(folder)) == 20


def test_after_a_sleep_of_the_machine_days_are_moved(folder: Path, clock: FakeClock) -> None:
    fill(folder, [0])
    keeper = Keeper(folder, clock, DAYS.__getitem__)
    clock.advance(TRUST_S)
    assert keeper.look() is None
    clock.sleep_machine(9 * DAY)
    assert keeper.look() == Outcome(archived=1, events=10)


def test_it_looks_hourly_and_after_midnight(folder: Path, clock: FakeClock) -> None:
    keeper = Keeper(folder, clock, DAYS.__getitem__)
    assert keeper.next_look_s() == TRUST_S + 1
    clock.advance(TRUST_S)
    assert keeper.next_look_s() == 3600
    clock.advance(43_200 - TRUST_S - 10)
    assert keeper.next_look_s() == 15


def test_options_count_at_once(folder: Path, clock: FakeClock) -> None:
    fill(folder, [0, 1, 2])
    days = dict(DAYS)
    keeper = Keeper(folder, clock, days.__getitem__)
    clock.advance(TRUST_S)
    assert keeper.look() is None
    days.update({"store.raw_days": 1.0, "store.archive_days": 1.0})
    outcome = keeper.look()
    assert outcome is not None
    assert (outcome.archived, outcome.dropped) == (1, 1)
    assert ages(day_files(folder)) == [0, 1]


def test_forget(folder: Path, clock: FakeClock) -> None:
    fill(folder, [0, 1, 2, 3, 10])
    keeper = Keeper(folder, clock, DAYS.__getitem__)
    keeper.look()
    keeper.forget((TODAY - 2) * DAY + 5.0)
    outcome = keeper.look()
    assert outcome is not None
    assert outcome.dropped == 2
    assert ages(day_files(folder)) == [0, 1, 2]
    assert archive_files(folder) == []
    assert peek_summary(summary_file(folder, TODAY - 10)).total().events == 10
    keeper.forget(NOON + 1e9)
    assert keeper.look() is not None
    assert ages(day_files(folder)) == [0, 1]


def test_a_lane_runs_it_when_asked(folder: Path, clock: FakeClock, lanes: Lanes) -> None:
    fill(folder, [0, 8])
    done = threading.Event()
    keeper = Keeper(folder, clock, DAYS.__getitem__, lambda outcome: done.set())
    lanes.start("keeper", keeper.run, keeper.wake)
    keeper.look_soon()
    assert done.wait(20)
    assert ages(archive_files(folder)) == [8]


def test_a_stop_ends_an_archiver_at_work(folder: Path, clock: FakeClock, lanes: Lanes) -> None:
    ids = fill(folder, list(range(8, 20)), 5000)
    keeper = Keeper(folder, clock, DAYS.__getitem__)
    lanes.start("keeper", keeper.run, keeper.wake)
    keeper.look_soon()
    waiting = threading.Event()
    for _ in range(2000):
        if keeper.progress is not None:
            break
        waiting.wait(0.005)
    assert keeper.progress is not None
    assert lanes.stop(5) == []
    assert day_files(folder) != []
    assert sorted(stored(folder)) == sorted(ids)


def test_one_archiver_at_a_time(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import fcntl

    fill(folder, [8])
    command = [str(folder), "--archive-before", str(TODAY - 7)]
    (folder / "archive").mkdir()
    with (folder / "archive" / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert main(command) == BUSY
    assert main(command) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert said[0]["progress"]["step"] == "write"
    assert said[-1]["outcome"]["archived"] == 1


def test_a_folder_in_the_way_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "events").write_text("in the way")
    assert main([str(tmp_path / "events"), "--archive-before", "5"]) == 1
    assert str(tmp_path / "events") in json.loads(capsys.readouterr().out)["error"]


@pytest.mark.parametrize("part", range(4))
def test_a_killed_archiver_loses_nothing(folder: Path, part: int) -> None:
    """Kill it after every possible number of lines that it says, and at moments between."""
    ids = fill(folder, [0, 8, 9, 10, 31], 8000)
    command = [sys.executable, "-m", "aios_desktop.events.archiver", str(folder)]
    command += ["--archive-before", str(TODAY - 7), "--drop-before", str(TODAY - 30)]
    environment = {"PYTHONPATH": str(ROOT)}
    keep = {x for x in ids if x >= (TODAY - 30) * DAY_US}
    kills = 0
    pause = threading.Event()
    for lines in range(1, 60):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
            assert child.stdout is not None
            said = [child.stdout.readline() for _ in range((lines + part) % 4 + 1)]
            pause.wait(0.003 * ((lines * 7 + part) % 11))
            child.send_signal(SIGKILL)
        kills += child.returncode == -SIGKILL
        found = stored(folder)
        assert len(found) == len(set(found))
        assert keep <= set(found) <= ids
        reader = EventReader(folder)
        assert reader.hours(EventQuery()).total() == len(ids)
        reader.close()
        if any('"outcome"' in line for line in said):
            break
    assert kills >= 2
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    assert ages(archive_files(folder)) == [8, 9, 10]
    assert ages(day_files(folder)) == [0]
    assert sorted(stored(folder)) == sorted(keep)
    today = file_name(TODAY)
    assert {x.name for x in folder.iterdir() if not x.name.startswith(today)} == {
        "archive",
        "summaries",
    }
    assert list(folder.rglob("*.new")) == []
