"""Entries that stand twice: which lists, which name spaces, in which order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stoker.document.json import read
from stoker.report import pointer_text
from stoker.schema.duplicates import find_duplicates
from stoker.schema.judge import decode_ignition
from stoker.schema.rules import Say
from stoker.schema.specs import NEWEST

TWICE: dict[str, tuple[Any, list[str]]] = {
    "nothing": ({}, []),
    "once": ({"passwd": {"users": [{"name": "a"}, {"name": "b"}]}}, []),
    "every later one": (
        {"passwd": {"users": [{"name": "a"}, {"name": "a"}, {"name": "b"}, {"name": "a"}]}},
        ["$.passwd.users.1", "$.passwd.users.3"],
    ),
    "no name is a name": ({"passwd": {"groups": [{}, {}]}}, ["$.passwd.groups.1"]),
    "strings": ({"passwd": {"users": [{"name": "a", "groups": ["x", "x"]}]}}, ["$.passwd.users.0.groups.1"]),
    "options may": ({"storage": {"raid": [{"name": "a", "options": ["x", "x"]}]}}, []),
    "appended contents may": (
        {"storage": {"files": [{"path": "/a", "append": [{"source": "x"}, {"source": "x"}]}]}},
        [],
    ),
    "directories, files and links share": (
        {"storage": {"links": [{"path": "/a"}], "files": [{"path": "/a"}], "directories": [{"path": "/a"}]}},
        ["$.storage.files.0", "$.storage.links.0"],
    ),
    "arguments share": (
        {"kernelArguments": {"shouldExist": ["a", "a"], "shouldNotExist": ["a"]}},
        ["$.kernelArguments.shouldExist.1", "$.kernelArguments.shouldNotExist.0"],
    ),
    "file systems do not share with disks": (
        {"storage": {"disks": [{"device": "/dev/a"}], "filesystems": [{"device": "/dev/a"}]}},
        [],
    ),
    "partitions by number, else by label": (
        {
            "storage": {
                "disks": [
                    {
                        "device": "/dev/a",
                        "partitions": [
                            {"number": 1, "label": "x"},
                            {"label": "x"},
                            {"label": "x"},
                            {"number": 1},
                            {"number": 2, "label": "x"},
                        ],
                    }
                ]
            }
        },
        ["$.storage.disks.0.partitions.2", "$.storage.disks.0.partitions.3"],
    ),
    "an object's own lists before what is below": (
        {
            "systemd": {
                "units": [
                    {"name": "a", "dropins": [{"name": "x"}, {"name": "x"}]},
                    {"name": "a"},
                ]
            }
        },
        ["$.systemd.units.1", "$.systemd.units.0.dropins.1"],
    ),
    "resources by source": (
        {"ignition": {"config": {"merge": [{"source": "x"}, {"source": "x"}, {}, {}]}}},
        ["$.ignition.config.merge.1", "$.ignition.config.merge.3"],
    ),
    "headers by name": (
        {
            "ignition": {
                "config": {"replace": {"httpHeaders": [{"name": "A"}, {"name": "A", "value": "x"}, {"name": "a"}]}}
            }
        },
        ["$.ignition.config.replace.httpHeaders.1"],
    ),
}


@pytest.mark.parametrize("data, expected", TWICE.values(), ids=TWICE)
def test_duplicates(data: Any, expected: list[str]) -> None:
    document, _ = read(json.dumps(data).encode(), "")
    assert document is not None
    config, faults = decode_ignition(document, NEWEST)
    assert faults.wrong == []
    say = Say(NEWEST)
    find_duplicates(config, (), say)
    assert [pointer_text(finding.pointer) for finding in say.findings] == expected
