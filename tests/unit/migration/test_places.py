"""Only the named places are read, and no link leads out of the folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aios_desktop.migration.places import Folder, What
from tests.unit.migration.old_house import take

LINE = '{"id": "1", "type": "a.b", "timestamp": 1773100800000}\n'


def house(root: Path, *names: str) -> Folder:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(LINE, "utf-8")
    return Folder(root)


def test_both_forms_of_a_workspace_and_migrated_files_are_found(tmp_path: Path) -> None:
    names = [
        "aios/data/events.jsonl", "data/events.jsonl", "aios/events/archive/x.jsonl.gz.migrated",
        "events.jsonl.migrated", "aios/data/events/2026-03-10.jsonl", "memory/alerts_x.jsonl",
        "aios/data/my_playbooks_old.json", "aios/agent_system/agents/a/playbooks/b/c/d.json",
        "aios/agent_system/task_executions_v2.jsonl.migrated",
    ]  # fmt: skip
    others = [
        "aios/data/events/notes.jsonl", "aios/data/playbook_stats.json", "aios/events/queue/x.txt",
        "aios/data/playbook_cooldowns.json.migrated", "aios/deep/aios/events.jsonl",
        "aios/agent_system/agents/a/b/playbooks/c.json", "memory/other.json", "lessons.json",
    ]  # fmt: skip
    folder = house(tmp_path, *names, *others)
    assert {source.name for source in folder.sources()} == set(names)


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    house(secret, "events.jsonl", "queue/a.jsonl", "playbooks/x.json")
    root = tmp_path / "w"
    house(root, "aios/real.jsonl")
    (root / "aios/data").mkdir()
    (root / "aios/data/events.jsonl").symlink_to(secret / "events.jsonl")
    (root / "aios/events.jsonl").symlink_to("../../secret/events.jsonl")
    (root / "aios/events").symlink_to(secret)
    (root / "aios/playbooks").symlink_to(secret / "playbooks")
    (root / "aios/core").symlink_to(root / "aios/core")  # in a circle
    folder = Folder(root)
    assert folder.sources() == []
    report = take(root, tmp_path / "home")
    assert report["files"] == []
    assert sum("leads out of the folder" in note for note in report["notes"]) >= 4


def test_a_link_inside_the_folder_is_read_once(tmp_path: Path) -> None:
    house(tmp_path, "aios/data/events.jsonl")
    (tmp_path / "data").symlink_to("aios/data")
    (tmp_path / "aios/events.jsonl").hardlink_to(tmp_path / "aios/data/events.jsonl")
    folder = Folder(tmp_path)
    assert [source.name for source in folder.sources()] == ["aios/data/events.jsonl"]
    assert folder.twice == ["data/events.jsonl", "aios/events.jsonl"]


def test_a_file_that_becomes_a_link_after_the_look_is_refused(tmp_path: Path) -> None:
    house(tmp_path / "w", "aios/data/events.jsonl", "aios/events/events.jsonl")
    house(tmp_path / "secret", "events.jsonl")
    folder = Folder(tmp_path / "w")
    one, two = folder.sources()
    (tmp_path / "w/aios/data/events.jsonl").unlink()
    (tmp_path / "w/aios/data/events.jsonl").symlink_to(tmp_path / "secret/events.jsonl")
    (tmp_path / "w/aios/events/events.jsonl").unlink()
    (tmp_path / "w/aios/events").rmdir()
    (tmp_path / "w/aios/events").symlink_to(tmp_path / "secret")
    for source in (one, two):
        with pytest.raises(OSError, match=r"symbolic links|Not a directory"):
            folder.open(source)


def test_what_is_no_file_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "aios/data/events.jsonl").mkdir(parents=True)
    os.mkfifo(tmp_path / "aios/events.jsonl")
    assert Folder(tmp_path).sources() == []


def test_odd_names_can_be_shown(tmp_path: Path) -> None:
    house(tmp_path, "aios/events/queue/a.jsonl")
    path = tmp_path / "aios/events/queue/a.jsonl"
    path.rename(path.with_name(os.fsdecode(b"\xff.jsonl")))
    (source,) = Folder(tmp_path).sources()
    assert source.what is What.EVENTS
    source.name.encode()
    assert take(tmp_path, tmp_path / "home")["files"][0]["records"] == 1


def test_a_data_folder_under_another_name_is_recognised(tmp_path: Path) -> None:
    folder = house(tmp_path / "copy", "events.jsonl", "events/2026-03-10.jsonl", "playbooks.json")
    assert [source.name for source in folder.sources()] == [
        "events.jsonl",
        "events/2026-03-10.jsonl",
        "playbooks.json",
    ]
