"""Lines and values in every encoding and every state of repair."""

from __future__ import annotations

import io
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aios_desktop.migration.reading import Fault, Found, Lines, Records, Why
from aios_desktop.migration.whole import read_json


def records(raw: bytes, limit: int = 1 << 20) -> tuple[list[Any], list[tuple[int, str]], Records]:
    """Return the objects with their lines, the refused lines, and the reader."""
    reader = Records(Lines(io.BytesIO(raw), limit=limit))
    items = list(reader)
    found = [(x.line, x.value) for x in items if isinstance(x, Found)]
    refused = [(x.line, str(x.why)) for x in items if isinstance(x, Fault)]
    return found, refused, reader


@pytest.mark.parametrize(
    ("raw", "found", "refused"),
    [
        (b"", [], []),
        (b'{"a":1}', [1], []),
        (b'\xef\xbb\xbf{"a":1}\n\n{"a":2}\n', [1, 3], []),
        (b'{"a":1}\r\n{"a":2}\r\n', [1, 2], []),
        (b'{"a":1} {"b":2}\n', [1, 1], []),
        (b'[{"a":1},{"a":2}]\n{"a":3}\n', [1, 1, 2], []),
        (b'[{"a":1},5]\n', [1], [(1, "not an object")]),
        (b'{"a":1}\n[1,2]\n"x"\n7\nnull\n', [1], [(2, "not an object"), (3, "not an object"), (4, "not an object"), (5, "not an object")]),
        (b'{"a":1}\n{"a":2\n{"a":3}\n', [1, 3], [(2, "not json")]),
        (b'{"a":1}\n{"a":2}}\n{"a":3}\n', [1, 3], [(2, "not json")]),
        (b'{"a":"\xb4\xed"}\n', [1], []),
        (b'{"a":"\xff\xff"}\n{"a":1}', [2], [(1, "not text")]),
        (b'{"a":1}\n{"a":\x001}\n', [1], [(2, "not json")]),
        # values over several lines, because the first line does not parse
        (b'{\n "a": 1,\n "b": [{"c": 2}]\n}\n{\n "a": 2\n}\n', [1, 5], []),
        (b'[\n{"a": 1},\n{"a": 2}\n]\n', [1, 1], []),
        (b'{"a": "cut off\n{"a":2}\n{"a":3}\n', [2, 3], [(1, "not json")]),
        (b'{"a": 1, "b":\n{"a":2}\n{"a":3}\n', [2, 3], [(1, "not json")]),
        (b'{\n "a": 1,\n{"a":2}\n', [], [(1, "not json")]),
        (b'{\n "a": 1\n{"a":2}\n', [3], [(1, "not json")]),
        (b'Traceback:\n{"a":1}\n', [2], [(1, "not json")]),
        (b'{\n"a": {\n', [], [(1, "not json")]),
    ],
)  # fmt: skip
def test_what_is_found_and_what_is_refused(
    raw: bytes, found: list[int], refused: list[tuple[int, str]]
) -> None:
    objects, faults, _ = records(raw)
    assert [line for line, _ in objects] == found
    assert faults == refused


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_text_with_a_mark_is_read(encoding: str) -> None:
    text = '\ufeff{"a": "中ഊ"}\r\n\r\n{"a": 2}'
    found, refused, reader = records(text.encode(encoding))
    assert found == [(1, {"a": "中ഊ"}), (3, {"a": 2})]
    assert refused == []
    assert (reader.lines.encoding, reader.lines.lines, reader.lines.blank) == (encoding, 3, 1)


def test_lines_of_another_encoding_are_named() -> None:
    _, _, reader = records(b'{"a":1}\n' + '{"a":"磁盘"}\n'.encode("gb18030"))
    assert reader.lines.not_utf8 == [2]


@pytest.mark.parametrize("mark", [b"", b"\xff\xfe"])
def test_a_line_beyond_the_limit_costs_itself_only(mark: bytes) -> None:
    def text(value: str) -> bytes:
        return value.encode("utf-16-le" if mark else "utf-8")

    raw = mark + text('{"a":1}\n' + '{"b":"' + "x" * 5000 + '"}\n' + '{"a":3}\n')
    found, refused, _ = records(raw, limit=1000)
    assert [line for line, _ in found] == [1, 3]
    assert refused == [(2, "too long")]


