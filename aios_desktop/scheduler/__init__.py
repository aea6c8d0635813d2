"""When and where work runs: tasks by priority, timers, lanes."""
