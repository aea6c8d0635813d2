"""The options: one table, one file, and no fault in the file that stops the application."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aios_desktop.config import BY_NAME, MAX_FILE_BYTES, OPTIONS, Config, Value, check
from aios_desktop.errors import AiosError


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(tmp_path / "config" / "config.toml")


def written(config: Config, text: str) -> Config:
    config.file.parent.mkdir(exist_ok=True)
    config.file.write_text(text, "utf-8")
    return config


def test_without_a_file_the_defaults_hold(config: Config) -> None:
    assert config.load() == ()
    assert {name: config.get(name) for name in BY_NAME} == {x.name: x.default for x in OPTIONS}


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_default_is_valid_and_every_option_explained(option: object) -> None:
    assert isinstance(option, type(OPTIONS[0]))
    assert check(option, option.default) == option.default
    assert option.help[0].isupper()
    assert "." in option.name


def test_all_faults_are_told_together_and_the_rest_holds(config: Config) -> None:
    written(
        config,
        '[heartbeat]\ninterval = 9999\n[ui]\ntheme = "drak"\nlanguage = "zh_CN"\ntheem = 1\n'
        '[sensors]\ninterval = "fast"\n',
    )
    faults = {fault.field: fault for fault in config.load()}
    assert set(faults) == {"heartbeat.interval", "ui.theme", "ui.theem", "sensors.interval"}
    assert faults["ui.theme"].nearest == "dark"
    assert faults["ui.theem"].nearest == "ui.theme"
    assert "5" in faults["heartbeat.interval"].message
    assert config.faults == tuple(faults.values())
    assert config.number("heartbeat.interval") == 60
    assert config.text("ui.language") == "zh_CN"


@pytest.mark.parametrize(
    "text", ["[ui\n", "x = \x00", '"', "[heartbeat]\ninterval = 5\ninterval = 6\n"]
)
def test_a_file_that_cannot_be_read_is_one_fault(config: Config, text: str) -> None:
    assert len(written(config, text).load()) == 1
    assert config.number("heartbeat.interval") == 60


def test_bytes_that_are_no_text_are_one_fault(config: Config) -> None:
    written(config, "").file.write_bytes(b"\xff\xfe")
    assert len(config.load()) == 1


def test_a_huge_file_is_not_read(config: Config) -> None:
    written(config, "# " + "x" * MAX_FILE_BYTES)
    assert "larger" in config.load()[0].message


def test_setting_keeps_comments_order_and_privacy(config: Config) -> None:
    written(config, '# mine\n[ui]\ntheme = "dark"  # at night\n\n[heartbeat]\ninterval = 30\n')
    config.load()
    config.set("heartbeat.interval", 120)
    text = config.file.read_text("utf-8")
    assert text == '# mine\n[ui]\ntheme = "dark"  # at night\n\n[heartbeat]\ninterval = 120\n'
    assert config.file.stat().st_mode & 0o777 == 0o600
    again = Config(config.file)
    assert again.load() == ()
    assert again.number("heartbeat.interval") == 120


def test_setting_makes_the_file_and_the_section(config: Config) -> None:
    config.set("ui.language", "zh_CN")
    assert 'language = "zh_CN"' in config.file.read_text("utf-8")
    assert config.file.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("heartbeat.intervall", 5, "heartbeat.interval"),
        ("heartbeat.interval", 4, "between 5 and 3600"),
        ("heartbeat.interval", 5.5, "a whole number"),
        ("heartbeat.interval", True, "a whole number"),
        ("ui.close_to_tray", 1, "true or false"),
        ("ui.theme", "blue", "light, dark"),
        ("sensors.interval", float("nan"), "between"),
        ("nonsense", 1, "Unknown option nonsense"),
    ],
)
def test_a_bad_value_changes_nothing(config: Config, name: str, value: object, words: str) -> None:
    with pytest.raises(AiosError, match=words):
        config.set(name, value)
    assert not config.file.exists()
    assert {x: config.get(x) for x in BY_NAME} == {x.name: x.default for x in OPTIONS}


def test_a_file_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    config = Config(tmp_path / "file" / "config.toml")
    with pytest.raises(AiosError, match=r"heartbeat\.interval|folder"):
        config.set("heartbeat.interval", 120)
    assert config.number("heartbeat.interval") == 60


def test_a_whole_float_is_a_whole_number_and_back() -> None:
    assert type(check(BY_NAME["heartbeat.interval"], 30.0)) is int
    assert type(check(BY_NAME["sensors.interval"], 2)) is float


def test_an_undeclared_name_is_an_error(config: Config) -> None:
    with pytest.raises(AiosError, match=r"nearest is ui\.theme"):
        config.get("ui.theem")


def test_listeners_hear_changes_until_they_leave(config: Config) -> None:
    heard: list[tuple[str, Value]] = []
    end = config.listen(lambda name, value: heard.append((name, value)))
    config.set("ui.theme", "dark")
    end()
    config.set("ui.theme", "light")
    assert heard == [("ui.theme", "dark")]


def test_changes_from_many_threads_all_arrive(config: Config) -> None:
    names = [("ui.theme", "dark"), ("ui.language", "en"), ("heartbeat.interval", 77)] * 5
    threads = [threading.Thread(target=config.set, args=pair) for pair in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    again = Config(config.file)
    assert again.load() == ()
    assert (again.text("ui.theme"), again.number("heartbeat.interval")) == ("dark", 77)


@given(
    st.sampled_from(OPTIONS),
    st.one_of(st.integers(), st.floats(), st.text(max_size=9), st.booleans(), st.none()),
)
def test_what_check_lets_through_is_of_the_right_type_and_in_range(
    option: object, value: object
) -> None:
    assert isinstance(option, type(OPTIONS[0]))
    try:
        found = check(option, value)
    except AiosError:
        return
    assert type(found) is type(option.default)
    assert check(option, found) == found
    if option.low is not None and option.high is not None:
        assert isinstance(found, int | float)
        assert option.low <= found <= option.high
