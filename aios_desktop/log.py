"""Where log records go: a private file, and the latest in memory for the window.

Secrets are masked before anything is kept. What nobody caught (in any thread) is recorded too.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import logging.handlers
import os
import re
import sys
import threading
from collections import deque
from typing import IO, TYPE_CHECKING, Any, Final

from aios_desktop.errors import AiosError
from aios_desktop.i18n import Say
from aios_desktop.paths import private_folder

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

logger = logging.getLogger(__name__)

RING: Final = 2000
FILE_BYTES: Final = 1_000_000
OLD_FILES: Final = 2  # with the current one: three
MAX_RECORD: Final = 20_000
FORMAT: Final = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"
HIDDEN: Final = "•••"

_NAMES = r"[\w.-]*(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|credential)s?"
_SECRETS: Final = (
    # a password in an address, before the host
    (re.compile(r"(\w[\w+.-]*://[^/\s:@]*:)[^/\s@]+(@)"), rf"\1{HIDDEN}\2"),
    # the header of a web request
    (re.compile(r"(?i)\b((?:bearer|basic)\s+)[\w.~+/=-]{8,}"), rf"\1{HIDDEN}"),
    # a telling name and its value: in quotes, or up to the next separator
    (re.compile(rf"(?i)(\b{_NAMES}[\"']?\s*[=:]\s*)([\"'])[^\"']*\2"), rf"\1\2{HIDDEN}\2"),
    (re.compile(rf"(?i)(\b{_NAMES}\s*[=:]\s*)(?![\"'])[^\s&,;)\]}}]+"), rf"\1{HIDDEN}"),
    # an option of a command line and the word after it
    (re.compile(rf"(?i)(--{_NAMES}\s+)[^\s-]\S*"), rf"\1{HIDDEN}"),
    # well-known forms: GitHub, GitLab, Slack, AWS, OpenAI and its like, JSON web tokens
    (re.compile(r"\b(?:gh[opsur]_|github_pat_|glpat-|xox[abeprs]-)[\w-]{10,}"), HIDDEN),
    (re.compile(r"\bA(?:KIA|SIA)[A-Z0-9]{16}\b"), HIDDEN),
    (re.compile(r"\bsk-[\w-]{16,}"), HIDDEN),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), HIDDEN),
)


def mask(text: str) -> str:
    """Return ``text`` without the passwords, tokens and keys in it."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class _Formatter(logging.Formatter):
    """Bounds the length and masks secrets in the whole record, its trace included."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if len(text) > MAX_RECORD:
            text = f"{text[: MAX_RECORD // 2]}\n…\n{text[-MAX_RECORD // 2 :]}"
        return mask(text)


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """A rotating file that only its user can read. A full disk costs records, nothing more."""

    def __init__(self, file: Path) -> None:
        super().__init__(file, maxBytes=FILE_BYTES, backupCount=OLD_FILES, encoding="utf-8")
        self.failure: Exception | None = None

    def _open(self) -> Any:
        descriptor = os.open(
            self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        os.fchmod(descriptor, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace")

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; what went wrong before is forgotten when it works again."""
        self.failure = None
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the name is given
        """Remember why a record could not be written, instead of writing to standard error."""
        del record
        error = sys.exc_info()[1]
        self.failure = error if isinstance(error, Exception) else None


