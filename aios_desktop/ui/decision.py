"""The facts of a decision, in the order that is always the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aios_desktop.i18n import _
from aios_desktop.ui.plain import visible
from aios_desktop.ui.widgets import col, facts, row

if TYPE_CHECKING:
    from PySide6.QtWidgets import QBoxLayout

    from aios_desktop.runtime.views import ApprovalView


def fact_rows(approval: ApprovalView) -> QBoxLayout:
    """Return risk, undo, success and record, in two columns."""
    reason = visible(approval.risk_reason.text())
    risk = {
        "low": _("Low: {reason}"),
        "medium": _("Medium: {reason}"),
        "high": _("High: {reason}"),
    }.get(approval.risk, "{reason}")
    icon = approval.risk if approval.risk in ("low", "medium", "high") else "unknown"
    left = facts(
        (
            (icon, _("Risk"), risk.format(reason=reason), "text"),
            ("undo", _("Undo"), visible(approval.undo.text()), "text"),
        )
    )
    right = facts(
        (
            ("check", _("Success"), visible(approval.success.text()), "text"),
            ("flag", _("Record"), visible(approval.record.text()), "text"),
        )
    )
    made = row(col(*left, None, gap=6), col(*right, None, gap=6), gap=24)
    made.setStretch(0, 1)
    made.setStretch(1, 1)
    return made
