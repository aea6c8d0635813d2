"""The throw-away desktop itself, with a small window in the place of the application."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from PIL import Image

from tests.e2e.conftest import MakeDesktop
from tests.e2e.desktop import Desktop, Parts, Program, facts, until
from tests.e2e.tray import Tray
from tests.e2e.walker import Walker

SAMPLE = """
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QColor, QPixmap
from PySide6.QtWidgets import (QApplication, QDialog, QDialogButtonBox, QLabel, QLineEdit, QMenu,
                               QPushButton, QSystemTrayIcon, QVBoxLayout, QWidget)

app = QApplication([])
app.setApplicationName("sample")
app.setQuitOnLastWindowClosed(False)
window = QWidget()
window.setWindowTitle("Sample window")
window.setStyleSheet("background: #205080; color: white")
column = QVBoxLayout(window)
state = QLabel("nothing happened")
field = QLineEdit()
field.setAccessibleName("Search")
locked = QPushButton("Locked")
locked.setEnabled(False)
ask = QPushButton("Ask me")
ask.setObjectName("ask")

def show_dialog():
    dialog = QDialog(window)
    dialog.setWindowTitle("Approval")
    dialog.setModal(True)
    buttons = QDialogButtonBox(dialog)
    approve = buttons.addButton("&Approve", QDialogButtonBox.AcceptRole)
    deny = buttons.addButton("&Deny", QDialogButtonBox.RejectRole)
    deny.setDefault(True)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    QVBoxLayout(dialog).addWidget(buttons)
    dialog.accepted.connect(lambda: state.setText("approved"))
    dialog.rejected.connect(lambda: state.setText("denied"))
    dialog.open()
    deny.setFocus()

ask.clicked.connect(show_dialog)
field.textChanged.connect(lambda text: state.setText("searching " + text))
for part in (state, field, locked, ask):
    column.addWidget(part)
