"""Bad input: one error, with the part of the config that is to blame and the cause; nothing is left half-written."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from stoker.fetch import Embedded, Source, WrongBytes, messages

Values = dict[str, Any]
MakeTree = Callable[[], AbstractContextManager[Any]]

BASE = {
    "/etc/passwd": "root:x:0:0::/root:/b\ncore:x:5:5::/home/core:/b\n",
    "/etc/group": "root:x:0:\ncore:x:5:\n",
    "/etc/login.defs": "UID_MIN 1000\nUSERGROUPS_ENAB yes\n",
    "/etc/motd": "old\n",
    "/d": None,
    "/link": "-> /etc/motd",
    "/loop": "-> /loop",
    "/home/core": None,
}


ACCOUNTS = ("/etc/passwd", "/etc/group")  # a user is added before its home directory is made


def file(**more: Any) -> Values:
    return {"storage": {"files": [{"path": "/bad", **more}]}}


def source(url: str, **more: Any) -> Values:
    return file(contents={"source": url, **more})


def directory(**more: Any) -> Values:
    return {"storage": {"directories": [more]}}


def link(**more: Any) -> Values:
    return {"storage": {"links": [{"path": "/bad", "target": "/none", **more}]}}


def user(**more: Any) -> Values:
    return {"passwd": {"users": [{"name": "bad", **more}]}}


def group(**more: Any) -> Values:
    return {"passwd": {"groups": [{"name": "bad", **more}]}}


HASH = {"hash": "sha256-" + "00" * 32}
FILES, LINKS, USERS, GROUPS = (
    ("storage", "files", 0),
    ("storage", "links", 0),
    ("passwd", "users", 0),
    ("passwd", "groups", 0),
)

# id -> (a config, the part that is to blame, words of the cause)
CASES: dict[str, tuple[Values, tuple[str | int, ...], str]] = {
    "a file is there": (file(path="/etc/motd", contents={"source": "data:,x"}), FILES, "a file exists there already"),
    "a directory is there": (file(path="/d", contents={"source": "data:,x"}), FILES, "a non regular file exists"),
    "a link is there": (file(path="/link", contents={"source": "data:,x"}), FILES, "a non regular file exists"),
    "a directory to append to": (file(path="/d", append=[{"source": "data:,x"}]), FILES, "a non regular file exists"),
    "below a file": (file(path="/etc/motd/x"), FILES, "`/etc/motd` is no directory"),
    "below a loop": (file(path="/loop/x"), FILES, "more than 40 links"),
    "wrong digest": (source("data:,x", verification=HASH), FILES, "hash verification failed"),
    "wrong digest of an append": (
        file(path="/etc/motd", append=[{"source": "data:,x", "verification": HASH}]),
        (*FILES, "append", 0),
        "hash verification failed",
    ),
    "no gzip": (source("data:,x", compression="gzip"), FILES, "gzip"),
    "no base64": (source("data:;base64,!"), FILES, "cannot be decoded"),
    "unknown compression": (source("data:,x", compression="xz"), FILES, "compression"),
    "out of reach": (source("http://192.0.2.1/x"), FILES, "has to be fetched"),
    "no such user": (file(user={"name": "nobody-here"}), (*FILES, "user"), "no such user"),
    "no such group": (file(group={"name": "nobody-here"}), (*FILES, "group"), "no such group"),
    "user id": (file(user={"id": 1 << 32}), (*FILES, "user"), "cannot be the id"),
    "group id": (file(group={"id": -1}), (*FILES, "group"), "cannot be the id"),
    "long name": (file(path="/" + "x" * 300), FILES, "file name too long"),
    "long path": (file(path="/x" * 3000), FILES, "at most 4096 bytes"),
    "NUL": (file(path="/a\0b"), FILES, "not an absolute path"),
    "relative": (file(path="a"), FILES, "not an absolute path"),
    "directory at a file": (
        directory(path="/etc/motd"),
        ("storage", "directories", 0),
        "a non-directory already exists",
    ),
    "directory below a file": (
        directory(path="/etc/motd/x/y"),
        ("storage", "directories", 0),
        "`/etc/motd` is no directory",
    ),
    "root overwritten": (directory(path="/", overwrite=True), ("storage", "directories", 0), "cannot be overwritten"),
    "link at a file": (link(path="/etc/motd"), LINKS, "a non-symlink already exists"),
    "link at a link": (link(path="/link"), LINKS, "a symlink exists at that path"),
    "link to NUL": (link(target="a\0b"), LINKS, "embedded null byte"),
    "hard link to nothing": (link(hard=True), LINKS, "does not exist"),
    "hard link to a directory": (link(hard=True, target="/d"), LINKS, "cannot make hard link"),
    "hard link at a file": (link(path="/etc/motd", target="/etc/group", hard=True), LINKS, "is not the target"),
    "user name": (user(name="a:b"), USERS, "a:b"),
    "user id taken": (user(uid=5), (*USERS, "uid"), "belongs to another user"),
    "further group": (user(groups=["nobody-here"]), (*USERS, "groups", 0), "does not exist"),
    "primary group": (user(primaryGroup="nobody-here"), (*USERS, "primaryGroup"), "does not exist"),
    "home below a file": (user(homeDir="/etc/motd/home"), USERS, "not a directory"),
    "no home for keys": (
        user(homeDir="/none", noCreateHome=True, sshAuthorizedKeys=["key"]),
        (*USERS, "sshAuthorizedKeys"),
        "has no home directory",
    ),
    "group name": (group(name="a:b"), GROUPS, "a:b"),
    "group id taken": (group(gid=5), (*GROUPS, "gid"), "belongs to another group"),
    "primary group goes": (group(name="core", shouldExist=False), GROUPS, "is the primary group"),
    "unit at dots": ({"systemd": {"units": [{"name": "../x"}]}}, ("systemd", "units", 0, "name"), "no name of a unit"),
    "drop-in at dots": (
        {"systemd": {"units": [{"name": "a.service", "dropins": [{"name": "..", "contents": ""}]}]}},
        ("systemd", "units", 0, "dropins", 0, "name"),
        "no name of a unit",
    ),
    "another config": (
        {"ignition": {"version": "3.4.0", "config": {"merge": [{"source": "http://192.0.2.1/x"}]}}},
        ("ignition", "config", "merge", 0),
        "names another config",
    ),
}


@pytest.mark.parametrize(("config", "pointer", "words"), CASES.values(), ids=CASES)
def test_one_error_with_its_cause(
    new_tree: MakeTree, config: Values, pointer: tuple[str | int, ...], words: str
) -> None:
    with new_tree() as tree:
        tree.lay(BASE)
        before = {path: tree.text(path) for path in BASE if path not in ACCOUNTS}
        outcome = tree.provision(copy.deepcopy(config))
        errors = [entry for entry in outcome.report if entry.is_error]
        assert [entry.pointer for entry in errors] == [pointer]
        assert words in errors[0].message
        assert tree.system.look("/bad") is None
        assert {path: tree.text(path) for path in before} == before
        assert leftovers(tree) == []


class Broken(Embedded):
    """Sends some of a source, and then no more."""

    def copy_to(self, source: Source, write: Callable[[bytes], object], limit: int = 1 << 30) -> int:
        write(b"half")
        raise WrongBytes(messages.CUT, url=source.url, reason="unexpected EOF after 4 bytes")


# id -> what is wanted of a file whose contents break off
CUT: dict[str, Values] = {
    "new": {"path": "/bad", "contents": {"source": "http://192.0.2.1/x"}},
    "overwritten": {"path": "/etc/motd", "contents": {"source": "http://192.0.2.1/x"}, "overwrite": True},
    "appended to": {"path": "/etc/motd", "append": [{"source": "http://192.0.2.1/x"}]},
}


@pytest.mark.parametrize("row", CUT.values(), ids=CUT)
def test_contents_that_break_off_leave_nothing(new_tree: MakeTree, row: Values) -> None:
    with new_tree() as tree:
        tree.lay(BASE)
        outcome = tree.provision({"storage": {"files": [row]}}, Broken())
        assert [entry.code for entry in outcome.report if entry.is_error] == [messages.CUT.code]
        assert (tree.text("/bad"), tree.text("/etc/motd")) == ("", "old\n")
        assert leftovers(tree) == []


def leftovers(tree: Any) -> list[str]:
    """Temporary files that are still there."""
    return [name for _, _, names in os.walk(tree.system.root) for name in names if name.endswith(".tmp")]
