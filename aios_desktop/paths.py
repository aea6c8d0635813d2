"""Where things are kept. Every folder is made private to the user (0700)."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from aios_desktop.errors import AiosError

APP = "aios-desktop"


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders of one instance."""

    data: Path
    config: Path
    runtime: Path

    @property
    def events(self) -> Path:
        """One SQLite file a day."""
        return self.data / "events"

    @property
    def state_db(self) -> Path:
        """Journal, approvals, limits, settings that code may change."""
        return self.data / "state.db"

    @property
    def quarantine(self) -> Path:
        """Files that actions moved aside."""
        return self.data / "quarantine"

    @property
    def lock(self) -> Path:
        """Held by the one running instance of this data folder."""
        return self.data / "instance.lock"

    @property
    def log(self) -> Path:
        """The log file of the running instance."""
        return self.data / "aios-desktop.log"

    @property
    def options(self) -> Path:
        """The user's options."""
        return self.config / "config.toml"

    @property
    def playbooks(self) -> Path:
        """The user's own playbooks."""
        return self.config / "playbooks"

    @property
    def socket(self) -> Path:
        """Where the running instance answers the command line (a short path: sockets allow 107 bytes)."""
        return self.runtime / "control.sock"


def private_folder(folder: Path) -> Path:
    """Make ``folder`` (and its parents), readable by this user alone, and return it.

    Raises AiosError when that is not possible.
    """
    try:
        for place in (*reversed(folder.parents), folder):  # mkdir(parents=True) would use the umask
            if not place.exists():
                place.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_mode & 0o077 and folder.stat().st_uid == os.getuid():
            folder.chmod(0o700)
    except OSError as error:
        raise AiosError(
            "Cannot use the folder {folder}: {reason}. Choose another one with --data-dir.",
            folder=str(folder),
            reason=error.strerror or str(error),
        ) from error
    return folder


def find(data_dir: Path | None = None) -> Paths:
    """Say where things are kept; ``data_dir`` holds everything when it is given."""
    if data_dir is not None:
        root = data_dir.expanduser().absolute()
        return Paths(data=root / "data", config=root / "config", runtime=_short(root))
    data = Path(platformdirs.user_data_dir(APP))
    return Paths(
        data=data,
        config=Path(platformdirs.user_config_dir(APP)),
        runtime=_runtime(APP) or data / "run",
    )


def _runtime(name: str) -> Path | None:
    """Return a folder of the session's runtime folder; None where the session has none."""
    if sys.platform == "linux" and not os.environ.get("XDG_RUNTIME_DIR"):
        return None  # the fallback would lie in the temp folder that all users share
    return Path(platformdirs.user_runtime_dir()) / name


def _short(root: Path) -> Path:
    """Give a folder for the socket: inside ``root``, or under the runtime folder when too long."""
    folder = root / "run"
    if len(bytes(folder)) < 90:
        return folder
    import hashlib  # noqa: PLC0415  only for odd, very long folders

    name = hashlib.sha256(bytes(root)).hexdigest()[:16]
    return _runtime(f"{APP}-{name}") or folder
