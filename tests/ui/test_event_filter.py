"""The grammar of the filter of events: nothing that is typed is an error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aios_desktop.events.model import Event, Severity
from aios_desktop.ui.event_filter import KEYS, MOST_WORDS, parse, seconds

NOW = 1_000_000.0
EVENT = Event(
    int((NOW - 60) * 1e6),
    "resource.high",
    "sensors",
    Severity.WARNING,
    "/home",
    {"resource": "disk", "value": 88.0, "threshold": 85.0, "held_s": 300},
    trace=77,
)
TYPED = st.text(max_size=80) | st.lists(
    st.sampled_from([*KEYS, ":", '"', " ", "*", "[", "resource", "warning", "7", "ß", "\n"]),
    max_size=20,
).map("".join)


@given(TYPED)
def test_never_raises_and_says_what_it_read(text: str) -> None:
    found = parse(text)
    assert len(found.terms) <= MOST_WORDS
    found.matches(EVENT, NOW)
    found.query(NOW)
    again = parse(found.typed())
    assert [(t.key, t.value) for t in again.terms] == [(t.key, t.value) for t in found.terms]


@given(TYPED)
def test_places_point_into_what_was_typed(text: str) -> None:
    places = [(term.start, term.end) for term in parse(text).terms]
    assert places == sorted(places)
    assert all(0 <= start < end <= len(text) for start, end in places)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("", True),
        ("type:resource.*", True),
        ("type:resource", True),
        ("type:run.*", False),
        ("severity:info", True),
        ("severity:warning", True),
        ("severity:w", True),
        ("severity:error", False),
        ("severity:nonsense", False),
        ("source:sensors", True),
        ("target:/home", True),
        ("target:/h*", True),
        ("target:/var", False),
        ("trace:77", True),
        ("trace:78", False),
        ("since:2m", True),
        ("since:30s", False),
        ("FULL", True),
        ("empty", False),
        ('"88 % full"', True),
        ("type:resource.* full", True),
        ("type:resource.* empty", False),
        ("type:", True),
        ("http://x", False),
    ],
)
def test_what_fits(text: str, fits: bool) -> None:
    assert parse(text).matches(EVENT, NOW) is fits


def test_the_store_is_asked_for_what_it_can_look_for() -> None:
    query = parse("type:resource.* trace:77 since:1h severity:error word").query(NOW, until=5.0)
    assert (query.type, query.trace, query.since, query.until) == (
        "resource.*",
        77,
        NOW - 3600,
        5.0,
    )
    assert query.text == ""
    assert parse("type:reso").query(NOW).type == ""  # a part of a type is no glob of the store


@pytest.mark.parametrize(
    ("text", "span"),
    [("90s", 90), ("30m", 1800), ("30 min", 1800), ("2h", 7200), ("7d", 604_800), ("x", None)],
)
def test_spans(text: str, span: float | None) -> None:
    assert seconds(text) == span
