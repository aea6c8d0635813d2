"""The verbs of the local socket: plain JSON in, plain JSON out."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING, Any, Final

from aios_desktop.errors import AiosError
from aios_desktop.events.model import Event, EventQuery
from aios_desktop.i18n import Say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aios_desktop.runtime.core import RunningCore

MAX_ROWS: Final = 10_000
FLUSH_S: Final = 1.0


class Commands:
    """Carries out requests. ``show`` brings the window to the front, when there is one."""

    def __init__(self, core: RunningCore) -> None:
        self._core = core
        self.show: Callable[[], None] | None = None
        self._verbs: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
            "ping": lambda _: "pong",
            "show": self._show,
            "status": lambda _: plain(core.status()),
            "score": lambda _: plain(core.score()),
            "agents": lambda _: plain(core.agents()),
            "approvals": lambda _: plain(core.approvals()),
            "approve": self._approve,
            "deny": self._deny,
            "runs": lambda a: plain(core.runs(_whole(a, "limit", 50))),
            "run": self._run,
            "undo": self._undo,
            "emit": self._emit,
            "events": self._events,
            "why": lambda a: core.why(_whole(a, "id", 0)),
            "playbooks": lambda _: plain(core.playbooks()),
        }

    def handle(self, verb: str, arguments: Mapping[str, Any]) -> Any:
        """Carry out a request. Raises AiosError when it is refused."""
        found = self._verbs.get(verb)
        if found is None:
            raise AiosError("This instance does not know the request {verb}.", verb=verb)
        return found(arguments)

    def _show(self, arguments: Mapping[str, Any]) -> bool:
        del arguments
        if self.show is None:
            return False
        self.show()
        return True

    def _approve(self, arguments: Mapping[str, Any]) -> Any:
        return plain(
            self._core.approve(
                _whole(arguments, "id", 0),
                by=_text(arguments, "by") or "command line",
                word=_text(arguments, "word"),
            )
        )

    def _deny(self, arguments: Mapping[str, Any]) -> Any:
        by = _text(arguments, "by") or "command line"
        return plain(self._core.deny(_whole(arguments, "id", 0), by=by))

    def _run(self, arguments: Mapping[str, Any]) -> Any:
        run = self._core.run(_whole(arguments, "id", 0))
        if run is None:
            raise AiosError("There is no run {id}.", id=_whole(arguments, "id", 0))
        return plain(run)

    def _undo(self, arguments: Mapping[str, Any]) -> Any:
        return plain(self._core.undo(_whole(arguments, "id", 0), by="command line"))

    def _emit(self, arguments: Mapping[str, Any]) -> Any:
        data = arguments.get("data", {})
        if not isinstance(data, dict):
            raise AiosError("The data of an event is a JSON object.")
        event = self._core.emit(
            _text(arguments, "type"),
            severity=_text(arguments, "severity") or "info",
            source=_text(arguments, "source") or "user",
            target=_text(arguments, "target"),
            data=data,
        )
        self._core.flush(FLUSH_S)
        return {"id": event.id, "trace": event.trace}

    def _events(self, arguments: Mapping[str, Any]) -> Any:
        query = EventQuery(
            since=_number(arguments, "since"),
            until=_number(arguments, "until"),
            type=_text(arguments, "type"),
            trace=_whole(arguments, "trace", 0),
            text=_text(arguments, "text"),
            limit=min(MAX_ROWS, max(1, _whole(arguments, "limit", 100))),
        )
        return [event_row(event) for event in self._core.events(query)]


def event_row(event: Event) -> dict[str, Any]:
    """Return an event as the command line prints it in JSON."""
    return {
        "id": event.id,
        "time": event.time,
        "type": event.type,
        "source": event.source,
        "severity": str(event.severity),
        "target": event.target,
        "trace": event.trace,
        "cause": event.cause,
        "data": dict(event.data),
    }


def plain(value: Any) -> Any:
    """Return views as JSON can hold them; messages in the language in use."""
    if isinstance(value, Say):
        return value.text()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _whole(arguments: Mapping[str, Any], name: str, default: int) -> int:
    value = arguments.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise AiosError("{name} is a whole number, not {value}.", name=name, value=repr(value)[:80])
    return value


def _number(arguments: Mapping[str, Any], name: str) -> float | None:
    value = arguments.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AiosError("{name} is a number, not {value}.", name=name, value=repr(value)[:80])
    return float(value)


def _text(arguments: Mapping[str, Any], name: str) -> str:
    value = arguments.get(name, "")
    if not isinstance(value, str):
        raise AiosError("{name} is text, not {value}.", name=name, value=repr(value)[:80])
    return value
