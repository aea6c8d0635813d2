"""The local socket: how the command line reaches the running instance.

One JSON object a line each way. The socket lies in a folder of mode 0700, and the peer's user is
checked as well. Requests are bounded in size and time and are carried out by the workers.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import selectors
import socket
import struct
from typing import TYPE_CHECKING, Any, Final

from aios_desktop.errors import AiosError
from aios_desktop.paths import private_folder

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping
    from pathlib import Path

logger = logging.getLogger(__name__)

MAX_REQUEST: Final = 128 * 1024
MAX_REPLY: Final = 32 * 1024 * 1024
TIMEOUT_S: Final = 10.0
MAX_OPEN: Final = 32

Handler = "Callable[[str, Mapping[str, Any]], Any]"


class NotRunning(AiosError):
    """No instance answers."""


class ControlServer:
    """Answers requests. ``handle(verb, arguments)`` returns plain data or raises AiosError."""

    def __init__(
        self,
        path: Path,
        handle: Callable[[str, Mapping[str, Any]], Any],
        submit: Callable[[Callable[[], None]], None],
    ) -> None:
        self._path = path
        self._handle = handle
        self._submit = submit
        self._socket: socket.socket | None = None
        self._wake_read, self._wake_write = os.pipe()

    def open(self) -> None:
        """Begin to listen. Raises AiosError when the socket cannot be made."""
        try:
            private_folder(self._path.parent)
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(str(self._path))
            self._path.chmod(0o600)
            listener.listen(16)
            listener.setblocking(False)
        except (OSError, AttributeError) as error:
            raise AiosError(
                "The command line cannot reach this instance: {path}: {reason}.",
                path=str(self._path),
                reason=str(error),
            ) from error
        self._socket = listener

    def run(self, stop: threading.Event) -> None:
        """Accept connections until ``stop`` is set and ``wake`` was called."""
        if self._socket is None:
            return
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._wake_read, selectors.EVENT_READ)
            while not stop.is_set():
                for key, _ in selector.select():
                    if key.fileobj is self._socket:
                        self._accept(self._socket)

    def wake(self) -> None:
        """Make ``run`` look at its stop flag."""
        os.write(self._wake_write, b"x")

    def close(self) -> None:
        """Stop listening and remove the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
            with contextlib.suppress(OSError):
                self._path.unlink()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        if not _is_same_user(connection):
            connection.close()
            logger.warning("a connection of another user was refused")
            return
        connection.settimeout(TIMEOUT_S)
        self._submit(lambda: self._answer(connection))

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                reply = self._reply(_read_line(connection, MAX_REQUEST))
                connection.sendall(reply)
            except (OSError, ValueError) as error:
                logger.debug("a request was dropped: %s", error)

    def _reply(self, line: bytes) -> bytes:
        try:
            request = json.loads(line)
            verb, arguments = str(request["do"]), request.get("with", {})
            if not isinstance(arguments, dict):
                raise TypeError(arguments)  # noqa: TRY301
        except (ValueError, KeyError, TypeError):
            return _refusal(AiosError("The request is not understood."))
        try:
            return _line({"ok": True, "value": self._handle(verb, arguments)})
        except AiosError as error:
            return _refusal(error)
        except Exception:  # a faulty request must not end the worker
            logger.exception("the request %r failed", verb)
            return _refusal(AiosError("The request failed; the log says more."))


def _refusal(error: AiosError) -> bytes:
    """Return an error so that whoever asked can say it in a language of their own."""
    values = {name: str(value) for name, value in error.values.items()}
    return _line({"ok": False, "error": error.key, "values": values})


def ask(path: Path, verb: str, timeout_s: float = TIMEOUT_S, **arguments: Any) -> Any:
    """Ask the running instance. Raises NotRunning when there is none, AiosError when it refuses."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout_s)
            connection.connect(str(path))
            connection.sendall(_line({"do": verb, "with": arguments}))
            reply = json.loads(_read_line(connection, MAX_REPLY))
    except (FileNotFoundError, ConnectionRefusedError, AttributeError) as error:
        raise NotRunning("AIOS is not running. Start it with: aios-desktop") from error
    except (OSError, ValueError) as error:
        raise AiosError(
            "The running instance does not answer: {reason}.", reason=str(error)
        ) from error
    if not reply.get("ok"):
        values = {str(name): str(value) for name, value in reply.get("values", {}).items()}
        raise AiosError(str(reply.get("error", "")), **values)
    return reply.get("value")


def _line(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode() + b"\n"


def _read_line(connection: socket.socket, limit: int) -> bytes:
    data = bytearray()
    while not data.endswith(b"\n"):
        block = connection.recv(65536)
        if not block:
            break
        data += block
        if len(data) > limit:
            raise ValueError("too long")
    return bytes(data)


def _is_same_user(connection: socket.socket) -> bool:
    if not hasattr(socket, "SO_PEERCRED"):
        return True  # the folder's mode keeps others out
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return bool(struct.unpack("3i", raw)[1] == os.getuid())
