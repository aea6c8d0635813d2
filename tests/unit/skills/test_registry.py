"""The registry knows every action, and its actions keep to the contract."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aios_desktop import paths as places
from aios_desktop.clock import SystemClock
from aios_desktop.config import Config
from aios_desktop.errors import AiosError
from aios_desktop.skills.action import Action, ActionError, Kind, Presence, Risk
from aios_desktop.skills.notify import Notify
from aios_desktop.skills.registry import Registry, default_registry


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def registry(tmp_path: Path, told: list[str]) -> Registry:
    where = places.find(tmp_path)
    return default_registry(Config(where.options), where, SystemClock(), tell=told.append)


def test_the_actions_of_this_version(registry: Registry) -> None:
    assert registry.names() == ("config.update", "files.quarantine", "notify", "process.suspend")


def test_an_unknown_action_names_the_nearest(registry: Registry) -> None:
    with pytest.raises(AiosError, match=r"The nearest is process\.suspend"):
        registry.get("process.supend")
    with pytest.raises(AiosError, match="Unknown action"):
        registry.get("xyz")


def test_one_name_belongs_to_one_action() -> None:
    with pytest.raises(ValueError, match="notify"):
        Registry((Notify(print), Notify(print)))


def test_every_action_keeps_the_contract(registry: Registry) -> None:
    least = {Kind.READ_ONLY: Risk.LOW, Kind.REVERSIBLE: Risk.LOW, Kind.COMPENSABLE: Risk.MEDIUM}
    for name in registry.names():
        action: Action = registry.get(name)
        assert action.name == name
        assert action.risk >= least.get(action.kind, Risk.HIGH)
        assert action.required <= set(action.params)
        with pytest.raises(ActionError):
            action.plan({})


def test_notify_shows_its_text_on_one_line(registry: Registry, told: list[str]) -> None:
    action = registry.get("notify")
    plan = action.plan({"text": "Backup is late\n\x1b[31m since Monday"})
    assert plan.effect.text() == "Shows the message “Backup is late [31m since Monday”."
    assert told == []
    snapshot = action.snapshot(plan)
    json.dumps(dict(action.apply(plan, snapshot, cancel=_Never())))
    assert told == ["Backup is late [31m since Monday"]
    assert action.probe(plan, snapshot) is Presence.UNKNOWN
    action.undo(plan, snapshot)
    assert len(told) == 1
    assert len(action.plan({"text": "x" * 9999}).args["text"]) == 500


class _Never:
    def is_set(self) -> bool:
        return False
