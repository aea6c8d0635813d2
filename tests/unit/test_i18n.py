"""Texts in two languages."""

from __future__ import annotations

import json

import pytest

from aios_desktop import i18n
from aios_desktop.errors import AiosError
from aios_desktop.i18n import Say, _, nearest, ngettext


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("zh_CN.UTF-8", "zh_CN"),
        ("zh-Hans", "zh_CN"),
        ("ZH", "zh_CN"),
        ("en_GB", "en"),
        ("de_DE.UTF-8", "en"),
        ("C", "en"),
        ("", "en"),
    ],
)
def test_the_nearest_language_is_taken(name: str, language: str) -> None:
    assert nearest(name) == language


def test_the_environment_is_asked_in_the_order_of_the_standard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert i18n.system_language() == "en"  # LC_ALL stands above it
    monkeypatch.delenv("LC_ALL")
    assert i18n.system_language() == "zh_CN"
    monkeypatch.setenv("LC_MESSAGES", "en_GB.UTF-8")
    assert i18n.system_language() == "en"


def test_the_language_changes_at_once_and_back() -> None:
    say = Say("Unknown option {name}.", {"name": "x"})
    english = say.text()
    i18n.use("zh_CN")
    chinese = say.text()
    assert _("Not now") == "暂缓"
    assert chinese != english
    assert "x" in chinese
    i18n.use("en")
    assert say.text() == english == "Unknown option x."


def test_counts() -> None:
    assert ngettext("{n} day", "{n} days", 1).format(n=1) == "1 day"
    assert ngettext("{n} day", "{n} days", 2).format(n=2) == "2 days"


def test_a_message_survives_the_journal() -> None:
    say = Say("{name} stopped", {"name": "make", "n": 3})
    assert Say.from_json(json.loads(json.dumps(say.to_json()))) == say
    assert Say.from_json({"key": 5, "values": "nonsense"}) == Say("5")


def test_a_missing_value_shows_its_name_and_no_text_is_no_text() -> None:
    assert Say("{name} stopped").text() == "{name} stopped"
    assert Say("").text() == ""


def test_an_error_tells_its_sentence() -> None:
    assert str(AiosError("{file} is gone", file="x")) == "x is gone"
