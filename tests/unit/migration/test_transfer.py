"""The commands ``import`` and ``export``, as a person runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aios_desktop.cli import transfer
from aios_desktop.cli.commands import main
from aios_desktop.migration.importer import Importer
from aios_desktop.paths import find
from aios_desktop.runtime.instance import InstanceLock
from tests.unit.migration.old_house import prints, workspace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return workspace(tmp_path)


def run(home: Path, *arguments: str) -> int:
    return main(["--data-dir", str(home), *arguments])


def test_the_report_is_printed_for_people_and_programs(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "home", "import", str(root), "--dry-run") == 0
    text = capsys.readouterr().out
    assert text.startswith("A try: nothing was written.\n")
    assert "aios/data/events.jsonl: 19 lines, 13 records, 12 new, 1 known, 6 refused" in text
    assert "line 2, column 2: not JSON" in text
    assert "k-shell: draft k-shell.yaml" in text
    assert not (tmp_path / "home").exists()
    assert run(tmp_path / "home", "import", str(root), "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["finished"] is True
    loads = {
        p["id"]: p["loads"] for p in report["playbooks"] if p["file"].endswith("playbooks.json")
    }
    assert loads["k-notify"] is True
    assert loads["k-shell"] is False


def test_imported_events_are_found_and_exported(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    assert run(home, "import", str(root)) == 0
    capsys.readouterr()
    assert run(home, "events", "--type", "agent.error", "--json") == 0
    (event,) = json.loads(capsys.readouterr().out)
    assert event["data"]["legacy_id"] == "ev-2"
    assert run(home, "export", "--type", "tie.*") == 0
    assert [json.loads(x)["type"] for x in capsys.readouterr().out.splitlines()] == ["tie.one", "tie.two"]  # fmt: skip
    target = tmp_path / "out.csv"
    assert run(home, "export", "--format", "csv", "--output", str(target)) == 0
    count = len(target.read_text("utf-8").splitlines()) - 1
    assert capsys.readouterr().out == f"{count} events written to {target}\n"
    assert run(home, "export", "--output", str(target), "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer == {"file": str(target), "events": count, "unreadable": []}


def test_beside_a_running_instance_it_refuses_but_a_try_works(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    lock = InstanceLock(find(home).lock)
    assert lock.take()
    before = prints(home)
    try:
        assert run(home, "import", str(root)) == 1
        assert "Quit it, then import." in capsys.readouterr().err
        assert run(home, "import", str(root), "--dry-run") == 0
    finally:
        lock.release()
    assert prints(home) == before
    assert run(home, "import", str(root)) == 0


def test_wrong_words_are_refused(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    assert run(home, "import", str(tmp_path / "none")) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert run(home, "import", str(root), "--timezone", "Nowhere") == 1
    assert "is not a time zone" in capsys.readouterr().err
    assert run(home, "export", "--since", "soon") == 1
    assert run(home, "export", "--output", str(tmp_path)) == 1
    (tmp_path / "empty").mkdir()
    assert run(home, "import", str(tmp_path / "empty")) == 1


def test_a_stopped_import_says_how_to_go_on(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(self: Importer) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Importer, "run", stopped)
    assert run(tmp_path / "home", "import", str(root)) == 1
    assert "import again to continue" in capsys.readouterr().err
    monkeypatch.undo()
    assert run(tmp_path / "home", "import", str(root)) == 0  # the lock was given back


def test_progress_shows_on_a_terminal_after_a_second(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    progress = transfer.Progress()
    progress.show("at once")
    progress.end()
    assert capsys.readouterr().err == ""
    progress._next = 0.0
    progress.show("half")
    progress.end()
    assert capsys.readouterr().err == "\rhalf\r    \r"
