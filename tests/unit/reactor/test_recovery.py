"""Killed at every point of the journal: nothing is repeated blindly, every run gets a named end.

A kill is a new house on the same folder: what was in memory is gone, what was committed is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aios_desktop.errors import AiosError
from aios_desktop.reactor.records import Outcome, Phase, State, Undo
from aios_desktop.reactor.recovery import recover
from aios_desktop.skills.action import ActionError
from tests.unit.reactor.house import FileAction, House, build
from tests.unit.reactor.test_engine import with_file


class Killed(BaseException):
    """The process is gone at this point."""


@contextmanager
def killed(house: House) -> Iterator[None]:
    with pytest.raises(Killed):
        yield
    house.db.close()


def asked(folder: Path) -> tuple[House, Path, int]:
    house = build(folder)
    file = with_file(house)
    house.publish()
    house.scheduler.run()
    (approval,) = house.journal.waiting()
    return house, file, approval.id


def restarted(old: House) -> House:
    house = build(old.folder, clock=old.clock)
    recover(house.reactor, house.journal, house.library)
    house.scheduler.run()
    return house


def die() -> None:
    raise Killed


def test_between_approval_and_step_nothing_is_done(tmp_path: Path) -> None:
    house, file, approval = asked(tmp_path)
    house.reactor.approvals.decide(approval, approve=True, by="window")
    house.db.close()  # killed before the worker took it up
    after = restarted(house)
    assert file.read_text() == "old"
    assert (after.only_run().outcome, after.only_run().undo) == (Outcome.INTERRUPTED, Undo.NONE)
    assert not after.file_action.applied
    after.close()


def test_in_a_step_whose_effect_is_there_the_result_is_judged(tmp_path: Path) -> None:
    house, file, approval = asked(tmp_path)
    house.file_action.during = die
    house.reactor.approvals.decide(approval, approve=True, by="window")
    with killed(house):
        house.scheduler.run()
    assert file.read_text() == "new"
    after = restarted(house)
    assert after.only_run().state is State.SETTLING
    for _ in range(5):
        after.reading(cpu_usage=10.0)
    run = after.only_run()
    assert (run.outcome, run.undo) == (Outcome.FIXED, Undo.POSSIBLE)
    assert not after.file_action.applied, "the step was repeated"
    assert after.reactor.undo(run.id, by="test").ok
    after.scheduler.run()
    assert file.read_text() == "old"
    after.close()


def test_in_a_step_whose_effect_is_not_there_nothing_is_repeated(tmp_path: Path) -> None:
    house, file, approval = asked(tmp_path)

    def undo_and_die() -> None:
        file.write_text("old")
        raise Killed

    house.file_action.during = undo_and_die
    house.reactor.approvals.decide(approval, approve=True, by="window")
    with killed(house):
        house.scheduler.run()
    after = restarted(house)
    assert after.only_run().outcome is Outcome.INTERRUPTED
    assert file.read_text() == "old"
    assert not after.file_action.applied
    after.close()


def test_in_a_step_that_is_half_done_it_is_taken_back(tmp_path: Path) -> None:
    house, file, approval = asked(tmp_path)

    def half_and_die() -> None:
        file.write_text("ne")
        raise Killed

    house.file_action.during = half_and_die
    house.reactor.approvals.decide(approval, approve=True, by="window")
    with killed(house):
        house.scheduler.run()
    after = restarted(house)
    assert file.read_text() == "old"
    assert (after.only_run().outcome, after.only_run().undo) == (Outcome.INTERRUPTED, Undo.DONE)
    after.close()


def test_after_the_last_step_the_result_is_judged(tmp_path: Path) -> None:
    house, file, approval = asked(tmp_path)
    house.reactor.approvals.decide(approval, approve=True, by="window")
    house.reactor.settle = lambda *_: die()  # type: ignore[method-assign]
    with killed(house):
        house.scheduler.run()
    assert house.file_action.applied == ["new"]
    after = restarted(house)
    for _ in range(5):
        after.reading(cpu_usage=10.0)
    assert (after.only_run().outcome, file.read_text()) == (Outcome.FIXED, "new")
    after.close()


def test_while_it_is_judged_judging_starts_anew(tmp_path: Path) -> None:
    house, file, approval = asked(tmp_path)
    house.reactor.approvals.decide(approval, approve=True, by="window")
    house.scheduler.run()
    assert house.only_run().state is State.SETTLING
    house.db.close()
    after = restarted(house)
    for _ in range(9):
        after.reading(cpu_usage=99.0)
    assert (after.only_run().outcome, after.only_run().undo) == (Outcome.NO_EFFECT, Undo.DONE)
    assert file.read_text() == "old"
    after.close()


def failing_once(folder: Path) -> House:
    house, _file, approval = asked(folder)
    house.file_action.fail = [ActionError("busy", retry=True)]
    house.reactor.approvals.decide(approval, approve=True, by="window")
    house.scheduler.run()
    assert house.only_run().state is State.RETRYING
    return house


def test_while_it_waits_for_a_retry_it_goes_on_waiting_for_the_same_time(tmp_path: Path) -> None:
    house = failing_once(tmp_path)
    house.db.close()
    house.clock.advance(1.5)
    after = restarted(house)
    assert after.only_run().state is State.RETRYING
    after.scheduler.advance(0.4)
    assert after.file_action.applied == []
    after.scheduler.advance(0.2)
    assert after.file_action.applied == ["new"]
    for _ in range(5):
        after.reading(cpu_usage=10.0)
    assert after.only_run().outcome is Outcome.FIXED
    attempts = [e.data["attempt"] for e in after.journal.entries(1) if e.phase is Phase.STARTED]
    assert attempts == [1, 2]
    after.close()


def test_a_retry_whose_time_came_while_it_was_off_is_made_at_once_and_only_once(
    tmp_path: Path,
) -> None:
    house = failing_once(tmp_path)
    house.db.close()
    house.clock.sleep_machine(3600.0)
    after = restarted(house)
    assert after.file_action.applied == ["new"]
    after.db.close()
    again = restarted(after)
    assert again.file_action.applied == []
    again.close()


def test_a_retry_survives_a_sleep_of_the_machine(tmp_path: Path) -> None:
    house = failing_once(tmp_path)
    house.clock.sleep_machine(8 * 3600.0)
    house.scheduler.run()
    assert house.file_action.applied == ["new", "new"]
    house.close()


def test_a_step_that_must_not_be_repeated_is_taken_back(tmp_path: Path) -> None:
    house = failing_once(tmp_path)
    house.db.close()
    action = FileAction()
    action.idempotent = False
    after = build(tmp_path, clock=house.clock, action=action)
    recover(after.reactor, after.journal, after.library)
    after.scheduler.advance(60.0)
    assert action.applied == []
    assert after.only_run().outcome is Outcome.INTERRUPTED
    after.close()


def test_a_retry_without_its_time_in_the_journal_is_taken_back(tmp_path: Path) -> None:
    house = failing_once(tmp_path)
    with house.db.transaction() as connection:
        connection.execute("UPDATE journal SET data = CAST('{}' AS BLOB) WHERE phase = 'retry'")
    house.db.close()
    after = restarted(house)
    after.scheduler.advance(60.0)
    assert after.file_action.applied == []
    assert after.only_run().outcome is Outcome.INTERRUPTED
    after.close()


def test_an_approval_expires_while_the_machine_sleeps(tmp_path: Path) -> None:
    house, file, approval = asked(tmp_path)
    house.clock.sleep_machine(3600.0)
    house.scheduler.run()
    assert house.only_run().outcome is Outcome.EXPIRED
    assert not house.reactor.approvals.decide(approval, approve=True, by="window").ok
    assert file.read_text() == "old"
    house.close()


def test_while_it_waits_it_goes_on_waiting_and_expires_in_time(tmp_path: Path) -> None:
    house, file, approval = asked(tmp_path)
    house.db.close()
    after = restarted(house)
    assert [a.id for a in after.journal.waiting()] == [approval]
    after.scheduler.advance(30 * 60 + 1)
    assert after.only_run().outcome is Outcome.EXPIRED
    assert file.read_text() == "old"
    after.close()


def test_in_an_undo_the_undo_is_finished(tmp_path: Path) -> None:
    house, file, approval = asked(tmp_path)
    house.reactor.approvals.decide(approval, approve=True, by="window")
    house.scheduler.run()
    for _ in range(5):
        house.reading(cpu_usage=10.0)
    house.reactor.undo(house.only_run().id, by="test")
    house.db.close()  # claimed, not carried out
    after = restarted(house)
    assert after.only_run().undo is Undo.DONE
    assert file.read_text() == "old"
    after.close()


def test_the_story_survives_in_the_journal(tmp_path: Path) -> None:
    house, _file, approval = asked(tmp_path)
    house.reactor.approvals.decide(approval, approve=True, by="window")
    house.scheduler.run()
    for _ in range(5):
        house.reading(cpu_usage=10.0)
    house.db.close()
    after = restarted(house)
    phases = [entry.phase for entry in after.journal.entries(after.only_run().id)]
    assert phases == [
        Phase.PLANNED,
        Phase.DECIDED,
        Phase.SNAPSHOT,
        Phase.STARTED,
        Phase.DONE,
        Phase.VERIFYING,
        Phase.OUTCOME,
    ]
    assert after.only_run().approved_by == "window"
    after.close()


def fill(house: House) -> None:
    """Let the state database be full, as on a full disk: SQLite itself refuses the next row."""
    connection = house.db._connection
    assert connection is not None
    (pages,) = next(iter(connection.execute("PRAGMA page_count")))
    connection.execute(f"PRAGMA max_page_count = {pages}")
    row = "INSERT INTO journal(run, at, phase, step, data) VALUES (1, 0, 'planned', 0, x'7b7d')"
    for _ in range(10_000):
        try:
            with house.db.transaction() as inside:
                inside.execute(row)
        except AiosError:
            return
    pytest.fail("the database never became full")


@pytest.mark.logs_errors
def test_a_full_disk_stops_a_run_before_its_step_and_lets_it_end_later(tmp_path: Path) -> None:
    house, file, approval = asked(tmp_path)
    recover(house.reactor, house.journal, house.library)
    house.reactor.approvals.decide(approval, approve=True, by="window")
    fill(house)
    house.scheduler.run()
    assert file.read_text() == "old"
    assert not house.file_action.applied
    assert "full" in str(house.last("store.trouble").data["text"])
    assert house.only_run().state is not State.DONE
    connection = house.db._connection
    assert connection is not None
    connection.execute("PRAGMA max_page_count = 1073741823")
    house.scheduler.advance(6)
    assert house.only_run().outcome is Outcome.INTERRUPTED
    assert file.read_text() == "old"
    house.close()
