"""A playbook, compiled: every expression typed, every argument checked, its risk computed."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aios_desktop.errors import AiosError
from aios_desktop.i18n import Say
from aios_desktop.reactor import fields, legacy, shape
from aios_desktop.reactor.conditions import Condition, ConditionError, Conditions, Kind
from aios_desktop.reactor.source import Document, Fault, FaultyError, Path_
from aios_desktop.skills.action import Risk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aios_desktop.skills.action import Action
    from aios_desktop.skills.registry import Registry

_TYPE_NAMES: Final = {str: "text", float: "a number", int: "a whole number", bool: "true or false"}
_CEL_TYPES: Final = {
    str: frozenset({"STRING"}),
    float: frozenset({"DOUBLE", "INT"}),
    int: frozenset({"INT"}),
    bool: frozenset({"BOOL"}),
}
_EVENT_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)+\Z")
_LIMIT: Final = re.compile(r"metric\.(\w+)\s*[<>]=?\s*(-?\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Step:
    """One action with its arguments: plain values, or expressions over the event."""

    action: str
    arguments: Mapping[str, str | int | float | bool | Condition]
    timeout_s: float
    retries: int
    delay_s: float


@dataclass(frozen=True, slots=True)
class Verify:
    """How success is judged. ``metric`` and ``limit`` name the figure to draw, if there is one."""

    expect: Condition
    worse: Condition | None
    settle_s: float
    within_s: float
    metric: str
    limit: float | None


@dataclass(frozen=True, slots=True)
class Playbook:
    """What to do when: ready to be matched and run."""

    id: str
    version: int
    title: str
    question: str
    why: str
    success: str
    triggers: tuple[str, ...]
    when: Condition
    target: Condition
    target_name: str
    steps: tuple[Step, ...]
    verify: Verify | None
    risk: Risk
    ask: bool
    enabled: bool
    asker: str
    priority: str
    limits: tuple[tuple[int, float], ...]
    expires_s: float
    file: str
    digest: str

    @property
    def order(self) -> tuple[int, str, str]:
        """Sort low risk first, then by priority, then by id."""
        return int(self.risk), self.priority, self.id


class Compiler:
    """Turns documents into playbooks."""

    def __init__(
        self, registry: Registry, metrics: Iterable[str], event_types: Iterable[str]
    ) -> None:
        self._registry = registry
        self._metrics = tuple(metrics)
        self._event_types = tuple(event_types)
        self._conditions = Conditions()

    def compile(self, document: Document) -> Playbook:
        """Compile a document of either form. Raises FaultyError with every fault that was found."""
        digest = hashlib.sha256(repr(document.data).encode()).hexdigest()[:16]
        if not isinstance(document.data, Mapping):
            raise FaultyError(document.fault((), Say("A playbook is a mapping of fields.")))
        if legacy.is_legacy(document.data):
            document = legacy.rewrite(document)
        return _Compilation(document, shape.check(document), self).result(digest)

    def trigger_fault(self, document: Document, i: int, trigger: str) -> Fault | None:
        """Say what is wrong with a trigger: not a type, or a misspelled one of our own domains."""
        near = difflib.get_close_matches(trigger, self._event_types, 1, 0.8)
        if not _EVENT_TYPE.match(trigger):
            message = Say("{value} is not an event type such as resource.high.", {"value": trigger})
            return document.fault(("trigger", i), message, near[0] if near else "")
        return None

    def action(self, name: str) -> Action:
        """Return the action type called ``name``. Raises AiosError."""
        return self._registry.get(name)

    def nearest_action(self, name: str) -> str:
        """Return the action name nearest to ``name``, or nothing."""
        near = difflib.get_close_matches(name, self._registry.names(), 1, 0.4)
        return near[0] if near else ""

    def expression(
        self, text: str, names: Mapping[str, Kind], want: frozenset[str] = frozenset({"BOOL"})
    ) -> Condition:
        """Compile one expression. Raises ConditionError."""
        return self._conditions.compile(text, names, want=want)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Return the names of all metrics."""
        return self._metrics


