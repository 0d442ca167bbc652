"""Accounts of a config: what is planned, and what the machine has afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from stoker.engine import DISTRIBUTIONS, lay_base

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


@pytest.mark.parametrize(
    ("before", "user", "code"),
    [
        ({"/home/core/.ssh": "-> /etc"}, {"name": "core", "sshAuthorizedKeys": ["k"]}, "link-in-home"),
        ({"/home/core/.ssh/authorized_keys.d": "-> /"}, {"name": "core", "sshAuthorizedKeys": ["k"]}, "link-in-home"),
        ({"/home/core/.ssh": "file"}, {"name": "core", "sshAuthorizedKeys": ["k"]}, "link-in-home"),
        ({}, {"name": "test", "noCreateHome": True, "sshAuthorizedKeys": ["k"]}, "no-home"),
        ({}, {"name": "test", "groups": ["none"]}, "system-fault"),
    ],
)
def test_refusals(tree: Any, before: dict[str, str], user: dict[str, Any], code: str) -> None:
    lay_base(tree.system, tree.distribution)
    tree.lay(before)
    outcome = tree.provision({"passwd": {"users": [user]}})
    error = outcome.report.entries[-1]
    assert (error.code, error.pointer[:3]) == (code, ("passwd", "users", 0))
    assert [name for name in tree.system.list("/etc") if "authorized" in name] == []


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
