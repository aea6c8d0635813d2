"""One table of options; everything about them is derived from it.

The file is TOML. All faults in it are reported together, and a faulty value falls back to its
default, so the application always starts. Writing keeps the user's comments and order.
"""

from __future__ import annotations

import difflib
import os
import threading
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aios_desktop.errors import AiosError
from aios_desktop.i18n import N_
from aios_desktop.paths import private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its type is that of ``default``; numbers have a range, words may have a list.

    ``title`` names it for people and ``unit`` follows its number; both may be left out.
    """

    name: str
    default: Value
    help: str
    low: float | None = None
    high: float | None = None
    words: tuple[str, ...] = ()
    title: str = ""
    unit: str = ""


OPTIONS: Final = (
    Option(
        "ui.language",
        "system",
        N_("Language of the window"),
        words=("system", "en", "zh_CN"),
        title=N_("Language"),
    ),
    Option(
        "ui.theme",
        "system",
        N_("Colours of the window"),
        words=("system", "light", "dark", "hc_light", "hc_dark"),
        title=N_("Theme"),
    ),
    Option(
        "ui.close_to_tray",
        True,
        N_("Closing the window keeps AIOS in the tray, if there is one"),
        title=N_("Stay in the tray"),
    ),
    Option(
        "sensors.interval",
        1.0,
        N_("Seconds between two looks at the machine"),
        0.5,
        60.0,
        title=N_("Time between looks"),
        unit=N_("s"),
    ),
    Option(
        "heartbeat.interval",
        60,
        N_("Seconds between two heartbeats of AIOS itself"),
        5,
        3600,
        title=N_("Time between heartbeats"),
        unit=N_("s"),
    ),
    Option(
        "signals.cpu_raise",
        80.0,
        N_("Processor use that counts as high, in %"),
        20.0,
        100.0,
        title=N_("High processor use"),
        unit="%",
    ),
    Option(
        "signals.cpu_clear",
        70.0,
        N_("Processor use that counts as normal again, in %"),
        10.0,
        99.0,
        title=N_("Normal processor use"),
        unit="%",
    ),
    Option(
        "signals.memory_raise",
        90.0,
        N_("Memory use that counts as high, in %"),
        20.0,
        100.0,
        title=N_("High memory use"),
        unit="%",
    ),
    Option(
        "signals.memory_clear",
        85.0,
        N_("Memory use that counts as normal again, in %"),
        10.0,
        99.0,
        title=N_("Normal memory use"),
        unit="%",
    ),
    Option(
        "signals.disk_raise",
        90.0,
        N_("Disk use that counts as high, in %"),
        20.0,
        100.0,
        title=N_("High disk use"),
        unit="%",
    ),
    Option(
        "signals.disk_clear",
        87.0,
        N_("Disk use that counts as normal again, in %"),
        10.0,
        99.0,
        title=N_("Normal disk use"),
        unit="%",
    ),
    Option(
        "signals.raise_after",
        5.0,
        N_("Seconds a value must stay high before it counts"),
        0.0,
        600.0,
        title=N_("Wait before high"),
        unit=N_("s"),
    ),
    Option(
        "signals.clear_after",
        5.0,
        N_("Seconds a value must stay normal before it counts"),
        0.0,
        600.0,
        title=N_("Wait before normal"),
        unit=N_("s"),
    ),
    Option(
        "reactor.automatic",
        True,
        N_("Low-risk repairs run without asking"),
        title=N_("Low risk by itself"),
    ),
    Option(
        "reactor.approval_minutes",
        30.0,
        N_("Minutes until an unanswered question denies itself"),
        0.01,
        1440.0,
        title=N_("Time to answer"),
        unit=N_("min"),
    ),
    Option(
        "reactor.undo_days",
        7.0,
        N_("Days a repair can be undone"),
        0.01,
        90.0,
        title=N_("Time to undo"),
        unit=N_("days"),
    ),
    Option(
        "reactor.quarantine_max_gb",
        20.0,
        N_("Largest size of the quarantine folder, in GB"),
        0.1,
        1000.0,
        title=N_("Room for the quarantine"),
        unit="GB",
    ),
    Option(
        "notifications.approvals",
        True,
        N_("Show a notification when a repair waits for you"),
        title=N_("Questions"),
    ),
    Option(
        "notifications.results",
        True,
        N_("Show a notification when a repair has ended"),
        title=N_("Results"),
    ),
    Option(
        "store.raw_days",
        7,
        N_("Days whose events stay in fast files; older ones are archived"),
        1,
        365,
        title=N_("Fast days"),
        unit=N_("days"),
    ),
    Option(
        "store.archive_days",
        30,
        N_("Days whose events are kept; of older ones a summary stays"),
        1,
        3650,
        title=N_("Kept days"),
        unit=N_("days"),
    ),
)
BY_NAME: Final[Mapping[str, Option]] = {option.name: option for option in OPTIONS}
MAX_FILE_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the options file; ``nearest`` is the nearest valid word, if any."""

    field: str
    message: str
    nearest: str = ""


