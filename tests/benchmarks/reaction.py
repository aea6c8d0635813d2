"""How long from an event to the start of its reaction, with the window open.

    python tests/benchmarks/reaction.py [--rounds 5] [--events 200] [--playbooks 1000]

Figures beside a bare hand-off between two threads, all measured in turns in one process with the
whole application running (window, sensors, store):

hand-off      a SimpleQueue from thread to thread, a thousand a second: the floor
reaction      published until a worker begins to choose among its playbooks, a thousand a second
hand-off rare, reaction rare    the same every 30 ms: what a processor that slept in between takes
action        published until the action begins, every 30 ms: chosen, planned, journal on the disk
fsync         one journal commit alone, for comparison: nothing durable can be faster

Goals: reaction p50 at most 4 times the hand-off, p99 at most 5 times.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from aios_desktop.clock import SystemClock
from aios_desktop.config import Config
from aios_desktop.paths import Paths, find
from aios_desktop.reactor.choosing import Choice, Chooser
from aios_desktop.runtime.core import RunningCore
from aios_desktop.runtime.launch import Instance, launch
from aios_desktop.ui.app import Desktop, run_app

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aios_desktop.events.model import Event
    from aios_desktop.reactor.playbook import Playbook

PLAYBOOK = """schema: 1
id: bench_{n}
title: Benchmark {n}
trigger: [bench.{kind}{type:02}]
when: event.source == "{source}"
limits: []
steps: [{{do: notify, with: {{text: x}}}}]
"""
TYPES = 50
OFTEN_S = 0.001
RARE_S = 0.03


class Handoff:
    """The floor: one thread waits for another on a SimpleQueue."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[int | None] = SimpleQueue()
        self.took: list[float] = []
        self._thread = threading.Thread(target=self._wait, daemon=True)
        self._thread.start()

    def _wait(self) -> None:
        while (sent := self._queue.get()) is not None:
            self.took.append((time.perf_counter_ns() - sent) / 1000)

    def fire(self) -> None:
        self._queue.put(time.perf_counter_ns())


class Reactions:
    """Publishes events, as the sensors do, and notes when their reactions begin."""

    def __init__(self, core: RunningCore) -> None:
        self._core = core
        self._sent: dict[int, int] = {}
        self._acting = 0
        self.chosen: dict[str, list[float]] = {"quiet": [], "acts": []}
        self.acted: list[float] = []
        core.listen(self._see)
        choose = Chooser.choose

        def noted(chooser: Chooser, event: Event, candidates: Sequence[Playbook]) -> Choice:
            now = time.perf_counter_ns()
            if (sent := self._sent.get(int(event.data.get("n", -1)))) is not None:
                self.chosen[event.type.split(".")[1][:-2]].append((now - sent) / 1000)
            return choose(chooser, event, candidates)

        Chooser.choose = noted  # type: ignore[method-assign,assignment]

    def fire(self, kind: str, count: int, gap_s: float) -> None:
        """Publish ``count`` events of one kind: ``quiet`` ones meet no true condition."""
        for _ in range(count):
            n = len(self._sent)
            self._acting += kind == "acts"
            self._sent[n] = time.perf_counter_ns()
            self._core._p.bus.publish(
                f"bench.{kind}{n % TYPES:02}", source="bench", target=str(n), data={"n": n}
            )
            time.sleep(gap_s)

    def wait(self) -> None:
        """Wait until every reaction has begun."""
        deadline = time.monotonic() + 30
        while self.lost() and time.monotonic() < deadline:
            time.sleep(0.05)

    def lost(self) -> int:
        """Return how many reactions have not begun."""
        return (
            len(self._sent) - sum(map(len, self.chosen.values())) + self._acting - len(self.acted)
        )

    def _see(self, event: Event) -> None:
        if event.type == "action.triggered" and event.target.isdigit():
            now = time.perf_counter_ns()
            self.acted.append((now - self._sent[int(event.target)]) / 1000)


def measure(core: RunningCore, rounds: int, events: int, say: Callable[[str], None]) -> None:
    """Fire in turns and print."""
    often, rare = Handoff(), Handoff()
    reactions = Reactions(core)
    for _ in range(rounds):
        for _ in range(5 * events):
            often.fire()
            time.sleep(OFTEN_S)
        reactions.fire("quiet", 5 * events, OFTEN_S)
        for _ in range(events):
            rare.fire()
            time.sleep(RARE_S)
        reactions.fire("acts", events, RARE_S)
    reactions.wait()
    say(f"load {os.getloadavg()[0]:.2f}, {len(reactions.acted)} runs, {reactions.lost()} lost")
    rows = (
        ("hand-off", often.took, often.took),
        ("reaction", reactions.chosen["quiet"], often.took),
        ("hand-off rare", rare.took, rare.took),
        ("reaction rare", reactions.chosen["acts"], rare.took),
        ("action", reactions.acted, rare.took),
        ("fsync", commits(core), rare.took),
    )
    for name, took, floor in rows:
        (p50, p99), (f50, f99) = figures(took), figures(floor)
        ratios = f"ratio p50 {p50 / f50:6.1f}   p99 {p99 / f99:6.1f}"
        say(f"{name:<14} p50 {p50:9.1f} us   p99 {p99:9.1f} us   {ratios}")


def commits(core: RunningCore) -> list[float]:
    """Return how long journal commits take, in microseconds."""
    took = []
    for _ in range(200):
        start = time.perf_counter_ns()
        with core._p.db.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO good_playbook VALUES ('bench', '', x'')")
        took.append((time.perf_counter_ns() - start) / 1000)
    return took


def figures(took: list[float]) -> tuple[float, float]:
    """Return median and 99th percentile."""
    return statistics.median(took), statistics.quantiles(took, n=100)[98]


def prepare(folder: Path, playbooks: int) -> Paths:
    """Write the playbooks: a few per event type, one of them acts."""
    paths = find(folder)
    paths.playbooks.mkdir(parents=True, mode=0o700)
    for n in range(playbooks):
        acts = n < TYPES  # one a type; all others find their condition false
        text = PLAYBOOK.format(
            n=n,
            type=n % TYPES,
            kind="acts" if acts or n // TYPES % 2 else "quiet",
            source="bench" if acts else "nobody",
        )
        (paths.playbooks / f"{n:05}.yaml").write_text(text)
    return paths


def main() -> None:
    """Run the application and measure beside it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=100)
    parser.add_argument("--playbooks", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        paths = prepare(Path(name), min(options.playbooks, 990))
        made: list[Instance] = []

        def factory() -> RunningCore:
            config = Config(paths.options)
            made.append(launch(paths, SystemClock(), config))
            return made[0].core

        def ready(desktop: Desktop) -> None:
            def work() -> None:
                time.sleep(3)
                measure(made[0].core, options.rounds, options.events, print)
                desktop.frame.closed.emit()

            threading.Thread(target=work, daemon=True).start()

        run_app(factory, places=paths, clock=SystemClock(), ready=ready)
        made[0].stop()


if __name__ == "__main__":
    main()
