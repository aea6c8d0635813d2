"""Takes over what AIOS v0.1 to v0.6 wrote, and hands out events for other programs."""
