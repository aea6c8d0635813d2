"""The window must be on screen before psutil is imported, so modules do not import it themselves."""

from __future__ import annotations

import subprocess
import sys

import pytest

MODULES = (
    "aios_desktop.sensors.service",
    "aios_desktop.sensors.system",
    "aios_desktop.sensors.processes",
    "aios_desktop.sensors.caches",
    "aios_desktop.score.engine",
    "aios_desktop.skills.registry",
)


@pytest.mark.parametrize("module", MODULES)
def test_psutil_is_not_imported_with_the_module(module: str) -> None:
    code = f"import sys, {module}; sys.exit('psutil' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=30).returncode == 0
