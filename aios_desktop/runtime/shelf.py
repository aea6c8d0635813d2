"""Builds the playbook library, for a running instance and for commands that need none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aios_desktop import resources
from aios_desktop.reactor import fields
from aios_desktop.reactor.library import Library
from aios_desktop.reactor.playbook import Compiler
from aios_desktop.sensors.metrics import METRICS

if TYPE_CHECKING:
    from aios_desktop.events.statedb import StateDb
    from aios_desktop.paths import Paths
    from aios_desktop.skills.registry import Registry


def compiler_for(registry: Registry) -> Compiler:
    """Return a compiler that knows our metrics and event types."""
    return Compiler(registry, METRICS, fields.TYPED)


def library_for(paths: Paths, registry: Registry, db: StateDb) -> Library:
    """Return the library of the shipped playbooks and the user's."""
    folders = (resources.folder("playbooks"), paths.playbooks)
    return Library(folders, compiler_for(registry), db)
