"""Every command in README.md runs."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.conftest import MakeDesktop
from tests.e2e.desktop import Desktop, until
from tests.e2e.story import answers, ask, start_daemon

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
RUN_BELOW = {
    "bash packaging/run.sh",
    "bash packaging/test.sh",
    "timeout 120 sh -c 'while :; do :; done & while :; do :; done'",
    ".venv/bin/aios-desktop events --limit 20",
    ".venv/bin/aios-desktop why ID",
    ".venv/bin/python tests/check.py",
    ".venv/bin/python packaging/i18n.py update",
    ".venv/bin/python packaging/sprites.py",
}


def commands() -> set[str]:
    """Return what README shows as a command: fenced lines, and inline ones that start a program."""
    fenced = re.findall(r"```\n(.*?)```", README, re.DOTALL)
    lines = {line.split("  #")[0].strip() for block in fenced for line in block.splitlines()}
    inline = set(re.findall(r"`((?:bash|timeout|\.venv/bin/)[^`]*)`", README))
    return lines | inline


def test_each_command_is_one_that_is_run_here() -> None:
    assert commands() == RUN_BELOW
    fences = re.findall(r"```\n(.*?)```", README, re.DOTALL)
    assert [line.split()[:2] for line in fences[0].strip().splitlines()] == [
        ["bash", "packaging/run.sh"],
        ["bash", "packaging/test.sh"],
    ]


def test_every_link_and_picture_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target
    with Image.open(ROOT / "docs/images/office.png") as picture:
        assert picture.width >= 1280
    with Image.open(ROOT / "docs/images/story.gif") as story:
        assert getattr(story, "n_frames", 1) > 1
    assert (ROOT / "docs/images/story.gif").stat().st_size < 2_000_000


def in_checkout(desktop: Desktop, *command: str, patience_s: float = 60) -> tuple[int, str, float]:
    start = time.monotonic()
    done = subprocess.run(
        command, cwd=ROOT, env=desktop.env, capture_output=True, text=True, timeout=patience_s
    )
    return done.returncode, done.stdout + done.stderr, time.monotonic() - start


def test_run_sh_opens_the_window(desktop: Desktop) -> None:
    picture = desktop.folder / "window.png"
    arguments = ["--data-dir", str(desktop.data_dir), "--screenshot", str(picture), "--after", "2"]
    code, said, took = in_checkout(desktop, "bash", "packaging/run.sh", *arguments)
    assert code == 0, said
    assert took < 15
    with Image.open(picture) as window:
        assert window.width >= 1000


def test_run_sh_without_a_display_says_so_and_watches(make_desktop: MakeDesktop) -> None:
    desktop = make_desktop(display=False)
    arguments = ["--data-dir", str(desktop.data_dir), "--for", "2"]
    code, said, took = in_checkout(desktop, "bash", "packaging/run.sh", *arguments)
    assert code == 0, said
    assert "daemon" in said
    assert "watches this machine" in said
    assert took < 15


def test_test_sh_sets_up_and_calls_the_check(make_desktop: MakeDesktop) -> None:
    desktop = make_desktop(display=False, bus=False)
    code, said, took = in_checkout(desktop, "bash", "packaging/test.sh", "--help")
    assert code == 0, said
    assert "--fast" in said
    assert took < 15


def test_the_hog_is_one(make_desktop: MakeDesktop) -> None:
    desktop = make_desktop(display=False, bus=False)
    (command,) = (found for found in RUN_BELOW if found.startswith("timeout"))
    shell = re.search(r"sh -c '(.*)'", command)
    assert shell is not None
    code, _said, took = in_checkout(desktop, "timeout", "1", "sh", "-c", shell.group(1))
    assert (code, took < 5) == (124, True)


def test_events_and_why(make_desktop: MakeDesktop) -> None:
    desktop = make_desktop(display=False, bus=False)
    start_daemon(desktop)
    until(lambda: answers(desktop), "it answers")
    rows = ask(desktop, "events", "--limit", "20")
    assert rows
    why = ask(desktop, "why", str(rows[0]["id"]))
    assert why["summary"]


@pytest.mark.parametrize(
    "words", ["tests/check.py --help", "packaging/i18n.py check", "packaging/sprites.py --check"]
)
def test_the_tools_of_contributors(make_desktop: MakeDesktop, words: str) -> None:
    desktop = make_desktop(display=False, bus=False)
    code, said, _took = in_checkout(desktop, str(ROOT / ".venv/bin/python"), *words.split())
    assert code == 0, said
