"""A stand-in for the notification daemon and the tray of a desktop, on a real D-Bus session bus.

Writes one JSON line per happening to standard output: ``ready``, ``notify``, ``close_asked``,
``tray_item``. Reads orders from standard input, one a line::

    action ID KEY     a person pressed a button of a notice
    close ID REASON   the notice went away (1 expired, 2 dismissed)
    stop              leave the bus

Options: ``--no-notifications`` and ``--no-tray`` leave a part out; ``--capabilities a,b`` says
what the daemon claims to support; ``--mute`` takes calls and never answers them.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import sys
from collections import deque
from typing import Any

from jeepney import (
    DBusAddress,
    HeaderFields,
    MatchRule,
    Message,
    message_bus,
    new_error,
    new_method_return,
    new_signal,
)
from jeepney.io.blocking import DBusConnection, open_dbus_connection

NOTIFICATIONS = "org.freedesktop.Notifications"
WATCHER = "org.kde.StatusNotifierWatcher"
PROPERTIES = "org.freedesktop.DBus.Properties"
CAPABILITIES = "actions,body,body-markup,persistence"
PATHS = {NOTIFICATIONS: "/org/freedesktop/Notifications", WATCHER: "/StatusNotifierWatcher"}


def tell(event: str, **facts: Any) -> None:
    """Write one happening."""
    print(json.dumps({"event": event, **facts}, ensure_ascii=False, default=str), flush=True)


class FakeBus:
    """Answers the calls of both services."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._mute: bool = options.mute
        self._capabilities = options.capabilities.split(",") if options.capabilities else []
        self._bus: DBusConnection = open_dbus_connection("SESSION")
        # Calls may come before the bus has confirmed our names: one of them may have started us.
        self._calls: deque[Message] = deque()
        self._bus.filter(MatchRule(type="method_call"), queue=self._calls)
        self._last_id = 0
        self._items: list[str] = []
        if not options.no_notifications:
            self._own(NOTIFICATIONS)
        if not options.no_tray:
            self._own(WATCHER)
        tell("ready", name=self._bus.unique_name)

    def _own(self, name: str) -> None:
        reply = self._bus.send_and_get_reply(message_bus.RequestName(name, 4), timeout=5)
        if reply.body != (1,):
            raise SystemExit(f"{name} is taken")

    def run(self) -> None:
        """Serve until standard input ends or says stop."""
        while True:
            self._answer_all()
            ready, _, _ = select.select([self._bus.sock, sys.stdin.fileno()], [], [])
            if sys.stdin.fileno() in ready and not self._obey(os.read(sys.stdin.fileno(), 65536)):
                self._bus.close()
                return

    def _answer_all(self) -> None:
        try:
            while True:
                self._bus.recv_messages(timeout=0)
        except TimeoutError:
            pass
        except ConnectionResetError:
            raise SystemExit(0) from None
        while self._calls:
            self._answer(self._calls.popleft())

    def _answer(self, call: Message) -> None:
        fields = call.header.fields
        member = fields.get(HeaderFields.member)
        handler = getattr(self, f"_on_{str(member).lower()}", None)
        if handler is None:
            self._bus.send(new_error(call, "org.freedesktop.DBus.Error.UnknownMethod"))
            return
        signature, body = handler(call)
        if not self._mute:
            self._bus.send(new_method_return(call, signature, body))

    def _emit(self, interface: str, name: str, signature: str, body: tuple[Any, ...]) -> None:
        address = DBusAddress(PATHS[interface], interface=interface)
        self._bus.send(new_signal(address, name, signature, body))

    def _obey(self, data: bytes) -> bool:
        for line in data.decode().splitlines():
            words = line.split(maxsplit=2)
            if words[0] == "stop":
                return False
            if words[0] == "action":
                self._emit(NOTIFICATIONS, "ActionInvoked", "us", (int(words[1]), words[2]))
            elif words[0] == "close":
                numbers = (int(words[1]), int(words[2]))
                self._emit(NOTIFICATIONS, "NotificationClosed", "uu", numbers)
        return bool(data)

    # org.freedesktop.Notifications

    def _on_notify(self, call: Message) -> tuple[str, tuple[Any, ...]]:
        app, replaces, icon, title, body, actions, hints, timeout = call.body
        if not replaces:
            self._last_id += 1
        number = replaces or self._last_id
        tell(
            "notify",
            id=number,
            replaces=replaces,
            app=app,
            icon=icon,
            title=title,
            body=body,
            actions=dict(zip(actions[::2], actions[1::2], strict=True)),
            hints={name: value for name, (_, value) in hints.items()},
            hint_types={name: kind for name, (kind, _) in hints.items()},
            timeout=timeout,
        )
        return "u", (number,)

    def _on_getcapabilities(self, call: Message) -> tuple[str, tuple[Any, ...]]:
        del call
        return "as", (self._capabilities,)

    def _on_getserverinformation(self, call: Message) -> tuple[str, tuple[Any, ...]]:
        del call
        return "ssss", ("fakebus", "tests", "1", "1.2")

    def _on_closenotification(self, call: Message) -> tuple[str, tuple[Any, ...]]:
        tell("close_asked", id=call.body[0])
        self._emit(NOTIFICATIONS, "NotificationClosed", "uu", (call.body[0], 3))
        return "", ()

    # org.kde.StatusNotifierWatcher

    def _on_registerstatusnotifieritem(self, call: Message) -> tuple[str, tuple[Any, ...]]:
        sender, item = call.header.fields[HeaderFields.sender], call.body[0]
        path = item if item.startswith("/") else "/StatusNotifierItem"
        self._items.append(f"{sender}{path}")
        tell("tray_item", sender=sender, path=path)
        self._emit(WATCHER, "StatusNotifierItemRegistered", "s", (item,))
        return "", ()

    def _on_registerstatusnotifierhost(self, call: Message) -> tuple[str, tuple[Any, ...]]:
        del call
        return "", ()

    def _properties(self) -> dict[str, tuple[str, Any]]:
        return {
            "IsStatusNotifierHostRegistered": ("b", True),
            "ProtocolVersion": ("i", 0),
            "RegisteredStatusNotifierItems": ("as", self._items),
        }

    def _on_get(self, call: Message) -> tuple[str, tuple[Any, ...]]:
        return "v", (self._properties()[call.body[1]],)

    def _on_getall(self, call: Message) -> tuple[str, tuple[Any, ...]]:
        del call
        return "a{sv}", (self._properties(),)

    def _on_introspect(self, call: Message) -> tuple[str, tuple[Any, ...]]:
        del call
        return "s", ("<node/>",)


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description="Fake notification daemon and tray watcher.")
    parser.add_argument("--no-notifications", action="store_true")
    parser.add_argument("--no-tray", action="store_true")
    parser.add_argument("--mute", action="store_true")
    parser.add_argument("--capabilities", default=CAPABILITIES)
    FakeBus(parser.parse_args()).run()


if __name__ == "__main__":
    main()
