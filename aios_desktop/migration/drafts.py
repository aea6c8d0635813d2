"""Writes older playbooks as drafts: YAML in a folder that is never loaded, disabled, asking."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import yaml

from aios_desktop.errors import AiosError
from aios_desktop.events.database import reason
from aios_desktop.i18n import Say
from aios_desktop.migration import words
from aios_desktop.migration.forms import Sketch, form_of, positive, sketch
from aios_desktop.migration.ledger import write_private
from aios_desktop.migration.places import MIGRATED
from aios_desktop.migration.report import Verdict
from aios_desktop.paths import private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from aios_desktop.migration.ledger import Ledger

    Check = Callable[[bytes, str], bool]

KIND: Final = "playbooks"
NOTES: Final = "playbook_notes"
MAX_ORIGINAL: Final = 40_000
MAX_ID: Final = 60
MAX_WHEN: Final = 2000
MAX_PLAYBOOKS: Final = 1000  # in one file
_NO_ID: Final = "(none)"
_ODD: Final = re.compile(r"[^a-z0-9._-]+")
_UNPRINTABLE: Final = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]"
)
_NOTES: Final[Mapping[str, Say]] = {
    "S": Say("Its trigger and its action are only words."),
    "N": Say("Nothing starts it: it has no trigger."),
    "timer": Say("It is a timer, not a reaction."),
}


class Drafts:
    """Decides on each playbook and writes the drafts. ``check`` says whether one would load."""

    def __init__(self, folder: Path, ledger: Ledger, *, write: bool, check: Check) -> None:
        self._folder = folder
        self._ledger = ledger
        self._write = write
        self._check = check
        self._seen: dict[str, set[bytes]] = {}
        self._names: set[str] = set()

    def take(self, file: str, raw: Any, place: int, wrapped: bool) -> Verdict:
        """Decide on one playbook of a file. Raises AiosError when a draft cannot be written."""
        if not isinstance(raw, dict):
            return Verdict(file, _NO_ID, "", "refused", (Say("It is not an object."),))
        form = form_of(raw)
        named = _given_id(raw, file)
        if not form:
            return Verdict(file, _NO_ID, "", "refused", (Say("Nothing would ever start it."),))
        known = self._seen.setdefault(named, set())
        key = words.key_of({"playbook": raw})
        if key in known:
            say = Say("The same playbook was met before.")
            return Verdict(file, named, form, "duplicate", (say,))
        again = bool(known)
        known.add(key)
        shown = "W" if wrapped and form == "K" else form
        if form in _NOTES:
            body = {"file": file, "id": named, "record": raw}
            new = self._ledger.keep(NOTES, key, None, body)
            say = _NOTES[form]
            return Verdict(file, named, "N" if form == "timer" else shown, "note", (say,), new=new)
        return self._draft(file, raw, place, shown, named, again)

    def _draft(
        self, file: str, raw: Mapping[str, Any], place: int, form: str, named: str, again: bool
    ) -> Verdict:
        made = sketch(raw, "K" if form == "W" else form)
        key = words.key_of({"playbook": raw})
        earlier = self._ledger.kept(KIND, key)
        slug = str(earlier["draft"]) if earlier else self._free(_slug(named, file, place), raw)
        if again or (not earlier and slug != _slug(named, file, place)):
            made.note("The id is used twice. This one is called {id}.", id=slug)
        self._names.add(slug)
        text = compose(raw, made, slug, f"{file}, {place}")
        verdict = Verdict(
            file=file,
            id=named,
            form=form,
            verdict="draft",
            why=(*made.missing, *made.notes),
            draft=f"{slug}.yaml",
            new=earlier is None,
            loads=self._check(text.encode(), f"{slug}.yaml"),
        )
        if earlier is None:
            if self._write:
                self._save(slug, text)
            body = {"draft": slug, "file": file, "id": named, "form": form}
            self._ledger.keep(KIND, key, None, body)
        return verdict

    def _save(self, slug: str, text: str) -> None:
        path = self._folder / f"{slug}.yaml"
        private_folder(self._folder)
        try:
            if not path.exists():
                write_private(path, iter([text]))
        except OSError as error:
            raise AiosError(
                "Cannot write {file}: {reason}. What was imported stays; import again to continue.",
                file=str(path),
                reason=reason(error),
            ) from error

    def _free(self, slug: str, raw: Mapping[str, Any]) -> str:
        """Return a name that no other draft has; one of a stopped import is taken up again."""
        number, name = 1, slug
        while name in self._names or self._is_another(name, raw):
            number += 1
            name = f"{slug}-{number}"
        return name

    def _is_another(self, name: str, raw: Mapping[str, Any]) -> bool:
        path = self._folder / f"{name}.yaml"
        try:
            return path.exists() and original(raw) not in path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return True


def _given_id(raw: Mapping[str, Any], file: str) -> str:
    for key in ("id", "name"):
        value = raw.get(key)
        if isinstance(value, str | int) and str(value).strip():
            return str(value).strip()[:200]
    return PurePosixPath(file.removesuffix(MIGRATED)).stem


def _slug(named: str, file: str, place: int) -> str:
    """Return a name that may be an id; a name of other letters gives that of the file."""
    for text in (named, f"{PurePosixPath(file.removesuffix(MIGRATED)).stem}-{place}"):
        slug = _ODD.sub("-", text.lower()).strip("._-")[:MAX_ID].strip("._-")
        if slug:
            return slug
    return f"playbook-{place}"


def playbooks(value: Any) -> tuple[list[Any], bool]:
    """Return the playbooks of a file, and whether they stood in a wrapper."""
    if isinstance(value, dict) and isinstance(value.get("playbooks"), list | dict):
        inner = value["playbooks"]
        if isinstance(inner, dict):
            inner = [{"id": k, **x} if isinstance(x, dict) else x for k, x in inner.items()]
        return inner[:MAX_PLAYBOOKS], True
    return (value[:MAX_PLAYBOOKS] if isinstance(value, list) else [value]), False


# ---------------------------------------------------------------------- the file


def compose(raw: Mapping[str, Any], made: Sketch, slug: str, origin: str) -> str:
    """Return the draft's text: what is to be done, the playbook, the original as a comment."""
    head = [
        Say(
            "Draft, taken over from {origin}. It is not loaded from this folder.",
            {"origin": origin},
        )
    ]
    lines = [_comment(say.text()) for say in head]
    if made.missing:
        lines += [_comment(Say("To do:").text())]
        lines += [_comment(f"- {say.text()}") for say in made.missing]
    lines += [_comment(f"- {say.text()}") for say in made.notes]
    body = yaml.safe_dump(
        _fields(raw, made, slug), sort_keys=False, allow_unicode=True, width=1_000_000
    )
    return "\n".join([*lines, "", body + _comment(Say("The original:").text()), original(raw), ""])


