"""An event as the store keeps it: flat, its payload as JSON text of bounded size."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from aios_desktop.events.model import MAX_DATA_BYTES, MAX_TYPE, Event, Json, Severity

MAX_SOURCE: Final = 200
MAX_TARGET: Final = 2000
DAY_US: Final = 86_400_000_000
LAST_DAY: Final = 2_932_896  # 9999-12-31
MAX_ID: Final = (LAST_DAY + 1) * DAY_US
_SEVERITIES: Final = tuple(Severity)
RANKS: Final = {severity: severity.rank for severity in Severity}


class Row(NamedTuple):
    """One stored event. ``trace`` is 0 when the event is the first of its story."""

    id: int
    type: str
    source: str
    severity: int
    target: str
    trace: int
    cause: int
    data: str


def day_of(stamp: int) -> int:
    """Return the UTC day of an event id, in days since the epoch."""
    return stamp // DAY_US


def pack(event: Event, text: str = "") -> Row:
    """Make the row of an event. Raises ValueError for an id that no day can hold.

    ``text`` is the payload as JSON, for callers that have it already.

    Every event passes here in its publisher's thread, so what is usual is done in place.
    """
    stamp, trace, target, data = event.id, event.trace, event.target, event.data
    if not 0 < stamp < MAX_ID:
        raise ValueError(stamp)
    return tuple.__new__(  # Row(...) costs twice as much
        Row,
        (
            stamp,
            clean(event.type, MAX_TYPE),
            clean(event.source, MAX_SOURCE),
            RANKS[event.severity],
            clean(target, MAX_TARGET) if target else "",
            trace if trace != stamp and 0 < trace < MAX_ID else 0,
            event.cause if 0 < event.cause < MAX_ID else 0,
            text or (encode(data) if data else "{}"),
        ),
    )


def unpack(row: Row) -> Event:
    """Make the event of a row; a payload that cannot be read says so."""
    return Event(
        row.id,
        row.type,
        row.source,
        _SEVERITIES[row.severity] if 0 <= row.severity < len(_SEVERITIES) else Severity.INFO,
        row.target,
        decode(row.data) if row.data != "{}" else {},
        row.trace or row.id,
        row.cause,
    )


def encode(data: Mapping[str, Json]) -> str:
    """Return the payload as JSON; a payload beyond the limit is replaced by its size and hash."""
    try:  # every event passes here
        raw = _encode(data)
    except Exception:  # noqa: BLE001  payloads come from everywhere and may hold anything
        raw = encode_whole(data) or _encode_odd(data)
    if len(raw) > MAX_DATA_BYTES:
        digest = hashlib.sha256(raw).hexdigest()
        return f'{{"truncated":true,"bytes":{len(raw)},"sha256":"{digest}"}}'
    return raw.decode()


def encode_whole(data: Mapping[str, Json]) -> bytes | None:
    """Return the payload as JSON of any size; None when it holds what JSON does not know."""
    try:
        return _encode(data if type(data) is dict else dict(data))
    except Exception:  # noqa: BLE001  payloads come from everywhere and may hold anything
        return None


def decode(text: str) -> Mapping[str, Json]:
    """Return the payload that ``encode`` wrote."""
    try:
        data = msgspec.json.decode(text)
    except msgspec.DecodeError:
        try:
            data = json.loads(text)  # knows lone surrogates and NaN
        except (ValueError, RecursionError):
            return {"unreadable": text[:200]}
    return data if isinstance(data, dict) else {"unreadable": text[:200]}


def _encode_odd(data: Mapping[str, Json]) -> bytes:
    """Encode what the fast encoder refuses: odd keys, lone surrogates of file names, cycles."""
    try:
        return json.dumps(dict(data), default=_plain, skipkeys=True).encode()
    except Exception:  # noqa: BLE001  see above
        return b'{"unencodable":true}'


def _plain(value: object) -> object:
    """Turn a value that JSON does not know into one that it does."""
    return dict(value) if isinstance(value, Mapping) else str(value)


def clean(text: str, limit: int) -> str:
    """Return text that SQLite can hold: bounded, no lone surrogates, no NUL."""
    if len(text) > limit:
        text = text[:limit]
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode()
    return text.replace("\0", "\\0") if "\0" in text else text


_encode: Final = msgspec.json.Encoder(enc_hook=_plain).encode
