"""Ids are unique and strictly increasing whatever the clock does."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from aios_desktop.clock import SystemClock
from aios_desktop.events.stamp import Stamps
from tests.fakes import FakeClock


def test_a_stamp_is_the_time_in_microseconds() -> None:
    clock = FakeClock(start=1_700_000_000.5)
    assert Stamps(clock).next() == 1_700_000_000_500_000


def test_a_tie_is_bumped() -> None:
    stamps = Stamps(FakeClock(start=1.0))
    assert [stamps.next() for _ in range(3)] == [1_000_000, 1_000_001, 1_000_002]


@given(st.lists(st.floats(-1000, 1000), min_size=1, max_size=50))
def test_stamps_grow_however_the_clock_jumps(jumps: list[float]) -> None:
    clock = FakeClock(start=2e6)
    stamps = Stamps(clock)
    seen = []
    for jump in jumps:
        clock.jump(jump)
        seen.append(stamps.next())
    assert all(a < b for a, b in itertools.pairwise(seen))


@given(
    st.lists(
        st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, -86_400 * 3, 86_400 * 3])),
        min_size=1,
        max_size=60,
    )
)
def test_no_stamp_comes_twice_wherever_the_clock_goes(jumps: list[float]) -> None:
    clock = FakeClock(start=1e8)
    stamps = Stamps(clock)
    seen = set()
    for jump in jumps:
        clock.jump(jump)
        seen.add(stamps.next())
    assert len(seen) == len(jumps)


def test_stamps_come_back_from_a_leap_of_the_clock() -> None:
    clock = FakeClock(start=1e8)
    stamps = Stamps(clock)
    stamps.next()
    clock.jump(400 * 86_400)
    assert stamps.next() == int(clock.now() * 1e6)
    clock.jump(-400 * 86_400 + 5)
    assert stamps.next() == int((1e8 + 5) * 1e6)
    clock.jump(400 * 86_400 - 5)  # it arrives where it has been
    assert stamps.next() == int((1e8 + 400 * 86_400) * 1e6) + 1


def test_stamps_start_after_what_is_stored() -> None:
    stamps = Stamps(FakeClock(start=1.0))
    stamps.start_after(5_000_000)
    stamps.start_after(4_000_000)
    assert stamps.next() == 5_000_001


def test_threads_never_share_a_stamp() -> None:
    stamps = Stamps(SystemClock())
    with ThreadPoolExecutor(8) as pool:
        lists = list(pool.map(lambda _: [stamps.next() for _ in range(2000)], range(8)))
    assert len({stamp for each in lists for stamp in each}) == 16_000
    assert all(each == sorted(each) for each in lists)
