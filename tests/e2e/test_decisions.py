"""Deny, deadline, two answers at once, and kills: the real program without a window."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import time

import pytest

from tests.e2e.conftest import MakeDesktop
from tests.e2e.desktop import Desktop, Program, until
from tests.e2e.story import Hog, answers, ask, is_done, run_when, start_daemon, the_question

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

# The hog is asked about at once: the low-risk playbook before it would only cost time here.
ONLY_SUSPEND = """\
schema: 1
id: reduce_heartbeat_freq
title: Switched off for this test
trigger: [resource.high]
enabled: false
steps: [{do: notify, with: {text: never}}]
"""


@pytest.fixture
def bare(make_desktop: MakeDesktop) -> Desktop:
    """A session without display; the hog is asked about after a second."""
    desktop = make_desktop(display=False, bus=False)
    config = desktop.data_dir / "config"
    (config / "playbooks").mkdir(parents=True, mode=0o700)
    (config / "config.toml").write_text("[signals]\nraise_after = 1.0\nclear_after = 2.0\n")
    (config / "playbooks" / "heartbeat.yaml").write_text(ONLY_SUSPEND)
    return desktop


def option(desktop: Desktop, text: str) -> None:
    with (desktop.data_dir / "config" / "config.toml").open("a") as file:
        file.write(text)


def test_denying_changes_nothing(bare: Desktop) -> None:
    start_daemon(bare)
    hog = Hog(bare)
    question = the_question(bare)
    assert ask(bare, "approvals", "deny", str(question["id"]))["ok"]
    run = run_when(bare, question["run"], is_done)
    assert run["outcome"] == "denied"
    assert hog.runs()
    late = bare.run("approvals", "approve", str(question["id"]))
    assert (late.returncode, "denied before" in late.stdout) == (1, True)
    assert hog.runs()


def test_silence_denies_when_the_deadline_passes(bare: Desktop) -> None:
    option(bare, "[reactor]\napproval_minutes = 0.05\n")
    start_daemon(bare)
    hog = Hog(bare)
    question = the_question(bare)
    run = run_when(bare, question["run"], is_done)
    assert run["outcome"] == "expired"
    assert hog.runs()
    assert run["finished"] - run["created"] == pytest.approx(3.0, abs=1.5)


def test_two_answers_at_once_act_once(bare: Desktop) -> None:
    start_daemon(bare)
    Hog(bare)
    question = the_question(bare)
    command = bare.app_command("approvals", "approve", str(question["id"]), "--json")
    both = [
        subprocess.Popen(command, env=bare.env, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    said = [process.communicate(timeout=30)[0] for process in both]
    assert sorted(process.returncode for process in both) == [0, 1], said
    run_when(bare, question["run"], is_done)
    trace = ask(bare, "events", "--trace", str(question["trace"]), "--type", "action.triggered")
    assert [event["data"]["action"] for event in trace] == ["process.suspend"]


def phases(desktop: Desktop, run_id: int) -> list[str]:
    """Read the journal from outside, as it is on the disk."""
    file = desktop.data_dir / "data" / "state.db"
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
        rows = connection.execute("SELECT phase FROM journal WHERE run = ? ORDER BY seq", (run_id,))
        found = [str(row[0]) for row in rows]
    connection.close()
    return found


def kill_at(desktop: Desktop, program: Program, run_id: int, phase: str) -> list[str]:
    """Kill the program as soon as the journal shows the phase; return what it shows then."""
    deadline = time.monotonic() + 15
    while phase not in phases(desktop, run_id):
        assert time.monotonic() < deadline, phases(desktop, run_id)
    program.kill()
    return phases(desktop, run_id)


@pytest.mark.parametrize("phase", ["decided", "step_started", "step_done", "verifying"])
def test_kill_9_repeats_nothing_and_forgets_nothing(bare: Desktop, phase: str) -> None:
    program = start_daemon(bare)
    hog = Hog(bare)
    question = the_question(bare)
    command = bare.app_command("approvals", "approve", str(question["id"]))
    approving = subprocess.Popen(command, env=bare.env, stdout=subprocess.DEVNULL)
    at_kill = kill_at(bare, program, question["run"], phase)
    approving.wait(20)
    stopped_at_kill = hog.is_stopped()

    start_daemon(bare)
    run = run_when(bare, question["run"], is_done, 60)
    journal = phases(bare, question["run"])
    assert journal.count("step_started") == at_kill.count("step_started"), "a step was repeated"
    if "step_started" not in at_kill:
        assert (run["outcome"], run["undo"]) == ("interrupted", "none")
        assert hog.runs()
    elif stopped_at_kill:
        assert (run["outcome"], run["undo"]) == ("fixed", "possible"), run
        assert ask(bare, "undo", str(run["id"]))["ok"]
        until(hog.runs, "the hog runs again")
    else:
        assert run["outcome"] in {"interrupted", "fixed"}, run
        if run["outcome"] == "interrupted":
            assert hog.runs()


def test_a_question_survives_kill_9_and_can_be_answered_after(bare: Desktop) -> None:
    program = start_daemon(bare)
    hog = Hog(bare)
    question = the_question(bare)
    program.kill()
    start_daemon(bare)
    again = the_question(bare)
    assert (again["id"], again["digest"]) == (question["id"], question["digest"])
    assert ask(bare, "approvals", "approve", str(question["id"]))["ok"]
    run = run_when(bare, question["run"], is_done)
    assert run["outcome"] == "fixed", run
    assert hog.is_stopped()
    assert ask(bare, "undo", str(run["id"]))["ok"]
    until(hog.runs, "the hog runs again")


def test_a_second_daemon_on_the_same_folder_is_refused(bare: Desktop) -> None:
    start_daemon(bare)
    second = bare.run("daemon", "--for", "1")
    assert second.returncode == 1
    assert "already runs" in second.stderr
    assert answers(bare)


def test_the_story_is_told_offline_too(bare: Desktop) -> None:
    program = start_daemon(bare)
    Hog(bare)
    question = the_question(bare)
    ask(bare, "approvals", "deny", str(question["id"]))
    run_when(bare, question["run"], is_done)
    program.terminate()
    rows = ask(bare, "events", "--trace", str(question["trace"]))
    types = [row["type"] for row in reversed(rows)]
    assert types[:2] == ["resource.high", "scheduler.decision"]
    assert types[-1] in {"run.finished", "resource.normal"}
    why = ask(bare, "why", str(question["trace"]))
    gates = {found["playbook"]: found["gate"] for found in why["candidates"]}
    assert gates == {"reduce_heartbeat_freq": "enabled", "suspend_runaway": ""}
    assert ask(bare, "runs")[0]["outcome"] == "denied"


def test_the_quarantine_moves_aside_and_brings_back(bare: Desktop) -> None:
    cache = bare.home / ".cache" / "pip" / "http"
    cache.mkdir(parents=True)
    old = time.time() - 30 * 86400
    contents = {}
    for i in range(25):
        file = cache / f"wheel{i}.body"
        file.write_bytes(bytes([i]) * 700_000)
        os.utime(file, (old, old))  # reading it now would make it used
        contents[file] = (bytes([i]) * 700_000, file.stat().st_mtime_ns, file.stat().st_mode)
    fresh = cache / "fresh.body"
    fresh.write_bytes(b"new")
    start_daemon(bare)
    ask(bare, "emit", "cache.large", "--target", "pip", "--data",
        '{"cache": "pip", "bytes": 17500000, "old_bytes": 17500000, "files": 26}')  # fmt: skip
    question = the_question(bare)
    assert (question["risk"], question["steps"][0]["item_count"]) == ("medium", 25)
    assert "18 MB" in question["steps"][0]["effect"], question["steps"][0]
    ask(bare, "approvals", "approve", str(question["id"]))
    run = run_when(bare, question["run"], is_done)
    assert run["outcome"] == "fixed", run
    assert not any(file.exists() for file in contents)
    assert fresh.read_bytes() == b"new"
    assert ask(bare, "undo", str(run["id"]))["ok"]
    run_when(bare, question["run"], lambda found: found["undo"] == "done")
    after = {f: (f.read_bytes(), f.stat().st_mtime_ns, f.stat().st_mode) for f in contents}
    assert after == contents