class Ring(logging.Handler):
    """The latest records. They are put into words only when somebody reads them."""

    def __init__(self, size: int = RING) -> None:
        super().__init__()
        self._records: deque[logging.LogRecord] = deque(maxlen=size)
        self.setFormatter(_Formatter(FORMAT))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record, but none of the objects it speaks of."""
        kept = logging.makeLogRecord(record.__dict__)
        if kept.exc_info:
            kept.exc_text = kept.exc_text or logging.Formatter().formatException(kept.exc_info)
            kept.exc_info = None
        if kept.args and not _plain(kept.args):
            kept.msg, kept.args = record.getMessage(), None
        self._records.append(kept)

    def lines(self, least: int = logging.NOTSET) -> list[str]:
        """Return the records of at least this level as text, oldest first."""
        return [self.format(x) for x in tuple(self._records) if x.levelno >= least]


def _plain(arguments: object) -> bool:
    """Say whether keeping these arguments keeps nothing else alive."""
    return isinstance(arguments, tuple) and all(
        value is None or type(value) in (str, int, float, bool) for value in arguments
    )


class Log:
    """What ``set_up`` has installed; ``close`` takes it away again."""

    def __init__(self, ring: Ring, level: int) -> None:
        self.ring = ring
        self._root = logging.getLogger()
        self._level_before = self._root.level
        self._handlers: list[logging.Handler] = []
        self._file: _PrivateFile | None = None
        self._crash_file: IO[str] | None = None
        self._unusable: Say | None = None
        self._hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        self._root.setLevel(level)
        self.add(ring)

    @property
    def trouble(self) -> Say | None:
        """Say why nothing is written to the file, or None when all is well."""
        if self._file is not None and self._file.failure is not None:
            return _cannot_write(self._file.baseFilename, self._file.failure)
        return self._unusable

    def add(self, handler: logging.Handler) -> None:
        """Send all records to a handler until ``close``."""
        self._handlers.append(handler)
        self._root.addHandler(handler)

    def write_to(self, file: Path) -> None:
        """Write to a file as well, and the last words of a crash beside it, if that is possible."""
        try:
            private_folder(file.parent)
            handler = _PrivateFile(file)
            handler.setFormatter(_Formatter(FORMAT))
            self._file = handler
            self.add(handler)
            self._catch_crashes(file.with_name(f"{file.stem}.crash.log"))
        except AiosError as error:
            self._unusable = Say(error.key, {k: str(v) for k, v in error.values.items()})
        except OSError as error:
            self._unusable = _cannot_write(str(file), error)
        if self._unusable is not None:
            logger.warning("no log file: %s", self._unusable.text())

    def _catch_crashes(self, file: Path) -> None:
        """Let the interpreter write the stacks of all threads when it dies of a signal."""
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._crash_file = os.fdopen(descriptor, "a", encoding="utf-8")
        faulthandler.enable(self._crash_file)

    def catch_errors(self) -> None:
        """Record what nobody caught; the hooks that were there are called afterwards."""
        before, before_thread, before_unraisable = self._hooks

        def uncaught(
            kind: type[BaseException], error: BaseException, trace: TracebackType | None
        ) -> None:
            if issubclass(kind, Exception):
                logger.critical("nobody caught this", exc_info=(kind, error, trace))
            before(kind, error, trace)

        def uncaught_in_thread(what: threading.ExceptHookArgs) -> None:
            if what.exc_value is not None and issubclass(what.exc_type, Exception):
                logger.critical(
                    "nobody caught this in the thread %s",
                    what.thread.name if what.thread else "?",
                    exc_info=(what.exc_type, what.exc_value, what.exc_traceback),
                )
            before_thread(what)

        def unraisable(what: Any) -> None:
            trace = (what.exc_type, what.exc_value, what.exc_traceback)
            logger.error(
                "%s %r",
                what.err_msg or "could not raise in",
                what.object,
                exc_info=trace if what.exc_value is not None else None,
            )
            before_unraisable(what)

        sys.excepthook, threading.excepthook = uncaught, uncaught_in_thread
        sys.unraisablehook = unraisable

    def close(self) -> None:
        """Take everything away that was installed."""
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._hooks
        if self._crash_file is not None:
            faulthandler.disable()
            self._crash_file.close()
            self._crash_file = None
        for handler in self._handlers:
            self._root.removeHandler(handler)
            with contextlib.suppress(OSError, ValueError):
                handler.close()
        self._handlers.clear()
        self._root.setLevel(self._level_before)


def set_up(file: Path | None, level: int = logging.INFO, *, console: bool = False) -> Log:
    """Send log records to memory, to ``file`` (if given) and to standard error (if ``console``).

    Never fails: ``trouble`` of the returned Log says when the file cannot be used.
    """
    log = Log(Ring(), level)
    if console:
        handler = logging.StreamHandler()
        handler.setFormatter(_Formatter("%(levelname)s %(name)s: %(message)s"))
        handler.setLevel(max(level, logging.WARNING))
        log.add(handler)
    if file is not None:
        log.write_to(file)
    log.catch_errors()
    return log


def _cannot_write(file: str, error: Exception) -> Say:
    reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
    return Say(
        "Cannot write the log {file}: {reason}. The latest records are kept in memory.",
        {"file": file, "reason": reason},
    )
