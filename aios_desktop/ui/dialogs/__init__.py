"""Dialogs of the window: each answers by a signal or by asking the core, none blocks."""
