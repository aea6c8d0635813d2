"""The cards of the Health page: score, trend, metrics, disks, processes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QWidget

from aios_desktop.i18n import _, ngettext
from aios_desktop.ui import tokens, words
from aios_desktop.ui.charts import Limit, Line, Plot, fitting_span, nice_top
from aios_desktop.ui.paint import clear, col, row
from aios_desktop.ui.ring import Ring
from aios_desktop.ui.table import Cell, Column, Row, Table
from aios_desktop.ui.widgets import Bar, Card, Choice, Glyph, Mark, Plain, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aios_desktop.runtime.views import DiskView, Part, ProcessView, ScoreView, Series
    from aios_desktop.ui.signs import Sign

TONES: Final = ("warn", "bad", "s4", "idle")
SPANS: Final = (600, 3600)
DEGRADED: Final = 50.0
CRITICAL: Final = 30.0
_FIXED = QSizePolicy.Policy.Fixed
_PREFERRED = QSizePolicy.Policy.Preferred


class ScoreCard(Card):
    """The score as a ring and, beside it, what costs points."""

    def __init__(self) -> None:
        super().__init__(gap=6)
        self._shown: ScoreView | None = None
        self.lost = Text("", "small", "text2")
        self.ring = Ring()
        self._reasons = QWidget()
        self._list = col(gap=8, parent=self._reasons)
        body = row(col(None, self.ring, None), self._reasons, gap=20)
        body.setStretch(1, 1)
        self.lay.addLayout(row(Text(_("Score"), "section"), None, self.lost))
        self.lay.addLayout(body, 1)

    def show_score(self, score: ScoreView) -> None:
        """Show a score and its parts."""
        if self._shown is not None and _same(self._shown, score):
            return
        self._shown = score
        costs = costs_of(score)
        tone = {"ok": "ok", "warn": "warn", "bad": "bad"}.get(
            words.LEVEL_MARKS[score.level], "idle"
        )
        value = None if score.value is None else score.value * 100
        lost = tuple((float(points), TONES[n]) for n, (_part, points) in enumerate(costs))
        self.ring.show_score(value, lost, words.level(score.level), tone)
        points = 0 if score.value is None else 100 - round(score.value * 100)
        text = ngettext("{n} point lost", "{n} points lost", points).format(n=points)
        self.lost.set(text if points else "")
        self._fill(score, costs)

    def _fill(self, score: ScoreView, costs: Sequence[tuple[Part, int]]) -> None:
        clear(self._list)
        self._list.addStretch(1)
        for number, (part, points) in enumerate(costs):
            self._list.addWidget(_reason(part, points, TONES[number]))
        if score.value is None:
            text = _("Not measured yet. The first figures come within a few seconds.")
            self._list.addWidget(Text(text, "body", "text2", wrap=True))
        elif not costs:
            self._list.addWidget(Text(_("Nothing costs points."), "body", "text2", wrap=True))
        if score.value is not None and score.partial:
            names = _(", ").join(
                words.part(part.name) for part in score.parts if part.value is None
            )
            text = _("Unknown and left out: {names}").format(names=names)
            self._list.addWidget(Text(text, "small", "text2", wrap=True))
        self._list.addStretch(1)


def costs_of(score: ScoreView) -> list[tuple[Part, int]]:
    """Return the parts that cost points, in whole points that add up, the dearest first."""
    if score.value is None:
        return []
    total = 100 - round(score.value * 100)
    parts = sorted(score.parts, key=lambda part: -part.lost_points)
    points = [int(part.lost_points) for part in parts]
    rests = sorted(range(len(parts)), key=lambda n: points[n] - parts[n].lost_points)
    for number in rests[: max(0, total - sum(points))]:
        points[number] += 1
    return [(part, cost) for part, cost in zip(parts, points, strict=True) if cost > 0]


def _same(one: ScoreView, other: ScoreView) -> bool:
    return (one.value, one.level, one.parts) == (other.value, other.level, other.parts)


def _reason(part: Part, points: int, tone: str) -> QWidget:
    made = QWidget()
    swatch = Bar(1.0, tone)
    swatch.setFixedWidth(8)
    cost = Text(f"−{points}", "strong")
    head = row(swatch, Text(words.part(part.name), "strong"), None, cost)
    why = Text(part.reason.text(), "small", "text2", wrap=True)
    col(head, row(16, why, gap=0), gap=1, parent=made)
    return made


class TrendCard(Card):
    """The score over time, with what went wrong and what was repaired in a lane above."""

    span_chosen = Signal()

    def __init__(self) -> None:
        super().__init__(gap=6)
        self.spans = {
            600: Choice(_("10 min"), name=_("Show the last 10 minutes")),
            3600: Choice(_("1 h"), name=_("Show the last hour")),
        }
        self.span = SPANS[-1]
        self.shown_span: float = self.span  # shorter while there is little to see
        self.spans[self.span].setChecked(True)
        for choice in self.spans.values():
            choice.clicked.connect(self._chosen)
        self.title = Text("", "section")
        self.warnings = Mark("warn", "", "small")
        self.failures = Mark("bad", "", "small")
        self.repairs = Mark("repair", "", "small")
        self.plot = Plot((Line(),), name=_("Trend of the score"))
        ticks = ((0.0, "0"), (30.0, "30"), (50.0, "50"), (100.0, "100"))
        self.plot.set_scale(100.0, ticks)
        self.plot.set_limits(
            (
                Limit(DEGRADED, "warn", _("degraded below {n}").format(n=round(DEGRADED))),
                Limit(CRITICAL, "bad", _("critical below {n}").format(n=round(CRITICAL))),
            )
        )
        marks = row(self.warnings, self.failures, self.repairs, gap=12)
        self.lay.addLayout(row(self.title, None, marks, 4, *self.spans.values()))
        self._stack = QStackedWidget()
        self._stack.addWidget(self.plot)
        self._stack.addWidget(_soon())
        self.lay.addWidget(self._stack, 1)
        self._say_title(self.span)

    def show_trend(self, series: Series, now: float, signs: Sequence[Sign]) -> None:
        """Show the curve and the signs that lie in the span."""
        known = sum(value is not None for value in series.values)
        self._stack.setCurrentIndex(0 if known > 1 else 1)
        if known < 2:
            self._count(())
            return
        span = fitting_span((series,), self.span, now)
        self.shown_span = span
        self._say_title(span)
        self.plot.set_span(span, now)
        seen = [sign for sign in signs if sign.at >= now - span]
        self.plot.set_signs(seen)
        self.plot.put(0, series.times, series.values)
        self._count(seen)
        last = next(value for value in reversed(series.values) if value is not None)
        low = min(value for value in series.values if value is not None)
        text = _("Now {now}, lowest {low}").format(now=round(last), low=round(low))
        self.plot.setAccessibleDescription(text)

    def _count(self, signs: Sequence[Sign]) -> None:
        warnings, failures, repairs = (
            sum(sign.icon == icon for sign in signs) for icon in ("warn", "cross", "bolt")
        )
        for mark, n, text in (
            (self.warnings, warnings, ngettext("{n} warning", "{n} warnings", warnings)),
            (self.failures, failures, ngettext("{n} failure", "{n} failures", failures)),
            (self.repairs, repairs, ngettext("{n} repair", "{n} repairs", repairs)),
        ):
            mark.set(mark.kind, text.format(n=n))
            mark.setVisible(n > 0)

    def _say_title(self, span: float) -> None:
        minutes = round(span / 60)
        text = ngettext("Last {n} minute", "Last {n} minutes", minutes).format(n=minutes)
        self.title.set(_("Last hour") if span >= SPANS[-1] else text)

    @Slot()
    def _chosen(self) -> None:
        self.span = next(span for span, choice in self.spans.items() if choice.isChecked())
        self._say_title(self.span)
        self.span_chosen.emit()


def _soon() -> QWidget:
    made = Plain("surface")
    line = Text(_("No history yet"), "strong")
    why = Text(_("The trend is drawn after the first seconds."), "body", "text2")
    glyph = row(None, Glyph("health", 36, "text3"), None)
    col(None, glyph, 4, row(None, line, None), row(None, why, None), None, gap=4, parent=made)
    return made


class MetricCard(Card):
    """One metric: its name, how it stands, its figure, and the last minutes."""

    def __init__(self, icon: str, name: str, lines: int = 1) -> None:
        super().__init__(gap=4)
        self.name = name
        self.mark = Mark("unknown", "")
        self.figure = Text("", "title")
        self.note = Text("", "small", "text2", elide=True)
        self.second = Text("", "small", "text2", elide=True)
        self.second.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        styles = (Line("s1"), Line("s2", dashed=True))[:lines]
        self.plot = Plot(styles, name=name, left=36 if lines == 1 else 52)
        (self.mark if lines > 1 else self.second).hide()
        self.second.setMinimumHeight(self.mark.sizeHint().height())
        self.lay.addLayout(row(Glyph(icon), Text(name, "strong"), None, self.mark, self.second))
        figures = row(self.figure, self.note)
        figures.setStretch(1, 1)
        figures.setAlignment(self.note, Qt.AlignmentFlag.AlignBottom)
        self.note.setContentsMargins(0, 0, 0, 3)
        self.lay.addLayout(figures)
        self.lay.addWidget(self.plot, 1)

    def say(self, figure: str, note: str, mark: str = "", word: str = "") -> None:
        """Show the latest figure in words, and how it stands."""
        self.figure.set(figure)
        self.note.set(note)
        if mark:
            self.mark.set(mark, word)
        self.plot.setAccessibleDescription(f"{figure} {note}")

    def say_second(self, text: str) -> None:
        """Show the figure of the dashed line."""
        self.second.set(text)

    def say_unknown(self) -> None:
        """Say that there is no figure, and why."""
        self.say(_("unknown"), _("not measured yet"), "unknown", "")
        self.second.set("")

    def draw(self, series: Sequence[Series], span: float, now: float) -> float:
        """Draw the curves over ``span`` seconds, or as far back as they reach; return that."""
        span = fitting_span(series, span, now)
        self.plot.set_span(span, now)
        for number, one in enumerate(series):
            self.plot.put(number, one.times, one.values)
        return span

    def fit_rate(self, series: Sequence[Series]) -> None:
        """Fit the range to bytes a second, in steps that rarely change."""
        most = max((v for one in series for v in one.values if v is not None), default=0.0)
        power = 1_000_000.0 if most >= 1_000_000 else 1000.0
        top = nice_top(most / power) * power
        ticks = tuple((v, words.size(v) if v else "0") for v in (0.0, top / 2, top))
        self.plot.set_scale(top, ticks)


class DisksCard(Card):
    """The file systems, each as a bar with its limit as a tick."""

    def __init__(self) -> None:
        super().__init__(gap=8)
        self._key: object = None
        self._body = QWidget()
        self._list = col(gap=10, parent=self._body)
        self.lay.addWidget(Text(_("Disks"), "section"))
        self.lay.addWidget(self._body)
        self.lay.addStretch(1)

    def show_disks(self, disks: Sequence[DiskView], limit: float, most: int) -> None:
        """Show the fullest ``most`` of them."""
        shown = sorted(disks, key=lambda disk: -disk.percent)[:most]
        key = (limit, tuple((d.mount, d.total_bytes, round(d.percent, 1)) for d in shown))
        if key == self._key:
            return
        self._key = key
        clear(self._list)
        for disk in shown:
            self._list.addWidget(_disk(disk, limit))
        if not shown:
            self._list.addWidget(Text(_("Not measured yet."), "body", "text2"))


def _disk(disk: DiskView, limit: float) -> QWidget:
    made = QWidget()
    full = disk.percent >= limit
    used = _("{used} of {total}").format(
        used=words.size(disk.used_bytes), total=words.size(disk.total_bytes)
    )
    name = Text(disk.mount, "body", weight=tokens.MEDIUM, elide=True)
    free = words.size(disk.total_bytes - disk.used_bytes)
    mark = Mark("warn" if full else "ok", _("{size} free").format(size=free), "small")
    spoken = f"{disk.mount}: {words.percent(disk.percent)}"
    bar = Bar(disk.percent / 100, "warn" if full else "s1", limit / 100, name=spoken)
    col(row(name, Text(used, "small", "text2"), None, mark), bar, gap=4, parent=made)
    return made


class ProcessesCard(Card):
    """The busiest processes."""

    def __init__(self) -> None:
        super().__init__(gap=0, pad=4)
        self._cores = os.cpu_count() or 1
        self.lay.setContentsMargins(1, 12, 1, 2)
        columns = (
            Column(_("Process"), 150),
            Column(_("Command")),
            Column(_("User"), 90),
            Column(_("Processor"), 140),
            Column(_("Memory"), 96, right=True),
        )
        self.table = Table(columns, name=_("Busiest processes"))
        head = row(15, Text(_("Busiest processes"), "section"), None, gap=0)
        self.none = Text(_("Not measured yet."), "body", "text2")
        self.none.setContentsMargins(15, 8, 15, 8)
        self.lay.addLayout(head)
        self.lay.addWidget(self.none)
        self.lay.addWidget(self.table, 1)
        self.lay.addStretch(0)

    def show_processes(self, processes: Sequence[ProcessView]) -> None:
        """Show them in the order given."""
        self.none.setVisible(not processes)
        self.table.setVisible(bool(processes))
        self.table.put([self._row(process) for process in processes])

    def _row(self, process: ProcessView) -> Row:
        cpu = words.percent(process.cpu_percent)
        level = process.cpu_percent / (100.0 * self._cores)
        return Row(
            process.key,
            (
                Cell(process.name, "strong"),
                Cell(process.command, "dim"),
                Cell(process.user),
                Cell(cpu, "bar", level),
                Cell(words.size(process.memory_bytes)),
            ),
        )
