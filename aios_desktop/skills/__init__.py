"""What can be done: every action type is a skill with a plan, a snapshot and an undo."""
