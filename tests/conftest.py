"""Gives every test the same quiet surroundings, and fails the one that leaves something behind."""

from __future__ import annotations

import faulthandler
import gc
import os

# Before anything else: without a display Qt does not fail, it aborts the whole process.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import logging
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key
from hypothesis import settings

HOME = Path(tempfile.mkdtemp(prefix="aios-tests-"))
QUIET = {
    "HOME": HOME,
    "XDG_CONFIG_HOME": HOME / ".config",
    "XDG_DATA_HOME": HOME / ".local/share",
    "XDG_STATE_HOME": HOME / ".local/state",
    "XDG_CACHE_HOME": HOME / ".cache",
    "XDG_RUNTIME_DIR": HOME / "run",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "QT_SCALE_FACTOR": "1",
    "QT_LOGGING_RULES": "",
    # An address that nobody answers: no test talks to the desktop of the person who runs it.
    "DBUS_SESSION_BUS_ADDRESS": f"unix:path={HOME}/no-bus",
}
os.environ.update({name: str(value) for name, value in QUIET.items()})
for _name in ("LANGUAGE", "LANG", "LC_MESSAGES", "DISPLAY", "WAYLAND_DISPLAY"):
    os.environ.pop(_name, None)
(HOME / "run").mkdir(mode=0o700)
time.tzset()

settings.register_profile("aios", deadline=None, derandomize="CI" in os.environ, database=None)
settings.load_profile("aios")

PATIENCE_S = 2.0  # for a thread that is already on its way out


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers of this file."""
    config.addinivalue_line(
        "markers", "logs_errors: this test provokes log records of level ERROR or above"
    )
    config.addinivalue_line("markers", "leaves(*kinds): names what this test may leave behind")
    gc.disable()  # see pytest_runtest_teardown


def pytest_unconfigure() -> None:
    """Remove the home folder of the tests."""
    gc.enable()
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Collect garbage here only: freed by a worker thread, a widget of an earlier test crashes Qt.

    The application does the same, see ui/garbage.py.
    """
    del item
    counts = gc.get_count()
    gc.collect(2 if counts[2] > 40 else 1 if counts[1] > 10 else 0)


@pytest.fixture(autouse=True)
def crashes_are_shown(request: pytest.FixtureRequest) -> Iterator[None]:
    """Give the stack of a crash back to pytest after a test that sent it to a file of its own."""
    yield
    descriptor = request.config.stash.get(fault_handler_stderr_fd_key, None)
    if descriptor is not None and not faulthandler.is_enabled():
        faulthandler.enable(descriptor)


class _Errors(logging.Handler):
    """Collects what was logged at level ERROR or above."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(f"{record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def no_error_records(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that logs an error it did not announce with ``logs_errors``."""
    errors = _Errors()
    root = logging.getLogger()
    root.addHandler(errors)
    try:
        yield
    finally:
        root.removeHandler(errors)
    announced = request.node.get_closest_marker("logs_errors") is not None
    if announced and not errors.seen:
        pytest.fail("marked logs_errors, but logged none")
    if errors.seen and not announced:
        pytest.fail("logged errors: " + "; ".join(errors.seen))


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Start every test with English texts, whatever the one before chose."""
    yield
    from aios_desktop import i18n

    if i18n.language() != "en":
        i18n.use("en")


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves threads, databases, windows or running timers behind."""
    threads = set(threading.enumerate())
    databases = _databases()
    windows = _windows()
    yield
    leaves = request.node.get_closest_marker("leaves")
    allowed = set(leaves.args) if leaves else set()
    left = {
        "threads": _threads_since(threads),
        "databases": [x for x in _databases() if x not in databases],
        "windows": _windows_since(windows),
        "timers": _running_timers() if "qapp" in request.fixturenames else [],
    }
    faults = [f"{kind}: {', '.join(x)}" for kind, x in left.items() if x and kind not in allowed]
    if faults:
        pytest.fail("left behind: " + "; ".join(faults))


def _threads_since(before: set[threading.Thread]) -> list[str]:
    """Name the new threads that are still running. Qt's own show as dummies and do not count."""
    end = time.monotonic() + PATIENCE_S
    for thread in threading.enumerate():
        if thread not in before and not isinstance(thread, threading._DummyThread):
            thread.join(max(0.0, end - time.monotonic()))
    return [
        thread.name
        for thread in threading.enumerate()
        if thread not in before and not isinstance(thread, threading._DummyThread)
    ]


def _databases() -> list[str]:
    """Name the open APSW connections."""
    apsw = sys.modules.get("apsw")
    return [f"{x.filename or 'in memory'}#{id(x)}" for x in apsw.connections()] if apsw else []


def _windows() -> set[int]:
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return set()
    return {id(x) for x in widgets.QApplication.topLevelWidgets()}


def _windows_since(before: set[int]) -> list[str]:
    """Name the new top-level widgets, after Qt and Python have dropped what they can."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return []
    core = sys.modules["PySide6.QtCore"]
    core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)
    if not _windows() - before:
        return []
    gc.collect()
    return [
        f"{type(x).__name__} {x.objectName()!r}"
        for x in widgets.QApplication.topLevelWidgets()
        if id(x) not in before
    ]


def _running_timers() -> list[str]:
    """Name (and stop) the active QTimers that Python knows of."""
    core = sys.modules.get("PySide6.QtCore")
    if core is None:
        return []
    shiboken = sys.modules["shiboken6"]
    found = []
    for thing in gc.get_objects():
        if type(thing) is core.QTimer and shiboken.isValid(thing) and thing.isActive():
            owner = thing.parent()
            found.append(f"QTimer of {type(owner).__name__}, {thing.interval()} ms")
            thing.stop()
    return found


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        outside = isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost")
        if self.family in (socket.AF_INET, socket.AF_INET6) and outside:
            raise AssertionError(f"a test tried to reach {address!r}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)
