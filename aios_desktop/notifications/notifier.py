"""The lane that shows notices and hears which buttons were pressed.

It sleeps until there is something to say or to hear. Without a bus or a notification service
nothing else stops working.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

from aios_desktop.i18n import Say
from aios_desktop.notifications.freedesktop import Bus, Refused, session_address
from aios_desktop.notifications.notice import Notice, Urgency, make

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

logger = logging.getLogger(__name__)

MAX_QUEUE: Final = 200
MAX_OPEN: Final = 50


class Stop(Protocol):
    """Tells the lane to end."""

    def is_set(self) -> bool:
        """Say whether to stop."""


class Notifier:
    """Shows notices and reports the buttons that were pressed.

    ``show``, ``close_notice`` and ``wake`` may be called from any thread and return at once;
    ``on_action(key, action)`` is called in the lane. ``patience_s`` bounds each call to the daemon.
    """

    def __init__(self, on_action: Callable[[str, str], None], *, patience_s: float = 3.0) -> None:
        self._on_action = on_action
        self._patience_s = patience_s
        self._queue: deque[Notice | str] = deque(maxlen=MAX_QUEUE)  # a string: close this key
        self._wake_lock = threading.Lock()
        self._wake_fd: int | None = None
        self._bus: Bus | None = None
        self._open: dict[str, Notice] = {}  # questions that nobody has answered or put away
        self._numbers: dict[str, int] = {}
        self._trouble: Say | None = Say("Notices have not been set up yet.")

    @property
    def available(self) -> bool:
        """Say whether notices reach the screen, as far as is known."""
        return self._trouble is None

    @property
    def trouble(self) -> Say | None:
        """Say why notices do not reach the screen, or None when they do."""
        return self._trouble

    def show(
        self,
        key: str,
        title: str,
        body: str = "",
        actions: Sequence[tuple[str, str]] = (),
        urgency: Urgency = Urgency.NORMAL,
    ) -> None:
        """Show a notice, in the place of the one with the same key if that is still there.

        Raises ValueError for an action that no notice may offer.
        """
        self._queue.append(make(key, title, body, actions, urgency))
        self.wake()

    def close_notice(self, key: str) -> None:
        """Take a notice back; nothing happens when it is gone already."""
        self._queue.append(key)
        self.wake()

    def wake(self) -> None:
        """Make the lane look around now; also after its ``stop`` was set."""
        with self._wake_lock:
            if self._wake_fd is not None:
                with contextlib.suppress(BlockingIOError):  # the pipe is full of wake-ups
                    os.write(self._wake_fd, b"!")

    def run(self, stop: Stop) -> None:
        """Serve until ``stop`` is set and ``wake`` was called. This is the loop of a lane."""
        ears, mouth = os.pipe()
        os.set_blocking(mouth, False)
        with self._wake_lock:
            self._wake_fd = mouth
        try:
            self._connect()
            while not stop.is_set():
                self._work()
                if not stop.is_set() and not self._queue:
                    self._sleep(ears)
        finally:
            with self._wake_lock:
                self._wake_fd = None
            os.close(ears)
            os.close(mouth)
            self._leave_bus(Say("Notices have been switched off."))

    # the lane

    def _sleep(self, ears: int) -> None:
        """Wait, for ever if need be, for a wake-up or for the bus."""
        poll = select.poll()
        poll.register(ears, select.POLLIN)
        if self._bus is not None:
            poll.register(self._bus.fileno(), select.POLLIN)
        for descriptor, _events in poll.poll():
            if descriptor == ears:
                os.read(ears, 4096)

    def _work(self) -> None:
        """Do what is queued and hear what the bus has to tell."""
        try:
            if self._bus is not None:
                self._hear(self._bus)
            while self._queue:
                self._do(self._queue.popleft())
            if self._bus is not None:
                self._hear(self._bus)
        except (OSError, Refused) as error:  # the bus went away
            self._leave_bus(_no_bus(error))

    def _connect(self) -> None:
        """Join the session bus if that is possible, and look who shows notices there."""
        address = session_address()
        if not address:
            self._set_trouble(Say("There is no session bus here: notices stay in the window."))
            return
        try:
            self._bus = Bus(address, self._patience_s)
            self._set_trouble(None if self._bus.find_daemon() else _no_daemon())
        except Exception as error:  # noqa: BLE001  anything may be wrong with an address or a bus
            self._leave_bus(_no_bus(error))

    def _leave_bus(self, why: Say) -> None:
        self._set_trouble(why)
        self._numbers.clear()
        if self._bus is not None:
            bus, self._bus = self._bus, None
            bus.close()

    def _set_trouble(self, trouble: Say | None) -> None:
        if trouble != self._trouble:
            logger.info("notices: %s", trouble.key if trouble else "ready")
        self._trouble = trouble

    def _do(self, order: Notice | str) -> None:
        if isinstance(order, str):
            self._close(order)
            return
        if order.actions:
            self._open.pop(order.key, None)
            self._open[order.key] = order
            while len(self._open) > MAX_OPEN:
                del self._open[next(iter(self._open))]
        if self._bus is not None:
            self._send(order)
            return
        self._connect()
        for notice in {**self._open, order.key: order}.values():
            self._send(notice)

    def _send(self, notice: Notice) -> None:
        if self._bus is None:
            return
        try:
            number = self._bus.notify(notice, self._numbers.pop(notice.key, 0))
        except TimeoutError:
            self._set_trouble(Say("The notification service of this desktop does not answer."))
        except Refused as refused:
            self._set_trouble(_no_daemon() if refused.gone else _refusal(refused))
        else:
            self._numbers[notice.key] = number
            if len(self._numbers) > MAX_QUEUE:
                del self._numbers[next(iter(self._numbers))]
            self._set_trouble(None)

    def _close(self, key: str) -> None:
        self._open.pop(key, None)
        number = self._numbers.pop(key, 0)
        if number and self._bus is not None:
            try:
                self._bus.close_notice(number)
            except (TimeoutError, Refused) as error:
                logger.debug("could not close the notice %s: %s", key, error)

    def _hear(self, bus: Bus) -> None:
        for kind, body in bus.signals():
            if kind == "NameOwnerChanged":
                self._daemon_changed(bus, str(body[2]))
            elif kind == "NotificationClosed":
                self._was_closed(int(body[0]))
            elif kind == "ActionInvoked":
                self._was_pressed(int(body[0]), str(body[1]))

    def _daemon_changed(self, bus: Bus, owner: str) -> None:
        """The daemon came or went; a new one is told all open questions again."""
        if owner and owner == bus.owner:
            return  # the bus started it for a notice of ours, which it has
        self._numbers.clear()
        if not owner:
            self._set_trouble(None if bus.find_daemon() else _no_daemon())
            return
        bus.find_daemon()
        self._set_trouble(None)
        for notice in tuple(self._open.values()):
            self._send(notice)

    def _key(self, number: int) -> str | None:
        return next((key for key, n in self._numbers.items() if n == number), None)

    def _was_closed(self, number: int) -> None:
        key = self._key(number)
        if key is not None:
            del self._numbers[key]
            self._open.pop(key, None)

    def _was_pressed(self, number: int, action: str) -> None:
        key = self._key(number)
        notice = self._open.pop(key, None) if key is not None else None
        if notice is None:
            return
        if action == "default":  # the notice itself was clicked
            action = notice.click
        if action not in dict(notice.actions):
            return
        try:
            self._on_action(notice.key, action)
        except Exception:
            logger.exception("the answer %s to the notice %s was lost", action, notice.key)


def _no_bus(error: Exception) -> Say:
    if sys.platform != "linux":
        return Say("Notices are shown on Linux only.")
    return Say(
        "The session bus cannot be reached, notices stay in the window: {reason}",
        {"reason": str(error) or type(error).__name__},
    )


def _no_daemon() -> Say:
    return Say("This desktop has no notification service: notices stay in the window.")


def _refusal(refused: Refused) -> Say:
    return Say("The notification service refused a notice: {reason}", {"reason": str(refused)})
