"""Texts in the user's language (gettext), and messages that keep until they are shown.

``_()`` translates now. ``Say`` is a message with its values that can be stored in a journal and
be read later in any language.
"""

from __future__ import annotations

import gettext
import locale
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DOMAIN = "aios"
LANGUAGES = ("en", "zh_CN")
_FOLDER = Path(__file__).resolve().parent / "locale"

Value = str | int | float | bool


class _Catalogue:
    """The catalogue in use; one language for the whole process."""

    def __init__(self) -> None:
        self.language = "en"
        self.texts: gettext.NullTranslations = gettext.NullTranslations()


_active = _Catalogue()


def system_language() -> str:
    """Return the language that the environment asks for, or English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return nearest(value)
    return nearest(locale.getlocale()[0] or "en")


def nearest(name: str) -> str:
    """Return the language we have that is nearest to a locale name such as ``zh_CN.UTF-8``."""
    return "zh_CN" if name.replace("-", "_").lower().startswith("zh") else "en"


def use(language: str) -> None:
    """Show all texts in ``language`` from now on; an unknown one becomes the nearest."""
    language = nearest(language)
    _active.language = language
    if language == "en":
        _active.texts = gettext.NullTranslations()
    else:
        _active.texts = gettext.translation(DOMAIN, _FOLDER, [language], fallback=True)


def language() -> str:
    """Return the language in use."""
    return _active.language


def _(message: str) -> str:
    """Translate a constant text."""
    return _active.texts.gettext(message)


def in_all_languages(message: str) -> tuple[str, ...]:
    """Return a constant text in every language there is, for whoever searches in any of them."""
    if not message:
        return ()
    others = (gettext.translation(DOMAIN, _FOLDER, [x], fallback=True) for x in LANGUAGES[1:])
    return (message, *(texts.gettext(message) for texts in others))


def ngettext(one: str, many: str, n: int) -> str:
    """Translate a text with a count."""
    return _active.texts.ngettext(one, many, n)


def N_(message: str) -> str:  # noqa: N802  the name that gettext tools look for
    """Mark a text for translation without translating it yet."""
    return message


@dataclass(frozen=True, slots=True)
class Say:
    """A message id (English, named placeholders) and the values for it, messages among them.

    >>> Say("{name} stopped", {"name": "make"}).text()
    'make stopped'
    """

    key: str
    values: Mapping[str, Value | Say] = field(default_factory=dict)

    def text(self) -> str:
        """Return the message in the language in use; a missing value shows its name."""
        if not self.key:
            return ""
        shown = {k: v.text() if isinstance(v, Say) else v for k, v in self.values.items()}
        return _(self.key).format_map(_Shown(shown))

    def to_json(self) -> dict[str, object]:
        """Return a form that JSON can hold."""
        values = {k: v.to_json() if isinstance(v, Say) else v for k, v in self.values.items()}
        return {"key": self.key, "values": values}

    @classmethod
    def from_json(cls, raw: Mapping[str, object]) -> Say:
        """Read back what ``to_json`` wrote."""
        values = raw.get("values")
        if not isinstance(values, Mapping):
            return cls(str(raw.get("key", "")))
        read = {k: cls.from_json(v) if isinstance(v, Mapping) else v for k, v in values.items()}
        return cls(str(raw.get("key", "")), read)


class _Shown(dict[str, object]):
    """Values for ``format_map`` that name what is missing instead of failing."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
