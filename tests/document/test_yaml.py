"""YAML texts: what is read, where it stands, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import yaml as library
from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.document import yaml
from stoker.document.nodes import ALIAS, CYCLE, MAPPING, SCALAR, SEQUENCE, Document, Node, sizes_below
from stoker.report import Place, Pointer
from stoker.report.render import as_lines


def read(text: str | bytes) -> Document:
    document, report = yaml.read(text.encode() if isinstance(text, str) else text, "f.bu")
    assert document is not None, as_lines(report)
    return document


def plain(node: Node | None) -> Any:
    """Nodes as plain data: an alias as what it stands for."""
    match node:
        case None:
            return None
        case Node(kind=kind, value=value) if kind == MAPPING:
            return {plain(key): plain(item) for key, item in value}
        case Node(kind=kind, value=value) if kind == SEQUENCE:
            return [plain(item) for item in value]
        case Node(kind=kind, value=value) if kind == ALIAS:
            return plain(value)
        case _:
            return node.value


READ: dict[str, tuple[str | bytes, Any]] = {
    "nothing": ("", None),
    "a comment": ("# only\n", None),
    "a document that says nothing": ("---\n...\n", ""),
    "a byte order mark": ("\ufeffa: 1", {"a": "1"}),
    "UTF-16, little": ("a: ä".encode("utf-16-le").join([b"\xff\xfe", b""]), {"a": "ä"}),
    "UTF-16, big": ("a: ä".encode("utf-16-be").join([b"\xfe\xff", b""]), {"a": "ä"}),
    "the first of several documents": ("a: 1\n---\nb: 2\n", {"a": "1"}),
    "what follows is not looked at": ("a: 1\n---\n{{{\t", {"a": "1"}),
    "an anchor": ("a: &x 1\nb: *x\n", {"a": "1", "b": "1"}),
    "an anchor that is set again": ("a: &x 1\nb: &x 2\nc: *x\n", {"a": "1", "b": "2", "c": "2"}),
    "an anchor on a collection": ("a: &x [1, 2]\nb: *x\n", {"a": ["1", "2"], "b": ["1", "2"]}),
    "a merge key stays a key": ("a: &x {b: 1}\nc: {<<: *x}\n", {"a": {"b": "1"}, "c": {"<<": {"b": "1"}}}),
    "line ends of Windows": ("a: 1\r\nb: 2\r\n", {"a": "1", "b": "2"}),
    "line ends of the old Macintosh": ("a: 1\rb: 2\r", {"a": "1", "b": "2"}),
    "escapes": (
        r'"\0\a\b\t\n\v\f\r\e\"\\\N\_\L\P\x41\u263a\U0001F600"',
        '\0\a\b\t\n\v\f\r\x1b"\\\x85\xa0\u2028\u2029A☺😀',
    ),
    "a question mark in quotes between braces": ('{a: "b?c"}', {"a": "b?c"}),
    "a question mark in a plain value": ("a: b?c", {"a": "b?c"}),
    "a slash in double quotes": ('"a/b\\\\/c"', "a/b\\/c"),
    "tabs between tokens": ("a:\t1\t# comment\n", {"a": "1"}),
    "a version": ("%YAML 1.1\n---\na: 1\n", {"a": "1"}),
}


@pytest.mark.parametrize("text, expected", READ.values(), ids=READ)
def test_read(text: str | bytes, expected: Any) -> None:
    assert plain(read(text).root) == expected


NOT_YAML = "this is not YAML: {}"
NOT_FOR_GO = "this is YAML that Butane does not read: {}"
DEEP = "collections are nested more than 10000 levels deep"

# text -> line, column, words
REFUSED: dict[str, tuple[str | bytes, tuple[int, int], str]] = {
    "a tab as indentation": (
        "a:\n\tb: 1\n",
        (2, 1),
        NOT_YAML.format("while scanning for the next token (line 2): found character that cannot start any token"),
    ),
    "an open bracket": (
        "a: [1\n",
        (2, 1),
        NOT_YAML.format("while parsing a flow sequence (line 1): did not find expected ',' or ']'"),
    ),
    "an open quote": (
        'a: "b\n',
        (2, 1),
        NOT_YAML.format("while scanning a quoted scalar (line 1): found unexpected end of stream"),
    ),
    "an unknown escape": (
        r'a: "\q"',
        (1, 5),
        NOT_YAML.format("while parsing a quoted scalar (line 1): found unknown escape character"),
    ),
    "an unknown tag handle": (
        "a: !x!y z",
        (1, 4),
        NOT_YAML.format("while parsing a node (line 1): found undefined tag handle"),
    ),
    "a control character": ("a: 1\nb: \x01\n", (2, 1), NOT_YAML.format("control characters are not allowed")),
    "bytes that are no UTF-8": (b"a: 1\nb: \xff\n", (2, 1), NOT_YAML.format("invalid leading UTF-8 octet")),
    "half of a character of UTF-16": (b"\xff\xfea", (1, 1), NOT_YAML.format("incomplete UTF-16 character")),
    "an unknown alias": ("a: *b\n", (1, 4), "alias `*b` has no anchor `&b` before it"),
    "an alias before its anchor": ("a: *b\nc: &b 1\n", (1, 4), "alias `*b` has no anchor `&b` before it"),
    "another version": ("%YAML 1.2\n---\n", (1, 1), "found incompatible YAML document"),
    "a question mark between braces": (
        "{a: b?c}",
        (1, 5),
        NOT_FOR_GO.format("`?` in a plain value between braces or brackets"),
    ),
    "an escaped slash": (r'a: "b\/c"', (1, 4), NOT_FOR_GO.format("the escape `\\/`")),
    "much inside of deep brackets": (
        "[" * 9_000 + "a," * 20_000,
        (1, 35_557),
        "there is too much inside of too many brackets",
    ),
    "deep brackets": ("[" * 10_001, (1, 10_001), DEEP),
    "deep braces": ("{a: " * 10_001, (1, 40_001), DEEP),
    "deep dashes": ("- " * 10_001, (1, 20_001), DEEP),
}


@pytest.mark.parametrize("text, place, words", REFUSED.values(), ids=REFUSED)
def test_refused(text: str | bytes, place: tuple[int, int], words: str) -> None:
    document, report = yaml.read(text.encode() if isinstance(text, str) else text, "f.bu")
    assert document is None
    assert [(entry.place, entry.message) for entry in report] == [(Place("f.bu", *place), words)]


def test_a_text_too_large_is_refused_before_it_is_looked_at() -> None:
    document, report = yaml.read(bytes(yaml.MAX_BYTES + 1), "f.bu")
    assert document is None
    assert as_lines(report) == f"error: the text is larger than {yaml.MAX_BYTES} bytes\n"


def test_as_deep_as_may_be() -> None:
    document = read("[" * 10_000 + "]" * 10_000)
    depth, node = 0, document.root
    while node is not None:
        depth, node = depth + 1, node.value[0] if node.value else None
    assert depth == 10_000


def test_an_alias_inside_of_its_anchor_is_marked() -> None:
    root = read("&a [*a]").root
    assert root is not None
    (alias,) = root.value
    assert (alias.kind, alias.style, alias.value.tag) == (ALIAS, "a", CYCLE)


def test_sizes_count_through_aliases() -> None:
    """Nine times nine times nine: counted in as many steps as there are nodes."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for name, below in zip("bcdefghi", "abcdefgh", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{below}'] * 9)}]")
    root = read("\n".join(lines)).root
    assert root is not None
    assert sizes_below(root, {}) > 9**9
    assert sizes_below(read("a: [1, 2]").root, {}) == 5  # type: ignore[arg-type]


