"""Who works here: the built-in agents and what each of them is doing."""
