"""A whole workspace is taken over: counts as expected, once, and without a trace in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aios_desktop.errors import AiosError
from aios_desktop.events.model import Event, EventQuery
from aios_desktop.events.reader import EventReader
from aios_desktop.migration.importer import Importer
from aios_desktop.migration.places import Folder
from aios_desktop.paths import find
from tests.unit.migration.old_house import DATA, NOW, by_name, prints, take, workspace

EXPECTED: dict[str, Any] = json.loads((DATA / "expected.json").read_text("utf-8"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return workspace(tmp_path)


def stored(home: Path, **query: Any) -> list[Event]:
    reader = EventReader(find(home).events)
    try:
        return reader.query(EventQuery(limit=1000, **query))[::-1]
    finally:
        reader.close()


def lines(home: Path, kind: str) -> list[dict[str, Any]]:
    text = (find(home).data / "imported" / f"{kind}.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_every_file_is_counted_as_expected(root: Path, tmp_path: Path) -> None:
    report = take(root, tmp_path / "home")
    files = by_name(report)
    assert list(files) == list(EXPECTED["files"])
    for name, expected in EXPECTED["files"].items():
        file = files[name]
        file["refused_lines"] = [[x["line"], x["why"]] for x in file["refused_lines"]]
        assert {key: file.get(key, 0) for key in expected} == expected, name
        assert file["records"] == file["new"] + file["known"], name
    found = [[p["file"], p["id"], p["form"], p["verdict"]] for p in report["playbooks"]]
    assert found == EXPECTED["playbooks"]
    for key in ("kept", "stored_events", "playbooks_total", "heartbeat", "agents_distinct", "zone"):
        assert report[key] == EXPECTED[key], key
    assert report["finished"]


def test_a_second_import_adds_nothing_and_writes_no_draft_anew(root: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    take(root, home)
    drafts = find(home).playbooks / "drafts"
    (drafts / "k-shell.yaml").write_text("# mine now\n", "utf-8")
    (drafts / "m.yaml").unlink()
    before, events = prints(home), stored(home)
    report = take(root, home)
    assert sum(file["new"] for file in report["files"]) == 0
    assert report["stored_events"] == 0
    assert report["playbooks_total"] == EXPECTED["playbooks_total"]
    assert stored(home) == events
    after = prints(home)
    files = {name for name in before if Path(home / name).is_file()}
    changed = {name for name in files if before[name].split()[1] != after[name].split()[1]}
    assert changed <= {"data/imported/ledger.db"}
    assert {x for x in after if not x.endswith(("-wal", "-shm"))} == set(before)


def test_the_folder_is_as_it_was(root: Path, tmp_path: Path) -> None:
    before = prints(root)
    take(root, tmp_path / "home")
    assert prints(root) == before


def test_a_dry_run_counts_the_same_and_writes_nothing(root: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    dry = take(root, home, dry_run=True)
    assert not home.exists()
    real = take(root, home)
    for report in (dry, real):
        del report["dry_run"], report["stored_events"]
    assert dry == real
    before = prints(home)
    again = take(root, home, dry_run=True)
    assert sum(file["new"] for file in again["files"]) == 0
    assert prints(home) == before


@pytest.mark.parametrize("inner", ["aios", "aios/data"])
def test_the_inner_folders_can_be_given_as_well(root: Path, tmp_path: Path, inner: str) -> None:
    report = take(root / inner, tmp_path / "home")
    found = {f"{inner}/{name}" for name in by_name(report)}
    wanted = {name for name in EXPECTED["files"] if name.startswith(inner + "/")}
    assert found == wanted
    assert len(wanted) > 8


def test_events_lie_in_the_file_of_their_utc_day_with_their_origin(
    root: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    take(root, home)
    events = stored(home)
    assert {event.data["origin"] for event in events} == {"import"}
    ids = [event.id for event in events]
    assert len(set(ids)) == len(ids) == EXPECTED["stored_events"]
    names = sorted(path.name for path in find(home).events.glob("*.db"))
    assert names == ["2026-03-08.db", "2026-03-09.db", "2026-03-10.db"]
    (error,) = (x for x in stored(home, type="error.occurred") if x.source == "watch")
    assert error.time == 1773100807.0
    assert error.data["legacy_id"] == "ev-9"
    assert error.data["legacy_type"] == "error.disk"
    assert error.data["legacy_severity"] == "weird"


def test_events_of_the_same_moment_get_the_microseconds_after_it(
    root: Path, tmp_path: Path
) -> None:
    take(root, tmp_path / "home")
    ties = [x.id for x in stored(tmp_path / "home", type="tie.*")]
    assert ties == [1773100809000001, 1773100809000002]


def test_what_older_versions_called_success_is_not_believed(root: Path, tmp_path: Path) -> None:
    take(root, tmp_path / "home")
    outcomes = {
        x["record"]["reaction_id"]: x["outcome"] for x in lines(tmp_path / "home", "reactions")
    }
    assert outcomes == {"r1": "nothing_done", "r2": "dry_run", "r3": "fixed", "r4": "unknown"}
    events = stored(tmp_path / "home", type="action.completed")
    assert [x.data["outcome"] for x in events] == ["unknown", "nothing_done"]


def test_lessons_are_proposed_unless_somebody_verified_them(root: Path, tmp_path: Path) -> None:
    take(root, tmp_path / "home")
    lessons = {x["text"]: x["status"] for x in lines(tmp_path / "home", "lessons")}
    assert lessons == {
        "核对": "confirmed", "wait": "proposed", "ask first": "proposed", "do it": "proposed",
        "rule": "proposed", "be brief": "proposed",
    }  # fmt: skip
    tasks = {x["record"].get("lesson_id"): x for x in lines(tmp_path / "home", "tasks")}
    assert tasks["l-1"]["status"] == "failed"
    assert len(tasks["l-1"]["error"]) == 501
    assert tasks["l-1"]["record"]["error_message"].startswith("<html>")  # the newer one


def test_scores_are_series_of_their_own_and_an_empty_day_is_a_gap(
    root: Path, tmp_path: Path
) -> None:
    take(root, tmp_path / "home")
    first, second = lines(tmp_path / "home", "series")
    assert first["series"]["v05.evolution_score"] == 0.33
    assert first["series"]["v05.tool_p95_ms.exec"] == 8
    assert first["series"]["v05.resource.avg_cpu"] == 2.5
    assert second["gap"] is True
    assert second["series"] == {}


def test_nothing_that_is_not_named_is_read(root: Path, tmp_path: Path) -> None:
    take(root, tmp_path / "home")
    found = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())
    assert b"never.read" not in found
    assert b"secret" not in found
    assert b"a diary" not in found


def test_garbled_text_is_kept_and_its_repair_is_offered(root: Path, tmp_path: Path) -> None:
    take(root, tmp_path / "home")
    (event,) = stored(tmp_path / "home", type="note.garbled")
    assert event.data["text"] == "纾佺洏绌洪棿涓嶈冻"
    assert event.data["mojibake"] == {"payload.text": "磁盘空间不足"}


def test_events_to_come_are_kept_out_of_the_store(root: Path, tmp_path: Path) -> None:
    report = take(root, tmp_path / "home", now=1773100805.5)
    newest = stored(tmp_path / "home")[-1]
    assert newest.time <= 1773100805.5
    assert report["kept"]["future_events"] == len(lines(tmp_path / "home", "future_events")) > 5
    assert sum(f["new"] for f in take(root, tmp_path / "home", now=NOW)["files"]) > 0


def test_it_says_which_events_the_store_will_not_keep(root: Path, tmp_path: Path) -> None:
    home, now = tmp_path / "home", 1773100805.5 + 10 * 86400
    report = take(root, home, keep_days=10, now=now)
    old = sum(event.time < now - 10 * 86400 for event in stored(home))
    assert 0 < old < EXPECTED["stored_events"]
    assert report["notes"][-1].startswith(f"{old} new events are older than 10 days")
    assert take(root, home, keep_days=10, now=now)["notes"] == []


def test_local_times_without_any_pair_use_the_given_zone(tmp_path: Path) -> None:
    root = tmp_path / "w"
    (root / "aios").mkdir(parents=True)
    record = {"ts": "2026-03-10T12:00:00", "event_type": "a.b", "data": {}}
    (root / "aios/events.jsonl").write_text(json.dumps(record), "utf-8")
    report = take(root, tmp_path / "home", timezone="Asia/Tokyo")
    (event,) = stored(tmp_path / "home")
    assert event.time == 1773111600.0
    assert report["zone"]["assumed"] == 1
    assert "--timezone" in " ".join(take(root, tmp_path / "other")["notes"])


def test_a_damaged_database_costs_what_is_damaged(root: Path, tmp_path: Path) -> None:
    path = root / "aios/storage/aios.db"
    path.write_bytes(b"SQLite format 3\0" + b"\x07" * 3000)
    file = by_name(take(root, tmp_path / "home"))["aios/storage/aios.db"]
    assert (file["records"], file["refused_why"]) == (0, {"cannot be read": 1})


def test_an_import_that_is_stopped_goes_on_with_the_next_one(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, calls = tmp_path / "home", 0
    take_one = Importer._record

    def stopped(self: Importer, *given: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 17:
            raise KeyboardInterrupt
        take_one(self, *given)

    monkeypatch.setattr(Importer, "_record", stopped)
    with pytest.raises(KeyboardInterrupt):
        take(root, home)
    monkeypatch.undo()
    assert len(stored(home)) == 12
    report = take(root, home)
    assert len(stored(home)) == EXPECTED["stored_events"] == 12 + report["stored_events"]


def test_an_empty_folder_and_none_at_all(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    report = take(tmp_path / "empty", tmp_path / "home")
    assert report["files"] == []
    assert "Nothing of an older AIOS" in report["notes"][0]
    with pytest.raises(AiosError, match="cannot be read"):
        Folder(tmp_path / "missing")
