"""The log: private, bounded, without secrets, and never in the way."""

from __future__ import annotations

import errno
import gc
import io
import logging
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from aios_desktop import log as log_module
from aios_desktop.log import HIDDEN, Log, Ring, mask, set_up

logger = logging.getLogger("tests.log")


class _Thing:
    def __init__(self, text: str = "thing") -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    log = set_up(tmp_path / "data" / "aios.log", logging.DEBUG)
    yield log
    log.close()


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("postgres://bob:hunter22@db/x", "hunter22"),
        ("Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
        ("password=hunter22, user=bob", "hunter22"),
        ("{'api_key': 'k-123 456', 'n': 1}", "k-123 456"),
        ('{"client_secret": "s3cr3t"}', "s3cr3t"),
        ("GET /v1?api_key=abcdef&n=1", "abcdef"),
        ("AWS_SECRET_ACCESS_KEY=wJalr/x", "wJalr/x"),
        ("mysql --password hunter22 -u bob", "hunter22"),
        ("mysql --password=hunter22 -u bob", "hunter22"),
        ("key sk-proj-abcdefghijklmnop1234", "abcdefghijklmnop1234"),
        ("ghp_0123456789abcdefghij", "0123456789abcdefghij"),
        ("AKIAABCDEFGHIJKLMNOP", "ABCDEFGHIJKLMNOP"),
        ("jwt eyJhbGciOiJI.eyJzdWIiOiIx.c2ln", "eyJzdWIiOiIx"),
    ],
)
def test_secrets_are_masked(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in mask(text)
    assert HIDDEN in mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "disk /home is 93 % full",
        "run 17 ended: fixed, 3 tokens used",
        "https://example.org:8080/path",
        "stopped make (pid 4711), started 10:32:05",
        "--password",
    ],
)
def test_harmless_texts_stay(text: str) -> None:
    assert mask(text) == text


def test_the_file_is_private_and_complete(log: Log, tmp_path: Path) -> None:
    logger.info("token=%s for %s", "abcdef", "make")
    logger.warning("failed", exc_info=_failure(_Thing("password=hunter22")))
    file = tmp_path / "data" / "aios.log"
    text = file.read_text("utf-8")
    assert f"token={HIDDEN} for make" in text
    assert "Traceback" in text
    assert "hunter22" not in text + "".join(log.ring.lines())
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert log.trouble is None


def test_files_are_turned_over_and_stay_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_module, "FILE_BYTES", 2000)
    log = set_up(tmp_path / "aios.log")
    for number in range(200):
        logger.info("record %d", number)
    log.close()
    files = sorted(tmp_path.glob("aios.log*"))
    assert [x.name for x in files] == ["aios.log", "aios.log.1", "aios.log.2"]
    assert all(x.stat().st_mode & 0o777 == 0o600 for x in files)
    assert all(x.stat().st_size <= 2000 for x in files)
    assert "record 199" in files[0].read_text("utf-8")


def test_a_long_record_is_cut_in_the_middle(log: Log) -> None:
    logger.info("begin %s end", "x" * 100_000)
    (line,) = log.ring.lines()
    assert len(line) < 21_000
    assert "begin" in line
    assert line.endswith("end")


def test_the_ring_keeps_the_latest(log: Log) -> None:
    ring = Ring(3)
    log.add(ring)
    for number in range(5):
        logger.log(logging.WARNING if number == 3 else logging.DEBUG, "record %d", number)
    assert [x.rpartition(" ")[2] for x in ring.lines()] == ["2", "3", "4"]
    assert [x.rpartition(" ")[2] for x in ring.lines(logging.WARNING)] == ["3"]


