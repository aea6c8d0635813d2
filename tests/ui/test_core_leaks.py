"""A core that has stopped listens to nothing any more."""

from __future__ import annotations

from pathlib import Path

from aios_desktop.clock import SystemClock
from aios_desktop.config import Config
from aios_desktop.paths import find
from aios_desktop.runtime.build import build


def test_nobody_is_left_on_the_bus_of_a_stopped_core(tmp_path: Path) -> None:
    paths = find(tmp_path)
    core = build(paths, SystemClock(), Config(paths.options))
    bus = core._p.bus
    assert list(bus.subscribers) == []
    core.start()
    end = core.listen(lambda event: None)
    assert len(bus.subscribers) >= 4
    end()
    core.stop()
    assert list(bus.subscribers) == []
