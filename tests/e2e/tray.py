"""Clicks on a tray icon the way a panel does: StatusNotifierItem and its com.canonical.dbusmenu."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from jeepney import DBusAddress, MessageType, new_method_call
from jeepney.io.blocking import open_dbus_connection

MENU = "com.canonical.dbusmenu"
ITEM = "org.kde.StatusNotifierItem"
WATCHER = "org.kde.StatusNotifierWatcher"
PROPERTIES = "org.freedesktop.DBus.Properties"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu."""

    id: int
    label: str
    enabled: bool
    visible: bool
    checked: bool
    entries: tuple[Entry, ...]


class Tray:
    """The one icon that is registered on a bus. Raises LookupError when there is none."""

    def __init__(self, address: str) -> None:
        self._bus = open_dbus_connection(address)
        watcher = DBusAddress("/StatusNotifierWatcher", WATCHER, PROPERTIES)
        items = self._call(watcher, "Get", "ss", (WATCHER, "RegisteredStatusNotifierItems"))[0][1]
        if not items:
            self._bus.close()
            raise LookupError("no tray icon is registered")
        self._owner, slash, path = items[-1].partition("/")
        self._path = slash + path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bus.close()

    def _call(
        self, address: DBusAddress, method: str, signature: str = "", body: tuple[Any, ...] = ()
    ) -> tuple[Any, ...]:
        call = new_method_call(address, method, signature, body)
        reply = self._bus.send_and_get_reply(call, timeout=5)
        if reply.header.message_type is MessageType.error:
            raise LookupError(f"{method}: {reply.body}")
        return tuple(reply.body)

    def property(self, name: str) -> Any:
        """Return a property of the icon, such as ``ToolTip`` or ``IconPixmap``."""
        address = DBusAddress(self._path, self._owner, PROPERTIES)
        return self._call(address, "Get", "ss", (ITEM, name))[0][1]

    def click(self) -> None:
        """Click on the icon itself."""
        self._call(DBusAddress(self._path, self._owner, ITEM), "Activate", "ii", (0, 0))

    def _menu_address(self) -> DBusAddress:
        return DBusAddress(str(self.property("Menu")), self._owner, MENU)

    def menu(self) -> tuple[Entry, ...]:
        """Return the entries of the menu."""
        address = self._menu_address()
        self._call(address, "AboutToShow", "i", (0,))
        return _entry(self._call(address, "GetLayout", "iias", (0, -1, []))[1]).entries

    def labels(self) -> list[str]:
        """Return the texts of the visible entries, those of sub-menus too."""
        return [entry.label for entry in _all(self.menu()) if entry.visible and entry.label]

    def choose(self, label: str) -> None:
        """Click on the entry with this text. Raises LookupError when it cannot be clicked."""
        for entry in _all(self.menu()):
            if entry.visible and entry.enabled and entry.label == label:
                body = (entry.id, "clicked", ("i", 0), 0)
                self._call(self._menu_address(), "Event", "isvu", body)
                return
        raise LookupError(f"no entry {label!r} in {self.labels()}")


def _entry(raw: Any) -> Entry:
    number, properties, children = raw
    values = {name: value for name, (_kind, value) in properties.items()}
    return Entry(
        id=number,
        label=str(values.get("label", "")).replace("__", "\0").replace("_", "").replace("\0", "_"),
        enabled=bool(values.get("enabled", True)),
        visible=bool(values.get("visible", True)),
        checked=bool(values.get("toggle-state", 0) == 1),
        entries=tuple(_entry(child) for _kind, child in children),
    )


def _all(entries: tuple[Entry, ...]) -> list[Entry]:
    found = []
    for entry in entries:
        found += [entry, *_all(entry.entries)]
    return found
