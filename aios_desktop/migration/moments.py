"""When something happened: numbers of two scales, times with a zone, and local times without one.

What a local time means is learned from records that carry both kinds.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from aios_desktop.errors import AiosError

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_US: Final = 946_684_800_000_000  # 2000-01-01
LAST_US: Final = 4_102_444_800_000_000  # 2100-01-01
MILLISECONDS_FROM: Final = 1e11
QUARTER_S: Final = 900
MAX_OFFSET_S: Final = 14 * 3600
SLACK_S: Final = 120  # between two clocks that were read one after the other
CLEAR: Final = 0.95  # this part of all pairs says the same: it holds for every day
MAX_DAYS: Final = 40_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  the start of local times without a zone
_US: Final = timedelta(microseconds=1)
_NUMBER: Final = re.compile(r"\d{9,16}(\.\d+)?\Z")
_OFFSET: Final = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d\d)?\Z", re.IGNORECASE)
EVENT_KEYS: Final = ("epoch", "timestamp", "ts")


class NoTimeError(ValueError):
    """There is no time, or not one between 2000 and 2100."""


def zone(name: str) -> tzinfo:
    """Return the zone called ``name``: Asia/Shanghai, +08:00, UTC. Raises AiosError."""
    text = name.strip()
    if text.upper() in {"Z", "UTC", "GMT"}:
        return UTC
    if found := _OFFSET.match(text):
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        if minutes <= MAX_OFFSET_S // 60:
            return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))
    try:
        return ZoneInfo(text)
    except (ValueError, OSError, KeyError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise AiosError(
            "{value} is not a time zone. Write +08:00 or Asia/Shanghai.", value=name
        ) from error


class Times:
    """Reads times. Local ones are taken as the records themselves say, else in ``fallback``."""

    def __init__(self, fallback: tzinfo | None = None) -> None:
        self._fallback = fallback  # None: the zone of this computer
        self._days: dict[int, Counter[int]] = {}
        self._sorted: list[int] | None = None
        self._clear: int | None = None
        self.pairs = 0
        self.assumed = 0  # local times that nothing but the fallback explains

    @property
    def offsets(self) -> dict[int, int]:
        """The offsets that were learned, in seconds, and how many pairs say so."""
        total: Counter[int] = Counter()
        for counted in self._days.values():
            total.update(counted)
        return dict(total.most_common(10))

    def learn(self, record: Mapping[str, Any]) -> None:
        """Look whether a record carries a local time and a number for the same moment."""
        for key, others in (("ts", ("epoch", "timestamp")), ("timestamp", ("epoch", "ts"))):
            local = record.get(key)
            if not isinstance(local, str) or (naive := _naive(local)) is None:
                continue
            for other in others:
                try:
                    number = _number_us(record.get(other))
                except NoTimeError:
                    continue
                if number is not None:
                    self._pair(naive, number)
                    return

    def _pair(self, naive: int, number: int) -> None:
        apart = (naive - number) / 1e6
        offset = round(apart / QUARTER_S) * QUARTER_S
        if abs(offset) > MAX_OFFSET_S or abs(apart - offset) > SLACK_S:
            return
        day = naive // 86_400_000_000
        if day not in self._days and len(self._days) >= MAX_DAYS:
            return
        self._days.setdefault(day, Counter())[offset] += 1
        self.pairs += 1
        self._sorted = None

    def stamp(self, record: Mapping[str, Any], keys: tuple[str, ...] = EVENT_KEYS) -> int:
        """Return the moment of a record in microseconds. Raises NoTimeError.

        ``epoch`` counts first, then any other number, then a text.
        """
        values = [record[key] for key in keys if record.get(key) is not None]
        for value in values:
            if (number := _number_us(value)) is not None:
                return _checked(number)
        for value in values:
            if isinstance(value, str):
                return _checked(self._text_us(value))
        raise NoTimeError

    def newest(self, record: Mapping[str, Any], keys: tuple[str, ...]) -> int | None:
        """Return the latest of several times, or None."""
        found = []
        for key in keys:
            try:
                found.append(self.stamp(record, (key,)))
            except NoTimeError:
                continue
        return max(found, default=None)

    def _text_us(self, text: str) -> int:
        moment = _parsed(text)
        try:
            if moment.tzinfo is not None:
                return (moment - _EPOCH) // _US
            naive = (moment - _NAIVE_EPOCH) // _US
            _checked(naive)
            offset = self._offset(naive // 86_400_000_000)
            if offset is not None:
                return naive - offset * 1_000_000
            self.assumed += 1
            if self._fallback is None:
                return (moment.astimezone(UTC) - _EPOCH) // _US
            return (moment.replace(tzinfo=self._fallback) - _EPOCH) // _US
        except (OverflowError, ValueError, OSError) as error:
            raise NoTimeError from error

    def _offset(self, day: int) -> int | None:
        """Return the learned offset for a day, in seconds: of all pairs, else of the nearest."""
        if not self._days:
            return None
        if self._sorted is None:
            self._sorted = sorted(self._days)
            (offset, count), *_ = Counter(self.offsets).most_common(1)
            self._clear = offset if count >= CLEAR * self.pairs else None
        if self._clear is not None:
            return self._clear
        nearest = min(self._sorted, key=lambda known: abs(known - day))
        return self._days[nearest].most_common(1)[0][0]


def _number_us(value: Any) -> int | None:
    """Return microseconds for seconds or milliseconds; None for what is not a number.

    Raises NoTimeError for a number that is no time.
    """
    if isinstance(value, str) and _NUMBER.match(value):
        value = float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if (isinstance(value, float) and not math.isfinite(value)) or not 0 < value < 1e16:
        raise NoTimeError
    return round(value * (1_000 if value > MILLISECONDS_FROM else 1_000_000))


def _checked(stamp: int) -> int:
    if not FIRST_US <= stamp < LAST_US:
        raise NoTimeError
    return stamp


def _parsed(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip()[:64])
    except ValueError as error:
        raise NoTimeError from error


def _naive(text: str) -> int | None:
    """Return a time without a zone as microseconds, as if it were UTC; None for anything else."""
    if _NUMBER.match(text):
        return None
    try:
        moment = _parsed(text)
    except NoTimeError:
        return None
    return None if moment.tzinfo is not None else (moment - _NAIVE_EPOCH) // _US


def iso(stamp: int | None) -> str | None:
    """Return a moment as text in UTC, with its microseconds."""
    if stamp is None:
        return None
    return (_EPOCH + timedelta(microseconds=stamp)).isoformat(timespec="microseconds")
