"""What happened: the event model, the bus that carries it and the store that keeps it."""
