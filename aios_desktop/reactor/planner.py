"""Resolves a matched playbook to an exact plan, told in words. Changes nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from aios_desktop.errors import AiosError
from aios_desktop.i18n import N_, Say, Value
from aios_desktop.reactor import fields
from aios_desktop.reactor.conditions import Condition
from aios_desktop.reactor.records import Plan, digest_of
from aios_desktop.sensors.metrics import METRICS
from aios_desktop.skills.action import Kind, Risk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aios_desktop.events.model import Event
    from aios_desktop.reactor.playbook import Playbook, Step
    from aios_desktop.skills.action import StepPlan
    from aios_desktop.skills.registry import Registry

_SIMPLE: Final = re.compile(r"metric\.(\w+) *([<>]=?) *(-?\d+(?:\.\d+)?)\Z")
BELOW: Final = N_("{metric} below {limit} {unit} within {seconds} s")
ABOVE: Final = N_("{metric} above {limit} {unit} within {seconds} s")


class Planner:
    """Plans runs."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def plan(
        self, playbook: Playbook, event: Event, target: str, undo_days: float
    ) -> tuple[Plan, str]:
        """Return the plan and its digest. Raises AiosError when a step cannot be planned."""
        values = fields.values_of(event)
        steps = tuple(self._step(step, values) for step in playbook.steps)
        risk = max((playbook.risk, *(step.risk for step in steps)))
        shown = shown_values(event, target, _name(playbook, event, target))
        plan = Plan(
            title=Say(playbook.title, shown),
            question=Say(playbook.question, shown),
            why=Say(playbook.why, shown),
            success=success_of(playbook),
            undo=_undo_of(steps, undo_days),
            asker=playbook.asker,
            risk=Risk(risk),
            steps=steps,
            metric=playbook.verify.metric if playbook.verify else "",
            limit=playbook.verify.limit if playbook.verify else None,
        )
        return plan, digest_of(playbook.id, playbook.version, playbook.digest, target, steps)

    def _step(self, step: Step, values: Mapping[str, Any]) -> StepPlan:
        arguments = {
            name: value.evaluate(values) if isinstance(value, Condition) else value
            for name, value in step.arguments.items()
        }
        action = self._registry.get(step.action)
        for name, value in arguments.items():
            kind = action.params.get(name)
            if kind is float and isinstance(value, int):
                arguments[name] = float(value)
            elif kind in (str, int, bool) and not isinstance(value, kind):
                raise AiosError(
                    "The argument {name} of {action} came out as {value}.",
                    name=name,
                    action=step.action,
                    value=repr(value)[:80],
                )
        return action.plan(arguments)


def target_name(playbook: Playbook, event: Event, target: str) -> str:
    """Return the target in a person's words, from the playbook's template."""
    return _name(playbook, event, target)


def _name(playbook: Playbook, event: Event, target: str) -> str:
    if not playbook.target_name:
        return target
    return Say(playbook.target_name, shown_values(event, target, target)).text()


def shown_values(event: Event, target: str, name: str) -> dict[str, Value]:
    """Return the payload of an event as values for a sentence: ``top.name`` becomes ``top_name``."""
    shown: dict[str, Value] = {
        key: _round(value) for key, value in fields.flat(event.data, "_").items()
    }
    shown |= {"target": target, "target_name": name}
    return shown


def _round(value: Any) -> Value:
    if isinstance(value, float):
        return round(value) if abs(value) >= 10 or value.is_integer() else round(value, 1)
    assert isinstance(value, str | int | bool)
    return value


def success_of(playbook: Playbook) -> Say:
    """Say how success of a playbook is judged."""
    verify = playbook.verify
    if verify is None:
        return Say("Not checked: the outcome will be unknown.")
    if playbook.success:
        return Say(playbook.success, {"seconds": round(verify.settle_s + verify.within_s)})
    seconds = {"seconds": round(verify.settle_s + verify.within_s)}
    if found := _SIMPLE.match(verify.expect.text):
        name, sign, limit = found.groups()
        metric = METRICS.get(name)
        if metric is not None:
            words: dict[str, Value | Say] = {
                "metric": metric.label,
                "limit": f"{float(limit):g}",
                "unit": metric.unit,
            }
            key = BELOW if sign.startswith("<") else ABOVE
            return Say(key, {**words, **seconds})
    return Say(
        "{condition}, in two readings in a row within {seconds} s",
        {"condition": verify.expect.text, **seconds},
    )


def _undo_of(steps: tuple[StepPlan, ...], days: float) -> Say:
    kinds = {step.kind for step in steps} - {Kind.READ_ONLY}
    if not kinds:
        return Say("Nothing to undo")
    if Kind.IRREVERSIBLE in kinds:
        return Say("Cannot be undone in full")
    if days < 1:
        return Say("For {n} hours, in full", {"n": round(days * 24, 1)})
    return Say("For {n} days, in full", {"n": round(days)})
