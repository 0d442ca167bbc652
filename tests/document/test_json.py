"""JSON texts: what is read, where it stands, and what is refused where."""

from __future__ import annotations

import json as library
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.document import json
from stoker.document.nodes import BOOLEAN, FLOAT, INTEGER, MAPPING, NULL, SCALAR, SEQUENCE, STRING, Document, Node
from stoker.report import Place


def read(text: str | bytes) -> Document:
    document, report = json.read(text.encode() if isinstance(text, str) else text, "f.ign")
    assert document is not None, [entry.message for entry in report]
    return document


WORDS = {"true": True, "false": False, "null": None}
READERS: dict[str, Callable[[str], Any]] = {
    STRING: str,
    INTEGER: int,
    FLOAT: float,
    BOOLEAN: WORDS.__getitem__,
    NULL: WORDS.__getitem__,
}


def plain(node: Node | None) -> Any:
    assert node is not None
    if node.kind == MAPPING:
        return {key.value: plain(value) for key, value in node.value}
    if node.kind == SEQUENCE:
        return [plain(item) for item in node.value]
    assert node.tag is not None
    return READERS[node.tag](node.value)


READ: dict[str, tuple[str | bytes, Any]] = {
    "spaces": (" \t\r\n1 \t\r\n", 1),
    "keys that stand twice": ('{"a": 1, "a": 2}', {"a": 2}),
    "numbers as they are written": ("[0, -0, 1.50, 1E+2, 1e-2]", [0, 0, 1.5, 100.0, 0.01]),
    "escapes": (r'"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"', '"\\/\b\f\n\r\té😀'),
    "half of a pair": (r'"a\ud83db"', "a\ufffdb"),
    "bytes that are no UTF-8": (b'"a\xff\xc3b"', "a\ufffd\ufffdb"),
    "a delete character": ('"\x7f"', "\x7f"),
}


@pytest.mark.parametrize("text, expected", READ.values(), ids=READ)
def test_read(text: str | bytes, expected: Any) -> None:
    assert plain(read(text).root) == expected


# text -> line, column, words; line 0 is where the text ends
REFUSED: dict[str, tuple[str | bytes, tuple[int, int], str]] = {
    "nothing": ("", (0, 0), "unexpected end of JSON input"),
    "blanks": (" \n", (0, 0), "unexpected end of JSON input"),
    "an open brace": ("{", (0, 0), "unexpected end of JSON input"),
    "an open bracket": ("[1,", (0, 0), "unexpected end of JSON input"),
    "an open string": ('"abc', (0, 0), "unexpected end of JSON input"),
    "an open escape": ('"abc\\', (0, 0), "unexpected end of JSON input"),
    "a word": ("hello", (1, 2), "invalid character 'h' looking for beginning of value"),
    "half a word": ("[\n nul]\n", (2, 6), "invalid character ']' in literal null (expecting 'l')"),
    "a word too long": ("truex", (0, 0), "invalid character 'x' after top-level value"),
    "two values": ("1 2\n", (1, 4), "invalid character '2' after top-level value"),
    "a quote": ("['a']", (1, 3), r"invalid character '\'' looking for beginning of value"),
    "a comma too many in a list": ("[1,]\n", (1, 5), "invalid character ']' looking for beginning of value"),
    "a comma too many in an object": (
        '{"a": 1,}\n',
        (1, 10),
        "invalid character '}' looking for beginning of object key string",
    ),
    "no comma in a list": ("[1 2]", (1, 5), "invalid character '2' after array element"),
    "no comma in an object": ('{"a": 1 "b": 2}', (1, 10), "invalid character '\"' after object key:value pair"),
    "no colon": ('{"a" 1}', (1, 7), "invalid character '1' after object key"),
    "a key without quotes": ("{a: 1}", (1, 3), "invalid character 'a' looking for beginning of object key string"),
    "the wrong bracket": ("[1}", (0, 0), "invalid character '}' after array element"),
    "a leading zero": ("[01]", (1, 4), "invalid character '1' after array element"),
    "a plus": ("[+1]", (1, 3), "invalid character '+' looking for beginning of value"),
    "a minus alone": ("[-]\n", (1, 4), "invalid character ']' in numeric literal"),
    "no digits after the point": ("[1.]", (0, 0), "invalid character ']' after decimal point in numeric literal"),
    "no digits in the exponent": ("[1e+]\n", (1, 6), "invalid character ']' in exponent of numeric literal"),
    "a line end in a string": ('"a\nb"', (2, 1), r"invalid character '\n' in string literal"),
    "a control character": ("[\0]", (1, 3), r"invalid character '\x00' looking for beginning of value"),
    "a byte order mark": ("\ufeff[]", (1, 4), r"invalid character '\ufeff' looking for beginning of value"),
    "a letter": ("[é]", (1, 4), "invalid character 'é' looking for beginning of value"),
    "a backslash": (r"[\]", (1, 3), r"invalid character '\\' looking for beginning of value"),
    "a character of four bytes": ("[\U0001f600]", (1, 6), "invalid character '😀' looking for beginning of value"),
    "a byte that is no UTF-8": (b"[\xff]", (1, 3), r"invalid character '\xff' looking for beginning of value"),
    "an unknown escape": (r'["\x41"]', (1, 5), r"invalid escape sequence `\x` in string"),
    "a short escape": (r'["\u12g4"]', (1, 9), r"invalid escape sequence `\u12g4` in string"),
    "an escape with a blank": (r'["\u1 34"]', (1, 9), r'invalid escape sequence "\\u1 34" in string'),
    "columns count bytes": ('["ä" x]', (1, 8), "invalid character 'x' after array element"),
}


