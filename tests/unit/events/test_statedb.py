"""The state database: whole transactions or nothing, and a clear word when the disk refuses."""

from __future__ import annotations

import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIGKILL

import apsw
import pytest

from aios_desktop.errors import AiosError
from aios_desktop.events.statedb import StateDb
from tests.unit.events.conftest import Disk

SCHEMA = (
    "CREATE TABLE run (id INTEGER PRIMARY KEY, state TEXT NOT NULL)",
    "CREATE TABLE note (run INTEGER NOT NULL REFERENCES run, text TEXT);"
    "CREATE INDEX note_run ON note (run)",
)
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "state.db"


@pytest.fixture
def db(path: Path) -> Iterator[StateDb]:
    db = StateDb(path)
    assert db.open(SCHEMA) == []
    yield db
    db.close()


def add(db: StateDb, number: int, state: str = "planned") -> None:
    with db.transaction() as connection:
        connection.execute("INSERT INTO run VALUES (?, ?)", (number, state))


def numbers(db: StateDb) -> list[object]:
    return [row[0] for row in db.read("SELECT id FROM run ORDER BY id")]


def test_a_commit_survives_a_restart(db: StateDb, path: Path) -> None:
    add(db, 1)
    assert db.durable
    db.close()
    again = StateDb(path)
    assert again.open(SCHEMA) == []
    assert again.read("SELECT * FROM run WHERE id = ?", (1,)) == [(1, "planned")]
    again.close()


def test_the_file_is_private_and_synced(db: StateDb, path: Path) -> None:
    add(db, 1)
    files = list(path.parent.iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with db.transaction() as connection:
        assert connection.pragma("synchronous") == 2  # FULL
        assert connection.pragma("journal_mode") == "wal"


def test_an_exception_undoes_the_whole_transaction(db: StateDb) -> None:
    def fail() -> None:
        with db.transaction() as connection:
            connection.execute("INSERT INTO run VALUES (1, 'planned')")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert numbers(db) == []
    add(db, 2)
    assert numbers(db) == [2]


def test_a_broken_rule_of_the_schema_passes_through(db: StateDb) -> None:
    with pytest.raises(apsw.ConstraintError), db.transaction() as connection:
        connection.execute("INSERT INTO note VALUES (99, 'no such run')")
    add(db, 1)
    with pytest.raises(apsw.ConstraintError):
        add(db, 1)
    assert numbers(db) == [1]


def test_reading_sees_commits_and_ones_own_transaction(db: StateDb) -> None:
    started, finish = threading.Event(), threading.Event()

    def write() -> list[object]:
        with db.transaction() as connection:
            connection.execute("INSERT INTO run VALUES (1, 'planned')")
            inside = numbers(db)
            started.set()
            assert finish.wait(5)
        return inside

    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(write)
        assert started.wait(5)
        assert numbers(db) == []  # and does not wait for the writer
        finish.set()
        assert job.result() == [1]
    assert numbers(db) == [1]


def test_a_transaction_inside_a_transaction_is_a_mistake(db: StateDb) -> None:
    with pytest.raises(AssertionError), db.transaction(), db.transaction():
        pass
    add(db, 1)
    assert numbers(db) == [1]


def test_threads_write_one_after_the_other(db: StateDb) -> None:
    def count_up(_: int) -> None:
        with db.transaction() as connection:
            (value,) = connection.execute("SELECT count(*) FROM run").fetchone() or (0,)
            connection.execute("INSERT INTO run VALUES (?, 'planned')", (value,))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count_up, range(40)))
    assert numbers(db) == list(range(40))


def test_migrations_run_once_each(path: Path) -> None:
    db = StateDb(path)
    assert db.open(SCHEMA[:1]) == []
    add(db, 1)
    db.close()
    assert db.open(SCHEMA) == []
    with db.transaction() as connection:
        connection.execute("INSERT INTO note VALUES (1, 'x')")
        assert connection.pragma("user_version") == 2
    assert numbers(db) == [1]
    db.close()


def test_a_failing_migration_leaves_the_file_as_it_was(path: Path) -> None:
    db = StateDb(path)
    db.open(SCHEMA[:1])
    add(db, 1)
    db.close()
    with pytest.raises(apsw.SQLError):
        db.open((SCHEMA[0], "CREATE TABLE extra (x); CREATE TABLE run (x)"))
    db.close()
    assert db.open(SCHEMA[:1]) == []
    assert numbers(db) == [1]
    assert db.read("SELECT name FROM sqlite_schema WHERE name = 'extra'") == []
    db.close()


