"""The bus: carries an event to the store and then to everybody who asked for its type.

Handlers run in the publisher's thread and must return at once: they push into a queue or set a
flag. A handler that raises is logged and counted, and the others still run.
"""

from __future__ import annotations

import logging
import re
import threading
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING, Final

from aios_desktop.errors import AiosError
from aios_desktop.events import border
from aios_desktop.events.model import MAX_TYPE, Event, Json, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aios_desktop.events.stamp import Stamps

    Handler = Callable[[Event], None]
    Sink = Callable[[Event, bool, str], None]

logger = logging.getLogger(__name__)

_WORD = "[a-z0-9][a-z0-9_-]*"
PATTERN_FORM: Final = re.compile(rf"(\*|{_WORD}(\.{_WORD})*\.(\*|{_WORD}))\Z")
SLOW_S: Final = 0.005  # a handler that takes longer holds up who published
SAMPLE: Final = 15  # of ready events one in sixteen is timed: it costs as much as handing one on
MAX_ROUTES: Final = 4096  # types come from outside too; beyond this the table is built anew


@dataclass(frozen=True, slots=True)
class SlowHandler:
    """A handler that did not return at once, how often, and how long it took at worst."""

    name: str
    pattern: str
    count: int
    worst_s: float


class _Subscription:
    """One handler and what it wants."""

    __slots__ = ("faults", "handler", "pattern", "slow", "worst_s")

    def __init__(self, pattern: str, handler: Handler) -> None:
        self.pattern = pattern
        self.handler = handler
        self.faults = 0
        self.slow = 0
        self.worst_s = 0.0

    @property
    def name(self) -> str:
        """Return what the handler is called in reports."""
        return getattr(self.handler, "__qualname__", None) or repr(self.handler)

    def wants(self, type: str) -> bool:  # noqa: A002  the word of the event model
        """Say whether an event of this type goes to the handler."""
        if self.pattern.endswith("*"):
            return type.startswith(self.pattern[:-1])
        return type == self.pattern


