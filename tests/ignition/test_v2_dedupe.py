"""What an Ignition 2 config says twice, said once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stoker.ignition.encode import encode
from stoker.ignition.parse import parse
from stoker.ignition.tidy import tidy
from stoker.ignition.versions import to_version
from stoker.report import pointer_text
from stoker.schema.specs import IGNITION, NEWEST_2


def file(path: str, text: str, **fields: Any) -> dict[str, Any]:
    return {"filesystem": "root", "path": path, "contents": {"source": f"data:,{text}"}, "mode": 420} | fields


# section, what it holds -> what is left, what is said
DEDUPED: dict[str, tuple[str, list[Any], list[Any], list[str]]] = {
    "files": (
        "storage.files",
        [file("/a", "1"), file("/b", "2"), file("/a", "3")],
        [file("/b", "2"), file("/a", "3")],
        ["info $.storage.files.0 left out: entry 2 of the same list says it again"],
    ),
    "the same path in another file system": (
        "storage.files",
        [file("/a", "1"), file("/a", "2", filesystem="v")],
        [file("/a", "1"), file("/a", "2", filesystem="v")],
        [],
    ),
    "a file that is appended to": (
        "storage.files",
        [file("/a", "1"), file("/a", "2", append=True)],
        [],
        [
            "error $.storage.files.1 `/a` is there more than once and appended to, so the last entry is not all of it",
        ],
    ),
    "units and their drop-ins": (
        "systemd.units",
        [
            {"name": "a.service", "enabled": True, "dropins": [{"name": "1.conf"}, {"name": "2.conf"}]},
            {"name": "a.service", "mask": True, "dropins": [{"name": "2.conf", "contents": "[Unit]"}]},
        ],
        [
            {
                "name": "a.service",
                "mask": True,
                "dropins": [{"name": "1.conf"}, {"name": "2.conf", "contents": "[Unit]"}],
            }
        ],
        ["info $.systemd.units.0 left out: entry 1 of the same list says it again"],
    ),
    "users and their keys": (
        "passwd.users",
        [
            {"name": "u", "sshAuthorizedKeys": ["A", "B"], "uid": 1},
            {"name": "v"},
            {"name": "u", "sshAuthorizedKeys": ["B", "C"]},
        ],
        [{"name": "v"}, {"name": "u", "sshAuthorizedKeys": ["A", "B", "C"]}],
        ["info $.passwd.users.0 left out: entry 2 of the same list says it again"],
    ),
}


def config_of(section: str, items: list[Any]) -> bytes:
    head, name = section.split(".")
    return json.dumps({"ignition": {"version": "2.4.0"}, head: {name: items}}).encode()


@pytest.mark.parametrize(("section", "items", "left", "said"), DEDUPED.values(), ids=DEDUPED)
def test_dedupe(section: str, items: list[Any], left: list[Any], said: list[str]) -> None:
    config, report = to_version(parse(config_of(section, items)), NEWEST_2, dedupe=True)
    assert [f"{entry.severity} {pointer_text(entry.pointer)} {entry.message}" for entry in report] == said
    if left:
        head, name = section.split(".")
        assert json.loads(encode(tidy(config, NEWEST_2)))[head][name] == left
    else:
        assert config is None


def test_what_is_said_later_still_has_its_place() -> None:
    """An entry that moved up because another went is named where the person wrote it."""
    users = [{"name": "u"}, {"name": "u"}, {"name": "v", "create": {}}]
    raw = config_of("passwd.users", users).replace(b", {", b",\n{")
    _, report = to_version(parse(raw, file="old.ign"), IGNITION[4], dedupe=True)
    assert [(entry.code, entry.place and entry.place.line) for entry in report] == [
        ("said-again", 1),
        ("user-create-moved", 3),
    ]
