"""PySide6 6.12.0 loses references and then aborts Python 3.11: this one must not.

The counts stay below what it takes to abort, so that the test fails instead of the whole process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from PySide6.QtCore import QObject, QRect, Signal, Slot
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget

ALLOWED = 10
SINGLES = (True, False, None)


class _Sender(QObject):
    plain = Signal()
    carries = Signal(object)

    @Slot()
    def take(self) -> None:
        """Take nothing."""

    @Slot(object)
    def take_it(self, value: object) -> None:
        """Take something."""


def _drift(work: Callable[[], object], times: int) -> list[int]:
    work()
    before = [sys.getrefcount(one) for one in SINGLES]
    for _ in range(times):
        work()
    return [abs(sys.getrefcount(one) - old) for one, old in zip(SINGLES, before, strict=True)]


@pytest.mark.parametrize("times", [100, 20_000])
def test_emits_keep_the_counts(qapp: QApplication, times: int) -> None:
    sender = _Sender()
    sender.plain.connect(sender.take)
    sender.carries.connect(sender.take_it)
    assert max(_drift(sender.plain.emit, min(times, 100))) <= ALLOWED
    assert max(_drift(lambda: sender.carries.emit(None), min(times, 100))) <= ALLOWED
    assert max(_drift(sender.plain.emit, times)) <= ALLOWED
    assert max(_drift(lambda: sender.carries.emit(None), times)) <= ALLOWED


@pytest.mark.parametrize("times", [100, 20_000])
def test_calls_without_a_value_keep_the_counts(qapp: QApplication, times: int) -> None:
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    painter, widget, box, colour = QPainter(image), QWidget(), QRect(0, 0, 4, 4), QColor("red")
    calls: tuple[Callable[[], object], ...] = (
        lambda: painter.fillRect(box, colour),
        lambda: painter.drawImage(box, image),
        lambda: painter.setPen(colour),
        lambda: painter.drawText(1, 1, "a"),
        lambda: widget.update(box),
        widget.update,
    )
    try:
        for call in calls:
            assert max(_drift(call, 100)) <= ALLOWED
        for call in calls[:4]:
            assert max(_drift(call, times)) <= ALLOWED
    finally:
        painter.end()
        widget.deleteLater()
