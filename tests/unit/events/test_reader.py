"""Queries: the same answer from memory and from files, over days, beside a writer, bounded."""

from __future__ import annotations

import fnmatch
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aios_desktop.events.bus import Bus
from aios_desktop.events.model import Event, EventQuery, Severity
from aios_desktop.events.reader import EventReader
from aios_desktop.events.stamp import Stamps
from aios_desktop.events.store import EventStore
from aios_desktop.events.want import MAX_LIMIT
from aios_desktop.scheduler.lanes import Lanes
from tests.fakes import FakeClock
from tests.unit.events.conftest import Disk

Make = Callable[..., EventStore]
DAY = 86_400
START = 100 * DAY
ROOT = Path(__file__).resolve().parents[3]


def ids(events: list[Event]) -> list[int]:
    return [event.id for event in events]


@pytest.fixture
def week(tmp_path: Path) -> Path:
    """Seven days with ten events each, every second a heartbeat."""
    folder = tmp_path / "week"
    clock = FakeClock(start=START)
    store = EventStore(folder, clock)
    store.open()
    bus = Bus(Stamps(clock), store.append)
    for number in range(70):
        type_ = "app.heartbeat" if number % 2 else f"resource.kind{number % 5}"
        bus.publish(type_, source="s", data={"number": number})
        clock.advance(DAY / 10)
    store.close()
    return folder


def test_a_range_over_several_days(week: Path) -> None:
    reader = EventReader(week)
    everything = reader.query(EventQuery())
    assert [event.data["number"] for event in everything] == list(range(69, -1, -1))
    part = reader.query(EventQuery(since=START + 1.5 * DAY, until=START + 3.25 * DAY))
    assert [event.data["number"] for event in part] == list(range(32, 14, -1))
    reader.close()


def test_the_newest_come_first_and_older_files_stay_closed(
    week: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for file in sorted(week.glob("*.db"))[:5]:
        file.write_bytes(b"nonsense")
    reader = EventReader(week)
    found = reader.query(EventQuery(type="app.heartbeat", limit=7))
    assert [event.data["number"] for event in found] == [69, 67, 65, 63, 61, 59, 57]
    assert reader.query(EventQuery(since=START + 5 * DAY, limit=100))
    assert caplog.records == []
    reader.close()


def test_a_damaged_day_is_left_out_and_named(week: Path, caplog: pytest.LogCaptureFixture) -> None:
    damaged = sorted(week.glob("*.db"))[3]
    damaged.write_bytes(b"nonsense" * 1000)
    reader = EventReader(week)
    assert len(reader.query(EventQuery())) == 60
    assert str(damaged) in caplog.text
    assert reader.get(int((START + 3.5 * DAY) * 1e6)) is None
    reader.close()


def test_a_trace_is_followed_over_midnight(tmp_path: Path) -> None:
    clock = FakeClock(start=START - 1)
    store = EventStore(tmp_path, clock)
    store.open()
    bus = Bus(Stamps(clock), store.append)
    first = bus.publish("resource.high", source="s")
    bus.publish("resource.high", source="s")
    clock.advance(2)
    second = bus.publish("run.started", source="s", cause=first)
    store.close()
    reader = EventReader(tmp_path)
    assert reader.query(EventQuery(trace=first.id)) == [second, first]
    assert reader.query(EventQuery(trace=first.id, type="run.*")) == [second]
    assert reader.query(EventQuery(trace=second.id)) == []
    reader.close()


def test_there_is_nothing_where_nothing_is(tmp_path: Path) -> None:
    reader = EventReader(tmp_path / "nowhere")
    assert reader.query(EventQuery()) == []
    assert reader.get(1_000_000) is None
    assert reader.last_id() == 0
    assert not (tmp_path / "nowhere").exists()
    reader.close()


@pytest.mark.parametrize("stamp", [0, -1, 2**63, -(2**80), 2**80])
def test_an_impossible_id_is_simply_not_there(week: Path, stamp: int) -> None:
    reader = EventReader(week)
    assert reader.get(stamp) is None
    assert reader.query(EventQuery(trace=stamp or -1)) == []
    reader.close()


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (EventQuery(limit=0), 0),
        (EventQuery(limit=-5), 0),
        (EventQuery(limit=10**30), 70),
        (EventQuery(since=math.nan, until=math.nan), 70),
        (EventQuery(since=-math.inf, until=math.inf), 70),
        (EventQuery(since=math.inf), 0),
        (EventQuery(since=1e300, until=-1e300), 0),
        (EventQuery(until=-5.0), 0),
        (EventQuery(type="*" * 100_000), 70),
        (EventQuery(type="*a" * 5000), 0),
        (EventQuery(type="[" * 1000), 0),
        (EventQuery(type="' OR 1=1 --"), 0),
        (EventQuery(text="x" * 10_000_000), 0),
        (EventQuery(text="%"), 0),
        (EventQuery(text="_"), 0),
        (EventQuery(text="\udcff\0"), 0),
    ],
)
def test_hostile_queries_are_bounded(week: Path, query: EventQuery, count: int) -> None:
    reader = EventReader(week)
    assert len(reader.query(query)) == count
    reader.close()


