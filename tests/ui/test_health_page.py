"""The Health page: score and reasons, plots, disks, processes; and that hiding it costs nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aios_desktop.i18n import Say
from aios_desktop.runtime.views import DiskView, Level, Part, ScoreView, Series
from aios_desktop.ui import charts
from aios_desktop.ui.charts import Limit, Line, Plot, nice_top, thinned, time_ticks
from aios_desktop.ui.main_window import MainWindow
from aios_desktop.ui.pages.health import HealthPage, beat
from aios_desktop.ui.pages.health_cards import costs_of
from aios_desktop.ui.ring import Ring
from aios_desktop.ui.signs import Sign
from aios_desktop.ui.theme import Theme
from aios_desktop.ui.widgets import Bar, Mark, Text
from tests.fake_core import FakeCore
from tests.fakes import FakeClock
from tests.ui.conftest import Open


@pytest.fixture
def window(open_window: Open) -> MainWindow:
    return open_window("health")


@pytest.fixture
def page(window: MainWindow) -> HealthPage:
    found = window.page("health")
    assert isinstance(found, HealthPage)
    QApplication.processEvents()
    return found


def score_of(value: float, *lost: float) -> ScoreView:
    names = ("health", "efficiency", "stability", "headroom")
    parts = tuple(
        Part(name, 0.5, 0.25, points, Say("")) for name, points in zip(names, lost, strict=False)
    )
    return ScoreView(0.0, value, Level.HEALTHY, parts)


@pytest.mark.parametrize(
    "score",
    [
        score_of(0.87, 1.0, 2.0, 4.0, 6.0),
        score_of(0.871, 3.3, 3.2, 3.2, 3.2),
        score_of(0.995, 0.2, 0.1, 0.1, 0.1),
        score_of(1.0, 0.0, 0.0, 0.0, 0.0),
        score_of(0.0, 25.0, 25.0, 25.0, 25.0),
        score_of(0.3333, 0.4, 0.1, 66.1, 0.07),
    ],
)
def test_the_points_in_the_list_add_up(score: ScoreView) -> None:
    assert score.value is not None
    assert sum(points for _, points in costs_of(score)) == 100 - round(score.value * 100)


def test_the_score_and_its_reasons(page: HealthPage) -> None:
    texts = [text.text() for text in page.score.findChildren(Text)]
    for text in ("Headroom", "−6", "Stability", "−4", "Efficiency", "−2", "Health", "−1"):
        assert text in texts
    assert "13 points lost" in texts
    assert page.score.ring.accessibleName() == "87 Healthy"
    assert page.summary() == "Healthy. Headroom costs the most points."


def test_a_score_that_is_not_known_says_why(page: HealthPage, core: FakeCore) -> None:
    core.score_now = ScoreView(0.0, None, Level.UNKNOWN, (), partial=True)
    page.refresh(frozenset({"score"}))
    QApplication.processEvents()
    texts = [text.text() for text in page.score.findChildren(Text) if not text.isHidden()]
    assert "Not measured yet. The first figures come within a few seconds." in texts
    assert page.score.ring.accessibleName() == "? Unknown"
    assert page.score.lost.text() == ""


def test_parts_that_are_not_known_are_named(page: HealthPage, core: FakeCore) -> None:
    parts = core.score_now.parts
    unknown = replace(parts[1], value=None, lost_points=0.0)
    core.score_now = replace(core.score_now, parts=(parts[0], unknown), partial=True)
    page.refresh(frozenset({"score"}))
    assert any(
        text.text() == "Unknown and left out: Efficiency" for text in page.score.findChildren(Text)
    )


def test_the_metrics_say_their_figures(page: HealthPage, core: FakeCore) -> None:
    assert page.cpu.figure.text() == "22 %"
    assert (page.cpu.mark.kind, page.cpu.mark.text()) == ("ok", "Normal")
    assert page.memory.note.text().endswith("GB available")
    assert page.disk.second.text().startswith("dashed: ")
    core.options["signals.cpu_raise"] = 20.0
    page.tick()
    assert (page.cpu.mark.kind, page.cpu.mark.text()) == ("warn", "High")


def test_a_plot_can_be_heard(page: HealthPage) -> None:
    assert page.cpu.plot.accessibleName() == "Processor"
    assert page.cpu.plot.accessibleDescription().startswith("22 %")
    assert page.trend.plot.accessibleDescription() == "Now 87, lowest 50"


def test_curves_hold_what_the_core_says(page: HealthPage, core: FakeCore) -> None:
    x, y = page.cpu.plot._data[0]
    series = core.metric_history("cpu_usage", 1800)
    known = [value for value in series.values if value is not None]
    assert float(np.max(y)) == pytest.approx(max(known))
    assert float(np.min(y)) == pytest.approx(min(known))
    assert len(x) <= 300


def test_signs_are_counted_and_drawn(qtbot: QtBot, page: HealthPage) -> None:
    qtbot.waitUntil(lambda: page.trend.repairs.text() == "1 repair")
    assert page.trend.warnings.text() == "2 warnings"
    assert page.trend.failures.text() == "2 failures"


def test_the_span_can_be_chosen(page: HealthPage) -> None:
    page.trend.spans[600].click()
    assert page.trend.title.text() == "Last 10 minutes"
    start, end = page.trend.plot._times
    assert end - start == 600


def test_before_the_first_minutes_there_is_no_trend(page: HealthPage) -> None:
    page.trend.show_trend(Series("score", "", (), ()), 0.0, ())
    assert page.trend._stack.currentIndex() == 1
    page.trend.show_trend(Series("score", "", (1.0, 2.0), (50.0, 60.0)), 2.0, ())
    assert page.trend._stack.currentIndex() == 0


def test_disks_over_their_limit_are_marked(page: HealthPage) -> None:
    page.disks.show_disks((DiskView("/full", 100, 95, 95.0), DiskView("/x", 100, 1, 1.0)), 90.0, 4)
    QApplication.processEvents()
    marks = [mark.kind for mark in page.disks.findChildren(Mark) if not mark.isHidden()]
    assert marks[-2:] == ["warn", "ok"]
    names = [bar.accessibleName() for bar in page.disks.findChildren(Bar) if not bar.isHidden()]
    assert names[-2:] == ["/full: 95 %", "/x: 1.0 %"]


def test_processes_are_listed(page: HealthPage) -> None:
    first = page.processes.table.model_rows.rows[0]
    assert [cell.text for cell in first.cells] == [
        "python3",
        "python3 train.py --epochs 40",
        "ada",
        "187 %",
        "640 MB",
    ]


def count_calls(core: FakeCore, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []
    original: Callable[[str, float], Series] = core.metric_history

    def counted(name: str, seconds: float) -> Series:
        calls.append(name)
        return original(name, seconds)

    monkeypatch.setattr(core, "metric_history", counted)
    return calls


def test_a_hidden_page_asks_for_nothing(
    qtbot: QtBot,
    window: MainWindow,
    page: HealthPage,
    core: FakeCore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = count_calls(core, monkeypatch)
    window.go_to("events")
    for _ in range(10):
        window._tick()
    with qtbot.waitSignal(window._bridge.changed):
        core.publish("score.updated", level="ok")
    assert calls == []
    window.go_to("health")
    window._tick()
    assert calls != []


def test_curves_are_drawn_when_they_have_moved_a_pixel(
    page: HealthPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    monkeypatch.setattr(page, "_draw_curves", lambda: drawn.append(page._ticks))
    for _ in range(12):
        page.tick()
    assert drawn == [6, 12]
    assert [beat(span, 300) for span in (120, 300, 1200, 1800)] == [3, 3, 4, 6]


@pytest.mark.parametrize("name", ["dark", "hc_dark", "light"])
def test_plots_follow_the_theme(page: HealthPage, theme: Theme, name: str) -> None:
    theme.use("hc_light")
    theme.use(name)
    QApplication.processEvents()
    plot = page.cpu.plot
    image = plot.grab().toImage()
    assert image.pixelColor(2, 2) == theme.colour("surface")
    found = {
        image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())
    }
    distance = min(_distance(QColor(colour), theme.colour("s1")) for colour in found)
    assert distance < 60


def _distance(one: QColor, other: QColor) -> float:
    return math.dist(
        (one.red(), one.green(), one.blue()), (other.red(), other.green(), other.blue())
    )


def test_the_wheel_scrolls_the_page(page: HealthPage) -> None:
    from PySide6.QtCore import QPoint, QPointF
    from PySide6.QtGui import QWheelEvent

    event = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(0, -120),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    page.cpu.plot.wheelEvent(event)
    assert not event.isAccepted()


@pytest.mark.parametrize("count", [0, 1, 500, 800, 801, 3600, 5003])
def test_thinning_keeps_the_extremes(count: int) -> None:
    x = np.arange(count, dtype=float)
    y = np.sin(x / 7) * 10
    if count > 100:
        y[77], y[count // 2] = 99.0, -99.0
        y[5:9] = np.nan
    few_x, few_y = thinned(x, y, 400)
    assert len(few_x) <= max(800, 0) or count <= 800
    assert list(few_x) == sorted(few_x)
    if count > 100:
        assert np.nanmax(few_y) == 99.0
        assert np.nanmin(few_y) == -99.0


@pytest.mark.parametrize(
    ("value", "top"), [(0.0, 1.0), (0.9, 1.0), (1.0, 1.0), (1.1, 2.0), (4.9, 5.0), (51.0, 100.0)]
)
def test_ranges_move_in_steps(value: float, top: float) -> None:
    assert nice_top(value) == top


@pytest.mark.parametrize("span", [60, 600, 1800, 3600, 86_400])
@pytest.mark.parametrize("most", [2, 3, 6])
def test_times_are_whole_and_few(span: float, most: int) -> None:
    ticks = time_ticks(1_795_271_528.0 - span, 1_795_271_528.0, most)
    assert 0 < len(ticks) <= most + 1
    assert all(at % 10 == 0 for at, _ in ticks)


def test_a_plot_draws_limits_signs_and_a_moment(qtbot: QtBot, theme: Theme) -> None:
    plot = Plot((Line(), Line("s2", dashed=True)), name="Test")
    qtbot.addWidget(plot)
    plot.resize(400, 200)
    plot.set_times(0.0, 100.0)
    plot.set_scale(100.0)
    plot.put(0, tuple(range(101)), tuple(50.0 for _ in range(101)))
    plot.put(1, tuple(range(101)), tuple(None if n > 50 else 20.0 for n in range(101)))
    plain = plot.grab().toImage()
    plot.set_limits((Limit(80.0, "bad", "too much"),))
    plot.set_signs((Sign(30.0, "warn", "warn"), Sign(999.0, "bolt", "ok")))
    plot.set_moment(50.0, "run")
    assert plot.grab().toImage() != plain


def test_the_ring_shares_the_lost_points(theme: Theme) -> None:
    ring = Ring(4)
    ring.show_score(50.0, ((30.0, "warn"), (20.0, "bad")), "Degraded", "warn")
    roles = [ring._role(at, is_odd=False) for at in (10.0, 49.9, 60.0, 79.9, 85.0)]
    assert roles == ["warn", "warn", "warn", "warn", "bad"]
    assert ring._role(60.0, is_odd=True) == "surface"
    ring.show_score(None, (), "Unknown", "idle")
    assert ring._role(10.0, is_odd=False) == "line"
    ring.set_cell(6)
    assert ring.width() == 41 * 6
    assert not ring.grab().isNull()
    ring.deleteLater()


def test_the_ring_is_drawn_once(theme: Theme, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = Ring(4)
    made: list[float] = []
    original = ring._picture

    def picture(scale: float) -> object:
        made.append(scale)
        return original(scale)

    monkeypatch.setattr(ring, "_picture", picture)
    ring.show_score(87.0, (), "Healthy", "ok")
    for _ in range(3):
        ring.grab()
    assert len(made) == 1
    ring.show_score(86.0, (), "Healthy", "ok")
    ring.grab()
    assert len(made) == 2
    ring.deleteLater()


def test_charts_are_not_loaded_before_they_are_needed() -> None:
    import subprocess
    import sys

    code = (
        "import sys, aios_desktop.ui.app, aios_desktop.ui.main_window, aios_desktop.ui.pages.office;"
        "print([m for m in ('pyqtgraph', 'numpy', 'psutil', 'apsw') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert charts.__doc__


@pytest.mark.parametrize(
    ("age", "most", "span"),
    [
        (5, 3600, 120),
        (119, 3600, 120),
        (121, 3600, 300),
        (599, 1800, 600),
        (700, 600, 600),
        (1801, 3600, 3600),
        (9999, 3600, 3600),
    ],
)
def test_a_plot_reaches_no_farther_back_than_it_knows(age: float, most: float, span: float) -> None:
    series = Series("x", "", (10_000.0 - age - 50, 10_000.0 - age, 10_000.0), (None, 1.0, 2.0))
    assert charts.fitting_span((series,), most, 10_000.0) == span
    assert charts.fitting_span((Series("x", "", (), ()),), most, 10_000.0) == min(120, most)


def test_the_title_says_how_far_back_the_trend_reaches(page: HealthPage) -> None:
    times = (1000.0, 1060.0)
    page.trend.show_trend(Series("score", "", times, (50.0, 60.0)), 1060.0, ())
    assert page.trend.title.text() == "Last 2 minutes"


def test_a_clock_that_moves_on_moves_the_plot_in_steps(theme: Theme, clock: FakeClock) -> None:
    plot = Plot((Line(),), name="Test")
    plot.set_span(1800, clock.now())
    before = plot._times
    plot.set_span(1800, clock.now() + 1)
    assert plot._times == before
    plot.set_span(1800, clock.now() + 61)
    assert plot._times[0] == before[0] + 60
    plot.deleteLater()
