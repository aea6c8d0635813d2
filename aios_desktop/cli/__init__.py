"""The command line. A command imports only what it needs, when it runs."""

from __future__ import annotations

from aios_desktop.cli.commands import main

__all__ = ["main"]
