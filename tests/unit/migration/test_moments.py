"""Times of every kind become one, and what a local time means is learned."""

from __future__ import annotations

import contextlib
from datetime import UTC, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aios_desktop.errors import AiosError
from aios_desktop.migration.moments import NoTimeError, Times, iso, zone

T = 1_773_100_800  # 2026-03-10T00:00:00Z


@pytest.mark.parametrize(
    ("record", "stamp"),
    [
        ({"timestamp": T * 1000 + 5}, T * 1_000_000 + 5000),
        ({"epoch": T}, T * 1_000_000),
        ({"ts": T + 0.25}, T * 1_000_000 + 250_000),
        ({"ts": str(T)}, T * 1_000_000),
        ({"ts": "2026-03-10T00:00:00Z"}, T * 1_000_000),
        ({"ts": "2026-03-10T08:00:00.000001+08:00"}, T * 1_000_000 + 1),
        ({"ts": "2026-03-10 00:00:00+00:00"}, T * 1_000_000),
        ({"ts": "2020-01-01T00:00:00Z", "epoch": T}, T * 1_000_000),
        ({"timestamp": "2020-01-01T00:00:00Z", "ts": T}, T * 1_000_000),
        ({"ts": None, "timestamp": T * 1000}, T * 1_000_000),
    ],
)
def test_every_form_is_read(record: dict[str, Any], stamp: int) -> None:
    assert Times(UTC).stamp(record) == stamp


@pytest.mark.parametrize(
    "value",
    [
        None, True, "", "yesterday", float("nan"), float("inf"), -1, 0, 1, 4_102_444_800,
        99_999_999_999_999, 10**400, [], "1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z",
        "9999-12-31T23:59:59", "0001-01-01T00:00:00+14:00",
    ],
)  # fmt: skip
def test_what_is_no_time_between_2000_and_2100_is_refused(value: object) -> None:
    with pytest.raises(NoTimeError):
        Times(UTC).stamp({"ts": value})


def test_the_offset_is_learned_from_records_with_both() -> None:
    times = Times(timezone(timedelta(hours=-5)))
    times.learn({"ts": "2026-03-10T08:00:00", "epoch": T})
    times.learn({"ts": "2026-03-10T08:00:01.5", "timestamp": T * 1000 + 1500})
    times.learn({"timestamp": "2026-03-10T08:00:02", "ts": T + 2})
    times.learn({"ts": "2026-03-10T08:00:00+08:00", "epoch": T})  # says so itself
    times.learn({"ts": "2026-03-10T08:07:00", "epoch": T})  # no zone is 8:07 ahead
    times.learn({"ts": "2026-03-10T08:00:00", "epoch": "soon"})
    assert times.offsets == {28800: 3}
    assert times.stamp({"ts": "2026-03-10T08:00:00"}) == T * 1_000_000
    assert times.assumed == 0


def test_when_the_offset_changed_the_nearest_day_counts() -> None:
    times = Times(UTC)
    for day in range(1, 6):
        times.learn({"ts": f"2026-03-{day:02}T01:00:00", "ts_": 0, "epoch": T - 86400 * (10 - day)})
        times.learn({"ts": f"2026-04-{day:02}T02:00:00", "epoch": T + 86400 * (21 + day)})
    assert set(times.offsets) == {3600, 7200}
    assert iso(times.stamp({"ts": "2026-03-03T12:00:00"})) == "2026-03-03T11:00:00.000000+00:00"
    assert iso(times.stamp({"ts": "2026-04-20T12:00:00"})) == "2026-04-20T10:00:00.000000+00:00"


def test_one_odd_pair_among_many_changes_nothing() -> None:
    times = Times(UTC)
    for minute in range(40):
        times.learn({"ts": f"2026-03-10T08:{minute:02}:00", "epoch": T + 60 * minute})
    times.learn({"ts": "2026-03-12T00:00:00", "epoch": T + 2 * 86400})
    assert iso(times.stamp({"ts": "2026-03-12T08:00:00"})) == "2026-03-12T00:00:00.000000+00:00"


def test_zones_have_names_and_numbers() -> None:
    assert zone("+08:00").utcoffset(None) == timedelta(hours=8)
    assert zone("-0330").utcoffset(None) == timedelta(hours=-3, minutes=-30)
    assert zone("z").utcoffset(None) == timedelta(0)
    assert str(zone("Asia/Shanghai")) == "Asia/Shanghai"
    for name in ("", "Mars/Base", "../etc", "+99:00", "Asia"):
        with pytest.raises(AiosError):
            zone(name)


def test_the_latest_of_several_times_counts() -> None:
    record = {"a": "2026-03-10T00:00:00Z", "b": T + 5, "c": None, "d": "never"}
    assert Times(UTC).newest(record, ("a", "b", "c", "d")) == (T + 5) * 1_000_000
    assert Times(UTC).newest({}, ("a",)) is None


@given(st.dictionaries(st.sampled_from(["ts", "epoch", "timestamp"]), st.none() | st.text() | st.integers() | st.floats() | st.datetimes().map(str)))  # fmt: skip
def test_no_time_makes_it_fail(record: dict[str, Any]) -> None:
    times = Times(UTC)
    times.learn(record)
    with contextlib.suppress(NoTimeError):
        assert 946_684_800_000_000 <= times.stamp(record) < 4_102_444_800_000_000
