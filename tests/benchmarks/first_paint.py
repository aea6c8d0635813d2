"""CPU time until the first paint: the application's window beside a bare QWidget.

python tests/benchmarks/first_paint.py [--runs 9] [--limit 1.5]

The two are started in turn, so that a busy neighbour hits both. Run it under Xvfb as well:
xvfb-run -s "-screen 0 1280x800x24" env QT_QPA_PLATFORM=xcb python tests/benchmarks/first_paint.py
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

BARE = """
import os, sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget

class Window(QWidget):
    def paintEvent(self, event):
        QTimer.singleShot(0, self.done)
    def done(self):
        print(time.process_time(), flush=True)
        os._exit(0)

app = QApplication([])
window = Window()
window.resize(1280, 800)
window.show()
app.exec()
"""
OURS = """
import os, sys, time
from pathlib import Path
from aios_desktop import paths
from aios_desktop.clock import SystemClock
from aios_desktop.ui.app import run_app

def make_core():
    print(time.process_time(), flush=True)
    heavy = [name for name in ("numpy", "pyqtgraph", "psutil", "apsw") if name in sys.modules]
    os._exit(3 if heavy else 0)

run_app(make_core, places=paths.find(Path(sys.argv[1])), clock=SystemClock())
"""


def main() -> int:
    """Print medians and their ratio; 1 when the ratio is above the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--limit", type=float, default=1.5)
    options = parser.parse_args()
    figures: dict[str, list[float]] = {"bare": [], "ours": []}
    with tempfile.TemporaryDirectory(prefix="aios-first-paint-") as home:
        for code in (BARE, OURS):
            measure(code, home)  # not counted: the first run reads files from the disk
        for _ in range(options.runs):
            figures["bare"].append(measure(BARE, home))
            figures["ours"].append(measure(OURS, home))
    bare, ours = (statistics.median(figures[name]) * 1000 for name in ("bare", "ours"))
    platform = os.environ.get("QT_QPA_PLATFORM", "offscreen")
    print(
        f"first paint on {platform}, CPU ms, median of {options.runs}: "
        f"bare {bare:.0f}, ours {ours:.0f}, ratio {ours / bare:.2f} (limit {options.limit})"
    )
    return 0 if ours / bare <= options.limit else 1


def measure(code: str, home: str) -> float:
    """Start a process; return its CPU seconds at the first paint."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    done = subprocess.run(
        [sys.executable, "-c", code, home],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return float(done.stdout.split()[0])


if __name__ == "__main__":
    raise SystemExit(main())
