"""Made-up days and sizes for the storage part of the settings; they add up."""

from __future__ import annotations

from datetime import UTC, datetime

from aios_desktop.runtime.views import StoragePart, StorageView, StoredDay

DAY = 86_400
RAW, ALL = 8, 30


def stored(now: float, *, empty: bool = False) -> StorageView:
    """Return eight raw days (today's among them) and the archived ones before them."""
    today = int(now // DAY)
    days = tuple(_day(today - ago, ago) for ago in range(1 if empty else ALL))
    raw = [day for day in days if day.kind == "raw"]
    archive = [day for day in days if day.kind == "archive"]
    parts = (
        StoragePart("raw", sum(day.size_bytes for day in raw), len(raw)),
        StoragePart("archive", sum(day.size_bytes for day in archive), len(archive)),
        StoragePart("summaries", 0 if empty else 412_000, len(archive)),
        StoragePart("state", 1_900_000, 3),
        StoragePart("backups", 0 if empty else 12_300_000, 0 if empty else 7),
        StoragePart("quarantine", 0 if empty else 2_300_000_000, 0 if empty else 18_204),
        StoragePart("log", 640_000, 2),
        StoragePart("damaged", 0, 0),
    )
    folder = "/home/ada/.local/share/aios-desktop"
    return StorageView(
        now,
        folder,
        46_000_000_000,
        days,
        parts,
        backup_at=None if empty else today * DAY + 11_520.0,
        next_day=raw[-1].day,
        next_at=float((today + (7 if empty else 1)) * DAY + 5),
    )


def _day(day: int, ago: int) -> StoredDay:
    name = datetime.fromtimestamp(day * DAY, UTC).date().isoformat()
    events = 41_000 + 977 * (day % 13)
    kind, each = ("raw", 260) if ago < RAW else ("archive", 48)
    return StoredDay(name, float(day * DAY), kind, events * each, events)
