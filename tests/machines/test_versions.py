"""Which version of Ignition a client is given, and configs in that version."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.machines.versions import Range, bring_to, choose_version, read_accept
from stoker.schema.specs import IGNITION

TYPE = "application/vnd.coreos.ignition+json"

# Accept -> the version, "own", or what is refused
CHOICES = {
    "": "own",
    "*/*": "own",
    "application/json": "own",
    TYPE: "own",
    f"{TYPE};version=3.6.0, */*;q=0.1": "3.6.0",
    f"{TYPE}; version=2.4.0, {TYPE}; version=1; q=0.5, */*; q=0.1": "2.4.0",
    f"{TYPE};version=3.1.0,{TYPE};version=3.4.0": "3.4.0",
    f"{TYPE};version=3.4.0;q=0.1, {TYPE};version=3.1.0": "3.4.0",
    f"{TYPE};version=3.4.0;q=0, {TYPE};version=3.1.0": "3.1.0",
    f"{TYPE};version=3.4.0;q=0": "own",
    f'{TYPE};version="3.3.0"': "3.3.0",
    f"{TYPE.upper()} ; VERSION=3.3.0": "3.3.0",
    f"{TYPE};version=3.7.0-experimental": "3.7.0-experimental",
    f"{TYPE};version=3.7.0": "3.6.0",
    f"{TYPE};version=3.99.0, */*;q=0.1": "3.6.0",
    f"{TYPE};version=2.9.0": "2.4.0",
    f"{TYPE};version=3.9.0-experimental": "refused: `3.9.0-experimental`",
    f"{TYPE};version=1": "refused: `1`",
    f"{TYPE};version=4.0.0": "refused: `4.0.0`",
    f"{TYPE};version=nonsense, {TYPE};version=1.0.0": "refused: `nonsense`, `1.0.0`",
    f"{TYPE};version=nonsense, {TYPE};version=3.2.0": "3.2.0",
}


@pytest.mark.parametrize("accept, expected", CHOICES.items(), ids=[accept or "none" for accept in CHOICES])
def test_a_choice(accept: str, expected: str) -> None:
    choice = choose_version(accept)
    if expected.startswith("refused: "):
        assert choice.is_refused
        assert choice.target is None
        (entry,) = choice.report
        assert entry.message == (f"the client accepts Ignition {expected[9:]}: configs are written in 2.2.0 to 3.6.0")
    else:
        assert not choice.is_refused
        assert (choice.target.version if choice.target else "own") == expected


def test_ranges() -> None:
    header = f'{TYPE};version=3.4.0;q=0.5, text/plain;x="a,b;version=9";q=2, */*'
    assert list(read_accept(header)) == [
        Range(TYPE, "3.4.0", 0.5),
        Range("text/plain", "", 1.0),
        Range("*/*", "", 1.0),
    ]


@settings(derandomize=True, max_examples=300)
@given(st.lists(st.sampled_from([*',;="\\ q.0123version', TYPE, "*/*", "é"]), max_size=60).map("".join))
def test_any_header_has_an_answer(accept: str) -> None:
    choice = choose_version(accept)
    assert choice.target is None or choice.target.version


@settings(derandomize=True, max_examples=100)
@given(st.lists(st.sampled_from(IGNITION[:-1]), min_size=1, unique=True))
def test_the_newest_of_any_is_chosen(specs: list) -> None:  # type: ignore[type-arg]
    accept = ", ".join(f"{TYPE};version={spec.version}" for spec in specs)
    assert choose_version(accept).target == max(specs, key=lambda spec: spec.minor)


def config(version: str, **parts: object) -> bytes:
    return json.dumps({"ignition": {"version": version}, **parts}).encode()


DISCARD = {"storage": {"luks": [{"name": "a", "device": "/dev/a", "discard": True}]}}
OLD = {"storage": {"files": [{"path": "/a", "filesystem": "root", "contents": {"source": "data:,a"}, "mode": 420}]}}
NEW = {"storage": {"files": [{"path": "/a", "contents": {"source": "data:,a"}, "mode": 420}]}}
# config, Accept -> version, or the findings
BROUGHT = {
    "its own": (config("3.2.0"), "", "3.2.0", []),
    "the same": (config("3.2.0"), f"{TYPE};version=3.2.0", "3.2.0", []),
    "up": (config("3.2.0"), f"{TYPE};version=3.4.0", "3.4.0", []),
    "down": (config("3.4.0"), f"{TYPE};version=3.2.0", "3.2.0", []),
    "down, with a loss": (
        config("3.4.0", **DISCARD),
        f"{TYPE};version=3.2.0",
        None,
        ["the config is Ignition `3.4.0`, and cannot be said in `3.2.0`, which the client asks for"],
    ),
    "from 2 to 3": (config("2.2.0", **OLD), f"{TYPE};version=3.4.0", "3.4.0", []),
    "from 3 to 2": (config("3.0.0", **NEW), f"{TYPE};version=2.4.0", "2.4.0", []),
    "no config at all": (b"[]", f"{TYPE};version=3.2.0", b"[]", []),
}


@pytest.mark.parametrize("text, accept, expected, said", BROUGHT.values(), ids=list(BROUGHT))
def test_a_config_in_the_version_that_is_asked_for(text: bytes, accept: str, expected: object, said: list[str]) -> None:
    brought, report = bring_to(text, choose_version(accept).target, "web.bu")
    errors = [entry.message for entry in report if entry.is_error]
    assert errors[: len(said)] == said
    assert bool(errors) == bool(said)
    if expected is None:
        assert brought is None
        assert len(errors) > 1
        assert all(entry.place for entry in report)
    elif isinstance(expected, bytes):
        assert brought == expected
    else:
        assert brought is not None
        assert json.loads(brought)["ignition"]["version"] == expected
        if json.loads(text)["ignition"]["version"] == expected:
            assert brought == text


def test_a_header_of_any_length_is_looked_at_as_far_as_it_is_worth() -> None:
    assert choose_version("x," * 10_000_000 + f"{TYPE};version=3.4.0").target is None
    assert choose_version('"\\"' * 1_000_000).target is None
