"""Drives a window as a person would who sees it through a screen reader and has a keyboard."""

from __future__ import annotations

import functools
import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.e2e.bus import Lines, end, spawn

EYES = Path(__file__).with_name("eyes.py")
SYSTEM_PYTHONS = ("/usr/bin/python3", "/usr/local/bin/python3")
STEP_S = 0.05


@functools.cache
def system_python() -> str:
    """Return a Python that has AT-SPI: the system's, as gi is not a wheel."""
    for python in SYSTEM_PYTHONS:
        if not Path(python).exists():
            continue
        probe = "import gi; gi.require_version('Atspi', '2.0')"
        if subprocess.run([python, "-c", probe], capture_output=True).returncode == 0:
            return python
    raise LookupError("no Python with AT-SPI: run packaging/test.sh, it installs what is missing")


@dataclass(frozen=True, slots=True)
class Node:
    """One thing in the window, as assistive technology is told."""

    role: str
    name: str
    description: str
    states: tuple[str, ...]
    enabled: bool
    showing: bool
    value: str | float | None
    id: str
    box: tuple[int, int, int, int]

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Self:
        """Make a node from what eyes.py says."""
        return cls(
            role=raw["role"],
            name=raw["name"],
            description=raw["description"],
            states=tuple(raw["states"]),
            enabled=raw["enabled"],
            showing=raw["showing"],
            value=raw["value"],
            id=raw["id"],
            box=tuple(raw["box"]),
        )

    def line(self) -> str:
        """Return one line that describes the node."""
        words = [self.role, f'"{self.name}"']
        if self.description:
            words.append(f"({self.description})")
        if self.value is not None:
            words.append(f"= {self.value!r}")
        if self.states:
            words.append(f"[{','.join(self.states)}]")
        if not self.enabled:
            words.append("disabled")
        return " ".join(words)


class Walker:
    """Finds, reads and presses what process ``pid`` shows.

    Nodes are named by ``role``, ``name`` (whole, or a part of name and description with
    ``part=True``) and ``id`` (the accessible identifier).
    """

    def __init__(self, pid: int, env: Mapping[str, str]) -> None:
        self.pid = pid
        self._env = dict(env)
        self._eyes = spawn(
            [system_python(), "-W", "ignore", str(EYES)],
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._eyes.stdout is not None
        self._lines = Lines(self._eyes.stdout)
        try:
            self._lines.next(time.monotonic() + 10)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop looking."""
        end(self._eyes)

    def _ask(self, do: str, **request: Any) -> Any:
        assert self._eyes.stdin is not None
        line = json.dumps({"do": do, "pid": self.pid, **request})
        self._eyes.stdin.write(line.encode() + b"\n")
        self._eyes.stdin.flush()
        answer = json.loads(self._lines.next(time.monotonic() + 30))
        if "error" in answer:
            raise LookupError(answer["error"])
        return answer["ok"]

    def find(self, name: str = "", **request: Any) -> Node | None:
        """Return the first thing that fits and is shown, or None."""
        raw = self._ask("find", name=name, **request)
        return Node.read(raw) if raw else None

    def wait(self, name: str = "", patience_s: float = 10.0, **request: Any) -> Node:
        """Wait until something that fits is shown. Raises TimeoutError with all there is."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            node = self.find(name, **request)
            if node is not None:
                return node
            time.sleep(STEP_S)
        raise TimeoutError(f"no {request} {name!r} in\n{self.tree()}")

    def wait_gone(self, name: str = "", patience_s: float = 10.0, **request: Any) -> None:
        """Wait until nothing that fits is shown. Raises TimeoutError with all there is."""
        deadline = time.monotonic() + patience_s
        while self.find(name, **request) is not None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{request} {name!r} is still in\n{self.tree()}")
            time.sleep(STEP_S)

    def press(self, name: str = "", patience_s: float = 10.0, **request: Any) -> None:
        """Wait for a thing and do its main action."""
        self.wait(name, patience_s, **request)
        self._ask("press", name=name, **request)

    def focus(self, name: str = "", **request: Any) -> None:
        """Give a thing the keyboard focus."""
        self.wait(name, **request)
        self._ask("focus", name=name, **request)

    def focused(self) -> Node | None:
        """Return what has the keyboard focus."""
        raw = self._ask("focused")
        return Node.read(raw) if raw else None

    def wait_focus(self, name: str, patience_s: float = 10.0) -> Node:
        """Wait until the thing with this name has the keyboard focus. Raises TimeoutError."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            node = self.focused()
            if node is not None and node.name == name:
                return node
            time.sleep(STEP_S)
        raise TimeoutError(f"the focus is not on {name!r} but on {self.focused()}")

    def write(self, text: str, name: str = "", **request: Any) -> None:
        """Replace the text of a field, in any script."""
        self.wait(name, **request)
        self._ask("write", name=name, text=text, **request)

    def click(self, name: str = "", button: int = 1, **request: Any) -> None:
        """Wait for a thing and click with the mouse into its middle."""
        x, y, width, height = self.wait(name, **request).box
        self._xdotool("mousemove", str(x + width // 2), str(y + height // 2), "click", str(button))

    def keys(self, *keys: str) -> None:
        """Press keys such as ``ctrl+k`` or ``Return``."""
        self._xdotool("key", "--delay", "30", *keys)

    def type(self, text: str) -> None:
        """Type plain ASCII on the keyboard."""
        self._xdotool("type", "--delay", "15", "--", text)

    def activate(self, title: str) -> None:
        """Bring the window whose title matches to the front and give it the focus."""
        self._xdotool("search", "--onlyvisible", "--name", title, "windowactivate", "--sync")

    def _xdotool(self, *arguments: str) -> None:
        subprocess.run(
            ["xdotool", *arguments], env=self._env, check=True, capture_output=True, timeout=20
        )

    def nodes(self, *, hidden: bool = False) -> list[tuple[int, Node]]:
        """Return everything with its depth; raises LookupError when nothing is shown at all."""
        return [(raw["depth"], Node.read(raw)) for raw in self._ask("tree", hidden=hidden)]

    def tree(self, *, hidden: bool = False) -> str:
        """Return everything as indented text, as a person with a screen reader gets it."""
        try:
            return "\n".join(
                "  " * depth + node.line() for depth, node in self.nodes(hidden=hidden)
            )
        except LookupError as error:
            return f"({error})"
