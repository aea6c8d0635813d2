"""What the end-to-end stories share: asking the running program, and a hog to be noticed."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from aios_desktop.errors import AiosError
from aios_desktop.paths import find
from aios_desktop.runtime import control
from tests.e2e.desktop import Desktop, Program, until

HOG = Path(__file__).with_name("hog.py")


def ask(desktop: Desktop, *arguments: str) -> Any:
    """Run a command with ``--json`` and return what it printed; fails when the command does."""
    done = desktop.run(*arguments, "--json")
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return json.loads(done.stdout)


def look(desktop: Desktop, verb: str, **arguments: Any) -> Any:
    """Ask the running program over its socket, as the commands do.

    For waiting: starting a command ten times a second would itself be a hog.
    """
    socket = Path(desktop.env["XDG_RUNTIME_DIR"])  # where a long folder's socket lies
    paths = find(desktop.data_dir)
    place = paths.socket
    if not place.exists():
        (place,) = socket.glob("aios-desktop-*/control.sock")
    return control.ask(place, verb, **arguments)


def answers(desktop: Desktop) -> bool:
    """Say whether the program answers."""
    try:
        return bool(look(desktop, "ping") == "pong")
    except (AiosError, ValueError):
        return False


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
        found[:] = look(desktop, "approvals")
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
        with contextlib.suppress(AiosError):  # there is no such run yet
            last.update(look(desktop, "run", id=run_id))
        return bool(last) and reached(last)

    try:
        until(there, f"run {run_id}", patience_s)
    except TimeoutError as error:
        raise TimeoutError(f"{error}: {last}") from None
    return last


def is_done(run: dict[str, Any]) -> bool:
    """Say whether a run has come to its end."""
    return bool(run["state"] == "done")