class Bus:
    """Publishes events to the sink and the subscribers, in the order of their subscription.

    The handlers of a type are an immutable tuple that is replaced, never changed, so publishing
    takes no lock; a handler whose subscription ends while an event is on its way may still get
    that one event.
    """

    def __init__(
        self,
        stamps: Stamps,
        sink: Sink | None = None,
        monotonic: Callable[[], float] = perf_counter,
    ) -> None:
        self._next_stamp = stamps.next
        self._monotonic = monotonic
        self._sink = sink
        self._lock = threading.Lock()  # held to change subscriptions, never to publish
        self._subscriptions: tuple[_Subscription, ...] = ()
        self._routes: dict[str, tuple[Handler, ...]] = {}
        self._now_us = stamps.now_us
        self._latest = 0  # up to here an id is surely not too far in the future
        self.published = 0
        self.refused = 0
        self.faults = 0
        self.slow = 0

    @property
    def subscribers(self) -> tuple[str, ...]:
        """Return pattern and name of every handler, to find those that nobody ended."""
        return tuple(f"{x.pattern} {x.name}" for x in self._subscriptions)

    def slow_handlers(self) -> tuple[SlowHandler, ...]:
        """Return the present handlers that ever took longer than 5 ms, the slowest first."""
        found = (
            SlowHandler(x.name, x.pattern, x.slow, x.worst_s) for x in self._subscriptions if x.slow
        )
        return tuple(sorted(found, key=lambda x: -x.worst_s))

    def subscribe(self, pattern: str, handler: Handler) -> Callable[[], None]:
        """Call ``handler`` for a type, for ``domain.*`` or for ``*``; return what ends it.

        Raises AiosError for a pattern that can match nothing.
        """
        if len(pattern) > MAX_TYPE or not PATTERN_FORM.match(pattern):
            raise AiosError(
                "{pattern} is not an event type. Use a form such as resource.high or resource.*.",
                pattern=repr(pattern[:MAX_TYPE]),
            )
        subscription = _Subscription(pattern, handler)
        with self._lock:
            self._subscriptions = (*self._subscriptions, subscription)
            self._renew()

        def end() -> None:
            with self._lock:
                self._subscriptions = tuple(x for x in self._subscriptions if x is not subscription)
                self._renew()

        return end

    def publish(
        self,
        type: str,  # noqa: A002  the word of the event model
        *,
        source: str,
        severity: Severity = Severity.INFO,
        target: str = "",
        data: Mapping[str, Json] | None = None,
        cause: Event | None = None,
        trace: int = 0,
        durable: bool = False,
    ) -> Event:
        """Make an event, give it to the sink and to its handlers, and return it.

        It joins the story of ``cause``, or else of ``trace``, or else begins one. ``durable``
        asks the store to commit it at once, proof against a power cut. A payload beyond 64 KiB is
        cut off and says so. Raises AiosError for a malformed type, an unknown severity and a
        number that is not finite; such an event is counted and nobody sees it.
        """
        try:
            route = self._routes.get(type)
            if route is None:
                route = self._resolve(type)
            if severity.__class__ is not Severity:
                severity = border.severity_of(severity)
            content, text = border.payload(dict(data)) if data else ({}, "{}")
        except (AiosError, TypeError) as error:
            self._refuse(type, error)
            border.check_type(type)  # one that cannot even be looked up
            raise
        stamp = self._next_stamp()
        if cause is not None:
            trace = cause.trace or cause.id
        origin = 0 if cause is None else cause.id
        event = Event(stamp, type, source, severity, target, content, trace or stamp, origin)
        self._send(event, durable, text, route, True)
        return event

    def deliver(self, event: Event, *, durable: bool = False) -> None:
        """Publish an event that was made elsewhere, as it is; its id is its time.

        Raises AiosError as ``publish`` does, and for a time more than a day ahead.
        """
        text = "{}"
        try:
            route = self._routes.get(event.type)
            if (
                route is None
                or event.data
                or event.severity.__class__ is not Severity
                or not 0 < event.id <= self._latest
            ):
                event, route, text = self._admit(event)
        except (AiosError, TypeError) as error:
            self._refuse(event.type, error)
            border.check_type(event.type)
            raise
        self._send(event, durable, text, route, not self.published & SAMPLE)

    def _admit(self, event: Event) -> tuple[Event, tuple[Handler, ...], str]:
        """Look at everything in an event that was made elsewhere. Raises AiosError."""
        route = self._routes.get(event.type)
        if route is None:
            route = self._resolve(event.type)
        border.severity_of(event.severity)
        if not 0 < event.id <= self._latest:
            now = self._now_us()
            border.check_time(event.id, now)
            self._latest = now + border.AHEAD_US
        if not event.data:
            return event, route, "{}"
        content, text = border.payload(event.data)
        if content is not event.data:  # cut off
            event = replace(event, data=content)
        return event, route, text

    def _send(
        self,
        event: Event,
        durable: bool,
        text: str,
        route: tuple[Handler, ...],
        is_timed: bool,
    ) -> None:
        """Give a checked event to the sink and to its handlers."""
        self.published += 1
        if self._sink is not None:
            try:
                self._sink(event, durable, text)
            except Exception:
                self.faults += 1
                logger.exception("the store refused event %s", event.id)
        if is_timed:
            self._call_timed(event, route)
            return
        for handler in route:
            try:
                handler(event)
            except Exception as error:  # noqa: BLE001  a handler may raise anything
                self._failed(handler, event, error)

    def _call_timed(self, event: Event, route: tuple[Handler, ...]) -> None:
        """Call the handlers and name those that take long."""
        monotonic = self._monotonic
        before = monotonic()
        for handler in route:
            try:
                handler(event)
            except Exception as error:  # noqa: BLE001  a handler may raise anything
                self._failed(handler, event, error)
            after = monotonic()
            if after - before > SLOW_S:
                self._was_slow(handler, event, after - before)
            before = after

    def _refuse(self, type_: object, error: Exception) -> None:
        """Count an event that the border refuses; log the 1st, 2nd, 4th, 8th ..."""
        self.refused += 1
        if self.refused.bit_count() == 1:
            logger.warning(
                "an event of type %.130r was refused (%s so far): %s",
                type_,
                self.refused,
                error,
            )

    def _resolve(self, type: str) -> tuple[Handler, ...]:  # noqa: A002
        """Find the handlers of a type that is published for the first time."""
        border.check_type(type)
        with self._lock:
            if len(self._routes) >= MAX_ROUTES:
                self._routes = {}
            route = tuple(x.handler for x in self._subscriptions if x.wants(type))
            self._routes[type] = route
            return route

    def _renew(self) -> None:
        """Replace the handlers of every known type (the lock is held)."""
        self._routes = {
            type_: tuple(x.handler for x in self._subscriptions if x.wants(type_))
            for type_ in self._routes
        }

    def _subscription_of(self, handler: Handler, event: Event) -> _Subscription:
        """Return the entry of a handler; it may have ended meanwhile."""
        found = (x for x in self._subscriptions if x.handler is handler)
        return next(found, None) or _Subscription(event.type, handler)

    def _was_slow(self, handler: Handler, event: Event, took: float) -> None:
        """Count a handler that kept its publisher waiting; log the 1st, 2nd, 4th, 8th ... time."""
        self.slow += 1
        subscription = self._subscription_of(handler, event)
        subscription.slow += 1
        subscription.worst_s = max(subscription.worst_s, took)
        if subscription.slow.bit_count() == 1:
            logger.info(
                "the handler %s of %s took %.0f ms for an event of type %s (time %s)",
                subscription.name,
                subscription.pattern,
                took * 1000,
                event.type,
                subscription.slow,
            )

    def _failed(self, handler: Handler, event: Event, error: Exception) -> None:
        """Count a fault; log the 1st, 2nd, 4th, 8th ... of a handler, so that no flood hides it."""
        self.faults += 1
        subscription = self._subscription_of(handler, event)
        subscription.faults += 1
        if subscription.faults.bit_count() == 1:
            logger.error(
                "the handler of %s failed on event %s of type %s (fault %s)",
                subscription.pattern,
                event.id,
                event.type,
                subscription.faults,
                exc_info=error,
            )