def test_a_value_that_never_ends_is_given_up_at_the_limit() -> None:
    _, refused, _ = records(b"{\n" + b'"a": 1,\n' * 500 + b'"b": 1}\n', limit=1000)
    assert refused[0] == (1, "too long")


def test_a_long_array_is_taken_value_by_value() -> None:
    raw = json.dumps([{"n": n, "text": "x" * 100} for n in range(30_000)]).encode()
    tracemalloc.start()
    count = sum(isinstance(x, Found) for x in Records(Lines(io.BytesIO(raw))))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 30_000
    assert peak < 6 * len(raw)  # as objects it would take more than ten times its size


def test_a_long_array_that_is_broken_is_refused_whole() -> None:
    raw = json.dumps([{"n": n} for n in range(200_000)]).encode()
    assert len(raw) > 1 << 20
    found, refused, _ = records(raw[:-1] + b', {"n":]', limit=1 << 24)
    assert (found, refused) == ([], [(1, "not json")])


def test_a_stream_that_breaks_off_keeps_what_came_before() -> None:
    class Breaking(io.BytesIO):
        def read1(self, size: int | None = -1) -> bytes:
            data = super().read1(size)
            if not data:
                raise EOFError("ended early")
            return data

    items = list(Records(Lines(Breaking(b'{"a":1}\n{"a":2}\n'))))
    assert [x.line for x in items] == [1, 2, 3]
    assert isinstance(items[-1], Fault)
    assert items[-1].why is Why.UNREADABLE


@given(st.lists(st.dictionaries(st.text(), st.integers() | st.text() | st.none()), max_size=8))
def test_everything_that_was_written_is_found(values: list[dict[str, Any]]) -> None:
    for indent, encoding in ((None, "utf-8"), (1, "utf-8-sig"), (None, "utf-16")):
        text = "\n".join(json.dumps(x, indent=indent) for x in values)
        if indent and values and not values[0]:
            continue  # its first line is a whole value, so the others are read line by line
        found, refused, _ = records(text.encode(encoding))
        assert [value for _, value in found] == values
        assert refused == []


@given(st.binary(max_size=400) | st.text('{}[]",:\\ \nab1', max_size=200).map(str.encode))
def test_nothing_makes_the_reader_fail(raw: bytes) -> None:
    reader = Records(Lines(io.BytesIO(raw), limit=100))
    items = list(reader)
    used = {x.line for x in items}
    assert used <= set(range(1, reader.lines.lines + 2))


@given(st.lists(st.sampled_from(['{"a":1}', '{"a":', '"', "[1]", "{", "}", "", "x"]), max_size=9))
def test_no_line_is_lost_without_a_word(lines: list[str]) -> None:
    found, refused, reader = records("\n".join([*lines, '{"last":1}']).encode())
    assert found + refused or not any(lines)
    if reader.lines.blank == len(lines):
        assert found == [(len(lines) + 1, {"last": 1})]


@pytest.mark.parametrize(
    ("raw", "why", "line", "column"),
    [
        (b"", Why.EMPTY, 1, 1),
        (b"  \n", Why.EMPTY, 1, 1),
        (b'{"a": 1}\n}\n', Why.NOT_JSON, 2, 1),
        (b'{"a": 1\n "b": 2}', Why.NOT_JSON, 2, 2),
        (b"\xff\xff\xff", Why.NOT_TEXT, 0, 0),
        (b"[" * 100_000, Why.NOT_JSON, 1, 1),
        (b"9" * 5000, Why.NOT_JSON, 1, 1),
    ],
)
def test_a_json_file_is_refused_whole_with_its_place(
    raw: bytes, why: Why, line: int, column: int
) -> None:
    fault = read_json(io.BytesIO(raw)).fault
    assert fault is not None
    assert (fault.why, fault.line, fault.column) == (why, line, column)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_json_file_is_read_in_each_encoding(encoding: str) -> None:
    assert read_json(io.BytesIO('{"a": "盘"}'.encode(encoding))).value == {"a": "盘"}


def test_a_json_file_beyond_the_limit_is_refused() -> None:
    fault = read_json(io.BytesIO(b"[1, 2, 3]"), limit=5).fault
    assert fault is not None
    assert fault.why is Why.TOO_LONG
