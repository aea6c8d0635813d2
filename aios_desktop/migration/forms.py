"""The eight forms of older playbooks, recognised and sketched in today's words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

from aios_desktop.events.model import TYPE_FORM
from aios_desktop.i18n import Say
from aios_desktop.migration import cel, words
from aios_desktop.sensors.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_STEPS: Final = 20
MAX_TIMEOUT_S: Final = 120
MAX_RETRIES: Final = 5
_COMPARES: Final = re.compile(r"(>=|<=|==|!=|>|<)\s*(-?\d{1,15}(?:\.\d{1,15})?)\s*%?\Z")
_RESOURCE_RULES: Final = (
    "memory_high", "memory_critical", "gpu_overheat", "gpu_critical", "network_slow",
)  # fmt: skip
_RULES: Final[Mapping[str, tuple[str, ...]]] = {
    "network_error": ("agent.error", "resource.network_error"),
    "disk_full": ("resource.disk_full",),
    "process_crash": ("agent.error", "process.crashed"),
    "rate_limit": ("agent.error", "api.rate_limit"),
    "model_failure": ("agent.error", "llm.error"),
    "app_stopped": ("sensor.app.stopped",),
    "aios_unhealthy": ("score.degraded", "reactor.failed"),
    **{name: (f"resource.{name}",) for name in _RESOURCE_RULES},
}
_ANYWHERE: Final = ("agent.error", "error.occurred")  # where nobody said what to listen to
_PLAIN_ECHO: Final = re.compile(r"echo(?:\.|\s+)(?P<text>[^;&|<>`$\n\r]*)\Z", re.IGNORECASE)
_SHELL: Final = frozenset({"shell", "command", "python"})
_NOTICE: Final = frozenset({"log", "notify", "notice"})
_RUNS_ITSELF: Final = ("auto_execute", "auto_apply")


class Danger(IntEnum):
    """How much a playbook can spoil."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2


_DANGERS: Final = {
    "low": Danger.LOW, "info": Danger.LOW, "none": Danger.LOW, "medium": Danger.MEDIUM,
    "低": Danger.LOW, "中": Danger.MEDIUM,
}  # fmt: skip


@dataclass(slots=True)
class Sketch:
    """A playbook on its way into a draft. ``missing`` must be done before it can run at all."""

    triggers: list[str] = field(default_factory=list)
    when: list[str] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    danger: Danger = Danger.LOW
    expect: str = ""
    missing: list[Say] = field(default_factory=list)
    notes: list[Say] = field(default_factory=list)

    def lacks(self, key: str, **values: str | int) -> None:
        """Note what must be done by hand."""
        self.missing.append(Say(key, values))

    def note(self, key: str, **values: str | int) -> None:
        """Note what the person should know."""
        self.notes.append(Say(key, values))


def form_of(raw: Mapping[str, Any]) -> str:
    """Return the letter of the form; an empty text for what nothing would ever start."""
    trigger = raw.get("trigger")
    if isinstance(trigger, str):
        return "S"
    if isinstance(raw.get("match"), dict):
        return "M"
    if not isinstance(trigger, dict) or not trigger:
        return _without_trigger(raw)
    event = trigger.get("event_type") or trigger.get("event")
    if event == "heartbeat" and "interval" in trigger:
        return "timer"
    if isinstance(trigger.get("conditions"), list):
        return "T"
    if "keywords" in trigger or "rule" in trigger:
        return "K"
    return "J" if raw.get("id") else "E"


def _without_trigger(raw: Mapping[str, Any]) -> str:
    if "error_pattern" in raw or isinstance(raw.get("actions"), list):
        return "N"
    steps = raw.get("steps")
    if isinstance(steps, list) and steps and all(isinstance(step, str) for step in steps):
        return "N"
    return "J" if raw.get("id") else ""


def sketch(raw: Mapping[str, Any], form: str) -> Sketch:
    """Translate what can be translated, and note what cannot."""
    made = Sketch()
    trigger = raw.get("match") if form == "M" else raw.get("trigger")
    trigger = trigger if isinstance(trigger, dict) else {}
    _trigger(made, trigger)
    _conditions(made, trigger)
    _words(made, trigger)
    for action, is_mode in _actions(raw):
        _step(made, raw, action, is_mode=is_mode)
    _danger(made, raw)
    _verify(made, raw)
    _by_itself(made, raw)
    if not made.steps:
        made.lacks("No step is left. Add one.")
    return made


