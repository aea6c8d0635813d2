"""``files.quarantine``: what comes back is byte for byte what went, and nothing else is touched."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aios_desktop.clock import SystemClock
from aios_desktop.skills import mover, moving, quarantine
from aios_desktop.skills.action import ActionError, Kind, Presence, Risk, StepPlan, WorldChanged
from aios_desktop.skills.manifest import NAME
from aios_desktop.skills.quarantine import QuarantineFiles
from aios_desktop.skills.selection import age_of, size_text

NEVER = threading.Event()
DAY = 86_400
Facts = dict[str, tuple[str, int, int, int, tuple[str, ...]]]


class Place:
    """A cache with old and new files, and an action that works on it."""

    def __init__(self, root: Path) -> None:
        self.cache = root / "cache" / "pip"
        self.kept = root / "data" / "quarantine"
        self.cache.mkdir(parents=True)
        self.max_gb = 1.0
        self.use(self.kept)

    def use(self, quarantine: Path) -> None:
        """Keep what is moved aside in this folder."""
        self.kept = quarantine
        self.action = QuarantineFiles(
            SystemClock(),
            self.kept,
            max_gb=lambda: self.max_gb,
            folders=lambda: {"pip": self.cache, "npm": self.cache.parent / "missing"},
        )

    def is_on_one_disk(self, folder: Path) -> bool:
        return folder.stat().st_dev == self.cache.stat().st_dev

    def put(
        self, path: str, data: bytes = b"x" * 100, *, days: float = 30, mode: int = 0o640
    ) -> Path:
        file = self.cache / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        file.chmod(mode)
        when = time.time_ns() - int(days * DAY * 1e9) - 123_456_789
        os.utime(file, ns=(when, when))
        return file

    def facts(self) -> Facts:
        """Return everything about the regular files that an undo must bring back."""
        found: Facts = {}
        for file in sorted(self.cache.rglob("*")):
            facts = file.lstat()
            if stat.S_ISREG(facts.st_mode):
                digest = hashlib.sha256(read_unseen(file)).hexdigest()
                attributes = tuple(
                    f"{name}={os.getxattr(file, name)!r}" for name in os.listxattr(file)
                )
                found[str(file.relative_to(self.cache))] = (
                    digest,
                    facts.st_size,
                    facts.st_mtime_ns,
                    stat.S_IMODE(facts.st_mode),
                    attributes,
                )
        return found

    def plan(self, **more: Any) -> StepPlan:
        return self.action.plan({"cache": "pip", "older_than": "14d", **more})

    def run(self, plan: StepPlan) -> Any:
        snapshot = json.loads(json.dumps(dict(self.action.snapshot(plan))))
        self.action.apply(plan, snapshot, NEVER)
        return snapshot

    def files_kept(self) -> list[str]:
        return sorted(
            file.as_posix().split("/files/", 1)[1]
            for file in self.kept.rglob("*")
            if file.is_file() and "/files/" in file.as_posix()
        )


def read_unseen(file: Path) -> bytes:
    """Read a file without leaving the time of the reading in it."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NOATIME)
    try:
        return os.read(descriptor, 1 << 20)
    finally:
        os.close(descriptor)


def left(place: Place) -> list[str]:
    """Return what lies in the quarantine folder."""
    return [file.name for file in place.kept.iterdir()] if place.kept.exists() else []


def settle() -> None:
    """Wait until file stamps, which run a little behind the clock, are surely in the past."""
    threading.Event().wait(0.05)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.put("wheels/a.whl", b"a" * 3000, days=40)
    place.put("wheels/deep/er/b.whl", b"b" * 2000, days=20, mode=0o400)
    place.put("http/new", b"n" * 500, days=1)
    return place


def copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the action believe that cache and quarantine lie on different disks."""
    for module in (mover, quarantine):
        monkeypatch.setattr(module, "same_disk", lambda _one, _two: False)
    monkeypatch.setattr(moving, "on_one_disk", lambda _one, _two: False)


@pytest.fixture(params=["same disk", "copies", "another disk"])
def disk(
    request: pytest.FixtureRequest, place: Place, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Let the quarantine lie on the cache's disk, and on another (where files must be copied)."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        if request.param == "another disk":
            place.use(Path(elsewhere) / "quarantine")
        if request.param == "copies" or (
            request.param == "another disk" and place.is_on_one_disk(Path(elsewhere))
        ):
            copies(monkeypatch)
        yield str(request.param)


def test_the_plan_lists_and_touches_nothing(place: Place) -> None:
    before = place.facts()
    plan = place.plan()
    assert plan.items == ("wheels/a.whl", "wheels/deep/er/b.whl")
    assert plan.item_count == 2
    assert plan.effect.text() == "Moves 2 files, 5 kB, out of the cache pip into quarantine."
    assert (plan.risk, plan.kind, plan.target) == (Risk.MEDIUM, Kind.REVERSIBLE, "pip")
    assert place.facts() == before
    assert not place.kept.exists()
    json.dumps([dict(plan.args), dict(plan.expects)])


def test_old_files_go_and_come_back_exactly(place: Place, disk: str) -> None:
    if disk != "another disk":  # older kernels keep no attributes in memory
        with contextlib.suppress(OSError):
            os.setxattr(place.cache / "wheels/a.whl", "user.origin", b"here")
    before = place.facts()
    plan = place.plan()
    snapshot = place.run(plan)
    assert list(place.facts()) == ["http/new"]
    assert place.files_kept() == ["wheels/a.whl", "wheels/deep/er/b.whl"]
    assert place.action.probe(plan, snapshot) is Presence.PRESENT
    for folder in (place.kept, place.kept / snapshot["id"]):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    place.action.undo(plan, snapshot)
    assert place.facts() == before
    assert place.action.probe(plan, snapshot) is Presence.ABSENT
    assert left(place) == []
    place.action.undo(plan, snapshot)  # once more does nothing


def test_the_list_is_on_the_disk_and_holds_the_hash_of_copies(place: Place, disk: str) -> None:
    plan = place.plan()
    snapshot = place.run(plan)
    lines = [json.loads(x) for x in (place.kept / snapshot["id"] / NAME).read_text().splitlines()]
    hashes = {line["path"]: line["sha256"] for line in lines if "sha256" in line}
    if disk != "same disk":
        assert hashes["wheels/a.whl"] == hashlib.sha256(b"a" * 3000).hexdigest()
        assert len(hashes) == 2
    else:
        assert hashes == {}
    assert lines[-1] == {"end": True}


def test_links_and_files_with_two_names_are_left_alone(place: Place, tmp_path: Path) -> None:
    outside = tmp_path / "precious"
    outside.write_text("keep")
    os.utime(outside, (0, 0))
    (place.cache / "link").symlink_to(outside)
    (place.cache / "folder").symlink_to(tmp_path)
    twice = place.put("twice")
    os.link(twice, place.cache / "again")
    plan = place.plan()
    assert plan.item_count == 2
    place.run(plan)
    assert outside.read_text() == "keep"
    assert (place.cache / "link").is_symlink()
    assert twice.exists()


def test_a_cache_that_is_a_link_is_not_entered(tmp_path: Path) -> None:
    place = Place(tmp_path)
    real = tmp_path / "real"
    place.cache.rename(real)
    place.cache.symlink_to(real)
    (real / "old").write_text("x")
    os.utime(real / "old", (0, 0))
    with pytest.raises(ActionError, match="holds no files"):
        place.plan()


def test_a_folder_swapped_for_a_link_is_refused(place: Place, tmp_path: Path) -> None:
    plan = place.plan()
    snapshot = place.action.snapshot(plan)
    elsewhere = tmp_path / "elsewhere"
    (place.cache / "wheels").rename(elsewhere)
    (place.cache / "wheels").symlink_to(elsewhere)
    with pytest.raises(WorldChanged):
        place.action.apply(plan, snapshot, NEVER)
    assert (elsewhere / "a.whl").exists()


def test_the_oldest_go_first_up_to_the_limit(place: Place) -> None:
    for number in range(10):
        place.put(f"many/{number}", b"m" * 100_000, days=50 + number)
    plan = place.plan(max_gb=0.00035)
    assert plan.items == ("many/9", "many/8", "many/7")
    assert place.action.measure(plan)["old_bytes"] == 300_000
    place.run(plan)
    assert place.action.measure(plan)["old_bytes"] == 0
    assert place.action.measure(plan)["bytes"] == 705_500


def test_a_file_that_was_read_lately_stays(place: Place) -> None:
    file = place.put("used", days=100)
    os.utime(file, ns=(time.time_ns(), file.stat().st_mtime_ns))
    assert "used" not in place.plan().items


def test_a_full_quarantine_refuses(place: Place) -> None:
    place.run(place.plan())
    place.put("more", b"m" * 10_000)
    place.max_gb = 0.000014
    with pytest.raises(ActionError, match=r"holds 5 kB.*would exceed 14 kB"):
        place.plan()


def test_a_disk_without_room_refuses(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "KEPT_FREE_BYTES", 1 << 62)
    with pytest.raises(ActionError, match="are free for the quarantine folder"):
        place.plan()


def test_files_used_since_the_plan_stay_and_the_others_go(place: Place) -> None:
    settle()
    plan = place.plan()
    settle()
    place.put("wheels/a.whl", b"fresh", days=0)
    place.put("later", days=60)  # old by its date, but not on the list
    snapshot = place.run(plan)
    assert place.files_kept() == ["wheels/deep/er/b.whl"]
    place.action.undo(plan, snapshot)
    assert (place.cache / "wheels/a.whl").read_bytes() == b"fresh"


def test_a_cache_that_is_all_new_by_now_is_refused(place: Place) -> None:
    settle()
    plan = place.plan()
    settle()
    for file in ("wheels/a.whl", "wheels/deep/er/b.whl"):
        (place.cache / file).chmod(0o600)
    place.put("wheels/a.whl", b"other", days=99)
    with pytest.raises(WorldChanged, match="Nothing was moved"):
        place.run(plan)
    assert not place.kept.exists()


def test_a_place_that_is_taken_keeps_its_new_file(place: Place, disk: str) -> None:
    plan = place.plan()
    snapshot = place.run(plan)
    place.put("wheels/a.whl", b"newer", days=0)
    with pytest.raises(ActionError, match="Newer files have taken the places of 1 files"):
        place.action.undo(plan, snapshot)
    assert (place.cache / "wheels/a.whl").read_bytes() == b"newer"
    assert (place.cache / "wheels/deep/er/b.whl").read_bytes() == b"b" * 2000
    assert place.files_kept() == ["wheels/a.whl"]
    assert place.action.probe(plan, snapshot) is Presence.PRESENT
    (place.cache / "wheels/a.whl").unlink()
    place.action.undo(plan, snapshot)
    assert (place.cache / "wheels/a.whl").read_bytes() == b"a" * 3000


def test_a_link_in_the_old_place_is_not_followed(place: Place, tmp_path: Path, disk: str) -> None:
    plan = place.plan()
    snapshot = place.run(plan)
    target = tmp_path / "target"
    target.write_bytes(b"t")
    (place.cache / "wheels/a.whl").symlink_to(target)
    with pytest.raises(ActionError):
        place.action.undo(plan, snapshot)
    assert target.read_bytes() == b"t"
    assert place.files_kept() == ["wheels/a.whl"]


def test_a_file_fetched_again_with_the_same_bytes_is_no_conflict(place: Place) -> None:
    plan = place.plan()
    snapshot = place.run(plan)
    place.put("wheels/a.whl", b"a" * 3000, days=0)
    place.action.undo(plan, snapshot)
    assert left(place) == []


def test_folders_that_vanished_are_made_again(place: Place, disk: str) -> None:
    (place.cache / "wheels/deep").chmod(0o750)
    before = place.facts()
    plan = place.plan()
    snapshot = place.run(plan)
    (place.cache / "wheels/deep/er").rmdir()
    (place.cache / "wheels/deep").rmdir()
    place.action.undo(plan, snapshot)
    assert place.facts() == before
    assert stat.S_IMODE((place.cache / "wheels/deep").stat().st_mode) == 0o750


def test_cleanup_deletes_what_was_moved(place: Place) -> None:
    plan = place.plan()
    snapshot = place.run(plan)
    place.action.cleanup(plan, snapshot)
    assert left(place) == []
    assert list(place.facts()) == ["http/new"]
    place.action.cleanup(plan, snapshot)


class After:
    """Tells the action to stop after it has asked some times."""

    def __init__(self, times: int) -> None:
        self.left = times

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.fixture
def full(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Return a cache that is moved in several batches."""
    monkeypatch.setattr(quarantine, "BATCH", 4)
    for number in range(20):
        place.put(f"many/{number}", f"content {number}".encode() * 50)
    settle()
    return place


