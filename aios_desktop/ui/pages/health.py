"""The Health page: the score and its reasons, its trend, the metrics, disks and processes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from aios_desktop.events.model import EventQuery
from aios_desktop.i18n import _, ngettext
from aios_desktop.ui import tokens, words
from aios_desktop.ui.charts import Limit
from aios_desktop.ui.page import Page
from aios_desktop.ui.pages.health_cards import (
    DisksCard,
    MetricCard,
    ProcessesCard,
    ScoreCard,
    TrendCard,
    costs_of,
)
from aios_desktop.ui.paint import col, row
from aios_desktop.ui.signs import signs_of
from aios_desktop.ui.widgets import Scroll

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from aios_desktop.ui.page import Context
    from aios_desktop.ui.signs import Sign

SPAN_S: Final = 1800
CARD_PIXELS: Final = 300  # a curve is drawn anew when it has moved by about a pixel
TREND_PIXELS: Final = 600
LEAST_BEAT_S: Final = 3
LATEST_S: Final = 5
EVENTS_S: Final = 60
DISK_RATES: Final = ("disk_read_bytes_s", "disk_write_bytes_s")
NET_RATES: Final = ("net_recv_bytes_s", "net_sent_bytes_s")
PROCESSES: Final = 20
# heights of the rows, cell of the ring, shares of score and trend, most disks
STEPS: Final = {
    "narrow": ((324, 168, 216), 4, (1, 1), 4),
    "normal": ((256, 168, 216), 4, (5, 9), 4),
    "wide": ((440, 280, 300), 6, (5, 9), 6),
}


class HealthPage(Page):
    """How the machine is, and why."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._ticks = 0
        self._step = ""
        self._span: float = SPAN_S
        self._signs: tuple[Sign, ...] = ()
        self.score = ScoreCard()
        self.trend = TrendCard()
        self.trend.span_chosen.connect(self._show_trend)
        self.cpu = MetricCard("cpu", _("Processor"))
        self.memory = MetricCard("memory", _("Memory"))
        self.disk = MetricCard("disk", _("Disk"), lines=2)
        self.network = MetricCard("network", _("Network"), lines=2)
        self.disks = DisksCard()
        self.processes = ProcessesCard()
        self._top = top = row(self.score, self.trend, gap=tokens.GAP)
        metrics = row(self.cpu, self.memory, self.disk, self.network, gap=tokens.GAP)
        low = row(self.disks, self.processes, gap=tokens.GAP)
        low.setStretch(0, 5)
        low.setStretch(1, 9)
        for number in range(4):
            metrics.setStretch(number, 1)
        inside = QWidget()
        rows = col(top, metrics, low, gap=tokens.GAP, m=(16, 14, 0, 14), parent=inside)
        rows.setStretch(2, 1)
        col(Scroll(inside), m=(0, 0, 6, 0), parent=self)
        self._fit()

    def summary(self) -> str:
        """Return the level, and what costs the most points."""
        score = self.core.score()
        if score.value is None:
            return _("The score is known after the first look at the machine.")
        costs = costs_of(score)
        level = words.level(score.level)
        if not costs:
            return _("{level}. Nothing costs points.").format(level=level)
        part = words.part(costs[0][0].name)
        return _("{level}. {part} costs the most points.").format(level=level, part=part)

    def refresh(self, topics: frozenset[str]) -> None:
        """Show what may have changed; the curves have their own beat."""
        if "score" in topics:
            self.score.show_score(self.core.score())
        if "runs" in topics or "metrics" in topics:
            self._ask_for_signs()
        if "options" in topics:  # among all topics when the page opens
            self._show_figures()
            self._draw_curves()
            self._show_trend()

    def tick(self) -> None:
        """Show this second's figures."""
        self._ticks += 1
        self.score.show_score(self.core.score())
        self._show_figures()
        if self._ticks % beat(self._span, CARD_PIXELS) == 0:
            self._draw_curves()
        if self._ticks % beat(self.trend.shown_span, TREND_PIXELS) == 0:
            self._show_trend()
        if self._ticks % EVENTS_S == 0:
            self._ask_for_signs()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Grow in whole steps."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        width = self.window().width()
        step = "wide" if width >= tokens.WIDE_FROM else "normal"
        if width < tokens.DRAWER_BELOW:
            step = "narrow"
        if step == self._step:
            return
        self._step = step
        heights, ring, stretch, self._most = STEPS[step]
        self._top.setStretch(0, stretch[0])
        self._top.setStretch(1, stretch[1])
        rows = (
            (self.score, self.trend),
            (self.cpu, self.memory, self.disk, self.network),
            (self.disks, self.processes),
        )
        for cards, height in zip(rows, heights, strict=True):
            for card in cards:
                card.setMinimumHeight(height)
        self.score.ring.set_cell(ring)

    def _show_figures(self) -> None:
        self._say_cpu()
        self._say_memory()
        self._say_rates(self.disk, *DISK_RATES)
        self._say_rates(self.network, *NET_RATES)
        limit = float(self.core.option("signals.disk_raise"))
        self.disks.show_disks(self.core.disks(), limit, self._most)
        self.processes.show_processes(self.core.processes(PROCESSES))

    def _say_cpu(self) -> None:
        limit = float(self.core.option("signals.cpu_raise"))
        cores = os.cpu_count() or 1
        note = ngettext("{n} core", "{n} cores", cores).format(n=cores)
        self._say_percent(self.cpu, "cpu_usage", limit, note)

    def _say_memory(self) -> None:
        limit = float(self.core.option("signals.memory_raise"))
        free = self._latest("memory_available_bytes")
        note = "" if free is None else _("{size} available").format(size=words.size(free))
        self._say_percent(self.memory, "memory_usage", limit, note)

    def _say_percent(self, card: MetricCard, metric: str, limit: float, note: str) -> None:
        card.plot.set_limits((Limit(limit),))
        value = self._latest(metric)
        if value is None:
            card.say_unknown()
        elif value >= limit:
            card.say(words.percent(value), note, "warn", _("High"))
        else:
            card.say(words.percent(value), note, "ok", _("Normal"))

    def _say_rates(self, card: MetricCard, first: str, second: str) -> None:
        one, other = self._latest(first), self._latest(second)
        if one is None or other is None:
            card.say_unknown()
            return
        is_disk = card is self.disk
        card.say(words.rate(one), _("read") if is_disk else _("received"))
        text = _("dashed: {rate} written") if is_disk else _("dashed: {rate} sent")
        card.say_second(text.format(rate=words.rate(other)))

    def _latest(self, metric: str) -> float | None:
        """Return the latest value, None when it is not known any more."""
        series = self.core.metric_history(metric, LATEST_S)
        return series.values[-1] if series.values else None

    def _draw_curves(self) -> None:
        now = self.context.clock.now()
        for card, metrics in (
            (self.cpu, ("cpu_usage",)),
            (self.memory, ("memory_usage",)),
            (self.disk, DISK_RATES),
            (self.network, NET_RATES),
        ):
            found = [self.core.metric_history(metric, SPAN_S) for metric in metrics]
            if len(metrics) > 1:
                card.fit_rate(found)
            self._span = card.draw(found, SPAN_S, now)

    @Slot()
    def _show_trend(self) -> None:
        now = self.context.clock.now()
        self.trend.show_trend(self.core.score_history(self.trend.span), now, self._signs)

    def _ask_for_signs(self) -> None:
        since = self.context.clock.now() - 3600
        query = EventQuery(since=since, limit=2000)
        self.context.bridge.ask(lambda: tuple(self.core.events(query)), self._got_events)

    def _got_events(self, found: object) -> None:
        if isinstance(found, tuple):
            self._signs = signs_of(found)
            self._show_trend()


def beat(span: float, pixels: int) -> int:
    """Return after how many seconds a curve over ``span`` has moved by about a pixel.

    Never less than three: drawing all curves costs about 20 ms.
    """
    return max(LEAST_BEAT_S, round(span / pixels))
