"""A child merged into a parent: what wins, what is joined, what is taken away, and who gave what."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
import yaml

from stoker.document.json import read
from stoker.ignition.merge import Transcript, trace
from stoker.ignition.merge import merge as merge_configs
from stoker.report import pointer_text
from stoker.schema.judge import decode_ignition
from stoker.schema.specs import NEWEST
from stoker.schema.v3 import Config


def config(text: str) -> Config:
    document, _ = read(text.encode(), "")
    assert document is not None
    decoded, faults = decode_ignition(document, NEWEST)
    assert faults.wrong == []
    return decoded


def merge(parent: str, child: str) -> tuple[dict[str, Any], Transcript]:
    merged, transcript = merge_configs(config(parent), config(child))
    data = msgspec.to_builtins(merged)
    del data["ignition"]["version"]
    return {key: value for key, value in data.items() if value}, transcript


# parent, child -> the result; each is what stands in one section, written as YAML
MERGED = {
    "the child's scalar wins": (
        "passwd",
        "{users: [{name: a, uid: 1}]}",
        "{users: [{name: a, uid: 2}]}",
        "{users: [{name: a, uid: 2}]}",
    ),
    "a zero is a value": (
        "passwd",
        "{users: [{name: a, uid: 1}]}",
        "{users: [{name: a, uid: 0}]}",
        "{users: [{name: a, uid: 0}]}",
    ),
    "an empty string is a value": (
        "passwd",
        "{users: [{name: a, shell: /x}]}",
        '{users: [{name: a, shell: ""}]}',
        '{users: [{name: a, shell: ""}]}',
    ),
    "false is a value": (
        "passwd",
        "{users: [{name: a, system: true}]}",
        "{users: [{name: a, system: false}]}",
        "{users: [{name: a, system: false}]}",
    ),
    "what the child leaves out stays": (
        "passwd",
        "{users: [{name: a, uid: 1}]}",
        "{users: [{name: a}]}",
        "{users: [{name: a, uid: 1}]}",
    ),
    "the parent's order first, then what is new": (
        "passwd",
        "{users: [{name: a}, {name: b}]}",
        "{users: [{name: c}, {name: b}, {name: a}, {name: d}]}",
        "{users: [{name: a}, {name: b}, {name: c}, {name: d}]}",
    ),
    "strings are their own keys": (
        "passwd",
        '{users: [{name: a, groups: [x, "y"]}]}',
        '{users: [{name: a, groups: ["y", z]}]}',
        '{users: [{name: a, groups: [x, "y", z]}]}',
    ),
    "objects are merged": (
        "storage",
        "{files: [{path: /a, user: {id: 1}}]}",
        "{files: [{path: /a, group: {id: 2}}]}",
        "{files: [{path: /a, user: {id: 1}, group: {id: 2}}]}",
    ),
    "appended contents are joined": (
        "storage",
        '{files: [{path: /a, append: [{source: "data:,1"}]}]}',
        '{files: [{path: /a, append: [{source: "data:,1"}, {source: "data:,2"}]}]}',
        '{files: [{path: /a, append: [{source: "data:,1"}, {source: "data:,1"}, {source: "data:,2"}]}]}',
    ),
    "options are joined": (
        "storage",
        '{raid: [{name: a, options: ["-v"]}]}',
        '{raid: [{name: a, options: ["-v"]}]}',
        '{raid: [{name: a, options: ["-v", "-v"]}]}',
    ),
    "options for opening are not": (
        "storage",
        '{luks: [{name: a, openOptions: ["-v"]}]}',
        '{luks: [{name: a, openOptions: ["-v"]}]}',
        '{luks: [{name: a, openOptions: ["-v"]}]}',
    ),
    "a link takes a file's place": (
        "storage",
        "{files: [{path: /a}, {path: /b}]}",
        "{links: [{path: /a, target: /b}]}",
        "{files: [{path: /b}], links: [{path: /a, target: /b}]}",
    ),
    "a directory takes a link's place": (
        "storage",
        "{links: [{path: /a, target: /b}]}",
        "{directories: [{path: /a}]}",
        "{directories: [{path: /a}]}",
    ),
    "an argument changes sides": (
        "kernelArguments",
        "{shouldExist: [a, b]}",
        "{shouldNotExist: [a]}",
        "{shouldExist: [b], shouldNotExist: [a]}",
    ),
    "partitions by number": (
        "storage",
        "{disks: [{device: /dev/a, partitions: [{number: 1, label: x}, {number: 2}]}]}",
        '{disks: [{device: /dev/a, partitions: [{number: 2, label: "y"}, {number: 3}]}]}',
        '{disks: [{device: /dev/a, partitions: [{number: 1, label: x}, {number: 2, label: "y"}, {number: 3}]}]}',
    ),
    "partitions by label where they have no number": (
        "storage",
        '{disks: [{device: /dev/a, partitions: [{label: x}, {label: "y", number: 1}]}]}',
        '{disks: [{device: /dev/a, partitions: [{label: x, sizeMiB: 5}, {label: "y"}]}]}',
        '{disks: [{device: /dev/a, partitions: [{label: x, sizeMiB: 5}, {label: "y", number: 1}, {label: "y"}]}]}',
    ),
    "a header without a value takes the parent's away": (
        "ignition",
        '{config: {replace: {source: http://x, httpHeaders: [{name: "A", value: "1"}, {name: "B", value: "2"}]}}}',
        '{config: {replace: {httpHeaders: [{name: "A"}, {name: "B", value: "3"}]}}}',
        '{config: {replace: {source: http://x, httpHeaders: [{name: "B", value: "3"}]}}}',
    ),
    "configs to merge by source": (
        "ignition",
        "{config: {merge: [{source: http://x}]}}",
        "{config: {merge: [{source: http://y}, {source: http://x}]}}",
        "{config: {merge: [{source: http://x}, {source: http://y}]}}",
    ),
    "tang servers by address": (
        "storage",
        '{luks: [{name: a, clevis: {tang: [{url: x, thumbprint: "1"}], tpm2: true}}]}',
        '{luks: [{name: a, clevis: {tang: [{url: x, thumbprint: "2"}, {url: "y"}]}}]}',
        '{luks: [{name: a, clevis: {tang: [{url: x, thumbprint: "2"}, {url: "y"}], tpm2: true}}]}',
    ),
    "units and their drop-ins": (
        "systemd",
        '{units: [{name: a.path, enabled: true, dropins: [{name: x, contents: "1"}]}]}',
        '{units: [{name: a.path, contents: "", dropins: [{name: z}, {name: x, contents: "2"}]}]}',
        '{units: [{name: a.path, contents: "", enabled: true, dropins: [{name: x, contents: "2"}, {name: z}]}]}',
    ),
}


@pytest.mark.parametrize("section, parent, child, expected", MERGED.values(), ids=MERGED)
def test_merge(section: str, parent: str, child: str, expected: str) -> None:
    merged, _ = merge(*(json.dumps({section: yaml.safe_load(text)}) for text in (parent, child)))
    assert merged == {section: yaml.safe_load(expected)}


def test_the_version_is_the_childs() -> None:
    merged, _ = merge_configs(
        config('{"ignition": {"version": "3.1.0"}}'), config('{"ignition": {"version": "3.2.0"}}')
    )
    assert merged.ignition.version == "3.2.0"


def test_the_result_is_not_judged() -> None:
    merged, _ = merge('{"storage": {"files": [{"path": "relative"}]}}', "{}")
    assert merged == {"storage": {"files": [{"path": "relative"}]}}


PARENT = """{"storage": {
    "files": [{"path": "/gone"}, {"path": "/a", "mode": 1, "append": [{"source": "data:,1"}]}, {"path": "/b"}],
    "disks": [{"device": "/dev/a"}]
}}"""
CHILD = """{"storage": {
    "files": [{"path": "/c", "mode": 3}, {"path": "/a", "user": {"id": 5}, "append": [{"source": "data:,2"}]}],
    "links": [{"path": "/gone", "target": "/c"}]
}}"""
# a pointer into the result -> who gave it, the first first
GIVEN = {
    ("storage",): ["parent $.storage", "child $.storage"],
    ("storage", "disks", 0): ["parent $.storage.disks.0"],
    ("storage", "disks", 0, "device"): ["parent $.storage.disks.0.device"],
    ("storage", "files"): ["parent $.storage.files", "child $.storage.files"],
    ("storage", "files", 0): ["parent $.storage.files.1", "child $.storage.files.1"],
    ("storage", "files", 0, "mode"): ["parent $.storage.files.1.mode"],
    ("storage", "files", 0, "user", "id"): ["child $.storage.files.1.user.id"],
    ("storage", "files", 0, "append", 0): ["parent $.storage.files.1.append.0"],
    ("storage", "files", 0, "append", 1, "source"): ["child $.storage.files.1.append.0.source"],
    ("storage", "files", 1): ["parent $.storage.files.2"],
    ("storage", "files", 2, "mode"): ["child $.storage.files.0.mode"],
    ("storage", "links", 0): ["child $.storage.links.0"],
}


@pytest.mark.parametrize("pointer, expected", GIVEN.items(), ids=[pointer_text(pointer) for pointer in GIVEN])
def test_who_gave_what(pointer: tuple[str | int, ...], expected: list[str]) -> None:
    _, transcript = merge(PARENT, CHILD)
    sources = trace(transcript, pointer)
    assert [f"{source.side} {pointer_text(source.pointer)}" for source in sources] == expected


def test_a_transcript_grows_with_what_is_merged_and_not_with_what_was_before() -> None:
    """A thousand configs that one names, merged one after the other, took half a gigabyte for their transcripts."""
    many = json.dumps({"storage": {"files": [{"path": f"/{number}"} for number in range(1000)]}})
    _, transcript = merge(many, '{"storage": {"files": [{"path": "/new"}]}}')
    assert len(transcript) < 10
    for number, giver in ((0, "parent"), (999, "parent"), (1000, "child")):
        place = number % 1000
        (source,) = trace(transcript, ("storage", "files", number, "path"))
        assert source[:2] == (giver, ("storage", "files", place, "path"))
