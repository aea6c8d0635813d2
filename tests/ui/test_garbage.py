"""Widgets are only ever freed in the GUI thread."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from aios_desktop.ui.garbage import Collector, due


@pytest.fixture
def collector(qtbot: QtBot) -> Iterator[Collector]:
    del qtbot
    was_on = gc.isenabled()
    gc.enable()
    parent = QObject()
    made = Collector(parent)
    yield made
    made.close()
    assert gc.isenabled()
    parent.deleteLater()
    if not was_on:
        gc.disable()


class Knot:
    """Cyclic garbage that notes the thread it is freed in."""

    freed_in: list[str]

    def __init__(self, freed_in: list[str]) -> None:
        self.itself = self
        self.freed_in = freed_in

    def __del__(self) -> None:
        self.freed_in.append(threading.current_thread().name)


def test_a_busy_worker_frees_nothing_that_the_window_left(collector: Collector) -> None:
    freed: list[str] = []
    collector.look()
    for _ in range(2000):
        Knot(freed)

    def work() -> None:
        kept = [[n] for n in range(50_000)]  # enough to start a collection, were it on
        kept.clear()

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert freed == []
    collector.look()
    assert set(freed) == {threading.main_thread().name}


def test_the_oldest_due_generation_is_taken() -> None:
    assert due((10, 0, 0), (700, 10, 10)) is None
    assert due((701, 0, 0), (700, 10, 10)) == 0
    assert due((701, 11, 0), (700, 10, 10)) == 1
    assert due((0, 0, 11), (700, 10, 10)) == 2
