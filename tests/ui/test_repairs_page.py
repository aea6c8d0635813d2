"""The Repairs page: every outcome in words, the proof, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from aios_desktop import i18n
from aios_desktop.i18n import Say
from aios_desktop.runtime.views import (
    Answer,
    Change,
    Measure,
    PlaybookFault,
    PlaybookView,
    RunView,
    Series,
    StepView,
)
from aios_desktop.ui import run_words
from aios_desktop.ui.bridge import Bridge
from aios_desktop.ui.controls import Pressable
from aios_desktop.ui.curve import Curve, Evidence, thin, ticks
from aios_desktop.ui.page import Context
from aios_desktop.ui.pages.repairs import RepairsPage
from aios_desktop.ui.theme import Theme
from aios_desktop.ui.widgets import MARKS, Mark
from tests import fake_data
from tests.fake_core import FakeCore
from tests.fakes import FakeClock

FAULT = PlaybookFault(
    "/home/ada/.config/aios-desktop/playbooks/disk.yaml",
    20,
    7,
    "hold",
    Say("hold is a duration such as 10m, not {value}", {"value": "10min"}),
    "10m",
    kept_version=True,
)


class Core(FakeCore):
    """A core with faults in playbooks, a metric of its own, and an undo that may be refused."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.faults: tuple[PlaybookFault, ...] = ()
        self.refusal: Answer | None = None
        self.reads = 0

    def playbooks(self) -> tuple[tuple[PlaybookView, ...], tuple[PlaybookFault, ...]]:
        return fake_data.PLAYBOOKS, self.faults

    def runs(self, limit: int = 100) -> tuple[RunView, ...]:
        self.reads += 1
        return super().runs(limit)

    def undo(self, run_id: int, *, by: str) -> Answer:
        return self.refusal or super().undo(run_id, by=by)

    def metric_history(self, name: str, seconds: float) -> Series:
        now = self._clock.now()
        times = tuple(now - ago for ago in range(min(int(seconds), 3600), -1, -1))
        return Series(name, "%", times, tuple(90.0 if at < now - 600 else 70.0 for at in times))

    def change(self, run: RunView) -> None:
        """Put another view in the place of a run, and tell."""
        self._replace(run)
        self.publish("run.changed", target=run.target)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(fake_data.START)


@pytest.fixture
def core(clock: FakeClock) -> Core:
    return Core(clock)


@pytest.fixture
def went() -> list[object]:
    """Return what the page asked of the window."""
    return []


Make = Callable[[], RepairsPage]


@pytest.fixture
def make(qapp: QApplication, core: Core, clock: FakeClock, went: list[object]) -> Iterator[Make]:
    """Make pages of the size they have in a window of 1280 x 800."""
    theme, bridge, host = Theme(qapp, "light"), Bridge(core), QWidget()
    context = Context(
        core=core,
        bridge=bridge,
        theme=theme,
        clock=clock,
        open_approval=went.append,
        go_to=lambda page, argument: went.append((page, argument)),
        tell=went.append,
    )
    host.resize(1800, 800)
    host.show()

    def build() -> RepairsPage:
        page = RepairsPage(context)
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


