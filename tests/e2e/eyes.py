"""Reads and presses a window through AT-SPI, as a screen reader does.

Runs under the system's Python, which has ``gi``; the tests talk to it through JSON lines: each line
of standard input is ``{"do": NAME, ...}``, each line of output its answer ``{"ok": ...}`` or
``{"error": TEXT}``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

STATES = ("focused", "focusable", "selected", "checked", "expanded", "editable", "modal", "active")
FIELDS = ("text", "password text", "entry", "terminal", "document text")
NUMBERS = ("slider", "spin button", "progress bar", "scroll bar")
PRESS = ("Press", "click", "Toggle", "activate", "ShowMenu")
MAX_CHILDREN = 400
MAX_TEXT = 2000


def describe(thing: Any) -> dict[str, Any]:
    """Read one accessible, without its children."""
    states = thing.get_state_set()
    role = thing.get_role_name()
    node: dict[str, Any] = {
        "role": role,
        "name": thing.get_name() or "",
        "description": thing.get_description() or "",
        "states": [x for x in STATES if states.contains(getattr(Atspi.StateType, x.upper(), None))],
        "enabled": states.contains(Atspi.StateType.ENABLED)
        or states.contains(Atspi.StateType.SENSITIVE),
        "showing": states.contains(Atspi.StateType.SHOWING),
        "value": read_value(thing, role),
        "id": quietly(thing.get_accessible_id) or "",
    }
    box = quietly(lambda: thing.get_component_iface().get_extents(Atspi.CoordType.SCREEN))
    node["box"] = [box.x, box.y, box.width, box.height] if box else [0, 0, 0, 0]
    return node


def quietly(read: Callable[[], Any]) -> Any:
    """Return what ``read`` returns, or None where the accessible does not have it."""
    try:
        return read()
    except (GLib.Error, AttributeError):
        return None


def read_value(thing: Any, role: str) -> str | float | None:
    """Return the text of a field or the number of a slider."""
    if role in FIELDS:
        text = quietly(thing.get_text_iface)
        if text:
            length = min(MAX_TEXT, text.get_character_count())
            return str(Atspi.Text.get_text(text, 0, length))
    if role in NUMBERS:
        number = quietly(lambda: thing.get_value_iface().get_current_value())
        return None if number is None else float(number)
    return None


def application(pid: int) -> Any:
    """Return the accessible application of a process. Raises LookupError when there is none yet."""
    pump()
    desktop = Atspi.get_desktop(0)
    for index in range(desktop.get_child_count()):
        found = quietly(partial(desktop.get_child_at_index, index))
        if found and quietly(found.get_process_id) == pid:
            found.clear_cache()
            # Qt leaves an empty one from before its name was set.
            if quietly(found.get_child_count):
                return found
    raise LookupError(f"process {pid} shows nothing to AT-SPI")


def pump() -> None:
    """Let libatspi take in what has been sent to it."""
    context = GLib.MainContext.default()
    while context.pending():
        context.iteration(False)


def walk(thing: Any, *, hidden: bool, depth: int = 0) -> Iterator[tuple[int, Any]]:
    """Yield depth and accessible, parents first; only what is shown, unless ``hidden``."""
    states = quietly(thing.get_state_set)
    if states is None:
        return  # gone meanwhile
    if depth > 1 and not hidden and not states.contains(Atspi.StateType.SHOWING):
        return
    yield depth, thing
    for index in range(min(quietly(thing.get_child_count) or 0, MAX_CHILDREN)):
        child = quietly(partial(thing.get_child_at_index, index))
        if child:
            yield from walk(child, hidden=hidden, depth=depth + 1)


def fits(thing: Any, request: dict[str, Any]) -> bool:
    """Say whether an accessible has the role, the name (or a part of it) and the id asked for."""
    role, name, ident = request.get("role"), request.get("name"), request.get("id")
    if role and role != thing.get_role_name():
        return False
    if name:
        own = thing.get_name() or ""
        if own != name and not (
            request.get("part") and name in f"{own} {thing.get_description() or ''}"
        ):
            return False
    if ident:
        own = quietly(thing.get_accessible_id) or ""
        return bool(own == ident or own.endswith(f".{ident}"))
    return True


def found(request: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield what fits the request, with its description."""
    for _, thing in walk(application(request["pid"]), hidden=bool(request.get("hidden"))):
        if quietly(partial(fits, thing, request)):
            node = quietly(partial(describe, thing))
            if node:
                yield thing, node


def first(request: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return the first that fits, one that can be pressed before a label of the same words."""
    hits = sorted(
        found(request), key=lambda hit: (not hit[1]["enabled"], hit[1]["role"] == "label")
    )
    if not hits:
        raise LookupError(f"nothing fits {request}")
    return hits[min(int(request.get("nth", 0)), len(hits) - 1)]


def do_tree(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all nodes with their depth."""
    thing = application(request["pid"])
    nodes = []
    for depth, part in walk(thing, hidden=bool(request.get("hidden"))):
        node = quietly(partial(describe, part))
        if node:
            nodes.append({"depth": depth, **node})
    return nodes


def do_find(request: dict[str, Any]) -> dict[str, Any] | None:
    """Return the first node that fits, or nothing."""
    try:
        return first(request)[1]
    except LookupError:
        return None


def do_press(request: dict[str, Any]) -> str:
    """Do the main action of a node; select it where it has none."""
    thing, node = first(request)
    if not node["enabled"]:
        raise LookupError(f"{node['role']} {node['name']!r} is disabled")
    action = quietly(thing.get_action_iface)
    names = [action.get_action_name(i) for i in range(action.get_n_actions())] if action else []
    for wanted in PRESS:
        if wanted in names:
            try:
                action.do_action(names.index(wanted))
            except GLib.Error as error:
                # What opens a modal dialog in a nested loop answers only when that is closed.
                if "imed out" not in str(error) and "No reply" not in str(error):
                    raise
            return wanted
    selection = quietly(thing.get_parent().get_selection_iface)
    if selection and selection.select_child(thing.get_index_in_parent()):
        return "select"
    raise LookupError(f"{node['role']} {node['name']!r} offers no action, only {names}")


def do_focus(request: dict[str, Any]) -> bool:
    """Give a node the keyboard focus."""
    thing, _ = first(request)
    return bool(thing.get_component_iface().grab_focus())


def do_write(request: dict[str, Any]) -> bool:
    """Replace the text of a field."""
    thing, _ = first(request)
    return bool(thing.get_editable_text_iface().set_text_contents(request["text"]))


def do_focused(request: dict[str, Any]) -> dict[str, Any] | None:
    """Return the node that has the keyboard focus."""
    focused = Atspi.StateType.FOCUSED
    hits = [
        thing
        for _, thing in walk(application(request["pid"]), hidden=False)
        if thing.get_state_set().contains(focused)
    ]
    return describe(hits[-1]) if hits else None


COMMANDS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "tree": do_tree,
    "find": do_find,
    "press": do_press,
    "focus": do_focus,
    "write": do_write,
    "focused": do_focused,
}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Do one command."""
    try:
        return {"ok": COMMANDS[request["do"]](request)}
    except (LookupError, AttributeError, GLib.Error) as error:
        return {"error": f"{error}"}


def main() -> None:
    """Answer until standard input ends."""
    Atspi.init()
    Atspi.set_timeout(3000, 8000)
    print(json.dumps({"ok": time.monotonic()}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line)), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
