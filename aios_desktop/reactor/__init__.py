"""Acting: playbooks, gates, approvals, the run journal, verification and undo."""
