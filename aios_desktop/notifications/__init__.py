"""Tells the person something through the desktop's own notification service."""

from __future__ import annotations

from aios_desktop.notifications.notice import Notice, Urgency, question_actions
from aios_desktop.notifications.notifier import Notifier

__all__ = ["Notice", "Notifier", "Urgency", "question_actions"]
