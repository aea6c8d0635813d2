"""The action ``files.quarantine``: moves old files of a known cache aside, to be put back on undo.

Only caches of a fixed table can be named, never a free path. What is deleted in the end, when the
time for the undo is over, can be fetched again by the program that owns the cache.
"""

from __future__ import annotations

import difflib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aios_desktop.i18n import Say, _
from aios_desktop.paths import private_folder
from aios_desktop.sensors.caches import Walk, own_cache_folders
from aios_desktop.skills import moving
from aios_desktop.skills.action import (
    ActionError,
    Kind,
    Presence,
    Risk,
    StepPlan,
    WorldChanged,
)
from aios_desktop.skills.manifest import Manifest, sync_folder
from aios_desktop.skills.mover import Mover, same_disk
from aios_desktop.skills.selection import age_of, digest_of, order_of, path_shown, size_text, up_to

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aios_desktop.clock import Clock
    from aios_desktop.i18n import Value
    from aios_desktop.sensors.caches import FileFacts, Stop
    from aios_desktop.skills.action import Args, Cancel, State

MAX_ENTRIES: Final = 500_000
MAX_WALK_S: Final = 60.0
MAX_ITEMS: Final = 1000
BATCH: Final = 200  # files between two syncs of the list
GB: Final = 1_000_000_000
KEPT_FREE_BYTES: Final = 64_000_000  # a quarantine must never fill the disk it is to relieve
DEFAULT_AGE: Final = "14d"
MARGIN_NS: Final = 20_000_000  # file stamps run a few milliseconds behind the clock
_ID_FORM: Final = re.compile(r"[0-9]{1,20}-[0-9a-f]{8}\Z")


@dataclass(frozen=True, slots=True)
class _Request:
    """The arguments, checked."""

    cache: str
    folder: Path
    older_than: str
    age_s: int
    max_bytes: int


