"""Judges a repair by fresh readings only. Pure: fed with readings, it gives a verdict or waits.

*fixed*: the expectation held in two readings in a row, all taken after the run had settled.
*worse*: the playbook's ``worse`` condition holds when the time is over, or a new critical event came.
*no effect*: the time is over and the expectation did not hold. *unknown*: nothing could be judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aios_desktop.i18n import Say
from aios_desktop.reactor.conditions import Condition, ConditionError
from aios_desktop.reactor.records import Outcome

NEEDED_IN_A_ROW: Final = 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a run is judged, and why."""

    outcome: Outcome
    reason: Say


@dataclass(slots=True)
class Verification:
    """The judgement of one run. Times are monotonic seconds."""

    expect: Condition
    worse: Condition | None
    fixed_values: Mapping[str, Any]  # the event and the metrics before the run
    not_before: float
    until: float
    alarms: int = 0  # critical events since the run began, other than its own
    _in_a_row: int = field(default=0, init=False)
    _seen: float = field(default=float("-inf"), init=False)
    _judged: int = field(default=0, init=False)
    _trouble: str = field(default="", init=False)
    _last: Mapping[str, Any] = field(default_factory=dict, init=False)

    def feed(self, mono: float, values: Mapping[str, Any]) -> Verdict | None:
        """Judge one reading; readings from before the run settled, or seen already, do not count."""
        if mono < self.not_before or mono <= self._seen:
            return None
        self._seen = mono
        self._last = values
        try:
            holds = self.expect.is_true({**self.fixed_values, **values})
        except ConditionError as error:
            self._trouble = str(error)
            self._in_a_row = 0
            return None
        self._judged += 1
        self._in_a_row = self._in_a_row + 1 if holds else 0
        if self._in_a_row < NEEDED_IN_A_ROW:
            return None
        if self.alarms:
            return Verdict(Outcome.WORSE, Say("A new critical event came while it was judged."))
        return Verdict(
            Outcome.FIXED, Say("It held in {n} fresh readings in a row.", {"n": NEEDED_IN_A_ROW})
        )

    def expire(self) -> Verdict:
        """Give the verdict when the time is over."""
        if self.alarms:
            return Verdict(Outcome.WORSE, Say("A new critical event came while it was judged."))
        if not self._judged:
            if self._trouble:
                return Verdict(
                    Outcome.UNKNOWN,
                    Say("The result could not be judged: {reason}", {"reason": self._trouble}),
                )
            return Verdict(Outcome.UNKNOWN, Say("No fresh reading came to judge the result by."))
        if self._is_worse():
            return Verdict(Outcome.WORSE, Say("It became worse than before."))
        return Verdict(Outcome.NO_EFFECT, Say("What was expected did not come in time."))

    def _is_worse(self) -> bool:
        if self.worse is None:
            return False
        try:
            return self.worse.is_true({**self.fixed_values, **self._last})
        except ConditionError:
            return False
