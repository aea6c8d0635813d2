"""The figures of the machine agree with psutil, and one that cannot be had is left out."""

from __future__ import annotations

import math
import threading
from pathlib import Path

import psutil
import pytest

from aios_desktop.clock import SystemClock
from aios_desktop.sensors.metrics import METRICS
from aios_desktop.sensors.reading import Disk, Reading
from aios_desktop.sensors.system import DISKS_EVERY_S, SystemSensor
from tests.fakes import FakeClock


@pytest.fixture
def sensor() -> SystemSensor:
    return SystemSensor(SystemClock())


def second(sensor: SystemSensor) -> Reading:
    sensor.read()
    threading.Event().wait(0.2)
    return sensor.read()


def test_every_figure_is_declared_and_sane(sensor: SystemSensor) -> None:
    reading = second(sensor)
    assert set(reading.metrics) <= set(METRICS)
    always = {
        "cpu_usage",
        "cpu_core_max",
        "load_1m",
        "load_per_core",
        "memory_usage",
        "memory_available_bytes",
        "disk_usage",
        "disk_free_bytes",
        "process_count",
        "own_cpu",
        "own_memory_bytes",
    }
    assert always <= set(reading.metrics)
    for name, value in reading.metrics.items():
        assert math.isfinite(value), name
        assert value >= 0, name
        if METRICS[name].unit == "%" and name != "own_cpu":
            assert value <= 100, name
    assert reading.metrics["cpu_core_max"] >= reading.metrics["cpu_usage"] - 1e-9


def test_the_figures_agree_with_psutil(sensor: SystemSensor) -> None:
    metrics = second(sensor).metrics
    memory = psutil.virtual_memory()
    assert metrics["memory_usage"] == pytest.approx(memory.percent, abs=3)
    assert metrics["memory_available_bytes"] == pytest.approx(memory.available, rel=0.05)
    assert metrics["process_count"] == pytest.approx(len(psutil.pids()), abs=20)
    assert metrics["own_memory_bytes"] == pytest.approx(psutil.Process().memory_info().rss, rel=0.1)
    assert metrics["load_1m"] == pytest.approx(psutil.getloadavg()[0], abs=1.0)
    assert ("swap_usage" in metrics) == (psutil.swap_memory().total > 0)


def test_processor_use_follows_the_work(sensor: SystemSensor) -> None:
    sensor.read()
    before = psutil.cpu_times()
    work = sum(i * i for i in range(3_000_000))
    reading = sensor.read()
    after = psutil.cpu_times()
    assert work > 0
    busy = (after.user + after.system + after.nice) - (before.user + before.system + before.nice)
    total = sum(after[:8]) - sum(before[:8])
    assert reading.metrics["cpu_usage"] == pytest.approx(100 * busy / total, abs=25)
    assert reading.metrics["own_cpu"] > 20


def test_the_first_look_has_no_rates(sensor: SystemSensor) -> None:
    metrics = sensor.read().metrics
    assert "cpu_usage" not in metrics
    assert "net_recv_bytes_s" not in metrics
    assert "own_cpu" not in metrics


def test_written_bytes_show_on_the_disk(sensor: SystemSensor) -> None:
    reading = second(sensor)
    if "disk_write_bytes_s" in reading.metrics:  # a container may show no disks
        assert reading.metrics["disk_write_bytes_s"] >= 0
    fullest = reading.fullest()
    assert fullest is not None
    assert reading.metrics["disk_usage"] == fullest.percent == max(d.percent for d in reading.disks)
    assert reading.metrics["disk_free_bytes"] == fullest.free_bytes
    assert "/" in {disk.mount for disk in reading.disks}


