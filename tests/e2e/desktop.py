"""A throw-away desktop: X server, session bus, window manager, fake notification service and tray.

Each piece is the real program except the notification service and the tray, which fakebus.py
stands in for. Everything ends with the context manager, also when something failed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from PIL import ImageGrab

from tests.e2e.bus import FakeServices, Lines, PrivateBus, end, spawn
from tests.e2e.walker import Walker

PROGRAM = Path(sys.prefix) / "bin" / "aios-desktop"
A11Y_LAUNCHERS = (
    "/usr/libexec/at-spi-bus-launcher",
    "/usr/lib/at-spi2-core/at-spi-bus-launcher",
    "/usr/lib/at-spi-bus-launcher",
)
STEP_S = 0.03


@dataclass(frozen=True, slots=True)
class Parts:
    """What the desktop is to have. Without ``display`` there is a session bus at most."""

    display: bool = True
    bus: bool = True
    notifications: bool = True
    tray: bool = True
    accessibility: bool = True
    size: str = "1280x800"


def until(reached: Callable[[], bool], what: str, patience_s: float = 10.0) -> float:
    """Wait until ``reached()``; return the seconds it took. Raises TimeoutError."""
    start = time.monotonic()
    while not reached():
        if time.monotonic() - start > patience_s:
            raise TimeoutError(f"{what}: not within {patience_s:g} s")
        time.sleep(STEP_S)
    return time.monotonic() - start


class Program:
    """A running program of the desktop, its output kept in files."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.name = name
        self.process = process
        self._out, self._err = folder / f"{name}.out", folder / f"{name}.err"

    @classmethod
    def launch(
        cls, name: str, command: list[str], env: Mapping[str, str], folder: Path, **options: Any
    ) -> Self:
        """Start a program."""
        with (folder / f"{name}.out").open("wb") as out, (folder / f"{name}.err").open("wb") as err:
            process = spawn(
                command, env=dict(env), stdin=subprocess.DEVNULL, stdout=out, stderr=err, **options
            )
        return cls(name, process, folder)

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self.process.pid

    @property
    def out(self) -> str:
        """Return what it has written to standard output."""
        return self._out.read_text("utf-8", "replace")

    @property
    def err(self) -> str:
        """Return what it has written to standard error."""
        return self._err.read_text("utf-8", "replace")

    @property
    def running(self) -> bool:
        """Say whether it still runs."""
        return self.process.poll() is None

    def wait(self, patience_s: float = 10.0) -> int:
        """Wait for its end and return the exit code. Raises subprocess.TimeoutExpired."""
        return self.process.wait(patience_s)

    def terminate(self, patience_s: float = 10.0) -> int:
        """Ask it to end (SIGTERM); return the exit code. Raises subprocess.TimeoutExpired."""
        self.process.terminate()
        return self.process.wait(patience_s)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


