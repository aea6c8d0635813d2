"""Design tokens: the only place with the colours, sizes and weights of the window.

Every colour of a theme is one of the office's 32 colours or a stated mix of two of them. The test
of this module fails when a pair of colours that meet on the screen has too little contrast.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

Colours = Mapping[str, str]

# fmt: off
PALETTE: Final[Colours] = {
    "ink": "#1c1829", "plum": "#302a45", "slate": "#4b4b6b", "steel": "#70789b",
    "fog": "#a2adc1", "mist": "#cfd8de", "paper": "#f6f2e5", "umber": "#4b2d37",
    "walnut": "#73463f", "oak": "#a36c4a", "honey": "#cc9a60", "wheat": "#eacb90",
    "clay": "#c07a5f", "peach": "#e8b08c", "cream": "#fbdcb8", "wine": "#782a45",
    "brick": "#b5434e", "coral": "#e87662", "amber": "#eea33d", "lemon": "#f8dc70",
    "pine": "#204a48", "fern": "#36805c", "leaf": "#6eb262", "lime": "#b6da80",
    "navy": "#25325f", "cobalt": "#365a9f", "sky": "#5b9bd2", "ice": "#a9ddea",
    "teal": "#2b8a92", "aqua": "#62c7b7", "grape": "#5a3c80", "orchid": "#9a6bb5",
    "white": "#ffffff", "black": "#000000",
}
# fmt: on
P: Final = PALETTE

CUT: Final = 2  # side of the square cut out of each corner; nothing is round
LINE: Final = 1  # a frame; twice that in high contrast
FOCUS: Final = 2  # the focus ring, inside the frame
MARGIN: Final = 16  # page margin
GAP: Final = 12  # between cards

RAIL: Final = 80
RAIL_WIDE: Final = 200
WIDE_FROM: Final = 1600  # window width from which everything grows one step
DRAWER_BELOW: Final = 1280  # window width below which the right column becomes a drawer
TOP_BAR: Final = 52
STATUS_BAR: Final = 28
ASIDE: Final = 308
ASIDE_WIDE: Final = 360
CONTROL: Final = 32
CONTROL_SMALL: Final = 28
ROW: Final = 30
ROW_ZH: Final = 32
ICON: Final = 12
TEXT_MAX: Final = 860

TYPE_PX: Final[Mapping[str, int]] = {
    "small": 12,
    "body": 13,
    "strong": 13,
    "section": 15,
    "title": 20,
    "figure": 28,
    "hero": 44,
}
WEIGHT: Final[Mapping[str, int]] = {
    "small": 400,
    "body": 400,
    "strong": 600,
    "section": 600,
    "title": 600,
    "figure": 600,
    "hero": 600,
}
MEDIUM: Final = 500

QUICK_MS: Final = 120
CALM_MS: Final = 200


# the colour of a role: a palette name, or two of them and the part of the way between
_Recipe = Mapping[str, str | tuple[str, str, float]]
_LIGHT: Final[_Recipe] = {
    "bg": "paper",
    "surface": ("paper", "white", 0.7),
    "sunken": ("paper", "wheat", 0.07),
    "line": ("paper", "oak", 0.22),
    "edge": ("steel", "fog", 0.08),
    "grid": ("paper", "oak", 0.12),
    "frame": "ink",
    "text": "ink",
    "text2": "slate",
    "text3": ("slate", "steel", 0.42),
    "accent": "cobalt",
    "on_accent": "paper",
    "accent_soft": ("white", "sky", 0.17),
    "select": ("white", "sky", 0.24),
    "rail": "plum",
    "rail_text": "mist",
    "rail_on": "paper",
    "rail_sel": ("plum", "steel", 0.38),
    "ok": "fern",
    "ok_text": ("fern", "pine", 0.45),
    "ok_soft": ("paper", "leaf", 0.22),
    "warn": ("amber", "walnut", 0.52),
    "warn_text": ("oak", "walnut", 0.85),
    "warn_soft": ("paper", "amber", 0.24),
    "bad": "brick",
    "bad_text": ("brick", "wine", 0.42),
    "bad_soft": ("paper", "coral", 0.22),
    "idle": "steel",
    "idle_text": "slate",
    "idle_soft": ("paper", "fog", 0.28),
    "learn": "grape",
    "lamp": "amber",
    "on_lamp": "ink",
    "s1": "cobalt",
    "s2": ("clay", "walnut", 0.25),
    "s3": "teal",
    "s4": "orchid",
    "night": "mist",
}
_DARK: Final[_Recipe] = {
    "bg": "ink",
    "surface": ("ink", "plum", 0.55),
    "sunken": ("ink", "black", 0.12),
    "line": ("plum", "slate", 0.42),
    "edge": ("steel", "fog", 0.12),
    "grid": ("ink", "slate", 0.34),
    "frame": "black",
    "text": "paper",
    "text2": ("fog", "mist", 0.4),
    "text3": "fog",
    "accent": "sky",
    "on_accent": "ink",
    "accent_soft": ("ink", "cobalt", 0.30),
    "select": ("ink", "cobalt", 0.46),
    "rail": ("ink", "black", 0.38),
    "rail_text": "fog",
    "rail_on": "paper",
    "rail_sel": ("plum", "slate", 0.45),
    "ok": "leaf",
    "ok_text": ("leaf", "lime", 0.4),
    "ok_soft": ("ink", "fern", 0.26),
    "warn": ("honey", "peach", 0.2),
    "warn_text": ("honey", "peach", 0.45),
    "warn_soft": ("ink", "oak", 0.30),
    "bad": "coral",
    "bad_text": ("coral", "peach", 0.35),
    "bad_soft": ("ink", "wine", 0.50),
    "idle": "fog",
    "idle_text": ("fog", "mist", 0.4),
    "idle_soft": ("plum", "slate", 0.5),
    "learn": ("orchid", "peach", 0.25),
    "lamp": "amber",
    "on_lamp": "ink",
    "s1": "sky",
    "s2": "peach",
    "s3": "aqua",
    "s4": ("orchid", "peach", 0.25),
    "night": "navy",
}
_HC_DARK: Final[_Recipe] = {
    "bg": "black",
    "surface": "black",
    "sunken": "black",
    "line": "white",
    "edge": "white",
    "grid": "slate",
    "frame": "white",
    "text": "white",
    "text2": "white",
    "text3": "mist",
    "accent": "ice",
    "on_accent": "black",
    "accent_soft": "navy",
    "select": "navy",
    "rail": "black",
    "rail_text": "white",
    "rail_on": "white",
    "rail_sel": "navy",
    "ok": "lime",
    "ok_text": "lime",
    "ok_soft": "black",
    "warn": "lemon",
    "warn_text": "lemon",
    "warn_soft": "black",
    "bad": "peach",
    "bad_text": "peach",
    "bad_soft": "black",
    "idle": "mist",
    "idle_text": "white",
    "idle_soft": "black",
    "learn": "mist",
    "lamp": "lemon",
    "on_lamp": "black",
    "s1": "ice",
    "s2": "lemon",
    "s3": "lime",
    "s4": "peach",
    "night": "slate",
}
_HC_LIGHT: Final[_Recipe] = {
    "bg": "white",
    "surface": "white",
    "sunken": "white",
    "line": "black",
    "edge": "black",
    "grid": "mist",
    "frame": "black",
    "text": "black",
    "text2": "black",
    "text3": "plum",
    "accent": "navy",
    "on_accent": "white",
    "accent_soft": "ice",
    "select": "ice",
    "rail": "black",
    "rail_text": "white",
    "rail_on": "white",
    "rail_sel": "navy",
    "ok": "pine",
    "ok_text": "pine",
    "ok_soft": "white",
    "warn": "umber",
    "warn_text": "umber",
    "warn_soft": "white",
    "bad": "wine",
    "bad_text": "wine",
    "bad_soft": "white",
    "idle": "slate",
    "idle_text": "black",
    "idle_soft": "white",
    "learn": "grape",
    "lamp": "lemon",
    "on_lamp": "black",
    "s1": "navy",
    "s2": "wine",
    "s3": "pine",
    "s4": "grape",
    "night": "mist",
}
_RECIPES: Final[Mapping[str, _Recipe]] = {
    "light": _LIGHT,
    "dark": _DARK,
    "hc_light": _HC_LIGHT,
    "hc_dark": _HC_DARK,
}
THEMES: Final = tuple(_RECIPES)


@cache
def colours(theme: str) -> Colours:
    """Return the colour of every role in a theme as ``#rrggbb``. Raises KeyError."""
    return {
        role: P[recipe] if isinstance(recipe, str) else mix(*recipe)
        for role, recipe in _RECIPES[theme].items()
    }


