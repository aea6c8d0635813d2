"""The office as a simulation: rooms, paths, people, moods. Plain Python, no Qt."""
