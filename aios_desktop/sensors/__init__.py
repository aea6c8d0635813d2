"""Observing the machine: readings, processes, signals with hysteresis, and the lane that runs them."""
