"""The approval dialog: denying is the default, approving takes intent, and the world goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from aios_desktop import i18n
from aios_desktop.errors import AiosError
from aios_desktop.i18n import Say
from aios_desktop.runtime.views import Answer, Decided
from aios_desktop.ui.bridge import Bridge
from aios_desktop.ui.controls import Pressable
from aios_desktop.ui.dialogs.approval import GUARD_S, ApprovalDialog
from aios_desktop.ui.theme import Theme
from tests import fake_data
from tests.fake_core import FakeCore
from tests.fakes import FakeClock

MEDIUM, HIGH = 0, 2
Make = Callable[..., ApprovalDialog]


class Recorder(FakeCore):
    """A core that notes what was sent with a decision."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.sent: list[tuple[str, int, str, str, str]] = []
        self.refusal: Answer | None = None

    def approve(self, approval_id: int, *, by: str, digest: str = "", word: str = "") -> Answer:
        self.sent.append(("approve", approval_id, by, digest, word))
        if self.refusal is not None:
            return self.refusal
        return super().approve(approval_id, by=by, digest=digest, word=word)

    def deny(self, approval_id: int, *, by: str) -> Answer:
        self.sent.append(("deny", approval_id, by, "", ""))
        return self.refusal or super().deny(approval_id, by=by)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(fake_data.START)


@pytest.fixture
def core(clock: FakeClock) -> Recorder:
    return Recorder(clock)


@pytest.fixture
def make(qtbot: QtBot, qapp: QApplication, core: Recorder, clock: FakeClock) -> Iterator[Make]:
    """Make dialogs that are shown long enough to be answered, and take them away afterwards."""
    theme, bridge, parent = Theme(qapp, "light"), Bridge(core), QWidget()
    made: list[ApprovalDialog] = []

    def build(number: int = MEDIUM, *, shown_for: float = 1.0, **changes: object) -> ApprovalDialog:
        approval = replace(core.waiting[number], **changes)  # type: ignore[arg-type]
        core.waiting[number] = approval
        dialog = ApprovalDialog(core, bridge, approval, theme, clock, parent)
        made.append(dialog)
        with qtbot.waitExposed(dialog):
            dialog.open()
        clock.advance(shown_for)
        return dialog

    yield build
    bridge.close()
    parent.deleteLater()


def settle() -> None:
    """Deliver what is queued."""
    for _ in range(3):
        QApplication.sendPostedEvents()
        QApplication.processEvents()


def texts(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


def test_opens_beside_the_window_and_blocks_nothing(make: Make) -> None:
    dialog = make()
    assert dialog.isVisible()
    assert not dialog.isModal()
    assert dialog.windowTitle() == "AIOS: Free 46 GB on /home?"


def test_the_focus_is_on_deny_and_enter_denies(qtbot: QtBot, make: Make, core: Recorder) -> None:
    dialog = make()
    assert dialog.focusWidget() is dialog.deny_button
    with qtbot.waitSignal(dialog.finished):
        QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Return)
    assert core.sent == [("deny", 31, "window", "", "")]


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_enter_never_approves(qtbot: QtBot, make: Make, core: Recorder, key: Qt.Key) -> None:
    dialog = make()
    dialog.approve_button.setFocus()
    QTest.keyClick(dialog.approve_button, key)
    assert core.sent == []
    assert dialog.isVisible()


def test_esc_and_not_now_decide_nothing(qtbot: QtBot, make: Make, core: Recorder) -> None:
    first, second = make(0), make(1)
    QTest.keyClick(first, Qt.Key.Key_Escape)
    second.later_button.click()
    assert core.sent == []
    assert not first.isVisible()
    assert not second.isVisible()
    assert len(core.waiting) == 3


def test_alt_a_approves_with_the_digest(qtbot: QtBot, make: Make, core: Recorder) -> None:
    dialog = make()
    with qtbot.waitSignal(dialog.finished):
        QTest.keyClick(dialog, Qt.Key.Key_A, Qt.KeyboardModifier.AltModifier)
    assert core.sent == [("approve", 31, "window", "d31", "")]


def test_approve_right_after_it_appeared_is_not_meant(
    qtbot: QtBot, make: Make, core: Recorder, clock: FakeClock
) -> None:
    dialog = make(shown_for=GUARD_S - 0.01)
    dialog.approve_button.click()
    QTest.keyClick(dialog, Qt.Key.Key_A, Qt.KeyboardModifier.AltModifier)
    assert core.sent == []
    clock.advance(0.02)
    dialog.approve_button.click()
    assert len(core.sent) == 1


def test_coming_to_the_front_guards_again(
    qtbot: QtBot, make: Make, core: Recorder, clock: FakeClock
) -> None:
    dialog, other = make(0), make(1)
    other.activateWindow()
    qtbot.waitUntil(other.isActiveWindow)
    clock.advance(10)
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    dialog.approve_button.click()
    assert core.sent == []


