"""The run journal in state.db: written ahead of every step, with full sync.

Recent runs are also kept in memory, so that the window reads them without touching the file.
"""

from __future__ import annotations

import dataclasses
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import msgspec

from aios_desktop.reactor.records import Approval, Entry, Outcome, Phase, Run, State, Undo

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from aios_desktop.clock import Clock
    from aios_desktop.events.statedb import StateDb

SCHEMA: Final = (
    """
    CREATE TABLE good_playbook(file TEXT PRIMARY KEY, digest TEXT NOT NULL, text BLOB NOT NULL) STRICT;
    CREATE TABLE run(
        id INTEGER PRIMARY KEY AUTOINCREMENT, playbook TEXT NOT NULL, target TEXT NOT NULL,
        created REAL NOT NULL, state TEXT NOT NULL, outcome TEXT NOT NULL, body BLOB NOT NULL
    ) STRICT;
    CREATE INDEX run_playbook ON run(playbook, target, created);
    CREATE TABLE journal(
        seq INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run(id), at REAL NOT NULL,
        phase TEXT NOT NULL, step INTEGER NOT NULL, data BLOB NOT NULL
    ) STRICT;
    CREATE INDEX journal_run ON journal(run);
    CREATE TABLE approval(
        id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL UNIQUE REFERENCES run(id),
        digest TEXT NOT NULL, created REAL NOT NULL, deadline REAL NOT NULL,
        decision TEXT NOT NULL DEFAULT '', by TEXT NOT NULL DEFAULT '', decided REAL NOT NULL DEFAULT 0
    ) STRICT;
    """,
)
KEPT_IN_MEMORY: Final = 500


