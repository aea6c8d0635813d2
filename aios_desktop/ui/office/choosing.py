"""Who comes next when the arrow keys go through the office."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aios_desktop.office.people import Figure


def next_figure(
    figures: Sequence[Figure], current: str, direction: tuple[int, int]
) -> Figure | None:
    """Return the nearest figure in a direction, the first of all when nobody is chosen yet.

    None when nobody is there.
    """
    here = next((figure for figure in figures if figure.id == current), None)
    if here is None:
        return min(figures, key=lambda figure: (figure.y, figure.x), default=None)
    ahead = [figure for figure in figures if _along(here, figure, direction) > 0]
    return min(ahead, key=lambda figure: _distance(here, figure, direction), default=None)


def _along(here: Figure, there: Figure, direction: tuple[int, int]) -> int:
    return (there.x - here.x) * direction[0] + (there.y - here.y) * direction[1]


def _distance(here: Figure, there: Figure, direction: tuple[int, int]) -> tuple[int, str]:
    """Return how far somebody is; what lies aside counts threefold."""
    aside = abs((there.x - here.x) * direction[1] + (there.y - here.y) * direction[0])
    return _along(here, there, direction) + 3 * aside, there.id
