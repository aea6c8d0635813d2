"""The values that go into the office and come out of it: residents in, figures out."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class State(StrEnum):
    """What somebody does; each has a pip, a motion and a place."""

    IDLE = "idle"
    RUNNING = "running"
    WAITING = "waiting"  # for a person's decision
    DEGRADED = "degraded"
    LEARNING = "learning"
    MEETING = "meeting"
    STOPPED = "stopped"


# Names of palette colours. The first six are at least 21.7 apart (CIELAB) for four kinds of vision.
STATE_COLOURS: Final = {
    State.IDLE: "fog",
    State.RUNNING: "sky",
    State.WAITING: "amber",
    State.DEGRADED: "brick",
    State.LEARNING: "grape",
    State.MEETING: "paper",
    State.STOPPED: "slate",
}


class Resident(NamedTuple):
    """Somebody who works here, as the office is told about them."""

    id: str
    state: State
    since: float  # wall seconds; who waits longest stands first in the queue
    label: str  # the text of the name plate
    evidence: str = ""  # the fact that the state was concluded from, one sentence
    certain: bool = True
    persona: str = ""  # whose looks they have; empty: their own id, else a visitor's


class Figure(NamedTuple):
    """Somebody as they are to be drawn now. Positions are world pixels, at the feet."""

    id: str
    persona: str
    state: State
    label: str
    x: int
    y: int
    depth: int  # drawn after everything with a smaller one
    anim: str
    frame: int  # -1: eyes closed
    flip: bool  # the side view looks to the left
    light: str  # none, screen, lamp, own
    shadow: bool
    walking: bool
    bubble: str  # name of the sprite, empty for none
    bubble_frame: int
    bubble_lift: int
    smoke: int  # frame of the smoke, -1 for none
    plate: tuple[int, int]  # middle of the upper edge of the name plate
