"""Matchbox's files read into a catalogue: what is accepted, what is a finding and where."""

from __future__ import annotations

import pytest

from stoker.machines import EMPTY, Boot, Catalogue, Group, Profile, read_catalogue
from stoker.report import Report
from tests.machines.conftest import MakeSnapshot

GROUP = '{"id": "g", "profile": "p"}'


def lines(report: Report) -> list[str]:
    return [f"{entry.place}: {entry.severity.value}: {entry.message}" for entry in report]


def group(catalogue: Catalogue, name: str = "g") -> Group:
    document = catalogue.groups[name].document
    assert document is not None
    return document


GROUPS = [
    ("{}", Group("g")),
    (GROUP, Group("g", "p", id="g")),
    ('{"ID": "x", "Profile": "p", "NAME": "n"}', Group("g", "p", id="x", name="n")),
    ('{"profile": "a", "profile": "b"}', Group("g", "b")),
    ('{"profile": null, "selector": null, "metadata": null, "unknown": 1}', Group("g")),
    ('{"selector": {"mac": "52-54-00-A1-9C-AE", "os": "x"}}', Group("g", "", {"mac": "52:54:00:a1:9c:ae", "os": "x"})),
    (
        '{"metadata": {"n": 1, "big": 12345678901234567890, "l": [1]}}',
        Group("g", "", {}, {"n": 1.0, "big": 1.2345678901234567e19, "l": [1.0]}),
    ),
]


@pytest.mark.parametrize("text, expected", GROUPS, ids=[text for text, _ in GROUPS])
def test_a_group(make_snapshot: MakeSnapshot, text: str, expected: Group) -> None:
    catalogue, report = read_catalogue(make_snapshot({"groups/g.json": text}))
    assert not report.has_errors, lines(report)
    assert group(catalogue) == expected


BROKEN = [
    ('{"id": "g",}', "1:12: error: not JSON: Expecting property name enclosed in double quotes"),
    ('{\n  "id": "g"\n  "profile": "p"}', "3:3: error: not JSON: Expecting ',' delimiter"),
    ("", "1:1: error: not JSON: Expecting value"),
    ("\ufeff{}", "1:1: error: not JSON: Unexpected UTF-8 BOM (decode using utf-8-sig)"),
    ("{} x", "1:4: error: not JSON: Extra data"),
    ("[" * 100_000, "1:1: error: not JSON: it is nested too deeply"),
    ('{"metadata": {"n": NaN}}', "1:1: error: not JSON: `NaN` is not JSON"),
    ('{"metadata": {"n": 1e999}}', "1:1: error: not JSON: number `1e999` is out of range"),
    ("[]", "1:1: error: the document must be an object, not a list"),
    ('{\n "selector": {\n  "os": 1}}', "3:3: error: selector `os` must be a string, not a number"),
    ('{\n "metadata": [1]}', "2:2: error: `metadata` must be an object, not a list"),
    ('{\n "Profile": true}', "2:2: error: `profile` must be a string, not a boolean"),
    ('{"selector": {"mac": "zz"}}', "1:15: error: `zz` is not a hardware address"),
]


@pytest.mark.parametrize("text, expected", BROKEN, ids=[text[:40] for text, _ in BROKEN])
def test_a_broken_group_is_a_finding_with_its_line(make_snapshot: MakeSnapshot, text: str, expected: str) -> None:
    catalogue, report = read_catalogue(make_snapshot({"groups/g.json": text}))
    assert lines(report) == [f"/data/groups/g.json:{expected}"]
    assert catalogue.selection.find({}) is None


def test_a_profile(make_snapshot: MakeSnapshot) -> None:
    text = """{"id": "p", "name": "n", "ignition_id": "i.bu", "generic_id": "g", "cloud_id": "c",
               "boot": {"kernel": "k", "initrd": ["i", null], "args": ["a", "b"], "cmdline": {}}}"""
    files = {"profiles/p.json": text, "ignition/i.bu": "", "generic/g": "", "cloud/c": ""}
    catalogue, report = read_catalogue(make_snapshot(files))
    assert lines(report) == []
    expected = Profile("p", "p", "n", Boot("k", ("i", ""), ("a", "b")), "i.bu", "c", "g")
    assert catalogue.profile("p") == expected


