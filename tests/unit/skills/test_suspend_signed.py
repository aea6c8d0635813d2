"""A question about a process stays the same question while the process starts others."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from aios_desktop.clock import SystemClock
from aios_desktop.reactor.records import digest_of
from aios_desktop.sensors.processes import key
from aios_desktop.skills.action import StepPlan
from aios_desktop.skills.suspend import SuspendProcess

PARENT = """
import subprocess, sys
for _ in sys.stdin:
    subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"])
    print("started", flush=True)
"""


@pytest.fixture
def parent() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    yield process
    for child in psutil.Process(process.pid).children(recursive=True):
        child.kill()
    process.kill()
    process.communicate(timeout=10)


def test_a_new_child_does_not_void_the_approval(parent: subprocess.Popen[str]) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as own:
        action = SuspendProcess(SystemClock(), own_pid=own.pid)
        plans = _plans(action, parent)
    before, after = plans
    assert after.item_count == before.item_count + 1
    digests = [digest_of("p", 1, "s", before.target, (plan,)) for plan in plans]
    assert digests[0] == digests[1]


def _plans(action: SuspendProcess, parent: subprocess.Popen[str]) -> tuple[StepPlan, StepPlan]:
    assert parent.stdin is not None
    assert parent.stdout is not None
    target = key(parent.pid, psutil.Process(parent.pid).create_time())
    before = action.plan({"process": target})
    parent.stdin.write("go\n")
    parent.stdin.flush()
    assert parent.stdout.readline() == "started\n"
    after = action.plan({"process": target})
    return before, after
