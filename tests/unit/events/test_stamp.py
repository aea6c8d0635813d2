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


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_stamps_grow_however_the_clock_jumps(jumps: list[float]) -> None:
    clock = FakeClock(start=2e6)
    stamps = Stamps(clock)
    seen = []
    for jump in jumps:
        clock.jump(jump)
        seen.append(stamps.next())
    assert all(a < b for a, b in itertools.pairwise(seen))


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