# ---------------------------------------------------------------------- when


def _trigger(made: Sketch, trigger: Mapping[str, Any]) -> None:
    event = trigger.get("event_type") or trigger.get("event")
    rule = trigger.get("rule") or trigger.get("rule_id")
    if isinstance(event, str):
        made.triggers = [words.today(event)]
    elif isinstance(event, list):
        made.triggers = [words.today(item) for item in event[:20] if isinstance(item, str)]
    elif isinstance(rule, str) and rule in _RULES:
        made.triggers = list(_RULES[rule])
    elif "keywords" in trigger or rule or "message_contains" in trigger:
        made.triggers = list(_ANYWHERE)
        if rule:
            made.note(
                "The rule {rule} has no event type here. Its words are looked for in {types}.",
                rule=cel.brief(rule),
                types=", ".join(_ANYWHERE),
            )
        else:
            made.note(
                "It names no event type. Its words are looked for in {types}.",
                types=", ".join(_ANYWHERE),
            )
    else:
        made.lacks("It names no event type. Write one into trigger.")
    if made.triggers == list(_ANYWHERE) and not _has_words(trigger):
        made.lacks("It has no condition. Write one, or it meets every error.")
    for name in made.triggers:
        if not TYPE_FORM.match(name):
            made.lacks("{value} is not an event type such as resource.high.", value=cel.brief(name))


def _has_words(trigger: Mapping[str, Any]) -> bool:
    given = trigger.get("keywords")
    return bool(given if isinstance(given, list | str) else trigger.get("message_contains"))


def _conditions(made: Sketch, trigger: Mapping[str, Any]) -> None:
    conditions = trigger.get("conditions")
    if isinstance(conditions, list):
        for item in conditions[:MAX_STEPS]:
            made.lacks("Counting over time is not possible here: {value}.", value=cel.brief(item))
    elif isinstance(conditions, dict):
        for name, value in conditions.items():
            try:
                made.when.append(cel.condition(name, value, resource="resource" in conditions))
            except cel.CannotError as error:
                made.missing.append(error.say)
    elif conditions is not None:
        made.lacks("This form of condition is not known: {value}.", value=cel.brief(conditions))
    for name in ("min_hit_count", "interval"):
        if trigger.get(name) not in (None, 0, 1):
            value = cel.brief({name: trigger[name]})
            made.lacks("Counting over time is not possible here: {value}.", value=value)


def _words(made: Sketch, trigger: Mapping[str, Any]) -> None:
    given = trigger.get("keywords")
    given = [given] if isinstance(given, str) else given
    if isinstance(given, list):
        found = [word for word in given if isinstance(word, str) and word.strip()]
        if found:
            made.when.append(cel.keywords(found))
        for word in filter(cel.too_wide, found):
            made.note("The keyword {word} stands in nearly everything.", word=cel.brief(word))
    if isinstance(part := trigger.get("message_contains"), str) and part:
        made.when.append(cel.contains(part))
    levels = trigger.get("severity")
    levels = [levels] if isinstance(levels, str) else levels
    if isinstance(levels, list) and levels:
        known = {x for level in levels if (x := words.severity(level)) is not None}
        if known:
            names = ", ".join(f'"{x}"' for x in sorted(known, key=lambda x: x.rank))
            made.when.append(f"event.severity in [{names}]")
        for level in levels:
            if words.severity(level) is None:
                made.note("The severity {word} is not known.", word=cel.brief(level))


# ---------------------------------------------------------------------- what is done


def _actions(raw: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], bool]]:
    """Return the actions; the second value says that ``type`` is only a mode."""
    found: list[tuple[Mapping[str, Any], bool]] = []
    single = raw.get("action")
    if isinstance(single, dict):
        found.append((single, True))
    several = raw.get("actions")
    for item in several[:MAX_STEPS] if isinstance(several, list) else []:
        if isinstance(item, dict):
            found.append((item, False))
        elif isinstance(item, str):
            found.append(({"type": item}, False))
    return found


