"""Start the command line with ``python -m aios_desktop``."""

from __future__ import annotations

from aios_desktop.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
