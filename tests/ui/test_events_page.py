"""The Events page: a live table that keeps still while one reads, a filter, and the trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from aios_desktop import i18n
from aios_desktop.events.model import Event, EventQuery, Severity
from aios_desktop.ui import event_history, trace
from aios_desktop.ui.bridge import Bridge
from aios_desktop.ui.controls import Pressable
from aios_desktop.ui.event_filter import parse
from aios_desktop.ui.page import Context
from aios_desktop.ui.pages import events as events_page
from aios_desktop.ui.pages.events import EventsPage
from aios_desktop.ui.theme import Theme
from aios_desktop.ui.widgets import Chip
from tests import fake_data, stories
from tests.fake_core import FakeCore
from tests.fakes import FakeClock


class Core(FakeCore):
    """A core with the events of a day, that counts how often it is asked for some."""

    def __init__(self, clock: FakeClock, stored: Sequence[Event]) -> None:
        super().__init__(clock)
        self.stored = list(stored)
        self.queries: list[EventQuery] = []
        self.broken = False

    def events(self, query: EventQuery) -> Sequence[Event]:
        self.queries.append(query)
        if self.broken:
            raise OSError("the disk is gone")
        return super().events(query)

    def say(self, *events: Event) -> None:
        """Publish events made elsewhere."""
        for event in events:
            self.stored.append(event)
            for listener in self._listeners:
                listener(event)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(fake_data.START)


@pytest.fixture
def core(clock: FakeClock) -> Core:
    return Core(clock, stories.day(clock.now()))


Make = Callable[[], EventsPage]


@pytest.fixture
def went() -> list[object]:
    """Return what the page asked of the window."""
    return []


@pytest.fixture
def make(qapp: QApplication, core: Core, clock: FakeClock, went: list[object]) -> Iterator[Make]:
    """Make pages of the size they have in a window of 1280 x 800."""
    theme, bridge = Theme(qapp, "light"), Bridge(core)
    context = Context(
        core=core,
        bridge=bridge,
        theme=theme,
        clock=clock,
        open_approval=went.append,
        go_to=lambda page, argument: went.append((page, argument)),
    )

    host = QWidget()
    host.resize(1800, 800)
    host.show()

    def build() -> EventsPage:
        page = EventsPage(context)
        page.setParent(host)
        page.resize(1200, 720)
        page.show()
        settle()
        return page

    yield build
    bridge.close()
    host.deleteLater()


def settle() -> None:
    for _ in range(4):
        QApplication.sendPostedEvents()
        QApplication.processEvents()


def story_of(core: Core) -> int:
    return next(event.trace for event in core.stored if event.type == "resource.high")


def texts(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]


def rows(page: EventsPage) -> list[int]:
    return [int(str(row.key)) for row in page.table.model_rows.rows]


def show_story(qtbot: QtBot, page: EventsPage, core: Core) -> None:
    page.show_trace(story_of(core))
    qtbot.waitUntil(lambda: page.trace_view.trace == story_of(core))


def many(clock: FakeClock, count: int, ago: float = 0.0) -> list[Event]:
    now = round((clock.now() - ago) * 1_000_000)
    return [Event(now + n, "my.event", "test", target=f"n{n}") for n in range(count)]


# ---------------------------------------------------------------- the table


def test_the_newest_event_is_on_top_and_all_have_a_sentence(make: Make, core: Core) -> None:
    page = make()
    assert rows(page) == sorted((event.id for event in core.stored), reverse=True)
    first = page.table.model_rows.rows[0].cells
    assert [cell.text for cell in first] == [
        "14:31:58",
        "info",
        "score.updated",
        "score",
        "The score is 87, was 86",
    ]
    assert all(row.cells[-1].text for row in page.table.model_rows.rows)


def test_live_events_come_on_top_and_the_chosen_row_stays_chosen(
    make: Make, core: Core, clock: FakeClock
) -> None:
    page = make()
    chosen = rows(page)[3]
    page.table.select(chosen)
    clock.advance(1)
    core.say(*many(clock, 10))  # the bridge lets fewer wait for some seconds
    settle()
    assert page.table.key() == chosen
    assert page.table.model_rows.place(chosen) == 13
    assert page.table.verticalScrollBar().value() == 0


def test_rows_keep_still_while_one_reads_further_down(
    make: Make, core: Core, clock: FakeClock
) -> None:
    page = make()
    bar = page.table.verticalScrollBar()
    bar.setValue(200)
    before = rows(page)
    core.say(*many(clock, 12))
    settle()
    assert rows(page) == before
    assert bar.value() == 200
    assert page.new_button.text() == "12 new events"
    page.new_button.click()
    assert bar.value() == 0
    assert len(rows(page)) == len(before) + 12
    assert page.new_button.isHidden()


def test_scrolling_back_up_lets_the_new_ones_in(make: Make, core: Core, clock: FakeClock) -> None:
    page = make()
    page.table.verticalScrollBar().setValue(200)
    core.say(*many(clock, 10))
    settle()
    page.table.verticalScrollBar().setValue(0)
    assert len(rows(page)) == len(core.stored)


def test_the_rows_are_bounded(
    qtbot: QtBot, make: Make, core: Core, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_page, "MOST", 100)
    page = make()
    oldest = rows(page)[-1]
    page.table.select(oldest)
    page.table.verticalScrollBar().setValue(0)
    newest = many(clock, 150)
    core.say(*newest)
    qtbot.waitUntil(lambda: rows(page)[0] == newest[-1].id)
    assert len(rows(page)) == 100
    assert len(page._events) == 100
    assert page.table.key() is None
    assert rows(page) == sorted(rows(page), reverse=True)


def test_a_burst_is_drawn_in_few_steps(
    qtbot: QtBot, make: Make, core: Core, clock: FakeClock
) -> None:
    page = make()
    changes: list[object] = []
    page.table.model_rows.rowsInserted.connect(lambda *_: changes.append(None))
    newest = many(clock, 2000)
    core.say(*newest)
    qtbot.waitUntil(lambda: rows(page)[0] == newest[-1].id)
    assert len(changes) <= 4


def test_an_event_is_never_shown_twice(make: Make, core: Core, clock: FakeClock) -> None:
    page = make()
    event = many(clock, 1)[0]
    core.say(event, event)
    settle()
    page.hide()
    page.show()
    settle()
    assert rows(page).count(event.id) == 1


def test_a_hidden_page_rests_and_catches_up(make: Make, core: Core, clock: FakeClock) -> None:
    page = make()
    page.hide()
    asked = len(core.queries)
    core.say(*many(clock, 4))
    settle()
    assert len(core.queries) == asked
    assert len(rows(page)) == len(core.stored) - 4
    page.show()
    settle()
    assert len(rows(page)) == len(core.stored)
    assert core.queries[asked].since is not None


def test_at_midnight_yesterday_gets_its_date(make: Make, core: Core, clock: FakeClock) -> None:
    page = make()
    clock.advance(fake_data.DAY)
    page.tick()
    assert page.table.model_rows.rows[0].cells[0].text == "11-21 14:31"


def test_older_events_are_loaded_on_request(make: Make, core: Core, clock: FakeClock) -> None:
    core.stored = [*many(clock, 450, ago=3600), *core.stored]
    page = make()
    assert len(rows(page)) == 200
    page.older_button.click()
    settle()
    assert len(rows(page)) == 400
    page.older_button.click()
    settle()
    assert len(rows(page)) == len(core.stored)
    assert page.older_button.isHidden()
    assert rows(page) == sorted(rows(page), reverse=True)


# ---------------------------------------------------------------- the filter


def test_a_filter_is_typed_and_becomes_chips(qtbot: QtBot, make: Make, core: Core) -> None:
    page = make()
    edit = page.filter_bar.edit
    QTest.keyClicks(edit, "type:resource.* severity:warning python")
    chips = page.filter_bar.findChildren(Chip)
    assert [chip.text() for chip in chips if chip.isVisible()] == ["resource.*", "warning"]
    assert edit.text() == "python"
    qtbot.waitUntil(lambda: len(rows(page)) == 1)
    assert page.table.model_rows.rows[0].cells[2].text == "resource.high"
    assert page.count.text() == "1 of 1,284 shown"
    assert page.summary() == "1,284 kept, 1 match"


def test_chips_go_by_click_backspace_and_esc(qtbot: QtBot, make: Make) -> None:
    page = make()
    bar = page.filter_bar
    page.set_filter("type:run.* source:reactor severity:warning word")
    chips = [chip for chip in bar.findChildren(Chip) if chip.isVisible()]
    chips[0].click()
    assert bar.filter.typed() == "source:reactor severity:warning word"
    bar.edit.clear()
    QTest.keyClick(bar.edit, Qt.Key.Key_Backspace)
    assert bar.filter.typed() == "source:reactor"
    QTest.keyClick(bar.edit, Qt.Key.Key_Escape)
    assert not bar.filter


def test_a_key_has_one_value(make: Make) -> None:
    page = make()
    page.set_filter("type:run.* type:score.*")
    assert page.filter_bar.filter.typed() == "type:score.*"


def test_a_filter_holds_for_live_events_too(make: Make, core: Core, clock: FakeClock) -> None:
    page = make()
    page.set_filter("severity:critical")
    settle()
    event = many(clock, 1)[0]
    core.say(event, replace(event, id=event.id + 1, severity=Severity.CRITICAL))
    settle()
    assert rows(page) == [event.id + 1]


def test_when_nothing_matches_it_says_so(make: Make) -> None:
    page = make()
    page.set_filter("nothing-is-called-this")
    settle()
    assert page.empty.isVisible()
    assert "1,284 events are kept; the filter leaves none." in texts(page.empty)
    page.empty.button.click()
    settle()
    assert page.table.isVisible()
    assert page.filter_bar.edit.text() == ""


def test_before_the_first_event_it_says_when_one_comes(make: Make, core: Core) -> None:
    core.stored = []
    page = make()
    assert "No event yet" in texts(page.empty)


def test_a_store_that_fails_is_told(make: Make, core: Core) -> None:
    core.broken = True
    page = make()
    assert "The events could not be read: the disk is gone" in texts(page.empty)
    core.broken = False
    page.empty.button.click()
    settle()
    assert rows(page)


def test_a_wide_filter_does_not_widen_the_page(make: Make) -> None:
    page = make()
    least = page.minimumSizeHint().width()
    value = "x" * 60
    page.set_filter(f"type:{value} source:{value} target:{value} trace:1 since:1h severity:info")
    settle()
    assert page.minimumSizeHint().width() <= least


# ---------------------------------------------------------------- the trace


def test_a_story_is_cut_into_chapters_in_the_order_of_time(core: Core) -> None:
    found = trace.chapters(
        event for event in reversed(core.stored) if event.trace == story_of(core)
    )
    assert [part.stage for part in found] == ["observe", "decide", "act", "decide"]
    ids = [event.id for part in found for event in part.events]
    assert ids == sorted(ids)


def test_choosing_an_event_shows_its_story(qtbot: QtBot, make: Make, core: Core) -> None:
    page = make()
    event = next(event for event in core.stored if event.type == "run.finished")
    page.table.select(event.id)
    qtbot.waitUntil(lambda: page.trace_view.trace == event.trace)
    said = texts(page.trace_view)
    expected = [
        str(story_of(core)),
        "resource.high, cpu",
        "Observe",
        "The processor is at 97 %, over 85 % for 5 s; python3 uses most of it",
        "Decide",
        "+0.1 s",
        "Act",
        "No effect, taken back: The processor stayed at 97 %.",
        "suspend_runaway",
        "The condition is false: event.cache",
        "Waits for your approval until 15:10: Suspend python3 (pid 4711)",
    ]
    places = [said.index(text) for text in expected if text != "suspend_runaway"]
    assert places == sorted(places)
    assert said.count("suspend_runaway") == 2


def test_a_stopped_gate_is_a_grey_cross(qtbot: QtBot, make: Make, core: Core) -> None:
    from aios_desktop.ui.widgets import Mark

    page = make()
    show_story(qtbot, page, core)
    kinds = [mark.kind for mark in page.trace_view.findChildren(Mark) if mark.isVisible()]
    assert kinds.count("stop") == 3
    assert "bad" not in kinds


def test_a_waiting_approval_can_be_reviewed_from_its_story(
    qtbot: QtBot, make: Make, core: Core, went: list[object]
) -> None:
    page = make()
    show_story(qtbot, page, core)

    def review() -> list[Pressable]:
        found = page.trace_view.findChildren(Pressable)
        return [button for button in found if button.text() == "Review…" and button.isVisible()]

    review()[0].click()
    assert went == [32]
    core.waiting = [item for item in core.waiting if item.id != 32]
    core.publish("approval.decided", approval=32)
    qtbot.waitUntil(lambda: not review())


def test_the_story_goes_on_while_it_is_shown(
    qtbot: QtBot, make: Make, core: Core, clock: FakeClock
) -> None:
    page = make()
    show_story(qtbot, page, core)
    end = {"outcome": "fixed", "reason": "It fell to 12 %."}
    core.say(replace(many(clock, 1)[0], type="run.finished", data=end, trace=story_of(core)))
    qtbot.waitUntil(lambda: "Fixed: It fell to 12 %." in texts(page.trace_view))


def test_a_long_story_says_how_much_is_left_out(
    qtbot: QtBot, make: Make, core: Core, clock: FakeClock
) -> None:
    long = [replace(event, trace=5) for event in many(clock, trace.MOST + 7)]
    core.stored += long
    page = make()
    page.show_trace(5)
    qtbot.waitUntil(lambda: page.trace_view.trace == 5)
    assert "7 more events" in texts(page.trace_view)


def test_the_trace_id_can_be_copied(qtbot: QtBot, make: Make, core: Core) -> None:
    page = make()
    show_story(qtbot, page, core)
    button = next(
        item
        for item in page.trace_view.findChildren(Pressable)
        if item.accessibleName() == "Copy trace id"
    )
    button.click()
    assert QGuiApplication.clipboard().text() == str(story_of(core))


def test_another_page_can_open_a_trace_or_a_filter(qtbot: QtBot, make: Make, core: Core) -> None:
    page = make()
    page.open(f"trace:{story_of(core)}")
    qtbot.waitUntil(lambda: page.trace_view.trace == story_of(core))
    story = [event.id for event in core.stored if event.trace == story_of(core)]
    assert sorted(rows(page)) == sorted(story)
    page.open("pip")
    settle()
    assert 0 < len(rows(page)) < len(story)


def test_a_story_that_is_no_longer_kept_says_so(qtbot: QtBot, make: Make) -> None:
    page = make()
    page.show_trace(4)
    qtbot.waitUntil(lambda: page.trace_view.trace == 4)
    assert "The events of this trace are no longer kept." in texts(page.trace_view)


# ---------------------------------------------------------------- looking back


def test_looking_back_reads_on_until_it_has_enough(core: Core, clock: FakeClock) -> None:
    core.stored = many(clock, 3000)
    found = event_history.look_back(core, parse("n7"), clock.now() + 1, want=50)
    assert len(found.events) == 50
    assert not found.is_all
    rest = event_history.look_back(core, parse("n7"), clock.now() + 1, found.looked_to, 2000)
    assert rest.is_all
    fits = [event for event in core.stored if "n7" in event.target]
    assert len(found.events) + len(rest.events) == len(fits)


def test_looking_back_has_a_limit(
    core: Core, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_history, "MOST_READ", 1000)
    core.stored = many(clock, 3000)
    found = event_history.look_back(core, parse("no-such-thing"), clock.now() + 1)
    assert not found.is_all
    assert len(core.queries) == 2


# ---------------------------------------------------------------- for everybody


def test_keyboard_goes_from_the_filter_to_the_table(make: Make) -> None:
    page = make()
    page.window().activateWindow()
    page.table.setFocus()
    QTest.keyClick(page.table, Qt.Key.Key_Slash)
    assert page.filter_bar.edit.hasFocus()
    QTest.keyClick(page.filter_bar.edit, Qt.Key.Key_Down)
    assert page.table.hasFocus()
    assert page.table.key() == rows(page)[0]


def test_everything_that_can_be_operated_has_a_name(make: Make) -> None:
    page = make()
    page.set_filter("type:run.*")
    settle()
    nameless = [
        type(widget).__name__
        for widget in [*page.findChildren(Pressable), page.table, page.filter_bar.edit]
        if widget.isVisible()
        and not QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)
    ]
    assert nameless == []


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("width", [880, 1200, 1720])
def test_it_fits_where_it_is_put(make: Make, language: str, width: int) -> None:
    i18n.use(language)
    page = make()
    page.resize(width, 720)
    settle()
    assert (page.width(), page.height()) == (width, 720)
    assert page.trace_view.geometry().right() < width
    assert page.table.columnWidth(4) > 100
