"""A made-up workspace of an older AIOS: readable files from ``data``, odd ones made here."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

from aios_desktop.migration.importer import IMPORTED, Importer
from aios_desktop.migration.ledger import Ledger
from aios_desktop.migration.moments import zone
from aios_desktop.migration.places import Folder
from aios_desktop.paths import Paths, find
from tests.fakes import FakeClock

DATA = Path(__file__).parent / "data"
NOW = 1_774_000_000.0  # 2026-03-20


def workspace(place: Path) -> Path:
    """Lay out the whole workspace under ``place``."""
    root = place / "workspace"
    shutil.copytree(DATA / "workspace", root)
    events = root / "aios/events"
    wide = [
        {"id": f"wide-{n}", "type": "宽.字", "source": "x", "timestamp": 1773100900000 + n}
        for n in range(2)
    ]
    text = "\r\n".join(json.dumps(x, ensure_ascii=False) for x in wide)
    (events / "event_bus.jsonl").write_bytes(b"\xff\xfe" + text.encode("utf-16-le"))
    odd = (
        b'{"id": "gb", "type": "a.gb", "timestamp": 1773101000000, "payload": {"m": "\xb4\xed"}}\n'
    )
    odd += b'{"id": "bad", "type": "a.b", "m": "\xff\xff"}\n'
    odd += b'{"id": "nul", "type": "a.b"\x00\x00}\n'
    (events / "queue/2026-03-11.jsonl").write_bytes(odd)
    packed = b"".join(
        b'{"id": "gz-%d", "type": "g.z", "timestamp": %d}\n' % (n, 1773000000000 + n)
        for n in range(3)
    )
    days = root / "aios/data/events/archive"
    days.mkdir(parents=True)
    (days / "2026-03-08.jsonl.gz").write_bytes(gzip.compress(packed))
    (days / "2026-03-09.jsonl.gz").write_bytes(gzip.compress(packed)[:-12])
    (root / "aios/aios.db").write_bytes(b"")
    database(root / "aios/storage/aios.db")
    return root


def database(path: Path) -> None:
    """Make an ``aios.db`` with three events, one of them with a broken payload, and a task."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "CREATE TABLE events(event_id TEXT PRIMARY KEY, event_type TEXT NOT NULL,"
            " agent_id TEXT, timestamp REAL NOT NULL, data_json TEXT NOT NULL, severity TEXT);"
            "CREATE TABLE task_history(task_id TEXT PRIMARY KEY, agent_id TEXT, status TEXT,"
            " created_at REAL, result_json TEXT);"
            "CREATE TABLE contexts(context_data TEXT);"
            "INSERT INTO contexts VALUES ('a diary');"
            "INSERT INTO task_history VALUES ('h1', 'a', 'completed', 1773000000.0, '{}');"
        )
        connection.executemany(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)",
            [
                ("db-1", "agent.created", "a1", 1773000100.0, '{"n": 1}', "info"),
                ("db-2", "circuit.opened", "a1", 1773000100.0, "{broken", "warn"),
                ("ev-2", "agent_error", "a1", 1773100801.0, "{}", "error"),  # known by its id
            ],
        )
    connection.close()


def take(
    root: Path,
    home: Path,
    *,
    dry_run: bool = False,
    now: float = NOW,
    timezone: str = "",
    keep_days: float = 0,
) -> dict[str, Any]:
    """Import a folder into the data folder ``home``; return the report as plain data."""
    paths: Paths = find(home)
    ledger = Ledger(paths.data / IMPORTED, dry_run=dry_run)
    try:
        importer = Importer(
            Folder(root),
            paths,
            ledger,
            FakeClock(now),
            dry_run=dry_run,
            zone=zone(timezone) if timezone else None,
            keep_days=keep_days,
            check=lambda _raw, _name: True,
        )
        return importer.run().to_json()
    finally:
        ledger.close()


def by_name(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the files of a report by their names."""
    return {file["file"]: file for file in report["files"]}


def prints(root: Path) -> dict[str, str]:
    """Return what tells one state of a folder from another: names, times and content."""
    found = {}
    for path in sorted(root.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        digest = hashlib.sha256(content).hexdigest()
        found[str(path.relative_to(root))] = f"{path.lstat().st_mtime_ns} {digest}"
    return found
