"""Keeps the translation catalogues in step with the texts of the program.

    i18n.py extract   list every text that people read
    i18n.py update    bring the catalogues in step: new texts come in empty, old ones go
    i18n.py compile   write the .mo files that the program reads; they are committed
    i18n.py check     exit code 1 when a catalogue is incomplete, wrong or not compiled

Texts are the literal first arguments of ``_``, ``N_``, ``ngettext`` (two of them), ``Say``,
``AiosError`` and every class below it, of every function and class that hands its first argument
on to one of these, and the sentences (``title``, ``why`` …) of the playbooks that ship with the
program. JSON is YAML too.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import string
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

if TYPE_CHECKING:
    from collections.abc import Iterator

    from babel.messages.catalog import Message

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "aios_desktop"
PLAYBOOKS = ROOT / "playbooks"
LOCALE = PACKAGE / "locale"
LANGUAGES = ("zh_CN",)
DOMAIN = "aios"
ONE_TEXT = {"_", "N_", "Say", "AiosError"}
PLAYBOOK_KEYS = {"title", "question", "say", "why", "success"}
OLD_PLAYBOOK_KEYS = {"name"}  # what the old form, a .json, calls its title
# The same in every run, or each update would change the files.
DATE = datetime(2026, 1, 1, tzinfo=UTC)
HAN = "\u3400-\u9fff"
STYLE = (
    (re.compile(rf"[{HAN}] ?[,;:?!]|[,;?!] ?[{HAN}]"), "half-width punctuation"),
    (re.compile(rf"[{HAN}]\.(?:\s|$)"), "half-width full stop"),
    (re.compile(rf"[{HAN}][A-Za-z0-9]|[A-Za-z0-9][{HAN}]"), "no space between scripts"),
    (re.compile(rf"[{HAN}]\{{|(?<!span)(?<!metric)\}}[{HAN}]"), "no space around a placeholder"),
    (re.compile(rf"\{{(?:span|metric)\}} [{HAN}]"), "a space after what ends in Chinese"),
    (re.compile("您|成功地|请注意|！"), "a word that the style does not use"),
    (re.compile(r"[\d}] %"), "a space before %"),
    (re.compile(r"\.\.\."), "three dots instead of …"),
)


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the program; ``many`` is the plural form of one with a count."""

    one: str
    many: str
    place: str

    @property
    def id(self) -> str | tuple[str, str]:
        """Return what identifies it in a catalogue."""
        return (self.one, self.many) if self.many else self.one


class Fault(Exception):
    """A text that cannot be extracted."""