@pytest.mark.logs_errors
def test_a_damaged_file_is_set_aside_whole(db: StateDb, path: Path) -> None:
    for number in range(500):
        if number % 100 == 0:
            add(db, number, "x" * 5000)
    db.close()
    with path.open("r+b") as out:
        out.seek(4096)
        out.write(b"\xa5" * 12_000)
    content = path.read_bytes()
    (trouble,) = db.open(SCHEMA)
    (aside,) = (x for x in path.parent.glob("*.corrupt-*") if not x.name.endswith(("wal", "shm")))
    assert aside.read_bytes() == content
    assert str(aside) in trouble.text.text()
    assert db.durable
    add(db, 1)
    assert numbers(db) == [1]


@pytest.mark.logs_errors
def test_a_file_of_a_newer_version_stays_as_it_is(db: StateDb, path: Path) -> None:
    add(db, 1)
    db.close()
    content = path.read_bytes()
    older = StateDb(path)
    (trouble,) = older.open(SCHEMA[:1])
    assert "newer version" in trouble.text.text()
    assert not older.durable
    with older.transaction() as connection:
        connection.execute("INSERT INTO run VALUES (7, 'planned')")
    assert numbers(older) == [7]
    older.close()
    assert path.read_bytes() == content


def test_a_copy_leaves_the_disk_alone(db: StateDb, path: Path) -> None:
    add(db, 1)
    copy = StateDb(path)
    copy.open_copy(SCHEMA)
    add(copy, 2)
    assert not copy.durable
    assert (numbers(copy), numbers(db)) == ([1, 2], [1])
    copy.close()


def test_a_copy_of_nothing_is_empty(tmp_path: Path) -> None:
    copy = StateDb(tmp_path / "nowhere" / "state.db")
    copy.open_copy(SCHEMA)
    add(copy, 1)
    assert numbers(copy) == [1]
    copy.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.logs_errors
def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    db = StateDb(tmp_path / "file" / "state.db")
    (trouble,) = db.open(SCHEMA)
    assert str(tmp_path / "file") in trouble.text.text()
    assert not db.durable
    add(db, 1)
    assert numbers(db) == [1]
    db.close()


@pytest.mark.logs_errors
def test_a_read_only_folder_gives_its_content(disk: Disk) -> None:
    path = disk.folder / "data" / "state.db"
    db = StateDb(path)
    db.open(SCHEMA[:1])
    add(db, 1)
    db.close()
    disk.protect()
    (trouble,) = db.open(SCHEMA)
    assert str(path) in trouble.text.text()
    assert not db.durable
    add(db, 2)
    assert numbers(db) == [1, 2]
    with db.transaction() as connection:
        connection.execute("INSERT INTO note VALUES (1, 'migrated too')")
    db.close()


@pytest.mark.logs_errors
def test_a_full_disk_is_told_and_changes_nothing(disk: Disk) -> None:
    db = StateDb(disk.folder / "data" / "state.db")
    assert db.open(SCHEMA) == []
    add(db, 1)
    disk.fill()

    def write_until_it_is_refused() -> None:
        for number in range(2, 500):
            add(db, number, "x" * 20_000)

    with pytest.raises(AiosError, match=r"state\.db"):
        write_until_it_is_refused()
    stored = numbers(db)
    disk.free()
    add(db, 1000)
    assert numbers(db) == [*stored, 1000]
    db.close()


@pytest.mark.logs_errors
def test_a_disk_that_is_full_from_the_start(disk: Disk) -> None:
    disk.fill()
    db = StateDb(disk.folder / "data" / "state.db")
    (trouble,) = db.open(SCHEMA)
    assert trouble.id == "state.memory"
    add(db, 1)
    assert numbers(db) == [1]
    db.close()


def test_a_closed_database_says_so(db: StateDb) -> None:
    db.close()
    db.close()
    with pytest.raises(AiosError, match="closed"):
        numbers(db)
    with pytest.raises(AiosError, match="closed"), db.transaction():
        pass


WRITE = """
import sys
from itertools import count
from pathlib import Path
from aios_desktop.events.statedb import StateDb
db = StateDb(Path(sys.argv[1]))
assert db.open(["CREATE TABLE run (id INTEGER PRIMARY KEY, other INTEGER)"]) == []
for number in count():
    with db.transaction() as connection:
        connection.execute("INSERT INTO run VALUES (?, 0)", (number,))
        connection.execute("UPDATE run SET other = 1 WHERE id = ?", (number,))
    print(number, flush=True)
"""


def test_a_kill_loses_no_commit_and_keeps_no_half(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITE, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as child:
        assert child.stdout is not None
        committed = [int(child.stdout.readline()) for _ in range(50)]
        child.send_signal(SIGKILL)
        committed += [int(line) for line in child.stdout.read().split("\n")[:-1]]
    assert child.returncode == -SIGKILL
    db = StateDb(path)
    assert db.open(["CREATE TABLE run (id INTEGER PRIMARY KEY, other INTEGER)"]) == []
    rows = db.read("SELECT id, other FROM run ORDER BY id")
    db.close()
    assert [row[0] for row in rows][: len(committed)] == committed
    assert {row[1] for row in rows} == {1}
