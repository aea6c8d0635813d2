"""Which playbook meets an event: the first that passes every gate and can be planned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aios_desktop.errors import AiosError
from aios_desktop.i18n import Say
from aios_desktop.reactor.gates import Gates, Passed, Stopped
from aios_desktop.reactor.planner import Planner, target_name
from aios_desktop.reactor.playbook import Playbook
from aios_desktop.reactor.records import Run, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aios_desktop.events.model import Event
    from aios_desktop.reactor.means import Means


@dataclass(frozen=True, slots=True)
class Choice:
    """The planned run of the chosen playbook (neither when none passed), and every verdict."""

    playbook: Playbook | None
    run: Run | None
    verdicts: tuple[dict[str, Any], ...]


class Chooser:
    """Asks the gates and plans. Changes nothing."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._planner = Planner(means.registry)
        self._gates = Gates(means.journal, means.clock)

    def choose(self, event: Event, candidates: Sequence[Playbook]) -> Choice:
        """Return the first candidate that passes, planned, and what stopped each other one."""
        verdicts: list[dict[str, Any]] = []
        for i, playbook in enumerate(candidates):
            rest = candidates[i + 1 :]
            planned = self._plan(playbook, event, rest)
            if isinstance(planned, Run):
                verdicts.append(_verdict(playbook, "", Say("Chosen.")))
                later = Say("Tried next if {id} does not help.", {"id": playbook.id})
                verdicts += [_verdict(other, "later", later) for other in rest]
                return Choice(playbook, planned, tuple(verdicts))
            verdicts.append(_verdict(playbook, planned.gate, planned.reason))
        return Choice(None, None, tuple(verdicts))

    def _plan(self, playbook: Playbook, event: Event, rest: Sequence[Playbook]) -> Run | Stopped:
        gate = self._gates.check(playbook, event)
        if isinstance(gate, Stopped):
            return gate
        try:
            return self._planned(playbook, event, gate, rest)
        except AiosError as error:
            values = {name: str(value) for name, value in error.values.items()}
            return Stopped("plan", Say(error.key, values))

    def _planned(
        self, playbook: Playbook, event: Event, gate: Passed, rest: Sequence[Playbook]
    ) -> Run:
        days = self._means.config.number("reactor.undo_days")
        plan, digest = self._planner.plan(playbook, event, gate.target, days)
        return Run(
            id=0,
            playbook=playbook.id,
            version=playbook.version,
            digest=digest,
            origin=event,
            signal=str(event.data.get("signal", "")),
            target=gate.target,
            target_name=target_name(playbook, event, gate.target),
            plan=plan,
            rest=tuple(other.id for other in rest),
            created=self._means.clock.now(),
        )

    def digest_now(self, playbook: Playbook, run: Run) -> str:
        """Return the digest that the plan of a run would have now, or why there is none."""
        try:
            _, digest = self._planner.plan(playbook, run.origin, run.target, 1.0)
        except AiosError as error:
            return str(error)
        return digest


def record(choice: Choice, run: Run | None) -> dict[str, Any]:
    """Return what was decided, why, and what came of it, as part of the decision's event."""
    return {
        "chosen": choice.playbook.id if choice.playbook else "",
        "candidates": list(choice.verdicts),
        "decided": _decided(choice, run),
        "acted": {"run": run.id if run else 0, "state": run.state if run else ""},
    }


def _decided(choice: Choice, run: Run | None) -> dict[str, Any]:
    if run is not None:
        asks = run.state is State.WAITING
        reason = Say("A person must approve it.") if asks else Say("It may run by itself.")
        return {"what": "ask" if asks else "act", "reason": reason.to_json()}
    if not choice.verdicts:
        return {"what": "nothing", "reason": Say("No playbook listens to it any more.").to_json()}
    return {"what": "nothing", "reason": choice.verdicts[0]["reason"]}


def _verdict(playbook: Playbook, gate: str, reason: Say) -> dict[str, Any]:
    return {"playbook": playbook.id, "gate": gate, "reason": reason.to_json()}
