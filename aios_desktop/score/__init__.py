"""One figure for how well the machine does, and what it is made of."""
