"""How the window says an error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aios_desktop import i18n
from aios_desktop.errors import AiosError
from aios_desktop.ui import words


@pytest.fixture
def chinese() -> Iterator[None]:
    """Say everything in Chinese for a while."""
    before = i18n.language()
    i18n.use("zh_CN")
    yield
    i18n.use(before)


@pytest.mark.usefixtures("chinese")
def test_an_expected_error_is_said_in_the_language_in_use() -> None:
    assert words.reason(AiosError("There is no run {id}.", id=7)) == "没有运行 7。"


@pytest.mark.usefixtures("chinese")
def test_any_other_error_is_said_in_its_own_words() -> None:
    assert words.reason(OSError("the disk is gone")) == "the disk is gone"
