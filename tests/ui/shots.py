"""Grabs pictures of the pages, to be looked at.

python tests/ui/shots.py OUT [--pages a,b] [--themes light,dark] [--languages en,zh_CN]
    [--sizes 1280x800,1920x1200] [--scales 1,2] [--empty]

Each scale runs in a process of its own: Qt reads it once, at the start.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

PAGES = ("office", "health", "events", "repairs")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--pages", default=",".join(PAGES))
    parser.add_argument("--themes", default="light,dark,hc_dark,hc_light")
    parser.add_argument("--languages", default="en,zh_CN")
    parser.add_argument("--sizes", default="1280x800,1920x1200")
    parser.add_argument("--scales", default="1,2")
    parser.add_argument("--empty", action="store_true", help="the first seconds: nothing is known")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    """Start one process for each scale; say how many pages grew the window."""
    options = _arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.one:
        return _grab_all(options)
    grown = 0
    for scale in options.scales.split(","):
        environment = {
            **os.environ,
            "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
            "QT_SCALE_FACTOR": scale,
        }
        command = [sys.executable, __file__, *sys.argv[1:], "--one", "--scales", scale]
        grown += subprocess.run(command, env=environment, check=False).returncode
    return grown


def _grab_all(options: argparse.Namespace) -> int:
    from aios_desktop import i18n
    from aios_desktop.ui.app import make_application
    from aios_desktop.ui.theme import Theme

    app = make_application()
    theme = Theme(app, "light")
    theme.settle()
    grown = 0
    for language in options.languages.split(","):
        i18n.use(language)
        for size in options.sizes.split(","):
            for name in options.themes.split(","):
                theme.use(name)
                grown += _grab(options, theme, language, size)
    return grown


def _grab(options: argparse.Namespace, theme: object, language: str, size: str) -> int:
    from PySide6.QtCore import QEvent
    from PySide6.QtWidgets import QApplication

    from aios_desktop.ui.bridge import Bridge
    from aios_desktop.ui.frame import Frame
    from aios_desktop.ui.main_window import MainWindow
    from aios_desktop.ui.theme import Theme
    from tests.fake_core import FakeCore
    from tests.fake_data import START
    from tests.fakes import FakeClock

    assert isinstance(theme, Theme)
    width, height = (int(part) for part in size.split("x"))
    clock = FakeClock(START)
    core = FakeCore(clock, empty=options.empty)
    frame = Frame(theme)
    frame.resize(width, height)
    frame.page = options.pages.split(",")[0]
    bridge = Bridge(core, frame)
    window = MainWindow(core, bridge, theme, clock, frame)
    frame.show()
    grown = 0
    for page in options.pages.split(","):
        window.go_to(page)
        end = time.monotonic() + 0.4
        while time.monotonic() < end:
            QApplication.processEvents()
        if (frame.width(), frame.height()) != (width, height):
            print("GREW", page, theme.name, language, frame.width(), frame.height())
            grown += 1
        file = f"{page}_{theme.name}_{language}_{size}@{options.scales}.png"
        frame.grab().save(str(options.out / file))
    bridge.close()
    frame.close()
    frame.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return grown


if __name__ == "__main__":
    raise SystemExit(main())
