"""The archiver: a process of its own that moves old days, so that nothing else has to wait.

    python -m aios_desktop.events.archiver FOLDER --archive-before DAY --drop-before DAY

Days are counted from 1970. It prints one JSON object a line: its progress, then its outcome.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import fcntl
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from aios_desktop.clock import SystemClock
from aios_desktop.errors import AiosError
from aios_desktop.events.archive import FOLDER
from aios_desktop.events.rotation import Plan, Progress, Rotation
from aios_desktop.paths import private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aios_desktop.clock import Clock

NICE: Final = 19
TELL_EVERY_S: Final = 0.2
BUSY: Final = 3  # exit status: another archiver is at work
LOCK: Final = ".lock"


class _Teller:
    """Prints progress, but not more often than somebody can look."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = -TELL_EVERY_S
        self._step: tuple[int, str] = (0, "")

    def __call__(self, progress: Progress) -> None:
        now = self._clock.monotonic()
        step = (progress.day, progress.step)
        if step == self._step and now - self._last < TELL_EVERY_S:
            return
        self._last, self._step = now, step
        _say({"progress": dataclasses.asdict(progress)})


def main(arguments: list[str] | None = None) -> int:
    """Move the days and say what was done."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--archive-before", type=int, required=True)
    parser.add_argument("--drop-before", type=int, default=0)
    options = parser.parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(message)s")
    plan = Plan(options.archive_before, options.drop_before)
    try:
        with _alone(options.folder) as alone:
            if not alone:
                return BUSY
            return _rotate(options.folder, plan, _Teller(SystemClock()))
    except BrokenPipeError:  # nobody listens any more; what is done is done
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python tries once more
        return 1
    except (OSError, AiosError) as error:
        _say({"error": str(error)})
        return 1


def _rotate(folder: Path, plan: Plan, teller: Callable[[Progress], None]) -> int:
    outcome = Rotation(folder, plan, progress=teller).run()
    _say({"outcome": dataclasses.asdict(outcome)})
    return 1 if outcome.failed else 0


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Let one archiver at a time into a folder."""
    private_folder(folder / FOLDER)
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    handle = os.open(folder / FOLDER / LOCK, flags, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(handle)


def _say(what: dict[str, object]) -> None:
    sys.stdout.write(msgspec.json.encode(what).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    os.nice(NICE)
    sys.exit(main())
