"""The colours keep their contrast, in every theme."""

from __future__ import annotations

import pytest

from aios_desktop.ui import tokens

CASES = [(theme, *pair) for theme in tokens.THEMES for pair in tokens.pairs()]


@pytest.mark.parametrize(("theme", "front", "ground", "least"), CASES)
def test_every_pair_can_be_read(theme: str, front: str, ground: str, least: float) -> None:
    if theme.startswith("hc") and least == 4.5:
        least = 7.0
    colours = tokens.colours(theme)
    assert tokens.contrast(colours[front], colours[ground]) >= least


@pytest.mark.parametrize("theme", tokens.THEMES)
def test_all_themes_have_the_same_roles(theme: str) -> None:
    assert set(tokens.colours(theme)) == set(tokens.colours("light"))


def test_contrast_is_that_of_the_standard() -> None:
    assert tokens.contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert tokens.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_mix_lies_between() -> None:
    assert tokens.mix("black", "white", 0.5) == "#808080"
    assert tokens.mix("ink", "paper", 0.0) == tokens.PALETTE["ink"]
    assert tokens.mix("ink", "paper", 1.0) == tokens.PALETTE["paper"]
