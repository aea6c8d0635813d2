"""The notification service of a desktop (org.freedesktop.Notifications) on the session bus."""

from __future__ import annotations

import html
import os
from collections import deque
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aios_desktop.notifications.notice import Notice

APP_NAME: Final = "AIOS Desktop"
DESKTOP_ENTRY: Final = "aios-desktop"
NAME: Final = "org.freedesktop.Notifications"
PATH: Final = "/org/freedesktop/Notifications"
MAX_SIGNALS: Final = 200
_GONE: Final = ("ServiceUnknown", "NameHasNoOwner", "NoReply", "Spawn")


class Refused(Exception):
    """The daemon (or the bus in its place) answered with an error."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text or name)
        self.gone = any(word in name for word in _GONE)


class Bus:
    """A connection to the session bus, and the notification daemon on it.

    ``owner`` is the bus name of the running daemon as far as we know; empty when there is none.
    """

    def __init__(self, address: str, patience_s: float) -> None:
        import jeepney  # noqa: PLC0415  Linux only, and only this lane needs it
        from jeepney.io.blocking import open_dbus_connection  # noqa: PLC0415

        self._jeepney = jeepney
        self._patience_s = patience_s
        self._signals: deque[Any] = deque(maxlen=MAX_SIGNALS)
        self._daemon = jeepney.DBusAddress(PATH, NAME, NAME)
        self.owner = ""
        self._markup = True
        self._buttons = True
        self._connection = open_dbus_connection(address, auth_timeout=patience_s)
        try:
            self._subscribe()
        except BaseException:
            self.close()
            raise

    def _subscribe(self) -> None:
        jeepney = self._jeepney
        owner = jeepney.MatchRule(
            type="signal",
            sender="org.freedesktop.DBus",
            interface="org.freedesktop.DBus",
            member="NameOwnerChanged",
        )
        owner.add_arg_condition(0, NAME)
        notices = jeepney.MatchRule(type="signal", interface=NAME, path=PATH)
        for rule in (owner, notices):
            self._connection.filter(rule, queue=self._signals)
            self._call(jeepney.message_bus.AddMatch(rule))

    def _call(self, message: Any) -> tuple[Any, ...]:
        """Send a call and return the body of its answer. Raises Refused, TimeoutError, OSError."""
        reply = self._connection.send_and_get_reply(message, timeout=self._patience_s)
        if reply.header.message_type is self._jeepney.MessageType.error:
            name = reply.header.fields.get(self._jeepney.HeaderFields.error_name, "")
            raise Refused(str(name), str(reply.body[0]) if reply.body else "")
        return tuple(reply.body)

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when the bus has something."""
        return int(self._connection.sock.fileno())

    def close(self) -> None:
        """Leave the bus."""
        self._connection.close()

    def find_daemon(self) -> bool:
        """Say whether a daemon is there or can be started by the bus; learn what it can do."""
        bus = self._jeepney.message_bus
        self.owner = ""
        try:
            self.owner = str(self._call(bus.GetNameOwner(NAME))[0])
        except Refused:
            return NAME in self._call(bus.ListActivatableNames())[0]
        self._learn()
        return True

    def _learn(self) -> None:
        call = self._jeepney.new_method_call(self._daemon, "GetCapabilities")
        try:
            able = self._call(call)[0]
        except (Refused, TimeoutError):
            able = ["actions", "body-markup"]
        self._markup = "body-markup" in able
        self._buttons = "actions" in able

    def notify(self, notice: Notice, replaces: int) -> int:
        """Show a notice and return its number. Raises Refused, TimeoutError, OSError."""
        body = html.escape(notice.body, quote=False) if self._markup else notice.body
        call = self._jeepney.new_method_call(
            self._daemon,
            "Notify",
            "susssasa{sv}i",
            (
                APP_NAME,
                replaces,
                DESKTOP_ENTRY,
                notice.title,
                body,
                self._action_list(notice),
                self._hints(notice),
                0 if notice.actions else -1,  # a question stays, a result goes by itself
            ),
        )
        number = int(self._call(call)[0])
        if not self.owner:  # the bus has just started the daemon
            self.find_daemon()
        return number

    def _action_list(self, notice: Notice) -> list[str]:
        if not self._buttons or not notice.actions:
            return []
        flat = ["default", dict(notice.actions)[notice.click]] if notice.click else []
        for name, label in notice.actions:
            flat += [name, label]
        return flat

    @staticmethod
    def _hints(notice: Notice) -> dict[str, tuple[str, object]]:
        hints: dict[str, tuple[str, object]] = {
            "urgency": ("y", int(notice.urgency)),
            "desktop-entry": ("s", DESKTOP_ENTRY),
        }
        if notice.actions:
            hints["resident"] = ("b", True)
        return hints

    def close_notice(self, number: int) -> None:
        """Take a notice back. Raises Refused, TimeoutError, OSError."""
        self._call(self._jeepney.new_method_call(self._daemon, "CloseNotification", "u", (number,)))

    def signals(self) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Yield name and body of each signal that has come. Raises OSError when the bus is gone."""
        while True:
            try:
                self._connection.recv_messages(timeout=0)
            except TimeoutError:
                break
        fields = self._jeepney.HeaderFields
        while self._signals:
            message = self._signals.popleft()
            name = str(message.header.fields.get(fields.member, ""))
            sender = message.header.fields.get(fields.sender)
            # Anyone on the bus may send a signal that looks like the daemon's.
            if name == "NameOwnerChanged" or sender == self.owner:
                yield name, tuple(message.body)


def session_address() -> str:
    """Return the address of the session bus; an empty string when there is none."""
    address = os.environ.get("DBUS_SESSION_BUS_ADDRESS", "")
    if address:
        return address
    folder = os.environ.get("XDG_RUNTIME_DIR", "")
    if folder and os.path.exists(f"{folder}/bus"):  # noqa: PTH110  not worth an import
        return f"unix:path={folder}/bus"
    return ""
