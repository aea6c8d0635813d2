"""Design tokens: the only place with the colours, sizes and weights of the window.

Every colour of a theme is one of the office's 32 colours or a stated mix of two of them. The test
of this module fails when a pair of colours that meet on the screen has too little contrast.
"""

from __future__ import annotations

from collections.abc import Mapping
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


def rgb(colour: str) -> tuple[int, int, int]:
    """Return the parts of ``#rrggbb``."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(first: str, second: str, part: float) -> str:
    """Return the colour that lies ``part`` of the way between two palette colours."""
    pairs = zip(rgb(P[first]), rgb(P[second]), strict=True)
    red, green, blue = (round(a + (b - a) * part) for a, b in pairs)
    return f"#{red:02x}{green:02x}{blue:02x}"


LIGHT: Final[Colours] = {
    "bg": P["paper"],
    "surface": mix("paper", "white", 0.7),
    "sunken": mix("paper", "wheat", 0.07),
    "line": mix("paper", "oak", 0.22),
    "edge": mix("steel", "fog", 0.08),
    "grid": mix("paper", "oak", 0.12),
    "frame": P["ink"],
    "text": P["ink"],
    "text2": P["slate"],
    "text3": mix("slate", "steel", 0.42),
    "accent": P["cobalt"],
    "on_accent": P["paper"],
    "accent_soft": mix("white", "sky", 0.17),
    "select": mix("white", "sky", 0.24),
    "rail": P["plum"],
    "rail_text": P["mist"],
    "rail_on": P["paper"],
    "rail_sel": mix("plum", "steel", 0.38),
    "ok": P["fern"],
    "ok_text": mix("fern", "pine", 0.45),
    "ok_soft": mix("paper", "leaf", 0.22),
    "warn": mix("amber", "walnut", 0.52),
    "warn_text": mix("oak", "walnut", 0.85),
    "warn_soft": mix("paper", "amber", 0.24),
    "bad": P["brick"],
    "bad_text": mix("brick", "wine", 0.42),
    "bad_soft": mix("paper", "coral", 0.22),
    "idle": P["steel"],
    "idle_text": P["slate"],
    "idle_soft": mix("paper", "fog", 0.28),
    "learn": P["grape"],
    "lamp": P["amber"],
    "on_lamp": P["ink"],
    "s1": P["cobalt"],
    "s2": mix("clay", "walnut", 0.25),
    "s3": P["teal"],
    "s4": P["orchid"],
    "night": P["mist"],
}
DARK: Final[Colours] = {
    "bg": P["ink"],
    "surface": mix("ink", "plum", 0.55),
    "sunken": mix("ink", "black", 0.12),
    "line": mix("plum", "slate", 0.42),
    "edge": mix("steel", "fog", 0.12),
    "grid": mix("ink", "slate", 0.34),
    "frame": P["black"],
    "text": P["paper"],
    "text2": mix("fog", "mist", 0.4),
    "text3": P["fog"],
    "accent": P["sky"],
    "on_accent": P["ink"],
    "accent_soft": mix("ink", "cobalt", 0.30),
    "select": mix("ink", "cobalt", 0.46),
    "rail": mix("ink", "black", 0.38),
    "rail_text": P["fog"],
    "rail_on": P["paper"],
    "rail_sel": mix("plum", "slate", 0.45),
    "ok": P["leaf"],
    "ok_text": mix("leaf", "lime", 0.4),
    "ok_soft": mix("ink", "fern", 0.26),
    "warn": mix("honey", "peach", 0.2),
    "warn_text": mix("honey", "peach", 0.45),
    "warn_soft": mix("ink", "oak", 0.30),
    "bad": P["coral"],
    "bad_text": mix("coral", "peach", 0.35),
    "bad_soft": mix("ink", "wine", 0.50),
    "idle": P["fog"],
    "idle_text": mix("fog", "mist", 0.4),
    "idle_soft": mix("plum", "slate", 0.5),
    "learn": mix("orchid", "peach", 0.25),
    "lamp": P["amber"],
    "on_lamp": P["ink"],
    "s1": P["sky"],
    "s2": P["peach"],
    "s3": P["aqua"],
    "s4": mix("orchid", "peach", 0.25),
    "night": P["navy"],
}
HC_DARK: Final[Colours] = {
    "bg": P["black"],
    "surface": P["black"],
    "sunken": P["black"],
    "line": P["white"],
    "edge": P["white"],
    "grid": P["slate"],
    "frame": P["white"],
    "text": P["white"],
    "text2": P["white"],
    "text3": P["mist"],
    "accent": P["ice"],
    "on_accent": P["black"],
    "accent_soft": P["navy"],
    "select": P["navy"],
    "rail": P["black"],
    "rail_text": P["white"],
    "rail_on": P["white"],
    "rail_sel": P["navy"],
    "ok": P["lime"],
    "ok_text": P["lime"],
    "ok_soft": P["black"],
    "warn": P["lemon"],
    "warn_text": P["lemon"],
    "warn_soft": P["black"],
    "bad": P["peach"],
    "bad_text": P["peach"],
    "bad_soft": P["black"],
    "idle": P["mist"],
    "idle_text": P["white"],
    "idle_soft": P["black"],
    "learn": P["mist"],
    "lamp": P["lemon"],
    "on_lamp": P["black"],
    "s1": P["ice"],
    "s2": P["lemon"],
    "s3": P["lime"],
    "s4": P["peach"],
    "night": P["slate"],
}
HC_LIGHT: Final[Colours] = {
    "bg": P["white"],
    "surface": P["white"],
    "sunken": P["white"],
    "line": P["black"],
    "edge": P["black"],
    "grid": P["mist"],
    "frame": P["black"],
    "text": P["black"],
    "text2": P["black"],
    "text3": P["plum"],
    "accent": P["navy"],
    "on_accent": P["white"],
    "accent_soft": P["ice"],
    "select": P["ice"],
    "rail": P["black"],
    "rail_text": P["white"],
    "rail_on": P["white"],
    "rail_sel": P["navy"],
    "ok": P["pine"],
    "ok_text": P["pine"],
    "ok_soft": P["white"],
    "warn": P["umber"],
    "warn_text": P["umber"],
    "warn_soft": P["white"],
    "bad": P["wine"],
    "bad_text": P["wine"],
    "bad_soft": P["white"],
    "idle": P["slate"],
    "idle_text": P["black"],
    "idle_soft": P["white"],
    "learn": P["grape"],
    "lamp": P["lemon"],
    "on_lamp": P["black"],
    "s1": P["navy"],
    "s2": P["wine"],
    "s3": P["pine"],
    "s4": P["grape"],
    "night": P["mist"],
}
THEMES: Final[Mapping[str, Colours]] = {
    "light": LIGHT,
    "dark": DARK,
    "hc_light": HC_LIGHT,
    "hc_dark": HC_DARK,
}

_GROUNDS = ("bg", "surface", "sunken")
_TEXTS = ("text", "text2", "text3", "ok_text", "warn_text", "bad_text", "idle_text", "accent")
_MARKS = ("edge", "ok", "warn", "bad", "idle", "learn", "s1", "s2", "s3", "s4")
PAIRS: Final[tuple[tuple[str, str, float], ...]] = (
    *((text, ground, 4.5) for text in _TEXTS for ground in _GROUNDS),
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
    *((mark, ground, 3.0) for mark in _MARKS for ground in _GROUNDS),
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