# text, pointer -> line and column of the value, of its key
TEXT = """\
a: 1
b:
  - c: "ä"   
    d: [x, yy, {e: z}]
  -
  - &n |
    text
  - *n
"""  # noqa: W291
PLACES = {
    (): ((1, 1), (1, 1)),
    ("a",): ((1, 4), (1, 1)),
    ("b",): ((3, 3), (2, 1)),
    ("b", 0): ((3, 5), (3, 3)),
    ("b", 0, "c"): ((3, 8), (3, 5)),
    ("b", 0, "d", 1): ((4, 12), (4, 8)),
    ("b", 0, "d", 2, "e"): ((4, 20), (4, 17)),
    ("b", 2): ((6, 5), (3, 3)),
    ("b", 3): ((8, 5), (3, 3)),
    ("b", 0, "none"): ((3, 5), (3, 5)),
    ("b", 9, "none"): ((3, 3), (3, 3)),
    ("none", 0): ((1, 1), (1, 1)),
    ("a", "none"): ((1, 4), (1, 4)),
}


@pytest.mark.parametrize("pointer, expected", PLACES.items(), ids=str)
def test_places(pointer: tuple[str | int, ...], expected: tuple[tuple[int, int], tuple[int, int]]) -> None:
    document = read(TEXT)
    value, key = (find(pointer, as_decoded=False) for find in (document.place, document.key_place))
    assert ((value.line, value.column), (key.line, key.column)) == expected
    assert value.file == "f.bu"


