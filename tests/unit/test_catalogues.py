"""The tool that keeps the translations: what it finds, and that it can find fault."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

import aios_desktop

TOOL = Path(aios_desktop.__file__).parent.parent / "packaging" / "i18n.py"
SOURCE = """
from aios_desktop.i18n import _, N_, Say, ngettext
from aios_desktop.errors import AiosError

class Mine(AiosError): ...
class Deeper(Mine): ...

_("one")
N_("two " "parts")
Say("{name} three", {"name": 3})
ngettext("{n} four", "{n} fours", 4)
raise Deeper("five {x}", x=1)
_("six" if one else "seven")
_(variable)
print("not for people")

class Draft:
    def lacks(self, key, **values):
        self.missing.append(Say(key, values))

class CannotError(ValueError):
    def __init__(self, key):
        self.say = Say(key)

def other(name, key):
    return Say(key), name

Draft().lacks("ten {x}", x=1)
raise CannotError("eleven")
other("not for people either", key)
"""
PLAYBOOK = """
id: x
title: Eight
steps:
  - {do: notify, say: "Nine {n}"}
"""
OLD_PLAYBOOK = '{"id": "y", "name": "Twelve", "actions": [{"type": "notify", "title": 1}]}'


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return a copy of the tool that works on a small program of its own."""
    spec = importlib.util.spec_from_file_location("catalogue_tool", TOOL)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "catalogue_tool", tool)
    spec.loader.exec_module(tool)
    for name in ("aios_desktop", "playbooks"):
        (tmp_path / name).mkdir()
    (tmp_path / "aios_desktop" / "a.py").write_text(SOURCE, "utf-8")
    (tmp_path / "playbooks" / "x.yaml").write_text(PLAYBOOK, "utf-8")
    (tmp_path / "playbooks" / "y.json").write_text(OLD_PLAYBOOK, "utf-8")
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr(tool, "PACKAGE", tmp_path / "aios_desktop")
    monkeypatch.setattr(tool, "PLAYBOOKS", tmp_path / "playbooks")
    monkeypatch.setattr(tool, "LOCALE", tmp_path / "aios_desktop" / "locale")
    return tool


@pytest.fixture
def run(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], int]:
    def run(what: str) -> int:
        monkeypatch.setattr("sys.argv", ["i18n.py", what])
        return int(tool.main())

    return run


def translate(tool: ModuleType, **texts: str) -> None:
    """Fill the catalogue: words are taken from ``texts``, all others get a fitting one."""
    file: Path = tool.po_file("zh_CN")
    file.parent.mkdir(parents=True, exist_ok=True)
    catalogue = tool.updated("zh_CN")
    for message in catalogue:
        if message.id:
            one = message.id[0] if isinstance(message.id, tuple) else message.id
            names = "".join(f" {{{name}}} " for name in sorted(tool.placeholders(one)))
            text = texts.get(one.split()[0], f"文字：{names.strip()}")
            message.string = (text,) if isinstance(message.id, tuple) else text
    file.write_bytes(tool.as_po(catalogue))


def test_every_kind_of_text_is_found(tool: ModuleType) -> None:
    found = {text.one: text.many for text in tool.extract()}
    assert found == {
        "one": "",
        "two parts": "",
        "{name} three": "",
        "{n} four": "{n} fours",
        "five {x}": "",
        "six": "",
        "seven": "",
        "Eight": "",
        "Nine {n}": "",
        "ten {x}": "",
        "eleven": "",
        "Twelve": "",
    }


def test_a_text_that_is_put_together_is_refused(
    tool: ModuleType, run: Callable[[str], int], capsys: pytest.CaptureFixture[str]
) -> None:
    for text in ('_(f"so {x}")', '_("so " + x)'):
        (tool.PACKAGE / "a.py").write_text(text, "utf-8")
        assert run("extract") == 1
        assert "a.py:1: a text must be one literal" in capsys.readouterr().err


def test_a_full_catalogue_passes_and_does_not_change(
    tool: ModuleType, run: Callable[[str], int]
) -> None:
    translate(tool)
    assert run("compile") == 0
    assert run("check") == 0
    before = {x: x.read_bytes() for x in tool.LOCALE.rglob("aios.*")}
    assert len(before) == 2
    assert run("update") == 0
    assert run("compile") == 0
    assert {x: x.read_bytes() for x in tool.LOCALE.rglob("aios.*")} == before


def test_new_and_old_texts_are_told(
    tool: ModuleType, run: Callable[[str], int], capsys: pytest.CaptureFixture[str]
) -> None:
    translate(tool)
    run("compile")
    (tool.PACKAGE / "a.py").write_text(SOURCE.replace('_("one")', '_("brand new")'), "utf-8")
    assert run("check") == 1
    told = capsys.readouterr().out
    assert "a.py:8: 'brand new' is missing" in told
    assert "'one' is not used any more" in told
    assert run("update") == 0
    assert run("check") == 1
    told = capsys.readouterr().out
    assert "'brand new' is not translated" in told
    assert "out of date" in told


@pytest.mark.parametrize(
    ("word", "text", "fault"),
    [
        ("five", "五", "has other placeholders"),
        ("five", "五 {y}", "has other placeholders"),
        ("five", "五 {x", "cannot be formatted"),
        ("five", "五{x}", "no space around a placeholder"),
        ("one", "", "is not translated"),
        ("one", "一,二", "half-width punctuation"),
        ("one", "完了.", "half-width full stop"),
        ("one", "用CPU", "no space between scripts"),
        ("one", "您好", "a word that the style does not use"),
        ("one", "成功地修复", "a word that the style does not use"),
        ("one", "稍等...", "three dots"),
        ("one", "占 88 %", "a space before %"),
    ],
)
def test_a_bad_translation_is_told(
    tool: ModuleType,
    run: Callable[[str], int],
    capsys: pytest.CaptureFixture[str],
    word: str,
    text: str,
    fault: str,
) -> None:
    translate(tool, **{word: text})
    run("compile")
    assert run("check") == 1
    assert fault in capsys.readouterr().out