def test_disks_are_looked_at_every_half_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    sensor = SystemSensor(clock)
    sensor.read()
    full = [Disk("/", 100, 99, 1, 99.0)]
    monkeypatch.setattr(sensor, "_read_disks", lambda: tuple(full))
    clock.advance(DISKS_EVERY_S - 1)
    assert sensor.read().metrics["disk_usage"] != 99.0
    clock.advance(2)
    assert sensor.read().metrics["disk_usage"] == 99.0


def test_pressure_is_read_where_the_kernel_has_it(tmp_path: Path) -> None:
    (tmp_path / "cpu").write_text("some avg10=12.34 avg60=1.00 avg300=0.00 total=1\nfull avg10=0\n")
    (tmp_path / "memory").write_text("nonsense")
    sensor = SystemSensor(SystemClock(), pressure=tmp_path)
    metrics = sensor.read().metrics
    assert metrics["cpu_pressure"] == 12.34
    assert "memory_pressure" not in metrics
    assert "io_pressure" not in metrics
    (tmp_path / "cpu").unlink()
    assert "cpu_pressure" not in sensor.read().metrics


@pytest.mark.parametrize(
    ("call", "gone"),
    [
        ("cpu_times", {"cpu_usage", "cpu_core_max"}),
        ("pids", {"process_count"}),
        ("disk_usage", {"disk_usage", "disk_free_bytes"}),
        ("disk_partitions", set()),
        ("net_io_counters", {"net_recv_bytes_s", "net_sent_bytes_s"}),
        ("disk_io_counters", {"disk_read_bytes_s", "disk_write_bytes_s"}),
    ],
)
def test_what_cannot_be_read_is_left_out_and_the_rest_stays(
    monkeypatch: pytest.MonkeyPatch, call: str, gone: set[str]
) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(call)

    whole = set(second(SystemSensor(SystemClock())).metrics)
    monkeypatch.setattr(psutil, call, refuse)
    assert set(second(SystemSensor(SystemClock())).metrics) == whole - gone


def test_memory_comes_from_psutil_where_the_kernel_does_not_tell(tmp_path: Path) -> None:
    by_kernel = SystemSensor(SystemClock()).read().metrics
    by_psutil = SystemSensor(SystemClock(), memory_info=tmp_path / "none").read().metrics
    for name in ("memory_usage", "memory_available_bytes", "swap_usage"):
        assert (name in by_kernel) == (name in by_psutil)
        if name in by_kernel:
            assert by_kernel[name] == pytest.approx(by_psutil[name], rel=0.05, abs=1)


def test_swap_is_told_only_where_there_is_some(tmp_path: Path) -> None:
    file = tmp_path / "meminfo"
    text = "MemTotal:       1000 kB\nMemFree:  1 kB\nMemAvailable:    250 kB\nSwapTotal: {} kB\nSwapFree: 30 kB\n"
    file.write_text(text.format(200))
    sensor = SystemSensor(SystemClock(), memory_info=file)
    metrics = sensor.read().metrics
    assert metrics["memory_usage"] == 75.0
    assert metrics["memory_available_bytes"] == 256_000
    assert metrics["swap_usage"] == 85.0
    file.write_text(text.format(0))
    assert "swap_usage" not in sensor.read().metrics


def test_a_counter_that_was_reset_gives_no_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    sensor = SystemSensor(clock)
    counts = {"eth0": psutil._ntuples.snetio(0, 0, 0, 0, 0, 0, 0, 0)}
    monkeypatch.setattr(psutil, "net_io_counters", lambda **_: dict(counts))

    def after(received: int) -> float | None:
        counts["eth0"] = psutil._ntuples.snetio(0, received, 0, 0, 0, 0, 0, 0)
        clock.advance(2)
        return sensor.read().metrics.get("net_recv_bytes_s")

    assert after(1000) is None
    assert after(3000) == 1000.0
    assert after(10) is None
    assert after(110) == 50.0
    counts["lo"] = psutil._ntuples.snetio(0, 10**9, 0, 0, 0, 0, 0, 0)
    assert after(110) == 0.0  # what goes to ourselves does not count
