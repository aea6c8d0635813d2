"""Compiles the text pixel maps of assets/sprites to the atlas and the office picture.

``python packaging/sprites.py`` writes atlas.png, atlas.json, office.png and office.json beside their
sources. ``--check`` writes nothing and fails when a source is wrong or a result is out of date.
The pictures are compared pixel by pixel and colour by colour, not as files: another build of zlib
packs the same picture into other bytes.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, UnidentifiedImageError
from spritekit import ground, light, pack, people, scene
from spritekit.maps import Fault, Table, TextMap, read_maps
from spritekit.palette import Palette, Rgb, read_palette

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCE = Path(__file__).resolve().parent.parent / "assets" / "sprites"
FORMAT = 1
LARGEST = 1024
PARTS = ("furniture.txt", "wall.txt", "emotes.txt")


def build(source: Path) -> dict[str, bytes]:
    """Return the results by file name. Raises Fault when a source is wrong."""
    palette = read_palette(Table(source / "palette.toml"))
    parts: dict[str, TextMap] = {}
    for name in PARTS:
        parts |= read_maps(source / "parts" / name, palette.letters)
    return build_atlas(source, palette, parts) | build_office(source, palette, parts)


def build_atlas(source: Path, palette: Palette, parts: dict[str, TextMap]) -> dict[str, bytes]:
    """Return ``atlas.png`` and ``atlas.json``: people, bubbles, smoke, pips."""
    layers = read_maps(source / "parts" / "people.txt", people.LETTERS)
    anims = people.read_anims(Table(source / "anims.toml"), layers)
    table = Table(source / "personas.toml")
    sheet = people.build_sheet(palette, layers, people.read_personas(table, palette, layers), anims)
    canvas, spots = pack.atlas(palette, sheet, pack.sprites(parts))
    if max(canvas.width, canvas.height) > LARGEST:
        raise Fault(table.path, 1, f"the atlas is {canvas.width} x {canvas.height}: too large")
    described = {
        "format": FORMAT,
        "size": [canvas.width, canvas.height],
        "people": sheet.describe(),
        "sprites": spots,
        "light": _tables(light.people_tables(palette)),
    }
    return {
        "atlas.png": pack.png(canvas.width, canvas.height, bytes(canvas.ink), palette.rgb),
        "atlas.json": _json(described),
    }


def build_office(source: Path, palette: Palette, parts: dict[str, TextMap]) -> dict[str, bytes]:
    """Return ``office.png`` and ``office.json``: the room, its ground, its places, its light."""
    table = Table(source / "office.toml")
    office = scene.build_scene(palette, parts, table)
    free = ground.build_ground(office)
    try:
        picture = scene.finish(office)
    except light.TooManyTones as error:
        raise table.fault("[[lamp]]", str(error)) from error
    described = {
        "format": FORMAT,
        "size": table.data["size"],
        "cell": ground.CELL,
        "ground": free.rows,
        "light_at": ground.light_rows(office),
        "entrance": table.data["entrance"],
        "clock": table.data["clock"],
        "own_lamp": table.data["own_lamp"],
        "own_plate": table.data["own_plate"],
        "places": ground.places(table, office, free),
        "fronts": [
            [f.x, f.y, f.width, f.height, f.foot, f.stored_x, f.stored_y] for f in picture.fronts
        ],
        "pieces": table.section("pieces"),
        "hours": {name: list(each.hours) for name, each in palette.lights.items()},
        "tables": {name: _hex(row) for name, row in picture.lit.tables.items()},
        "shade": {name: _hex(row) for name, row in picture.lit.shade.items()},
    }
    colours = picture.lit.tables["day"]
    return {
        "office.png": pack.png(picture.width, picture.height, picture.lit.pixels, colours),
        "office.json": _json(described),
    }


def _hex(colours: Sequence[Rgb]) -> str:
    return b"".join(bytes(colour) for colour in colours).hex()


def _tables(lights: dict[str, dict[str, list[Rgb]]]) -> dict[str, dict[str, str]]:
    return {time: {kind: _hex(row) for kind, row in rows.items()} for time, rows in lights.items()}


def _json(value: object) -> bytes:
    """Return compact JSON with one line for each entry of the outer two levels."""
    lines = []
    assert isinstance(value, dict)
    for key, entry in value.items():
        if isinstance(entry, dict) and len(entry) > 2:
            inner = ",\n  ".join(f"{json.dumps(k)}: {_flat(v)}" for k, v in entry.items())
            lines.append(f" {json.dumps(key)}: {{\n  {inner}\n }}")
        elif isinstance(entry, list | tuple) and entry and isinstance(entry[0], dict):
            inner = ",\n  ".join(_flat(each) for each in entry)
            lines.append(f" {json.dumps(key)}: [\n  {inner}\n ]")
        else:
            lines.append(f" {json.dumps(key)}: {_flat(entry)}")
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _flat(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def differences(folder: Path, results: dict[str, bytes]) -> list[str]:
    """Return one sentence for every result that is missing or out of date."""
    found = []
    for name, wanted in results.items():
        path = folder / name
        if not path.is_file():
            found.append(f"{path}: missing")
        elif name.endswith(".png"):
            found += _differing_picture(path, wanted)
        elif path.read_bytes() != wanted:
            found.append(f"{path}:{_first_line(path.read_bytes(), wanted)}: out of date")
    return found


def _differing_picture(path: Path, wanted: bytes) -> list[str]:
    try:
        with Image.open(path) as image:
            image.load()
            if image.mode != "P" or image.info.get("transparency") != 0:
                return [f"{path}: not a picture of palette indices with only index 0 transparent"]
            with Image.open(io.BytesIO(wanted)) as other:
                same = image.size == other.size and image.getpalette() == other.getpalette()
                if not same:
                    return [f"{path}: other size or colours than its sources"]
                if image.tobytes() != other.tobytes():
                    return [
                        f"{path}: other pixels than its sources, first at {_spot(image, other)}"
                    ]
    except UnidentifiedImageError:
        return [f"{path}: not a picture"]
    return []


def _spot(one: Image.Image, other: Image.Image) -> str:
    pairs = zip(one.tobytes(), other.tobytes(), strict=True)
    at = next(index for index, (a, b) in enumerate(pairs) if a != b)
    return f"column {at % one.width}, row {at // one.width}"


def _first_line(have: bytes, wanted: bytes) -> int:
    pairs = zip(have.splitlines(), wanted.splitlines(), strict=False)
    same = (number for number, (a, b) in enumerate(pairs, 1) if a != b)
    return next(same, min(have.count(b"\n"), wanted.count(b"\n")) + 1)


def main(arguments: list[str] | None = None) -> int:
    """Write the results or check them; returns the exit code."""
    parser = argparse.ArgumentParser(description="Compile the pixel maps of the office.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail on differences")
    parser.add_argument("--source", type=Path, default=SOURCE, help="folder of the pixel maps")
    options = parser.parse_args(arguments)
    try:
        results = build(options.source)
    except Fault as fault:
        print(fault, file=sys.stderr)
        return 1
    if options.check:
        found = differences(options.source, results)
        for line in found:
            print(line, file=sys.stderr)
        return 1 if found else 0
    for name, content in results.items():
        (options.source / name).write_bytes(content)
        print(f"{name}: {len(content)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
