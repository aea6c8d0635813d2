"""All action types by name."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from aios_desktop.errors import AiosError
from aios_desktop.skills.config_update import UpdateConfig
from aios_desktop.skills.notify import Notify
from aios_desktop.skills.quarantine import QuarantineFiles
from aios_desktop.skills.suspend import SuspendProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aios_desktop.clock import Clock
    from aios_desktop.config import Config
    from aios_desktop.paths import Paths
    from aios_desktop.skills.action import Action


class Registry:
    """Finds an action by its name."""

    def __init__(self, actions: Iterable[Action]) -> None:
        self._actions: dict[str, Action] = {}
        for action in actions:
            if action.name in self._actions:
                raise ValueError(f"two actions are called {action.name}")
            self._actions[action.name] = action

    def names(self) -> tuple[str, ...]:
        """Return the names of all actions, sorted."""
        return tuple(sorted(self._actions))

    def get(self, name: str) -> Action:
        """Return the action of that name. Raises AiosError, naming the nearest, for none."""
        action = self._actions.get(name)
        if action is not None:
            return action
        near = difflib.get_close_matches(name, self._actions, 1, 0.4)
        if near:
            raise AiosError(
                "Unknown action {action}. The nearest is {near}.", action=name, near=near[0]
            )
        raise AiosError("Unknown action {action}.", action=name)


def default_registry(
    config: Config,
    paths: Paths,
    clock: Clock,
    *,
    tell: Callable[[str], None],
    protected: Callable[[], frozenset[int]] = frozenset,
) -> Registry:
    """Return the actions of this version.

    ``tell`` shows a message to the person; ``protected`` gives processes never to be touched.
    """
    return Registry(
        (
            UpdateConfig(config),
            SuspendProcess(clock, protected=protected),
            QuarantineFiles(
                clock,
                paths.quarantine,
                max_gb=lambda: config.number("reactor.quarantine_max_gb"),
            ),
            Notify(tell),
        )
    )