picture = QPixmap(22, 22)
picture.fill(QColor("orange"))
from PySide6.QtGui import QIcon
tray = QSystemTrayIcon(QIcon(picture))
tray.setToolTip("sample: all is well")
menu = QMenu()
menu.addAction("Say hello").triggered.connect(lambda: state.setText("hello"))
later = menu.addMenu("Not now")
later.addAction("15 minutes").triggered.connect(lambda: state.setText("snoozed"))
menu.addAction("Quit").triggered.connect(app.quit)
tray.setContextMenu(menu)
tray.activated.connect(lambda reason: state.setText("tray clicked"))
tray.show()
print("tray", QSystemTrayIcon.isSystemTrayAvailable(), flush=True)
window.resize(400, 240)
window.show()
app.exec()
"""


def start_sample(desktop: Desktop) -> Program:
    file = desktop.folder / "sample.py"
    file.write_text(SAMPLE, "utf-8")
    return desktop.start("sample", sys.executable, str(file))


def start_walk(desktop: Desktop) -> tuple[Program, Walker]:
    program = start_sample(desktop)
    walker = desktop.walker(program)
    walker.wait("nothing happened", 20)
    return program, walker


def test_a_window_is_read_pressed_and_typed_into(desktop: Desktop) -> None:
    _, walker = start_walk(desktop)
    tree = walker.tree()
    assert 'push button "Ask me"' in tree
    assert "Sample window" in tree
    assert walker.find("Ask me", role="push button") is not None
    assert walker.find("Ask", role="push button") is None
    assert walker.find("Ask", role="push button", part=True) is not None
    walker.press("Ask me", role="push button")
    walker.wait("Approval", role="dialog")
    walker.wait_focus("Deny")
    walker.press("Approve")
    walker.wait("approved")
    walker.wait_gone("Approval", role="dialog")
    walker.write("磁盘", "Search")
    walker.wait("searching 磁盘")
    field = walker.find("Search")
    assert field is not None
    assert field.value == "磁盘"


def test_keyboard_and_mouse_reach_the_window(desktop: Desktop) -> None:
    _, walker = start_walk(desktop)
    walker.focus("Search")
    walker.wait_focus("Search")
    walker.type("nginx")
    walker.wait("searching nginx")
    walker.click("Ask me")
    walker.wait("Approval", role="dialog")
    walker.activate("Approval")
    walker.keys("alt+a")
    walker.wait("approved")
    walker.click("Ask me")
    walker.wait("Approval", role="dialog")
    walker.activate("Approval")
    walker.keys("Return")
    walker.wait("denied")


def test_what_is_disabled_or_missing_is_told(desktop: Desktop) -> None:
    _, walker = start_walk(desktop)
    with pytest.raises(LookupError, match="'Locked' is disabled"):
        walker.press("Locked")
    with pytest.raises(TimeoutError, match="Ask me"):
        walker.press("No such button", 0.2)


def test_the_tray_is_clicked_without_a_panel(desktop: Desktop) -> None:
    program, walker = start_walk(desktop)
    assert desktop.services is not None
    desktop.services.wait("tray_item")
    assert "tray True" in program.out
    with Tray(desktop.env["DBUS_SESSION_BUS_ADDRESS"]) as tray:
        assert "sample: all is well" in str(tray.property("ToolTip"))
        assert tray.labels() == ["Say hello", "Not now", "15 minutes", "Quit"]
        tray.choose("15 minutes")
        walker.wait("snoozed")
        tray.click()
        walker.wait("tray clicked")
        with pytest.raises(LookupError, match="Explode"):
            tray.choose("Explode")
        tray.choose("Quit")
    assert program.wait() == 0


def test_a_picture_shows_the_window(desktop: Desktop, tmp_path: Path) -> None:
    _, walker = start_walk(desktop)
    label = walker.wait("nothing happened")
    file = desktop.screenshot(tmp_path / "screen.png")
    with Image.open(file) as picture:
        assert picture.size == (1280, 800)
        x, y, _, _ = label.box
        assert picture.convert("RGB").getpixel((x + 1, y + 1)) == (0x20, 0x50, 0x80)


def test_parts_can_be_left_out(make_desktop: MakeDesktop) -> None:
    desktop = make_desktop(tray=False, notifications=False, accessibility=False)
    program = start_sample(desktop)
    until(lambda: "tray" in program.out, "start", 20)
    assert "tray False" in program.out
    assert desktop.services is None


def test_without_a_display_there_is_none(make_desktop: MakeDesktop) -> None:
    desktop = make_desktop(display=False)
    assert "DISPLAY" not in desktop.env
    assert desktop.call("sh", "-c", "echo $DISPLAY$HOME").stdout.strip() == str(desktop.home)


def fail_on_a_desktop(folder: Path) -> None:
    with Desktop(folder, Parts(accessibility=False)) as desktop:
        desktop.start("sleeper", "sh", "-c", "sleep 100 & sleep 100")
        until(lambda: len(_of(folder)) >= 5, "processes")
        raise ZeroDivisionError


def test_nothing_is_left_when_something_failed(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        fail_on_a_desktop(tmp_path)
    assert _of(tmp_path) == []


def test_nothing_is_left_when_the_start_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise LookupError("no accessibility here")

    monkeypatch.setattr(Desktop, "_start_accessibility", fail)
    with pytest.raises(LookupError, match="no accessibility"):
        Desktop(tmp_path).__enter__()
    assert _of(tmp_path) == []
    assert "Traceback" not in capsys.readouterr().err


def _of(folder: Path) -> list[str]:
    """Name the processes whose home is in ``folder``, and our own children."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("HOME", "").startswith(str(folder)):
                found.append(process.name())
        except psutil.Error:
            continue
    return found


def used_s(pid: int) -> float:
    """Return the processor seconds a process has used."""
    return sum(psutil.Process(pid).cpu_times()[:2])


def test_the_hog_keeps_processors_busy_under_an_idle_parent() -> None:
    hog = Path(__file__).with_name("hog.py")
    command = [sys.executable, str(hog), "--procs", "2", "--seconds", "60"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        children = [int(word) for word in process.stdout.readline().split()]
        assert len(children) == 2
        before = used_s(process.pid)
        until(lambda: all(used_s(pid) > 0.2 for pid in children), "work", 30)
        assert used_s(process.pid) - before < 0.05
        process.terminate()
        assert process.wait(10) == 0


def test_the_hog_ends_by_itself() -> None:
    hog = Path(__file__).with_name("hog.py")
    command = [sys.executable, str(hog), "--procs", "2", "--seconds", "0.2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        children = [int(word) for word in process.stdout.readline().split()]
        assert process.wait(20) == 0
    assert all(not facts(pid) for pid in children)


def test_a_stopped_child_of_the_hog_ends_with_it() -> None:
    hog = Path(__file__).with_name("hog.py")
    command = [sys.executable, str(hog), "--procs", "1", "--seconds", "60"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        psutil.Process(child).suspend()
        process.terminate()
        assert process.wait(5) == 0
    until(lambda: not facts(child) or facts(child)["State"].startswith("Z"), "end of the child")