def _fields(raw: Mapping[str, Any], made: Sketch, slug: str) -> dict[str, Any]:
    title = " ".join(_sound(raw.get("name") or raw.get("description") or slug).split())
    fields: dict[str, Any] = {
        "schema": 1,
        "id": slug,
        "title": title.replace("{", "(").replace("}", ")")[:200] or slug,
        "trigger": made.triggers,
        "enabled": False,
        "ask": True,
        "risk": made.danger.name.lower(),
    }
    if raw.get("description"):
        fields["why"] = _sound(raw["description"])[:2000].replace("{", "(").replace("}", ")")
    when = " && ".join(f"({part})" if len(made.when) > 1 else part for part in made.when)
    if len(when) > MAX_WHEN:
        made.lacks("The condition is longer than {limit} characters.", limit=MAX_WHEN)
        when = "false"
    if when:
        fields["when"] = when
    if limit := _limit(raw):
        fields["limits"] = [limit]
    fields["steps"] = made.steps
    if made.expect:
        fields["verify"] = {"expect": made.expect}
    return fields


def _limit(raw: Mapping[str, Any]) -> str:
    """Return how often it may run: once in its cool-down."""
    if minutes := positive(raw.get("cooldown_min")):
        return f"1 per {min(minutes, 525_600):.10g}m"
    if seconds := positive(raw.get("cooldown")):
        return f"1 per {min(seconds, 31_536_000):.10g}s"
    return ""


def original(raw: Mapping[str, Any]) -> str:
    """Return the playbook as it was, as a comment."""
    text = json.dumps(raw, ensure_ascii=False, indent=1)
    if len(text.encode("utf-8", "replace")) > MAX_ORIGINAL:
        text = json.dumps(raw)[: MAX_ORIGINAL // 2] + " …"
    return _comment(text)


def _comment(text: str) -> str:
    return "\n".join(f"# {line}" for line in _sound(text).split("\n"))


def _sound(value: Any) -> str:
    """Return a text that YAML can hold: unprintable signs as JSON writes them."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
