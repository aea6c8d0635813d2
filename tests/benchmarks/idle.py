"""What AIOS costs at rest: processor time and memory of the real program.

    python tests/benchmarks/idle.py [--seconds 60]

Starts the program with its window in a virtual desktop (visible, then hidden in the tray) and then
without a window, and prints processor time in % of one core and memory. Goals: visible under 1 %,
hidden under 0.3 %. The floor beside them is a bare Qt window that repaints a square four times a
second: on a machine whose caches others use it was seen at 0.2 % and at 2.9 %, so read ratios.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.e2e.desktop import Desktop, Parts, Program, until

SETTLE_S = 20.0
FLOOR = """
from PySide6.QtCore import QTimer
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QApplication, QWidget

class Window(QWidget):
    def paintEvent(self, event):
        QPainter(self).fillRect(0, 0, 200, 200, QColor(0, 0, 0))

app = QApplication([])
window = Window()
window.resize(1280, 800)
window.show()
timer = QTimer()
timer.timeout.connect(lambda: window.update(0, 0, 200, 200))
timer.start(250)
app.exec()
"""


def real(program: Program) -> psutil.Process:
    """Return the program itself, below what the desktop puts around it."""
    root = psutil.Process(program.pid)
    family = [root, *root.children(recursive=True)]
    return next(p for p in family if p.name() != "setpriv")


def measure(name: str, process: psutil.Process, seconds: float) -> None:
    """Print what a process uses over a while."""
    time.sleep(SETTLE_S)
    before, start = process.cpu_times(), time.monotonic()
    time.sleep(seconds)
    after, took = process.cpu_times(), time.monotonic() - start
    used = after.user + after.system - before.user - before.system
    memory = process.memory_full_info()
    print(
        f"{name:<28} {100 * used / took:6.2f} % of a core   "
        f"RSS {memory.rss / 1e6:6.1f} MB   PSS {memory.pss / 1e6:6.1f} MB   "
        f"private {memory.uss / 1e6:6.1f} MB   load {psutil.getloadavg()[0]:.2f}",
        flush=True,
    )


def main() -> None:
    """Measure the three ways to run."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder, Desktop(Path(folder), Parts()) as desktop:
        floor = desktop.start("floor", sys.executable, "-c", FLOOR)
        measure("floor: a timer at 4 Hz", real(floor), seconds)
        floor.terminate()
        for name, arguments in (
            ("window visible, office", ()),
            ("window visible, health", ("--page", "health")),
            ("hidden in the tray", ("--hidden",)),
            ("daemon", ("daemon",)),
        ):
            program = desktop.start_app(*arguments)
            until(lambda: desktop.run("status").returncode == 0, "it answers", 20)
            measure(name, real(program), seconds)
            program.terminate()


if __name__ == "__main__":
    main()