class Desktop:
    """The desktop as a context manager. ``folder`` holds its home, its data and all output."""

    def __init__(self, folder: Path, parts: Parts = Parts()) -> None:
        self.folder = folder
        self.parts = parts
        self.home = folder / "home"
        self.data_dir = folder / "aios"
        self.env: dict[str, str] = {}
        self.services: FakeServices | None = None
        self.seconds: dict[str, float] = {}
        self._bus: PrivateBus | None = None
        self._programs: list[Program] = []
        self._walkers: list[Walker] = []

    # coming and going

    def __enter__(self) -> Self:
        try:
            return self._start()
        except BaseException:
            sys.stderr.write(self.report())
            self.stop()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _start(self) -> Self:
        start = time.monotonic()
        self.env = self._environment()
        if self.parts.bus:
            self._bus = PrivateBus().start()
            self.env["DBUS_SESSION_BUS_ADDRESS"] = self._bus.address
            self._start_services()
        if self.parts.display:
            self.env["DISPLAY"] = self._start_x()
            self.env["QT_QPA_PLATFORM"] = "xcb"
            self._start_window_manager()
        if self.parts.accessibility and self.parts.display:
            self._start_accessibility()
        self.seconds["all"] = time.monotonic() - start
        return self

    def _environment(self) -> dict[str, str]:
        folders = {
            "HOME": self.home,
            "XDG_CONFIG_HOME": self.home / ".config",
            "XDG_DATA_HOME": self.home / ".local/share",
            "XDG_STATE_HOME": self.home / ".local/state",
            "XDG_CACHE_HOME": self.home / ".cache",
            "XDG_RUNTIME_DIR": self.folder / "run",
        }
        for place in folders.values():
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        return {name: str(place) for name, place in folders.items()} | {
            "PATH": os.environ["PATH"],
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "XDG_SESSION_TYPE": "x11",
            "GSETTINGS_BACKEND": "memory",
            "PYTHONUNBUFFERED": "1",
        }

    def _start_services(self) -> None:
        assert self._bus is not None
        if self.parts.notifications or self.parts.tray:
            options = [] if self.parts.notifications else ["--no-notifications"]
            options += [] if self.parts.tray else ["--no-tray"]
            self.services = FakeServices(self._bus.address, *options)

    def _start_x(self) -> str:
        reader, writer = os.pipe()
        with os.fdopen(reader, "rb", buffering=0) as answer:
            command = ["Xvfb", "-displayfd", str(writer), "-nolisten", "tcp", "-dpi", "96"]
            command += ["-screen", "0", f"{self.parts.size}x24", "-noreset"]
            self.start("Xvfb", *command, pass_fds=(writer,))
            os.close(writer)
            number = Lines(answer).next(time.monotonic() + 20)
        return f":{number}"

    def _start_window_manager(self) -> None:
        """Start openbox. On a very busy machine it may miss its start; it gets a second one."""
        for attempt in (1, 2):
            manager = self.start("openbox", "openbox", "--sm-disable")
            try:
                # This answers only once a window manager has said what it supports.
                self.seconds["openbox"] = until(
                    lambda: self._xdotool("get_num_desktops"), "window manager", 8
                )
                return
            except TimeoutError:
                end(manager.process)
                self._programs.remove(manager)
                if attempt == 2:
                    raise

    def _start_accessibility(self) -> None:
        launcher = next((x for x in A11Y_LAUNCHERS if Path(x).exists()), None)
        if launcher is None:
            raise LookupError("at-spi2-core is missing: run packaging/test.sh, it installs it")
        self.start("at-spi", launcher, "--launch-immediately", "--a11y=1")
        query = ["dbus-send", "--session", "--print-reply", "--dest=org.a11y.Bus", "/org/a11y/bus"]
        self.seconds["at-spi"] = until(
            lambda: self.call(*query, "org.a11y.Bus.GetAddress").returncode == 0, "AT-SPI bus"
        )

    def _xdotool(self, *arguments: str) -> bool:
        return self.call("xdotool", *arguments).returncode == 0

    def stop(self) -> None:
        """End everything, last started first."""
        for walker in self._walkers:
            walker.close()
        for program in reversed(self._programs):
            end(program.process)
        self._walkers.clear()
        self._programs.clear()
        if self.services is not None:
            self.services.stop()
            self.services = None
        if self._bus is not None:
            self._bus.stop()
            self._bus = None

    # what one does on it

    def start(
        self, name: str, *command: str, env: Mapping[str, str] | None = None, **options: Any
    ) -> Program:
        """Start a program on this desktop. It ends with the desktop at the latest."""
        program = Program.launch(
            name, list(command), self.env | dict(env or {}), self.folder, **options
        )
        self._programs.append(program)
        return program

    def start_app(self, *arguments: str, env: Mapping[str, str] | None = None) -> Program:
        """Start ``aios-desktop --data-dir D …`` and return at once."""
        count = sum(x.name.startswith("app") for x in self._programs)
        name = f"app{count or ''}"
        return self.start(name, *self.app_command(*arguments), env=env)

    def app_command(self, *arguments: str) -> list[str]:
        """Return the command line of the application for this desktop's data folder."""
        words = list(arguments)
        place = 1 if words and not words[0].startswith("-") else 0  # after the command, if any
        words[place:place] = ["--data-dir", str(self.data_dir)]
        return [str(PROGRAM), *words]

    def run(self, *arguments: str, patience_s: float = 20.0) -> subprocess.CompletedProcess[str]:
        """Run a command of ``aios-desktop`` to its end, beside the running application."""
        return self.call(*self.app_command(*arguments), patience_s=patience_s)

    def call(self, *command: str, patience_s: float = 20.0) -> subprocess.CompletedProcess[str]:
        """Run any program to its end on this desktop."""
        return subprocess.run(
            command, env=self.env, capture_output=True, text=True, timeout=patience_s
        )

    def walker(self, program: Program) -> Walker:
        """Return somebody who can see and press what the program shows."""
        walker = Walker(program.pid, self.env)
        self._walkers.append(walker)
        return walker

    def screenshot(self, file: Path) -> Path:
        """Write what is on the screen to a PNG file."""
        image = ImageGrab.grab(xdisplay=self.env["DISPLAY"])
        image.save(file)
        return file

    def report(self) -> str:
        """Return the ends of all output, for a test that failed."""
        parts = []
        for file in sorted(self.folder.glob("*.err")) + sorted(self.folder.glob("*.out")):
            text = file.read_text("utf-8", "replace")[-3000:]
            if text.strip():
                parts.append(f"── {file.name}\n{text}")
        return "\n".join(parts)


def facts(process_id: int) -> dict[str, Any]:
    """Return name, state and threads of a process from /proc; empty when it is gone."""
    try:
        text = Path(f"/proc/{process_id}/status").read_text("utf-8")
    except OSError:
        return {}
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
