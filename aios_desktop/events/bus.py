"""The bus: carries an event to the store and then to everybody who asked for its type.

Handlers run in the publisher's thread and must return at once: they push into a queue or set a
flag. A handler that raises is logged and counted, and the others still run.
"""

from __future__ import annotations

import logging
import re
import threading
from typing import TYPE_CHECKING, Final

from aios_desktop.errors import AiosError
from aios_desktop.events.model import MAX_TYPE, TYPE_FORM, Event, Json, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aios_desktop.events.stamp import Stamps

    Handler = Callable[[Event], None]
    Sink = Callable[[Event, bool], None]

logger = logging.getLogger(__name__)

_WORD = "[a-z0-9][a-z0-9_-]*"
PATTERN_FORM: Final = re.compile(rf"(\*|{_WORD}(\.{_WORD})*\.(\*|{_WORD}))\Z")
MAX_ROUTES: Final = 4096  # types come from outside too; beyond this the table is built anew


class _Subscription:
    """One handler and what it wants."""

    __slots__ = ("faults", "handler", "pattern")

    def __init__(self, pattern: str, handler: Handler) -> None:
        self.pattern = pattern
        self.handler = handler
        self.faults = 0

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

    def __init__(self, stamps: Stamps, sink: Sink | None = None) -> None:
        self._next_stamp = stamps.next
        self._sink = sink
        self._lock = threading.Lock()  # held to change subscriptions, never to publish
        self._subscriptions: tuple[_Subscription, ...] = ()
        self._routes: dict[str, tuple[_Subscription, ...]] = {}
        self.published = 0
        self.faults = 0

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
        asks the store to commit it at once, proof against a power cut. Raises AiosError for a
        malformed type.
        """
        route = self._routes.get(type)
        if route is None:
            route = self._resolve(type)
        stamp = self._next_stamp()
        if cause is not None:
            trace = cause.trace or cause.id
        origin = 0 if cause is None else cause.id
        copy = dict(data) if data else {}
        event = Event(stamp, type, source, severity, target, copy, trace or stamp, origin)
        self.published += 1
        try:
            if self._sink is not None:
                self._sink(event, durable)
        except Exception:
            self.faults += 1
            logger.exception("the store refused event %s", stamp)
        for subscription in route:
            try:
                subscription.handler(event)
            except Exception as error:  # noqa: BLE001  a handler may raise anything
                self._failed(subscription, event, error)
        return event

    def _resolve(self, type: str) -> tuple[_Subscription, ...]:  # noqa: A002
        """Find the handlers of a type that is published for the first time."""
        if len(type) > MAX_TYPE or not TYPE_FORM.match(type):
            raise AiosError(
                "{type} is not an event type. Use small letters, digits and at least one dot,"
                " such as resource.high.",
                type=repr(type[:MAX_TYPE]),
            )
        with self._lock:
            if len(self._routes) >= MAX_ROUTES:
                self._routes = {}
            route = tuple(x for x in self._subscriptions if x.wants(type))
            self._routes[type] = route
            return route

    def _renew(self) -> None:
        """Replace the handlers of every known type (the lock is held)."""
        self._routes = {
            type_: tuple(x for x in self._subscriptions if x.wants(type_)) for type_ in self._routes
        }

    def _failed(self, subscription: _Subscription, event: Event, error: Exception) -> None:
        """Count a fault; log the 1st, 2nd, 4th, 8th ... of a handler, so that no flood hides it."""
        self.faults += 1
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