def test_high_risk_is_locked_until_the_name_is_typed(
    qtbot: QtBot, make: Make, core: Recorder
) -> None:
    dialog = make(HIGH)
    assert dialog.word is not None
    assert not dialog.approve_button.isEnabled()
    dialog.approve()
    QTest.keyClicks(dialog.word.edit, "postgre")
    assert not dialog.approve_button.isEnabled()
    QTest.keyClick(dialog.word.edit, Qt.Key.Key_Return)
    assert core.sent == []
    QTest.keyClicks(dialog.word.edit, "sql")
    assert dialog.approve_button.isEnabled()
    dialog.approve_button.click()
    assert core.sent == [("approve", 33, "window", "d33", "postgresql")]


def test_high_risk_says_first_what_cannot_be_undone(make: Make) -> None:
    said = texts(make(HIGH))
    assert said.index("Undo: Not possible") < said.index("Why")
    assert "High risk is never done by itself." in said


def test_the_plan_is_shown_whole(make: Make) -> None:
    command = "files.quarantine " + "/a-very-long-folder-name" * 30
    step = replace(fake_data.approvals(0)[0].steps[0], command=command)
    dialog = make(steps=(step,))
    said = texts(dialog)
    assert command in said
    assert "Moves 41 folders, 46 GB, aside" in said
    assert "Moves them back" in said
    assert dialog.width() == 640


def test_hidden_letters_of_a_command_are_written_out(make: Make) -> None:
    step = replace(fake_data.approvals(0)[0].steps[0], command="rm \u202e/emoh\u202c\nrm -r /")
    said = texts(make(steps=(step,)))
    assert "rm \\u202e/emoh\\u202c\\u000arm -r /" in said


def test_all_items_can_be_listed(make: Make) -> None:
    dialog = make()
    low = dialog.height()
    assert dialog.plan.toggle.text() == "Show all 41 items"
    dialog.plan.toggle.click()
    shown = dialog.findChild(QPlainTextEdit)
    assert shown is not None
    assert shown.toPlainText().count("\n") == 40
    assert dialog.height() > low
    dialog.plan.toggle.click()
    settle()
    assert dialog.height() == low


def test_items_that_were_left_out_are_counted(make: Make) -> None:
    step = fake_data.approvals(0)[0].steps[0]
    dialog = make(steps=(replace(step, item_count=1200),))
    assert dialog.plan.toggle.text() == "Show all 1,200 items"
    dialog.plan.toggle.click()
    shown = dialog.findChild(QPlainTextEdit)
    assert shown is not None
    assert shown.toPlainText().endswith("and 1,159 more")


def test_the_time_left_counts_down_only_while_it_can_be_seen(make: Make, clock: FakeClock) -> None:
    dialog = make()
    timer = dialog.findChild(QTimer)
    assert timer is not None
    assert timer.isActive()
    assert "26 min left" in texts(dialog)
    clock.advance(10 * 60)
    timer.timeout.emit()
    assert "15 min left" in texts(dialog)
    dialog.hide()
    assert not timer.isActive()


def test_it_ends_when_the_time_is_over(make: Make, core: Recorder, clock: FakeClock) -> None:
    dialog = make()
    clock.advance(26 * 60)
    timer = dialog.findChild(QTimer)
    assert timer is not None
    timer.timeout.emit()
    assert dialog.is_over
    assert dialog.notice() == "The time to answer is over; nothing was done."
    assert not dialog.approve_button.isEnabled()
    assert not dialog.deny_button.isEnabled()
    dialog.approve()
    dialog.deny()
    assert core.sent == []


@pytest.mark.parametrize(
    ("decision", "by", "said"),
    [
        ("approve", "command line", "It was approved by you, on the command line."),
        ("deny", "ada", "It was denied by ada. Nothing was done."),
        ("expire", "deadline", "The time to answer is over; nothing was done."),
    ],
)
def test_it_says_when_somebody_else_decided(
    make: Make, core: Recorder, decision: str, by: str, said: str
) -> None:
    dialog = make()
    core.publish("approval.decided", approval=99, decision="deny", by="nobody")
    settle()
    assert dialog.notice() == ""
    core.publish("approval.decided", approval=31, decision=decision, by=by)
    settle()
    assert dialog.is_over
    assert dialog.notice() == said
    assert not dialog.approve_button.isEnabled()
    assert dialog.later_button.text() == "Close"


def test_it_notices_that_the_question_is_gone(make: Make, core: Recorder) -> None:
    dialog = make()
    core.waiting.pop(0)
    core.publish("run.finished", run=2231)
    settle()
    assert dialog.is_over
    assert dialog.notice() == "This question no longer waits."


