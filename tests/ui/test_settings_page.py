"""The Settings page: every option can be changed, refused, found, and set back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from aios_desktop import i18n
from aios_desktop.clock import SystemClock
from aios_desktop.config import BY_NAME, OPTIONS, Config, Option, Value
from aios_desktop.events.model import Event
from aios_desktop.paths import find
from aios_desktop.runtime.build import build
from aios_desktop.ui.app import Desktop
from aios_desktop.ui.main_window import MainWindow
from aios_desktop.ui.pages import settings_words
from aios_desktop.ui.pages.settings import SettingsPage
from aios_desktop.ui.pages.settings_controls import NumberField, Pick, Segments, Switch, WordField
from aios_desktop.ui.pages.settings_rows import OptionRow
from aios_desktop.ui.theme import Theme
from tests.fake_core import FakeCore
from tests.fakes import FakeClock
from tests.ui.conftest import Open
from tests.ui.test_main_window import clipped, outside, settle

pytestmark = pytest.mark.qt_log_ignore("does not support raise", extend=True)


class Core(FakeCore):
    """A core whose options are real: checked, kept in a file, told when they change."""

    def __init__(self, clock: FakeClock, config: Config) -> None:
        super().__init__(clock)
        self.config = config
        config.listen(self._tell)
        self.later: list[Callable[[], None]] | None = None

    def _tell(self, name: str, value: Value) -> None:
        self.publish("config.changed", target=name, name=name, value=value)

    def option(self, name: str) -> Any:
        return self.config.get(name)

    def set_option(self, name: str, value: Any) -> None:
        self.asked.append(f"set {name} {value}")
        self.config.set(name, value)

    def background(self, work: Callable[[], object], then: Callable[[object], None]) -> None:
        if self.later is None:
            super().background(work, then)
        else:
            self.later.append(lambda: FakeCore.background(self, work, then))


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(tmp_path / "config.toml")


@pytest.fixture
def core(clock: FakeClock, config: Config) -> Core:
    return Core(clock, config)


@pytest.fixture
def window(open_window: Open, qtbot: QtBot) -> MainWindow:
    window = open_window("settings")
    window.frame.activateWindow()
    qtbot.waitUntil(window.frame.isActiveWindow)
    settle()
    return window


@pytest.fixture
def page(window: MainWindow) -> SettingsPage:
    found = window.page("settings")
    assert isinstance(found, SettingsPage)
    return found


def another(option: Option) -> Value:
    """Return a valid value that is not the default."""
    if isinstance(option.default, bool):
        return not option.default
    if isinstance(option.default, str):
        return option.words[-1] if option.words else "other"
    assert option.high is not None
    return type(option.default)(option.high)


def operate(row: OptionRow, value: Value) -> None:
    """Choose a value as a person would."""
    control = row.control
    if isinstance(control, Switch):
        QTest.mouseClick(control, Qt.MouseButton.LeftButton)
    elif isinstance(control, Segments):
        button = next(button for button in control.buttons if button.value == value)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    elif isinstance(control, Pick):
        control.setFocus()
        QTest.keyClick(control, Qt.Key.Key_End)
        assert control.currentText() == settings_words.word(str(value))
    else:
        type_in(control, str(value))


def type_in(field: NumberField | WordField, text: str) -> None:
    field.edit.setFocus()
    field.edit.selectAll()
    QTest.keyClicks(field.edit, text)
    QTest.keyClick(field.edit, Qt.Key.Key_Return)
    settle()


def shown(row: OptionRow) -> Value:
    """Return what a control shows."""
    control = row.control
    if isinstance(control, Switch):
        return control.isChecked()
    if isinstance(control, Segments):
        return next(button.value for button in control.buttons if button.isChecked())
    if isinstance(control, Pick):
        return row.option.words[control.currentIndex()]
    text = control.edit.text()
    return type(row.option.default)(text)


def number_of(page: SettingsPage, name: str) -> NumberField:
    control = page.rows[name].control
    assert isinstance(control, NumberField)
    return control


def visible_rows(page: SettingsPage) -> list[str]:
    return [name for name, row in page.rows.items() if row.isVisible()]


def changed_rows(page: SettingsPage) -> list[str]:
    return [name for name, row in page.rows.items() if not row.chip.isHidden()]


# ---------------------------------------------------------------- changing


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_is_changed_kept_and_set_back(
    page: SettingsPage, core: Core, config: Config, option: Option
) -> None:
    row, value = page.rows[option.name], another(option)
    assert shown(row) == option.default
    assert row.chip.isHidden()
    operate(row, value)
    settle()
    assert config.get(option.name) == value
    again = Config(config.file)
    assert again.load() == ()
    assert again.get(option.name) == value
    assert shown(row) == value
    assert row.chip.isVisible()
    assert page.foot.said.text() == "1 setting differs from its default"
    assert core.asked == [f"set {option.name} {value}"]
    row.chip.click()
    settle()
    assert config.get(option.name) == option.default
    assert shown(row) == option.default
    assert row.chip.isHidden()
    assert page.foot.said.text() == "All settings are at their defaults"


def test_every_option_has_a_title_a_help_and_its_own_search(page: SettingsPage) -> None:
    titles = set()
    for name, row in page.rows.items():
        assert row.title.text()
        assert row.title.text() != name
        assert row.help.text() == BY_NAME[name].help
        titles.add((settings_words.category(name), row.title.text()))
    assert len(titles) == len(OPTIONS)


@pytest.mark.parametrize(
    ("name", "typed", "reason"),
    [
        (
            "heartbeat.interval",
            "9999",
            "Time between heartbeats lies between 5 and 3600, not 9999.",
        ),
        ("heartbeat.interval", "4", "Time between heartbeats lies between 5 and 3600, not 4."),
        ("heartbeat.interval", "5.5", "Time between heartbeats takes a whole number, not 5.5."),
        ("signals.cpu_raise", "nan", "High processor use lies between 20 and 100, not nan."),
        ("signals.cpu_raise", "much", "much is not a number."),
        ("signals.cpu_raise", "1,5", "1,5 is not a number."),
        ("signals.cpu_raise", " ", "Type a number."),
    ],
)
def test_a_bad_value_is_refused_beside_the_field(
    page: SettingsPage, config: Config, name: str, typed: str, reason: str
) -> None:
    row = page.rows[name]
    type_in(number_of(page, name), typed)
    assert row.error == reason
    assert row.trouble is not None
    assert row.trouble.text.isVisible()
    assert row.control.accessibleDescription() == reason
    assert shown(row) == BY_NAME[name].default
    assert row.chip.isHidden()
    assert not config.file.exists()
    assert list(clipped(page)) == []
    type_in(number_of(page, name), "30")
    assert row.error == ""
    assert row.trouble.isHidden()
    assert config.get(name) == 30


@pytest.mark.parametrize("name", ["ui.close_to_tray", "ui.language", "ui.theme"])
def test_a_file_that_cannot_be_written_brings_the_old_value_back(
    page: SettingsPage, core: Core, config: Config, name: str
) -> None:
    config.file.mkdir()  # in the way
    row = page.rows[name]
    operate(row, another(BY_NAME[name]))
    settle()
    assert row.error.startswith(f"Cannot write the option {row.title.text()} to ")
    assert shown(row) == BY_NAME[name].default
    assert core.option(name) == BY_NAME[name].default


@pytest.mark.logs_errors
def test_an_unexpected_failure_is_said_too(
    page: SettingsPage, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str, value: object) -> None:
        raise RuntimeError(name)

    monkeypatch.setattr(core, "set_option", fail)
    row = page.rows["reactor.automatic"]
    operate(row, False)
    settle()
    assert row.error == "That did not work. The log says why."
    assert shown(row) is True


def test_changes_are_written_off_this_thread_in_their_order(page: SettingsPage, core: Core) -> None:
    core.later = []
    row = page.rows["ui.theme"]
    for value in ("dark", "light", "hc_dark"):
        row.wanted.emit("ui.theme", value)
    row.wanted.emit("reactor.automatic", False)
    assert core.asked == []
    while core.later:
        core.later.pop(0)()
        settle()
    assert core.asked == [
        "set ui.theme dark",
        "set ui.theme hc_dark",
        "set reactor.automatic False",
    ]
    assert shown(row) == "hc_dark"


def test_what_others_change_is_shown(qtbot: QtBot, page: SettingsPage, config: Config) -> None:
    config.set("heartbeat.interval", 77)
    qtbot.waitUntil(lambda: shown(page.rows["heartbeat.interval"]) == 77)
    assert changed_rows(page) == ["heartbeat.interval"]


def test_theme_and_language_are_in_force_at_once(
    qtbot: QtBot, qapp: QApplication, core: Core, clock: FakeClock, tmp_path: Path
) -> None:
    theme = Theme(qapp, "light")
    desktop = Desktop(qapp, theme, clock, tmp_path / "window.json")
    desktop.frame.page = "settings"
    desktop.start(core)
    desktop.frame.come_forward()
    qtbot.waitUntil(desktop.frame.isActiveWindow)
    try:
        window = desktop.window
        assert window is not None
        page = window.page("settings")
        assert isinstance(page, SettingsPage)
        operate(page.rows["ui.theme"], "hc_dark")
        qtbot.waitUntil(lambda: theme.name == "hc_dark")
        control = page.rows["ui.language"].control
        assert isinstance(control, Segments)
        QTest.mouseClick(control.buttons[2], Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: i18n.language() == "zh_CN")
        fresh = window.page("settings")
        assert isinstance(fresh, SettingsPage)
        assert fresh is not page
        qtbot.waitUntil(lambda: shown(fresh.rows["ui.language"]) == "zh_CN")
        assert changed_rows(fresh) == ["ui.language", "ui.theme"]
        assert fresh.rows["ui.language"].control.isAncestorOf(window.frame.focusWidget())
    finally:
        desktop.close()


def test_a_real_core_tells_that_an_option_has_changed(tmp_path: Path) -> None:
    paths = find(tmp_path)
    real = build(paths, SystemClock(), Config(paths.options))
    heard: list[Event] = []
    real.start()
    try:
        end = real.listen(heard.append)
        real.set_option("heartbeat.interval", 120)
        end()
    finally:
        real.stop()
    (event,) = [event for event in heard if event.type == "config.changed"]
    assert event.target == "heartbeat.interval"
    assert event.data == {"name": "heartbeat.interval", "value": 120}


# ---------------------------------------------------------------- numbers


def test_arrows_step_within_the_range_and_are_taken_after_a_rest(
    qtbot: QtBot, page: SettingsPage, core: Core, config: Config
) -> None:
    field = number_of(page, "signals.cpu_raise")
    field.edit.setFocus()
    for _ in range(3):
        QTest.keyClick(field.edit, Qt.Key.Key_Up)
    assert field.edit.text() == "83"
    assert core.asked == []
    qtbot.waitUntil(lambda: config.get("signals.cpu_raise") == 83.0)
    assert core.asked == ["set signals.cpu_raise 83.0"]
    for _ in range(9):
        QTest.keyClick(field.edit, Qt.Key.Key_PageUp)
    assert field.edit.text() == "100"
    QTest.keyClick(field.edit, Qt.Key.Key_PageDown)
    QTest.keyClick(field.edit, Qt.Key.Key_Down)
    QTest.keyClick(field.edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: config.get("signals.cpu_raise") == 89.0)


def test_steps_go_on_while_the_last_one_is_written(
    qtbot: QtBot, page: SettingsPage, core: Core, config: Config
) -> None:
    field = number_of(page, "heartbeat.interval")
    core.later = []
    field.edit.setFocus()
    QTest.keyClick(field.edit, Qt.Key.Key_Up)
    qtbot.waitUntil(lambda: bool(core.later))
    QTest.keyClick(field.edit, Qt.Key.Key_Up)
    core.later.pop(0)()
    settle()
    assert config.get("heartbeat.interval") == 61
    assert field.edit.text() == "62"
    qtbot.waitUntil(lambda: bool(core.later))
    core.later.pop(0)()
    assert config.get("heartbeat.interval") == 62


def test_the_buttons_step_and_have_names(qtbot: QtBot, page: SettingsPage, config: Config) -> None:
    field = number_of(page, "sensors.interval")
    buttons = {x.accessibleName(): x for x in field.findChildren(QAbstractButton)}
    assert set(buttons) == {"Less: Time between looks", "More: Time between looks"}
    buttons["More: Time between looks"].click()
    assert field.edit.text() == "1.5"
    qtbot.waitUntil(lambda: config.get("sensors.interval") == 1.5)
    for _ in range(5):
        buttons["Less: Time between looks"].click()
    assert field.edit.text() == "0.5"
    qtbot.waitUntil(lambda: config.get("sensors.interval") == 0.5)


def test_escape_brings_the_number_in_force_back(page: SettingsPage, core: Core) -> None:
    field = number_of(page, "reactor.undo_days")
    field.edit.setFocus()
    field.edit.selectAll()
    QTest.keyClicks(field.edit, "12")
    QTest.keyClick(field.edit, Qt.Key.Key_Escape)
    assert field.edit.text() == "7"
    QTest.keyClick(field.edit, Qt.Key.Key_Return)
    assert core.asked == []


def test_leaving_the_field_takes_the_number(page: SettingsPage, config: Config) -> None:
    field = number_of(page, "reactor.undo_days")
    field.edit.setFocus()
    field.edit.selectAll()
    QTest.keyClicks(field.edit, "12")
    QTest.keyClick(field.edit, Qt.Key.Key_Tab)
    settle()
    assert config.get("reactor.undo_days") == 12


@pytest.mark.parametrize("name", ["ui.theme", "heartbeat.interval", "reactor.automatic"])
def test_the_wheel_scrolls_and_changes_nothing(page: SettingsPage, core: Core, name: str) -> None:
    control = page.rows[name].control
    control.setFocus()
    before = shown(page.rows[name])
    middle = QPointF(control.rect().center())
    down = QWheelEvent(
        middle,
        QPointF(control.mapToGlobal(control.rect().center())),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(control, down)
    settle()
    assert shown(page.rows[name]) == before
    assert core.asked == []


# ---------------------------------------------------------------- finding


def test_the_search_finds_names_helps_words_and_categories(page: SettingsPage) -> None:
    for typed, found in {
        "undo": ["reactor.undo_days"],
        "HEARTBEATS": ["heartbeat.interval"],
        "cpu_raise": ["signals.cpu_raise"],
        "quarantine folder": ["reactor.quarantine_max_gb"],
        "high contrast": ["ui.theme"],
        "notifications": ["notifications.approvals", "notifications.results"],
        "语言": ["ui.language"],
    }.items():
        page.search.edit.setText(typed)
        settle()
        assert visible_rows(page) == found, typed


def test_in_chinese_english_words_are_found_too(open_window: Open) -> None:
    i18n.use("zh_CN")
    window = open_window("settings")
    page = window.page("settings")
    assert isinstance(page, SettingsPage)
    settle()
    for typed in ("语言", "language"):
        page.search.edit.setText(typed)
        assert visible_rows(page) == ["ui.language"]


def test_the_list_counts_what_is_found(page: SettingsPage) -> None:
    assert {name: button.count for name, button in page.categories.items()} == {
        name: len(section.rows) for name, section in page.sections.items()
    }
    page.search.edit.setText("disk")
    settle()
    assert page.categories["signals"].count == 2
    assert page.categories["signals"].accessibleName() == "Signals, 2 settings"
    assert page.categories["signals"].isChecked()
    assert not page.categories["ui"].isEnabled()


def test_nothing_found_says_so_and_leads_back(page: SettingsPage) -> None:
    page.search.edit.setText("zzz")
    settle()
    assert page.empty.isVisible()
    page.empty.button.click()
    settle()
    assert page.search.edit.text() == ""
    assert len(visible_rows(page)) == len(OPTIONS)


def test_slash_goes_to_the_search_and_escape_ends_it(page: SettingsPage) -> None:
    page.rows["ui.close_to_tray"].control.setFocus()
    QTest.keyClick(page.rows["ui.close_to_tray"].control, Qt.Key.Key_Slash)
    assert page.search.edit.hasFocus()
    QTest.keyClicks(page.search.edit, "tray")
    assert visible_rows(page) == ["ui.close_to_tray"]
    QTest.keyClick(page.search.edit, Qt.Key.Key_Escape)
    assert page.search.edit.text() == ""
    assert len(visible_rows(page)) == len(OPTIONS)


def test_a_category_is_gone_to_and_followed(page: SettingsPage) -> None:
    bar = page.area.verticalScrollBar()
    page.categories["signals"].click()
    assert bar.value() > 0
    assert page.categories["signals"].isChecked()
    bar.setValue(0)
    assert page.categories["ui"].isChecked()
    bar.setValue(bar.maximum())
    assert list(page.categories.values())[-1].isChecked()


def test_others_can_lead_to_a_setting(window: MainWindow, page: SettingsPage) -> None:
    window.go_to("settings", "notifications.results")
    settle()
    row = page.rows["notifications.results"]
    assert row.control.hasFocus()
    assert not row.visibleRegion().isEmpty()
    window.go_to("settings", "reactor")
    assert page.categories["reactor"].isChecked()
    window.go_to("settings", "no such thing")


def test_an_option_that_nobody_named_is_said_by_its_name() -> None:
    option = Option("swarm.max_size", 3, "How many", 1, 9)
    assert settings_words.title(option) == "Max size"
    assert settings_words.category_title(settings_words.category(option.name)) == "Swarm"
    assert settings_words.in_order({"storage", "swarm", "ui"}) == ["ui", "swarm", "storage"]
    assert settings_words.value(option, 4) == "4"


# ---------------------------------------------------------------- back to the defaults


@pytest.fixture
def three(page: SettingsPage, config: Config) -> SettingsPage:
    """Return the page with three settings that differ."""
    for name in ("reactor.automatic", "heartbeat.interval", "signals.cpu_raise"):
        page.rows[name].wanted.emit(name, another(BY_NAME[name]))
    settle()
    assert len(changed_rows(page)) == 3
    return page


def test_what_differs_is_shown_alone(three: SettingsPage) -> None:
    page = three
    assert page.foot.said.text() == "3 settings differ from the defaults"
    page.foot.show_button.click()
    settle()
    assert visible_rows(page) == changed_rows(page)
    assert page.foot.show_button.text() == "Show all"
    page.rows["reactor.automatic"].chip.click()
    settle()
    assert (
        visible_rows(page) == ["heartbeat.interval", "signals.cpu_raise"]
        or len(visible_rows(page)) == 2
    )
    page.foot.show_button.click()
    settle()
    assert len(visible_rows(page)) == len(OPTIONS)


def test_back_to_the_defaults_is_asked_once_more(three: SettingsPage, config: Config) -> None:
    page = three
    page.foot.reset_button.click()
    assert page.foot.question.text() == "Set 3 settings back to the defaults?"
    assert page.foot.keep_button.hasFocus()
    page.foot.keep_button.click()
    assert not page.foot.is_asking
    assert len(changed_rows(page)) == 3
    page.foot.reset_button.click()
    QTest.keyClick(page.foot.keep_button, Qt.Key.Key_Escape)
    assert not page.foot.is_asking
    page.foot.reset_button.click()
    page.foot.sure_button.click()
    settle()
    assert {x: config.get(x) for x in BY_NAME} == {x.name: x.default for x in OPTIONS}
    assert changed_rows(page) == []
    assert page.foot.said.text() == "All settings are at their defaults"
    assert page.foot.reset_button.isHidden()


def test_a_default_that_is_refused_does_not_stop_the_others(
    three: SettingsPage, core: Core, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = core.set_option

    def refuse(name: str, value: Any) -> None:
        change(name if name != "heartbeat.interval" else "heartbeat.intervall", value)

    monkeypatch.setattr(core, "set_option", refuse)
    three.foot.reset_button.click()
    three.foot.sure_button.click()
    settle()
    assert changed_rows(three) == ["heartbeat.interval"]
    assert "Unknown option" in three.rows["heartbeat.interval"].error


def test_the_chip_gives_the_focus_to_its_setting(page: SettingsPage) -> None:
    row = page.rows["reactor.automatic"]
    operate(row, False)
    settle()
    row.chip.setFocus()
    QTest.keyClick(row.chip, Qt.Key.Key_Return)
    settle()
    assert row.control.hasFocus()


# ---------------------------------------------------------------- keys, names, looks


def test_ctrl_comma_opens_the_settings(window: MainWindow) -> None:
    window.go_to("health")
    QTest.keyClick(window.frame, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    assert window.page_name == "settings"
    button = window.rail.buttons["settings"]
    assert button.isChecked()
    assert button.toolTip() == "Settings (Ctrl+,)"
    others = [x for name, x in window.rail.buttons.items() if name != "settings"]
    assert all(button.y() > other.geometry().bottom() for other in others)
    assert button.geometry().bottom() > window.rail.height() - 24


def test_arrow_keys_go_through_words(page: SettingsPage, config: Config) -> None:
    control = page.rows["ui.language"].control
    assert isinstance(control, Segments)
    control.setFocus()
    QTest.keyClick(control.buttons[0], Qt.Key.Key_Right)
    settle()
    assert config.get("ui.language") == "en"


def test_a_page_knows_where_the_keyboard_is(page: SettingsPage) -> None:
    assert page.place() == ""
    page.rows["signals.cpu_raise"].control.setFocus()
    assert page.place() == "signals.cpu_raise"
    page.search.edit.setFocus()
    assert page.place() == ""


def test_tab_reaches_every_setting(page: SettingsPage) -> None:
    page.search.edit.setFocus()
    seen: list[QWidget] = []
    for _ in range(80):
        here = QApplication.focusWidget()
        if here is None or here in seen:
            break
        seen.append(here)
        QTest.keyClick(here, Qt.Key.Key_Tab)
    for name, row in page.rows.items():
        assert any(row.control is x or row.control.isAncestorOf(x) for x in seen), name


def names(root: QWidget) -> list[str]:
    found = []
    for widget in root.findChildren(QWidget):
        if widget.isVisible() and isinstance(widget, QAbstractButton | QLineEdit | QComboBox):
            interface = QAccessible.queryAccessibleInterface(widget)
            found.append(interface.text(QAccessible.Text.Name).strip())
    return found


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_everything_has_a_name_of_its_own(open_window: Open, language: str) -> None:
    i18n.use(language)
    window = open_window("settings")
    settle()
    found = names(window.page("settings"))
    assert "" not in found
    assert len(found) == len(set(found))


@pytest.mark.parametrize("size", [(1280, 800), (1920, 1200), (960, 600)])
@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_the_page_fits(open_window: Open, core: Core, language: str, size: tuple[int, int]) -> None:
    i18n.use(language)
    for option in OPTIONS:
        if option.name not in ("ui.language", "ui.theme"):
            core.config.set(option.name, another(option))
    window = open_window("settings", size)
    settle()
    page = window.page("settings")
    assert isinstance(page, SettingsPage)
    assert (window.frame.width(), window.frame.height()) == size
    assert list(clipped(window)) == []
    assert list(outside(window)) == []
    page.foot.reset_button.click()
    for row in page.rows.values():
        row.say("The value lies between 20.0 and 100.0, not 4711. " * 2)
    settle()
    assert list(clipped(window)) == []
    assert list(outside(window)) == []
    assert (window.frame.width(), window.frame.height()) == size


@pytest.mark.parametrize("name", ["light", "dark", "hc_dark", "hc_light"])
def test_every_theme_draws_it(open_window: Open, theme: Theme, core: Core, name: str) -> None:
    core.config.set("reactor.automatic", False)
    window = open_window("settings")
    theme.use(name)
    settle()
    page = window.page("settings")
    assert isinstance(page, SettingsPage)
    image = window.frame.grab().toImage()
    assert image.pixelColor(84, 760) == theme.colour("bg")
    language = page.rows["ui.language"].control
    assert isinstance(language, Segments)
    place = language.buttons[0].mapTo(window.frame, QPoint(4, 4))
    assert image.pixelColor(place) == theme.colour("accent")
    place = language.buttons[1].mapTo(window.frame, QPoint(5, 5))
    assert image.pixelColor(place) == theme.colour("surface")


def test_hidden_it_asks_for_nothing(window: MainWindow, page: SettingsPage, core: Core) -> None:
    window.go_to("health")
    core.config.set("heartbeat.interval", 99)
    settle()
    assert shown(page.rows["heartbeat.interval"]) == 60
    window.go_to("settings")
    settle()
    assert shown(page.rows["heartbeat.interval"]) == 99


def test_the_page_goes_with_its_window(window: MainWindow, page: SettingsPage) -> None:
    gone: list[None] = []
    page.destroyed.connect(lambda: gone.append(None))
    window.retranslate()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert gone == [None]
