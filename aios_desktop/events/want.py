"""A query made exact: bounded, and with one meaning for rows in memory and rows in files."""

from __future__ import annotations

import fnmatch
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from aios_desktop.events.model import MAX_TYPE
from aios_desktop.events.rows import MAX_ID

if TYPE_CHECKING:
    from aios_desktop.events.model import EventQuery
    from aios_desktop.events.rows import Row

MAX_LIMIT: Final = 10_000
MAX_TEXT: Final = 200
_GLOB_SIGNS: Final = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Want:
    """Which rows: ids from ``low`` to ``high``, newest first, at most ``limit``."""

    low: int
    high: int
    type: str
    types: re.Pattern[str] | None  # set when ``type`` is a glob
    trace: int
    text: bytes  # small letters (ASCII), as it stands in a target or a type
    json_text: bytes  # the same as it stands inside JSON
    limit: int

    @classmethod
    def of(cls, query: EventQuery) -> Want:
        """Bound a query that may come from outside."""
        type_ = query.type[:MAX_TYPE]
        text = query.text[:MAX_TEXT].encode("utf-8", "backslashreplace").decode()
        return cls(
            low=_stamp(query.since, 0),
            high=_stamp(query.until, MAX_ID),
            type="" if type_ == "*" else type_,
            types=re.compile(fnmatch.translate(type_)) if _GLOB_SIGNS & {*type_} else None,
            trace=query.trace if 0 < query.trace < MAX_ID else -1 if query.trace else 0,
            text=text.encode().lower(),
            json_text=msgspec.json.encode(text)[1:-1].lower(),
            limit=max(0, min(query.limit, MAX_LIMIT)),
        )

    def wants_type(self, type_: str) -> bool:
        """Say whether a type is wanted."""
        if self.types is not None:
            return self.types.match(type_) is not None
        return not self.type or self.type == type_

    def text_in(self, text: str) -> bool:
        """Say whether a plain text has the wanted text in it."""
        return self.text in text.encode().lower()

    def matches(self, row: Row) -> bool:
        """Say whether a row in memory is wanted."""
        return (
            self.low <= row.id <= self.high
            and (not self.trace or self.trace == (row.trace or row.id))
            and self.wants_type(row.type)
            and (
                not self.text
                or self.text_in(row.target)
                or self.text_in(row.type)
                or self.json_text in row.data.encode().lower()
            )
        )


def _stamp(seconds: float | None, default: int) -> int:
    if seconds is None or math.isnan(seconds):
        return default
    return round(max(0.0, min(seconds, MAX_ID / 1e6)) * 1e6)
