"""The office that ships: its places, its light, its hours."""

from __future__ import annotations

import pytest

from aios_desktop.office import layout
from aios_desktop.office.layout import load_layout

OFFICE = load_layout()
BUILT_IN = ("monitor", "analyst", "optimizer", "executor", "validator", "learner")


def test_every_built_in_agent_has_a_place_of_its_own() -> None:
    owned = [place.owner for place in OFFICE.places if place.owner]
    assert sorted(owned) == sorted(BUILT_IN)
    assert OFFICE.place("console").owner == "monitor"


def test_no_two_places_are_the_same() -> None:
    assert len({place.at for place in OFFICE.places}) == len(OFFICE.places)


def test_places_lie_in_the_office_and_can_be_entered() -> None:
    width, height = OFFICE.size
    for place in OFFICE.places:
        x, y = place.at
        assert 8 <= x <= width - 8
        assert 24 <= y < height
        assert OFFICE.is_free(OFFICE.cell_of(place.door)), place.name
        assert OFFICE.light_of(place.door) in ("none", "screen", "lamp", "own")


def test_an_unknown_place_is_an_error() -> None:
    with pytest.raises(KeyError):
        OFFICE.place("cellar")


@pytest.mark.parametrize(
    ("hour", "daytime"),
    [(0, "night"), (5.99, "night"), (6, "dawn"), (8, "day"), (17, "dusk"), (20, "night")],
)
def test_the_light_follows_the_hour(hour: float, daytime: str) -> None:
    assert OFFICE.daytime(hour) == daytime


def test_hours_without_a_light_are_day() -> None:
    assert OFFICE._replace(hours={"night": (22, 5)}).daytime(12) == "day"


def test_pictures_of_another_format_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "FORMAT", 99)
    with pytest.raises(ValueError, match="another format"):
        layout.read_json("office.json")