def test_indexes_count_as_the_decoder_does_or_as_the_text_does() -> None:
    document = read("- ~\n- a\n-\n- b\n")
    assert document.place((1,)).line == 4
    assert document.place((1,), as_decoded=False).line == 2
    assert document.has((1,))
    assert not document.has((2,))


def test_of_two_values_of_a_key_the_last_is_found() -> None:
    assert read("a: 1\na: 2\n").place(("a",)).line == 2


def test_every_node_is_found_by_its_pointer() -> None:
    document = read("a: {b: [c, {d: e}]}\nf: g\n")
    pointers: list[Pointer] = [(), ("a",), ("a", "b"), ("a", "b", 1), ("a", "b", 1, "d"), ("f",)]
    nodes = [document.find(pointer)[0] for pointer in pointers]
    assert None not in nodes
    assert document.pointers_of(node for node in nodes if node is not None) == pointers
    stranger = Node(SCALAR, "", document.root.mark)  # type: ignore[union-attr]
    assert document.pointers_of([stranger]) == [()]


WORDS = st.text("ab:#-?'\"{}[],& *!|>%@\\/~01.é😀\n\t", max_size=8)
TREES = st.recursive(
    WORDS | st.none() | st.booleans() | st.integers(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(WORDS, below, max_size=4),
    max_leaves=15,
)
STYLES = st.fixed_dictionaries(
    {
        "default_flow_style": st.sampled_from([True, False, None]),
        "default_style": st.sampled_from([None, '"', "'", "|", ">"]),
        "allow_unicode": st.booleans(),
        "line_break": st.sampled_from(["\n", "\r\n"]),
    }
)


def pairs(ours: Node, theirs: Any) -> Any:
    """The same nodes of two readings, side by side."""
    yield ours, theirs
    if isinstance(theirs, library.SequenceNode):
        assert len(ours.value) == len(theirs.value)
        for one, other in zip(ours.value, theirs.value, strict=True):
            yield from pairs(one, other)
    elif isinstance(theirs, library.MappingNode):
        assert len(ours.value) == len(theirs.value)
        for (key, value), (other_key, other) in zip(ours.value, theirs.value, strict=True):
            yield from pairs(key, other_key)
            yield from pairs(value, other)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(tree=TREES, style=STYLES)
def test_structure_and_marks_are_those_of_the_library(tree: Any, style: dict[str, Any]) -> None:
    text = library.safe_dump(tree, **style)
    document, report = yaml.read(text.encode(), "")
    if document is None:
        assert [entry.code for entry in report] == ["yaml-dialect"], text
        return
    kinds = {library.ScalarNode: SCALAR, library.SequenceNode: SEQUENCE, library.MappingNode: MAPPING}
    assert document.root is not None
    for ours, theirs in pairs(document.root, library.compose(text, Loader=library.CSafeLoader)):
        assert ours.kind == kinds[type(theirs)]
        assert (ours.mark.line, ours.mark.column) == (theirs.start_mark.line, theirs.start_mark.column)
        if ours.kind == SCALAR:
            assert ours.value == theirs.value
            assert ours.style == (theirs.style or "")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(raw=st.binary(max_size=60) | st.text("a:-[]{}&*!|>'\"%#?, \n\t\x85\u2028é", max_size=60).map(str.encode))
def test_any_bytes_give_a_document_or_one_error_with_a_place(raw: bytes) -> None:
    document, report = yaml.read(raw, "f")
    assert (document is None) == report.has_errors
    assert len(report) == (document is None)
    for entry in report:
        assert entry.place is not None
        assert entry.place.line >= 1
        assert entry.place.column >= 1