def test_a_limit_beyond_reason_is_cut(make_store: Make, clock: FakeClock) -> None:
    store = make_store()
    store.open()
    bus = Bus(Stamps(clock), store.append)
    for _ in range(MAX_LIMIT + 100):
        bus.publish("load.test", source="s")
    assert len(store.query(EventQuery(limit=10**9))) == MAX_LIMIT
    store.flush(20)
    assert len(store.query(EventQuery(limit=10**9))) == MAX_LIMIT


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("100%", {1}),
        ("100", {1, 2}),
        ("a_b", {3}),
        ("back\\slash", {4}),
        ('say "hi"', {5}),
        ("磁盘", {6}),
        ("MAKE", {7}),
        ("/home/x", {8}),
        ("two\nlines", {9}),
        ("load", set(range(1, 10))),
        ("", set(range(1, 10))),
        ("nowhere", set()),
    ],
)
def test_text_search_takes_the_text_as_it_is(
    make_store: Make, clock: FakeClock, text: str, found: set[int]
) -> None:
    store = make_store()
    store.open()
    texts = ("100%", "1000", "a_b", "back\\slash", 'say "hi"', "磁盘已满", "make", "", "two\nlines")
    first = int(clock.now() * 1e6)
    for number, each in enumerate(texts, 1):
        target = "/home/x" if number == 8 else ""
        store.append(Event(first + number, "load.test", "s", target=target, data={"text": each}))
    for _ in range(2):
        assert {x.id - first for x in store.query(EventQuery(text=text))} == found
        assert store.flush(5)


WORDS = ("a", "B", "%", "_", "\\", '"', "盘", "é", "É")
EVENTS = st.lists(
    st.tuples(
        st.integers(1, 4 * DAY),
        st.sampled_from(("a.b", "a.c", "a.b.c", "d.b", "d-e.b")),
        st.text(st.sampled_from(WORDS), max_size=4),
        st.text(st.sampled_from(WORDS), max_size=4),
        st.integers(0, 6),
    ),
    max_size=12,
    unique_by=lambda x: x[0],
)
QUERIES = st.builds(
    EventQuery,
    since=st.none() | st.integers(0, 4 * DAY).map(float),
    until=st.none() | st.integers(0, 4 * DAY).map(float),
    type=st.sampled_from(("", "*", "a.b", "a.*", "*.b", "a.?", "[ad].b", "[!a]*.b", "x.y")),
    trace=st.integers(0, 6),
    text=st.text(st.sampled_from(WORDS), max_size=2),
    limit=st.integers(0, 8),
)


def expected(events: list[Event], query: EventQuery) -> list[Event]:
    """Answer a query the plain way."""

    def fold(text: str) -> bytes:
        return text.encode().lower()

    def wanted(event: Event) -> bool:
        inside_json = json.dumps(query.text, ensure_ascii=False)[1:-1]
        return (
            (query.since is None or event.time >= query.since)
            and (query.until is None or event.time <= query.until)
            and (not query.type or fnmatch.fnmatchcase(event.type, query.type))
            and (not query.trace or event.trace == query.trace)
            and (
                fold(query.text) in fold(event.target)
                or fold(query.text) in fold(event.type)
                or fold(inside_json) in fold(f'{{"text":{json.dumps(event.data["text"])}}}')
                or fold(inside_json)
                in fold(f'{{"text":{json.dumps(event.data["text"], ensure_ascii=False)}}}')
            )
        )

    found = sorted((x for x in events if wanted(x)), key=lambda x: x.id, reverse=True)
    return found[: query.limit]


