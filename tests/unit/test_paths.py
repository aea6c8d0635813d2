"""Where things are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from aios_desktop import paths
from aios_desktop.errors import AiosError
from tests.conftest import HOME


def test_the_system_decides_unless_a_folder_is_given() -> None:
    found = paths.find()
    assert found.data == HOME / ".local/share/aios-desktop"
    assert found.config == HOME / ".config/aios-desktop"
    assert found.runtime == HOME / "run/aios-desktop"


def test_one_folder_holds_everything(tmp_path: Path) -> None:
    found = paths.find(tmp_path / "d")
    everything = (
        found.events,
        found.state_db,
        found.quarantine,
        found.lock,
        found.log,
        found.options,
        found.playbooks,
        found.socket,
    )
    assert all(x.is_relative_to(tmp_path / "d") for x in everything)
    assert len(set(everything)) == len(everything)


def test_a_relative_folder_becomes_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert paths.find(Path("d")).data == tmp_path / "d" / "data"
    assert paths.find(Path("~/d")).data == HOME / "d" / "data"


def test_the_socket_of_a_long_path_is_short_and_its_own(tmp_path: Path) -> None:
    one, other = (paths.find(tmp_path / ("x" * 150) / name).socket for name in ("a", "b"))
    assert len(bytes(one)) < 108
    assert one != other
    assert one == paths.find(tmp_path / ("x" * 150) / "a").socket


def test_folders_are_private_even_when_they_were_not(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert paths.private_folder(folder) == folder
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    paths.private_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_is_told_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AiosError, match="--data-dir") as caught:
        paths.private_folder(tmp_path / "file" / "x")
    assert str(tmp_path / "file") in str(caught.value)
