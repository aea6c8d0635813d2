"""The office on the screen: one widget that paints the world and lets people be chosen.

It paints in device pixels: the zoom is the largest whole number of device pixels that fits, so no
pixel of the office is ever wider than another. It wakes up only as often as the picture changes.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPoint, QRect, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QWidget

from aios_desktop.i18n import _
from aios_desktop.office.poses import BEAT_MS
from aios_desktop.office.world import World
from aios_desktop.ui.office import fit, pixel_font, residents
from aios_desktop.ui.office.choosing import next_figure
from aios_desktop.ui.office.pictures import artwork, empty_piece, portrait
from aios_desktop.ui.office.plates import Plates, plate_of
from aios_desktop.ui.office.stage import Key, Stage, body_of, extent_of, paint_frame
from aios_desktop.ui.tokens import PALETTE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PySide6.QtGui import (
        QFocusEvent,
        QHideEvent,
        QKeyEvent,
        QMouseEvent,
        QPaintEvent,
        QShowEvent,
    )

    from aios_desktop.clock import Clock
    from aios_desktop.office.people import Figure, Resident

__all__ = ["OfficeView", "empty_piece", "portrait"]

WALK_MS: Final = 62  # 48 world pixels a second: three pixels a step
REST_MS: Final = 1000  # nobody looks, or nothing moves
AWAY_S: Final = 60.0  # the window is inactive for so long: nobody looks
EDGE: Final = 2  # the dark frame around the picture
RING: Final = 2  # around the plate of whom the arrow keys have reached
SEED: Final = 1
DIRECTIONS: Final = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
CHOOSE: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class OfficeView(QWidget):
    """The office with everybody in it. ``chosen`` tells the id of whom a person clicked."""

    chosen = Signal(object)

    def __init__(self, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._art = artwork()
        self._world = World(self._art.layout, seed=SEED)
        self._residents: dict[str, Resident] = {}
        self._stage: Stage | None = None
        self._plates: Plates | None = None
        self._plate_rects: dict[str, QRect] = {}
        self._fit: fit.Fit | None = None
        self._fitted_to = ((0, 0), 0.0)
        self._minute = -1
        self._hour = 0.0
        self._page = QColor(PALETTE["paper"])
        self._focused = ""
        self._was_painted = False
        self._looked_at = clock.monotonic()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._beat)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(_("Office"))
        self.setAccessibleDescription(self.describe())

    # what goes in

    def set_residents(self, present: Sequence[Resident]) -> None:
        """Say who is here and what they do."""
        now = self._clock.monotonic()
        self._residents = {resident.id: resident for resident in present}
        if self._focused not in self._residents:
            self._focused = ""
        self._world.set_residents(present, now)
        self._tell()
        if self.isVisible():
            self._beat()
        else:
            self._world.tick(now)

    def set_page_color(self, colour: QColor) -> None:
        """Take the colour of the page around the picture."""
        self._page = QColor(colour)
        self.update()

    def set_reduced_motion(self, still: bool) -> None:
        """Let everybody stand still and appear where they go, or move again."""
        self._world.set_reduced_motion(still, self._clock.monotonic())
        if self.isVisible():
            self._beat()

    # what comes out

    def describe(self) -> str:
        """Return in words what the picture shows, one line for each."""
        return residents.describe(tuple(self._residents.values()))

    @property
    def zoom(self) -> int:
        """Device pixels for one pixel of the office."""
        return self._fitted().zoom

    @property
    def focused(self) -> str:
        """The id of whom the arrow keys have reached, empty when nobody."""
        return self._focused

    def figure_rect(self, who: str) -> QRect:
        """Return where somebody is, in the widget; empty when they are not here."""
        for figure in self._world.figures():
            if figure.id == who:
                return self._fitted().logical(body_of(figure))
        return QRect()

    def sizeHint(self) -> QSize:
        """Return the size for a zoom of two logical pixels."""
        width, height = self._art.layout.size
        return QSize(2 * (width + EDGE), 2 * (height + EDGE))

    def minimumSizeHint(self) -> QSize:
        """Return the smallest size at which the whole picture is seen."""
        width, height = self._art.layout.size
        return QSize(width + 2 * EDGE, height + 2 * EDGE)

    # time

    @Slot()
    def _beat(self) -> None:
        """Move everybody to this moment and paint what has changed."""
        before = self._world.figures()
        if self._world.tick(self._clock.monotonic()):
            self._update_changes(before, self._world.figures())
        if self._stage is not None and self._stage.key != self._key():
            self.update()
        self._set_pace()

    def _set_pace(self) -> None:
        """Wake up as often as the picture changes, and rarely when nobody looks."""
        now = self._clock.monotonic()
        if self.isActiveWindow():
            self._looked_at = now
        if now - self._looked_at >= AWAY_S or self._world.reduced_motion:
            pace = REST_MS
        else:
            pace = WALK_MS if self._world.is_walking(now) else BEAT_MS
        if self._timer.interval() != pace or not self._timer.isActive():
            precise = pace == WALK_MS
            kind = Qt.TimerType.PreciseTimer if precise else Qt.TimerType.CoarseTimer
            self._timer.setTimerType(kind)
            self._timer.start(pace)

    def _key(self) -> Key:
        """Return what the look of the room depends on."""
        minute = int(self._clock.now() // 60)
        if minute != self._minute:
            self._minute = minute
            local = time.localtime(minute * 60)
            self._hour = local.tm_hour + local.tm_min / 60
        daytime = self._art.layout.daytime(self._hour)
        return self.zoom, daytime, self._world.has_waiting, int(self._hour * 12)

    def _update_changes(self, before: Sequence[Figure], after: Sequence[Figure]) -> None:
        """Ask for a repaint of what has changed: people, and name plates that moved."""
        old = {figure.id: figure for figure in before}
        if self._stage is None or self._plates is None or old.keys() != {f.id for f in after}:
            self.update()
            return
        fitted = self._fitted()
        moved = False
        for figure in after:
            was = old[figure.id]
            if was is not figure:
                moved = moved or plate_of(was) != plate_of(figure)
                self.update(fitted.logical(extent_of(was)) | fitted.logical(extent_of(figure)))
        if moved:
            self._update_plates(fitted, old, after)

    def _update_plates(
        self, fitted: fit.Fit, old: Mapping[str, Figure], after: Sequence[Figure]
    ) -> None:
        """Ask for a repaint of the plates that have moved, or been pushed by another."""
        assert self._plates is not None
        before, now = self._plate_rects, self._plates.place(after, fitted)
        for figure in after:
            rects = before.get(figure.id), now[figure.id]
            if rects[0] != rects[1] or plate_of(old[figure.id]) != plate_of(figure):
                ring = RING * fitted.unit
                for rect in rects:
                    if rect is not None:
                        self.update(fitted.in_widget(rect.adjusted(-ring, -ring, ring, ring)))
        self._plate_rects = now

    def _fitted(self) -> fit.Fit:
        """Return where the picture is in the widget."""
        size, ratio = (self.width(), self.height()), self.devicePixelRatioF()
        if self._fit is None or self._fitted_to != (size, ratio):
            self._fitted_to = (size, ratio)
            self._fit = fit.fit(size, ratio, self._art.layout.size)
        return self._fit

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the page's ground, the frame, the world, the plates."""
        painter = QPainter(self)
        try:
            self._paint(painter, event.rect())
        finally:
            painter.end()
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self, self._load_font)

    def _paint(self, painter: QPainter, asked: QRect) -> None:
        fitted = self._fitted()
        painter.scale(1 / fitted.ratio, 1 / fitted.ratio)  # from here on: device pixels
        offset = painter.deviceTransform()
        painter.translate(round(offset.dx()) - offset.dx(), round(offset.dy()) - offset.dy())
        picture = fitted.picture
        if fitted.ratio != 1 or not picture.contains(asked):
            width, height = (math.ceil(side * fitted.ratio) for side in self._fitted_to[0])
            paint_frame(
                painter, QRect(0, 0, width, height), picture, EDGE * fitted.unit, self._page
            )
            painter.setClipRect(picture, Qt.ClipOperation.IntersectClip)
        figures = self._world.figures()
        self._current_stage().paint(painter, fitted.left, fitted.top, figures)
        if pixel_font.is_loaded():
            self._paint_plates(painter, fitted, figures)

    def _current_stage(self) -> Stage:
        key = self._key()
        if self._stage is None or self._stage.key != key:
            self._stage = Stage(self._art, key)
        return self._stage

    def _paint_plates(self, painter: QPainter, fitted: fit.Fit, figures: Sequence[Figure]) -> None:
        """Draw the sign of the own desk and everybody's name; a ring around the chosen one."""
        if self._plates is None or self._plates.unit != fitted.unit:
            self._plates = Plates(self._art, fitted.unit)
        plates, corner = self._plates, QPoint(fitted.left, fitted.top)
        sign = plates.picture(_("You"), None)
        at = plates.spot(sign, self._art.own_plate, fitted).topLeft()
        painter.drawPixmap(at + corner, sign)
        self._plate_rects = plates.place(figures, fitted)
        for figure in figures:
            rect = self._plate_rects[figure.id].translated(corner)
            if figure.id == self._focused and self.hasFocus():
                for width, tone in ((RING, "ink"), (1, "lemon")):
                    edge = width * fitted.unit
                    ring = rect.adjusted(-edge, -edge, edge, edge)
                    painter.fillRect(ring, QColor(PALETTE[tone]))
            painter.drawPixmap(rect.topLeft(), plates.picture(figure.label, figure.state))

    @Slot()
    def _load_font(self) -> None:
        """Read the pixel font after the first paint and show it everywhere."""
        if not pixel_font.is_loaded():
            pixel_font.load()
            self.window().update()
        self.update()

    # choosing

    def at(self, point: QPoint) -> str:
        """Return the id of whom a point of the widget is on, empty for nobody."""
        fitted, figures = self._fitted(), self._world.figures()
        spot = fitted.in_picture(point)
        for figure in reversed(figures):
            plate = self._plate_rects.get(figure.id)
            if plate is not None and plate.contains(spot):
                return figure.id
        for figure in reversed(figures):
            if fitted.logical(body_of(figure)).contains(point):
                return figure.id
        return ""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose whom was clicked."""
        who = self.at(event.position().toPoint())
        if event.button() is Qt.MouseButton.LeftButton and who:
            self._focused = who
            self.update()
            self.chosen.emit(who)
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show a hand over people, and the evidence for their state as a tool tip."""
        self._hover(self.at(event.position().toPoint()))

    def _hover(self, who: str) -> None:
        person = self._residents.get(who)
        text = "" if person is None else residents.evidence(person)
        if text != self.toolTip():
            self.setToolTip(text)
            pointer = Qt.CursorShape.PointingHandCursor if text else Qt.CursorShape.ArrowCursor
            self.setCursor(pointer)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from one to the next with the arrow keys; Enter or Space chooses."""
        key = Qt.Key(event.key())
        if key in DIRECTIONS:
            self._focus(DIRECTIONS[key])
        elif key in CHOOSE and self._focused:
            self.chosen.emit(self._focused)
        else:
            event.ignore()

    def _focus(self, direction: tuple[int, int]) -> None:
        """Put the ring around the next one in a direction, and say who it is."""
        figure = next_figure(self._world.figures(), self._focused, direction)
        if figure is not None:
            self._focused = figure.id
            self._tell()
            self.update()

    def _tell(self) -> None:
        """Tell assistive technology about whom the keys have reached, else about everybody."""
        chosen = self._residents.get(self._focused) if self.hasFocus() else None
        text = self.describe() if chosen is None else residents.evidence(chosen)
        if text != self.accessibleDescription():
            self.setAccessibleDescription(text)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show whom the arrow keys have reached."""
        super().focusInEvent(event)
        self._tell()
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Say again what the whole picture shows."""
        super().focusOutEvent(event)
        self._tell()
        self.update()

    # being seen

    def showEvent(self, event: QShowEvent) -> None:
        """Wake up."""
        super().showEvent(event)
        self._looked_at = self._clock.monotonic()
        self._beat()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest: hidden or minimised, nothing is painted."""
        super().hideEvent(event)
        self._timer.stop()
