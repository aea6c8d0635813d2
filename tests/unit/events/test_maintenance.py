"""The state database is copied daily and looked at weekly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from aios_desktop.events import salvage
from aios_desktop.events.dayfile import DayFile, file_name
from aios_desktop.events.maintenance import KEEP, Maintenance
from aios_desktop.events.model import Severity
from aios_desktop.events.rows import DAY_US, Row
from aios_desktop.events.statedb import StateDb
from tests.fakes import FakeClock

DAY = 86_400
SCHEMA = ("CREATE TABLE fact (n INTEGER, text TEXT)",)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(20_000 * DAY + 5_000.0)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateDb]:
    db = StateDb(tmp_path / "state.db")
    assert db.open(SCHEMA) == []
    with db.transaction() as connection:
        connection.execute("INSERT INTO fact VALUES (1, 'one')")
    yield db
    db.close()


@pytest.fixture
def maintenance(state: StateDb, tmp_path: Path, clock: FakeClock) -> Maintenance:
    return Maintenance(state, tmp_path / "backups", tmp_path / "events", clock)


def content(path: Path) -> list[tuple[object, ...]]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return list(connection.execute("SELECT * FROM fact"))
    finally:
        connection.close()


def test_one_backup_a_day_and_seven_are_kept(
    maintenance: Maintenance, state: StateDb, tmp_path: Path, clock: FakeClock
) -> None:
    for day in range(10):
        for _ in range(3):
            assert maintenance.look() == []
            clock.advance(3600)
        with state.transaction() as connection:
            connection.execute("INSERT INTO fact VALUES (?, 'more')", (day,))
        clock.advance(DAY - 3 * 3600)
    found = sorted((tmp_path / "backups").glob("state-*.db"))
    assert len(found) == KEEP == maintenance.backups().count
    assert maintenance.backups().newest == found[-1].name == "state-2024-10-13.db"
    assert [len(content(path)) for path in found] == [4, 5, 6, 7, 8, 9, 10]
    assert maintenance.backups().bytes > 7 * 4096
    assert (found[0].stat().st_mode & 0o777) == 0o600
    assert {x.name for x in (tmp_path / "backups").iterdir()} == {
        "checked.json",
        *(x.name for x in found),
    }


def test_a_backup_is_made_beside_a_writer(
    maintenance: Maintenance, state: StateDb, tmp_path: Path
) -> None:
    with state.transaction() as connection:
        connection.execute("INSERT INTO fact VALUES (2, 'not yet')")
        assert maintenance.look() == []
    (path,) = (tmp_path / "backups").glob("*.db")
    assert content(path) == [(1, "one")]


def test_a_state_in_memory_is_not_backed_up(tmp_path: Path, clock: FakeClock) -> None:
    state = StateDb(tmp_path / "none.db")
    state.open_copy(SCHEMA)
    assert Maintenance(state, tmp_path / "b", tmp_path / "e", clock).look() == []
    assert list((tmp_path / "b").glob("*.db")) == []
    state.close()


def test_a_backup_that_fails_is_said(
    state: StateDb, tmp_path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "backups").write_text("in the way")
    (trouble,) = Maintenance(state, tmp_path / "backups", tmp_path / "e", clock).look()
    assert trouble.severity is Severity.WARNING
    assert str(tmp_path / "backups") in trouble.text.text()


def test_a_damaged_state_is_found_within_a_week(
    maintenance: Maintenance, state: StateDb, tmp_path: Path, clock: FakeClock
) -> None:
    with state.transaction() as connection:
        connection.executemany(
            "INSERT INTO fact VALUES (?, ?)", ((n, "x" * 500) for n in range(200))
        )
    assert maintenance.look() == []
    state.close()
    with (tmp_path / "state.db").open("r+b") as out:
        out.seek(8192)
        out.write(b"\xa5" * 8192)
    clock.advance(6 * DAY)
    state.durable = False  # as it is; only the check is looked at here
    assert maintenance.look() == []
    state.durable = True
    clock.advance(DAY)
    found = {trouble.id: trouble for trouble in maintenance.look()}
    assert "state.check" in found or "state.backup" in found


@pytest.mark.logs_errors
def test_a_damaged_day_is_set_aside(
    maintenance: Maintenance, tmp_path: Path, clock: FakeClock
) -> None:
    folder = tmp_path / "events"
    folder.mkdir()
    for day in (19_998, 19_999, 20_000):
        file = DayFile(folder / file_name(day))
        file.insert_rows(
            [Row(day * DAY_US + n, "a.b", "s", 0, "", 0, 0, '{"n":1}') for n in range(5000)]
        )
        file.close()
    path = folder / file_name(19_998)
    with path.open("r+b") as out:
        out.seek(path.stat().st_size // 2)
        out.write(b"\xa5" * 8192)
    (trouble,) = maintenance.look()
    assert trouble.id == f"events.damaged:{path.name}"
    assert [day for day, _ in salvage.pending(folder)] == [19_998]
    assert not path.exists()
    assert maintenance.look() == []
