"""Storms: equal events become one piece of work, and every one of them is counted.

Equal are events of the same type, target and severity that are about the same episode of a signal,
or else say the same. The first of them begins a *story*. While its task waits, while it is
considered, and while a run that came of it is not finished, its equals are only counted; those that
say exactly the same also for a moment afterwards, so that a storm does not begin a new run the
moment one has ended. Each story that had repeats ends with one event that says how many.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

import msgspec

from aios_desktop.scheduler.task import Priority, Task, TaskState

if TYPE_CHECKING:
    from collections.abc import Callable

    from aios_desktop.clock import Clock
    from aios_desktop.events.model import Event
    from aios_desktop.reactor.facts import Publish
    from aios_desktop.scheduler.task import Scheduler

GAP_S: Final = 1.0  # a storm is over when nothing came for so long
LONGEST_S: Final = 60.0  # after so long an event that goes on and on is considered anew
MOST_STORIES: Final = 4096
SWEEP_S: Final = 2.0
OLDEST: Final = 16  # looked at when there is no room; whoever publishes waits for it

_Identity = tuple[str, str, str, str]  # type, target, severity, signal or digest


class _Phase(Enum):
    WAITING = 1  # the task has not begun
    CONSIDERED = 2  # a worker chooses, or the next candidate is about to be tried
    RUNNING = 3  # a run came of it
    OVER = 4


@dataclass(slots=True)
class _Story:
    identity: _Identity
    first: int  # id of the event that began it
    digest: bytes  # of what it says
    trace: int
    task: Task | None = None
    phase: _Phase = _Phase.WAITING
    run: int = 0
    last: int = 0
    seen: float = 0.0  # monotonic, when the last one came
    over: float | None = None  # monotonic, when it was first found over
    counted: int = 0  # since the task began; those before are in the task

    @property
    def repeats(self) -> int:
        return self.counted + (self.task.repeats if self.task is not None else 0)


class Storms:
    """Gives the first of equal events to the scheduler and counts the others. For any thread.

    ``is_open(run)`` says whether a run is unfinished.
    """

    def __init__(
        self, scheduler: Scheduler, clock: Clock, publish: Publish, is_open: Callable[[int], bool]
    ) -> None:
        self._scheduler = scheduler
        self._now = clock.monotonic
        self._publish = publish
        self._is_open = is_open
        self._lock = threading.Lock()
        self._stories: dict[_Identity, _Story] = {}
        self._by_first: dict[int, _Story] = {}
        self._armed = False

    def offer(self, event: Event, priority: Priority, work: Callable[[], None]) -> bool:
        """Submit ``work`` for an event, or count it as a repeat; return whether it is the first."""
        identity, digest = _identity(event)
        with self._lock:
            now = self._now()
            story = self._stories.get(identity)
            ended: list[_Story] = []
            if story is not None:
                if self._counts(story, digest, now):
                    return self._count(story, event, priority, work, now)
                ended.append(self._drop(story))
            elif len(self._stories) >= MOST_STORIES:
                ended.append(self._drop(self._least_needed()))
            story = _Story(identity, event.id, digest, event.trace, last=event.id, seen=now)
            story.task = self._submit(story, priority, work)
            if story.task.state is not TaskState.DROPPED:
                self._stories[identity] = self._by_first[event.id] = story
        self._tell(ended)
        return True

    def begin(self, event: Event) -> None:
        """Take note that a worker has taken an event up."""
        with self._lock:
            story = self._by_first.get(event.id)
            if story is not None:
                story.phase = _Phase.CONSIDERED

    def considered(self, event: Event, run: int) -> None:
        """Take note of the run that came of an event, 0 for none."""
        with self._lock:
            story = self._by_first.get(event.id)
            if story is not None:
                story.run = run or story.run
                story.phase = _Phase.RUNNING if run else _Phase.OVER

    def goes_on(self, event: Event) -> None:
        """Take note that another candidate is about to be tried for an event."""
        with self._lock:
            story = self._by_first.get(event.id)
            if story is not None:
                story.phase = _Phase.CONSIDERED

    def resume(self, event: Event, run: int) -> None:
        """Take up the story of a run that was unfinished when AIOS stopped."""
        identity, digest = _identity(event)
        with self._lock:
            if identity not in self._stories and len(self._stories) < MOST_STORIES:
                story = _Story(
                    identity, event.id, digest, event.trace, last=event.id, seen=self._now()
                )
                story.phase, story.run = _Phase.RUNNING, run
                self._stories[identity] = self._by_first[event.id] = story

    def repeats(self, event: Event) -> int:
        """Return how many equal events came after an event that began a story."""
        with self._lock:
            story = self._by_first.get(event.id)
            return story.repeats if story is not None else 0

    def sweep(self) -> None:
        """End the stories that are over and tell of their repeats; come back while there are any."""
        with self._lock:
            now = self._now()
            over = [x for x in self._stories.values() if not self._may_grow(x, now)]
            for story in over:
                self._drop(story)
            self._armed = any(x.repeats for x in self._stories.values())
            again = self._armed
        self._tell(over)
        if again:
            self._arm()

    # ------------------------------------------------------------------ inside, under the lock

    def _is_over(self, story: _Story) -> bool:
        if story.phase is _Phase.RUNNING and not self._is_open(story.run):
            story.phase = _Phase.OVER
        if story.phase is _Phase.WAITING and story.task is not None:
            return story.task.state not in {TaskState.WAITING, TaskState.RUNNING}
        return story.phase is _Phase.OVER

    def _may_grow(self, story: _Story, now: float) -> bool:
        """Say whether an event that says the same would still be counted as a repeat."""
        if not self._is_over(story):
            story.over = None
            return True
        if story.phase is _Phase.WAITING:  # dropped before it began
            return False
        if story.over is None:
            story.over = now
        return now - story.seen < GAP_S and now - story.over < LONGEST_S

    def _counts(self, story: _Story, digest: bytes, now: float) -> bool:
        """Say whether an equal event belongs to the story."""
        if not self._is_over(story):
            return True
        return digest == story.digest and self._may_grow(story, now)

    def _count(
        self,
        story: _Story,
        event: Event,
        priority: Priority,
        work: Callable[[], None],
        now: float,
    ) -> bool:
        story.last, story.seen = event.id, now
        if story.phase is _Phase.WAITING:
            self._submit(story, priority, work)  # the scheduler counts it, and may lift the task
        else:
            story.counted += 1
        if not self._armed:
            self._armed = True
            self._arm()
        return False

    def _submit(self, story: _Story, priority: Priority, work: Callable[[], None]) -> Task:
        return self._scheduler.submit(
            work,
            priority=priority,
            name=story.identity[0],
            key=story.identity[:2],
            same_as=story.identity,
        )

    def _arm(self) -> None:
        self._scheduler.after(SWEEP_S, self.sweep, name="storms")

    def _least_needed(self) -> _Story:
        """Return one of the oldest stories that is over, or else the oldest."""
        oldest = list(itertools.islice(self._stories.values(), OLDEST))
        return next((x for x in oldest if self._is_over(x)), oldest[0])

    def _drop(self, story: _Story) -> _Story:
        del self._stories[story.identity]
        del self._by_first[story.first]
        return story

    def _tell(self, stories: list[_Story]) -> None:
        """Publish how many repeats each story had (not under the lock)."""
        for story in stories:
            if story.repeats:
                self._publish(
                    "scheduler.repeated",
                    source="reactor",
                    target=story.identity[1],
                    data={
                        "event": story.first,
                        "type": story.identity[0],
                        "last": story.last,
                        "repeats": story.repeats,
                        "run": story.run,
                    },
                    trace=story.trace,
                )


_encode: Final = msgspec.json.Encoder(order="deterministic").encode


def _identity(event: Event) -> tuple[_Identity, bytes]:
    """Return what makes events equal, and the digest of what this one says."""
    try:
        text = _encode(event.data)
    except (TypeError, ValueError):
        text = repr(event.data).encode(errors="replace")
    digest = hashlib.blake2b(text, digest_size=16).digest()
    signal = event.data.get("signal")
    about = digest.hex()
    if isinstance(signal, str) and signal:
        about = f"signal {signal} {event.data.get('episode')}"
    return (event.type, event.target, event.severity, about), digest
