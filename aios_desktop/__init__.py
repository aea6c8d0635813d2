"""AIOS Desktop keeps a computer, and the AI agents working on it, healthy."""

from __future__ import annotations

__version__ = "0.7.0"
