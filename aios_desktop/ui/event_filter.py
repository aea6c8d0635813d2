"""What is typed to filter events: words, and ``key:value`` for one property.

    type:resource.* severity:warning target:/home "runs by itself"

All words must fit. Nothing that is typed is an error: what is no key is a word to look for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from aios_desktop.events.model import EventQuery, Severity
from aios_desktop.ui import event_words

if TYPE_CHECKING:
    from aios_desktop.events.model import Event

KEYS: Final = ("type", "severity", "source", "target", "trace", "since")
LONGEST: Final = 500  # characters that are read
MOST_WORDS: Final = 20
_WORD: Final = re.compile(r'(?:(?P<key>[a-zA-Z]+):)?(?:"(?P<quoted>[^"]*)"?|(?P<plain>\S+))|\S')
_SPAN: Final = re.compile(r"(\d{1,4})\s*(s|min|m|h|d)\Z")
_SECONDS: Final = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a filter; ``key`` is empty for text to look for. ``start`` and ``end`` are its
    place in what was typed."""

    key: str
    value: str
    start: int = 0
    end: int = 0

    def typed(self) -> str:
        """Return it as one would type it."""
        value = self.value
        if any(letter.isspace() for letter in value) or (":" in value and not self.key):
            value = f'"{value}"'
        return f"{self.key}:{value}" if self.key else value


@dataclass(frozen=True, slots=True)
class Filter:
    """All that is asked for; empty lets every event through."""

    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    def typed(self) -> str:
        """Return it as one would type it."""
        return " ".join(term.typed() for term in self.terms)

    def value(self, key: str) -> str:
        """Return the value asked for under a key, the last one that was typed."""
        return next((term.value for term in reversed(self.terms) if term.key == key), "")

    def matches(self, event: Event, now: float) -> bool:
        """Say whether an event is what was asked for."""
        return all(_fits(term, event, now) for term in self.terms)

    def query(self, now: float, *, until: float | None = None, limit: int = 500) -> EventQuery:
        """Return what the store can look for; ``matches`` must look at the answer again."""
        span = seconds(self.value("since"))
        kind = self.value("type").lower()
        trace = self.value("trace")
        return EventQuery(
            since=now - span if span is not None else None,
            until=until,
            type=kind if _is_glob(kind) else "",
            trace=int(trace) if _is_number(trace) else 0,
            limit=limit,
        )


def parse(text: str) -> Filter:
    """Read what was typed."""
    terms: list[Term] = []
    for found in _WORD.finditer(text[:LONGEST]):
        term = _term(found)
        if term is not None:
            terms.append(term)
    return Filter(tuple(terms[:MOST_WORDS]))


def seconds(text: str) -> float | None:
    """Read a span such as 90s, 30m, 24h or 7d; None when it is none."""
    found = _SPAN.match(text.strip().lower())
    return float(int(found[1]) * _SECONDS[found[2]]) if found else None


def _term(found: re.Match[str]) -> Term | None:
    start, end = found.span()
    key, quoted = (found["key"] or "").lower(), found["quoted"]
    if key in KEYS or (not key and quoted is not None):
        value = found["plain"] or "" if quoted is None else quoted
    else:
        key, value = "", found[0]
        if value.endswith(":") and value[:-1].lower() in KEYS:
            return None  # a key whose value is still to be typed
    value = value.replace('"', "").strip()
    return Term(key, value, start, end) if value else None


def _fits(term: Term, event: Event, now: float) -> bool:
    value = term.value.lower()
    if term.key == "type":
        return _like(event.type, value)
    if term.key == "severity":
        return event.severity.rank >= _rank(value)
    if term.key == "source":
        return _like(event.source.lower(), value)
    if term.key == "target":
        return _like(event.target.lower(), value) or _like(event_words.about(event).lower(), value)
    if term.key == "trace":
        return value in (str(event.trace), str(event.id))
    if term.key == "since":
        span = seconds(value)
        return span is None or event.time >= now - span
    return any(value in text.lower() for text in _texts(event))


def _texts(event: Event) -> tuple[str, ...]:
    said = event_words.sentence(event).text()
    return event.type, event.source, event.target, event_words.about(event), said


def _like(text: str, wanted: str) -> bool:
    """Compare with a glob; without a star any part of the text will do."""
    if "*" in wanted:
        return fnmatchcase(text, wanted.replace("[", "[[]"))
    return wanted in text


def _rank(word: str) -> int:
    """Return the least rank asked for: the beginning of a severity's name is enough."""
    for severity in Severity:
        if severity.value.startswith(word):
            return severity.rank
    return len(Severity)  # no event is that


def _is_glob(kind: str) -> bool:
    """Say whether the store can look for this type by itself."""
    return bool(re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.\*", kind))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
