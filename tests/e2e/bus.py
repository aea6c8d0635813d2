"""A session bus of one's own, and the fake notification service and tray on it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

FAKEBUS = Path(__file__).with_name("fakebus.py")
CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={folder}/bus</listen>{services}
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>
"""


def spawn(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start a program as leader of its own group; it dies when this process is killed."""
    tied = ["setpriv", "--pdeathsig", "KILL", "--", *command]
    return subprocess.Popen(tied, start_new_session=True, **options)


def end(process: subprocess.Popen[Any], patience_s: float = 3.0) -> int:
    """End a process (the leader of its group) and all of its group; return its exit code."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(patience_s)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # what it may have left behind in its group
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
    return int(process.returncode)


class Lines:
    """Reads the lines of a stream with a deadline, without a thread."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._rest = b""
        os.set_blocking(stream.fileno(), False)

    def next(self, deadline: float) -> str:
        """Return the next line. Raises TimeoutError, or EOFError at the end of the stream."""
        while b"\n" not in self._rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._stream], [], [], left)[0]:
                raise TimeoutError
            data = os.read(self._stream.fileno(), 65536)
            if not data:
                raise EOFError
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()


class PrivateBus:
    """A dbus-daemon that nobody else knows; starts no services unless ``activate`` names some.

    ``activate`` maps a bus name to the command that is to own it.
    """

    def __init__(self, activate: Mapping[str, Sequence[str]] | None = None) -> None:
        self._activate = dict(activate or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = Path()
        self.address = ""

    def start(self) -> Self:
        """Start the bus on a fresh socket."""
        self._folder = Path(tempfile.mkdtemp(prefix="bus-"))
        services = ""
        for name, command in self._activate.items():
            text = f"[D-BUS Service]\nName={name}\nExec={' '.join(command)}\n"
            (self._folder / f"{name}.service").write_text(text, "utf-8")
            services = f"<servicedir>{self._folder}</servicedir>"
        config = self._folder / "bus.conf"
        config.write_text(CONFIG.format(folder=self._folder, services=services), "utf-8")
        self._process = subprocess.Popen(
            [
                "dbus-daemon",
                f"--config-file={config}",
                "--nofork",
                "--nopidfile",
                "--print-address",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        try:
            self.address = Lines(self._process.stdout).next(time.monotonic() + 10)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the bus."""
        if self._process is not None:
            end(self._process)
            self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class FakeServices:
    """The process of fakebus.py: its happenings can be waited for, and it takes orders."""

    def __init__(self, address: str, *options: str) -> None:
        self._process = spawn(
            [sys.executable, str(FAKEBUS), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"DBUS_SESSION_BUS_ADDRESS": address},
        )
        assert self._process.stdout is not None
        self._lines = Lines(self._process.stdout)
        self.seen: list[dict[str, Any]] = []
        self._taken = 0
        try:
            self.wait("ready", 10)
        except BaseException:
            self.stop()
            raise

    def wait(self, event: str, patience_s: float = 5.0, **facts: object) -> dict[str, Any]:
        """Return the next happening of this kind whose facts are as given. Raises TimeoutError."""
        deadline = time.monotonic() + patience_s
        while True:
            while self._taken < len(self.seen):
                found = self.seen[self._taken]
                self._taken += 1
                if found["event"] == event and facts.items() <= found.items():
                    return found
            try:
                self.seen.append(json.loads(self._lines.next(deadline)))
            except TimeoutError:
                raise TimeoutError(f"no {event} {facts}; there was {self.seen}") from None

    def order(self, line: str) -> None:
        """Tell the process what to do: ``action ID KEY``, ``close ID REASON``."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def press(self, notice: Mapping[str, Any], action: str) -> None:
        """Press a button of a notice, as a person would."""
        self.order(f"action {notice['id']} {action}")

    def stop(self) -> None:
        """End the process; its names leave the bus."""
        end(self._process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
