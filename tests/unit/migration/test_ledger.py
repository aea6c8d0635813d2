"""Nothing is imported twice and nothing is lost, wherever an import is cut off."""

from __future__ import annotations

from pathlib import Path

import pytest

from aios_desktop.errors import AiosError
from aios_desktop.events.model import Event, EventQuery, Severity
from aios_desktop.events.reader import EventReader
from aios_desktop.events.rotation import Plan, Rotation
from aios_desktop.events.rows import DAY_US, Row, pack
from aios_desktop.migration.daywriter import DayWriter
from aios_desktop.migration.ledger import Ledger
from aios_desktop.migration.shapes import Legacy

NOON = 20_522 * DAY_US + DAY_US // 2  # 2026-03-10


def legacy(n: int, stamp: int = NOON) -> Legacy:
    return Legacy(
        key=b"%016d" % n, stamp=stamp, old_type="a.b", type="a.b", source="s",
        severity=Severity.INFO, data={"origin": "import", "n": n}, garbled=False, repairable=False,
    )  # fmt: skip


def numbers(folder: Path) -> list[int]:
    reader = EventReader(folder)
    try:
        found = reader.query(EventQuery(limit=10_000))
    finally:
        reader.close()
    return sorted(event.data["n"] for event in found)


def moved(tmp_path: Path, *events: Legacy) -> int:
    ledger = Ledger(tmp_path / "imported")
    try:
        for event in events:
            ledger.take(event)
        return ledger.deliver(tmp_path / "events", lambda: None)
    finally:
        ledger.close()


def test_events_reach_the_files_of_their_days_once(tmp_path: Path) -> None:
    events = [legacy(n, NOON + n % 3 * DAY_US) for n in range(3000)]
    assert moved(tmp_path, *events, *events) == 3000
    assert moved(tmp_path, *events) == 0
    assert numbers(tmp_path / "events") == list(range(3000))
    assert len(list((tmp_path / "events").glob("*.db"))) == 3


@pytest.mark.parametrize("after", [0, 1, 2])
def test_what_is_cut_off_while_it_is_moved_is_moved_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    insert, calls = DayWriter.insert, 0

    def cut_off(self: DayWriter, rows: list[Row]) -> None:
        nonlocal calls
        calls += 1
        insert(self, rows)
        if calls > after:
            raise KeyboardInterrupt

    monkeypatch.setattr(DayWriter, "insert", cut_off)
    with pytest.raises(KeyboardInterrupt):
        moved(tmp_path, *(legacy(n, NOON + n) for n in range(2500)))
    monkeypatch.undo()
    moved(tmp_path)
    assert numbers(tmp_path / "events") == list(range(2500))
    assert moved(tmp_path, *(legacy(n, NOON + n) for n in range(2500))) == 0


def own_event(folder: Path, stamp: int) -> None:
    folder.mkdir(exist_ok=True)
    file = DayWriter(folder / "2026-03-10.db")
    file.insert([pack(Event(stamp, "own.event", "s", data={"n": -1}))])
    file.close()


@pytest.mark.parametrize("archived", [False, True])
def test_an_event_of_our_own_at_the_same_moment_stays(tmp_path: Path, archived: bool) -> None:
    own_event(tmp_path / "events", NOON + 1)
    if archived:
        Rotation(tmp_path / "events", Plan(20_523, 0)).run()
        assert not (tmp_path / "events/2026-03-10.db").exists()
    assert moved(tmp_path, *(legacy(n, NOON) for n in range(3))) == 3
    if archived:
        Rotation(tmp_path / "events", Plan(20_523, 0)).run()
    assert numbers(tmp_path / "events") == [-1, 0, 1, 2]


def test_many_events_of_one_moment_are_quick(tmp_path: Path) -> None:
    assert moved(tmp_path, *(legacy(n) for n in range(5000))) == 5000
    assert numbers(tmp_path / "events") == list(range(5000))


def test_a_newer_record_replaces_an_older_one(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "imported")
    try:
        assert ledger.keep("lessons", b"k", 5, {"v": 1})
        assert not ledger.keep("lessons", b"k", 4, {"v": 0})
        assert not ledger.keep("lessons", b"k", 6, {"v": 2})
        assert ledger.kept("lessons", b"k") == {"v": 2}
        assert ledger.keep("odd", b"k", None, {"v": [float("nan"), "\ud800"]})
        assert ledger.kept("odd", b"k") == {"v": [None, "\ud800"]}
        assert [p.name for p in ledger.write_lines()] == ["lessons.jsonl", "odd.jsonl"]
        assert ledger.write_lines() == []
    finally:
        ledger.close()
    path = tmp_path / "imported/lessons.jsonl"
    assert path.read_text("utf-8") == '{"v": 2}\n'
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_damaged_ledger_or_day_file_is_said_and_stays(tmp_path: Path) -> None:
    (tmp_path / "imported").mkdir()
    (tmp_path / "imported/ledger.db").write_bytes(b"no database at all, but long enough" * 9)
    with pytest.raises(AiosError, match="damaged or not ours"):
        Ledger(tmp_path / "imported")
    (tmp_path / "imported/ledger.db").unlink()
    (tmp_path / "events").mkdir()
    (tmp_path / "events/2026-03-10.db").write_bytes(b"no database at all, but long enough" * 99)
    with pytest.raises(AiosError, match="damaged or not ours"):
        moved(tmp_path, legacy(1))
    (tmp_path / "events/2026-03-10.db").unlink()
    assert moved(tmp_path) == 1
