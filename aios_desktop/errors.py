"""The root of all errors that a person may get to read."""

from __future__ import annotations


class AiosError(Exception):
    """An expected failure, told in one sentence with the next step in it.

    ``key`` is an English sentence with named placeholders and also the message id of its
    translation; ``values`` fill the placeholders.
    """

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values

    def __str__(self) -> str:
        return self.key.format(**self.values)
