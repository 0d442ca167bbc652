"""Configs with every object written, as Ignition's own tools write them."""

from __future__ import annotations

import json

import pytest

from stoker.ignition.encode import encode
from stoker.ignition.full import full
from stoker.ignition.parse import parse
from stoker.schema.specs import IGNITION

HEAD = (
    '{"ignition":{"config":{"replace":{"verification":{}}},"proxy":{},"security":{"tls":{}},"timeouts":{},'
    '"version":"3.4.0"},"kernelArguments":{},"passwd":{},"storage":'
)
STORAGE = [
    ({}, "{}"),
    (
        {"files": [{"path": "/a", "mode": 420, "append": [{"source": "data:,a"}]}]},
        (
            '{"files":[{"group":{},"path":"/a","user":{},"append":[{"source":"data:,a","verification":{}}],'
            '"contents":{"verification":{}},"mode":420}]}'
        ),
    ),
    (
        {"directories": [{"path": "/a", "user": {"name": "u"}}], "files": []},
        '{"directories":[{"group":{},"path":"/a","user":{"name":"u"}}]}',
    ),
    ({"links": [{"path": "/a", "target": "b"}]}, '{"links":[{"group":{},"path":"/a","user":{},"target":"b"}]}'),
    (
        {"disks": [{"device": "/dev/a", "partitions": [{"number": 0, "label": "x"}, {"number": 2}]}]},
        '{"disks":[{"device":"/dev/a","partitions":[{"label":"x"},{"number":2}]}]}',
    ),
    (
        {"luks": [{"name": "a", "device": "/dev/a"}]},
        '{"luks":[{"clevis":{"custom":{}},"device":"/dev/a","keyFile":{"verification":{}},"name":"a"}]}',
    ),
]


@pytest.mark.parametrize("storage, expected", STORAGE, ids=[", ".join(storage) or "none" for storage, _ in STORAGE])
def test_full(storage: dict[str, object], expected: str) -> None:
    done = parse(json.dumps({"ignition": {"version": "3.4.0"}, "storage": storage}).encode())
    assert done.config is not None, list(done.report)
    assert encode(full(done.config, IGNITION[4])).decode() == f'{HEAD}{expected},"systemd":{{}}}}'
