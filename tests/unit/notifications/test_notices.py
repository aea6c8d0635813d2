"""What a notice may hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aios_desktop import i18n
from aios_desktop.notifications import Notifier, Urgency, question_actions
from aios_desktop.notifications.notice import ACTIONS, TITLE_WIDTH, fit, make


def test_titles_keep_forty_letters_or_eighteen_characters() -> None:
    assert fit("a" * 40, TITLE_WIDTH) == "a" * 40
    assert fit("a" * 41, TITLE_WIDTH) == "a" * 39 + "…"
    assert fit("修" * 18, TITLE_WIDTH) == "修" * 18
    assert fit("修" * 19, TITLE_WIDTH) == "修" * 17 + "…"


def test_a_cut_leaves_no_loose_punctuation() -> None:
    assert fit("Stop make, " + "x" * 40, 10) == "Stop make…"


@given(st.text(), st.integers(1, 60))
def test_fitted_texts_are_short_and_on_one_line(text: str, width: int) -> None:
    short = fit(text, width)
    assert len(short) <= width
    assert short.isprintable()
    assert fit(short, width) == short
    short.encode("utf-8")


def test_no_notice_can_approve() -> None:
    assert "approve" not in ACTIONS
    with pytest.raises(ValueError, match="approve"):
        Notifier(lambda *_: None).show("k", "t", actions=[("approve", "Approve")])


def test_questions_offer_review_not_now_and_deny() -> None:
    assert [name for name, _label in question_actions()] == ["review", "later", "deny"]
    i18n.use("zh_CN")
    assert all(len(label) <= 4 for _name, label in question_actions())


def test_clicking_the_notice_itself_only_opens() -> None:
    assert make("k", "t", "b", question_actions(), Urgency.NORMAL).click == "review"
    assert make("k", "t", "b", [("open", "Open")], Urgency.LOW).click == "open"
    assert make("k", "t", "b", [("deny", "Deny")], Urgency.LOW).click == ""
