"""Things that are broken around us: each gives a clear message, and the rest works.

Full and read-only disks are real small file systems, mounted in a mount namespace of their own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeDesktop
from tests.e2e.desktop import Desktop, Program, until
from tests.e2e.story import Hog, answers, ask, look, start_daemon, the_question

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

BROKEN = {
    "yaml.yaml": ("schema: 1\nid: [a\n", 2, ""),
    "field.yaml": ("schema: 1\nid: f\ntitle: F\ntriger: [a.b]\nsteps: [{do: notify}]\n", 4, "trigger"),
    "action.yaml": (
        "schema: 1\nid: a\ntitle: A\ntrigger: [a.b]\nsteps:\n  - do: process.suspnd\n", 6, "process.suspend",
    ),
    "condition.yaml": (
        "schema: 1\nid: c\ntitle: C\ntrigger: [resource.high]\nwhen: event.valu > 1.0\n"
        "steps: [{do: notify, with: {text: x}}]\n", 5, "event.value",
    ),
    "risk.yaml": (
        'schema: 1\nid: r\ntitle: R\ntrigger: [resource.high]\nrisk: low\n'
        'steps: [{do: process.suspend, with: {process: "=event.top.key"}}]\n', 5, "medium",
    ),
}  # fmt: skip


@pytest.fixture
def bare(make_desktop: MakeDesktop) -> Desktop:
    return make_desktop(display=False, bus=False)


def notices(desktop: Desktop) -> str:
    return " | ".join(notice["text"] for notice in look(desktop, "status")["notices"])


def test_broken_playbooks_are_refused_by_place_and_the_others_work(bare: Desktop) -> None:
    folder = bare.data_dir / "config" / "playbooks"
    folder.mkdir(parents=True, mode=0o700)
    good = "schema: 1\nid: mine\ntitle: Mine\ntrigger: [my.event]\nsteps: [{do: notify, with: {text: hi}}]\n"
    (folder / "mine.yaml").write_text(good)
    start_daemon(bare)
    for name, (text, _line, _nearest) in BROKEN.items():
        (folder / name).write_text(text)
    (folder / "mine.yaml").write_text(good.replace("steps", "stps"))
    until(lambda: len(look(bare, "playbooks")[1]) >= len(BROKEN) + 1, "all are refused")
    found, faults = ask(bare, "playbook", "list")
    by_file = {Path(fault["file"]).name: fault for fault in faults}
    for name, (_text, line, nearest) in BROKEN.items():
        assert (by_file[name]["line"], by_file[name]["nearest"]) == (line, nearest), by_file[name]
    assert by_file["mine.yaml"]["kept_version"]
    assert {"mine", "suspend_runaway", "reduce_heartbeat_freq"} <= {row["id"] for row in found}
    assert "playbooks are refused" in notices(bare)
    ask(bare, "emit", "my.event")
    until(lambda: any(r["playbook"] == "mine" for r in look(bare, "runs")), "the kept version runs")


def test_playbook_check_says_the_same_without_an_instance(bare: Desktop, tmp_path: Path) -> None:
    for name, (text, line, nearest) in BROKEN.items():
        file = tmp_path / name
        file.write_text(text)
        done = bare.run("playbook", "check", str(file))
        assert done.returncode == 1
        assert f"{file}:{line}:" in done.stdout, done.stdout
        assert nearest in done.stdout


def test_a_corrupt_day_and_a_corrupt_state_are_moved_aside(bare: Desktop) -> None:
    program = start_daemon(bare)
    ask(bare, "emit", "my.first")
    program.terminate()
    data = bare.data_dir / "data"
    (day,) = (data / "events").glob("*.db")
    for file in (day, data / "state.db"):
        for extra in ("-wal", "-shm"):
            file.with_name(file.name + extra).unlink(missing_ok=True)
        file.write_bytes(b"this is not a database " * 400)
    start_daemon(bare)
    assert day.name in notices(bare)
    assert "state.db" in notices(bare)
    kept = [p.name for p in data.rglob("*corrupt*")]
    assert len(kept) >= 2, kept
    ask(bare, "emit", "my.second")
    assert ask(bare, "events", "--type", "my.*")[0]["type"] == "my.second"
    assert ask(bare, "score")["value"] is not None


def own_mounts() -> list[str]:
    """Return the command that gives a program mounts of its own: as root, or in a user namespace."""
    unshare = shutil.which("unshare") or "unshare"
    ways = ([unshare, "--mount", "--"], [unshare, "--user", "--map-root-user", "--mount", "--"])
    for way in ways:
        try_it = [*way, "mount", "-t", "tmpfs", "none", "/mnt"]
        if subprocess.run(try_it, capture_output=True).returncode == 0:
            return way
    raise LookupError("this machine lets nobody mount a small disk; run the tests as root")


def in_small_disk(desktop: Desktop, *, size: str, read_only: bool = False) -> Program:
    """Start the daemon with its data folder on a small file system that only it can see."""
    place = desktop.data_dir / "data"
    place.mkdir(parents=True, mode=0o700, exist_ok=True)
    script = (
        "import os, subprocess, sys\n"
        "place, size, read_only, *command = sys.argv[1:]\n"
        "mount = ['mount', '-t', 'tmpfs', '-o', f'size={size},mode=0700', 'none', place]\n"
        "subprocess.run(mount, check=True)\n"
        "if read_only == 'yes':\n"
        "    subprocess.run(['mount', '-o', 'remount,ro', place], check=True)\n"
        "os.execv(command[0], command)\n"
    )
    unshare = own_mounts()
    command = [sys.executable, "-c", script, str(place), size, "yes" if read_only else "no"]
    program = desktop.start("app", *unshare, *command, *desktop.app_command("daemon"))
    until(lambda: answers(desktop), "the daemon answers", 15)
    return program


def test_a_read_only_data_folder_is_said_and_nothing_is_changed(bare: Desktop) -> None:
    in_small_disk(bare, size="8m", read_only=True)
    text = notices(bare)
    assert "state.db" in text, text
    assert "events" in text, text
    hog = Hog(bare)
    until(lambda: bool(look(bare, "events", type="resource.high")), "the hog is noticed", 25)
    event = ask(bare, "events", "--type", "resource.high")[0]
    until(lambda: bool(look(bare, "why", id=event["id"])["candidates"]), "it is decided")
    gates = {found["gate"] for found in ask(bare, "why", str(event["id"]))["candidates"]}
    assert gates == {"journal"}
    assert ask(bare, "approvals") == []
    assert hog.runs()
    assert ask(bare, "score")["value"] < 0.7


def test_a_full_disk_is_said_counted_and_left_behind(bare: Desktop) -> None:
    program = in_small_disk(bare, size="1m")
    filler = Path(f"/proc/{child_of(program)}/root{bare.data_dir}/data/filler")
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 65536)
        except OSError:
            pass
    # larger than the little that SQLite can still put into pages it has
    for _ in range(12):
        data = json.dumps({"text": "y" * 30_000})
        bare.run("emit", "my.large", "--data", data)
    until(lambda: "full" in notices(bare).lower(), "the full disk is said")
    assert ask(bare, "score")["value"] is not None
    filler.unlink()
    until(lambda: "full" not in notices(bare).lower(), "it resumes by itself", 20)
    ask(bare, "emit", "my.after")
    assert ask(bare, "events", "--type", "my.after")


def child_of(program: Program) -> int:
    """Return the process that lives in the mount namespace (the one after setpriv and unshare)."""
    import psutil

    root = psutil.Process(program.pid)
    family = [root, *root.children(recursive=True)]
    return next(p.pid for p in family if "unshare" not in p.name() and "daemon" in p.cmdline())


def test_no_display_is_said_and_the_daemon_is_named(bare: Desktop) -> None:
    done = bare.run(patience_s=30)
    assert done.returncode == 1
    assert "aios-desktop daemon" in done.stderr, done.stderr


def test_no_session_bus_leaves_the_rest_working(bare: Desktop) -> None:
    start_daemon(bare)
    Hog(bare)
    assert the_question(bare)["risk"] == "medium"
