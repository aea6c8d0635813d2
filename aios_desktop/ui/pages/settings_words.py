"""How the Settings page says things: categories, titles, values, and what a search looks through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aios_desktop.i18n import N_, _, in_all_languages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aios_desktop.config import Option, Value

# the first word of an option's name, its icon and its title, in the order of the page
_CATEGORIES: Final = {
    "ui": ("lamp", N_("Window")),
    "sensors": ("eye", N_("Watching")),
    "signals": ("flag", N_("Signals")),
    "reactor": ("bolt", N_("Repairs")),
    "notifications": ("bell", N_("Notifications")),
    "heartbeat": ("health", N_("Heartbeat")),
    "storage": ("disk", N_("Storage")),
}
STORAGE: Final = "storage"
_IN_STORAGE: Final = frozenset(("events", "archive", "store", "backup", "maintenance", "rotation"))
_WORDS: Final = {
    "system": N_("System"),
    "en": "English",
    "zh_CN": "简体中文",
    "light": N_("Light"),
    "dark": N_("Dark"),
    "hc_light": N_("Light, high contrast"),
    "hc_dark": N_("Dark, high contrast"),
}


def category(name: str) -> str:
    """Return the category of an option."""
    first = name.partition(".")[0]
    return STORAGE if first in _IN_STORAGE else first


def in_order(categories: set[str]) -> list[str]:
    """Return categories in the order of the page; unknown ones come before the storage."""
    known = [name for name in _CATEGORIES if name in categories and name != STORAGE]
    others = sorted(categories - set(_CATEGORIES))
    return [*known, *others, *({STORAGE} & categories)]


def category_icon(name: str) -> str:
    """Return the icon of a category."""
    return _CATEGORIES[name][0] if name in _CATEGORIES else "settings"


def category_title(name: str) -> str:
    """Say a category; one that nobody named is said by its word."""
    return _(_CATEGORIES[name][1]) if name in _CATEGORIES else _plain(name)


def title(option: Option) -> str:
    """Say an option; one without a title is said by the last word of its name."""
    return _(option.title) if option.title else _plain(option.name.rpartition(".")[2])


def word(value: str) -> str:
    """Say one of the words that an option takes."""
    return _(_WORDS[value]) if value in _WORDS else _plain(value)


def number(value: float) -> str:
    """Say a number as one would type it: 60, 0.5, 1440."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def with_unit(text: str, unit: str) -> str:
    """Say a number with its unit."""
    if unit == "%":
        return _("{n} %").format(n=text)
    return _("{number} {unit}").format(number=text, unit=_(unit)) if unit else text


def value(option: Option, now: Value) -> str:
    """Say a value of an option."""
    if isinstance(now, bool):
        return _("on") if now else _("off")
    if isinstance(now, int | float):
        return with_unit(number(now), option.unit)
    return word(now) if option.words else now


def limits(option: Option) -> str:
    """Say the range of an option that is a number, empty when it has none."""
    if option.low is None or option.high is None:
        return ""
    return _("{low} to {high}").format(low=number(option.low), high=number(option.high))


def haystack(option: Option) -> str:
    """Return all that a search for this option may name, in every language, folded."""
    place = category(option.name)
    texts = [option.name, _plain(option.name), option.help, option.title, *option.words]
    texts += [_WORDS[word] for word in option.words if word in _WORDS]
    texts.append(_CATEGORIES[place][1] if place in _CATEGORIES else place)
    return folded(text for message in texts for text in in_all_languages(message))


def folded(texts: Iterable[str]) -> str:
    """Return texts in one, such that capital letters make no difference."""
    return "\n".join(text.casefold() for text in texts)


def fits(wanted: str, hay: str) -> bool:
    """Say whether every word that was typed is in the haystack."""
    return all(part in hay for part in wanted.casefold().split())


def _plain(name: str) -> str:
    """Make a readable word of a name."""
    text = name.replace("_", " ").replace(".", " ").strip()
    return text[:1].upper() + text[1:]
