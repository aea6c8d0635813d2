"""Runs whose result is being judged: feeds each with fresh readings until there is a verdict."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

from aios_desktop.reactor import fields
from aios_desktop.reactor.records import State
from aios_desktop.reactor.verification import Verdict, Verification
from aios_desktop.scheduler.task import Priority

if TYPE_CHECKING:
    from collections.abc import Callable

    from aios_desktop.events.model import Event
    from aios_desktop.reactor.means import Means
    from aios_desktop.reactor.playbook import Verify
    from aios_desktop.reactor.records import Run
    from aios_desktop.reactor.runner import Runner


class Judging:
    """Keeps one judgement a run; ``conclude(run_id, verdict)`` ends it, on a worker."""

    def __init__(
        self, means: Means, runner: Runner, conclude: Callable[[int, Verdict], None]
    ) -> None:
        self._means = means
        self._runner = runner
        self._conclude = conclude
        self._lock = threading.Lock()
        self._running: dict[int, Verification] = {}

    def begin(self, run: Run, verify: Verify) -> None:
        """Begin to judge a run, from now on."""
        now = self._means.clock.monotonic()
        values = fields.values_of(run.origin)
        values |= {f"before.{name}": value for name, value in run.before.items()}
        judged = Verification(
            expect=verify.expect,
            worse=verify.worse,
            fixed_values=values,
            not_before=now + verify.settle_s,
            until=now + verify.settle_s + verify.within_s,
        )
        with self._lock:
            self._running[run.id] = judged
        self._means.scheduler.after(
            verify.settle_s + verify.within_s,
            lambda: self._time_is_over(run.id, judged),
            priority=Priority.P1,
            name="verification deadline",
        )

    def running(self) -> list[int]:
        """Return the runs that are being judged."""
        with self._lock:
            return list(self._running)

    def on_reading(self) -> None:
        """Take note that a fresh reading is there; returns at once."""
        for run_id in self.running():
            self._means.scheduler.submit(
                functools.partial(self._judge, run_id),
                priority=Priority.P1,
                name="verify",
                same_as=("verify", run_id),  # a slow one judges by the newest reading anyway
            )

    def count_alarm(self, event: Event) -> None:
        """Take note of a critical event: it speaks against every run it does not belong to."""
        with self._lock:
            for run_id, judged in self._running.items():
                run = self._means.journal.run(run_id)
                if run is not None and event.trace != run.origin.trace:
                    judged.alarms += 1

    def _judge(self, run_id: int) -> None:
        latest = self._means.facts.latest()
        run = self._means.journal.run(run_id)
        with self._lock:
            judged = self._running.get(run_id)
        if latest is None or run is None or judged is None or latest.mono < judged.not_before:
            return
        if run.state is State.SETTLING:
            self._means.journal.move(run_id, {State.SETTLING}, State.VERIFYING)
        values: dict[str, Any] = {f"metric.{name}": x for name, x in latest.metrics.items()}
        values |= {f"target.{name}": x for name, x in self._runner.measure(run).items()}
        values["signal.raised"] = bool(run.signal and self._means.facts.is_raised(run.signal))
        with self._lock:
            verdict = judged.feed(latest.mono, values)
        if verdict is not None:
            self._end(run_id, judged, verdict)

    def _time_is_over(self, run_id: int, judged: Verification) -> None:
        with self._lock:
            if self._running.get(run_id) is not judged:
                return
            verdict = judged.expire()
        self._end(run_id, judged, verdict)

    def _end(self, run_id: int, judged: Verification, verdict: Verdict) -> None:
        with self._lock:
            if self._running.get(run_id) is not judged:
                return
            del self._running[run_id]
        self._conclude(run_id, verdict)