def error_classes(trees: list[ast.Module]) -> set[str]:
    """Name AiosError and all classes below it."""
    bases: dict[str, set[str]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = {_name(base) for base in node.bases}
    known = {"AiosError"}
    while True:
        more = {name for name, above in bases.items() if above & known} - known
        if not more:
            return known
        known |= more


def handing_on(trees: list[ast.Module], one_text: set[str]) -> set[str]:
    """Name what makes a text of its own first argument, such as ``def note(self, key)``."""
    found: set[str] = set()
    for tree in trees:
        for scope in ast.walk(tree):
            for node in ast.iter_child_nodes(scope):
                if isinstance(node, ast.FunctionDef) and _hands_on(node, one_text):
                    if isinstance(scope, ast.ClassDef) and node.name == "__init__":
                        found.add(scope.name)
                    else:
                        found.add(node.name)
    return found


def _hands_on(function: ast.FunctionDef, one_text: set[str]) -> bool:
    own = [part.arg for part in function.args.args if part.arg not in ("self", "cls")]
    return bool(own) and any(
        isinstance(node, ast.Call)
        and _name(node.func) in one_text
        and bool(node.args)
        and _name(node.args[0]) == own[0]
        for node in ast.walk(function)
    )


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _literals(node: ast.expr, place: str) -> Iterator[str]:
    """Yield the text or, of ``a if x else b``, both; nothing for a variable."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body, place)
        yield from _literals(node.orelse, place)
    elif isinstance(node, ast.JoinedStr | ast.BinOp):
        raise Fault(f"{place}: a text must be one literal with named placeholders")


def texts_of_python(file: Path, tree: ast.Module, one_text: set[str]) -> Iterator[Text]:
    """Yield the texts of one module."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = _name(node.func)
        place = f"{file.relative_to(ROOT)}:{node.lineno}"
        if name in one_text:
            for text in _literals(node.args[0], place):
                if text:
                    yield Text(text, "", place)
        elif name == "ngettext":
            one, many = (next(_literals(part, place), "") for part in node.args[:2])
            if one and many:
                yield Text(one, many, place)


def texts_of_playbook(file: Path) -> Iterator[Text]:
    """Yield the texts of one playbook."""
    keys = OLD_PLAYBOOK_KEYS if file.suffix == ".json" else PLAYBOOK_KEYS
    for node in _mappings(yaml.compose(file.read_text("utf-8"), Loader=yaml.CSafeLoader)):
        for key, value in node.value:
            if key.value in keys and isinstance(value, yaml.ScalarNode) and value.value:
                place = f"{file.relative_to(ROOT)}:{value.start_mark.line + 1}"
                yield Text(value.value.strip(), "", place)


def _mappings(node: yaml.Node | None) -> Iterator[yaml.MappingNode]:
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from _mappings(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _mappings(value)


def extract() -> list[Text]:
    """Return every text of the program. Raises Fault."""
    files = sorted(PACKAGE.rglob("*.py"))
    trees = [ast.parse(file.read_text("utf-8"), str(file)) for file in files]
    one_text = ONE_TEXT | error_classes(trees)
    one_text |= handing_on(trees, one_text)
    found: list[Text] = []
    for file, tree in zip(files, trees, strict=True):
        found += texts_of_python(file, tree, one_text)
    for file in sorted((*PLAYBOOKS.glob("*.yaml"), *PLAYBOOKS.glob("*.json"))):
        found += texts_of_playbook(file)
    return found


def po_file(language: str) -> Path:
    """Return the catalogue that translators edit."""
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> Catalog:
    """Return a catalogue; an empty one when there is none yet."""
    file = po_file(language)
    if not file.exists():
        return Catalog(locale=language, domain=DOMAIN)
    with file.open("rb") as source:
        return read_po(source, locale=language, domain=DOMAIN)


def updated(language: str) -> Catalog:
    """Return the catalogue with exactly the texts of the program and what is translated of them."""
    old = read(language)
    new = Catalog(
        locale=language,
        domain=DOMAIN,
        project="AIOS Desktop",
        version="1",
        creation_date=DATE,
        revision_date=DATE,
        header_comment="# Texts of AIOS Desktop. Kept by packaging/i18n.py.",
        last_translator="The AIOS Desktop developers",
        language_team="zh_CN",
        copyright_holder="The AIOS Desktop developers",
        msgid_bugs_address="the project's issue list",
        fuzzy=False,
    )
    for text in extract():
        before = old.get(text.one)
        place = (text.place.rpartition(":")[0], 0)  # the line is left out when written
        same_form = before is not None and isinstance(before.id, tuple) == bool(text.many)
        new.add(text.id, before.string if before and same_form else None, locations=[place])
        if before is not None and before.fuzzy:
            new[text.one].flags.add("fuzzy")
    return new


def as_po(catalogue: Catalog) -> bytes:
    """Return a catalogue as it is kept: sorted, without line numbers."""
    out = io.BytesIO()
    write_po(out, catalogue, width=100, sort_output=True, include_lineno=False)
    return out.getvalue()


def as_mo(catalogue: Catalog) -> bytes:
    """Return a catalogue as the program reads it."""
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def placeholders(text: str) -> set[str]:
    """Return the names in braces. Raises ValueError for a text that cannot be formatted."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _forms(value: object) -> tuple[str, ...]:
    """Return a text and its plural forms, which babel keeps in three different ways."""
    if isinstance(value, list | tuple):
        return tuple(str(x or "") for x in value)
    return (str(value or ""),)


def message_faults(message: Message) -> Iterator[str]:
    """Say what is wrong with one translation."""
    ids, strings = _forms(message.id), _forms(message.string)
    if not all(strings):
        yield "is not translated"
        return
    if message.fuzzy:
        yield "is marked fuzzy"
    try:
        wanted: set[str] = set().union(*(placeholders(x) for x in ids))
        for text in strings:
            if placeholders(text) != wanted:
                yield f"has other placeholders: {text!r}"
    except ValueError as error:
        yield f"cannot be formatted: {error}"
    for text in strings:
        for pattern, what in STYLE:
            if pattern.search(text):
                yield f"{what}: {text!r}"


def catalogue_faults(language: str) -> Iterator[str]:
    """Say everything that is wrong with one catalogue."""
    catalogue = read(language)
    wanted = {text.one: text for text in extract()}
    have = {_forms(message.id)[0] for message in catalogue if message.id}
    for one in sorted(wanted.keys() - have):
        yield f"{wanted[one].place}: {one!r} is missing; run i18n.py update"
    for one in sorted(have - wanted.keys()):
        yield f"{one!r} is not used any more; run i18n.py update"
    for message in catalogue:
        if message.id:
            for fault in message_faults(message):
                yield f"{message.id!r} {fault}"
    mo_file = po_file(language).with_suffix(".mo")
    if not mo_file.exists() or mo_file.read_bytes() != as_mo(catalogue):
        yield f"{mo_file.relative_to(ROOT)} is out of date; run i18n.py compile"


def check() -> int:
    """Print all faults; return the exit code."""
    code = 0
    for language in LANGUAGES:
        for fault in catalogue_faults(language):
            print(f"{language}: {fault}")
            code = 1
    if code == 0:
        print(f"{len({x.one for x in extract()})} texts in {len(LANGUAGES)} language(s), all well")
    return code


def main() -> int:
    """Do one of the four things."""
    parser = argparse.ArgumentParser(description="Keeps the translations in step.")
    parser.add_argument("what", choices=("extract", "update", "compile", "check"))
    what = parser.parse_args().what
    try:
        if what == "check":
            return check()
        if what == "extract":
            for text in extract():
                print(f"{text.place}: {text.one!r}" + (f" / {text.many!r}" if text.many else ""))
            return 0
        for language in LANGUAGES:
            file = po_file(language)
            file.parent.mkdir(parents=True, exist_ok=True)
            if what == "update":
                file.write_bytes(as_po(updated(language)))
            else:
                file.with_suffix(".mo").write_bytes(as_mo(read(language)))
    except Fault as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