@pytest.mark.parametrize("asked", range(0, 80, 7))
def test_an_interrupted_move_can_be_undone(full: Place, asked: int, disk: str) -> None:
    place = full
    before = place.facts()
    plan = place.plan()
    snapshot = place.action.snapshot(plan)
    with contextlib.suppress(ActionError):
        place.action.apply(plan, snapshot, After(asked))
    there, kept = set(place.facts()), set(place.files_kept())
    assert there | kept == set(before)
    place.action.undo(plan, snapshot)
    assert place.facts() == before
    assert left(place) == []


@pytest.mark.parametrize("asked", range(0, 80, 7))
def test_an_interrupted_move_can_be_finished(full: Place, asked: int, disk: str) -> None:
    place = full
    before = place.facts()
    plan = place.plan()
    snapshot = place.action.snapshot(plan)
    with contextlib.suppress(ActionError):
        place.action.apply(plan, snapshot, After(asked))
    place.action.apply(plan, snapshot, NEVER)  # a retry goes on where it stopped
    assert place.action.probe(plan, snapshot) is Presence.PRESENT
    assert list(place.facts()) == ["http/new"]
    place.action.undo(plan, snapshot)
    assert place.facts() == before


def test_a_list_cut_off_by_a_crash_is_read_up_to_there(place: Place) -> None:
    before = place.facts()
    plan = place.plan()
    snapshot = place.run(plan)
    file = place.kept / snapshot["id"] / NAME
    file.write_bytes(file.read_bytes().removesuffix(b'{"end": true}\n') + b'{"path": "wheels/c')
    assert place.action.probe(plan, snapshot) is Presence.PARTIAL
    place.action.undo(plan, snapshot)
    assert place.facts() == before


