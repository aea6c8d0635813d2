"""What the end-to-end stories share: asking the running program, and a hog to be noticed."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from tests.e2e.desktop import Desktop, Program, until

HOG = Path(__file__).with_name("hog.py")


def ask(desktop: Desktop, *arguments: str) -> Any:
    """Run a command with ``--json`` and return what it printed; fails when the command does."""
    done = desktop.run(*arguments, "--json")
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return json.loads(done.stdout)


def answers(desktop: Desktop) -> bool:
    """Say whether the program answers."""
    return desktop.run("status", "--json").returncode == 0


def start_daemon(desktop: Desktop) -> Program:
    """Start the program without a window and wait until it answers."""
    program = desktop.start_app("daemon")
    until(lambda: answers(desktop), "the daemon answers", 15)
    return program


class Hog:
    """The hog as a process tree."""

    def __init__(self, desktop: Desktop, seconds: int = 120) -> None:
        self.started = time.monotonic()
        self.program = desktop.start("hog", sys.executable, str(HOG), "--seconds", str(seconds))
        until(lambda: len(self.tree()) > 1, "the hog has children")

    def tree(self) -> list[psutil.Process]:
        """Return the hog and its children."""
        root = psutil.Process(self.program.pid)
        found = [root, *root.children(recursive=True)]
        # setpriv is the leader that our own spawn puts around every program
        return [p for p in found if p.name() != "setpriv"]

    def states(self) -> set[str]:
        """Return the states of all its processes."""
        return {process.status() for process in self.tree()}

    def is_stopped(self) -> bool:
        """Say whether every process of it is suspended."""
        return self.states() == {psutil.STATUS_STOPPED}

    def runs(self) -> bool:
        """Say whether none of it is suspended."""
        return psutil.STATUS_STOPPED not in self.states()


def the_question(desktop: Desktop, patience_s: float = 40) -> dict[str, Any]:
    """Wait for the one question that waits, and return it."""
    found: list[dict[str, Any]] = []

    def asked() -> bool:
        found[:] = ask(desktop, "approvals")
        return bool(found)

    until(asked, "a question waits", patience_s)
    assert len(found) == 1
    return found[0]


def run_when(
    desktop: Desktop, run_id: int, reached: Callable[[dict[str, Any]], bool], patience_s: float = 40
) -> dict[str, Any]:
    """Wait until a run is as wished, and return it."""
    last: dict[str, Any] = {}

    def there() -> bool:
        last.clear()
        last.update(ask(desktop, "runs", str(run_id)))
        return reached(last)

    try:
        until(there, f"run {run_id}", patience_s)
    except TimeoutError as error:
        raise TimeoutError(f"{error}: {last}") from None
    return last


def is_done(run: dict[str, Any]) -> bool:
    """Say whether a run has come to its end."""
    return bool(run["state"] == "done")
