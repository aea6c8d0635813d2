"""The table of processes agrees with psutil, survives what comes and goes, and hides secrets."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import psutil
import pytest

from aios_desktop.clock import SystemClock
from aios_desktop.errors import AiosError
from aios_desktop.sensors import procfs
from aios_desktop.sensors.processes import ProcessRow, ProcessSensor, full_name, key, parse_key
from tests.fakes import FakeClock

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start Python code in a child; it prints a line when it is ready."""
    begun: list[subprocess.Popen[bytes]] = []

    def run(code: str, *arguments: str) -> subprocess.Popen[bytes]:
        child = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE)
        begun.append(child)
        assert child.stdout is not None
        child.stdout.readline()
        return child

    yield run
    for child in begun:
        with suppress(ProcessLookupError):
            child.kill()
        child.wait()
        assert child.stdout is not None
        child.stdout.close()


def row_of(sensor: ProcessSensor, pid: int) -> ProcessRow | None:
    return sensor.read().by_pid().get(pid)


def test_the_table_agrees_with_psutil() -> None:
    sensor = ProcessSensor(SystemClock())
    checked = 0
    for row in sensor.read().rows:
        try:
            other = psutil.Process(row.pid)
            with other.oneshot():
                expected = (other.name(), other.ppid(), other.username(), other.status())
                began = other.create_time()
                arguments = other.cmdline()
        except psutil.NoSuchProcess:
            continue
        assert (row.ppid, row.user) == expected[1:3]
        assert row.started == pytest.approx(began, abs=0.011)
        if row.is_kernel:
            assert arguments == []
        else:
            assert row.name == expected[0]
        if row.pid == os.getpid():
            assert row.state == expected[3]
            assert row.memory_bytes == pytest.approx(other.memory_info().rss, rel=0.2)
            assert row.command.startswith(arguments[0][:50])
        checked += 1
    assert checked >= 3
    assert abs(len(sensor.read().rows) - len(psutil.pids())) < 20


def test_use_is_told_of_one_core_since_the_look_before(start: Start) -> None:
    busy = start("print(flush=True)\nwhile True: sum(range(1000))")
    idle = start("import time; print(flush=True); time.sleep(60)")
    sensor = ProcessSensor(SystemClock())
    first = sensor.read()
    assert first.window_s == 0
    assert {row.cpu_percent for row in first.rows} == {0.0}
    threading.Event().wait(0.6)
    used = psutil.Process(busy.pid).cpu_times()
    table = sensor.read().by_pid()
    assert used.user + used.system > 0
    assert 15 < table[busy.pid].cpu_percent < 115
    assert table[idle.pid].cpu_percent < 5


def test_a_newborn_hog_counts_from_its_first_look(start: Start) -> None:
    sensor = ProcessSensor(SystemClock())
    sensor.read()
    busy = start("print(flush=True)\nwhile True: sum(range(1000))")
    threading.Event().wait(0.5)
    row = row_of(sensor, busy.pid)
    assert row is not None
    assert row.cpu_percent > 10


def test_a_clock_that_stands_still_gives_no_rates() -> None:
    sensor = ProcessSensor(FakeClock())
    sensor.read()
    assert {row.cpu_percent for row in sensor.read().rows} == {0.0}


def test_what_vanishes_while_it_is_read_is_left_out(start: Start) -> None:
    child = start("import time; print(flush=True); time.sleep(60)")
    sensor = ProcessSensor(SystemClock())
    assert row_of(sensor, child.pid) is not None
    child.kill()
    zombie = row_of(sensor, child.pid)
    assert zombie is None or zombie.state in {"zombie", "running", "sleeping"}
    child.wait()
    assert row_of(sensor, child.pid) is None
    assert procfs.read_stat(child.pid) is None
    assert procfs.owner(child.pid) is None
    assert procfs.read_command(child.pid) == ()


def test_a_strange_name_does_not_confuse_the_reading(start: Start) -> None:
    code = (
        "import ctypes, time\n"
        "ctypes.CDLL(None).prctl(15, b'a) R 1 (b', 0, 0, 0)\n"
        "print(flush=True); time.sleep(60)"
    )
    child = start(code)
    stat = procfs.read_stat(child.pid)
    assert stat is not None
    assert stat.name == "a) R 1 (b"
    assert stat.ppid == os.getpid()


def test_a_program_that_becomes_another_is_seen_anew() -> None:
    sensor = ProcessSensor(SystemClock())
    child = subprocess.Popen(
        [sys.executable, "-c", "import os; input(); os.execvp('sleep', ['sleep', '60'])"],
        stdin=subprocess.PIPE,
    )
    try:
        before = row_of(sensor, child.pid)
        assert before is not None
        assert child.stdin is not None
        child.stdin.write(b"\n")
        child.stdin.close()
        for _ in range(200):
            threading.Event().wait(0.02)
            after = row_of(sensor, child.pid)
            if after is not None and after.name == "sleep":
                break
        else:
            pytest.fail("it never became sleep")
        assert after.command == "sleep 60"
        assert after.key == before.key
    finally:
        child.kill()
        child.wait()


def test_secrets_in_command_lines_are_not_kept(start: Start) -> None:
    code = "import time; print(flush=True); time.sleep(60)"
    child = start(code, "--password", "hunter2", "TOKEN=abc123")
    row = row_of(ProcessSensor(SystemClock()), child.pid)
    assert row is not None
    assert "hunter2" not in row.command
    assert "abc123" not in row.command
    assert row.command.endswith("--password *** TOKEN=***")


def test_keys_name_a_process() -> None:
    assert key(12, 1700000000.127) == "12:1700000000.13"
    assert parse_key("12:1700000000.13") == (12, 1700000000.13)


@pytest.mark.parametrize(
    "text", ["", "12", ":", "12:", ":5", "1:nan", "1:inf", "１:5", "1:2:3", "1 :2"]
)
def test_bad_keys_are_refused(text: str) -> None:
    with pytest.raises(AiosError, match="does not name a process"):
        parse_key(text)


def test_names_longer_than_the_kernel_keeps_are_completed() -> None:
    assert full_name("gnome-terminal-", ("/usr/libexec/gnome-terminal-server",)) == (
        "gnome-terminal-server"
    )
    assert full_name("gnome-terminal-", ("/usr/bin/other",)) == "gnome-terminal-"
    assert full_name("python", ("/usr/bin/python3",)) == "python"
