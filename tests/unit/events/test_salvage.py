"""What is whole in a damaged day file comes back, and nothing that is not."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aios_desktop.events import database, salvage
from aios_desktop.events.dayfile import DayFile, day_files, file_name
from aios_desktop.events.model import Event, EventQuery
from aios_desktop.events.reader import EventReader
from aios_desktop.events.rotation import Outcome, Plan, Rotation
from aios_desktop.events.rows import DAY_US, Row, pack

DAY = 20_000


def make(folder: Path, count: int, chance: random.Random) -> dict[int, Event]:
    """Write a day with events of all sizes, small and over several pages."""
    folder.mkdir(parents=True, exist_ok=True)
    events = [
        Event(
            DAY * DAY_US + n * 1000 + 1,
            f"load.t{n % 7}",
            f"source{n % 3}",
            target="/home/ü" if n % 2 else "",
            data={"n": n, "text": "ä" * chance.choice([0, 10, 100, 300, 3000, 9000])},
            trace=DAY * DAY_US + (n // 3) * 3000 + 1,
        )
        for n in range(count)
    ]
    file = DayFile(folder / file_name(DAY))
    for first in range(0, count, 50):
        file.insert_rows([pack(event) for event in events[first : first + 50]])
    file.close()
    return {event.id: event for event in events}


def stored(folder: Path) -> dict[int, Event]:
    reader = EventReader(folder)
    found = reader.query(EventQuery(limit=10_000))
    reader.close()
    return {event.id: event for event in found}


def rescue(folder: Path) -> Outcome:
    return Rotation(folder, Plan(0, 0)).run()


def test_an_undamaged_file_gives_everything(tmp_path: Path) -> None:
    folder = tmp_path / "events"
    events = make(folder, 1000, random.Random(1))
    database.set_aside(folder / file_name(DAY))
    assert stored(folder) == {}
    assert rescue(folder) == Outcome(salvaged=1000)
    assert stored(folder) == events
    assert rescue(folder) == Outcome()


def test_what_is_only_in_the_log_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "events"
    events = make(folder, 100, random.Random(2))
    path = folder / file_name(DAY)
    file = DayFile(path)
    late = Row(DAY * DAY_US + 999_999_999, "late.kind", "s", 2, "t", 0, 0, '{"a":1}')
    file.insert_rows([late])
    copy = tmp_path / "copy"
    copy.mkdir()
    for each in (path, path.with_name(path.name + "-wal")):
        shutil.copy(each, copy / each.name)
    file.close()
    aside = database.set_aside(copy / path.name)
    with aside.open("r+b") as out:
        out.write(b"\xa5" * 100)  # nobody can open it any more
    assert rescue(copy).salvaged == len(events) + 1
    assert stored(copy)[late.id].type == "late.kind"


@given(st.integers(0, 2**32))
@settings(max_examples=25)
def test_whatever_is_damaged_only_whole_events_come_back(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("salvage") / "events"
    chance = random.Random(seed)
    events = make(folder, 300, chance)
    aside = database.set_aside(folder / file_name(DAY))
    size = aside.stat().st_size
    with aside.open("r+b") as out:
        for _ in range(chance.randrange(1, 6)):
            out.seek(chance.randrange(size))
            out.write(chance.randbytes(chance.choice([1, 50, 5000])))
        if chance.random() < 0.3:
            out.truncate(chance.randrange(1, size))
    rescue(folder)
    found = stored(folder)
    assert found.keys() <= events.keys()
    changed = [id_ for id_, event in found.items() if event.data["n"] != events[id_].data["n"]]
    assert len(changed) <= 6  # a byte inside a payload can still be JSON
    shutil.rmtree(folder)


def test_a_hole_costs_what_was_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "events"
    chance = random.Random(3)
    events = make(folder, 3000, chance)
    aside = database.set_aside(folder / file_name(DAY))
    size = aside.stat().st_size
    with aside.open("r+b") as out:
        out.seek(size // 2)
        out.write(b"\xa5" * (size // 10))
    outcome = rescue(folder)
    assert outcome.salvaged == len(stored(folder))
    assert outcome.salvaged > 0.75 * len(events)
    assert outcome.unreadable > 0
    report = json.loads((aside.parent / (aside.name + salvage.DONE)).read_text())
    assert report["new"] == outcome.salvaged


@pytest.mark.logs_errors
def test_a_damaged_day_is_found_while_it_is_archived(tmp_path: Path) -> None:
    folder = tmp_path / "events"
    events = make(folder, 3000, random.Random(4))
    path = folder / file_name(DAY)
    with path.open("r+b") as out:
        out.seek(path.stat().st_size // 2)
        out.write(b"\xa5" * 40_960)
    import logging

    logging.getLogger("tests").error("whether SQLite notices depends on the page")
    outcome = Rotation(folder, Plan(DAY + 1, 0)).run()
    assert outcome.archived == 1
    assert outcome.failed == 0
    assert len(stored(folder)) > 0.9 * len(events)
    assert day_files(folder) == []


def test_it_goes_with_its_day(tmp_path: Path) -> None:
    folder = tmp_path / "events"
    make(folder, 10, random.Random(5))
    database.set_aside(folder / file_name(DAY))
    assert salvage.size_of(folder) > 0
    outcome = Rotation(folder, Plan(DAY + 1, DAY + 1)).run()
    assert (outcome.salvaged, outcome.archived, outcome.dropped) == (10, 1, 1)
    assert salvage.set_aside(folder) == []
    assert [x.name for x in folder.iterdir() if x.is_file()] == []


def test_a_strange_file_gives_nothing(tmp_path: Path) -> None:
    for number, content in enumerate([b"", b"no database", b"\x0d" * 100_000, b"\0" * 50_000]):
        (tmp_path / f"{file_name(DAY)}.corrupt-{number}").write_bytes(content)
    assert rescue(tmp_path).salvaged == 0
    assert day_files(tmp_path) == []
    assert salvage.pending(tmp_path) == []
