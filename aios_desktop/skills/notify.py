"""The action ``notify``: shows a message to the person. It changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aios_desktop.i18n import Say
from aios_desktop.skills.action import ActionError, Kind, Presence, Risk, StepPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aios_desktop.skills.action import Args, Cancel, State

MAX_TEXT: Final = 500


class Notify:
    """Shows a text; ``tell`` brings it to the person."""

    name: Final = "notify"
    kind: Final = Kind.READ_ONLY
    risk: Final = Risk.LOW
    params: Final[Mapping[str, type]] = {"text": str}
    required: Final = frozenset({"text"})
    idempotent: Final = False  # a message shown twice is not the same as once
    measures: Final[Mapping[str, str]] = {}

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell

    def measure(self, plan: StepPlan) -> Mapping[str, float]:
        """Measure nothing."""
        return {}

    def plan(self, args: Args) -> StepPlan:
        """Say what would be shown."""
        text = _clean(str(args.get("text", "")))
        if not text:
            raise ActionError("The message is empty.")
        return StepPlan(
            action=self.name,
            args={"text": text},
            target="",
            command=f"notify {text}",
            effect=Say("Shows the message “{text}”.", {"text": text}),
            undo=Say("Nothing to take back."),
            risk=self.risk,
            kind=self.kind,
        )

    def snapshot(self, plan: StepPlan) -> State:
        """Record nothing."""
        return {}

    def apply(self, plan: StepPlan, snapshot: State, cancel: Cancel) -> State:
        """Show the message."""
        self._tell(str(plan.args["text"]))
        return {}

    def probe(self, plan: StepPlan, snapshot: State) -> Presence:
        """Say that it cannot be known whether somebody was told."""
        return Presence.UNKNOWN

    def undo(self, plan: StepPlan, snapshot: State) -> None:
        """Do nothing: a message cannot be unsaid and changed nothing."""

    def cleanup(self, plan: StepPlan, snapshot: State) -> None:
        """Do nothing: nothing was kept."""


def _clean(text: str) -> str:
    """Return a text on one line, without control characters, at most 500 letters."""
    line = " ".join("".join(x if x.isprintable() or x.isspace() else " " for x in text).split())
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 1] + "…"
