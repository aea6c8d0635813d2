"""What somebody at a place shows for their state: the animation, the bubble, the smoke."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

from aios_desktop.office.people import State

if TYPE_CHECKING:
    from aios_desktop.office.layout import Place

BEAT_MS = 330  # everything but walking changes on this beat
BLINK_EVERY = 18  # beats, on average
PHASE_MS = 2 * BEAT_MS  # slow movements begin on every other beat: fewer paints
ACT_MS = 24 * BEAT_MS  # so long somebody does the same before choosing anew
TALK_MS = 9 * BEAT_MS
MASK = 0xFFFFFFFFFFFFFFFF
WORK_BUBBLES = {
    "monitor": "bubble.pulse",
    "analyst": "bubble.chart",
    "optimizer": "bubble.gear",
    "executor": "bubble.bolt",
    "validator": "bubble.check",
    "learner": "bubble.book",
}


class Pose(NamedTuple):
    """The animation and what floats above the head."""

    anim: str
    bubble: str = ""
    smoke: bool = False


class Rhythm(NamedTuple):
    """Somebody's own time: an offset so that nobody moves in step, and chance by seed."""

    seed: int
    phase_ms: int

    @classmethod
    def of(cls, who: str, seed: int) -> Rhythm:
        """Return the rhythm of a person; the same seed gives the same."""
        number = zlib.crc32(f"{seed}/{who}".encode()) * 0x9E3779B97F4A7C15 & MASK
        return cls(number, (number >> 40) % 24 * PHASE_MS)

    def draw(self, turn: int, choices: int) -> int:
        """Return a number below ``choices`` for a turn: chance that can be repeated."""
        mixed = (self.seed ^ (turn * 0x9E3779B97F4A7C15)) & MASK
        mixed = ((mixed ^ (mixed >> 31)) * 0xBF58476D1CE4E5B9) & MASK
        return (mixed ^ (mixed >> 29)) % choices

    def frame(self, ms: int, frames: int, now_ms: int) -> int:
        """Return the drawing of an animation that is shown now."""
        if not ms:
            return 0
        odd = BEAT_MS if ms <= BEAT_MS and self.seed >> 17 & 1 else 0
        return (now_ms + self.phase_ms + odd) // ms % frames

    def act(self, now_ms: int, choices: int) -> int:
        """Return what somebody has chosen to do for a while."""
        return self.draw((now_ms + self.phase_ms) // ACT_MS, choices)

    def blinks(self, now_ms: int) -> bool:
        """Say whether the eyes are closed on this beat."""
        beat = (now_ms + self.phase_ms) // BEAT_MS
        return beat % BLINK_EVERY == self.draw(beat // BLINK_EVERY + 7919, BLINK_EVERY)


def pose(persona: str, state: State, place: Place, act: int, speaks: bool) -> Pose:
    """Return what somebody shows who has arrived. ``act`` (0 to 7) varies the same state."""
    match state:
        case State.WAITING:
            return Pose("raise_s" if place.face in ("left", "right") else "raise_d", "bubble.wait")
        case State.DEGRADED:
            return Pose("scratch_d", "bubble.bug", smoke=True)
        case State.STOPPED:
            return Pose(_asleep(place), "bubble.sleep")
        case State.LEARNING:
            return _reading(place, act)
        case State.MEETING:
            return _meeting(place, speaks)
        case State.RUNNING:
            return _working(persona, place, act)
        case State.IDLE:
            return _resting(place, act)


def _asleep(place: Place) -> str:
    if place.kind == "desk":
        return "sleep_d"
    return "look_u" if place.face == "up" else "lounge_d" if place.pose == "sit" else "idle_d"


def _working(persona: str, place: Place, act: int) -> Pose:
    bubble = WORK_BUBBLES.get(persona, "bubble.code")
    if place.kind == "console":
        return Pose("type_u", bubble)
    if place.kind != "desk":
        return Pose("idle_s" if place.face in ("left", "right") else "note_d", bubble)
    if act == 0:
        return Pose("think_d", "bubble.dots")
    return Pose("note_d" if act == 1 else "type_d", bubble)


def _reading(place: Place, act: int) -> Pose:
    if place.pose == "sit":
        return Pose("loungeread_d", "bubble.book")
    if place.face == "up":
        return Pose("look_u", "bubble.book")
    return Pose("note_d" if act < 2 else "read_d", "bubble.book")


def _meeting(place: Place, speaks: bool) -> Pose:
    bubble = "bubble.talk" if speaks else ""
    if place.face in ("left", "right"):
        return Pose("talk_s" if speaks else "idle_s", bubble)
    return Pose("idle_d" if speaks else "note_d", bubble)


def _resting(place: Place, act: int) -> Pose:
    if place.pose == "sit":
        return Pose("loungecoffee_d" if act < 4 else "lounge_d", "bubble.heart" if act == 1 else "")
    if place.face == "up":
        return Pose("look_u")
    if place.face in ("left", "right"):
        return Pose("idle_s")
    if place.kind == "coffee":
        return Pose("coffee_d", "bubble.cup" if act == 1 else "")
    return Pose("coffee_d" if act < 3 else "idle_d")
