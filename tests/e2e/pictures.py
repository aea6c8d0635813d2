"""Makes the pictures of README.md by living through the main job in a virtual desktop.

    python tests/e2e/pictures.py [--folder docs/images] [--all]

Writes office.png (a question waits) and story.gif (noticed, asked, repaired, proved, undone); with
``--all`` every page on the way.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.e2e.desktop import Desktop, Parts, until
from tests.e2e.story import Hog, answers, is_done, look, run_when, the_question

WIDTH = 960
COLOURS = 96
FRAME_MS = 1600
NOON = f"UTC{(time.gmtime().tm_hour - 12):+d}"  # a zone where it is about noon: POSIX counts west


class Camera:
    """Takes pictures of the screen without the window manager's frame."""

    def __init__(self, desktop: Desktop) -> None:
        self._desktop = desktop
        self.full: list[Image.Image] = []
        self.frames: list[Image.Image] = []

    def shot(self) -> Image.Image:
        """Return the screen as it is now."""
        file = self._desktop.screenshot(self._desktop.folder / "shot.png")
        with Image.open(file) as picture:
            return picture.convert("RGB")

    def frame(self, count: int = 1) -> None:
        """Add what is on the screen to the story, for ``count`` beats."""
        picture = self.shot()
        self.full.append(picture)
        size = (WIDTH, round(picture.height * WIDTH / picture.width))
        self.frames += [picture.resize(size, Image.Resampling.LANCZOS)] * count

    def save(self, file: Path) -> None:
        """Write the story as a GIF."""
        first, *rest = [frame.quantize(COLOURS, dither=Image.Dither.NONE) for frame in self.frames]
        first.save(
            file, save_all=True, append_images=rest, duration=FRAME_MS, loop=0, optimize=True
        )


def live(desktop: Desktop, folder: Path, page: str) -> Camera:
    """Live through the story, write its pictures and return the camera with every one."""
    camera = Camera(desktop)
    desktop.env["TZ"] = NOON
    program = desktop.start_app()
    until(lambda: answers(desktop), "it answers", 20)
    walker = desktop.walker(program)
    walker.wait(page, part=True, patience_s=20)
    time.sleep(8)
    camera.frame()
    hog = Hog(desktop)
    until(lambda: bool(look(desktop, "events", type="resource.high")), "it is noticed", 20)
    time.sleep(4)
    camera.frame()
    question = the_question(desktop, 60)
    time.sleep(5)
    camera.shot().save(folder / "office.png", optimize=True)
    camera.frame()
    walker.press("Review…", role="push button")
    walker.wait("Approve", role="push button")
    time.sleep(1)
    camera.frame(2)
    walker.activate("AIOS: ")
    walker.keys("alt+a")
    until(hog.is_stopped, "the hog is suspended")
    time.sleep(2)
    camera.frame()
    run_when(desktop, question["run"], is_done)
    time.sleep(2)
    walker.keys("ctrl+4")
    time.sleep(2)
    camera.frame(2)
    walker.keys("ctrl+3")
    time.sleep(2)
    camera.frame()
    walker.keys("ctrl+2")
    time.sleep(4)
    camera.frame()
    look(desktop, "undo", id=question["run"])
    walker.keys("ctrl+1")
    time.sleep(3)
    camera.frame()
    camera.save(folder / "story.gif")
    return camera


def main() -> None:
    """Make the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--folder", type=Path, default=Path("docs/images"))
    parser.add_argument("--size", default="1280x820")
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    parts = Parts(size=options.size)
    with tempfile.TemporaryDirectory() as folder, Desktop(Path(folder), parts) as desktop:
        camera = live(desktop, options.folder, "Office")
    for number, picture in enumerate(camera.full if options.all else (), 1):
        picture.save(options.folder / f"story{number}.png")


if __name__ == "__main__":
    main()
