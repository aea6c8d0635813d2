"""Every option, event type, action and command is documented."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from aios_desktop.cli.commands import _parser
from aios_desktop.config import OPTIONS, Config
from aios_desktop.paths import find
from aios_desktop.skills.registry import default_registry
from tests.fakes import FakeClock

ROOT = Path(__file__).resolve().parents[2]
DOMAINS = (
    "resource", "cache", "signal", "sensor", "scheduler", "approval", "run", "action", "score",
    "playbook", "notice", "store", "heartbeat", "app",
)  # fmt: skip


def doc(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def test_every_option_is_documented_with_its_default() -> None:
    text = doc("options.md")
    for option in OPTIONS:
        shown = str(option.default).lower() if isinstance(option.default, bool) else option.default
        assert f"| `{option.name}` | {shown} |" in text


def test_every_action_and_argument_is_documented(tmp_path: Path) -> None:
    registry = default_registry(
        Config(tmp_path / "c.toml"), find(tmp_path), FakeClock(), tell=lambda _text: None
    )
    text = doc("playbooks.md")
    for name in registry.names():
        (row,) = re.findall(rf"^\| `{re.escape(name)}` .*$", text, re.MULTILINE)
        for argument in registry.get(name).params:
            assert f"`{argument}`" in row, (name, argument)
        for figure in registry.get(name).measures:
            assert f"`target.{figure}`" in row, (name, figure)


def test_every_event_type_in_the_code_is_documented() -> None:
    text = doc("events.md")
    form = re.compile(rf'"((?:{"|".join(DOMAINS)})\.[a-z_]+)"')
    found: set[str] = set()
    files = (ROOT / "aios_desktop").rglob("*.py")
    for file in (f for f in files if "migration" not in f.parts):  # knows the names of old
        found |= set(form.findall(file.read_text("utf-8")))
    found -= {option.name for option in OPTIONS} | {"signal.raised"}  # a name in conditions
    assert len(found) > 20
    assert {name for name in found if f"`{name}`" not in text} == set()


def commands(parser: argparse.ArgumentParser, prefix: str = "") -> set[str]:
    found: set[str] = set()
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                deeper = commands(child, f"{prefix}{name} ")
                found |= deeper or {f"{prefix}{name}"}
    return found


def test_every_command_and_flag_is_documented() -> None:
    text = doc("commands.md")
    parser = _parser()
    found = commands(parser)
    assert {"daemon", "emit", "playbook check", "doctor"} <= found
    for name in found:
        assert f"aios-desktop {name}" in text, name
    for action in parser._actions:
        for flag in action.option_strings:
            if flag.startswith("--") and flag not in {"--help", "--version"}:
                assert flag in text, flag
