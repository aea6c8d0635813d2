"""Events leave as JSON lines or CSV, oldest first, each once, and a file is whole or not there."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from aios_desktop.errors import AiosError
from aios_desktop.events.model import Event, EventQuery, Severity
from aios_desktop.events.rotation import Plan, Rotation
from aios_desktop.events.rows import DAY_US, pack
from aios_desktop.migration import export as exporting
from aios_desktop.migration.daywriter import DayWriter
from aios_desktop.migration.export import Export, csv_lines, json_lines, new_file

DAY = 20_522  # 2026-03-10


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three days of events, the first archived."""
    place = tmp_path / "events"
    place.mkdir()
    for day in range(3):
        start = (DAY + day) * DAY_US + 10
        file = DayWriter(place / f"2026-03-{10 + day}.db")
        file.insert(
            [
                pack(Event(start + n, f"type.{n % 2}", "s", Severity.ERROR, "盘", {"n": n, "t": 'a"\n,'}, start))
                for n in range(5)
            ],
        )  # fmt: skip
        file.close()
    Rotation(place, Plan(DAY + 1, 0)).run()
    return place


def ids(folder: Path, **query: object) -> list[int]:
    export = Export(folder, EventQuery(**query))  # type: ignore[arg-type]
    found = [event.id for event in export.events()]
    assert export.unreadable == []
    return found


def test_all_events_come_oldest_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PAGE", 2)
    found = ids(folder, limit=1)
    assert len(found) == 15
    assert found == sorted(set(found))


def test_type_trace_and_time_choose(folder: Path) -> None:
    assert len(ids(folder, type="type.1")) == 6
    assert len(ids(folder, type="type.*")) == 15
    assert len(ids(folder, type="other.*")) == 0
    assert len(ids(folder, trace=(DAY + 1) * DAY_US + 10)) == 5
    assert len(ids(folder, trace=DAY * DAY_US + 10)) == 5
    since = ((DAY + 1) * DAY_US + 12) / 1e6
    assert len(ids(folder, since=since)) == 8
    assert len(ids(folder, until=since)) == 8


def test_an_event_that_is_in_both_places_comes_once(folder: Path) -> None:
    file = DayWriter(folder / "2026-03-10.db")
    file.insert([pack(Event(DAY * DAY_US + 10, "type.0", "s")), pack(Event(DAY * DAY_US + 99, "x.y", "s"))])  # fmt: skip
    file.close()
    assert len(ids(folder)) == 16


def test_a_day_that_is_archived_meanwhile_is_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 2)
    events = Export(folder, EventQuery()).events()
    found = [next(events).id for _ in range(7)]
    Rotation(folder, Plan(DAY + 3, 0)).run()
    found += [event.id for event in events]
    assert found == sorted(set(found))
    assert len(found) == 15


def test_a_damaged_file_is_left_out_and_named(folder: Path) -> None:
    (folder / "2026-03-11.db").write_bytes(b"damaged" * 500)
    export = Export(folder, EventQuery())
    assert len(list(export.events())) == 10
    assert export.unreadable == ["2026-03-11.db"]


def test_json_lines_and_csv_hold_the_same(folder: Path) -> None:
    lines = list(json_lines(Export(folder, EventQuery()).events()))
    events = [json.loads(line) for line in lines]
    text = "".join(csv_lines(Export(folder, EventQuery()).events()))
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["id"] for row in rows] == [str(event["id"]) for event in events]
    assert rows[0]["time"] == "2026-03-10T00:00:00.000010+00:00"
    assert rows[0]["severity"] == "error"
    assert json.loads(rows[0]["data"]) == events[0]["data"] == {"n": 0, "t": 'a"\n,'}


def test_a_new_file_is_private_and_replaces_an_old_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("old", "utf-8")

    def halves() -> Iterator[str]:
        yield "half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), new_file(path) as file:
        file.writelines(halves())
    assert path.read_text("utf-8") == "old"
    with new_file(path) as file:
        file.write("new")
    assert path.read_text("utf-8") == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [x.name for x in tmp_path.iterdir()] == ["out.jsonl"]


def test_what_cannot_be_replaced_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "missing/out", Path("/dev/null")):
        with pytest.raises(AiosError), new_file(path):
            pass
