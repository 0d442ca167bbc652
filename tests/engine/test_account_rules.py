"""Accounts of a config: what is planned, and what the machine has afterwards."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stoker.engine import DISTRIBUTIONS, lay_base, plan
from stoker.schema.v3 import Config

Passwd = dict[str, list[dict[str, Any]]]

# id -> (passwd section, what the log says is done)
PLANS: dict[str, tuple[Passwd, list[str]]] = {
    "nothing": ({}, []),
    "groups go before users": (
        {"users": [{"name": "a"}], "groups": [{"name": "g"}]},
        ['adding group "g"', 'creating or modifying user "a"'],
    ),
    "keys follow their user": (
        {"users": [{"name": "a", "sshAuthorizedKeys": ["k"]}, {"name": "b"}]},
        ['creating or modifying user "a"', 'adding ssh keys to user "a"', 'creating or modifying user "b"'],
    ),
    "those that exist are changed": (
        {"users": [{"name": "core"}], "groups": [{"name": "docker", "gid": 400}]},
        ['modifying group "docker"', 'creating or modifying user "core"'],
    ),
    "those that shall not exist are deleted": (
        {"users": [{"name": "core", "shouldExist": False}], "groups": [{"name": "docker", "shouldExist": False}]},
        ['deleting group "docker"', 'deleting user "core"'],
    ),
    "those that need not be deleted are left alone": (
        {"users": [{"name": "none", "shouldExist": False}], "groups": [{"name": "none", "shouldExist": False}]},
        [],
    ),
}


@pytest.mark.parametrize(("passwd", "expected"), PLANS.values(), ids=PLANS)
def test_plans(tree: Any, passwd: Passwd, expected: list[str]) -> None:
    lay_base(tree.system, tree.distribution)
    outcome = tree.provision({"passwd": passwd})
    assert outcome.succeeded, list(outcome.report)
    assert [event.text for event in outcome.events[:-1]] == expected
    assert all(event.pointer[0] == "passwd" for event in outcome.events[:-1])


@pytest.mark.parametrize(
    ("distribution", "path"),
    [
        ("fcos", "/var/home/test/.ssh/authorized_keys.d/ignition"),
        ("rhcos", "/var/home/test/.ssh/authorized_keys.d/ignition"),
        ("flatcar", "/home/test/.ssh/authorized_keys.d/ignition"),
        ("debian", "/home/test/.ssh/authorized_keys"),
    ],
)
def test_keys(tree: Any, distribution: str, path: str) -> None:
    tree.distribution = DISTRIBUTIONS[distribution]
    lay_base(tree.system, tree.distribution)
    outcome = tree.provision(
        {"passwd": {"users": [{"name": "test", "uid": 1500, "sshAuthorizedKeys": ["one", "two\n"]}]}}
    )
    assert outcome.succeeded, list(outcome.report)
    assert tree.text(path) == "one\ntwo\n"
    assert tree.rights(path) == ("0o600", 1500, 1500)
    directory = path.rpartition("/")[0]
    assert tree.rights(directory) == ("0o700", 1500, 1500)


def test_keys_replace_those_of_an_earlier_run(tree: Any) -> None:
    lay_base(tree.system, tree.distribution)
    for key in ("old", "new"):
        tree.provision({"passwd": {"users": [{"name": "core", "sshAuthorizedKeys": [key]}]}})
    assert tree.text("/home/core/.ssh/authorized_keys.d/ignition") == "new\n"


# id: (what is there besides the base, passwd section, code, pointer below it, words of the reason)
REFUSALS: dict[str, tuple[dict[str, str], Passwd, str, tuple[str | int, ...], str]] = {
    "keys through a link": (
        {"/home/core/.ssh": "-> /etc"},
        {"users": [{"name": "core", "sshAuthorizedKeys": ["k"]}]},
        "link-in-home",
        ("users", 0, "sshAuthorizedKeys"),
        "`/home/core/.ssh` is one",
    ),
    "keys through a link further down": (
        {"/home/core/.ssh/authorized_keys.d": "-> /"},
        {"users": [{"name": "core", "sshAuthorizedKeys": ["k"]}]},
        "link-in-home",
        ("users", 0, "sshAuthorizedKeys"),
        "`/home/core/.ssh/authorized_keys.d` is one",
    ),
    "keys through a file": (
        {"/home/core/.ssh": "file"},
        {"users": [{"name": "core", "sshAuthorizedKeys": ["k"]}]},
        "link-in-home",
        ("users", 0, "sshAuthorizedKeys"),
        "`/home/core/.ssh` is one",
    ),
    "keys without a home": (
        {},
        {"users": [{"name": "test", "noCreateHome": True, "sshAuthorizedKeys": ["k"]}]},
        "no-home",
        ("users", 0, "sshAuthorizedKeys"),
        "`/home/test` does not exist",
    ),
    "unknown group": (
        {},
        {"users": [{"name": "test", "groups": ["docker", "none"]}]},
        "unknown-group",
        ("users", 0, "groups", 1),
        "group `none` does not exist",
    ),
    "unknown group of a user that is there": (
        {},
        {"users": [{"name": "core", "groups": ["none"]}]},
        "unknown-group",
        ("users", 0, "groups", 0),
        "group `none` does not exist",
    ),
    "unknown primary group": (
        {},
        {"users": [{"name": "test", "primaryGroup": "none"}]},
        "unknown-group",
        ("users", 0, "primaryGroup"),
        "group `none` does not exist",
    ),
    "no group for those who are given none": (
        {},
        {"groups": [{"name": "users", "shouldExist": False}], "users": [{"name": "test", "noUserGroup": True}]},
        "unknown-group",
        ("users", 0),
        "group `100` does not exist, which is the primary group of a user who is given none",
    ),
    "a group that is removed": (
        {},
        {"groups": [{"name": "docker", "shouldExist": False}], "users": [{"name": "test", "groups": ["docker"]}]},
        "unknown-group",
        ("users", 0, "groups", 0),
        "group `docker` does not exist",
    ),
    "uid taken": (
        {},
        {"users": [{"name": "test", "uid": 0}]},
        "bad-account",
        ("users", 0, "uid"),
        "user id 0 of user `test` belongs to another user",
    ),
    "uid taken by the same config": (
        {},
        {"users": [{"name": "one", "uid": 1500}, {"name": "two", "uid": 1500}]},
        "bad-account",
        ("users", 1, "uid"),
        "user id 1500 of user `two` belongs to another user",
    ),
    "gid taken": (
        {},
        {"groups": [{"name": "test", "gid": 0}]},
        "bad-account",
        ("groups", 0, "gid"),
        "group id 0 of group `test` belongs to another group",
    ),
    "a group has the user's name": (
        {},
        {"groups": [{"name": "test"}], "users": [{"name": "test"}]},
        "bad-account",
        ("users", 0),
        "group `test` exists already",
    ),
    "a home that is another's": (
        {"/home/there/x": "x"},
        {"users": [{"name": "core", "homeDir": "/home/there"}]},
        "bad-account",
        ("users", 0, "homeDir"),
        "home directory `/home/there` of user `core` exists already",
    ),
    "a home that is no path": (
        {},
        {"users": [{"name": "test", "homeDir": "relative"}]},
        "bad-account",
        ("users", 0),
        "the home directory `relative` of user `test` is no absolute path",
    ),
    "a primary group that goes": (
        {},
        {"groups": [{"name": "core", "shouldExist": False}]},
        "bad-account",
        ("groups", 0),
        "is the primary group of user `core`",
    ),
}


@pytest.mark.parametrize(("before", "passwd", "code", "pointer", "words"), REFUSALS.values(), ids=REFUSALS)
def test_what_the_plan_knows_to_be_refused(
    tree: Any, before: dict[str, str], passwd: Passwd, code: str, pointer: tuple[str | int, ...], words: str
) -> None:
    lay_base(tree.system, tree.distribution)
    tree.lay(before)
    outcome = tree.provision({"passwd": passwd})
    assert [(entry.code, entry.pointer) for entry in outcome.report] == [(code, ("passwd", *pointer))]
    assert words in outcome.report.entries[0].message
    assert {event.outcome for event in outcome.events} == {"refused", "not reached"}
    assert [name for name in tree.system.list("/etc") if "authorized" in name] == []


# id: (passwd section, storage section); each stands on what the same config has done to the accounts before
STANDS: dict[str, tuple[Passwd, dict[str, Any]]] = {
    "a group that is added": ({"groups": [{"name": "new"}], "users": [{"name": "test", "groups": ["new"]}]}, {}),
    "a group of the user's own": ({"users": [{"name": "one"}, {"name": "two", "groups": ["one"]}]}, {}),
    "a group by its id": ({"users": [{"name": "test", "groups": ["0"], "primaryGroup": "100"}]}, {}),
    "an id that is free now": ({"users": [{"name": "core", "uid": 1500}, {"name": "test", "uid": 500}]}, {}),
    "a home that is free now": (
        {"users": [{"name": "core", "shouldExist": False}, {"name": "test", "homeDir": "/home/core"}]},
        {},
    ),
    "keys in a home that is made": ({"users": [{"name": "test", "sshAuthorizedKeys": ["k"]}]}, {}),
    "an owner that is added": (
        {"groups": [{"name": "web"}], "users": [{"name": "test"}]},
        {"files": [{"path": "/a", "user": {"name": "test"}, "group": {"name": "web"}}]},
    ),
}


@pytest.mark.parametrize(("passwd", "storage"), STANDS.values(), ids=STANDS)
def test_what_stands_on_what_the_plan_does(tree: Any, passwd: Passwd, storage: dict[str, Any]) -> None:
    lay_base(tree.system, tree.distribution)
    outcome = tree.provision({"passwd": passwd, "storage": storage})
    assert outcome.succeeded, list(outcome.report)


def test_of_a_root_without_accounts_nothing_is_promised(tree: Any) -> None:
    """They may come with what is mounted there, or by what runs before the stage."""
    section = {"passwd": {"users": [{"name": "a", "groups": ["none"]}]}}
    storage = {"storage": {"files": [{"path": "/a", "user": {"name": "none"}}]}}
    assert list(tree.plan(section | storage).report) == []


def test_what_owners_may_be_is_not_said_where_users_are_refused(tree: Any) -> None:
    """One mistake is said once."""
    lay_base(tree.system, tree.distribution)
    section = {"passwd": {"users": [{"name": "a", "groups": ["none"]}]}}
    storage = {"storage": {"files": [{"path": "/a", "user": {"name": "a"}}]}}
    assert [entry.code for entry in tree.plan(section | storage).report] == ["unknown-group"]


# What the config says of a password -> the hash of a new user, the hash of one that had `old`.
@pytest.mark.parametrize(
    ("said", "new", "existing"), [({}, "*", "old"), ({"passwordHash": ""}, "*", "*"), ({"passwordHash": "h"}, "h", "h")]
)
def test_passwords(tree: Any, said: dict[str, str], new: str, existing: str) -> None:
    tree.lay(
        {"/etc/passwd": "had:x:5:5::/:/bin/sh\n", "/etc/shadow": "had:old:1::::::\n", "/etc/group": "users:x:100:\n"}
    )
    tree.provision({"passwd": {"users": [{"name": "test", **said}, {"name": "had", **said}]}})
    hashes = dict(line.split(":")[:2] for line in tree.text("/etc/shadow").splitlines())
    assert hashes == {"had": existing, "test": new}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_base_has_core_and_is_whole(tree: Any, name: str) -> None:
    lay_base(tree.system, DISTRIBUTIONS[name])
    lay_base(tree.system, DISTRIBUTIONS[name])
    core = tree.system.accounts.user("core")
    assert core is not None
    assert tree.rights(core.home)[1:] == (core.uid, core.gid)
    names = {
        path: [line.split(":")[0] for line in tree.text(path).splitlines()]
        for path in ("/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow")
    }
    assert names["/etc/passwd"] == names["/etc/shadow"]
    assert names["/etc/group"] == names["/etc/gshadow"]
    assert {user.gid for user in tree.system.accounts.users()} <= {group.gid for group in tree.system.accounts.groups()}


# id: (what /etc/passwd is, a user of the config, what is found)
DAMAGED: dict[str, tuple[str | bytes, list[dict[str, str]], list[tuple[str, str]]]] = {
    "a pipe": ("pipe", [{"name": "bob"}], [("error", "`/etc/passwd` is no file")]),
    "a pipe, and no user": ("pipe", [], [("warning", "`/etc/passwd` is no file")]),
    "a directory": ("directory", [{"name": "bob"}], [("error", "`/etc/passwd` is no file")]),
    "garbage": (b"\xff\0:\n" * 9, [{"name": "bob"}], [("error", "`/etc/passwd` has no account in it")]),
    "empty": (b"", [], []),
}


@pytest.mark.parametrize(("found", "users", "expected"), DAMAGED.values(), ids=DAMAGED)
def test_files_of_accounts_that_are_none(
    tree: Any, found: str | bytes, users: list[dict[str, str]], expected: list[tuple[str, str]]
) -> None:
    """A plan took the tree for one where everything is known, and went on."""
    tree.lay({"/etc/group": "root:x:0:\n"})
    place = Path(tree.system.root + "/etc/passwd")
    if isinstance(found, bytes):
        place.write_bytes(found)
    else:
        os.mkfifo(place) if found == "pipe" else place.mkdir()
    config = msgspec.convert({"ignition": {"version": "3.4.0"}, "passwd": {"users": users}}, Config)
    report = plan(config, tree.system, tree.distribution).report
    rows = [(entry.severity, entry.message.partition(":")[0]) for entry in report if entry.code == "no-accounts"]
    assert rows == expected
