"""``config.update`` changes an option, and takes back only what it did itself."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from aios_desktop.config import Config
from aios_desktop.skills.action import ActionError, Kind, Presence, Risk, WorldChanged
from aios_desktop.skills.config_update import UpdateConfig

HEARTBEAT = {"path": "heartbeat.interval", "value": 120}
NEVER = threading.Event()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    config = Config(tmp_path / "config.toml")
    config.load()
    return config


@pytest.fixture
def action(config: Config) -> UpdateConfig:
    return UpdateConfig(config)


def test_the_plan_shows_old_and_new_and_changes_nothing(
    action: UpdateConfig, config: Config
) -> None:
    plan = action.plan(HEARTBEAT)
    assert plan.effect.text() == "Changes the option heartbeat.interval from 60 to 120."
    assert plan.undo.text() == "Sets the option heartbeat.interval back to 60."
    assert plan.command == "config set heartbeat.interval 120"
    assert (plan.risk, plan.kind) == (Risk.LOW, Kind.REVERSIBLE)
    assert config.get("heartbeat.interval") == 60
    assert not config.file.exists()


def test_apply_and_undo(action: UpdateConfig, config: Config) -> None:
    plan = action.plan(HEARTBEAT)
    snapshot = action.snapshot(plan)
    assert action.probe(plan, snapshot) is Presence.ABSENT
    action.apply(plan, snapshot, NEVER)
    assert config.get("heartbeat.interval") == 120
    assert "120" in config.file.read_text()
    assert action.probe(plan, snapshot) is Presence.PRESENT
    action.apply(plan, snapshot, NEVER)  # twice is the same as once
    action.undo(plan, snapshot)
    assert config.get("heartbeat.interval") == 60
    assert action.probe(plan, snapshot) is Presence.ABSENT
    action.undo(plan, snapshot)
    assert config.get("heartbeat.interval") == 60


def test_a_value_changed_since_the_plan_is_not_overwritten(
    action: UpdateConfig, config: Config
) -> None:
    plan = action.plan(HEARTBEAT)
    config.set("heartbeat.interval", 90)
    with pytest.raises(WorldChanged, match="is 90 by now, not 60"):
        action.apply(plan, action.snapshot(plan), NEVER)
    assert config.get("heartbeat.interval") == 90


def test_undo_leaves_a_value_that_is_no_longer_ours(action: UpdateConfig, config: Config) -> None:
    plan = action.plan(HEARTBEAT)
    snapshot = action.snapshot(plan)
    action.apply(plan, snapshot, NEVER)
    config.set("heartbeat.interval", 90)
    assert action.probe(plan, snapshot) is Presence.UNKNOWN
    with pytest.raises(WorldChanged, match="is 90 by now, no longer 120"):
        action.undo(plan, snapshot)
    assert config.get("heartbeat.interval") == 90


def test_a_bad_name_or_value_is_refused_with_the_way_out(action: UpdateConfig) -> None:
    with pytest.raises(ActionError, match=r"The nearest is heartbeat\.interval"):
        action.plan({"path": "heartbeat.intervall", "value": 120})
    with pytest.raises(ActionError, match="lies between 5 and 3600"):
        action.plan({"path": "heartbeat.interval", "value": 1})
    with pytest.raises(ActionError, match="takes a whole number"):
        action.plan({"path": "heartbeat.interval", "value": "often"})


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    config = Config(blocked / "config.toml")
    action = UpdateConfig(config)
    plan = action.plan(HEARTBEAT)
    with pytest.raises(ActionError):
        action.apply(plan, action.snapshot(plan), NEVER)
    assert config.get("heartbeat.interval") == 60
