"""The headless core must start without Qt, numpy and the charts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import aios_desktop

PACKAGE = Path(aios_desktop.__file__).parent
WITH_QT = (
    "aios_desktop.ui",
    "aios_desktop.daemon",
    "aios_desktop.scheduler.pool",
    # The composition root puts the worker pool in.
    "aios_desktop.runtime.build",
    "aios_desktop.runtime.core",
    "aios_desktop.runtime.parts",
    "aios_desktop.runtime.launch",
)
HEAVY = ("PySide6", "shiboken6", "numpy", "pyqtgraph")
PROGRAM = """
import importlib, json, sys
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def core_modules() -> list[str]:
    """Name every module of the package but those that may know Qt."""
    names = []
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        if name != "aios_desktop.__main__" and not name.startswith(WITH_QT):
            names.append(name)
    return names


def imported_by(modules: list[str]) -> set[str]:
    """Import ``modules`` in a fresh interpreter; return all top-level names that came with them."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(modules)],
        capture_output=True,
        text=True,
        timeout=50,
        cwd=PACKAGE.parent,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_the_core_starts_without_qt_and_numpy() -> None:
    modules = core_modules()
    assert "aios_desktop.events.model" in modules
    assert not imported_by(modules) & set(HEAVY)


def test_the_probe_would_notice() -> None:
    assert "PySide6" in imported_by(["aios_desktop.events.model", "PySide6.QtCore"])