def _step(
    made: Sketch, raw: Mapping[str, Any], action: Mapping[str, Any], *, is_mode: bool
) -> None:
    kind = str(action.get("type", ""))
    command = next(
        (action[x] for x in ("command", "target", "code", "script") if action.get(x)), ""
    )
    command = command if isinstance(command, str) else cel.brief(command)
    echo = _PLAIN_ECHO.match(command.strip()) if kind != "python" else None
    if is_mode or kind in _SHELL:
        if echo:
            _notice(made, echo["text"].strip().strip("'\""), raw)
        elif is_mode and kind == "notify":
            _notice(made, str(action.get("message") or raw.get("name") or kind), raw)
        elif command:
            _shell(made, kind, command, raw, action)
        else:
            made.lacks("The action {name} has no command.", name=cel.brief(kind))
    elif kind in _NOTICE:
        said = action.get("message") or action.get("text") or raw.get("name") or kind
        _notice(made, str(said), raw)
    else:
        made.lacks("The action {name} is not taken over. It is kept below.", name=cel.brief(kind))


def _notice(made: Sketch, said: str, raw: Mapping[str, Any]) -> None:
    said = said or str(raw.get("name") or raw.get("id") or "notice")
    made.steps.append({"do": "notify", "with": {"text": cel.argument(said[:500])}})


def _shell(
    made: Sketch, kind: str, command: str, raw: Mapping[str, Any], action: Mapping[str, Any]
) -> None:
    name = "python" if kind == "python" else "command"
    # Never with fields of the event in it: what an event says must not become a command.
    made.steps.append(
        {
            "do": "shell",
            "with": {name: command if not command.startswith("=") else "=" + cel.text(command)},
            **_patience(raw, action),
        }
    )
    made.danger = Danger.HIGH
    made.lacks("Review the command: {command}", command=cel.brief(command))
    if cel.has_fields(command):
        made.lacks("The command has fields of the event in it. Pass them as arguments.")


def _patience(raw: Mapping[str, Any], action: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    seconds = positive(action.get("timeout"))
    if seconds:
        found["timeout"] = f"{min(seconds, MAX_TIMEOUT_S):g}s"
    retries = positive(action.get("max_retries")) or positive(raw.get("max_retries"))
    if retries:
        found["retry"] = {"max": int(min(retries, MAX_RETRIES))}
    return found


def positive(value: Any) -> float:
    """Return a number above zero, or 0."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e9:
        return float(value)
    return 0.0


def _danger(made: Sketch, raw: Mapping[str, Any]) -> None:
    """Take the highest risk that anything in the file names."""
    given = [raw.get("risk"), raw.get("risk_level")]
    given += [action.get("risk") for action, _ in _actions(raw)]
    for word in given:
        if isinstance(word, str) and word.strip():
            made.danger = max(made.danger, _DANGERS.get(word.strip().lower(), Danger.HIGH))


# ---------------------------------------------------------------------- afterwards


def _verify(made: Sketch, raw: Mapping[str, Any]) -> None:
    verify, command = raw.get("verify"), _verify_command(raw)
    if isinstance(verify, dict) and "metric" in verify:
        metric, found = str(verify["metric"]), _COMPARES.match(str(verify.get("expected")).strip())
        if metric in METRICS and found:
            made.expect = f"metric.{metric} {found[1]} {cel.number(float(found[2]))}"
        else:
            value = cel.brief(verify)
            made.lacks("What it checks is not measured here: {value}.", value=value)
    elif command:
        made.lacks("Review the check by a command: {command}", command=cel.brief(command))
    elif verify is None:
        made.note("Nothing says when it worked: its outcome is unknown.")
    else:
        made.lacks("This check is not known: {value}.", value=cel.brief(verify))
    for name in ("success_criteria", "failure_action"):
        if raw.get(name):
            value = cel.brief({name: raw[name]})
            made.note("This is not taken over: {value}.", value=value)


def _verify_command(raw: Mapping[str, Any]) -> str:
    places = (raw.get("action"), raw.get("metadata"), raw)
    for place in places:
        if isinstance(place, dict) and isinstance(place.get("verify_command"), str):
            return str(place["verify_command"])
    return ""


def _by_itself(made: Sketch, raw: Mapping[str, Any]) -> None:
    action = raw.get("action")
    mode = action.get("type") if isinstance(action, dict) else ""
    if (
        mode == "auto"
        or raw.get("require_confirm") is False
        or any(raw.get(x) is True for x in _RUNS_ITSELF)
    ):
        made.note("It ran without asking. Here it asks.")
    if raw.get("enabled") is False:
        made.note("It was switched off.")
