"""What stays of a day for good: how many events of which kind, the score, the runs, the causes."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, Final

import msgspec

from aios_desktop.events import files
from aios_desktop.events.rows import DAY_US

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from aios_desktop.events.archive import Fields

logger = logging.getLogger(__name__)

HOUR_US: Final = 3_600_000_000
MAX_TYPES: Final = 1000
OTHER: Final = "other.types"  # what goes beyond
MAX_CAUSES: Final = 20  # kept
COUNTED_CAUSES: Final = 5000  # while counting; the rare ones are let go beyond
SEVERITIES: Final = 4


class TypeTotals(msgspec.Struct):
    """The events of one type: by severity (info to critical) and by hour of the UTC day."""

    severity: list[int]
    hours: dict[int, int]


class ScoreTotals(msgspec.Struct):
    """The health score over a day."""

    n: int
    low: float
    high: float
    sum: float

    @property
    def mean(self) -> float:
        """Return the mean of the values that were published."""
        return self.sum / self.n


class Totals(msgspec.Struct):
    """The summary of some events of one day."""

    events: int = 0
    first: int = 0
    last: int = 0
    types: dict[str, TypeTotals] = {}
    score: ScoreTotals | None = None
    runs: dict[str, int] = {}  # by outcome
    causes: list[tuple[str, str, int]] = []  # type, target, events that were no mere information

    def by_severity(self) -> list[int]:
        """Return the numbers of events from info to critical."""
        return [sum(each.severity[n] for each in self.types.values()) for n in range(SEVERITIES)]


class DaySummary(msgspec.Struct):
    """The kept summary of a day: of events that are gone, and of those in the archive."""

    gone: Totals | None = None
    here: Totals | None = None
    version: int = 1

    def total(self) -> Totals:
        """Return both together."""
        return merged([part for part in (self.gone, self.here) if part is not None])


class Tally:
    """Counts rows, block by block."""

    def __init__(self) -> None:
        self._kinds: Counter[tuple[str, int, int]] = Counter()
        self._causes: Counter[tuple[str, str]] = Counter()
        self._runs: Counter[str] = Counter()
        self._score: ScoreTotals | None = None
        self._events = self._first = self._last = 0

    def add(self, rows: Sequence[Fields]) -> None:
        """Count a block of rows, which come in the order of their ids."""
        if not rows:
            return
        self._first = self._first or rows[0][0]
        self._last = rows[-1][0]
        self._events += len(rows)
        self._kinds.update([(row[1], row[3], row[0] % DAY_US // HOUR_US) for row in rows])
        self._causes.update([(row[1], row[4]) for row in rows if row[3] > 0])
        if len(self._causes) > COUNTED_CAUSES:
            self._causes = Counter(dict(self._causes.most_common(COUNTED_CAUSES // 2)))
        for row in rows:
            if row[1] == "score.updated":
                self._add_score(row[7])
            elif row[1] == "run.finished":
                self._runs[str(_field(row[7], "outcome"))[:50]] += 1

    @property
    def events(self) -> int:
        """Return how many rows were counted."""
        return self._events

    def totals(self) -> Totals:
        """Return what was counted."""
        types: dict[str, TypeTotals] = {}
        for (name, severity, hour), count in self._kinds.items():
            known = name in types or len(types) < MAX_TYPES
            one = types.setdefault(name if known else OTHER, TypeTotals([0] * SEVERITIES, {}))
            one.severity[min(max(severity, 0), SEVERITIES - 1)] += count
            one.hours[hour] = one.hours.get(hour, 0) + count
        return Totals(
            self._events,
            self._first,
            self._last,
            types,
            self._score,
            dict(self._runs),
            [(*key, count) for key, count in self._causes.most_common(MAX_CAUSES)],
        )

    def _add_score(self, data: str) -> None:
        value = _field(data, "value")
        if isinstance(value, int | float) and not isinstance(value, bool):
            one = ScoreTotals(1, value, value, value)
            self._score = one if self._score is None else _score(self._score, one)


def merged(parts: Sequence[Totals]) -> Totals:
    """Add summaries of different events of one day."""
    if len(parts) == 1:
        return parts[0]
    types: dict[str, TypeTotals] = {}
    runs: Counter[str] = Counter()
    causes: Counter[tuple[str, str]] = Counter()
    score: ScoreTotals | None = None
    for part in parts:
        for name, more in part.types.items():
            one = types.setdefault(name, TypeTotals([0] * SEVERITIES, {}))
            one.severity = [a + b for a, b in zip(one.severity, more.severity, strict=True)]
            for hour, count in more.hours.items():
                one.hours[hour] = one.hours.get(hour, 0) + count
        runs.update(part.runs)
        causes.update({(type_, target): count for type_, target, count in part.causes})
        if part.score is not None:
            score = part.score if score is None else _score(score, part.score)
    return Totals(
        sum(part.events for part in parts),
        min((part.first for part in parts if part.events), default=0),
        max((part.last for part in parts), default=0),
        types,
        score,
        dict(runs),
        [(*key, count) for key, count in causes.most_common(MAX_CAUSES)],
    )


def load_summary(path: Path) -> DaySummary | None:
    """Return the summary in a file; None when there is none that can be read. Raises OSError."""
    try:
        return _DECODER.decode(path.read_bytes())
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        logger.error("the summary %s is damaged (%s); it is set aside", path, error)  # noqa: TRY400
        path.replace(path.with_name(path.name + ".corrupt"))
        return None


def peek_summary(path: Path) -> DaySummary:
    """Return the summary in a file, an empty one when there is none. Changes nothing."""
    try:
        return _DECODER.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return DaySummary()


def save_summary(path: Path, summary: DaySummary) -> None:
    """Keep a summary, to the platter. Raises OSError."""
    files.write_whole(path, msgspec.json.encode(summary))


def _score(one: ScoreTotals, two: ScoreTotals) -> ScoreTotals:
    return ScoreTotals(
        one.n + two.n, min(one.low, two.low), max(one.high, two.high), one.sum + two.sum
    )


def _field(data: str, name: str) -> object:
    try:
        found = msgspec.json.decode(data)
    except msgspec.DecodeError:
        return None
    return found.get(name) if isinstance(found, dict) else None


_DECODER: Final = msgspec.json.Decoder(DaySummary)