def test_a_damaged_copy_is_not_put_back(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    copies(monkeypatch)
    plan = place.plan()
    snapshot = place.run(plan)
    copy = place.kept / snapshot["id"] / "files/wheels/a.whl"
    copy.write_bytes(b"A" * 3000)
    with pytest.raises(ActionError, match=r"could not be put back.*a\.whl: damaged"):
        place.action.undo(plan, snapshot)
    assert not (place.cache / "wheels/a.whl").exists()
    assert (place.cache / "wheels/deep/er/b.whl").read_bytes() == b"b" * 2000
    assert copy.exists()


@pytest.mark.parametrize("name", ["../x", "1-zzzzzzzz", "", "/etc", "1-00000000/../.."])
def test_a_snapshot_that_points_elsewhere_is_refused(place: Place, name: str) -> None:
    plan = place.plan()
    for act in (place.action.undo, place.action.cleanup, place.action.probe):
        with pytest.raises(ActionError, match="cannot be read"):
            act(plan, {"id": name, "folder": str(place.cache)})


def test_only_known_caches_can_be_named(place: Place) -> None:
    with pytest.raises(ActionError, match="The nearest is pip"):
        place.action.plan({"cache": "pipp"})
    with pytest.raises(ActionError, match="Unknown cache"):
        place.action.plan({"cache": "/etc"})
    with pytest.raises(ActionError, match="holds no files"):
        place.action.plan({"cache": "npm"})


@pytest.mark.parametrize(
    ("text", "seconds"), [("14d", 14 * DAY), ("1h", 3600), ("2w", 14 * DAY), ("90m", 5400)]
)
def test_ages(text: str, seconds: int) -> None:
    assert age_of(text) == seconds


@pytest.mark.parametrize("text", ["", "14", "d", "10min", "-1d", "1.5d", "59m", "99999999d"])
def test_bad_ages(text: str) -> None:
    with pytest.raises(ActionError):
        age_of(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1500, "2 kB"), (46e9, "46.0 GB"), (2.5e12, "2500 GB")],
)
def test_sizes(size: float, text: str) -> None:
    assert size_text(size) == text


