"""Colours and fonts of the running window: Fusion, a palette, and nothing hidden in style sheets.

One ``Theme`` belongs to the application; widgets find it with ``current()`` and repaint by
themselves when it changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from aios_desktop import i18n
from aios_desktop.ui import tokens

if TYPE_CHECKING:
    from aios_desktop.ui.tokens import Colours

CJK = ("Noto Sans CJK SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback")
CJK_MONO = ("Noto Sans Mono CJK SC", "WenQuanYi Micro Hei Mono")
_PROPERTY = "aiosTheme"
_TOOL_TIP = "QToolTip { padding: 4px 8px; }"  # the only style sheet there is

_R = QPalette.ColorRole
_ROLES = (
    (_R.Window, "bg"),
    (_R.WindowText, "text"),
    (_R.Base, "surface"),
    (_R.AlternateBase, "sunken"),
    (_R.Text, "text"),
    (_R.Button, "surface"),
    (_R.ButtonText, "text"),
    (_R.BrightText, "on_accent"),
    (_R.Highlight, "select"),
    (_R.HighlightedText, "text"),
    (_R.Link, "accent"),
    (_R.LinkVisited, "accent"),
    (_R.ToolTipBase, "rail"),
    (_R.ToolTipText, "rail_on"),
    (_R.PlaceholderText, "text3"),
    (_R.Light, "surface"),
    (_R.Midlight, "line"),
    (_R.Mid, "line"),
    (_R.Dark, "edge"),
    (_R.Shadow, "edge"),
    (_R.Accent, "accent"),
)


class Theme(QObject):
    """The look in force. ``changed`` is emitted after all widgets were told to repaint."""

    changed = Signal()

    def __init__(self, app: QApplication, choice: str = "system") -> None:
        super().__init__(app)
        self._app = app
        self._choice = choice
        self._name = ""
        self._system = "dark" if _is_dark(app.palette()) else "light"
        self._colours: dict[str, QColor] = {}
        self._fonts: dict[tuple[str, int, bool], QFont] = {}
        self._family = _family(QFontDatabase.SystemFont.GeneralFont)
        app.setProperty(_PROPERTY, self)
        self._apply()

    @property
    def name(self) -> str:
        """Return light, dark, hc_light or hc_dark."""
        return self._name

    @property
    def choice(self) -> str:
        """Return what was asked for: ``system`` or a name."""
        return self._choice

    @property
    def is_dark(self) -> bool:
        """Say whether the grounds are dark."""
        return self._name in ("dark", "hc_dark")

    @property
    def is_high_contrast(self) -> bool:
        """Say whether frames are doubled and grounds are black or white."""
        return self._name.startswith("hc")

    @property
    def line(self) -> int:
        """Return the width of a frame in pixels."""
        return 2 * tokens.LINE if self.is_high_contrast else tokens.LINE

    @property
    def row(self) -> int:
        """Return the height of a table row."""
        return tokens.ROW_ZH if i18n.language().startswith("zh") else tokens.ROW

    @property
    def colours(self) -> Colours:
        """Return the colours of all roles as ``#rrggbb``."""
        return tokens.colours(self._name)

    def use(self, choice: str) -> None:
        """Take another theme now: ``system``, light, dark, hc_light or hc_dark."""
        self._choice = choice
        self._apply()

    def colour(self, role: str) -> QColor:
        """Return the colour of a role such as ``text2``. Raises KeyError for an unknown one."""
        found = self._colours.get(role)
        if found is None:
            found = self._colours[role] = QColor(self.colours[role])
        return found

    def hex(self, role: str) -> str:
        """Return the colour of a role as ``#rrggbb``."""
        return self.colours[role]

    def font(self, role: str = "body", weight: int | None = None) -> QFont:
        """Return the font of a type role, with figures of equal width."""
        key = (role, weight or tokens.WEIGHT[role], False)
        if key not in self._fonts:
            font = QFont()
            font.setFamilies([self._family, *CJK])
            font.setWeight(QFont.Weight(key[1]))
            font.setFeature(QFont.Tag("tnum"), 1)
            self._fonts[key] = _sized(font, role)
        return self._fonts[key]

    def mono(self, role: str = "small") -> QFont:
        """Return the font for what a machine reads: event types, commands, paths."""
        key = (role, 0, True)
        if key not in self._fonts:
            font = QFont()
            font.setFamilies([_family(QFontDatabase.SystemFont.FixedFont), *CJK_MONO])
            font.setStyleHint(QFont.StyleHint.Monospace)
            self._fonts[key] = _sized(font, role)
        return self._fonts[key]

    def settle(self) -> None:
        """Take on the style, and follow the desktop's scheme and contrast from now on.

        Call it once, before the first real widget is made. It is not part of the constructor
        because it takes longer than the first paint, which needs none of it.
        """
        self._app.setStyle("Fusion")
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._system_changed)
        hints.accessibility().contrastPreferenceChanged.connect(self._system_changed)
        self._app.setStyleSheet(_TOOL_TIP)
        _dress_tips(self._app.palette())
        self._system_changed()

    @Slot()
    def _system_changed(self) -> None:
        self._system = _system_theme(self._system)
        if self._choice == "system":
            self._apply()

    def _apply(self) -> None:
        name = self._choice if self._choice in tokens.THEMES else self._system
        if name == self._name:
            return
        first = not self._name
        self._name = name
        self._colours.clear()
        palette = _palette(self.colours)
        self._app.setPalette(palette)
        if first:
            self._app.setFont(self.font())
            return
        for widget in self._app.allWidgets():
            widget.update()
        _dress_tips(palette)
        self.changed.emit()


def current() -> Theme:
    """Return the theme of the running application."""
    app = QApplication.instance()
    theme = app.property(_PROPERTY) if app is not None else None
    assert isinstance(theme, Theme), "make a Theme before the first widget"
    return theme


def _family(kind: QFontDatabase.SystemFont) -> str:
    """Return the real family: the name may be an alias such as ``Sans Serif``."""
    return QFontInfo(QFontDatabase.systemFont(kind)).family()


def _sized(font: QFont, role: str) -> QFont:
    font.setPixelSize(tokens.TYPE_PX[role])
    font.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
    return font


def _is_dark(palette: QPalette) -> bool:
    return palette.color(QPalette.ColorRole.Window).lightness() < 128


def _dress_tips(palette: QPalette) -> None:
    from PySide6.QtWidgets import QToolTip  # noqa: PLC0415  not needed for the first paint

    QToolTip.setPalette(palette)


def _system_theme(known: str) -> str:
    """Return what the desktop asks for; ``known`` where it does not say."""
    from PySide6.QtCore import Qt  # noqa: PLC0415  not needed for the first paint

    hints = QGuiApplication.styleHints()
    scheme = hints.colorScheme()
    dark = known in ("dark", "hc_dark")
    if scheme != Qt.ColorScheme.Unknown:
        dark = scheme == Qt.ColorScheme.Dark
    if hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast:
        return "hc_dark" if dark else "hc_light"
    return "dark" if dark else "light"


def _palette(colours: Colours) -> QPalette:
    palette = QPalette()
    for role, name in _ROLES:
        palette.setColor(role, QColor(colours[name]))
    faint = QColor(colours["text3"])
    for role in (_R.Text, _R.WindowText, _R.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, faint)
    return palette
