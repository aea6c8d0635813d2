"""The action ``config.update``: changes one option of AIOS itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aios_desktop.config import BY_NAME, check, unknown
from aios_desktop.errors import AiosError
from aios_desktop.i18n import Say
from aios_desktop.skills.action import (
    ActionError,
    Kind,
    Presence,
    Risk,
    StepPlan,
    WorldChanged,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aios_desktop.config import Config, Value
    from aios_desktop.skills.action import Args, Cancel, State


class UpdateConfig:
    """Changes an option, and puts the old value back on undo."""

    name: Final = "config.update"
    kind: Final = Kind.REVERSIBLE
    risk: Final = Risk.LOW
    params: Final[Mapping[str, type]] = {"path": str, "value": object}  # any scalar
    required: Final = frozenset({"path", "value"})
    idempotent: Final = True
    measures: Final[Mapping[str, str]] = {}

    def __init__(self, config: Config) -> None:
        self._config = config

    def measure(self, plan: StepPlan) -> Mapping[str, float]:
        """Measure nothing: what an option does shows in the machine's own figures."""
        return {}

    def plan(self, args: Args) -> StepPlan:
        """Check name and value, and show the old value beside the new one."""
        path = str(args.get("path", ""))
        new = _checked(path, args.get("value"))
        old = self._config.get(path)
        shown = {"option": path, "old": old, "new": new}
        effect = Say("Changes the option {option} from {old} to {new}.", shown)
        if old == new:
            effect = Say("Leaves the option {option} as it is: {new}.", shown)
        return StepPlan(
            action=self.name,
            args={"path": path, "value": new},
            target=path,
            command=f"config set {path} {new}",
            effect=effect,
            undo=Say("Sets the option {option} back to {old}.", shown),
            risk=self.risk,
            kind=self.kind,
            expects={"old": old},
            items=(f"{path}: {old} → {new}",),
            item_count=1,
        )

    def snapshot(self, plan: StepPlan) -> State:
        """Record the value in force."""
        return {"old": self._config.get(str(plan.args["path"]))}

    def apply(self, plan: StepPlan, snapshot: State, cancel: Cancel) -> State:
        """Set the new value, unless somebody changed the option since the plan was made."""
        path, new = _target(plan)
        old = self._config.get(path)
        if old == new:
            return {"old": old, "new": new}
        if old != plan.expects["old"]:
            raise WorldChanged(
                "The option {option} is {now} by now, not {old}. Nothing was changed.",
                option=path,
                now=old,
                old=plan.expects["old"],
            )
        self._set(path, new)
        return {"old": old, "new": new}

    def probe(self, plan: StepPlan, snapshot: State) -> Presence:
        """Say whether the option has the new value."""
        path, new = _target(plan)
        now = self._config.get(path)
        if now == snapshot["old"]:
            return Presence.ABSENT
        return Presence.PRESENT if now == new else Presence.UNKNOWN

    def undo(self, plan: StepPlan, snapshot: State) -> None:
        """Set the old value again, unless somebody has chosen another one since."""
        path, new = _target(plan)
        now, old = self._config.get(path), snapshot["old"]
        if now == old:
            return
        if now != new:
            raise WorldChanged(
                "The option {option} is {now} by now, no longer {new}. It stays as it is.",
                option=path,
                now=now,
                new=new,
            )
        self._set(path, old)

    def cleanup(self, plan: StepPlan, snapshot: State) -> None:
        """Do nothing: nothing was kept beside the snapshot."""

    def _set(self, path: str, value: object) -> None:
        try:
            self._config.set(path, value)
        except AiosError as error:
            raise ActionError.because(error) from error


def _target(plan: StepPlan) -> tuple[str, Value]:
    path = str(plan.args["path"])
    return path, _checked(path, plan.args["value"])


def _checked(path: str, value: object) -> Value:
    """Return a value as the option's type. Raises ActionError for a bad name or value."""
    option = BY_NAME.get(path)
    if option is None:
        raise ActionError.because(unknown(path))
    try:
        return check(option, value)
    except AiosError as error:
        raise ActionError.because(error) from error