NAMES = st.binary(min_size=1, max_size=20).filter(
    lambda raw: b"/" not in raw and b"\0" not in raw and raw not in {b".", b".."}
)


@given(
    st.dictionaries(NAMES, st.tuples(st.binary(max_size=300), st.integers(0, 0o777)), min_size=1)
)
def test_any_name_content_and_mode_comes_back(
    tmp_path_factory: pytest.TempPathFactory, files: dict[bytes, tuple[bytes, int]]
) -> None:
    place = Place(tmp_path_factory.mktemp("any"))
    for name, (data, mode) in files.items():
        file = Path(os.fsdecode(os.fsencode(place.cache / "sub") + b"/" + name))
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(data)
        file.chmod(mode)
        os.utime(file, ns=(1_000_000_000_000_000_001, 1_000_000_000_000_000_003))
    before = {
        file: (file.lstat().st_mode, file.lstat().st_mtime_ns) for file in place.cache.rglob("*")
    }
    plan = place.plan()
    assert plan.item_count == len(files)
    "".join(plan.items).encode("utf-8")
    snapshot = place.run(plan)
    assert [file for file in place.cache.rglob("*") if file.is_file()] == []
    place.action.undo(plan, snapshot)
    after = {
        file: (file.lstat().st_mode, file.lstat().st_mtime_ns) for file in place.cache.rglob("*")
    }
    assert {k: v for k, v in after.items() if k.is_file()} == {
        k: v for k, v in before.items() if k.is_file()
    }


KILLED = """
import json, sys, threading
from pathlib import Path
from aios_desktop.clock import SystemClock
from aios_desktop.skills import quarantine
quarantine.BATCH = 4
cache, kept, asked = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
action = quarantine.QuarantineFiles(
    SystemClock(), kept, max_gb=lambda: 1.0, folders=lambda: {"pip": cache}
)
plan = action.plan({"cache": "pip", "older_than": "14d"})
snapshot = action.snapshot(plan)
print(json.dumps([dict(plan.expects), dict(snapshot)]), flush=True)

class Hangs:
    left = asked
    def is_set(self):
        self.left -= 1
        if self.left < 0:
            print("now", flush=True)
            threading.Event().wait()
        return False

action.apply(plan, snapshot, Hangs())
"""


@pytest.mark.parametrize("asked", [58, 61, 65, 70])
def test_what_a_killed_program_moved_comes_back(full: Place, asked: int, disk: str) -> None:
    place = full
    before = place.facts()
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(place.cache), str(place.kept), str(asked)],
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    expects, snapshot = json.loads(child.stdout.readline())
    assert child.stdout.readline() == b"now\n"
    child.kill()
    child.communicate()
    assert place.files_kept() != []
    plan = replace(place.plan(), expects=expects)
    assert place.action.probe(plan, snapshot) is Presence.PARTIAL
    place.action.undo(plan, snapshot)
    assert place.facts() == before
    assert left(place) == []