@pytest.mark.parametrize("text, place, words", REFUSED.values(), ids=REFUSED)
def test_refused(text: str | bytes, place: tuple[int, int], words: str) -> None:
    document, report = json.read(text.encode() if isinstance(text, str) else text, "f.ign")
    assert document is None
    assert [(entry.place, entry.message) for entry in report] == [(Place("f.ign", *place), words)]


@pytest.mark.parametrize("before", [0, 1, 4090, 4096, 9000])
def test_columns_of_long_lines_count_bytes(before: int) -> None:
    text = '\n["' + "\u00e4" * before + '", 1,\n"\u00e4", 2]'
    document = read(text)
    for index, line in ((1, 1), (3, 2)):
        expected = text.encode().split(b"\n")[line].rindex(b"1" if index == 1 else b"2")
        assert document.place((index,)) == Place("f.ign", line + 1, expected + 1)


def test_depth_is_bounded() -> None:
    assert read("[" * 10_000 + "]" * 10_000).root is not None
    document, report = json.read(b"[" * 10_001, "f.ign")
    assert document is None
    assert [(entry.place, entry.message) for entry in report] == [(Place("f.ign", 0, 0), "exceeded max depth")]


def test_a_text_too_large_is_refused_before_it_is_looked_at() -> None:
    document, report = json.read(bytes(json.MAX_BYTES + 1), "f.ign")
    assert document is None
    assert [entry.code for entry in report] == ["too-large"]


TEXT = '{"a": 1,\n "é": {"b": [true, "x"]},\n "c": {} }'
# pointer -> line and column of the value, of its key; those of collections are after the bracket
PLACES = {
    (): ((1, 2), (1, 2)),
    ("a",): ((1, 7), (1, 2)),
    ("é",): ((2, 9), (2, 2)),
    ("é", "b"): ((2, 15), (2, 9)),
    ("é", "b", 0): ((2, 15), (2, 15)),
    ("é", "b", 1): ((2, 21), (2, 15)),
    ("c",): ((3, 8), (3, 2)),
    ("none",): ((1, 2), (1, 2)),
}


@pytest.mark.parametrize("pointer, expected", PLACES.items(), ids=str)
def test_places(pointer: tuple[str | int, ...], expected: tuple[tuple[int, int], tuple[int, int]]) -> None:
    document = read(TEXT)
    value, key = document.place(pointer), document.key_place(pointer)
    assert ((value.line, value.column), (key.line, key.column)) == expected


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
TREES = st.recursive(
    SCALARS, lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4), max_leaves=20
)
STYLES = st.fixed_dictionaries(
    {
        "ensure_ascii": st.booleans(),
        "indent": st.sampled_from([None, 0, 2]),
        "separators": st.sampled_from([None, (",", ":"), (" , ", " : ")]),
    }
)
QUICKLY = settings(max_examples=300, deadline=None, derandomize=True)


@QUICKLY
@given(tree=TREES, style=STYLES)
def test_values_are_those_of_the_library(tree: Any, style: dict[str, Any]) -> None:
    assert plain(read(library.dumps(tree, **style)).root) == tree


@QUICKLY
@given(tree=TREES, style=STYLES)
def test_every_scalar_stands_where_its_place_says(tree: Any, style: dict[str, Any]) -> None:
    raw = library.dumps(tree, **style).encode()
    lines = raw.split(b"\n")

    def check(node: Node) -> None:
        before = lines[node.mark.line][: node.mark.column]
        rest = lines[node.mark.line][node.mark.column :]
        children: list[Node] = []
        if node.kind == SCALAR:
            assert rest.startswith(b'"' if node.tag == STRING else node.value.encode())
        elif node.kind == SEQUENCE:
            assert before.endswith(b"[")
            children = node.value
        else:
            assert before.endswith(b"{")
            children = [part for pair in node.value for part in pair]
        for child in children:
            check(child)

    root = read(raw).root
    assert root is not None
    check(root)


@QUICKLY
@given(text=st.text('{}[]",:01.eE+-truefalsn\\ \n', max_size=30) | st.text(max_size=10))
def test_what_the_library_reads_is_read_and_nothing_else(text: str) -> None:
    document, _ = json.read(text.encode("utf-8", "replace"), "")
    try:
        library.loads(text.encode("utf-8", "replace").decode(), parse_constant=float.fromhex)
    except ValueError:
        assert document is None
    else:
        assert document is not None


@QUICKLY
@given(tree=TREES, cut=st.integers(0, 200))
def test_a_text_that_is_cut_short_is_refused_at_its_end(tree: Any, cut: int) -> None:
    raw = library.dumps([tree]).encode()
    document, report = json.read(raw[: min(cut, len(raw) - 1)], "")
    assert document is None
    assert [entry.place for entry in report] == [Place("", 0, 0)]
