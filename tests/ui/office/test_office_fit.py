"""The zoom is a whole number of device pixels at every ratio and size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect

from aios_desktop.ui.office.fit import fit

WORLD = (427, 267)


@pytest.mark.parametrize(
    ("size", "ratio", "zoom"),
    [
        ((854, 534), 1.0, 2),
        ((853, 534), 1.0, 1),
        ((1281, 801), 1.0, 3),
        ((858, 538), 2.0, 4),
        ((860, 540), 1.5, 3),
        ((860, 540), 1.25, 2),
        ((100, 80), 1.0, 1),
    ],
)
def test_the_zoom_is_the_largest_whole_one_that_fits(
    size: tuple[int, int], ratio: float, zoom: int
) -> None:
    found = fit(size, ratio, WORLD)
    assert found.zoom == zoom
    assert (found.width, found.height) == (427 * zoom, 267 * zoom)


sizes = st.tuples(st.integers(1, 4000), st.integers(1, 3000))
ratios = st.sampled_from([1.0, 1.25, 1.5, 1.75, 2.0, 3.0])


@given(sizes, ratios)
def test_the_picture_is_in_the_middle(size: tuple[int, int], ratio: float) -> None:
    found = fit(size, ratio, WORLD)
    right = size[0] * ratio - found.left - found.width
    below = size[1] * ratio - found.top - found.height
    assert abs(right - found.left) < 2
    assert abs(below - found.top) < 2


@given(sizes, ratios, st.tuples(*[st.integers(0, 200)] * 4))
def test_logical_pixels_cover_the_world_pixels(
    size: tuple[int, int], ratio: float, box: tuple[int, int, int, int]
) -> None:
    found = fit(size, ratio, WORLD)
    logical = found.logical((box[0], box[1], box[2] + 1, box[3] + 1))
    device = QRect(
        int(logical.x() * ratio),
        int(logical.y() * ratio),
        int(logical.width() * ratio + 1),
        int(logical.height() * ratio + 1),
    )
    left, top = found.left + box[0] * found.zoom, found.top + box[1] * found.zoom
    assert device.contains(QRect(left, top, (box[2] + 1) * found.zoom, (box[3] + 1) * found.zoom))


def test_a_point_of_the_widget_is_a_point_of_the_picture() -> None:
    found = fit((900, 600), 1.5, WORLD)
    assert found.zoom == 3
    corner = QPoint(int(found.left / 1.5) + 1, int(found.top / 1.5) + 1)
    inside = found.in_picture(corner)
    assert 0 <= inside.x() <= 2
    assert 0 <= inside.y() <= 2
    assert found.unit == 2
