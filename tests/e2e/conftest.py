"""Desktops for the end-to-end tests."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.desktop import Desktop, Parts

FAILED = pytest.StashKey[bool]()
MakeDesktop = Callable[..., Desktop]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, pytest.TestReport]:
    """Note on the test itself that it failed, for the fixtures that are torn down after it."""
    report: pytest.TestReport = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture
def make_desktop(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakeDesktop]:
    """Return a function that starts a desktop with the parts given, such as ``tray=False``.

    When the test fails, the output of all programs and a screenshot are kept.
    """
    desktops: list[Desktop] = []
    with ExitStack() as stack:

        def make(**parts: Any) -> Desktop:
            folder = tmp_path / f"desktop{len(desktops)}"
            folder.mkdir()
            desktop = stack.enter_context(Desktop(folder, Parts(**parts)))
            desktops.append(desktop)
            return desktop

        yield make
        if request.node.stash.get(FAILED, False):
            for desktop in desktops:
                _keep(desktop)


def _keep(desktop: Desktop) -> None:
    sys.stdout.write(desktop.report())
    if "DISPLAY" in desktop.env:
        picture = desktop.screenshot(desktop.folder / "failed.png")
        sys.stdout.write(f"\n── the screen is in {picture}\n")


@pytest.fixture
def desktop(make_desktop: MakeDesktop) -> Desktop:
    """Return a whole desktop: display, window manager, notifications, tray, accessibility."""
    return make_desktop()
