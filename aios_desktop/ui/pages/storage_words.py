"""How the storage part of the settings says what is kept, what comes next and what would go."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aios_desktop.events.maintenance import KEEP
from aios_desktop.i18n import N_, _, in_all_languages, ngettext
from aios_desktop.ui import words
from aios_desktop.ui.pages.settings_words import folded

if TYPE_CHECKING:
    from aios_desktop.runtime.views import StoragePart, StorageView, StorageWork

DAY_S: Final = 86_400
ALWAYS_KEPT: Final = 1  # whole days before today whose events are never forgotten
_PARTS: Final = {
    "raw": N_("Events in fast files"),
    "archive": N_("Events in the archive"),
    "summaries": N_("Daily summaries"),
    "state": N_("Journal of repairs"),
    "backups": N_("Backups"),
    "quarantine": N_("Quarantine"),
    "log": N_("Log"),
    "damaged": N_("Damaged files, set aside"),
}
SIZES: Final = N_("What is kept")
ARCHIVE: Final = N_("Archive old days")
BACK_UP: Final = N_("Back up the journal of repairs")
FORGET: Final = N_("Forget old events")
FORGET_HELP: Final = N_("Whole days go for good. Their daily summaries, today and yesterday stay.")
_SEARCHED: Final = (SIZES, ARCHIVE, BACK_UP, FORGET, FORGET_HELP, N_("Storage"), *_PARTS.values())


@dataclass(frozen=True, slots=True)
class Old:
    """What would be forgotten."""

    days: int
    events: int
    size_bytes: int


def haystack() -> str:
    """Return all that a search for the storage may name, in every language, folded."""
    return folded(text for message in _SEARCHED for text in in_all_languages(message))


def part_title(kind: str) -> str:
    """Say a part."""
    return _(_PARTS[kind]) if kind in _PARTS else kind


def part_detail(part: StoragePart, view: StorageView) -> str:
    """Say how much of a part there is: days and events, or files."""
    if part.kind in ("raw", "archive"):
        days = [day for day in view.days if day.kind == part.kind]
        events = sum(day.events or 0 for day in days)
        unread = sum(day.events is None for day in days)
        text = ngettext("{n} day, {events} events", "{n} days, {events} events", len(days))
        if unread:
            text = ngettext(
                "{n} day, {events} events, {unread} unreadable",
                "{n} days, {events} events, {unread} unreadable",
                len(days),
            )
        return text.format(n=len(days), events=f"{events:,}", unread=unread)
    if not part.is_all:
        return _("more than {n} files").format(n=f"{part.files:,}")
    return ngettext("{n} file", "{n} files", part.files).format(n=f"{part.files:,}")


def total(view: StorageView) -> str:
    """Say what everything takes, and what is free."""
    used = words.size(view.size_bytes)
    if view.free_bytes is None:
        return _("{used} in use").format(used=used)
    return _("{used} in use, {free} free").format(used=used, free=words.size(view.free_bytes))


def coming(view: StorageView) -> str:
    """Say which days are archived next."""
    if view.due:
        text = ngettext(
            "{n} day is due. It is looked at within the hour.",
            "{n} days are due. They are looked at within the hour.",
            view.due,
        )
        return text.format(n=view.due)
    if view.next_at is None:
        return _("No day waits.")
    text = _("Nothing is due. The next day, {day}, is archived at {time}.")
    return text.format(day=view.next_day, time=moment(view.next_at))


def backups(view: StorageView) -> str:
    """Say what there is to go back to."""
    if view.backup_at is None:
        return _("There is no copy yet. One is made every day.")
    text = _("One copy a day, {n} are kept. The newest was made at {time}.")
    return text.format(n=KEEP, time=moment(view.backup_at))


def moment(at: float) -> str:
    """Say a date and a time of day."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


def older(view: StorageView, days: float) -> Old:
    """Return what would go when events older than so many days are forgotten."""
    today = int(view.at // DAY_S)
    first_kept = min(int((view.at - days * DAY_S) // DAY_S), today - ALWAYS_KEPT)
    gone = [day for day in view.days if round(day.start / DAY_S) < first_kept]
    names = {day.day for day in gone}
    return Old(len(names), sum(x.events or 0 for x in gone), sum(x.size_bytes for x in gone))


def question(old: Old) -> str:
    """Ask whether that is to be forgotten."""
    text = ngettext(
        "Forget {n} day with {events} events, {size}?",
        "Forget {n} days with {events} events, {size}?",
        old.days,
    )
    return text.format(n=old.days, events=f"{old.events:,}", size=words.size(old.size_bytes))


def working(work: StorageWork) -> str:
    """Say how far the work on old days is."""
    text = _("Works on {day}: day {number} of {days}")
    return text.format(day=work.day, number=work.number, days=work.days)
