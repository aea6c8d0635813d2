"""The composition root: the only place that constructs, starts and stops, and the UI's front door."""