class Config:
    """The options in force. Safe to read from any thread."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._values: Mapping[str, Value] = {option.name: option.default for option in OPTIONS}
        self._listeners: tuple[Callable[[str, Value], None], ...] = ()
        self.faults: tuple[Fault, ...] = ()

    @property
    def file(self) -> Path:
        """Return where the options are kept."""
        return self._file

    def load(self) -> tuple[Fault, ...]:
        """Read the file; return (and keep) what is wrong with it. A missing file is fine."""
        values = {option.name: option.default for option in OPTIONS}
        raw, faults = self._read()
        for name, value in _flat(raw):
            option = BY_NAME.get(name)
            if option is None:
                near = difflib.get_close_matches(name, BY_NAME, 1)
                faults.append(Fault(name, f"unknown option {name!r}", near[0] if near else ""))
                continue
            try:
                values[name] = check(option, value)
            except AiosError as error:
                near = difflib.get_close_matches(str(value), option.words, 1)
                faults.append(Fault(name, str(error), near[0] if near else str(option.default)))
        self._values = values
        self.faults = tuple(faults)
        return self.faults

    def _read(self) -> tuple[Mapping[str, object], list[Fault]]:
        try:
            if self._file.stat().st_size > MAX_FILE_BYTES:
                return {}, [Fault("", f"{self._file} is larger than {MAX_FILE_BYTES} bytes")]
            return tomllib.loads(self._file.read_text("utf-8")), []
        except FileNotFoundError:
            return {}, []
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            return {}, [Fault("", f"{self._file}: {error}")]

    def get(self, name: str) -> Value:
        """Return the value of a declared option. Raises AiosError for an undeclared one."""
        try:
            return self._values[name]
        except KeyError:
            raise unknown(name) from None

    def number(self, name: str) -> float:
        """Return the value of an option that is a number."""
        value = self.get(name)
        assert isinstance(value, int | float)
        return float(value)

    def flag(self, name: str) -> bool:
        """Return the value of an option that is on or off."""
        value = self.get(name)
        assert isinstance(value, bool)
        return value

    def text(self, name: str) -> str:
        """Return the value of an option that is a word."""
        return str(self.get(name))

    def set(self, name: str, value: object) -> None:
        """Change an option now, keep it in the file (atomically) and tell the listeners.

        Raises AiosError when the name, the value or the file is bad; then nothing changed.
        """
        option = BY_NAME.get(name)
        if option is None:
            raise unknown(name)
        new = check(option, value)
        with self._lock:
            self._write(name, new)
            self._values = {**self._values, name: new}
            listeners = self._listeners
        for listener in listeners:
            listener(name, new)

    def listen(self, listener: Callable[[str, Value], None]) -> Callable[[], None]:
        """Call ``listener(name, value)`` after each change; returns the function that ends it."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def end() -> None:
            with self._lock:
                self._listeners = tuple(x for x in self._listeners if x is not listener)

        return end

    def _write(self, name: str, value: Value) -> None:
        import tomlkit  # noqa: PLC0415  only needed to change an option

        try:
            old = self._file.read_text("utf-8") if self._file.exists() else ""
            document = tomlkit.parse(old)
            section, key = name.split(".")
            if section not in document:
                document[section] = tomlkit.table()
            document[section][key] = value
            private_folder(self._file.parent)
            fresh = self._file.with_suffix(".new")
            with os.fdopen(
                os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
            ) as out:
                out.write(tomlkit.dumps(document))
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(self._file)
        except (OSError, ValueError, TypeError) as error:
            raise AiosError(
                "Cannot write the option {name} to {file}: {reason}.",
                name=name,
                file=str(self._file),
                reason=str(error),
            ) from error


def unknown(name: str) -> AiosError:
    """Return the error for an option that does not exist, naming the nearest that does."""
    near = difflib.get_close_matches(name, BY_NAME, 1)
    if near:
        return AiosError("Unknown option {name}. The nearest is {near}.", name=name, near=near[0])
    return AiosError("Unknown option {name}.", name=name)


def check(option: Option, value: object) -> Value:
    """Return ``value`` as the option's type. Raises AiosError when it does not fit."""
    kind = type(option.default)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if kind is int and isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not kind:
        raise AiosError(
            "{name} takes {kind}, not {value}.",
            name=option.name,
            kind={str: "a word", int: "a whole number", float: "a number", bool: "true or false"}[
                kind
            ],
            value=repr(value),
        )
    assert isinstance(value, str | int | float | bool)
    if isinstance(value, str) and option.words and value not in option.words:
        raise AiosError(
            "{name} is one of {words}, not {value}.",
            name=option.name,
            words=", ".join(option.words),
            value=repr(value),
        )
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = option.low, option.high
        if (low is not None and not value >= low) or (high is not None and not value <= high):
            raise AiosError(
                "{name} lies between {low} and {high}, not {value}.",
                name=option.name,
                low=low,
                high=high,
                value=value,
            )
    return value


def _flat(raw: Mapping[str, object], prefix: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for key, value in raw.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            found += _flat(value, f"{name}.")
        else:
            found.append((name, value))
    return found