PROFILES = [
    ("{}", "1:1: error: the profile has no `id`"),
    ('{"id": "p", "boot": {"initrd": "x"}}', "1:22: error: `initrd` must be a list of strings, not a string"),
    ('{"id": "p", "boot": {"args": [1]}}', "1:22: error: an element of `args` must be a string, not a number"),
    ('{"id": "p", "ignition_id": "x"}', "1:1: warning: profile `p` names `ignition/x`: there is no such file"),
]


@pytest.mark.parametrize("text, expected", PROFILES, ids=[text for text, _ in PROFILES])
def test_what_is_found_in_a_profile(make_snapshot: MakeSnapshot, text: str, expected: str) -> None:
    _, report = read_catalogue(make_snapshot({"profiles/p.json": text}))
    assert lines(report) == [f"/data/profiles/p.json:{expected}"]


def test_only_json_directly_in_groups_is_a_group(make_snapshot: MakeSnapshot) -> None:
    names = ["a.json", ".dot.json", "a.tar.json", "sub/b.json", "c.yaml", "d"]
    catalogue, _ = read_catalogue(make_snapshot({f"groups/{name}": GROUP for name in names}))
    assert sorted(catalogue.groups) == [".dot", "a", "a.tar"]


def test_a_profile_is_found_in_a_folder_and_a_source_never_outside_of_its_own(make_snapshot: MakeSnapshot) -> None:
    files = {"profiles/sub/p.json": '{"id": "x"}', "ignition/a/i.bu": "x", "generic/g": "x"}
    catalogue, _ = read_catalogue(make_snapshot(files))
    assert catalogue.profile("sub/p") == Profile("sub/p", "x")
    assert catalogue.source("ignition//a/./i.bu") is catalogue.source("ignition/a/i.bu") is not None
    assert catalogue.source("ignition/../generic/g") is None
    assert catalogue.source("ignition/../../etc/passwd") is None


def test_the_last_good_version_of_a_broken_file_stays(make_snapshot: MakeSnapshot) -> None:
    good = {"groups/g.json": GROUP, "profiles/p.json": '{"id": "p"}', "ignition/i.bu": "one"}
    first, report = read_catalogue(make_snapshot(good))
    assert lines(report) == []
    broken = {"groups/g.json": "{", "profiles/p.json": "{}", "ignition/i.bu": "one\n{{if}}"}
    second, report = read_catalogue(make_snapshot(broken), first)
    assert lines(report) == [
        "/data/groups/g.json:1:2: error: not JSON: Expecting property name enclosed in double quotes",
        "/data/groups/g.json:1:1: info: the last version of `groups/g.json` that could be read is still served",
        "/data/profiles/p.json:1:1: error: the profile has no `id`",
        "/data/profiles/p.json:1:1: info: the last version of `profiles/p.json` that could be read is still served",
        "/data/ignition/i.bu:2:5: error: template: i.bu:2: missing value for if",
        "/data/ignition/i.bu:1:1: info: the last version of `ignition/i.bu` that could be read is still served",
    ]
    assert group(second) == group(first)
    assert second.profile("p") == first.profile("p")
    assert second.source("ignition/i.bu") == first.source("ignition/i.bu")
    third, report = read_catalogue(make_snapshot(good), second)
    assert lines(report) == []
    assert group(third) == group(first)
    fourth, _ = read_catalogue(make_snapshot({}), third)
    assert fourth.selection.find({}) is None


def test_what_has_not_changed_is_not_read_again(make_snapshot: MakeSnapshot) -> None:
    first, _ = read_catalogue(make_snapshot({"groups/a.json": GROUP, "groups/b.json": GROUP}), EMPTY)
    second, _ = read_catalogue(make_snapshot({"groups/a.json": GROUP, "groups/b.json": "{}"}), first)
    assert second.groups["a"] is first.groups["a"]
    assert second.groups["b"] is not first.groups["b"]
