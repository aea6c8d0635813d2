"""Reading the payloads of events, which come from everywhere: nothing need be there or be right."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from aios_desktop.i18n import Say, _
from aios_desktop.ui import words
from aios_desktop.ui.plain import visible

if TYPE_CHECKING:
    from aios_desktop.events.model import Event, Json

SHORT: Final = 200  # characters of one value
MOST_CANDIDATES: Final = 50
_LATEST: Final = 4e9  # a time beyond this is no time
_LARGEST: Final = 1e18


class Candidate(NamedTuple):
    """A playbook that was considered. An empty gate means that it was chosen."""

    playbook: str
    gate: str
    reason: str


def text(data: Mapping[str, Json], name: str, limit: int = SHORT) -> str:
    """Return a value as text that is safe to show, empty when there is none."""
    value = data.get(name)
    if isinstance(value, str):
        return visible(value, limit)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return visible(str(value), limit)
    return ""


def number(data: Mapping[str, Json], name: str) -> float | None:
    """Return a value as a number, None when it is none."""
    value = data.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if math.isfinite(value) and abs(value) < _LARGEST else None


def moment(data: Mapping[str, Json], name: str) -> float | None:
    """Return a value as a time in wall seconds, None when it is none."""
    value = number(data, name)
    return value if value is not None and 0 < value < _LATEST else None


def process(data: Mapping[str, Json]) -> str:
    """Return the name of the process that uses most, empty when none is told."""
    top = data.get("top")
    return text(top, "name") if isinstance(top, Mapping) else ""


def about(event: Event) -> str:
    """Say in one word what an event is about: the playbook, the place, the process."""
    found = ""
    if event.type.startswith(("run.", "approval.", "action.")):
        found = text(event.data, "playbook")
    elif event.type.startswith("resource."):
        found = process(event.data)
    return found or visible(event.target, SHORT) or visible(event.source, SHORT)


def candidates(event: Event) -> list[Candidate]:
    """Return what a decision considered, in its order."""
    found = event.data.get("candidates")
    if not isinstance(found, list | tuple):
        return []
    rows = [item for item in found[:MOST_CANDIDATES] if isinstance(item, Mapping)]
    return [
        Candidate(text(row, "playbook"), text(row, "gate"), _reason(row.get("reason")))
        for row in rows
    ]


def short(data: Mapping[str, Json], limit: int = SHORT) -> str:
    """Return a payload that we have no words for in one line."""
    parts: list[str] = []
    for name in data:
        if sum(map(len, parts)) > limit:
            break
        value = data[name]
        shown = text(data, name, 60) or ("…" if value not in (None, "", {}, []) else "")
        if shown:
            parts.append(f"{visible(str(name), 40)} {shown}")
    return visible(", ".join(parts), limit)


def figure(value: float) -> str:
    """Say a number of unknown meaning with at most three places."""
    return f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) < 1e6 else f"{value:.3g}"


def took(seconds: float) -> str:
    """Say how long something took, short times more finely: 12 ms, 4.1 s, 26 min."""
    if 0 < seconds < 0.0995:
        return _("{n} ms").format(n=max(1, round(seconds * 1000)))
    if 0 < seconds < 9.95:
        return _("{n} s").format(n=f"{seconds:.1f}".removesuffix(".0"))
    return words.span(min(seconds, _LATEST))


def who(by: str) -> str:
    """Say who decided."""
    known = {
        "window": _("you, in the window"),
        "command line": _("you, on the command line"),
        "cli": _("you, on the command line"),
        "notification": _("you, in a notice"),
        "notice": _("you, in a notice"),
        "tray": _("you, in the tray"),
    }
    return known.get(by) or visible(by, SHORT) or _("somebody")


def _reason(raw: object) -> str:
    if isinstance(raw, Mapping):
        return visible(Say.from_json(raw).text())
    return visible(raw) if isinstance(raw, str) else ""
