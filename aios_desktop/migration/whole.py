"""Reads a ``.json`` file whole, or refuses it whole with its place."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aios_desktop.migration.reading import LIMIT, Fault, Why

if TYPE_CHECKING:
    from aios_desktop.migration.reading import Stream


@dataclass(frozen=True, slots=True)
class Whole:
    """A ``.json`` file: its value, or what is wrong with it."""

    value: Any
    fault: Fault | None
    lines: int
    encoding: str


def read_json(stream: Stream, limit: int = LIMIT) -> Whole:
    """Read a ``.json`` file whole."""
    try:
        raw = stream.read(limit + 1)
    except OSError as error:
        return Whole(None, Fault(0, Why.UNREADABLE, error.strerror or str(error)), 0, "")
    if len(raw) > limit:
        return Whole(None, Fault(0, Why.TOO_LONG), 0, "")
    text, encoding = decode(raw)
    if text is None:
        return Whole(None, Fault(0, Why.NOT_TEXT), 0, encoding)
    lines = len(text.splitlines())
    if not text.strip():
        return Whole(None, Fault(1, Why.EMPTY, "", 1), lines, encoding)
    try:
        return Whole(json.loads(text), None, lines, encoding)
    except json.JSONDecodeError as error:
        fault = Fault(error.lineno, Why.NOT_JSON, error.msg, error.colno)
    except (ValueError, RecursionError) as error:
        fault = Fault(1, Why.NOT_JSON, str(error)[:200], 1)
    return Whole(None, fault, lines, encoding)


def decode(raw: bytes) -> tuple[str | None, str]:
    """Return the text of a whole file and its encoding; no text when it has none."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if raw.startswith(mark):
            try:
                body = raw[len(mark) :]
                return body.decode(encoding.removesuffix("-sig")), encoding
            except UnicodeDecodeError:
                return None, encoding
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return None, ""
