"""Lanes start, stop, and tell loudly when they die."""

from __future__ import annotations

import threading

import pytest

from aios_desktop.scheduler.lanes import Lanes


def wait(stop: threading.Event) -> None:
    stop.wait()


def test_a_lane_runs_under_its_name_until_it_is_stopped() -> None:
    lanes = Lanes()
    names: list[tuple[str, bool]] = []
    started = threading.Event()

    def loop(stop: threading.Event) -> None:
        names.append((threading.current_thread().name, threading.current_thread().daemon))
        started.set()
        stop.wait()

    lanes.start("store", loop)
    assert started.wait(5)
    assert lanes.running() == ("store",)
    assert lanes.stop(5) == []
    assert lanes.running() == ()
    assert names == [("aios-store", True)]
    assert lanes.failed == ()


def test_a_loop_that_waits_for_something_else_is_woken() -> None:
    lanes = Lanes()
    work = threading.Condition()

    def loop(stop: threading.Event) -> None:
        with work:
            while not stop.is_set():
                work.wait()

    def wake() -> None:
        with work:
            work.notify_all()

    lanes.start("waiter", loop, wake)
    assert lanes.stop(5) == []


def test_a_lane_that_does_not_end_is_named(caplog: pytest.LogCaptureFixture) -> None:
    lanes = Lanes()
    release = threading.Event()
    lanes.start("good", wait)

    def ignore(stop: threading.Event) -> None:
        release.wait(10)

    lanes.start("stuck", ignore)
    assert lanes.stop(0.05) == ["stuck"]
    assert "stuck" in caplog.text
    assert lanes.running() == ("stuck",)
    release.set()
    assert lanes.stop(5) == []


@pytest.mark.logs_errors
def test_a_lane_that_dies_says_so(caplog: pytest.LogCaptureFixture) -> None:
    lanes = Lanes()
    dead = threading.Event()

    def loop(stop: threading.Event) -> None:
        try:
            raise ZeroDivisionError
        finally:
            dead.set()

    lanes.start("sensors", loop)
    lanes.start("good", wait)
    assert dead.wait(5)
    assert lanes.stop(5) == []
    assert lanes.failed == ("sensors",)
    (record,) = (x for x in caplog.records if x.levelname == "CRITICAL")
    assert "sensors" in record.getMessage()
    assert "ZeroDivisionError" in caplog.text


def test_a_lane_that_ends_by_itself_is_noticed(caplog: pytest.LogCaptureFixture) -> None:
    lanes = Lanes()
    lanes.start("short", lambda stop: None)
    assert lanes.stop(5) == []
    assert lanes.failed == ()
    assert lanes.running() == ()


def test_stopping_twice_or_from_a_lane_does_no_harm() -> None:
    lanes = Lanes()
    stopped: list[list[str]] = []
    done = threading.Event()

    def loop(stop: threading.Event) -> None:
        stopped.append(lanes.stop(1))
        done.set()

    lanes.start("self", loop)
    assert done.wait(5)
    assert lanes.stop(5) == []
    assert stopped == [["self"]]
