"""References in configs: where they are found, what stands there afterwards, and that no secret stays behind."""

from __future__ import annotations

import base64
import gzip
import json
import pickle
from typing import Any

import pytest

from stoker.ignition.parse import parse_plainly
from stoker.machines.references import Resolve, find_references, only_written, put_in, put_in_text
from stoker.schema import dataurls
from stoker.trust import Reference, Secret, SecretError

CANARY = "canary-9d1e/& ü"
ASKED = Reference("env", "A")


def resolve(reference: Reference) -> Secret:
    if reference.name == "binary":
        return Secret("\udcff")
    if reference.name == "missing":
        raise SecretError("there is none")
    return Secret(CANARY)


def config(**parts: Any) -> bytes:
    return json.dumps({"ignition": {"version": "3.4.0"}, **parts}).encode()


def file(source: str, **more: Any) -> dict[str, Any]:
    return {"storage": {"files": [{"path": "/a", "contents": {"source": source, **more}}]}}


def packed(text: str) -> str:
    return "data:;base64," + base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def contents(text: bytes) -> bytes:
    return dataurls.decode(json.loads(text)["storage"]["files"][0]["contents"]["source"])


SOURCES = {
    "escaped": (file("data:,a%3Dsecret%3A%2F%2Fenv%2FA%0A"), f"a={CANARY}\n"),
    "plain": (file("data:,a=secret://env/A"), f"a={CANARY}"),
    "base64": (file("data:;base64," + base64.b64encode(b"secret://env/A").decode()), CANARY),
    "twice": (file("data:,secret://env/A%20secret://env/A"), f"{CANARY} {CANARY}"),
    "packed": (file(packed("a: secret://env/A"), compression="gzip"), f"a: {CANARY}"),
}


@pytest.mark.parametrize("parts, expected", SOURCES.values(), ids=list(SOURCES))
def test_contents(parts: dict[str, Any], expected: str) -> None:
    text = config(**parts)
    assert {found.reference for found in find_references(text)} == {ASKED}
    result, report = put_in(text, resolve)
    assert result is not None
    assert not len(report)
    assert contents(result) == expected.encode()
    assert "compression" not in json.loads(result)["storage"]["files"][0]["contents"]
    assert not parse_plainly(result, file="x").report.has_errors
    assert put_in(text, resolve)[0] == result


def test_contents_of_other_bytes() -> None:
    result, _ = put_in(config(**file("data:;base64,AP9zZWNyZXQ6Ly9maWxlL2JpbmFyeQ==")), resolve)
    assert result is not None
    assert contents(result) == b"\x00\xff\xff"


def test_other_values() -> None:
    unit = {"name": "a.service", "contents": "[Service]\nEnvironment=A=secret://env/A\n"}
    user = {"name": "core", "passwordHash": "secret://env/A"}
    result, report = put_in(config(systemd={"units": [unit]}, passwd={"users": [user]}), resolve)
    assert result is not None
    assert not len(report)
    data = json.loads(result)
    assert data["systemd"]["units"][0]["contents"] == f"[Service]\nEnvironment=A={CANARY}\n"
    assert data["passwd"]["users"][0]["passwordHash"] == CANARY


def test_in_a_url_it_is_escaped() -> None:
    result, _ = put_in(config(**file("https://example.com/a?token=secret://env/A&os=installed")), resolve)
    assert result is not None
    source = json.loads(result)["storage"]["files"][0]["contents"]["source"]
    assert source == "https://example.com/a?token=canary-9d1e%2F%26%20%C3%BC&os=installed"


def test_a_config_in_a_config_in_a_config() -> None:
    text = config(**file("data:,secret%3A%2F%2Fenv%2FA"))
    for name in ("merge", "replace"):
        source = {"source": "data:;base64," + base64.b64encode(text).decode()}
        text = json.dumps(
            {"ignition": {"version": "3.4.0", "config": {name: [source] if name == "merge" else source}}}
        ).encode()
    assert [str(found.reference) for found in find_references(text)] == ["secret://env/A"]
    result, report = put_in(text, resolve)
    assert result is not None
    assert not len(report)
    inner = json.loads(dataurls.decode(json.loads(result)["ignition"]["config"]["replace"]["source"]))
    innermost = dataurls.decode(inner["ignition"]["config"]["merge"][0]["source"])
    assert contents(innermost) == CANARY.encode()


def test_without_references_the_bytes_are_the_same() -> None:
    for text in (b' {"ignition":  {"version": "3.4.0"}}\n', b"[1.0, null]", b"no JSON", b"\xff"):
        result, report = put_in(text, resolve)
        assert result is text
        assert not len(report)
        assert find_references(text) == ()


