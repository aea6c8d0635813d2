"""The keeper: knows when old days are to be moved and has the archiver do it.

It looks once an hour, at the change of the UTC day, after a sleep of the machine and when it is
asked to. Nothing is dropped while the clock is not trusted: a clock that has just leapt would
make everything look old.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

import aios_desktop
from aios_desktop.events.archive import archive_files, summary_days
from aios_desktop.events.dayfile import day_files, today
from aios_desktop.events.rotation import Outcome, Plan, Progress

if TYPE_CHECKING:
    from aios_desktop.clock import Clock

logger = logging.getLogger(__name__)

FIRST_LOOK_S: Final = 20.0  # let the start be over
LOOK_EVERY_S: Final = 3600.0
AFTER_MIDNIGHT_S: Final = 5.0
TRUST_S: Final = 600.0  # how long the clock must have gone steadily before something is dropped
STEADY_S: Final = 60.0  # how far it may drift between two looks
DAY_S: Final = 86_400
END_S: Final = 5.0  # for the archiver, when it is asked to end

Tell = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the events take on the disk, in bytes, and how many days that is."""

    raw_days: int
    raw_bytes: int
    archive_days: int
    archive_bytes: int
    summary_days: int


class Keeper:
    """Moves the days of one folder. One lane runs it; all other methods are for any thread.

    ``tell`` gets the outcome when something was done; it must return at once.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        number: Callable[[str], float],
        tell: Tell = lambda outcome: None,
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._number = number
        self._tell = tell
        self._changed = threading.Condition()
        self._asked = False
        self._forget_before = 0
        self._child: subprocess.Popen[str] | None = None
        self._offset = clock.now() - clock.monotonic()
        self._steady_since = clock.monotonic()
        self.progress: Progress | None = None

    # -- the lane ------------------------------------------------------------------------------

    def run(self, stop: threading.Event) -> None:
        """Look after the days until ``stop`` is set; follow it with ``wake`` to end at once."""
        wait_s = FIRST_LOOK_S
        while True:
            with self._changed:
                if not self._asked and not stop.is_set():
                    self._changed.wait(wait_s)
            if stop.is_set():
                return
            self.look(stop)
            wait_s = self.next_look_s()

    def wake(self) -> None:
        """End a wait and an archiver at work, for ``stop`` was set."""
        with self._changed:
            if self._child is not None:
                self._child.terminate()
            self._changed.notify_all()

    def look_soon(self) -> None:
        """Look as soon as possible: the machine slept, an option changed, somebody asked."""
        with self._changed:
            self._asked = True
            self._changed.notify_all()

    def forget(self, before: float) -> None:
        """Let go of the events of all days that ended before a wall time; summaries stay.

        Of today's and yesterday's events nothing is forgotten.
        """
        with self._changed:
            day = min(today(before), today(self._clock.now()) - 1)
            self._forget_before = max(self._forget_before, day)
        self.look_soon()

    def next_look_s(self) -> float:
        """Return the seconds until the next look."""
        midnight_s = DAY_S - self._clock.now() % DAY_S + AFTER_MIDNIGHT_S
        trusted_s = self._steady_since + TRUST_S - self._clock.monotonic()
        waits = [LOOK_EVERY_S, midnight_s, *([trusted_s + 1] if trusted_s > 0 else [])]
        return min(waits)

    def look(self, stop: threading.Event | None = None) -> Outcome | None:
        """Move what is to be moved now; return what was done, None when there was nothing."""
        with self._changed:
            self._asked = False
            forget, self._forget_before = self._forget_before, 0
        plan = self.plan()
        if forget:
            plan = Plan(max(plan.archive_before, forget), max(plan.drop_before, forget))
        if not plan.is_due(self._folder):
            return None
        start = self._clock.monotonic()
        outcome = self._archive(plan, stop)
        if outcome is not None and (forget or outcome != Outcome()):
            took = round(self._clock.monotonic() - start, 1)
            self._tell({**msgspec.to_builtins(outcome), "took_s": took})
        return outcome

    def plan(self) -> Plan:
        """Return what the options ask for at this moment."""
        raw, kept = self._number("store.raw_days"), self._number("store.archive_days")
        day = today(self._clock.now())
        return Plan.of(day, int(raw), int(kept), drop=self._trusts_clock())

    def sizes(self) -> Sizes:
        """Return what the events take on the disk."""
        raw, archived = day_files(self._folder), archive_files(self._folder)
        return Sizes(
            len(raw),
            sum(_size(path) + _size(path.with_name(path.name + "-wal")) for _, path in raw),
            len(archived),
            sum(_size(path) for _, path in archived),
            len(summary_days(self._folder)),
        )

    # -- the child -----------------------------------------------------------------------------

    def _archive(self, plan: Plan, stop: threading.Event | None) -> Outcome | None:
        """Run the archiver and follow it; None when it did not get to its end."""
        root = str(Path(aios_desktop.__file__).resolve().parents[1])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        command = [sys.executable, "-m", "aios_desktop.events.archiver", str(self._folder)]
        command += ["--archive-before", str(plan.archive_before)]
        command += ["--drop-before", str(plan.drop_before)]
        try:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": path},
                text=True,
                errors="replace",
            )
        except OSError:
            logger.exception("the archiver cannot be started")
            return None
        with self._changed:
            self._child = child
            if stop is not None and stop.is_set():
                child.terminate()
        try:
            with child:
                return self._follow(child)
        finally:
            with self._changed:
                self._child = None
            self.progress = None

    def _follow(self, child: subprocess.Popen[str]) -> Outcome | None:
        """Read what the archiver says until it ends."""
        assert child.stdout is not None
        outcome = None
        for line in child.stdout:
            said = _said(line)
            if "progress" in said:
                self.progress = msgspec.convert(said["progress"], Progress)
            elif "outcome" in said:
                outcome = msgspec.convert(said["outcome"], Outcome)
            else:
                logger.warning("the archiver says: %s", said.get("error", line.strip()[:500]))
        return outcome

    def _trusts_clock(self) -> bool:
        """Say whether the wall clock has gone steadily for long enough."""
        monotonic = self._clock.monotonic()
        offset = self._clock.now() - monotonic
        if abs(offset - self._offset) > STEADY_S:
            self._steady_since = monotonic
        self._offset = offset
        return monotonic - self._steady_since >= TRUST_S


def _said(line: str) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
