"""Plain data as the YAML of a MachineConfig: which quotes, which order, and that it reads back."""

from __future__ import annotations

from typing import Any

import pytest
import yaml as library
from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.butane.yamltext import write
from stoker.document import scalars, yaml
from stoker.document.nodes import MAPPING, SEQUENCE, Node

STRINGS = {
    "abc": "abc",
    "": '""',
    "true": '"true"',
    "y": '"y"',
    "~": '"~"',
    "null": '"null"',
    "1": '"1"',
    "-1.5e3": '"-1.5e3"',
    "0o7": '"0o7"',
    "1_000": '"1_000"',
    "12:30:45": '"12:30:45"',
    "2020-01-01": '"2020-01-01"',
    "2020-01-01T00:00:00Z": '"2020-01-01T00:00:00Z"',
    ".inf": '".inf"',
    "truer": "truer",
    "1.2.3": "1.2.3",
    "=": "=",
    "<<": "<<",
    "a b": "a b",
    " a": "' a'",
    "a ": "'a '",
    "a: b": "'a: b'",
    "a:": "'a:'",
    "a:b": "a:b",
    "a #b": "'a #b'",
    "a#b": "a#b",
    "#a": "'#a'",
    "-": "'-'",
    "- a": "'- a'",
    "-a": "-a",
    "?a": "?a",
    ":a": ":a",
    "[a": "'[a'",
    "a]": "a]",
    "it's": "it's",
    "'a'": "'''a'''",
    '"a"': "'\"a\"'",
    "%a": "'%a'",
    "@a": "'@a'",
    "`a": "'`a'",
    "!a": "'!a'",
    "---": "'---'",
    "...": "'...'",
    "--- a": "'--- a'",
    "a\\b": r"a\b",
    "é": "é",
    "a\tb": r'"a\tb"',
    "\x07": r'"\a"',
    "\x7f": r'"\x7F"',
    "\ufeff": r'"\uFEFF"',
    "😀": r'"\U0001F600"',
    "a\rb": r'"a\rb"',
    "a\x85b": r'"a\Nb"',
    "one\ntwo": "|-\n  one\n  two",
    "one\ntwo\n": "|\n  one\n  two\n",
    "one\n\n": "|+\n  one\n",
    " one\ntwo": "|2-\n   one\n  two",
    "one\n  two": "|-\n  one\n    two",
    "one \ntwo": r'"one \ntwo"',
    "one\ttab\ntwo": "|-\n  one\ttab\n  two",
    "one\n😀": r'"one\n\U0001F600"',
}


@pytest.mark.parametrize("text, expected", STRINGS.items())
def test_strings(text: str, expected: str) -> None:
    assert write({"key": text}, as_reference=True).removesuffix("\n") == f"key: {expected}".removesuffix("\n")


DATA = {
    "nothing": ({}, ""),
    "empty collections": ({"a": [], "b": {}}, "a: []\nb: {}"),
    "scalars": ({"a": 1, "b": True, "c": False, "d": -5}, "a: 1\nb: true\nc: false\nd: -5"),
    "a list under its key": ({"a": ["x", "y"]}, 'a:\n  - x\n  - "y"'),
    "mappings in a list": ({"a": [{"b": 1, "c": 2}, {"d": 3}]}, "a:\n  - b: 1\n    c: 2\n  - d: 3"),
    "lists in a list": ({"a": [["b", "c"], []]}, "a:\n  - - b\n    - c\n  - []"),
    "a block in a list": ({"a": ["b\nc"]}, "a:\n  - |-\n    b\n    c"),
    "a key with quotes": ({"a: b": 1, "true": 2}, "'a: b': 1\n\"true\": 2"),
    "a long key": ({"a" * 129: [1]}, f"? {'a' * 129}\n:\n  - 1"),
    "a key of two lines": ({"a\nb": 1}, "? |-\n  a\n  b\n: 1"),
}


@pytest.mark.parametrize("data, expected", DATA.values(), ids=DATA)
def test_structure(data: dict[str, Any], expected: str) -> None:
    assert write(data, as_reference=True) == expected


ORDERS = {
    "digits by value": ["a1", "a2", "a10"],
    "letters after digits after the rest": ["-", "1", "a"],
    "a leading zero": ["a01", "a1"],
    "more digits than Python reads": ["9" * 5000, "1" + "0" * 5000],
}


@pytest.mark.parametrize("keys", ORDERS.values(), ids=ORDERS)
def test_order(keys: list[str]) -> None:
    written = yaml.read(write(dict.fromkeys(reversed(keys), 0)).encode(), "")[0]
    assert written is not None
    assert written.root is not None
    assert [key.value for key, _ in written.root.value] == keys


def plain(node: Node) -> Any:
    if node.kind == MAPPING:
        return {plain(key): plain(value) for key, value in node.value}
    if node.kind == SEQUENCE:
        return [plain(item) for item in node.value]
    return scalars.string(node)


def reads_back(text: str) -> bool:
    """Whether a block can hold it: as in the reference, one that begins with a line end loses it, and one that begins
    with a tab or has other line ends in it is not read back.
    """
    return "\n" not in text or not (text[0] in "\n\t" or "\u2028" in text)


TEXTS = st.text("ab01:#-?.~'\"{}[]&*!|>%@`\\/ \n\té😀\x85\u2028\ufeff", max_size=8).filter(reads_back)
TREES = st.dictionaries(
    TEXTS.filter(bool),
    st.recursive(
        TEXTS,
        lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXTS.filter(bool), below, max_size=3),
        max_leaves=10,
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(tree=TREES)
def test_what_is_written_reads_back(tree: dict[str, Any]) -> None:
    text = write(tree, as_reference=True).encode() + b"\n"
    document, report = yaml.read(text, "")
    assert document is not None, [entry.message for entry in report]
    assert document.root is not None
    assert plain(document.root) == tree
    assert library.load(text, Loader=library.CBaseLoader) == tree


LOST = ["\nfirst line empty\n", "\tfirst\nsecond\n", "a\u2028b\nc", "\n", "\n\na", "plain", "two\nlines\n"]


@pytest.mark.parametrize("text", LOST)
def test_a_verb_loses_nothing(text: str) -> None:
    document = yaml.read(write({"key": {"list": [text]}}).encode() + b"\n", "")[0]
    assert document is not None
    node, _ = document.find(("key", "list", 0))
    assert node is not None
    assert node.value == text