REFUSED = {
    "unknown": (
        file("data:,secret%3A%2F%2Fenv%2Fmissing"),
        "$.storage.files.0.contents.source: `secret://env/missing` cannot be resolved: there is none",
    ),
    "a hash": (
        file("data:,secret%3A%2F%2Fenv%2FA", verification={"hash": "sha512-" + "0" * 128}),
        (
            "$.storage.files.0.contents.source: `secret://env/A` is in contents whose hash is given: "
            "what is put in would not have it"
        ),
    ),
    "a path": (
        {"storage": {"files": [{"path": "/secret://env/A"}]}},
        "$.storage.files.0.path: `secret://env/A` is in a name, which is shown",
    ),
    "a unit's name": (
        {"systemd": {"units": [{"name": "secret://env/A.service"}]}},
        "$.systemd.units.0.name: `secret://env/A.service` is in a name, which is shown",
    ),
    "other bytes in a text": (
        {"systemd": {"units": [{"name": "a.service", "contents": "secret://file/binary"}]}},
        "$.systemd.units.0.contents: `secret://file/binary` cannot be resolved: it is no text, and stands in one",
    ),
}


@pytest.mark.parametrize("parts, said", REFUSED.values(), ids=list(REFUSED))
def test_a_refusal(parts: dict[str, Any], said: str) -> None:
    result, report = put_in(config(**parts), resolve)
    assert result is None
    assert [f"{'.'.join(map(str, ('$', *entry.pointer)))}: {entry.message}" for entry in report] == [said]


@pytest.mark.parametrize("depth", [600, 900, 100_000])
def test_what_is_too_deep_to_search_is_refused(depth: int) -> None:
    text = b'{"a": ' + b"[" * depth + b"]" * depth + b"}"
    result, report = put_in(text, resolve)
    assert result is None
    assert [entry.code for entry in report] == ["machines-secret-too-deep"]


def test_contents_too_large_to_search_are_refused() -> None:
    text = config(**file(packed("\0" * ((64 << 20) + 100)), compression="gzip"))
    result, report = put_in(text, resolve)
    assert result is None
    assert [entry.code for entry in report] == ["machines-secret-unreadable"]


def test_each_is_resolved_once() -> None:
    asked: list[Reference] = []

    def counting(reference: Reference) -> Secret:
        asked.append(reference)
        return Secret("x")

    put_in(config(**file("data:,secret://env/A%20secret://env/A%20secret://env/B")), counting)
    assert asked == [Reference("env", "A"), Reference("env", "B")]


def test_a_text() -> None:
    result, report = put_in_text(b"#!/bin/sh\nlogin secret://env/A\n", resolve)
    assert result == f"#!/bin/sh\nlogin {CANARY}\n".encode()
    assert not len(report)
    assert put_in_text(b"secret://env/missing", resolve)[0] is None


def test_nothing_of_a_secret_is_in_what_is_said() -> None:
    parts = {**file("data:,secret%3A%2F%2Fenv%2FA", verification={"hash": "sha512-" + "0" * 128})}
    text = config(**parts, passwd={"users": [{"name": "secret://env/A"}]})
    kept: Resolve = resolve
    _, report = put_in(text, kept)
    said = repr(list(report)) + pickle.dumps(find_references(text)).decode("latin-1")
    assert "canary" not in said


TEMPLATE = b"""
a: secret://env/A
b: secret://file/{{.mac}}/key
c: {{.ours}}
d: {{.request.query.hostname}}
e: secret://{{.kind}}/B
"""
# what a machine makes a template render -> whether it is given
WRITTEN = [
    ("secret://env/A", True),
    ("secret://env/OURS", True),
    ("secret://file/52:54:00:a1:9c:ae/key", True),
    ("secret://request/token", True),
    ("secret://env/B", False),
    ("secret://env/OTHER", False),
    ("secret://env/AA", False),
    ("secret://command/A", False),
]


@pytest.mark.parametrize("text, is_given", WRITTEN, ids=[text for text, _ in WRITTEN])
def test_a_machine_names_no_secrets(text: str, is_given: bool) -> None:
    checked = only_written(resolve, TEMPLATE, {"ours": {"deep": ["secret://env/OURS"]}})
    result, report = put_in_text(text.encode(), checked)
    assert (result is not None) == is_given
    assert [entry.message for entry in report] == (
        []
        if is_given
        else [f"`{text}` cannot be resolved: neither the template nor the metadata of the group writes it"]
    )


def test_where_nothing_is_filled_in_nothing_else_is_given() -> None:
    with pytest.raises(SecretError):
        only_written(resolve, b"secret://env/A", {})(Reference("env", "B"))