class QuarantineFiles:
    """Moves files that were not used for a time from a cache into the quarantine folder.

    ``max_gb`` gives the most that the quarantine folder may hold; ``folders`` gives the caches.
    """

    name: Final = "files.quarantine"
    kind: Final = Kind.REVERSIBLE
    risk: Final = Risk.MEDIUM
    params: Final[Mapping[str, type]] = {"cache": str, "older_than": str, "max_gb": float}
    required: Final = frozenset({"cache"})
    idempotent: Final = True
    measures: Final[Mapping[str, str]] = {"bytes": "B", "old_bytes": "B"}

    def __init__(
        self,
        clock: Clock,
        quarantine: Path,
        *,
        max_gb: Callable[[], float],
        folders: Callable[[], Mapping[str, Path]] = own_cache_folders,
    ) -> None:
        self._clock = clock
        self._quarantine = quarantine
        self._max_gb = max_gb
        self._folders = folders

    # ------------------------------------------------------------------ planning

    def plan(self, args: Args) -> StepPlan:
        """List the files that were not used for so long, the oldest first, up to ``max_gb``."""
        request = self._request(args)
        planned_ns = int(self._clock.now() * 1e9)
        cutoff_ns = planned_ns - request.age_s * 1_000_000_000
        old = self._old_files(request.folder, cutoff_ns, None)
        files = up_to(old, request.max_bytes)
        size = sum(file.size for file in files)
        shown: dict[str, Value] = {
            "cache": request.cache,
            "n": len(files),
            "size": size_text(size),
            "age": request.older_than,
        }
        if not files:
            raise ActionError.because(
                Say("The cache {cache} holds no files that were not used for {age}.", shown)
            )
        self._check_room(request.folder, size)
        return StepPlan(
            action=self.name,
            args={
                "cache": request.cache,
                "older_than": request.older_than,
                "max_gb": request.max_bytes / GB,
            },
            target=request.cache,
            command=f"quarantine {request.folder} --older-than {request.older_than}",
            effect=_effect(shown),
            undo=Say("Puts the files back where they were, byte for byte.", shown),
            risk=self.risk,
            kind=self.kind,
            expects={
                "folder": str(request.folder),
                "cutoff_ns": cutoff_ns,
                "planned_ns": planned_ns - MARGIN_NS,
                "last": list(order_of(files[-1])),
                "digest": digest_of(files),
                "files": len(files),
                "bytes": size,
                "left_bytes": sum(file.size for file in old) - size,
            },
            loose=("cutoff_ns", "planned_ns", "left_bytes"),  # the list is signed, not the hour
            items=tuple(path_shown(file.path) for file in files[:MAX_ITEMS]),
            item_count=len(files),
        )

    def _request(self, args: Args) -> _Request:
        cache = str(args.get("cache", ""))
        folders = self._folders()
        if cache not in folders:
            near = difflib.get_close_matches(cache, folders, 1, 0.4) or sorted(folders)[:1]
            raise ActionError(
                "Unknown cache {cache}. The nearest is {near}.", cache=cache[:80], near=near[0]
            )
        older_than = str(args.get("older_than", DEFAULT_AGE))
        most = self._max_gb()
        max_gb = float(args.get("max_gb", most))
        if not max_gb > 0:
            raise ActionError("{name} must be more than 0.", name="max_gb")
        return _Request(
            cache, folders[cache], older_than, age_of(older_than), int(min(max_gb, most) * GB)
        )

    def _old_files(self, folder: Path, cutoff_ns: int, stop: Stop | None) -> list[FileFacts]:
        """Return the files not used since ``cutoff_ns``, the one unused for longest first."""
        walk = self._walk(folder, stop)
        old = [file for file in walk.files() if file.used_ns < cutoff_ns]
        if not walk.is_whole:
            raise ActionError(
                "{folder} could not be looked through as a whole.", folder=str(folder)
            )
        return sorted(old, key=order_of)

    def _walk(self, folder: Path, stop: Stop | None = None) -> Walk:
        return Walk(folder, self._clock, max_entries=MAX_ENTRIES, max_s=MAX_WALK_S, stop=stop)

    def _check_room(self, folder: Path, size: int) -> None:
        """Raise ActionError when the quarantine would grow too large, or its disk too full."""
        held = sum(file.size for file in self._walk(self._quarantine).files())
        if held + size > self._max_gb() * GB:
            raise ActionError(
                "The quarantine folder holds {held}. With {size} more it would exceed {most}.",
                held=size_text(held),
                size=size_text(size),
                most=size_text(int(self._max_gb() * GB)),
            )
        place = _existing(self._quarantine)
        needed = KEPT_FREE_BYTES + (0 if same_disk(place, folder) else size)
        free = shutil.disk_usage(place).free
        if free < needed:
            raise ActionError(
                "Only {free} are free for the quarantine folder; {needed} are needed.",
                free=size_text(free),
                needed=size_text(needed),
            )

    # ------------------------------------------------------------------ doing

    def snapshot(self, plan: StepPlan) -> State:
        """Choose the folder the files will go to; its list is written before each move."""
        stamp = int(self._clock.now() * 1e6)
        return {"id": f"{stamp}-{plan.expects['digest'][:8]}", "folder": plan.expects["folder"]}

    def apply(self, plan: StepPlan, snapshot: State, cancel: Cancel) -> State:
        """Note, sync and move the files in small batches. It can be stopped between two files."""
        folder = self._home(snapshot)
        files = self._approved(plan, folder, cancel)
        size = sum(file.size for file in files)
        self._check_room(folder, size)
        place = self._place(snapshot)
        for above in (self._quarantine, place):
            private_folder(above)
        kept = private_folder(place / "files")
        manifest = Manifest(place)
        mover = Mover(folder, kept, manifest, cancel)
        for start in range(0, len(files), BATCH):
            mover.move(files[start : start + BATCH])
        manifest.note_end()
        return {"files": mover.files, "bytes": mover.size_bytes, "skipped": mover.skipped}

    def _approved(self, plan: StepPlan, folder: Path, cancel: Cancel) -> list[FileFacts]:
        """Return those of the approved files that are still as they were, and no other.

        When the list is not exactly the approved one, only files count that nothing was done to
        since (their change time is older than the plan), so they must have been on it.
        """
        expects = plan.expects
        last = (int(expects["last"][0]), str(expects["last"][1]))
        files = self._old_files(folder, int(expects["cutoff_ns"]), cancel)
        files = [file for file in files if order_of(file) <= last]
        if digest_of(files) == expects["digest"]:
            return files
        files = [file for file in files if file.ctime_ns <= int(expects["planned_ns"])]
        size = sum(file.size for file in files)
        if not files or len(files) > expects["files"] or size > expects["bytes"]:
            raise WorldChanged("The cache has changed since the plan was made. Nothing was moved.")
        return files

    # ------------------------------------------------------------------ looking and undoing

    def probe(self, plan: StepPlan, snapshot: State) -> Presence:
        """Say whether the noted files lie in quarantine."""
        place = self._place(snapshot)
        files, _modes, is_ended = Manifest(place).read()
        kept = sum(1 for path in files if moving.is_file(place / "files", path))
        if kept == 0:
            return Presence.ABSENT
        return Presence.PRESENT if is_ended else Presence.PARTIAL

    def undo(self, plan: StepPlan, snapshot: State) -> None:
        """Put every file back that was moved. A place that is taken again keeps its new file.

        Raises ActionError, after putting back all others, when files had to stay in quarantine.
        """
        place = self._place(snapshot)
        if not place.exists():
            return
        home = self._home(snapshot)
        files, modes, _is_ended = Manifest(place).read()
        taken: list[str] = []
        failed: list[tuple[str, str]] = []
        for entry in files.values():
            if not moving.is_file(place / "files", entry.path):
                continue
            try:
                moving.put_back(place / "files", home, entry, modes)
            except moving.PlaceTakenError:
                taken.append(entry.path)
            except moving.DamagedError:
                failed.append((entry.path, _("damaged")))
            except OSError as error:
                failed.append((entry.path, error.strerror or type(error).__name__))
        if taken or failed:
            raise _left(taken, failed, place)
        self._drop(place)

    def cleanup(self, plan: StepPlan, snapshot: State) -> None:
        """Delete the files in quarantine: the time for the undo is over."""
        self._drop(self._place(snapshot))

    def _drop(self, place: Path) -> None:
        if place.exists():
            shutil.rmtree(place)
            sync_folder(place.parent)

    def _place(self, snapshot: State) -> Path:
        name = str(snapshot["id"])
        if not _ID_FORM.match(name):
            raise ActionError("The snapshot {id} cannot be read.", id=name[:60])
        return self._quarantine / name

    def _home(self, snapshot: State) -> Path:
        """Return the cache's folder of the snapshot. Raises when it is no known cache any more."""
        for folder in self._folders().values():
            if str(folder) == snapshot["folder"]:
                return folder
        raise WorldChanged("{folder} is no known cache any more.", folder=snapshot["folder"])

    # ------------------------------------------------------------------ measuring

    def measure(self, plan: StepPlan) -> Mapping[str, float]:
        """Return the size of the cache, and of what this plan was to move and is still there."""
        cutoff_ns = int(plan.expects["cutoff_ns"])
        for folder in self._folders().values():
            if str(folder) == plan.expects["folder"]:
                break
        else:
            return {}
        size = old = 0
        walk = self._walk(folder)
        for file in walk.files():
            size += file.size
            old += file.size if file.used_ns < cutoff_ns else 0
        if not walk.is_whole:
            return {}
        left = max(0, old - int(plan.expects["left_bytes"]))
        return {"bytes": float(size), "old_bytes": float(left)}


def _effect(shown: Mapping[str, Value]) -> Say:
    if shown["n"] == 1:
        return Say("Moves one file, {size}, out of the cache {cache} into quarantine.", shown)
    return Say("Moves {n} files, {size}, out of the cache {cache} into quarantine.", shown)


def _existing(folder: Path) -> Path:
    """Return a folder, or the nearest above it that exists."""
    return folder if folder.exists() else _existing(folder.parent)


def _left(taken: Sequence[str], failed: Sequence[tuple[str, str]], place: Path) -> ActionError:
    """Return the error for files that could not be put back."""
    if failed:
        return ActionError(
            "{n} files in {folder} could not be put back, such as {path}: {reason}.",
            n=len(failed),
            folder=str(place),
            path=path_shown(failed[0][0]),
            reason=failed[0][1],
        )
    return ActionError(
        "Newer files have taken the places of {n} files, such as {path}. The old ones stay in"
        " {folder}; everything else was put back.",
        n=len(taken),
        folder=str(place),
        path=path_shown(taken[0]),
    )
