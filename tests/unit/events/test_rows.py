"""Any event can be stored, whatever is in it, and comes back as far as JSON allows."""

from __future__ import annotations

import hashlib
import types
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aios_desktop.events.model import MAX_DATA_BYTES, Event, Severity
from aios_desktop.events.rows import MAX_ID, MAX_SOURCE, MAX_TARGET, decode, encode, pack, unpack

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(
    st.builds(
        Event,
        id=st.integers(1, MAX_ID - 1),
        type=st.just("resource.high"),
        source=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
        severity=st.sampled_from(Severity),
        target=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=50),
        data=st.dictionaries(st.text(), JSON, max_size=5),
        trace=st.integers(1, MAX_ID - 1),
        cause=st.integers(0, MAX_ID - 1),
    )
)
def test_an_ordinary_event_comes_back_as_it_was(event: Event) -> None:
    assert unpack(pack(event)) == event


@pytest.mark.parametrize(
    ("data", "back"),
    [
        ({"file": "a\udcff"}, {"file": "a\udcff"}),
        ({1: 2}, {"1": 2}),
        ({"big": 2**70}, {"big": 2**70}),
        ({"path": Path("/tmp/x")}, {"path": "/tmp/x"}),
        ({"inner": types.MappingProxyType({"a": 1})}, {"inner": {"a": 1}}),
        ({"nan": float("nan")}, {"nan": None}),
        ({(1, 2): 3}, {"(1, 2)": 3}),
    ],
)
def test_an_odd_payload_is_kept_as_far_as_possible(
    data: dict[str, object], back: dict[str, object]
) -> None:
    assert decode(encode(data)) == back


def test_a_payload_that_contains_itself_is_named() -> None:
    data: dict[str, object] = {}
    data["self"] = data
    assert decode(encode(data)) == {"unencodable": True}


def test_a_large_payload_is_replaced_by_its_size() -> None:
    raw = b'{"a":"' + b"x" * MAX_DATA_BYTES + b'"}'
    assert decode(encode({"a": "x" * MAX_DATA_BYTES})) == {
        "truncated": True,
        "bytes": len(raw),
        "sha256": hashlib.sha256(raw).hexdigest(),
    }
    fits = {"a": "x" * (MAX_DATA_BYTES - 8)}
    assert decode(encode(fits)) == fits


def test_a_payload_that_cannot_be_read_says_so() -> None:
    assert decode("{nonsense") == {"unreadable": "{nonsense"}
    assert decode("[1]") == {"unreadable": "[1]"}


def test_texts_are_bounded_and_storable() -> None:
    event = Event(1, "a.b", "s" * 9999, target="\udcff\0" + "t" * 9999, trace=1)
    row = pack(event)
    assert len(row.source) == MAX_SOURCE
    assert row.target.startswith("\\udcff\\0ttt")
    assert len(row.target) < MAX_TARGET + 20


@pytest.mark.parametrize("stamp", [0, -1, MAX_ID, 2**200])
def test_an_impossible_id_is_refused(stamp: int) -> None:
    with pytest.raises(ValueError, match=str(stamp)):
        pack(Event(stamp, "a.b", "s"))


def test_impossible_references_are_dropped() -> None:
    row = pack(Event(5, "a.b", "s", trace=2**70, cause=-3))
    assert (row.trace, row.cause) == (0, 0)