def said(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def listed(page: RepairsPage) -> list[str]:
    return [line.title for line in page.list.lines.lines]


def done(core: Core, **changes: Any) -> RunView:
    """Return the run of the log folder, changed."""
    run = core.run(2208)
    assert run is not None
    return replace(run, **changes)


# ---------------------------------------------------------------- the list


def test_runs_stand_in_their_groups(make: Make, core: Core, clock: FakeClock) -> None:
    old = done(core, id=1, created=clock.now() - 3 * fake_data.DAY)
    old = replace(old, title=Say("Old one"), finished=old.created + 5)
    core.all_runs.append(old)
    page = make()
    assert listed(page) == [
        "Waiting for you",
        "Free 46 GB on /home?",
        "Suspend python3 (pid 4711)?",
        "Restart the database service?",
        "Running",
        "Restart the print service",
        "Done today",
        "Print service restarted",
        "Log folder rotated",
        "Time server changed",
        "Browser memory limit lowered",
        "Earlier",
        "Old one",
    ]
    assert page.summary() == "3 wait, 1 running, 4 done today"
    lines = {line.title: line for line in page.list.lines.lines}
    assert lines["Free 46 GB on /home?"].below == "Medium risk, denies itself in 26 min"
    assert lines["Restart the print service"].below == "Step 2 of 2: service.restart  cups"
    assert lines["Restart the print service"].progress == 0.75
    assert lines["Old one"].below.startswith("2026-11-18: ")


def test_it_counts_down_and_up(make: Make, clock: FakeClock) -> None:
    page = make()
    clock.advance(60)
    page.tick()
    lines = {line.title: line for line in page.list.lines.lines}
    assert lines["Free 46 GB on /home?"].below == "Medium risk, denies itself in 25 min"
    assert lines["Restart the print service"].word == "1 min"


def test_the_most_urgent_question_is_open_first(make: Make) -> None:
    page = make()
    assert page.detail.run is not None
    assert page.detail.run.id == 2231
    assert page.detail.review_button.isVisible()
    assert page.detail.undo_button.isHidden()
    shown = said(page.detail)
    assert "Old build caches fill the disk." in shown
    assert "files.quarantine  ~/.cache/build/*  older than 3 h" in shown


def test_the_chosen_run_stays_chosen_when_the_list_changes(make: Make, core: Core) -> None:
    page = make()
    page.open("2208")
    core.all_runs.insert(0, done(core, id=9000, title=Say("New one")))
    core.publish("run.finished")
    settle()
    assert page.list.key() == 2208
    assert "New one" in listed(page)


def test_keys_go_past_the_heads(make: Make) -> None:
    page = make()
    page.open("2233")
    QTest.keyClick(page.list, Qt.Key.Key_Down)
    assert page.list.key() == 2230
    QTest.keyClick(page.list, Qt.Key.Key_Up)
    assert page.list.key() == 2233


def test_hidden_pages_ask_nothing(make: Make, core: Core) -> None:
    page = make()
    page.hide()
    reads = core.reads
    core.publish("run.finished")
    settle()
    assert core.reads == reads
    page.show()
    settle()
    assert core.reads > reads


def test_with_no_run_it_says_when_one_comes(make: Make, core: Core, went: list[object]) -> None:
    core.all_runs, core.waiting = [], []
    page = make()
    assert "Nothing was repaired yet" in said(page)
    assert page.summary() == "Nothing waits, 0 done today"
    page.empty.button.click()
    assert went == [("events", "")]


# ---------------------------------------------------------------- outcomes

OUTCOMES = {
    "fixed": ("ok", "Fixed"),
    "no_effect": ("unknown", "No effect"),
    "worse": ("bad", "Worse"),
    "unknown": ("unknown", "Unknown"),
    "denied": ("stop", "Denied"),
    "expired": ("stop", "Expired"),
    "failed": ("bad", "Failed"),
    "resolved": ("ok", "Resolved by itself"),
    "interrupted": ("unknown", "Interrupted"),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_each_outcome_has_a_word_and_a_mark(make: Make, core: Core, outcome: str) -> None:
    page = make()
    core.change(done(core, outcome=outcome, undo="none"))
    page.open("2208")
    settle()
    pill = page.detail.findChild(Mark)
    assert pill is not None
    assert (pill.kind, pill.text()) == OUTCOMES[outcome]
    line = next(line for line in page.list.lines.lines if line.key == 2208)
    assert line.word.lower() == OUTCOMES[outcome][1].lower()


@pytest.mark.parametrize(
    ("outcome", "undo", "mark", "word"),
    [
        ("no_effect", "done", "undo", "No effect, undone"),
        ("worse", "done", "undo", "Worse, undone"),
        ("fixed", "done", "undo", "Fixed, undone"),
        ("worse", "failed", "bad", "Worse, undo failed"),
    ],
)
def test_what_was_taken_back_says_so(
    make: Make, core: Core, outcome: str, undo: str, mark: str, word: str
) -> None:
    page = make()
    core.change(done(core, outcome=outcome, undo=undo))
    page.open("2208")
    settle()
    pill = page.detail.findChild(Mark)
    assert pill is not None
    assert (pill.kind, pill.text()) == (mark, word)


@pytest.mark.parametrize(
    "state", ["planned", "approved", "running", "retrying", "settling", "verifying", "undoing"]
)
def test_each_state_has_words(make: Make, core: Core, state: str) -> None:
    page = make()
    core.change(done(core, state=state, outcome="", finished=None))
    page.open("2208")
    settle()
    line = next(line for line in page.list.lines.lines if line.key == 2208)
    assert line.below
    assert line.progress is not None
    assert not page.detail.undo_button.isEnabled()
    assert "Undo is possible once it has ended." in said(page.detail)


# ---------------------------------------------------------------- the proof


def test_a_run_is_told_in_full(make: Make) -> None:
    page = make()
    page.open("2208")
    settle()
    shown = said(page.detail)
    for text in (
        "Log folder rotated",
        "Low risk, so it ran by itself. Began at 08:10 and took 3.6 s."
        " Playbook rotate-logs, version 3, run 2208.",
        "Success means: /var below 80 % within 2 min",
        "91 %",
        "78 %",
        "logs.keep = 4",
        "−",
        "files.quarantine  /var/log/*.gz",
        "1.8 s",
        "Undo is possible until 2026-11-27.",
    ):
        assert text in shown


def test_steps_say_how_they_went(make: Make, core: Core) -> None:
    steps = (
        StepView(1, "a.b", Say("Does a"), Say("Undoes a"), "undone", 1.0, 0.4, 1),
        StepView(2, "c.d", Say("Does c"), Say("Undoes c"), "failed", 2.0, 31.0, 3, "It is gone."),
        StepView(3, "e.f", Say("Does e"), Say("Undoes e"), "skipped"),
    )
    page = make()
    core.change(done(core, steps=steps))
    page.open("2208")
    settle()
    shown = said(page.detail)
    assert "try 3, 31 s" in shown
    assert "It is gone." in shown
    assert "taken back" in shown
    assert "not begun" in shown
    kinds = [mark.kind for mark in page.detail.findChildren(Mark) if mark.isVisible()]
    assert kinds[1:] == ["undo", "bad", "stop"]


@pytest.mark.parametrize("outcome", ["denied", "expired", "resolved", "interrupted"])
def test_a_run_that_never_began_shows_no_figures(make: Make, core: Core, outcome: str) -> None:
    page = make()
    step = StepView(1, "a.b", Say("Does a"), Say("Undoes a"), "skipped")
    core.change(done(core, outcome=outcome, outcome_reason=Say(""), steps=(step,)))
    page.open("2208")
    settle()
    shown = said(page.detail)
    assert "Nothing was done" in shown
    assert run_words.why_nothing(done(core)) in shown
    assert "Did it help?" not in shown
    assert "91 %" not in shown


def test_unknown_figures_are_called_unknown(make: Make, core: Core) -> None:
    page = make()
    core.change(done(core, measures=(Measure(Say("Swap"), "%", None, 3.0),)))
    page.open("2208")
    settle()
    assert "unknown" in said(page.detail).splitlines()


def test_the_curve_shows_the_time_around_the_run(make: Make, core: Core, clock: FakeClock) -> None:
    start = clock.now() - 700
    run = done(core, created=start, finished=start + 60)
    steps = tuple(replace(step, started=start) for step in run.steps)
    page = make()
    core.change(replace(run, steps=steps))
    page.open("2208")
    settle()
    curve = page.detail.findChild(Curve)
    assert curve is not None
    assert curve.accessibleName() == "cpu_usage around the run"
    shown = curve._evidence
    assert shown.start == pytest.approx(start - 300)
    assert shown.end == pytest.approx(start + 660)
    assert shown.limit == 80.0


def test_a_curve_that_is_no_longer_kept_is_not_drawn(make: Make) -> None:
    page = make()
    page.open("2208")  # ran six hours ago; an hour is kept
    settle()
    assert page.detail.findChild(Curve) is None
    assert "The figures of that time are no longer kept." in said(page.detail)


def test_many_changed_lines_are_counted(make: Make, core: Core) -> None:
    page = make()
    core.change(done(core, changes=tuple(Change("+", f"line {n}") for n in range(205))))
    page.open("2208")
    settle()
    assert "5 more lines" in said(page.detail)


def test_the_trace_and_the_review_are_a_click_away(make: Make, went: list[object]) -> None:
    page = make()
    page.detail.review_button.click()
    page.detail.trace_button.click()
    assert page.detail.run is not None
    assert went == [31, ("events", f"trace:{page.detail.run.trace}")]


# ---------------------------------------------------------------- the way back


def test_an_undo_is_asked_for_in_place(make: Make, core: Core, went: list[object]) -> None:
    page = make()
    page.open("2208")
    settle()
    page.window().activateWindow()
    page.detail.undo_button.click()
    question = page.detail.question
    assert question.isVisible()
    assert question.keep.hasFocus()
    question.undo.click()
    settle()
    assert core.asked == ["undo 2208 window"]
    assert not question.isVisible()
    assert "Undone." in went
    assert not page.detail.undo_button.isEnabled()
    assert "It has been undone." in said(page.detail)


@pytest.mark.parametrize("way", ["keep", "escape"])
def test_keeping_undoes_nothing(make: Make, core: Core, way: str) -> None:
    page = make()
    page.open("2208")
    page.detail.undo_button.click()
    if way == "keep":
        page.detail.question.keep.click()
    else:
        QTest.keyClick(page.detail.question.keep, Qt.Key.Key_Escape)
    settle()
    assert not page.detail.question.isVisible()
    assert core.asked == []
    assert page.detail.undo_button.isEnabled()


def test_a_refused_undo_is_told_and_can_be_asked_again(
    make: Make, core: Core, went: list[object]
) -> None:
    core.refusal = Answer(False, "refused", Say("Run {id} is being undone.", {"id": 2208}))
    page = make()
    page.open("2208")
    page.detail.undo_button.click()
    page.detail.question.undo.click()
    settle()
    assert went == ["Run 2208 is being undone."]
    assert page.detail.undo_button.isEnabled()


@pytest.mark.parametrize(
    ("undo", "note", "can"),
    [
        ("none", "There is nothing to undo.", False),
        ("running", "It is being undone.", False),
        ("done", "It has been undone.", False),
        ("expired", "The time to undo it is over.", False),
        ("failed", "The last undo failed: the steps say why.", True),
    ],
)
def test_when_it_cannot_be_undone_it_says_why(
    make: Make, core: Core, undo: str, note: str, can: bool
) -> None:
    page = make()
    core.change(done(core, undo=undo))
    page.open("2208")
    settle()
    assert page.detail.undo_button.isEnabled() is can
    assert note in said(page.detail)


def test_the_time_to_undo_runs_out_while_one_looks(make: Make, clock: FakeClock) -> None:
    page = make()
    page.open("2208")
    page.detail.undo_button.click()
    clock.advance(7 * fake_data.DAY)
    page.tick()
    settle()
    assert not page.detail.undo_button.isEnabled()
    assert not page.detail.question.isVisible()
    assert "The time to undo it is over." in said(page.detail)


# ---------------------------------------------------------------- refused playbooks


def test_faults_of_playbooks_stand_on_top(make: Make, core: Core) -> None:
    core.faults = (FAULT,)
    page = make()
    shown = said(page.faults)
    for text in (
        "disk.yaml:20",
        "hold is a duration such as 10m, not 10min",
        "The nearest word is 10m.",
        "The last good version stays active.",
    ):
        assert text in shown
    core.faults = (replace(FAULT, nearest="", kept_version=False),) * 5
    core.publish("playbook.refused")
    settle()
    shown = said(page.faults)
    assert "and 2 more faults" in shown
    assert "nearest" not in shown
    assert "stays active" not in shown
    core.faults = ()
    core.publish("playbook.loaded")
    page.refresh(frozenset(("playbooks",)))
    assert page.faults.isHidden()


# ---------------------------------------------------------------- for everybody


def test_everything_that_can_be_operated_has_a_name(make: Make) -> None:
    page = make()
    page.open("2208")
    widgets = [*page.findChildren(Pressable), page.list]
    names = [QAccessible.queryAccessibleInterface(x).text(QAccessible.Text.Name) for x in widgets]
    assert all(names)
    assert {"Trace", "Undo…", "Undo", "Keep", "Repairs"} <= set(names)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("width", [880, 1200, 1720])
def test_it_fits_where_it_is_put(make: Make, core: Core, language: str, width: int) -> None:
    i18n.use(language)
    core.faults = (FAULT,)
    page = make()
    page.resize(width, 720)
    page.open("2208")
    settle()
    assert (page.width(), page.height()) == (width, 720)
    right = page.detail.mapTo(page, page.detail.rect().topRight()).x()
    assert right < width
    button = page.detail.undo_button
    assert button.mapTo(page, button.rect().topRight()).x() < right


# ---------------------------------------------------------------- figures of the curve

FIGURES = st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=400)


@given(FIGURES, st.integers(1, 200))
def test_a_thin_curve_keeps_its_peaks(values: list[float | None], columns: int) -> None:
    times = tuple(float(n) for n in range(len(values)))
    shown = Evidence(times, tuple(values), "%", 0.0, float(len(values)), 0.0)
    lines = thin(shown, columns)
    points = [point for line in lines for point in line]
    known = [value for value in values if value is not None]
    assert len(points) <= 2 * len(known)
    assert all(line == sorted(line) for line in lines)
    assert {value for _at, value in points} <= set(known)
    if known:
        assert max(value for _at, value in points) == max(known)
        assert min(value for _at, value in points) == min(known)


def test_a_thin_curve_is_broken_where_nothing_is_known() -> None:
    shown = Evidence((0.0, 1.0, 2.0, 3.0), (1.0, None, 2.0, 3.0), "%", 0.0, 4.0, 0.0)
    assert thin(shown, 4) == [[(0.0, 1.0)], [(2.0, 2.0), (3.0, 3.0)]]


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9))
def test_ticks_are_few_and_surround_the_figures(low: float, span: float) -> None:
    found = ticks(low, low + span)
    assert 2 <= len(found) <= 6
    assert found == sorted(found)
    slack = 1e-6 * max(1.0, abs(low), span)
    assert found[0] <= low + slack
    assert found[-1] >= low + span - slack


def test_every_mark_exists(core: Core) -> None:
    run = done(core)
    undos = ("none", "possible", "running", "done", "failed", "expired")
    views = [replace(run, outcome=name, undo=undo) for name in [*OUTCOMES, ""] for undo in undos]
    assert all(run_words.mark(view) in MARKS for view in views)


def test_a_page_outlives_its_answers(
    qtbot: QtBot, make: Make, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Callable[[], None]] = []

    def later(work: Callable[[], object], then: Callable[[object], None]) -> None:
        kept.append(lambda: then(work()))

    page = make()
    page.open("2208")
    monkeypatch.setattr(core, "background", later)
    page.detail.undo_button.click()
    page.detail.question.undo.click()
    assert not page.detail.undo_button.isEnabled()
    with qtbot.waitSignal(page.destroyed):
        page.deleteLater()
    kept[0]()
    settle()