class _Compilation:
    """One file on its way from shape to playbook; gathers all faults before it gives up."""

    def __init__(self, document: Document, form: shape.PlaybookShape, compiler: Compiler) -> None:
        self._document = document
        self._form = form
        self._compiler = compiler
        self._faults: list[Fault] = []
        self._names = fields.for_triggers(form.trigger)

    def result(self, digest: str) -> Playbook:
        form = self._form
        for i, trigger in enumerate(form.trigger):
            if fault := self._compiler.trigger_fault(self._document, i, trigger):
                self._faults.append(fault)
        when = self._expression(("when",), form.when, self._names)
        target = self._expression(("target",), form.target, self._names, frozenset({"STRING"}))
        steps = [self._step(i, step) for i, step in enumerate(form.steps)]
        risk = self._risk()
        verify = self._verify()
        limits = [
            self._guard(shape.limit, ("limits", i), text) for i, text in enumerate(form.limits)
        ]
        expires = self._guard(shape.seconds, ("expires",), form.expires)
        if self._faults:
            raise FaultyError(*self._faults)
        assert when is not None
        assert target is not None
        assert expires is not None
        return Playbook(
            id=form.id,
            version=form.version,
            title=form.title,
            question=form.question or form.title,
            why=form.why,
            success=form.success,
            triggers=tuple(form.trigger),
            when=when,
            target=target,
            target_name=form.target_name,
            steps=tuple(step for step in steps if step),
            verify=verify,
            risk=risk,
            ask=form.ask,
            enabled=form.enabled,
            asker=form.asker,
            priority=form.priority,
            limits=tuple(limit for limit in limits if limit),
            expires_s=expires,
            file=self._document.file,
            digest=digest,
        )

    def _guard(self, check: Any, path: Path_, text: str) -> Any:
        try:
            return check(self._document, path, text)
        except FaultyError as error:
            self._faults.extend(error.faults)
            return None

    def _fault(self, path: Path_, message: Say, nearest: str = "", column: int = 0) -> None:
        self._faults.append(self._document.fault(path, message, nearest, column))

    def _expression(
        self,
        path: Path_,
        text: str,
        names: Mapping[str, Kind],
        want: frozenset[str] = frozenset({"BOOL"}),
    ) -> Condition | None:
        try:
            return self._compiler.expression(text, names, want)
        except ConditionError as error:
            message = Say(error.key, {k: str(v) for k, v in error.values.items()})
            self._fault(path, message, error.nearest, error.column)
            return None

    def _step(self, i: int, form: shape.StepShape) -> Step | None:
        path: Path_ = ("steps", i)
        timeout = self._guard(shape.seconds, (*path, "timeout"), form.timeout)
        delay = self._guard(shape.seconds, (*path, "retry", "delay"), form.retry.delay)
        try:
            action = self._compiler.action(form.do)
        except AiosError:
            message = Say("Unknown action {name}.", {"name": form.do})
            self._fault((*path, "do"), message, self._compiler.nearest_action(form.do))
            return None
        arguments = {
            name: self._argument((*path, "with", name), action, name, value)
            for name, value in form.with_.items()
        }
        for name in sorted(action.required - set(arguments)):
            message = Say(
                "The action {action} needs the argument {name}.",
                {"action": action.name, "name": name},
            )
            self._fault((*path, "do"), message)
        if timeout is None or delay is None:
            return None
        retries = form.retry.max if action.idempotent else 0
        given = {name: value for name, value in arguments.items() if value is not None}
        return Step(form.do, given, timeout, retries, delay)

    def _argument(
        self, path: Path_, action: Action, name: str, value: str | int | float | bool
    ) -> str | int | float | bool | Condition | None:
        kind = action.params.get(name)
        if name not in action.params:
            near = difflib.get_close_matches(name, action.params, 1, 0.4)
            message = Say(
                "The action {action} has no argument {name}.", {"action": action.name, "name": name}
            )
            self._fault((*path, "#key"), message, near[0] if near else "")
            return None
        if isinstance(value, str) and value.startswith("="):
            want = _CEL_TYPES.get(kind, frozenset()) if kind else frozenset[str]()
            return self._expression(path, value[1:].strip(), self._names, want)
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if kind in _TYPE_NAMES and type(value) is not kind:
            message = Say(
                "{name} takes {kind}, not {value}.",
                {"name": name, "kind": _TYPE_NAMES[kind], "value": str(value)},
            )
            self._fault(path, message)
            return None
        return value

    def _risk(self) -> Risk:
        computed, by = Risk.LOW, ""
        for step in self._form.steps:
            try:
                action = self._compiler.action(step.do)
            except AiosError:
                continue
            if action.risk > computed:
                computed, by = action.risk, action.name
        if self._form.risk is None:
            return computed
        declared = Risk[self._form.risk.upper()]
        if declared < computed:
            message = Say(
                "The risk {declared} is lower than that of the action {action}, which is {computed}. A playbook may raise the risk, never lower it.",
                {"declared": self._form.risk, "action": by, "computed": computed.name.lower()},
            )
            self._fault(("risk",), message, computed.name.lower())
        return max(declared, computed)

    def _verify(self) -> Verify | None:
        form = self._form.verify
        if form is None:
            return None
        measures: dict[str, str] = {}
        for step in self._form.steps:
            try:
                measures.update(self._compiler.action(step.do).measures)
            except AiosError:
                continue
        names = fields.for_verification(self._compiler.metrics, measures, self._names)
        expect = self._expression(("verify", "expect"), form.expect, names)
        worse = self._expression(("verify", "worse"), form.worse, names) if form.worse else None
        settle = self._guard(shape.seconds, ("verify", "settle"), form.settle)
        within = self._guard(shape.seconds, ("verify", "within"), form.within)
        if expect is None or settle is None or within is None:
            return None
        found = _LIMIT.search(form.expect)
        metric, limit = (found.group(1), float(found.group(2))) if found else ("", None)
        return Verify(expect, worse, settle, within, metric, limit)
