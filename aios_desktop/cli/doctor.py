"""Checks an installation: versions, display, libraries, folders, databases. Changes nothing."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aios_desktop import __version__, resources
from aios_desktop.config import Config
from aios_desktop.errors import AiosError
from aios_desktop.i18n import _
from aios_desktop.runtime.control import NotRunning, ask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aios_desktop.paths import Paths

PACKAGES: Final = (
    "PySide6_Essentials", "pyqtgraph", "psutil", "apsw", "pillow", "msgspec", "cel-expr-python",
    "PyYAML", "platformdirs", "tomlkit", "jeepney",
)  # fmt: skip


def examine(paths: Paths) -> dict[str, Any]:
    """Return the report; ``ok`` is False when something keeps AIOS from working."""
    checks = [
        *_versions(),
        *_display(),
        *_folders(paths),
        *_databases(paths),
        *_options(paths),
        _resources(),
        _instance(paths),
        _session_bus(),
    ]
    return {"ok": all(found["state"] != "bad" for found in checks), "checks": checks}


def show(report: Mapping[str, Any]) -> None:
    """Print the report."""
    marks = {"good": " ok ", "note": "note", "bad": "BAD "}
    for found in report["checks"]:
        print(f"[{marks[found['state']]}] {found['what']}: {found['found']}")
        if found["next"]:
            print(f"       {found['next']}")


def _check(state: str, what: str, found: str, next_step: str = "") -> dict[str, str]:
    return {"state": state, "what": what, "found": found, "next": next_step}


def _versions() -> list[dict[str, str]]:
    rows = [
        _check("good", "AIOS Desktop", __version__),
        _check("good", "Python", f"{platform.python_version()} ({sys.executable})"),
        _check("good", _("System"), f"{platform.platform()}, {os.cpu_count()} CPU"),
    ]
    for name in PACKAGES:
        try:
            rows.append(_check("good", name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            state = "note" if name == "jeepney" else "bad"
            rows.append(_check(state, name, _("not installed"), _("Run: bash packaging/run.sh")))
    version = next((r["found"] for r in rows if r["what"] == "PySide6_Essentials"), "")
    if version.startswith("6.12") and sys.version_info < (3, 12):
        advice = _("PySide6 6.12 aborts on Python 3.11. Install 6.11.2 or 6.11.3.")
        rows.append(_check("bad", "PySide6", version, advice))
    return rows


def _display() -> list[dict[str, str]]:
    display = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
    if sys.platform != "linux":
        return [_check("good", _("Display"), sys.platform)]
    rows = []
    if display:
        rows.append(_check("good", _("Display"), display))
    else:
        rows.append(_check("note", _("Display"), _("none"), _("Run: aios-desktop daemon")))
    missing = missing_libraries()
    if missing is None:
        rows.append(_check("note", _("Libraries of Qt"), _("could not be checked (no ldd)")))
    elif missing:
        advice = _("Run: bash packaging/run.sh. It names the packages.")
        rows.append(
            _check("bad" if display else "note", _("Libraries of Qt"), ", ".join(missing), advice)
        )
    else:
        rows.append(_check("good", _("Libraries of Qt"), _("complete")))
    return rows


def missing_libraries() -> list[str] | None:
    """Return the shared libraries that Qt's X11 plugin lacks; None when that cannot be told."""
    spec = importlib.util.find_spec("PySide6")
    ldd = shutil.which("ldd")
    if spec is None or not spec.submodule_search_locations or ldd is None:
        return None
    plugin = Path(spec.submodule_search_locations[0]) / "Qt/plugins/platforms/libqxcb.so"
    try:
        done = subprocess.run(
            [ldd, str(plugin)], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return sorted({row.split()[0] for row in done.stdout.splitlines() if "not found" in row})


def _folders(paths: Paths) -> list[dict[str, str]]:
    rows = []
    for what, folder in (
        (_("Data"), paths.data),
        (_("Options"), paths.config),
        (_("Socket"), paths.runtime),
    ):
        if not folder.exists():
            rows.append(_check("note", what, f"{folder} ({_('made at the first start')})"))
            continue
        mode = stat.S_IMODE(folder.stat().st_mode)
        if not os.access(folder, os.W_OK):
            advice = _("Choose another folder with --data-dir.")
            rows.append(_check("bad", what, f"{folder} ({_('cannot be written')})", advice))
        elif mode & 0o077:
            advice = _("Run: chmod 700 {folder}").format(folder=folder)
            rows.append(_check("note", what, f"{folder} (mode {mode:o})", advice))
        else:
            rows.append(_check("good", what, str(folder)))
    return rows


def _databases(paths: Paths) -> list[dict[str, str]]:
    import apsw

    files = [paths.state_db, *sorted(paths.events.glob("*.db"))[-3:]]
    rows = []
    for file in files:
        if not file.exists():
            continue
        try:
            connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)
            try:
                result = str(next(iter(connection.execute("PRAGMA quick_check(1)")))[0])
            finally:
                connection.close()
        except apsw.Error as error:
            result = str(error)
        if result == "ok":
            rows.append(_check("good", file.name, f"{file.stat().st_size / 1e6:.1f} MB"))
        else:
            advice = _("It is moved aside at the next start, and a new one is begun.")
            rows.append(_check("bad", file.name, result, advice))
    return rows


def _options(paths: Paths) -> list[dict[str, str]]:
    config = Config(paths.options)
    faults = config.load()
    if not faults:
        return [_check("good", _("Options file"), str(paths.options))]
    return [
        _check("note", f"{paths.options.name} {fault.field}", fault.message, fault.nearest)
        for fault in faults
    ]


def _resources() -> dict[str, str]:
    try:
        return _check("good", _("Shipped files"), str(resources.folder("playbooks").parent))
    except FileNotFoundError as error:
        return _check("bad", _("Shipped files"), str(error))


def _instance(paths: Paths) -> dict[str, str]:
    try:
        status = ask(paths.socket, "status", timeout_s=3.0)
    except NotRunning:
        return _check("note", _("Instance"), _("not running"))
    except AiosError as error:
        return _check("bad", _("Instance"), str(error))
    return _check(
        "good", _("Instance"), f"pid {status['pid']}, {status['own_memory_bytes'] / 1e6:.0f} MB"
    )


def _session_bus() -> dict[str, str]:
    if sys.platform != "linux":
        return _check("good", _("Notifications"), sys.platform)
    if os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return _check(
            "good", _("Session bus"), os.environ["DBUS_SESSION_BUS_ADDRESS"].split(",")[0]
        )
    return _check("note", _("Session bus"), _("none"), _("Notifications are not shown."))
