"""What it costs to archive a day, and what the archive answers.

    python tests/benchmarks/archive.py [--events 1000000]

Goals: a day of a million events in at most 5 CPU seconds and 64 MB more memory than Python with
our imports; at most 60 bytes an event; the same rows afterwards; zstdcat prints JSON lines.
Payloads are about 220 bytes with a random 128-bit number each, so 16 bytes cannot be packed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from aios_desktop.events import database
from aios_desktop.events.archive import archive_file
from aios_desktop.events.dayfile import LAYOUT, file_name
from aios_desktop.events.model import EventQuery
from aios_desktop.events.reader import EventReader
from aios_desktop.events.rows import DAY_US
from aios_desktop.events.watch import QueryCancelled, Watch

DAY = 20_000
KINDS = 20


def make(folder: Path, count: int) -> None:
    """Write a day file as the store would."""
    folder.mkdir(parents=True)
    connection = database.open_for_writing(folder / file_name(DAY))
    connection.execute(LAYOUT)
    words = [(n, f"resource.kind{n}") for n in range(1, KINDS + 1)]
    words += [(n + KINDS, f"source{n}") for n in range(1, 6)]
    chance = random.Random(1)

    def rows() -> Iterator[tuple[object, ...]]:
        step = DAY_US // count
        for n in range(count):
            data = {
                "id": f"{chance.getrandbits(128):032x}",
                "value": round(chance.random() * 100, 2),
                "host": f"machine-{chance.randrange(20)}",
                "process": "worker",
                "pid": chance.randrange(30_000),
                "threshold": 80.0,
                "note": "the value stays above its level for long enough",
                "signal": "cpu",
                "phase": "raised",
            }
            text = json.dumps(data, separators=(",", ":"))
            stamp = DAY * DAY_US + n * step + chance.randrange(step)
            severity = 1 if chance.random() < 0.1 else 0
            trace = stamp - step if n % 3 == 2 else None
            code, source = 1 + chance.randrange(KINDS), KINDS + 1 + chance.randrange(5)
            yield stamp, code, source, severity, "", trace, 0, text

    with connection:
        connection.executemany("INSERT INTO word VALUES (?, ?)", words)
        connection.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows())
    connection.close()


def digest(folder: Path) -> str:
    """Return a hash over every field of every event, read through the public API."""
    reader = EventReader(folder)
    found = hashlib.sha256()
    query = EventQuery(limit=10_000)
    while page := reader.query(query):
        for event in page:
            found.update(repr(event).encode())
        query = EventQuery(limit=10_000, until=(page[-1].id - 1) / 1e6)
    reader.close()
    return found.hexdigest()


def child(*arguments: str) -> tuple[float, float, float]:
    """Run Python; return its CPU seconds, its wall seconds and its largest memory in MB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    code = (
        "import re, runpy, sys\n"
        "try: runpy.run_module(sys.argv[0], run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1], file=sys.stderr)\n"
    )
    code = code.replace("sys.argv[0]", "sys.argv.pop(1)")
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall, int(done.stderr.split()[-1]) / 1024


def latency(ask: Callable[[], object], times: int = 200) -> tuple[float, float]:
    """Return p50 and p99 in milliseconds."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - start) * 1e3)
    taken.sort()
    return statistics.median(taken), taken[min(len(taken) - 1, int(len(taken) * 0.99))]


def questions(folder: Path, count: int) -> None:
    """Print how long questions take."""
    reader = EventReader(folder)
    low = DAY * 86_400.0
    trace = reader.query(EventQuery(limit=3))[-1].trace

    def first_page() -> None:
        reader.query(EventQuery(text="no such text"), Watch(cancelled=iter([0, 0, 1]).__next__))  # type: ignore[arg-type]

    def cancelled() -> None:
        try:
            first_page()
        except QueryCancelled:
            return

    for name, ask, times in (
        ("last 100 of a type", lambda: reader.query(EventQuery(type="resource.kind7", limit=100)), 200),
        ("last 100", lambda: reader.query(EventQuery(limit=100)), 200),
        ("60 s", lambda: reader.query(EventQuery(since=low + 40_000, until=low + 40_060)), 200),
        ("a trace", lambda: reader.query(EventQuery(trace=trace)), 20),
        ("a text, first page", lambda: reader.query(EventQuery(text="machine-7")), 20),
        ("a text that is nowhere", lambda: reader.query(EventQuery(text="no such text")), 3),
        ("counts per hour", lambda: reader.hours(EventQuery()), 20),
        ("a search that is stopped", cancelled, 20),
    ):  # fmt: skip
        p50, p99 = latency(ask, times)
        print(f"  {name:<26} p50 {p50:8.2f} ms   p99 {p99:8.2f} ms")
    reader.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    count = parser.parse_args().events
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "events"
        make(folder, count)
        raw = (folder / file_name(DAY)).stat().st_size
        print(f"load {os.getloadavg()[0]:.2f}; {count} events, raw {raw / count:.1f} bytes each")
        before = digest(folder)
        questions(folder, count)
        _, _, bare = child("aios_desktop.events.archiver", str(folder), "--archive-before", "0")
        command = ("aios_desktop.events.archiver", str(folder), "--archive-before", str(DAY + 1))
        cpu, wall, memory = child(*command)
        path = archive_file(folder, DAY)
        size = path.stat().st_size
        assert not (folder / file_name(DAY)).exists()
        print(
            f"archived: {cpu:.2f} CPU s, {wall:.2f} s, {memory - bare:.1f} MB more than {bare:.1f} MB,"
            f" {size / count:.1f} bytes an event"
        )
        print(f"identical: {digest(folder) == before}")
        questions(folder, count)
        if tool := shutil.which("zstdcat"):
            done = subprocess.run([tool, str(path)], check=True, capture_output=True)
            lines = done.stdout.splitlines()
            print(
                f"zstdcat: {len(lines)} lines, {len(done.stdout) / count:.1f} bytes each; {len(json.loads(lines[-1]))} fields"
            )


if __name__ == "__main__":
    main()
