"""From what the core says about its agents to the residents of the office, and to words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aios_desktop.i18n import _
from aios_desktop.office.people import Resident, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aios_desktop.runtime.views import AgentView


def residents_of(agents: Sequence[AgentView]) -> tuple[Resident, ...]:
    """Return the agents as residents, with texts in the language in use."""
    return tuple(
        Resident(
            id=agent.id,
            state=State(agent.state.value),
            since=agent.since,
            label=agent.name.text(),
            evidence=agent.evidence.text(),
            certain=agent.certain,
        )
        for agent in agents
    )


def sentence(resident: Resident) -> str:
    """Say in one sentence what somebody does."""
    text = {
        State.RUNNING: _("{name} works."),
        State.WAITING: _("{name} waits for you."),
        State.DEGRADED: _("{name} is in trouble."),
        State.LEARNING: _("{name} reads."),
        State.MEETING: _("{name} is in talks."),
        State.STOPPED: _("{name} is stopped."),
        State.IDLE: _("{name} is idle."),
    }[resident.state]
    return text.format(name=resident.label)


def evidence(resident: Resident) -> str:
    """Say what somebody does and the fact it was concluded from, for a tool tip."""
    lines = [sentence(resident)]
    if resident.evidence:
        lines.append(resident.evidence)
    if not resident.certain:
        lines.append(_("This is likely, not certain."))
    return "\n".join(lines)


def describe(residents: Sequence[Resident]) -> str:
    """Say who does what, one line each, those who wait for a decision first."""
    if not residents:
        return _("Nobody is in the office.")
    urgent = {State.WAITING: 0, State.DEGRADED: 1}
    ordered = sorted(residents, key=lambda resident: urgent.get(resident.state, 2))
    return "\n".join(sentence(resident) for resident in ordered)
