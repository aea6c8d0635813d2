"""Hiding secrets in command lines before anybody sees or stores them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_SHOWN: Final = 300
HIDDEN: Final = "***"
_WORD = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|api[-_]?key|apikey|access[-_]?key|auth"
    r"|authorization|credential|private[-_]?key|session[-_]?key|cookie|bearer)s?"
)
_NAMED: Final = re.compile(rf"(?i)^([-/\w.]*{_WORD}(?:[_.-][\w.-]*)?)([=:])(.+)$", re.DOTALL)
_OPTION: Final = re.compile(rf"(?i)^--?[-\w.]*{_WORD}$")
_IN_ADDRESS: Final = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,200}):[^\s/@]{1,200}@")
_IN_TEXT: Final = re.compile(
    rf"(?i)(\b[\w-]{{0,40}}{_WORD}\s{{0,3}}[=:]\s{{0,3}})[^\s&;,'\"]{{1,400}}"
)
_SCHEME: Final = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}")
_KNOWN: Final = re.compile(
    r"\b(?:sk-[\w-]{8,}|gh[opsur]_\w{8,}|github_pat_\w{8,}|xox[abprs]-[\w-]{8,}|AKIA[0-9A-Z]{12,}"
    r"|AIza[\w-]{20,}|glpat-[\w-]{8,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)"
)
_SHORT_PASSWORD: Final = frozenset({"mysql", "mysqldump", "mysqladmin", "mariadb", "sshpass"})
_USER_OPTIONS: Final = frozenset({"-u", "--user", "-U", "--proxy-user"})  # of curl: name:password


def masked(arguments: Sequence[str]) -> str:
    """Return a command line of at most 300 characters without the secrets we can recognise.

    >>> masked(["curl", "--token", "abc", "https://me:pw@example.org/"])
    'curl --token *** https://me:***@example.org/'
    """
    shown: list[str] = []
    length = 0
    before = ""
    program = arguments[0].rsplit("/", 1)[-1] if arguments else ""
    for argument in arguments:
        word = _word(argument[:1000], before[:200], program)
        before = argument
        shown.append(word)
        length += len(word) + 1
        if length > MAX_SHOWN:
            break
    text = " ".join(shown)
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def _word(argument: str, before: str, program: str) -> str:
    """Return one argument without secrets; the one before it may say that it is one."""
    if _OPTION.match(before) or (program == "sshpass" and before == "-p"):
        return HIDDEN
    option = before if before in _USER_OPTIONS else argument.partition("=")[0]
    if program == "curl" and option in _USER_OPTIONS and ":" in argument:
        return f"{argument.partition(':')[0]}:{HIDDEN}"
    if program in _SHORT_PASSWORD and argument.startswith("-p") and len(argument) > 2:
        return f"-p{HIDDEN}"
    if named := _NAMED.match(argument):
        return f"{named[1]}{named[2]}{HIDDEN}"
    argument = _IN_ADDRESS.sub(rf"\1:{HIDDEN}@", argument)
    argument = _SCHEME.sub(rf"\1 {HIDDEN}", argument)
    argument = _IN_TEXT.sub(rf"\1{HIDDEN}", argument)
    return _KNOWN.sub(HIDDEN, argument)