@settings(max_examples=60)
@given(EVENTS, st.lists(QUERIES, min_size=1, max_size=6), st.integers(0, 12))
def test_memory_and_files_give_the_same_answer(
    raw: list[tuple[int, str, str, str, int]], queries: list[EventQuery], cut: int
) -> None:
    order = sorted(seconds * 1_000_000 for seconds, *_ in raw)
    events = [
        Event(
            seconds * 1_000_000,
            type_,
            "s",
            Severity.INFO,
            target,
            {"text": text},
            trace=order[number] if number < len(order) else seconds * 1_000_000,
        )
        for seconds, type_, target, text, number in raw
    ]
    queries = [
        EventQuery(q.since, q.until, q.type, order[q.trace - 1], q.text, q.limit)
        if 0 < q.trace <= len(order)
        else q
        for q in queries
    ]
    # A story's events are never older than its first one.
    events = [e for e in events if e.trace <= e.id]
    answers = [expected(events, query) for query in queries]
    with tempfile.TemporaryDirectory() as folder:
        store = EventStore(Path(folder), FakeClock(start=10.0))
        store.open()
        for event in events[:cut]:
            store.append(event)
        assert store.flush(5)
        for event in events[cut:]:
            store.append(event)
        assert [store.query(query) for query in queries] == answers
        assert store.flush(5)
        assert [store.query(query) for query in queries] == answers
        store.close()


def test_many_types_in_one_glob(make_store: Make, clock: FakeClock) -> None:
    store = make_store()
    store.open()
    bus = Bus(Stamps(clock), store.append)
    sent = [bus.publish(f"kind.n{number % 100}", source="s") for number in range(500)]
    store.flush(5)
    found = store.query(EventQuery(type="kind.n?", limit=50))
    assert found == [x for x in reversed(sent) if len(x.type) == 7][:50]
    found = store.query(EventQuery(type="kind.*", limit=50))
    assert found == sent[:-51:-1]


def test_threads_read_while_the_writer_writes(
    make_store: Make, clock: FakeClock, lanes: Lanes
) -> None:
    store = make_store()
    store.open()
    lanes.start("store", store.run, store.wake)
    bus = Bus(Stamps(clock), store.append)

    def read(number: int) -> bool:
        newest = 0
        for _ in range(60):
            found = ids(store.query(EventQuery(type="load.*" if number % 2 else "", limit=50)))
            # Newest first, without holes or doubles, and never behind what was seen before.
            assert not found or found == list(range(found[0], found[0] - len(found), -1))
            assert not found or found[0] >= newest
            newest = max([newest, *found])
        return True

    def write(number: int) -> bool:
        for _ in range(3000):
            bus.publish("load.test", source="s")
        return True

    with ThreadPoolExecutor(5) as pool:
        jobs = [pool.submit(write, 0), *(pool.submit(read, n) for n in range(4))]
    assert all(job.result() for job in jobs)


READ = """
import sys
from pathlib import Path
from aios_desktop.events.model import EventQuery
from aios_desktop.events.reader import EventReader
reader = EventReader(Path(sys.argv[1]))
print(*[event.id for event in reader.query(EventQuery(type="load.*"))])
reader.close()
"""


def test_another_process_reads_beside_the_writer_and_after_it(
    make_store: Make, clock: FakeClock, tmp_path: Path
) -> None:
    def read_elsewhere() -> list[int]:
        answer = subprocess.run(
            [sys.executable, "-c", READ, str(tmp_path / "events")],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        return [int(word) for word in answer.stdout.split()]

    store = make_store()
    store.open()
    bus = Bus(Stamps(clock), store.append)
    sent = [bus.publish("load.test", source="s") for _ in range(20)]
    assert store.flush(5)
    assert read_elsewhere() == ids(sent)[::-1]
    sent.append(bus.publish("load.test", source="s"))
    assert store.flush(5)
    assert read_elsewhere() == ids(sent)[::-1]
    store.close()
    assert read_elsewhere() == ids(sent)[::-1]


def test_a_read_only_folder_can_be_read(clock: FakeClock, disk: Disk) -> None:
    folder = disk.folder / "events"
    store = EventStore(folder, clock)
    store.open()
    event = Bus(Stamps(clock), store.append).publish("a.b", source="s")
    store.close()
    disk.protect()
    reader = EventReader(folder)
    assert reader.query(EventQuery()) == [event]
    assert reader.get(event.id) == event
    reader.close()


def test_a_file_that_was_replaced_is_opened_anew(
    make_store: Make, clock: FakeClock, tmp_path: Path
) -> None:
    store = make_store()
    store.open()
    bus = Bus(Stamps(clock), store.append)
    bus.publish("a.b", source="s")
    store.close()
    reader = EventReader(tmp_path / "events")
    assert len(reader.query(EventQuery())) == 1
    (file,) = (tmp_path / "events").glob("*.db")
    file.rename(tmp_path / "old.db")
    again = make_store()
    again.open()
    bus = Bus(Stamps(clock), again.append)
    clock.advance(1)
    fresh = [bus.publish("a.b", source="s") for _ in range(2)]
    again.close()
    assert reader.query(EventQuery()) == fresh[::-1]
    reader.close()
