"""The sensor lane: events with evidence, one a time, and no failure that stops it."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from aios_desktop.clock import SystemClock
from aios_desktop.config import Config
from aios_desktop.events.bus import Bus
from aios_desktop.events.model import Event, Severity
from aios_desktop.events.stamp import Stamps
from aios_desktop.sensors.history import MetricHistory
from aios_desktop.sensors.processes import ProcessRow, ProcessSensor, ProcessTable
from aios_desktop.sensors.reading import Disk, Reading
from aios_desktop.sensors.service import SensorService
from aios_desktop.sensors.signals import Signals, default_specs
from aios_desktop.sensors.system import SystemSensor
from tests.fakes import FakeClock


class Machine:
    """Sensors whose figures a test sets."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.metrics: dict[str, float] = {"cpu_usage": 5.0}
        self.disks: tuple[Disk, ...] = ()
        self.rows: tuple[ProcessRow, ...] = ()
        self.fault: Exception | None = None
        self.process_fault: Exception | None = None
        self.tables = 0
        self.tries = 0

    def read(self) -> Reading:
        self.tries += 1
        if self.fault is not None:
            raise self.fault
        return Reading(self.clock.now(), self.clock.monotonic(), dict(self.metrics), self.disks)


class Processes:
    """The processes of such a machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def read(self) -> ProcessTable:
        self.machine.tables += 1
        if self.machine.process_fault is not None:
            raise self.machine.process_fault
        clock = self.machine.clock
        return ProcessTable(clock.now(), clock.monotonic(), self.machine.rows, 2.0)


class Lab:
    """A service on a made-up machine, with all events it publishes."""

    def __init__(self, tmp_path: Path) -> None:
        self.clock = FakeClock()
        self.machine = Machine(self.clock)
        self.config = Config(tmp_path / "config.toml")
        self.history = MetricHistory()
        self.signals = Signals(default_specs(self.config.number))
        self.events: list[Event] = []
        bus = Bus(Stamps(self.clock))
        bus.subscribe("*", self.events.append)
        self.service = SensorService(
            self.clock,
            self.machine,
            Processes(self.machine),
            self.history,
            self.signals,
            bus.publish,
            self.config.number,
            own_pid=1,
            own_uid=1000,
        )

    def run(self, seconds: int, **metrics: float) -> list[Event]:
        """Let seconds pass, each with a round; return the events they gave."""
        self.machine.metrics.update(metrics)
        before = len(self.events)
        for _ in range(seconds):
            self.clock.advance(1)
            self.service.tick()
        return self.events[before:]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


HOG = ProcessRow(77, 5.0, 1, "python", "python hog.py", "me", 99.0, 1, "running", uid=1000)


def test_high_use_gives_one_event_with_its_evidence_and_one_end(lab: Lab) -> None:
    lab.run(3)
    lab.machine.rows = (HOG,)
    (raised,) = lab.run(20, cpu_usage=97.0)
    assert (raised.type, raised.severity, raised.target) == (
        "resource.high",
        Severity.WARNING,
        "cpu",
    )
    assert raised.data["resource"] == "cpu"
    assert raised.data["value"] == 97.0
    assert raised.data["threshold"] == 80.0
    assert raised.data["signal"] == "cpu.high"
    assert raised.data["phase"] == "raised"
    assert raised.data["held_s"] == pytest.approx(5.0)
    assert raised.data["top"]["key"] == "77:5.00"
    assert raised.data["top"]["members"] == ["77:5.00"]
    assert raised.data["top"]["user"] == "me"
    (cleared,) = lab.run(20, cpu_usage=10.0)
    assert cleared.type == "resource.normal"
    assert cleared.severity is Severity.INFO
    assert (cleared.cause, cleared.trace) == (raised.id, raised.trace)
    assert cleared.data["episode"] == raised.data["episode"]
    assert cleared.data["phase"] == "cleared"


def test_without_a_culprit_the_event_has_no_top(lab: Lab) -> None:
    (raised,) = lab.run(20, cpu_usage=97.0)
    assert "top" not in raised.data


def test_memory_and_disk_have_their_own_events(lab: Lab) -> None:
    lab.machine.disks = (Disk("/", 100, 20, 80, 20.0), Disk("/home", 100, 96, 4, 96.0))
    events = lab.run(10, memory_usage=95.0, disk_usage=96.0)
    assert [(event.type, event.target) for event in events] == [
        ("resource.memory_high", "memory"),
        ("resource.disk_high", "/home"),
    ]
    (cleared, freed) = lab.run(10, memory_usage=50.0, disk_usage=20.0)
    assert (cleared.target, freed.target) == ("memory", "/home")


def test_nothing_is_raised_before_one_full_round(lab: Lab) -> None:
    lab.config.set("signals.raise_after", 0.0)
    lab.machine.metrics["cpu_usage"] = 99.0
    lab.service.tick()
    assert lab.events == []
    assert lab.service.table().mono == lab.clock.monotonic()
    assert [event.type for event in lab.run(1)] == ["resource.high"]


def test_levels_follow_the_options(lab: Lab) -> None:
    assert lab.run(20, cpu_usage=60.0) == []
    lab.config.set("signals.cpu_raise", 55.0)
    (raised,) = lab.run(20)
    assert raised.data["threshold"] == 55.0


def test_a_sleep_of_the_machine_raises_nothing(lab: Lab) -> None:
    lab.run(3)
    lab.machine.metrics["cpu_usage"] = 99.0
    for _ in range(20):
        lab.clock.sleep_machine(600)
        assert lab.run(2) == []


def test_flapping_is_one_event(lab: Lab) -> None:
    events = [e for _ in range(12) for e in (*lab.run(6, cpu_usage=95.0), *lab.run(6, cpu_usage=5))]
    types = [event.type for event in events]
    assert types.count("signal.flapping") == 1
    assert types.count("resource.high") == types.count("resource.normal") == 3


def test_the_process_table_is_read_as_often_as_it_is_worth(lab: Lab) -> None:
    lab.run(1)
    lab.machine.tables = 0
    lab.run(60, cpu_usage=10.0)
    assert lab.machine.tables == 6
    lab.machine.tables = 0
    lab.run(60, cpu_usage=70.0)
    assert lab.machine.tables == 30
    lab.service.watch_processes(True)
    lab.machine.tables = 0
    lab.run(60, cpu_usage=10.0)
    assert lab.machine.tables == 30
    lab.service.watch_processes(False)
    lab.machine.tables = 0
    lab.run(60)
    assert lab.machine.tables in {5, 6}


def test_a_failing_sensor_is_told_once_and_tried_less_and_less(lab: Lab) -> None:
    lab.run(2)
    lab.machine.fault = OSError("broken")
    events = lab.run(120)
    assert [(event.type, event.target) for event in events] == [("sensor.failed", "system")]
    assert events[0].data["error"] == "OSError: broken"
    assert lab.machine.tries < 12
    lab.machine.fault = None
    assert [event.type for event in lab.run(300)] == ["sensor.recovered"]
    tries = lab.machine.tries
    lab.run(10)
    assert lab.machine.tries == tries + 10


def test_one_failing_sensor_leaves_the_others_at_work(lab: Lab) -> None:
    lab.machine.process_fault = RuntimeError("no")
    events = lab.run(20, cpu_usage=95.0)
    assert sorted(event.type for event in events) == ["resource.high", "sensor.failed"]


@pytest.mark.logs_errors
def test_a_listener_that_fails_does_not_stop_the_others(lab: Lab) -> None:
    seen: list[float] = []

    def fail(_reading: Reading) -> None:
        raise RuntimeError("mine")

    lab.service.listen_reading(fail)
    end = lab.service.listen_reading(lambda reading: seen.append(reading.mono))
    lab.run(3)
    assert len(seen) == 3
    end()
    lab.run(3)
    assert len(seen) == 3
    assert lab.history.latest("cpu_usage") == 5.0


def test_listeners_see_the_signals_as_they_stand(lab: Lab) -> None:
    seen: list[tuple[bool, int]] = []
    lab.service.listen_reading(
        lambda _reading: seen.append((lab.signals.is_raised("cpu.high"), len(lab.events)))
    )
    lab.run(20, cpu_usage=95.0)
    assert (True, 0) in seen  # told of the raised signal before its event was published


class Beat:
    """Stands in for the stop flag: lets time pass instead of waiting."""

    def __init__(self, clock: FakeClock, rounds: int, work: Callable[[], None]) -> None:
        self.clock = clock
        self.left = rounds
        self.work = work
        self.waits: list[float] = []

    def is_set(self) -> bool:
        return self.left <= 0

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.waits.append(timeout)
        self.clock.advance(timeout)
        self.left -= 1
        self.work()
        return self.is_set()


def test_the_beat_does_not_drift(lab: Lab) -> None:
    times: list[float] = []
    lab.service.listen_reading(lambda reading: times.append(reading.mono))
    lab.service.listen_reading(lambda _reading: lab.clock.advance(0.3))  # what a round costs
    stop: Any = Beat(lab.clock, 50, lambda: None)
    lab.service.run(stop)
    assert times == pytest.approx([times[0] + i for i in range(len(times))])
    assert lab.service.cost_ms == pytest.approx(300.0)


def test_a_round_that_comes_too_late_is_left_out(lab: Lab) -> None:
    times: list[float] = []
    cost = iter([0.0, 3.4, *[0.0] * 10])
    lab.service.listen_reading(lambda reading: times.append(reading.mono))
    lab.service.listen_reading(lambda _reading: lab.clock.advance(next(cost)))
    stop: Any = Beat(lab.clock, 5, lambda: None)
    lab.service.run(stop)
    assert [time - times[0] for time in times] == pytest.approx([0, 1, 5, 6, 7])


def test_the_interval_is_an_option(lab: Lab) -> None:
    lab.config.set("sensors.interval", 5.0)
    stop: Any = Beat(lab.clock, 3, lambda: None)
    lab.service.run(stop)
    assert stop.waits == pytest.approx([5.0, 5.0, 5.0])


def test_a_real_hog_is_found_with_its_children(tmp_path: Path) -> None:
    clock = SystemClock()
    config = Config(tmp_path / "config.toml")
    config.set("signals.raise_after", 1.0)
    config.set("sensors.interval", 0.5)
    events: list[Event] = []
    found = threading.Event()
    bus = Bus(Stamps(clock))
    bus.subscribe("*", events.append)
    bus.subscribe("resource.high", lambda _event: found.set())
    code = (
        "import multiprocessing, sys\n"
        "def work():\n"
        "    while True: pass\n"
        "many = [multiprocessing.Process(target=work) for _ in range(multiprocessing.cpu_count())]\n"
        "[one.start() for one in many]; print(flush=True); sys.stdin.read()\n"
        "[one.kill() for one in many]; [one.join() for one in many]\n"
    )
    hog = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert hog.stdout is not None
    hog.stdout.readline()
    family = {hog.pid, *(child.pid for child in psutil.Process(hog.pid).children())}
    service = SensorService(
        clock,
        SystemSensor(clock),
        ProcessSensor(clock),
        MetricHistory(),
        Signals(default_specs(config.number)),
        bus.publish,
        config.number,
        own_pid=2**22 + 1,  # as if AIOS were not the parent of the hog
    )
    stop = threading.Event()
    lane = threading.Thread(target=service.run, args=(stop,))
    lane.start()
    try:
        assert found.wait(15)
    finally:
        stop.set()
        lane.join()
        hog.communicate()
    top = events[0].data["top"]
    # Where others keep the processors busy too, one child may hold nearly all that the hog gets.
    assert top["pid"] in family
    assert len(top["members"]) >= (2 if top["pid"] == hog.pid else 1)
    assert top["cpu_percent"] > 50
    assert not math.isnan(events[0].data["value"])
