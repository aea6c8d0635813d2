"""The ground people walk on: a grid of free cells, the places, and the light they stand in."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spritekit.light import pool_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spritekit.canvas import Rect
    from spritekit.light import Lamp
    from spritekit.maps import Table
    from spritekit.scene import Scene

CELL = 8
FOOT = (4, 2)  # half the width and height that a person needs on the ground
BORDER = 3
HEAD = 14  # so far above the feet the light is looked up that falls on a person
FACES = ("down", "up", "left", "right")
KINDS = ("desk", "console", "library", "coffee", "sofa", "window", "meeting", "queue", "floor")
LIGHT_LETTERS = {"": ".", "screen": "s", "lamp": "l", "own": "o"}
Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Ground:
    """Which cells are free, row by row."""

    rows: tuple[str, ...]

    def is_free(self, cell: Cell) -> bool:
        """Say whether people can walk on a cell."""
        column, row = cell
        return (
            0 <= row < len(self.rows)
            and 0 <= column < len(self.rows[0])
            and self.rows[row][column] == "."
        )

    def reachable(self, start: Cell) -> set[Cell]:
        """Return all cells that one can walk to."""
        seen = {start}
        queue = deque([start])
        while queue:
            column, row = queue.popleft()
            for cell in (
                (column + 1, row),
                (column - 1, row),
                (column, row + 1),
                (column, row - 1),
            ):
                if cell not in seen and self.is_free(cell):
                    seen.add(cell)
                    queue.append(cell)
        return seen


def build_ground(scene: Scene) -> Ground:
    """Find the cells in whose middle a person can stand."""
    width, height = scene.canvas.width, scene.canvas.height
    return Ground(
        tuple(
            "".join(_cell(scene, x, y) for x in range(CELL // 2, width, CELL))
            for y in range(CELL // 2, height, CELL)
        )
    )


def _cell(scene: Scene, x: int, y: int) -> str:
    wide, tall = FOOT
    if not (BORDER + wide <= x < scene.canvas.width - BORDER - wide):
        return "#"
    if y >= scene.canvas.height - BORDER:
        return "#"
    person = (x - wide, y - tall, 2 * wide, 2 * tall)
    return "#" if any(_overlap(person, solid) for solid in scene.solid) else "."


def _overlap(one: Rect, other: Rect) -> bool:
    return (
        one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3]
        and other[1] < one[1] + one[3]
    )


def light_rows(scene: Scene) -> list[str]:
    """Return, cell by cell, the light that falls on somebody who stands there."""
    return [
        "".join(
            LIGHT_LETTERS[_light(scene.lamps, x, y)]
            for x in range(CELL // 2, scene.canvas.width, CELL)
        )
        for y in range(CELL // 2, scene.canvas.height, CELL)
    ]


def _light(lamps: Sequence[Lamp], x: int, y: int) -> str:
    kind, level = pool_at(lamps, x, y - HEAD)
    return kind if level else ""


def places(table: Table, scene: Scene, ground: Ground) -> list[dict[str, object]]:
    """Return the places. Raises Fault for one that nobody can get to."""
    column, row = (value // CELL for value in table.data["entrance"])
    reach = ground.reachable((column, row))
    if len(reach) < 2:
        raise table.fault("entrance", "the entrance is not on free ground")
    found = [_place(table, scene, entry, reach) for entry in table.rows("place")]
    names = [place["name"] for place in found]
    for name in names:
        if names.count(name) > 1:
            raise table.fault(f'"{name}"', f"the place {name} is there twice")
    return found


def _place(
    table: Table, scene: Scene, entry: dict[str, Any], reach: set[Cell]
) -> dict[str, object]:
    name = str(entry.get("name", "?"))
    try:
        x, y = entry["at"]
        kind, face = entry["kind"], entry["face"]
        steps = [tuple(step) for step in entry.get("via", [])]
    except (KeyError, ValueError, TypeError) as error:
        raise table.fault(name, f"{name}: {error!r}") from error
    if kind not in KINDS or face not in FACES:
        raise table.fault(name, f"{name}: unknown kind {kind!r} or face {face!r}")
    first_x, first_y = steps[0] if steps else (x, y)
    if (first_x // CELL, first_y // CELL) not in reach:
        raise table.fault(name, f"{name}: nobody can walk to {first_x}, {first_y}")
    return {
        "name": name,
        "kind": kind,
        "owner": entry.get("owner", ""),
        "at": [x, y],
        "depth": entry.get("depth", y),
        "face": face,
        "pose": entry.get("pose", ""),
        "via": [list(step) for step in steps],
        "plate": entry.get("plate", [x, y + 3]),
        "light": _light(scene.lamps, x, y),
    }
