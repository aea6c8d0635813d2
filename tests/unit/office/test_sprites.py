"""The compiled pictures are those of their sources, and bad sources are named by file and line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "assets" / "sprites"
SCRIPT = ROOT / "packaging" / "sprites.py"
PICTURES = ("atlas.png", "office.png")
RESULTS = (*PICTURES, "atlas.json", "office.json")
BUILT_IN = ("monitor", "analyst", "optimizer", "executor", "validator", "learner")
NEEDED = (
    *("walk_d", "walk_u", "walk_s", "idle_d", "idle_s", "look_u", "type_d", "type_u", "read_d"),
    *("coffee_d", "scratch_d", "cheer_d", "raise_d", "raise_s", "sleep_d", "think_d", "note_d"),
)


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the script."""
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=50)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the sources and results that a test may spoil."""
    return Path(shutil.copytree(SOURCE, tmp_path / "sprites"))


def test_the_committed_pictures_are_those_of_their_sources() -> None:
    done = run("--check")
    assert (done.returncode, done.stderr) == (0, "")


def test_building_twice_gives_the_same_bytes(copy: Path) -> None:
    assert run("--source", copy).returncode == 0
    first = {name: (copy / name).read_bytes() for name in RESULTS}
    assert run("--source", copy).returncode == 0
    assert {name: (copy / name).read_bytes() for name in RESULTS} == first


def palette() -> set[tuple[int, int, int]]:
    """Return the 32 colours, read from the atlas itself."""
    with Image.open(SOURCE / "atlas.png") as image:
        raw = image.getpalette() or []
    return {(raw[at], raw[at + 1], raw[at + 2]) for at in range(3, 99, 3)}


@pytest.mark.parametrize("name", PICTURES)
def test_pixels_are_opaque_or_clear_and_of_the_palette(name: str) -> None:
    assert len(palette()) == 32
    with Image.open(SOURCE / name) as image:
        assert image.mode == "P"
        pixels = image.convert("RGBA")
    counts = pixels.getcolors(1 << 20) or []
    seen = {colour for _, colour in counts if isinstance(colour, tuple)}
    assert {colour[3] for colour in seen} == {0, 255}
    assert {colour[:3] for colour in seen if colour[3]} <= palette()
    assert max(pixels.size) <= 1024


def test_every_persona_has_every_drawing() -> None:
    people = json.loads((SOURCE / "atlas.json").read_text("utf-8"))["people"]
    assert set(BUILT_IN) <= set(people["rows"])
    assert set(NEEDED) <= set(people["anims"])
    with Image.open(SOURCE / "atlas.png") as image:
        pixels = image.convert("RGBA")
    step_x, step_y = people["step"]
    cells = {cell for anim in people["anims"].values() for cell in anim["cells"]}
    cells |= {anim["blink"] for anim in people["anims"].values() if "blink" in anim}
    for row in people["rows"].values():
        for cell in cells:
            line, column = divmod(cell, people["columns"])
            left, top = column * step_x, (row * people["lines"] + line) * step_y
            drawn = pixels.crop((left, top, left + step_x, top + step_y)).getchannel("A")
            opaque = drawn.histogram()[255]
            assert 120 < opaque < 340, (row, cell)
            border = [drawn.getpixel((x, y)) for x in (0, 17) for y in range(26)]
            assert set(border) == {0}, "no drawing reaches into the gutter"


SPOILT = [
    ("parts/people.txt", "..oSSwSSSSwSSo..", "..oSSwSSSSwSSo.", "15 wide, not 16"),
    ("parts/people.txt", "..oSSwSSSSwSSo..", "..oSSwSS?SwSSo..", "'?' has no meaning"),
    ("parts/furniture.txt", "== chair ", "== desk ", "the map desk is there twice"),
    ("personas.toml", '"cobalt", "navy", "sky"', '"cobalt", "navy", "pink"', "'pink'"),
    ("palette.toml", 'darker = "umber"', 'darker = "mauve"', "'mauve' is not in the palette"),
    ("palette.toml", 'rgb = "#1c1829"', 'rgb = "#1c18"', "'#1c18' is not a colour"),
    ("anims.toml", 'torso = "d_type1"', 'torso = "d_dance"', "torso.d_dance is not drawn"),
    ("office.toml", 'part = "sofa"', 'part = "throne"', "'throne'"),
    ("office.toml", "via = [[60, 244]]", "via = [[2, 2]]", "nobody can walk to 2, 2"),
    ("office.toml", "size = [427, 267]", "size = [427, 267", "office.toml:"),
]


@pytest.mark.parametrize(("name", "right", "wrong", "told"), SPOILT)
def test_a_bad_source_is_named_with_its_line(
    copy: Path, name: str, right: str, wrong: str, told: str
) -> None:
    path = copy / name
    text = path.read_text("utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong, 1), "utf-8")
    line = text[: text.index(right)].count("\n") + 1
    done = run("--check", "--source", copy)
    assert done.returncode == 1
    assert told in done.stderr
    assert f"{path}:" in done.stderr
    if name.startswith("parts/"):
        assert f"{path}:{line}:" in done.stderr


def test_a_changed_pixel_is_found(copy: Path) -> None:
    with Image.open(copy / "atlas.png") as image:
        image.load()
        image.putpixel((9, 12), (image.getpixel((9, 12)) + 1) % 33)  # type: ignore[operator]
        image.save(copy / "atlas.png", transparency=0)
    done = run("--check", "--source", copy)
    assert done.returncode == 1
    assert "column 9, row 12" in done.stderr


def test_half_transparent_pixels_are_refused(copy: Path) -> None:
    with Image.open(copy / "office.png") as image:
        veiled = image.convert("RGBA")
    veiled.putalpha(128)
    veiled.save(copy / "office.png")
    done = run("--check", "--source", copy)
    assert done.returncode == 1
    assert "only index 0 transparent" in done.stderr


def test_a_stale_description_is_found_with_its_line(copy: Path) -> None:
    path = copy / "atlas.json"
    path.write_text(path.read_text("utf-8").replace('"format": 1', '"format": 2'), "utf-8")
    (copy / "office.json").unlink()
    done = run("--check", "--source", copy)
    assert done.returncode == 1
    assert "atlas.json:2: out of date" in done.stderr
    assert "office.json: missing" in done.stderr
