"""The culprit is the tree that hogs the processor: never its runner, never AIOS, never a desktop."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aios_desktop.sensors.culprit import Culprit, ProcessTree, runaway
from aios_desktop.sensors.processes import ProcessRow, ProcessTable, key
from aios_desktop.sensors.protected import is_shell_of_a_person, reason

UID = 1000
AIOS = 900


def row(
    pid: int, ppid: int = 1, cpu: float = 0.0, name: str = "python", command: str = "", **more: int
) -> ProcessRow:
    base = ProcessRow(
        pid=pid,
        started=float(pid),
        ppid=ppid,
        name=name,
        command=command or name,
        user="me",
        cpu_percent=cpu,
        memory_bytes=1,
        state="running",
        uid=UID,
        session=more.get("session", 5),
        tty=more.get("tty", 0),
    )
    return replace(base, uid=more.get("uid", UID))


INIT = row(1, 0, name="systemd", uid=0)


def find(*rows: ProcessRow, uid: int = UID, protected: frozenset[int] = frozenset()) -> int | None:
    table = ProcessTable(0.0, 0.0, (INIT, *rows), 2.0)
    found = runaway(table, own_pid=AIOS, own_uid=uid, protected=protected)
    return found.pid if found else None


def culprit(*rows: ProcessRow) -> Culprit:
    found = runaway(ProcessTable(0.0, 0.0, (INIT, *rows), 2.0), own_pid=AIOS, own_uid=UID)
    assert found is not None
    return found


def test_a_lonely_hog() -> None:
    found = culprit(row(10, cpu=99.0, command="python hog.py"), row(11, cpu=1.0))
    assert found.key == key(10, 10.0)
    assert found.members == ("10:10.00",)
    assert found.share == pytest.approx(0.99)
    assert found.to_data()["cpu_percent"] == 99.0


def test_an_idle_parent_with_two_busy_children_is_taken_whole() -> None:
    found = culprit(row(10, command="python hog.py"), row(11, 10, 98.0), row(12, 10, 99.0))
    assert found.pid == 10
    assert found.members == ("10:10.00", "11:11.00", "12:12.00")
    assert found.cpu_percent == pytest.approx(197.0)


def test_a_runner_is_left_alone_when_the_hog_is_its_child() -> None:
    assert find(row(10, name="pytest"), row(11, 10, 100.0, command="python hog.py")) == 11


def test_a_runner_that_works_a_little_is_left_alone_too() -> None:
    runner = row(10, cpu=15.0, name="pytest")
    assert find(runner, row(11, 10, 100.0, command="python hog.py")) == 11
    assert find(replace(runner, cpu_percent=45.0), row(11, 10, 100.0)) == 11


def test_a_script_that_starts_a_family_of_hogs_is_left_alone() -> None:
    script = row(10, name="bash", command="bash run.sh")
    assert find(script, row(11, 10), row(12, 11, 95.0), row(13, 11, 96.0)) == 11


def test_two_that_work_together_stay_together() -> None:
    parent = row(10, cpu=80.0)
    assert find(parent, row(11, 10, 90.0)) == 10
    assert find(row(10), row(11, 10, 100.0), row(12, 10, 30.0)) == 10


def test_make_with_its_compilers_is_one_tree() -> None:
    make = row(10, name="make", command="make -j4")
    compilers = [row(20 + i, 10, 50.0, name="cc1") for i in range(4)]
    assert find(make, *compilers) == 10


def test_aios_its_parents_and_children_are_never_chosen() -> None:
    runner = row(800, cpu=60.0, name="pytest")
    aios = row(AIOS, 800, cpu=100.0)
    helper = row(901, AIOS, 100.0)
    hog = row(902, 800, 90.0, command="hog")
    assert find(runner, aios, helper, hog) == 902
    assert find(runner, aios, helper) is None


def test_what_the_caller_protects_is_never_chosen_nor_what_is_above_it() -> None:
    rows = row(10, cpu=10.0), row(11, 10, 100.0), row(12, 10, 60.0)
    assert find(*rows) == 10
    assert find(*rows, protected=frozenset({11})) == 12
    assert find(*rows, protected=frozenset({11, 12})) is None


def test_pid_1_is_never_chosen() -> None:
    table = ProcessTable(0.0, 0.0, (row(1, 0, 100.0, name="hog", uid=UID),), 2.0)
    assert runaway(table, own_pid=AIOS, own_uid=UID) is None


@pytest.mark.parametrize(
    "name",
    [
        "Xorg",
        "gnome-shell",
        "kwin_wayland",
        "sshd",
        "systemd",
        "dbus-daemon",
        "tmux:server",
        "screen",
        "xterm",
        "login",
        "gnome-terminal-",
        "konsole",
        "plasmashell",
        "Xvfb",
        "pipewire",
        "systemd-journald",
    ],
)
def test_protected_programs_are_never_chosen_but_their_children_are(name: str) -> None:
    assert find(row(10, cpu=300.0, name=name)) is None
    assert find(row(10, cpu=300.0, name=name), row(11, 10, 90.0, name="app")) == 11
    why = reason(row(10, name=name))
    assert why is not None
    assert name in why.text()


def test_a_program_with_a_terminal_inside_is_not_stopped_as_a_whole() -> None:
    editor = row(10, cpu=5.0, name="code")
    shell = row(11, 10, name="bash", session=11, tty=34816)
    build = row(12, 11, 95.0, name="cargo")
    worker = row(13, 10, 150.0, name="code")
    assert find(editor, shell, build) == 12
    assert find(editor, shell, build, worker) == 13


@pytest.mark.parametrize(
    ("command", "session", "tty", "personal"),
    [
        ("bash", 10, 34816, True),
        ("-zsh", 10, 34816, True),
        ("bash build.sh", 10, 0, True),  # leads its session
        ("bash build.sh", 5, 34816, False),
        ("/bin/sh -c make", 5, 34816, False),
        ("bash", 5, 34816, True),
        ("bash -i", 5, 0, True),
        ("bash -li", 5, 0, True),
        ("bash -ci make", 5, 0, False),
        ("fish", 5, 34817, True),
        ("python -i", 10, 34816, False),
    ],
)
def test_shells_that_a_person_types_into(
    command: str, session: int, tty: int, personal: bool
) -> None:
    name = command.split()[0].lstrip("-").rsplit("/", 1)[-1]
    one = row(10, name=name, command=command, session=session, tty=tty)
    assert is_shell_of_a_person(one) is personal


def test_processes_of_others_are_neither_chosen_nor_counted() -> None:
    other = row(10, cpu=400.0, uid=0)
    assert find(other) is None
    assert find(other, row(11, 10, 60.0)) == 11
    assert find(other, uid=0) == 10
    found = culprit(row(20, cpu=60.0), row(21, 20, 60.0, uid=0))
    assert found.members == ("20:20.00",)
    assert found.cpu_percent == 60.0


def test_kernel_threads_are_never_chosen() -> None:
    thread = replace(row(10, 2, 100.0, name="kswapd0", uid=0), is_kernel=True)
    assert find(thread, uid=0) is None


def test_zombies_are_no_members() -> None:
    dead = replace(row(11, 10), state="zombie")
    assert culprit(row(10, cpu=90.0), dead).members == ("10:10.00",)


@pytest.mark.parametrize(("cpu", "is_hog"), [(49.9, False), (50.0, True)])
def test_less_than_half_a_core_is_no_hog(cpu: float, is_hog: bool) -> None:
    assert (find(row(10, cpu=cpu)) is not None) is is_hog


def test_an_empty_table_has_no_culprit() -> None:
    assert runaway(ProcessTable(0.0, 0.0), own_pid=AIOS, own_uid=UID) is None


def test_a_parent_younger_than_its_child_is_a_reused_pid() -> None:
    tree = ProcessTree([row(20), replace(row(10), ppid=20)])
    assert tree.parent(10) is None
    assert tree.family(20) == [20]


@st.composite
def tables(draw: st.DrawFn) -> list[ProcessRow]:
    """Make any table at all, also one with circles and self-parents."""
    pids = draw(st.lists(st.integers(2, 40), unique=True, max_size=25))
    names = st.sampled_from(["python", "bash", "Xorg", "sshd", "make", "tmux"])
    return [
        replace(
            row(
                pid,
                draw(st.integers(0, 40)),
                draw(st.floats(0, 200)),
                draw(names),
                uid=draw(st.sampled_from([UID, 0])),
                session=draw(st.sampled_from([pid, 5])),
            ),
            started=float(draw(st.integers(0, 3))),
        )
        for pid in pids
    ]


@given(tables(), st.integers(2, 40), st.frozensets(st.integers(2, 40), max_size=4))
def test_whatever_the_table_the_chosen_may_be_touched(
    rows: list[ProcessRow], own: int, protected: frozenset[int]
) -> None:
    table = ProcessTable(0.0, 0.0, (INIT, *rows), 2.0)
    found = runaway(table, own_pid=own, own_uid=UID, protected=protected)
    if found is None:
        return
    tree = ProcessTree(table.rows)
    members = {int(member.split(":")[0]) for member in found.members}
    assert found.pid in members
    assert found.cpu_percent >= 50
    assert found.cpu_percent == pytest.approx(sum(tree.rows[pid].cpu_percent for pid in members))
    assert not members & (protected | {1, own} | set(tree.family(own)))
    for pid in members:
        assert tree.rows[pid].uid == UID
        assert reason(tree.rows[pid]) is None
    if own in tree.rows:
        assert found.pid not in tree.ancestors(own)
    assert found.cpu_percent <= max(200.0, sum(one.cpu_percent for one in rows)) + 1e-6
    assert 0 <= found.share <= 1
