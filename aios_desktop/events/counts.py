"""Counts events per hour: by SQL in day files, from the kept summaries for all older days."""

from __future__ import annotations

import heapq
from collections import Counter
from typing import TYPE_CHECKING, Final

from aios_desktop.events.archive import archive_file, summary_file
from aios_desktop.events.rows import DAY_US
from aios_desktop.events.totals import HOUR_US, Totals, peek_summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import apsw

    from aios_desktop.events.vault import Vault

HOURS_A_DAY: Final = DAY_US // HOUR_US
Hours = Counter[tuple[int, str]]
"""How many events by UTC hour (hours since the epoch) and type."""

_COUNT: Final = f"SELECT id / {HOUR_US}, type, count(*) FROM event GROUP BY 1, 2"  # noqa: S608  a constant
_KINDS: Final = "SELECT id, type FROM event ORDER BY id"


def of_day_file(connection: apsw.Connection) -> Hours:
    """Count in a day file."""
    words = dict(connection.execute("SELECT id, text FROM word"))
    found: Hours = Counter()
    for hour, code, count in connection.execute(_COUNT):
        found[hour, words.get(code, "")] += count
    return found


def kinds(connection: apsw.Connection) -> list[tuple[int, str]]:
    """Return id and type of all events in a day file, oldest first."""
    words = dict(connection.execute("SELECT id, text FROM word"))
    return [(id_, words.get(code, "")) for id_, code in connection.execute(_KINDS)]


def of_old_day(
    folder: Path, day: int, vault: Vault, raw: Iterable[tuple[int, str]] | None
) -> Hours:
    """Count the events of a day that has an archive or a summary.

    ``raw`` is what its day file has, if there is one: the same events may be in the archive.
    """
    archive, summary = archive_file(folder, day), peek_summary(summary_file(folder, day))
    found: Hours = Counter()
    if summary.gone is not None:
        found += _of_totals(day, summary.gone)
        if summary.here is None and archive.exists():  # all of it is counted as gone
            return found if raw is None else found + _of_kinds(raw)
    if raw is None and summary.here is not None:
        return found + _of_totals(day, summary.here)
    archived = _archived(vault, archive) if archive.exists() else iter(())
    return found + _of_kinds(heapq.merge(archived, raw or ()))


def _of_kinds(kinds: Iterable[tuple[int, str]]) -> Hours:
    """Count ids and types, which come in order, each id once."""
    found: Hours = Counter()
    last = 0
    for id_, type_ in kinds:
        if id_ != last:
            last = id_
            found[id_ // HOUR_US, type_] += 1
    return found


def _of_totals(day: int, totals: Totals) -> Hours:
    first = day * HOURS_A_DAY
    return Counter(
        {
            (first + hour, type_): count
            for type_, one in totals.types.items()
            for hour, count in one.hours.items()
        }
    )


def _archived(vault: Vault, path: Path) -> Iterator[tuple[int, str]]:
    for block in vault.blocks(path):
        for row in block:
            yield row[0], row[1]
