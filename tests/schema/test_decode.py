"""YAML nodes into objects: what is kept, what is dropped, what cannot be read."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stoker.document import yaml
from stoker.schema.decode import MAX_ALIASED, YAML, Faults, plan
from stoker.schema.specs import SPECS, Spec
from stoker.schema.v3 import Storage

NEW, OLD = SPECS["fcos", "1.5.0"], SPECS["fcos", "1.2.0"]


def decode(text: str, spec: Spec = NEW) -> tuple[Any, Faults]:
    document, _ = yaml.read(text.encode(), "")
    assert document is not None
    assert document.root is not None
    faults = Faults()
    return plan(Storage, spec, YAML).read(document.root, faults), faults


# text -> the storage as data (names as Ignition has them), and whether something was not looked at
READ: dict[str, tuple[str, Any, bool]] = {
    "nothing set": ("{}", None, False),
    "nothing but empty lists": ("files: []", None, False),
    "null": ("~", None, True),
    "an item": ("files: [{path: /a}]", {"files": [{"path": "/a"}]}, False),
    "an empty item": ("files: [{}]", {"files": [{"path": ""}]}, False),
    "a null item": ("files: [~, {path: /a}]", {"files": [{"path": "/a"}]}, True),
    "a null value": ("files: [{path: /a, mode: ~}]", {"files": [{"path": "/a"}]}, False),
    "an empty object": ("files: [{path: /a, user: {}}]", {"files": [{"path": "/a"}]}, False),
    "an object of nulls": ("files: [{path: /a, user: {id: ~}}]", {"files": [{"path": "/a"}]}, False),
    "an unknown key": ("file: []", None, True),
    "an alias": ("files: [&a {path: /a}, *a]", {"files": [{"path": "/a"}, {"path": "/a"}]}, True),
    "an alias as a key": (
        "files: [{&key path : /a}, {*key : /b}]",
        {"files": [{"path": "/a"}, {"path": "/b"}]},
        True,
    ),
    "a merge": ("files: [{<<: {path: /a, mode: 1}, mode: 2}]", {"files": [{"mode": 2, "path": "/a"}]}, True),
    "a merge of several": (
        "files: [{<<: [{path: /a}, {path: /b, mode: 1}]}]",
        {"files": [{"mode": 1, "path": "/a"}]},
        True,
    ),
    "a merge in a merge": ("files: [{<<: {<<: {path: /a}, mode: 1}}]", {"files": [{"mode": 1, "path": "/a"}]}, True),
    "a merge key in quotes": ("files: [{path: /a, '<<': {mode: 1}}]", {"files": [{"path": "/a"}]}, True),
    "a merge of what is said as nothing": ("files: [{path: ~, <<: {path: /a}}]", {"files": [{"path": ""}]}, True),
}


@pytest.mark.parametrize("text, expected, is_odd", READ.values(), ids=READ)
def test_read(text: str, expected: Any, is_odd: bool) -> None:
    storage, faults = decode(text)
    assert (None if storage is None else msgspec.to_builtins(storage)) == expected
    assert (faults.wrong, faults.twice, faults.unknown) == ([], [], is_odd)


# text -> what was wanted, and at which line and column
WRONG: dict[str, list[tuple[str, int, int]]] = {
    "a": [("mapping", 1, 1)],
    "files: a": [("list", 1, 8)],
    "files: {}": [("list", 1, 8)],
    "files: [a, {path: [b]}, [c]]": [("mapping", 1, 9), ("string", 1, 19), ("mapping", 1, 25)],
    "files: [{path: /a, mode: b, overwrite: c}]": [("integer", 1, 26), ("boolean", 1, 40)],
    "files: [{<<: a}]": [("map merge", 1, 14)],
    "files: [{<<: [a, {path: /a}]}]": [("map merge", 1, 15)],
    "files: &a [*a]": [("no alias of what it is in", 1, 12)],
    "files: &a {<<: *a}": [("list", 1, 8)],
    "? [a]\n: b": [("string", 1, 3)],
}


@pytest.mark.parametrize("text, expected", WRONG.items())
def test_wrong(text: str, expected: list[tuple[str, int, int]]) -> None:
    _, faults = decode(text)
    assert [(wanted, node.mark.line + 1, node.mark.column + 1) for node, wanted in faults.wrong] == expected


def test_keys_that_stand_twice() -> None:
    _, faults = decode("files:\n  - path: /a\n    path: /b\n    path: /c\nfiles: []\n")
    assert [(key.value, key.mark.line + 1, first.mark.line + 1) for key, first in faults.twice] == [
        ("path", 3, 2),
        ("path", 4, 2),
        ("files", 5, 1),
    ]


def test_what_was_required_is_there_when_it_is_absent() -> None:
    for spec, expected in ((OLD, {"links": [{"path": "/a", "target": ""}]}), (NEW, {"links": [{"path": "/a"}]})):
        storage, _ = decode("links: [{path: /a}]", spec)
        assert msgspec.to_builtins(storage) == expected


def test_an_object_that_sets_nothing_was_told_from_an_absent_one() -> None:
    for spec, expected in ((OLD, {}), (NEW, None)):
        storage, _ = decode("luks: [{name: a, clevis: {}}]", spec)
        clevis = storage.luks[0].clevis
        assert (clevis if clevis is None else msgspec.to_builtins(clevis)) == expected


def test_aliases_are_followed_so_often_and_no_more() -> None:
    below = "{path: /a, mode: 1}"  # five nodes
    few = MAX_ALIASED // 5 - 1
    for count, expected in ((few, []), (few * 2, ["fewer aliases"])):
        storage, faults = decode(f"x: &x {below}\nfiles: [{', '.join(['*x'] * count)}]")
        assert [wanted for _, wanted in faults.wrong] == expected
        assert len(storage.files) <= MAX_ALIASED // 5
