"""What a process is called: by its script where an interpreter runs it."""

from __future__ import annotations

import pytest

from aios_desktop.sensors.processes import script_of


@pytest.mark.parametrize(
    ("name", "command", "title"),
    [
        ("python", "python tests/e2e/hog.py --seconds 9", "hog.py"),
        ("python3.11", "/usr/bin/python3.11 -u -X dev /opt/app/main.py", "main.py"),
        ("python3", "python3 -m http.server", "http.server"),
        ("python", "python -c print(1)", ""),
        ("node", "node /srv/app/server.js", "server.js"),
        ("sh", "sh -c while :; do :; done", ""),
        ("bash", "bash -ec exit", ""),
        ("bash", "bash build.sh all", "build.sh"),
        ("make", "make -j8 all", ""),
        ("python", "python", ""),
    ],
)
def test_an_interpreter_is_called_by_its_script(name: str, command: str, title: str) -> None:
    assert script_of(name, command) == title