def rgb(colour: str) -> tuple[int, int, int]:
    """Return the parts of ``#rrggbb``."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(first: str, second: str, part: float) -> str:
    """Return the colour that lies ``part`` of the way between two palette colours."""
    pairs = zip(rgb(P[first]), rgb(P[second]), strict=True)
    red, green, blue = (round(a + (b - a) * part) for a, b in pairs)
    return f"#{red:02x}{green:02x}{blue:02x}"


def pairs() -> tuple[tuple[str, str, float], ...]:
    """Return the pairs that meet on the screen: front role, ground role, least contrast."""
    grounds = ("bg", "surface", "sunken")
    texts = ("text", "text2", "text3", "ok_text", "warn_text", "bad_text", "idle_text", "accent")
    marks = ("edge", "ok", "warn", "bad", "idle", "learn", "s1", "s2", "s3", "s4")
    return (
        *((text, ground, 4.5) for text in texts for ground in grounds),
        *((f"{tone}_text", f"{tone}_soft", 4.5) for tone in ("ok", "warn", "bad", "idle")),
        ("text", "select", 4.5),
        ("text2", "select", 4.5),
        ("text", "accent_soft", 4.5),
        ("accent", "accent_soft", 4.5),
        ("on_accent", "accent", 4.5),
        ("on_lamp", "lamp", 4.5),
        ("rail_text", "rail", 4.5),
        ("rail_on", "rail", 4.5),
        ("rail_on", "rail_sel", 4.5),
        *((mark, ground, 3.0) for mark in marks for ground in grounds),
    )


def luminance(colour: str) -> float:
    """Return the relative luminance (WCAG) of ``#rrggbb``."""
    parts = (value / 255 for value in rgb(colour))
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio (WCAG) of two colours, 1 to 21."""
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)