@pytest.mark.parametrize("what", [Decided.ALREADY, Decided.EXPIRED, Decided.UNKNOWN])
def test_a_refusal_is_shown_and_ends_it(make: Make, core: Recorder, what: Decided) -> None:
    dialog = make()
    core.refusal = Answer(False, what, Say("It was approved before, by {by}.", {"by": "cli"}))
    dialog.approve_button.click()
    settle()
    assert dialog.isVisible()
    assert dialog.notice() == "It was approved before, by cli."
    assert not dialog.approve_button.isEnabled()
    assert not dialog.deny_button.isEnabled()


def test_a_decision_is_handed_over_once(make: Make, core: Recorder) -> None:
    dialog = make()
    dialog.approve_button.click()
    dialog.deny_button.click()
    dialog.approve_button.click()
    settle()
    assert [sent[0] for sent in core.sent] == ["approve"]


def test_a_core_that_fails_is_told(
    make: Make, core: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_more: object) -> Answer:
        raise AiosError("The journal cannot be written: {reason}.", reason="disk full")

    dialog = make()
    monkeypatch.setattr(core, "approve", fail)
    dialog.approve_button.click()
    settle()
    assert dialog.notice() == "The journal cannot be written: disk full."
    assert dialog.deny_button.isEnabled()
    assert dialog.isVisible()


def test_a_changed_plan_can_only_be_denied(make: Make, core: Recorder) -> None:
    dialog = make()
    core.refusal = Answer(False, Decided.CHANGED, Say("The plan is not the one that was shown."))
    dialog.approve_button.click()
    settle()
    assert not dialog.is_over
    assert not dialog.approve_button.isEnabled()
    assert dialog.deny_button.isEnabled()


def test_the_trace_is_offered(qtbot: QtBot, make: Make, core: Recorder) -> None:
    dialog = make()
    with qtbot.waitSignal(dialog.trace_asked) as asked:
        dialog.trace_button.click()
    assert asked.args == [core.waiting[0].trace]


def test_it_goes_away_for_good_when_it_is_closed(qtbot: QtBot, make: Make, core: Recorder) -> None:
    dialog = make()
    with qtbot.waitSignal(dialog.destroyed):
        dialog.reject()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    core.publish("approval.decided", approval=31, decision="deny", by="x")
    settle()


def _names(node: QAccessibleInterface) -> Iterator[str]:
    if name := node.text(QAccessible.Text.Name):
        yield name
    for number in range(node.childCount()):
        child = node.child(number)
        if child is not None:
            yield from _names(child)


def test_a_screen_reader_hears_it_in_order(make: Make) -> None:
    dialog = make(HIGH)
    heard = list(_names(QAccessible.queryAccessibleInterface(dialog)))
    order = [
        "Restart the database service?",
        "The executor asks. Without an answer nothing is done.",
        "High risk",
        "Undo: Not possible",
        "Why",
        "Exactly this will happen",
        "service.restart  postgresql  timeout 60 s",
        "Risk",
        "Undo",
        "Success",
        "Record",
        "To approve, type the name of the target:",
        "Not now",
        "Deny",
        "Approve",
    ]
    places = [heard.index(name) for name in order]
    assert places == sorted(places)


def test_tab_goes_through_it_in_order(qtbot: QtBot, make: Make) -> None:
    dialog = make(MEDIUM)
    dialog.trace_button.setFocus()
    order = [dialog.plan.toggle, dialog.later_button, dialog.deny_button, dialog.approve_button]
    for expected in order:
        QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
        assert dialog.focusWidget() is expected


def clipped(dialog: QWidget) -> list[str]:
    """Return the texts that have less room than they need."""
    found = []
    for label in dialog.findChildren(QLabel):
        if not label.isVisible() or not label.text():
            continue
        needed = label.heightForWidth(label.width()) if label.hasHeightForWidth() else -1
        height = needed if needed > 0 else label.fontMetrics().height()
        wide = label.wordWrap() or needed > 0
        width = 0 if wide else label.fontMetrics().horizontalAdvance(label.text())
        if label.height() < height or label.width() < width:
            found.append(label.text())
    buttons = [button for button in dialog.findChildren(Pressable) if button.isVisible()]
    return found + [x.text() for x in buttons if x.width() < x.sizeHint().width()]


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_no_text_is_clipped(make: Make, language: str, number: int) -> None:
    i18n.use(language)
    dialog = make(
        number,
        title=Say("Move files that were not used for a long time out of the thumbnails cache?"),
        why=Say("The thumbnails cache holds 40,000 files that can be fetched again. " * 4),
        success=Say("Less than 10 MB of old files are left within 60 s, in two readings in a row"),
    )
    settle()
    assert clipped(dialog) == []


def test_a_long_plan_scrolls_and_keeps_the_buttons_on_the_screen(
    make: Make, core: Recorder
) -> None:
    steps = tuple(replace(core.waiting[0].steps[0], number=n) for n in range(1, 31))
    dialog = make(steps=steps)
    settle()
    available = dialog.screen().availableSize().height()
    assert dialog.height() <= available
    assert dialog.approve_button.mapTo(dialog, dialog.approve_button.rect().bottomLeft()).y() < (
        dialog.height()
    )
