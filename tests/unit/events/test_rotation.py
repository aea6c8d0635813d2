"""Old days move into the archive and out of it; whatever is cut off, each event is there once."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from aios_desktop.events import archive
from aios_desktop.events.archive import (
    ArchiveFile,
    ArchiveWriter,
    DamagedArchiveError,
    archive_file,
    archive_files,
    decode_lines,
    summary_file,
)
from aios_desktop.events.dayfile import DayFile, MovedError, day_files, file_name
from aios_desktop.events.model import Event, EventQuery, Severity
from aios_desktop.events.reader import EventReader
from aios_desktop.events.rotation import Outcome, Plan, Progress, Rotation
from aios_desktop.events.rows import DAY_US, Row, day_of
from aios_desktop.events.store import EventStore
from aios_desktop.events.totals import peek_summary
from aios_desktop.events.watch import QueryCancelled, Watch
from tests.fakes import FakeClock

DAY = 86_400
TODAY = 20_000


def stamp(day: int, number: int) -> int:
    return day * DAY_US + 3_600_000_000 * (number % 24) + number


def event(day: int, number: int, type_: str = "load.test", **more: Any) -> Event:
    id_ = stamp(day, number)
    return Event(id_, type_, more.pop("source", "s"), trace=more.pop("trace", id_), **more)


def row(number: int) -> Row:
    return Row(stamp(TODAY - 9, number), "a.b", "s", 0, "", 0, 0, "{}")


def put(folder: Path, *events: Event) -> None:
    store = EventStore(folder, FakeClock(TODAY * DAY + 50_000.0))
    assert store.open() == []
    for each in sorted(events, key=lambda x: x.id):
        store.append(each)
    assert store.flush(5)
    assert store.stored == len(events)
    store.close()


def rotate(folder: Path, today: int = TODAY, **options: Any) -> Outcome:
    drop = options.pop("drop", True)
    return Rotation(folder, Plan.of(today, 7, 30, drop=drop), **options).run()


def frames(path: Path) -> list[archive.Frame]:
    file = ArchiveFile(path)
    file.close()
    return file.index.frames


def everything(folder: Path) -> list[Event]:
    reader = EventReader(folder)
    found = reader.query(EventQuery(limit=10_000))
    reader.close()
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "events"


def test_a_week_stays_raw_and_older_days_are_archived(folder: Path) -> None:
    events = [event(TODAY - age, n) for age in (0, 1, 7, 8, 20, 30) for n in range(5)]
    put(folder, *events)
    assert rotate(folder) == Outcome(archived=3, events=15)
    assert [TODAY - day for day, _ in day_files(folder)] == [0, 1, 7]
    assert [TODAY - day for day, _ in archive_files(folder)] == [8, 20, 30]
    assert everything(folder) == sorted(events, key=lambda x: -x.id)
    assert rotate(folder) == Outcome()


def test_very_old_days_leave_their_summary(folder: Path) -> None:
    day = TODAY - 31
    put(
        folder,
        event(day, 1, "score.updated", data={"value": 80.0}),
        event(day, 2, "score.updated", data={"value": 60}),
        event(day, 3, "run.finished", data={"outcome": "fixed"}),
        event(day, 4, "run.finished", data={"outcome": "worse"}),
        event(day, 5, "run.finished", data={"outcome": "fixed"}),
        event(day, 6, "resource.high", severity=Severity.ERROR, target="/home"),
        event(day, 7, "resource.high", severity=Severity.ERROR, target="/home"),
        event(day, 8, "resource.high", severity=Severity.WARNING, target="/"),
        event(TODAY - 30, 1),
    )
    outcome = rotate(folder)
    assert (outcome.archived, outcome.dropped) == (2, 1)
    assert [x.id for x in everything(folder)] == [stamp(TODAY - 30, 1)]
    summary = peek_summary(summary_file(folder, day))
    total = summary.total()
    assert summary.here is None
    assert (total.events, total.first, total.last) == (8, stamp(day, 1), stamp(day, 8))
    assert total.by_severity() == [5, 1, 2, 0]
    assert total.types["resource.high"].severity == [0, 1, 2, 0]
    assert total.score is not None
    assert (total.score.low, total.score.mean, total.score.high) == (60, 70, 80)
    assert total.runs == {"fixed": 2, "worse": 1}
    assert total.causes[0] == ("resource.high", "/home", 2)
    assert rotate(folder, TODAY + 400).dropped == 1
    assert peek_summary(summary_file(folder, day)).total() == total


def test_nothing_is_dropped_unless_the_clock_is_trusted(folder: Path) -> None:
    events = [event(TODAY, 1), event(TODAY - 40, 2)]
    put(folder, *events)
    assert rotate(folder, TODAY + 10_000, drop=False).archived == 2
    assert everything(folder) == events


def test_hours_are_counted_wherever_the_events_are(folder: Path) -> None:
    ages = (0, 8, 31)
    put(folder, *(event(TODAY - age, n, f"load.t{n % 2}") for age in ages for n in range(48)))
    want: Counter[tuple[int, str]] = Counter()
    for age in ages:
        for n in range(48):
            want[(TODAY - age) * 24 + n % 24, f"load.t{n % 2}"] += 1
    reader = EventReader(folder)
    before = reader.hours(EventQuery())
    assert rotate(folder).dropped == 1
    assert reader.hours(EventQuery()) == before == want
    day = TODAY - 8
    query = EventQuery(since=day * DAY + 3_700.0, until=day * DAY + 7_300.0, type="load.*1")
    assert reader.hours(query) == {(day * 24 + 1, "load.t1"): 2}
    reader.close()


def test_late_events_join_their_archived_day(folder: Path) -> None:
    day = TODAY - 10
    first = [event(day, n) for n in (1, 5, 9)]
    put(folder, *first)
    rotate(folder)
    late = [event(day, n, "late.kind") for n in (0, 6)]
    put(folder, *late)
    assert everything(folder) == sorted([*first, *late], key=lambda x: -x.id)
    rotate(folder)
    assert day_files(folder)[0][0] == TODAY  # made by the store
    assert len(day_files(folder)) == 1
    assert everything(folder) == sorted([*first, *late], key=lambda x: -x.id)
    here = peek_summary(summary_file(folder, day)).here
    assert here is not None
    assert here.events == 5


def test_late_events_of_a_day_that_is_gone_are_counted_once(folder: Path) -> None:
    day = TODAY - 40
    put(folder, event(day, 1))
    rotate(folder)
    put(folder, event(day, 2), event(day, 3))
    assert rotate(folder).dropped == 1
    assert peek_summary(summary_file(folder, day)).total().events == 3
    assert everything(folder) == []


ODD = [
    "{}",
    "{nonsense",
    '{"a":NaN}',
    '{"a":1}\n',
    '"a text"',
    "[1]",
    '{"deep":{"ü":"\\ud83d\\ude00"}}',
    "",
    '{"dup":1,"dup":2}',
]


def test_odd_payloads_come_back_as_they_were(folder: Path) -> None:
    put(folder, event(TODAY - 9, 1, "x-1.y", source='a "b" ü\n', target='\\"\n/ü'))
    path = folder / file_name(TODAY - 9)
    connection = apsw.Connection(str(path))
    for number, data in enumerate(ODD):
        connection.execute(
            "INSERT INTO event VALUES (?, 1, 2, ?, 't', ?, 0, ?)",
            (stamp(TODAY - 9, 100 + number), number % 6 - 1, number or None, data),
        )
    connection.close()
    reader = EventReader(folder)
    before = [reader.row(stamp(TODAY - 9, n)) for n in (1, *range(100, 100 + len(ODD)))]
    assert None not in before
    assert rotate(folder).archived == 1
    assert not path.exists()
    assert [reader.row(row.id) for row in before if row] == before
    reader.close()


def test_zstdcat_prints_json_lines(folder: Path) -> None:
    put(folder, *(event(TODAY - 9, n, data={"n": n}) for n in range(10)))
    rotate(folder)
    command = ["zstdcat", str(archive_file(folder, TODAY - 9))]
    content = subprocess.run(command, capture_output=True, check=True).stdout
    assert sorted(row[0] for row in decode_lines(content)) == sorted(
        stamp(TODAY - 9, n) for n in range(10)
    )
    assert content.splitlines()[0].startswith(b'{"id":1727')


def test_questions_to_an_archive_are_answered_as_before(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "FRAME_ROWS", 7)
    first = stamp(TODAY - 9, 0)
    put(
        folder,
        *(
            event(
                TODAY - 9,
                n,
                f"load.t{n % 5}" if n < 80 else "rare.kind",
                trace=first if n % 3 == 0 else stamp(TODAY - 9, n),
                target="/Home/Ü" if n % 11 == 0 else "",
                data={"text": f'say "n{n}"'},
            )
            for n in range(100)
        ),
    )
    reader = EventReader(folder)
    queries = [
        EventQuery(limit=10),
        EventQuery(type="load.t3", limit=4),
        EventQuery(type="rare.*"),
        EventQuery(type="no.such"),
        EventQuery(trace=first),
        EventQuery(trace=first, type="load.*", limit=3),
        EventQuery(text='SAY "N9'),
        EventQuery(text="/home/"),
        EventQuery(text="RARE"),
        EventQuery(text="100%"),
        EventQuery(since=(TODAY - 9) * DAY + 7_200.0, until=(TODAY - 9) * DAY + 18_000.0),
        EventQuery(until=(TODAY - 9) * DAY + 3_600.000_001),
    ]
    before = [reader.query(query) for query in queries]
    assert [len(x) for x in before] == [10, 4, 20, 0, 34, 3, 11, 10, 20, 0, 14, 6]
    newest = reader.last_id()
    rotate(folder)
    assert len(frames(archive_file(folder, TODAY - 9))) == 15
    assert [reader.query(query) for query in queries] == before
    (folder / file_name(TODAY)).unlink()
    assert reader.last_id() == newest
    reader.close()


def test_pages_go_through_raw_and_archived_days(folder: Path) -> None:
    events = [event(TODAY - age, n) for age in (0, 7, 8, 9) for n in range(25)]
    put(folder, *events)
    rotate(folder)
    reader = EventReader(folder)
    seen: list[Event] = []
    query = EventQuery(limit=13)
    while page := reader.query(query):
        seen += page
        query = EventQuery(limit=13, until=(page[-1].id - 1) / 1e6)
    assert seen == sorted(events, key=lambda x: -x.id)
    reader.close()


def test_progress_is_told(folder: Path) -> None:
    put(folder, *(event(TODAY - 9, n) for n in range(10)), event(TODAY - 32, 1))
    told: list[Progress] = []
    rotate(folder, progress=told.append)
    assert [(x.step, x.rows, x.of, x.done, x.days) for x in told] == [
        ("write", 1, 1, 0, 2),
        ("compare", 1, 1, 0, 2),
        ("drop", 0, 0, 0, 2),
        ("write", 10, 10, 1, 2),
        ("compare", 10, 10, 1, 2),
    ]


# -- what goes wrong --------------------------------------------------------------------------


class Cut(BaseException):
    """The process is killed here."""


def cut_at(number: int) -> Callable[[str], None]:
    steps = iter(range(number))

    def at(step: str) -> None:
        if next(steps, None) is None:
            raise Cut(step)

    return at


STEPS = 16


@pytest.mark.parametrize("number", range(STEPS))
def test_cut_off_at_any_step_each_event_is_there_once(folder: Path, number: int) -> None:
    events = [event(TODAY - age, n) for age in (0, 9) for n in range(5)]
    old = [event(TODAY - 31, n) for n in range(3)]
    put(folder, *events, *old)
    with pytest.raises(Cut):
        rotate(folder, at=cut_at(number))
    found = everything(folder)
    assert len({x.id for x in found}) == len(found)
    assert {x.id for x in events} <= {x.id for x in found} <= {x.id for x in (*events, *old)}
    reader = EventReader(folder)
    assert reader.hours(EventQuery()).total() == len(events) + len(old)
    rotate(folder)
    assert everything(folder) == sorted(events, key=lambda x: -x.id)
    assert reader.hours(EventQuery()).total() == len(events) + len(old)
    reader.close()
    assert [x.name for x in folder.rglob("*.new")] == []


def test_there_are_no_more_steps_than_tested(folder: Path) -> None:
    put(folder, event(TODAY - 9, 1), event(TODAY - 31, 1))
    steps: list[str] = []
    rotate(folder, at=steps.append)
    assert len(steps) == STEPS


def test_a_file_that_changes_meanwhile_is_taken_later(folder: Path) -> None:
    put(folder, event(TODAY - 9, 1))
    writer = DayFile(folder / file_name(TODAY - 9))
    number = iter(range(2, 100))

    def write(step: str) -> None:
        if step == "compared":
            assert writer.insert_rows([row(next(number))]) == 1

    assert rotate(folder, at=write).busy == 1
    assert len(everything(folder)) == 4
    assert rotate(folder).archived == 1
    assert len(everything(folder)) == 4
    with pytest.raises(MovedError):
        writer.insert_rows([row(50)])
    again = DayFile(folder / file_name(TODAY - 9))
    again.insert_rows([row(51)])
    writer.close()  # must not touch the side files of the new one
    assert len(everything(folder)) == 5
    again.insert_rows([row(52)])
    again.close()
    assert len(everything(folder)) == 6


def test_an_open_store_notices_that_a_day_was_archived(folder: Path) -> None:
    store = EventStore(folder, FakeClock(TODAY * DAY + 50_000.0))
    store.open()
    store.append(event(TODAY - 9, 1))
    assert store.flush(5)
    assert len(store.query(EventQuery())) == 1
    assert rotate(folder).archived == 1
    store.append(event(TODAY - 9, 2))
    assert store.flush(5)
    assert len(store.query(EventQuery())) == 2
    store.close()
    rotate(folder)
    assert len(everything(folder)) == 2


def test_a_day_file_begun_over_an_orphaned_log_is_empty(folder: Path) -> None:
    put(folder, event(TODAY - 9, 1))
    path = folder / file_name(TODAY - 9)
    log = path.with_name(path.name + "-wal")
    writer = DayFile(path)
    writer.insert_rows([row(2)])
    shutil.copy(log, folder / "kept")
    writer.close()
    path.unlink()
    (folder / "kept").rename(log)
    put(folder, event(TODAY - 9, 3))
    assert [x.id for x in everything(folder)] == [stamp(TODAY - 9, 3)]


@pytest.mark.logs_errors
def test_a_damaged_archive_gives_what_can_be_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "FRAME_ROWS", 10)
    put(folder, *(event(TODAY - 9, n) for n in range(50)))
    rotate(folder)
    path = archive_file(folder, TODAY - 9)
    frame = frames(path)[2]
    with path.open("r+b") as out:
        out.seek(frame.offset + frame.size // 2)
        out.write(b"\xa5" * 8)
    assert len(everything(folder)) == 40
    put(folder, event(TODAY - 9, 99))
    assert rotate(folder).mended == 1
    assert len(everything(folder)) == 41
    assert len(list(path.parent.glob("*.corrupt-*"))) == 1


@pytest.mark.logs_errors
def test_a_day_that_cannot_be_archived_stays(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(folder, event(TODAY - 9, 1), event(TODAY - 10, 1))
    (folder / "archive").mkdir()
    (folder / "archive" / (archive_file(folder, TODAY - 9).name + ".new")).mkdir()
    assert rotate(folder) == Outcome(archived=1, events=1, failed=1)
    assert len(everything(folder)) == 2
    assert file_name(TODAY - 9) in caplog.text


@pytest.mark.logs_errors
def test_an_archive_that_reads_back_otherwise_is_not_taken(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, event(TODAY - 9, 1, target="/x"))
    monkeypatch.setattr(archive, "_text", lambda text: '"other"')
    assert rotate(folder).failed == 1
    assert everything(folder)[0].target == "/x"
    assert archive_files(folder) == []


@pytest.mark.parametrize("damage", ["cut", "index", "sign", "empty"])
def test_what_is_no_archive_is_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "x.zst"
    writer = ArchiveWriter(path)
    writer.add([(1, "a.b", "s", 0, "", 0, 0, "{}")])
    writer.finish()
    content = (tmp_path / "x.zst.new").read_bytes()
    bad = {
        "cut": content[:-20],
        "index": content[:-30] + b"\xff" * 5 + content[-25:],
        "sign": content[:-1] + b"x",
        "empty": b"",
    }[damage]
    path.write_bytes(bad)
    with pytest.raises(DamagedArchiveError):
        ArchiveFile(path)


class Days(RuleBasedStateMachine):
    """Days go by, events come in (some late), rotations run and are cut off anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp()) / "events"
        self.today = TODAY
        self.number = 0
        self.written: set[int] = set()
        self.dropped_before = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder.parent)

    @rule(ages=st.lists(st.sampled_from([0, 0, 1, 3, 6, 12]), min_size=1, max_size=5))
    def write(self, ages: list[int]) -> None:
        clock = FakeClock(self.today * DAY + 50_000.0)
        store = EventStore(self.folder, clock)
        assert store.open() == []
        for age in ages:
            self.number += 1
            each = event(self.today - age, self.number)
            self.written.add(each.id)
            store.append(each)
        assert store.flush(5)
        store.close()

    @rule(days=st.integers(1, 4))
    def sleep(self, days: int) -> None:
        self.today += days

    @rule(step=st.integers(0, 25))
    def rotate_and_die(self, step: int) -> None:
        self.rotate(cut_at(step))

    @rule()
    def rotate_whole(self) -> None:
        self.rotate(lambda step: None)
        raw = {day for day, _ in day_files(self.folder)}
        archived = {day for day, _ in archive_files(self.folder)}
        assert not raw & archived
        assert min(raw, default=self.today) >= self.today - 2
        assert min(archived, default=self.today) >= self.today - 5
        visible = {x.id for x in everything(self.folder)}
        assert visible == {x for x in self.written if day_of(x) >= self.today - 5}

    def rotate(self, at: Callable[[str], None]) -> None:
        plan = Plan.of(self.today, 2, 5)
        self.dropped_before = max(self.dropped_before, plan.drop_before)
        try:
            Rotation(self.folder, plan, at=at).run()
        except Cut:
            return

    @invariant()
    def each_event_is_there_once(self) -> None:
        found = [x.id for x in everything(self.folder)]
        assert len(found) == len(set(found))
        keep = {x for x in self.written if day_of(x) >= self.dropped_before}
        assert keep <= set(found) <= self.written

    @invariant()
    def each_event_is_counted_once(self) -> None:
        reader = EventReader(self.folder)
        counted: Counter[int] = Counter()
        for (hour, _), count in reader.hours(EventQuery()).items():
            counted[hour] += count
        reader.close()
        assert counted == Counter(x // 3_600_000_000 for x in self.written)


TestDays = Days.TestCase
TestDays.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


@pytest.mark.parametrize("archived", [False, True])
def test_a_search_is_followed_and_stopped(folder: Path, archived: bool) -> None:
    put(folder, *(event(TODAY - age, n, data={"n": n}) for age in (8, 9, 10) for n in range(3000)))
    if archived:
        assert rotate(folder).archived == 3
    reader = EventReader(folder)
    told: list[float] = []
    nowhere = EventQuery(text="no such text")
    assert reader.query(nowhere, Watch(lambda: False, told.append)) == []
    assert told == [0.0, 0.25, 0.5, 0.75, 1.0]  # the store began a file for today
    asked = iter([False] * 3 + [True] * 100)
    with pytest.raises(QueryCancelled):
        reader.query(nowhere, Watch(asked.__next__))
    with pytest.raises(QueryCancelled):
        reader.hours(EventQuery(), Watch(lambda: True))
    assert len(reader.query(EventQuery(limit=9000), Watch(lambda: False))) == 9000
    reader.close()
