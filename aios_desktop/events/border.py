"""The border: what may become an event. Anything else is refused with a reason, or cut to size."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any, Final

from aios_desktop.errors import AiosError
from aios_desktop.events.model import MAX_DATA_BYTES, MAX_TYPE, TYPE_FORM, Json, Severity
from aios_desktop.events.rows import DAY_US, encode, encode_whole

AHEAD_US: Final = DAY_US  # a clock may be wrong; more than a day is nonsense
MAX_DEPTH: Final = 100
HEAD_CHARS: Final = 1000  # of a payload that is cut off, for people to recognise it
_SEVERITIES: Final = {str(severity): severity for severity in Severity}


class Refused(AiosError):
    """An event that breaks a rule of the border."""


def check_type(type_: object) -> None:
    """Raise Refused for a type that is not of the form ``domain.what``."""
    if not isinstance(type_, str) or len(type_) > MAX_TYPE or not TYPE_FORM.match(type_):
        raise Refused(
            "{type} is not an event type. Use small letters, digits and at least one dot,"
            " such as resource.high.",
            type=repr(type_)[: MAX_TYPE + 2],
        )


def severity_of(value: object) -> Severity:
    """Return the severity with this name. Raises Refused for an unknown one."""
    found = _SEVERITIES.get(value) if isinstance(value, str) else None
    if found is None:
        raise Refused(
            "{value} is not one of {words}.",
            value=repr(value)[:100],
            words=", ".join(Severity),
        )
    return found


def check_time(stamp: int, now_us: int) -> None:
    """Raise Refused for an id that is no time, or one far in the future."""
    if not 0 < stamp <= now_us + AHEAD_US:
        raise Refused(
            "The time {time} of the event is impossible or more than a day ahead. Check the clock.",
            time=stamp / 1_000_000 if abs(stamp) < 2**63 else "?",
        )


def payload(data: Mapping[str, Json]) -> tuple[Mapping[str, Json], str]:
    """Return a payload (itself) and its JSON. Raises Refused for a number that JSON lacks.

    One beyond the limit becomes a marker with its size, its hash and its beginning.
    """
    raw = encode_whole(data)
    if raw is None or b"null" in raw:  # NaN and infinity are encoded as null
        _check_finite(data, 0)
        raw = raw or encode(data).encode()
    if len(raw) <= MAX_DATA_BYTES:
        return data, raw.decode()
    marker = truncated(raw)
    return marker, encode(marker)


def truncated(raw: bytes) -> dict[str, Any]:
    """Return what stands for a payload that is too large."""
    return {
        "truncated": True,
        "bytes": len(raw),
        "sha256": hashlib.sha256(raw).hexdigest(),
        "head": raw[:HEAD_CHARS].decode("utf-8", "ignore"),
    }


def _check_finite(value: object, depth: int) -> None:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Refused(
                "A number in the payload is not finite ({value}). Leave it out, or send null.",
                value=value,
            )
    elif depth < MAX_DEPTH:
        if isinstance(value, Mapping):
            for each in value.values():
                _check_finite(each, depth + 1)
        elif isinstance(value, list | tuple | set | frozenset):
            for each in value:
                _check_finite(each, depth + 1)