def _record(text: str, *arguments: object, error: Exception | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("tests", logging.INFO, "file", 1, text, arguments, info)


def _fail(thing: _Thing) -> None:
    raise ValueError(f"seen with {thing}")


def _failure(thing: _Thing) -> Exception:
    try:
        _fail(thing)
    except ValueError as error:
        return error
    raise AssertionError("it did not fail")


def test_the_ring_keeps_no_objects_alive() -> None:
    thing = _Thing()
    gone = weakref.ref(thing)
    ring = Ring()
    ring.emit(_record("a %s", thing))
    ring.emit(_record("failed", error=_failure(thing)))
    del thing
    gc.collect()
    assert gone() is None
    assert "a thing" in ring.lines()[0]
    assert "in _fail" in ring.lines()[1]
    assert "ValueError: seen with thing" in ring.lines()[1]


def test_texts_are_made_only_for_those_who_read_them() -> None:
    log = set_up(None, logging.INFO)
    try:
        logger.debug("%s", _Explosive())
        logger.info("%d", 1)
        assert len(log.ring.lines()) == 1
    finally:
        log.close()


class _Explosive:
    def __str__(self) -> str:
        raise AssertionError("nobody asked")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    log = set_up(tmp_path / "file" / "aios.log")
    try:
        logger.info("still here")
        assert log.trouble is not None
        assert str(tmp_path / "file") in log.trouble.text()
        assert "still here" in log.ring.lines()[-1]
    finally:
        log.close()


def _trouble(log: Log) -> str:
    return log.trouble.text() if log.trouble else ""


class _FullDisk(io.StringIO):
    def flush(self) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_told_and_forgotten_when_there_is_room(
    log: Log, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert log._file is not None
    with monkeypatch.context() as full:
        full.setattr(log._file, "stream", _FullDisk())
        logger.info("lost")
        assert "No space left" in _trouble(log)
    logger.info("written")
    assert _trouble(log) == ""
    assert capsys.readouterr().err == ""


@pytest.mark.logs_errors
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_nobody_caught_in_a_thread_is_recorded(log: Log) -> None:
    def fail() -> None:
        raise ValueError("lost in a thread")

    thread = threading.Thread(target=fail, name="worker")
    thread.start()
    thread.join()
    text = "".join(log.ring.lines(logging.CRITICAL))
    assert "in the thread worker" in text
    assert "ValueError: lost in a thread" in text


UNCAUGHT = """
import pathlib, sys
from aios_desktop.log import set_up
log = set_up(pathlib.Path(sys.argv[1]))
if sys.argv[2] == "stop":
    raise KeyboardInterrupt
class Fragile:
    def __del__(self):
        raise ValueError("in a finalizer")
Fragile()
raise ValueError("lost")
"""


def _run(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=20)


def test_what_nobody_caught_is_recorded_but_not_ctrl_c(tmp_path: Path) -> None:
    file = tmp_path / "aios.log"
    done = _run(UNCAUGHT, file, "go")
    text = file.read_text("utf-8")
    assert done.returncode == 1
    assert "ValueError: lost" in done.stderr  # the hook that was there before works as well
    assert "CRITICAL MainThread aios_desktop.log: nobody caught this" in text
    assert "ValueError: lost" in text
    assert "ValueError: in a finalizer" in text
    file.unlink()
    assert _run(UNCAUGHT, file, "stop").returncode != 0
    assert file.read_text("utf-8") == ""


def test_close_takes_everything_away(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = (sys.excepthook, threading.excepthook, sys.unraisablehook, root.level)
    handlers = list(root.handlers)
    set_up(tmp_path / "aios.log", logging.DEBUG, console=True).close()
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook, root.level) == before
    assert root.handlers == handlers


CRASH = """
import ctypes, pathlib, sys
from aios_desktop.log import set_up
set_up(pathlib.Path(sys.argv[1]))
def deep():
    ctypes.string_at(0)
deep()
"""


def test_a_crash_leaves_the_stack_beside_the_log(tmp_path: Path) -> None:
    assert _run(CRASH, tmp_path / "aios.log").returncode < 0
    assert "in deep" in (tmp_path / "aios.crash.log").read_text("utf-8")
