"""Labels that people give machines, and machines of sabakan read as such."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stoker.machines import read_catalogue
from stoker.machines.known import import_sabakan
from tests.machines.conftest import MakeSnapshot

MAC = "52:54:00:a1:9c:ae"
FILES = {
    "labels/a.json": '{"selector": {"serial": "7"}, "labels": {"role": "worker", "rack": "1", "mac": "x"}}',
    "labels/c.json": '{"selector": {"mac": "52-54-00-A1-9C-AE"}, "labels": {"role": "store"}}',
    "labels/d.json": '{"selector": {"serial": "7", "mac": "525400a19cae"}, "labels": {"role": "both"}}',
    "labels/sub/e.json": '{"selector": {"serial": "8"}, "labels": {"role": "lost"}}',
    "labels/README": "not a document",
}

# labels that a machine asks with -> those that count
ASKED = [
    ({"serial": "7"}, {"serial": "7", "role": "worker", "rack": "1"}),
    ({"serial": "7", "role": "boot", "os": "x"}, {"serial": "7", "role": "worker", "rack": "1", "os": "x"}),
    ({"mac": MAC}, {"mac": MAC, "role": "store"}),
    ({"mac": MAC, "serial": "7"}, {"mac": MAC, "serial": "7", "role": "both"}),
    ({"serial": "8"}, {"serial": "8"}),
    ({}, {}),
]


@pytest.mark.parametrize("asked, expected", ASKED, ids=[str(asked) for asked, _ in ASKED])
def test_labels(asked: dict[str, str], expected: dict[str, str], make_snapshot: MakeSnapshot) -> None:
    catalogue, report = read_catalogue(make_snapshot(FILES))
    assert not len(report)
    before = dict(asked)
    assert catalogue.known.labels(asked) == expected
    assert asked == before


BROKEN = [
    ("{", "1:2: error: not JSON: Expecting property name enclosed in double quotes"),
    ("{}", "1:1: error: it names no machine"),
    ('{"selector": {"role": "a"}, "labels": {}}', "1:2: error: it names no machine"),
    ('{"selector": {"MAC": "525400A19CAE"}, "labels": {}}', "1:2: error: it names no machine"),
    ('{"selector": {"serial": ""}, "labels": {}}', "1:2: error: it names no machine"),
    ('{"selector": {"mac": "x"}}', "1:15: error: `x` is not a hardware address"),
    ('{"selector": {"serial": "7"},\n "labels": {"rack": 1}}', "2:13: error: `rack` must be a string, not a number"),
    ('{"selector": {"serial": "7"}, "labels": []}', "1:31: error: `labels` must be an object, not a list"),
]


@pytest.mark.parametrize("text, expected", BROKEN, ids=[text for text, _ in BROKEN])
def test_a_broken_document(text: str, expected: str, make_snapshot: MakeSnapshot) -> None:
    catalogue, report = read_catalogue(make_snapshot({"labels/a.json": text}))
    assert [f"{entry.place}: {entry.severity}: {entry.message}" for entry in report] == [
        f"/data/labels/a.json:{expected}"
    ]
    assert catalogue.known.labels({"serial": "7"}) == {"serial": "7"}


def test_the_last_good_version_stays(make_snapshot: MakeSnapshot) -> None:
    first, _ = read_catalogue(make_snapshot(FILES))
    second, report = read_catalogue(make_snapshot(FILES | {"labels/a.json": "{"}), first)
    assert second.known.labels({"serial": "7"})["role"] == "worker"
    assert [entry.code for entry in report] == ["machines-json", "machines-kept"]
    third, _ = read_catalogue(make_snapshot({}), second)
    assert third.known.labels({"serial": "7"}) == {"serial": "7"}


# as its documentation shows a machine, of version 3 and before
SPEC = {
    "serial": "1234abcd",
    "labels": {"product": "R630", "datacenter": "ty3", "rack": "overruled"},
    "rack": 0,
    "index-in-rack": 1,
    "role": "boot",
    "ipv4": ["10.69.0.69", "10.69.0.133"],
    "ipv6": [],
    "register-date": "2018-06-19T03:43:25Z",
    "bmc": {"type": "iDRAC-9", "ipv4": "10.72.17.37", "ipv6": ""},
}
LABELS = {
    "product": "R630",
    "datacenter": "ty3",
    "rack": "0",
    "index-in-rack": "1",
    "role": "boot",
    "ipv4": "10.69.0.69",
    "bmc-type": "iDRAC-9",
    "bmc-ipv4": "10.72.17.37",
}
OLD = {"serial": "a/b c", "product": "Dell R630", "datacenter": "tokyo1", "role": "cs", "ipv4": None, "rack": None}
MACHINES: dict[str, tuple[Any, dict[str, dict[str, str]]]] = {
    "the list of GET": ([{"spec": SPEC, "status": {"state": "healthy"}}], {"labels/1234abcd.json": LABELS}),
    "one machine": ({"spec": SPEC, "info": {}}, {"labels/1234abcd.json": LABELS}),
    "what is registered": ([{"serial": "7", "rack": 1}], {"labels/7.json": {"rack": "1"}}),
    "before version 3": (
        [OLD],
        {"labels/a%2Fb c.json": {"product": "Dell R630", "datacenter": "tokyo1", "role": "cs"}},
    ),
    "none": ([], {}),
}


@pytest.mark.parametrize("machines, expected", MACHINES.values(), ids=list(MACHINES))
def test_machines_of_sabakan(machines: Any, expected: dict[str, dict[str, str]], make_snapshot: MakeSnapshot) -> None:
    documents, report = import_sabakan(json.dumps(machines).encode(), "machines.json")
    assert not len(report)
    assert {key: json.loads(text)["labels"] for key, text in documents.items()} == expected
    catalogue, report = read_catalogue(make_snapshot({key: text.decode() for key, text in documents.items()}))
    assert not len(report)
    for text in documents.values():
        selector = json.loads(text)["selector"]
        assert catalogue.known.labels(selector) == selector | json.loads(text)["labels"]


REFUSED = [
    ("{", "not machines of sabakan: Input data was truncated"),
    ("7", "not machines of sabakan: Expected `object`, got `int`"),
    ('[{"spec": {"serial": 7}}]', "not machines of sabakan: Expected `str`, got `int` - at `$.serial`"),
    ('[{"spec": {"rack": 1}}]', "machine 1 has no `serial`"),
    ('[{"serial": "7"}, {"serial": "7"}]', "machine 2 has the serial number `7` of another"),
]


@pytest.mark.parametrize("text, said", REFUSED, ids=[text for text, _ in REFUSED])
def test_what_is_no_machine(text: str, said: str) -> None:
    _, report = import_sabakan(text.encode(), "machines.json")
    assert [entry.message for entry in report] == [said]
    assert report.has_errors
