"""Real processes for tests, and the certainty that none is left over."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from aios_desktop.sensors import procfs

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start Python code in a child of its own session; it prints a line when it is ready."""
    begun: list[subprocess.Popen[bytes]] = []

    def run(code: str, *arguments: str) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        begun.append(child)
        assert child.stdout is not None
        child.stdout.readline()
        return child

    yield run
    for child in begun:
        for stat in procfs.read_all():
            if stat.session == child.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(stat.pid, signal.SIGKILL)
        child.wait()
        assert child.stdout is not None
        child.stdout.close()
