"""Playbook files: both forms load, and every fault names file, line and the nearest valid word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aios_desktop import resources
from aios_desktop.config import Config
from aios_desktop.events.statedb import StateDb
from aios_desktop.paths import find
from aios_desktop.reactor import fields, source
from aios_desktop.reactor.journal import SCHEMA
from aios_desktop.reactor.library import Library
from aios_desktop.reactor.playbook import Compiler, Playbook
from aios_desktop.reactor.source import Fault, FaultyError
from aios_desktop.sensors.metrics import METRICS
from aios_desktop.skills.action import Risk
from aios_desktop.skills.registry import default_registry
from tests.fakes import FakeClock

GOOD = """\
schema: 1
id: suspend_it
title: Suspend {top_name}
trigger: [resource.high]
when: event.resource == "cpu" && event.top.cpu_percent >= 50.0
target: event.top.key
steps:
  - do: process.suspend
    with: {process: "=event.top.key"}
    timeout: 10s
verify:
  expect: target.running == 0.0 && metric.cpu_usage < 70.0
"""

DOCUMENTED_JSON = """{"id": "reduce_heartbeat_freq", "trigger": {"event_type": "resource.high", "conditions": {"resource": "cpu", "threshold": 80}}, "actions": [{"type": "config.update", "path": "heartbeat.interval", "value": 120}], "risk": "low", "auto_execute": true, "verify": {"metric": "cpu_usage", "expected": "<70"}}"""


@pytest.fixture(scope="module")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> Compiler:
    folder = tmp_path_factory.mktemp("registry")
    registry = default_registry(
        Config(folder / "config.toml"), find(folder), FakeClock(), tell=lambda _text: None
    )
    return Compiler(registry, METRICS, fields.TYPED)


def compiled(compiler: Compiler, text: str) -> Playbook:
    return compiler.compile(source.parse(text.encode(), "test.yaml"))


def faults(compiler: Compiler, text: str | bytes) -> tuple[Fault, ...]:
    raw = text.encode() if isinstance(text, str) else text
    with pytest.raises(FaultyError) as caught:
        compiler.compile(source.parse(raw, "test.yaml"))
    return caught.value.faults


def test_a_good_playbook_computes_its_risk(compiler: Compiler) -> None:
    playbook = compiled(compiler, GOOD)
    assert playbook.risk is Risk.MEDIUM
    assert playbook.triggers == ("resource.high",)


def test_the_json_form_of_earlier_versions_loads_as_it_stands(compiler: Compiler) -> None:
    playbook = compiled(compiler, DOCUMENTED_JSON)
    assert (playbook.id, playbook.risk, playbook.ask) == ("reduce_heartbeat_freq", Risk.LOW, False)
    assert playbook.verify is not None
    assert playbook.verify.expect.is_true({"metric.cpu_usage": 69.0})
    assert not playbook.verify.expect.is_true({"metric.cpu_usage": 70.0})
    values = {"event.data": {"resource": "cpu", "value": 80}}
    assert playbook.when.is_true(values)
    assert not playbook.when.is_true({"event.data": {"resource": "cpu", "value": 79.5}})
    assert not playbook.when.is_true({"event.data": {"resource": "memory", "value": 99}})


def test_the_shipped_playbooks_are_good(compiler: Compiler) -> None:
    files = sorted(resources.folder("playbooks").iterdir())
    found = {compiler.compile(source.read(file)).id for file in files}
    assert {"reduce_heartbeat_freq", "suspend_runaway", "quarantine_old_cache"} <= found


@pytest.mark.parametrize(
    ("old", "new", "line", "nearest"),
    [
        ("trigger:", "triger:", 4, "trigger"),
        ("process.suspend", "process.suspnd", 8, "process.suspend"),
        ("{process:", "{proces:", 9, "process"),
        ("event.top.cpu_percent", "event.top.cpu_pecent", 5, "event.top.cpu_percent"),
        ("metric.cpu_usage", "metric.cpu_usge", 12, "metric.cpu_usage"),
        ("timeout: 10s", "timeout: 10sec", 10, "10s"),
        ("timeout: 10s", "timout: 10s", 10, "timeout"),
        ("id: suspend_it", "id: suspend_it\nrisk: low", 3, "medium"),
        ("schema: 1", "schema: 1\nlimits: [3 times]", 2, "3 per 1h"),
        ("expect: target", "expct: target", 12, "expect"),
        ("50.0", "50", 5, ""),
        ("event.top.key\nsteps", "event.resource == 1\nsteps", 6, ""),
    ],
)
def test_each_fault_names_line_and_nearest_word(
    compiler: Compiler, old: str, new: str, line: int, nearest: str
) -> None:
    assert old in GOOD
    found = faults(compiler, GOOD.replace(old, new, 1))
    assert (found[0].line, found[0].nearest) == (line, nearest), [f.text() for f in found]
    assert found[0].text().startswith(f"test.yaml:{line}:")


def test_risk_may_be_raised(compiler: Compiler) -> None:
    assert compiled(compiler, GOOD + "risk: high\n").risk is Risk.HIGH


def test_all_faults_of_a_file_are_told_together(compiler: Compiler) -> None:
    text = GOOD.replace("50.0", "50").replace("process.suspend", "process.stop_it")
    assert len(faults(compiler, text)) >= 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n- b\n",
        "a: [1, 2\n",
        "a: &x 1\nb: *x\n",
        "schema: 1\nschema: 1\n",
        "[" * 200 + "]" * 200,
        b"\xff\xfe\x00",
        "a: !!python/object:os.system x\n",
        "x: " + "y" * 100_000,
    ],
)
def test_hostile_files_are_refused_with_a_place(compiler: Compiler, text: str | bytes) -> None:
    assert all(fault.line >= 1 for fault in faults(compiler, text))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_no_text_makes_the_compiler_fail_otherwise(text: str) -> None:
    try:
        source.parse(text.encode("utf-8", "surrogatepass"), "fuzz.yaml")
    except FaultyError:
        return  # the one way to refuse; anything else fails this test


def test_yaml_words_stay_text(compiler: Compiler) -> None:
    document = source.parse(b"a: on\nb: no\nc: 1:30\nd: 0o17\ne: 1e3\nf: true\n", "x.yaml")
    assert document.data == {
        "a": "on", "b": "no", "c": "1:30", "d": "0o17", "e": 1000.0, "f": True,
    }  # fmt: skip


class TestLibrary:
    def library(self, tmp_path: Path, compiler: Compiler, db: StateDb) -> Library:
        (tmp_path / "user").mkdir(exist_ok=True, mode=0o700)
        return Library((tmp_path / "shipped", tmp_path / "user"), compiler, db)

    def test_a_broken_file_keeps_its_last_good_version_also_after_a_restart(
        self, tmp_path: Path, compiler: Compiler
    ) -> None:
        db = StateDb(tmp_path / "state.db")
        db.open(SCHEMA)
        library = self.library(tmp_path, compiler, db)
        file = tmp_path / "user" / "mine.yaml"
        file.write_text(GOOD)
        (tmp_path / "user" / "other.json").write_text(DOCUMENTED_JSON)
        assert library.refresh()
        assert not library.refresh()
        file.write_text(GOOD.replace("steps:", "stps:"))
        assert library.refresh()
        assert {p.id for p in library.all()} == {"suspend_it", "reduce_heartbeat_freq"}
        (refused,) = library.refused
        assert refused.kept
        again = self.library(tmp_path, compiler, db)
        again.refresh()
        assert again.get("suspend_it") is not None
        assert [r.kept for r in again.refused] == [True]
        file.write_text(GOOD)
        again.refresh()
        assert not again.refused
        db.close()

    def test_a_file_that_others_may_write_is_refused(
        self, tmp_path: Path, compiler: Compiler
    ) -> None:
        db = StateDb(tmp_path / "state.db")
        db.open(SCHEMA)
        library = self.library(tmp_path, compiler, db)
        file = tmp_path / "user" / "mine.yaml"
        file.write_text(GOOD)
        file.chmod(0o666)
        library.refresh()
        assert library.all() == ()
        assert "chmod" in library.refused[0].faults[0].text()
        db.close()

    def test_the_index_knows_types_and_puts_low_risk_first(
        self, tmp_path: Path, compiler: Compiler
    ) -> None:
        db = StateDb(tmp_path / "state.db")
        db.open(SCHEMA)
        library = self.library(tmp_path, compiler, db)
        (tmp_path / "user" / "a.yaml").write_text(GOOD)
        (tmp_path / "user" / "b.json").write_text(json.dumps(json.loads(DOCUMENTED_JSON)))
        library.refresh()
        found = [p.id for p in library.match("resource.high")]
        assert found == ["reduce_heartbeat_freq", "suspend_it"]
        assert library.match("resource.low") == ()
        db.close()