class Journal:
    """Runs, journal entries and approvals. Every write is on disk when its method returns."""

    def __init__(self, db: StateDb, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._writing = threading.RLock()  # held through a commit, never by readers
        self._lock = threading.Lock()  # guards the memory, held for microseconds
        self._runs: OrderedDict[int, Run] = OrderedDict()
        self._entries: dict[int, tuple[Entry, ...]] = {}
        self._approvals: dict[int, Approval] = {}

    @property
    def durable(self) -> bool:
        """Say whether the journal is on disk; without it nothing may be changed."""
        return self._db.durable

    def load(self) -> None:
        """Read the recent runs into memory."""
        with self._writing:
            rows = self._db.read(
                "SELECT id, body FROM run WHERE state != 'done' OR id > "
                "(SELECT coalesce(max(id), 0) - ? FROM run) ORDER BY id",
                (KEPT_IN_MEMORY,),
            )
            for run_id, body in rows:
                self._runs[run_id] = dataclasses.replace(_run_from(body), id=run_id)
            for run_id in self._runs:
                self._entries[run_id] = self._read_entries(run_id)
            for row in self._db.read(
                "SELECT id, run, digest, created, deadline, decision, by, decided FROM approval "
                "WHERE run >= ?",
                (min(self._runs, default=0),),
            ):
                self._approvals[row[0]] = Approval(*row)

    def _read_entries(self, run_id: int) -> tuple[Entry, ...]:
        rows = self._db.read(
            "SELECT at, phase, step, data FROM journal WHERE run = ? ORDER BY seq", (run_id,)
        )
        return tuple(
            Entry(at, Phase(phase), step, msgspec.json.decode(bytes(data)))
            for at, phase, step, data in rows
        )

    def create(self, run: Run, *, deadline: float | None) -> tuple[Run | None, Approval | None]:
        """Keep a new run and, with a deadline, the approval it waits for; return both with ids.

        Of two callers with the same playbook and target only one gets a run.
        """
        with self._writing:
            if self.busy(run.playbook, run.target):
                return None, None
            return self._create(run, deadline)

    def _create(self, run: Run, deadline: float | None) -> tuple[Run, Approval | None]:
        with self._db.transaction() as connection:
            connection.execute(
                "INSERT INTO run(playbook, target, created, state, outcome, body) VALUES (?,?,?,?,?,?)",
                (run.playbook, run.target, run.created, run.state, run.outcome, _body(run)),
            )
            run = dataclasses.replace(run, id=connection.last_insert_rowid())
            entry = Entry(run.created, Phase.PLANNED, 0, {"digest": run.digest})
            self._insert(connection, run.id, entry)
            approval = None
            if deadline is not None:
                connection.execute(
                    "INSERT INTO approval(run, digest, created, deadline) VALUES (?,?,?,?)",
                    (run.id, run.digest, run.created, deadline),
                )
                approval_id = connection.last_insert_rowid()
                approval = Approval(approval_id, run.id, run.digest, run.created, deadline)
        with self._lock:
            self._remember(run, entry)
            if approval:
                self._approvals[approval.id] = approval
        return run, approval

    def move(
        self,
        run_id: int,
        come_from: Collection[State],
        to: State,
        phase: Phase | None = None,
        data: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> Run | None:
        """Move a run on if it stands in one of the given states; None when it does not.

        This is the one gate against doing anything twice: of two callers only one gets the run.
        """
        with self._writing:
            run = self.run(run_id)
            if run is None or run.state not in come_from:
                return None
            new = dataclasses.replace(run, state=to, **changes)
            entry = Entry(self._clock.now(), phase, 0, data or {}) if phase else None
            with self._db.transaction() as connection:
                connection.execute(
                    "UPDATE run SET state = ?, outcome = ?, body = ? WHERE id = ? AND state = ?",
                    (new.state, new.outcome, _body(new), run_id, run.state),
                )
                if connection.changes() != 1:
                    return None
                if entry is not None:
                    self._insert(connection, run_id, entry)
            with self._lock:
                self._remember(new, *([entry] if entry else []))
            return new

    def take_undo(
        self, run_id: int, come_from: Collection[Undo], to: Undo, **changes: Any
    ) -> Run | None:
        """Move the undo state of a finished run on, once; None when it is not where it should be."""
        with self._writing:
            run = self.run(run_id)
            if run is None or run.undo not in come_from:
                return None
            return self.move(run_id, {run.state}, run.state, undo=to, **changes)

    def note(self, run_id: int, *entries: tuple[Phase, int, Mapping[str, Any]]) -> None:
        """Write entries of a run, in one commit."""
        now = self._clock.now()
        new = tuple(Entry(now, phase, step, data) for phase, step, data in entries)
        with self._writing:
            with self._db.transaction() as connection:
                for entry in new:
                    self._insert(connection, run_id, entry)
            with self._lock:
                self._entries[run_id] = (*self._entries.get(run_id, ()), *new)

    def _insert(self, connection: Any, run_id: int, entry: Entry) -> None:
        connection.execute(
            "INSERT INTO journal(run, at, phase, step, data) VALUES (?,?,?,?,?)",
            (run_id, entry.at, entry.phase, entry.step, msgspec.json.encode(entry.data)),
        )

    def decide(self, approval_id: int, decision: str, by: str) -> tuple[bool, Approval | None]:
        """Decide an approval, once. Returns whether this call decided it, and how it stands."""
        now = self._clock.now()
        with self._writing:
            old = self.approval(approval_id)
            if old is None:
                return False, None
            if old.decision:
                return False, old
            run = self.run(old.run)
            if run is None or run.state is not State.WAITING:
                return False, old
            new = dataclasses.replace(old, decision=decision, by=by, decided=now)
            approved = decision == "approve"
            moved = dataclasses.replace(
                run,
                state=State.APPROVED if approved else State.DONE,
                approved_by=by if approved else "",
                outcome=Outcome.NONE
                if approved
                else Outcome.DENIED
                if decision == "deny"
                else Outcome.EXPIRED,
                finished=0.0 if approved else now,
            )
            entry = Entry(now, Phase.DECIDED, 0, {"decision": decision, "by": by})
            with self._db.transaction() as connection:
                connection.execute(
                    "UPDATE approval SET decision = ?, by = ?, decided = ? WHERE id = ? AND decision = ''",
                    (decision, by, now, approval_id),
                )
                if connection.changes() != 1:
                    return False, old
                connection.execute(
                    "UPDATE run SET state = ?, outcome = ?, body = ? WHERE id = ?",
                    (moved.state, moved.outcome, _body(moved), run.id),
                )
                self._insert(connection, run.id, entry)
            with self._lock:
                self._approvals[approval_id] = new
                self._remember(moved, entry)
            return True, new

    def run(self, run_id: int) -> Run | None:
        """Return a run, however old."""
        with self._lock:
            found = self._runs.get(run_id)
        if found is not None:
            return found
        rows = self._db.read("SELECT body FROM run WHERE id = ?", (run_id,))
        return dataclasses.replace(_run_from(rows[0][0]), id=run_id) if rows else None

    def recent(self, limit: int) -> Sequence[Run]:
        """Return the newest runs first."""
        with self._lock:
            found = sorted(self._runs.values(), key=lambda run: run.id, reverse=True)
        return found[: max(0, limit)]

    def unfinished(self) -> list[Run]:
        """Return the runs that have not come to their end, or whose undo has not."""
        with self._lock:
            return [
                run
                for run in self._runs.values()
                if run.state is not State.DONE or run.undo is Undo.RUNNING
            ]

    def entries(self, run_id: int) -> tuple[Entry, ...]:
        """Return the journal of a run, oldest first."""
        with self._lock:
            found = self._entries.get(run_id)
        return found if found is not None else self._read_entries(run_id)

    def waiting(self) -> list[Approval]:
        """Return the approvals without a decision, the most urgent first."""
        with self._lock:
            found = [a for a in self._approvals.values() if not a.decision]
        return sorted(found, key=lambda approval: approval.deadline)

    def approval(self, approval_id: int) -> Approval | None:
        """Return an approval."""
        with self._lock:
            return self._approvals.get(approval_id)

    def approval_of(self, run_id: int) -> Approval | None:
        """Return the approval of a run, if it needed one."""
        with self._lock:
            return next((a for a in self._approvals.values() if a.run == run_id), None)

    def busy(self, playbook: str, target: str) -> bool:
        """Say whether a run of this playbook for this target has not come to its end."""
        with self._lock:
            return any(
                run.state is not State.DONE and run.playbook == playbook and run.target == target
                for run in self._runs.values()
            )

    def count_since(self, playbook: str, target: str, since: float) -> int:
        """Count runs of a playbook for a target that were begun since then."""
        rows = self._db.read(
            "SELECT count(*) FROM run WHERE playbook = ? AND target = ? AND created >= ?",
            (playbook, target, since),
        )
        return int(rows[0][0])

    def record(self, playbook: str) -> tuple[int, int]:
        """Return how many runs of a playbook fixed something, of how many that acted."""
        rows = self._db.read(
            "SELECT outcome, count(*) FROM run WHERE playbook = ? AND outcome IN "
            "('fixed', 'no_effect', 'worse', 'unknown', 'failed') GROUP BY outcome",
            (playbook,),
        )
        counts = {str(outcome): int(n) for outcome, n in rows}
        return counts.get("fixed", 0), sum(counts.values())

    def _remember(self, run: Run, *entries: Entry) -> None:
        if run.id not in self._runs and run.id not in self._entries:
            self._entries[run.id] = (
                () if run.state is not State.DONE else self._read_entries(run.id)
            )
        self._runs[run.id] = run
        self._entries[run.id] = (*self._entries[run.id], *entries)
        while len(self._runs) > KEPT_IN_MEMORY:
            oldest = next((i for i, r in self._runs.items() if r.state is State.DONE), None)
            if oldest is None:
                break
            del self._runs[oldest]
            self._entries.pop(oldest, None)


def _body(run: Run) -> bytes:
    return msgspec.json.encode(run)


def _run_from(body: Any) -> Run:
    return msgspec.json.decode(bytes(body), type=Run)
