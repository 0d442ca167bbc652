"""The steady reading: what differs is planned, a second run plans nothing, what is dropped becomes what it was."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stoker.engine import Outcome, plan
from stoker.engine.change import change, confirm, undo
from stoker.engine.resumption import carry_out_again
from stoker.engine.steady import plan_steady, record_to_come
from tests.engine.conftest import read

Config = dict[str, Any]
MakeTree = Callable[[], AbstractContextManager[Any]]

BASE = {
    "/etc/passwd": "root:x:0:0::/root:/bin/sh\ncore:x:5:5::/home/core:/bin/sh\n",
    "/etc/shadow": "root:*:1::::::\ncore:old:1::::::\n",
    "/etc/group": "root:x:0:\nwheel:x:10:core\ncore:x:5:\n",
    "/etc/gshadow": "root:*::\nwheel:*::core\ncore:!::\n",
    "/etc/login.defs": "UID_MIN 1000\nGID_MIN 1000\nUSERGROUPS_ENAB yes\n",
    "/home/core": None,
    "/etc/motd": "base\n",
    "/a": None,
    "/a/c": "base",
    "/i": "-> /h",
    "/usr/lib/systemd/system/v.service": "[Install]\nWantedBy=multi-user.target\n",
    "/var/lib/stoker": None,
}
PATHS = ["/a", "/b", "/a/c", "/a/d", "/b/e/f", "/b/e/g", "/h", "/i", "/etc/motd"]


def settle(tree: Any, config: Mapping[str, Any], *, confirmed: bool = True) -> Outcome:
    """Change a tree, and let the change stand."""
    wanted = read(copy.deepcopy(config))
    outcome = change(wanted, tree.system, tree.distribution, tree.log.append, digest=str(config))
    assume(all(entry.code not in {"full-directory", "link-turns"} for entry in outcome.report))
    if confirmed:
        confirm(tree.system)
    return outcome


def drift(tree: Any, config: Mapping[str, Any]) -> list[str]:
    """What is planned for a config, in words."""
    planned = plan_steady(read(copy.deepcopy(config)), tree.system, tree.distribution, digest=str(config))
    assert not planned.report.has_errors, list(planned.report)
    return [operation.describe() for operation in planned.operations()]


def contents(tree: Any, path: str = "/") -> dict[str, tuple[object, ...]]:
    """Everything below a path but what belongs to the change itself and to the accounts' tools: rights and text."""
    found: dict[str, tuple[object, ...]] = {}
    for name in tree.system.list(path):
        child = f"{path.rstrip('/')}/{name}"
        if child not in {"/var/lib/stoker", "/etc/.pwd.lock"}:
            text = tree.text(child)
            found[child] = (*tree.rights(child), text)
            found |= contents(tree, child) if text == "/" else {}
    return found


# The homes of users that go stay; a password that is set back has today's date.
STAYING = ("/home", "/etc/shadow")

sources = st.sampled_from(["data:,one", "data:,two", ""])
modes = st.sampled_from([None, 0o600, 0o755, 0o4711])
owners = st.sampled_from([{}, {"user": {"id": 7}}, {"group": {"name": "wheel"}}])


@st.composite
def nodes(draw: st.DrawFn, path: str) -> tuple[str, Config]:
    """An entry at a path: a list of the config and a row of it."""
    node: Config = {"path": path, **draw(owners), "overwrite": True}
    kind = draw(st.sampled_from(["files", "files", "directories", "links"]))
    if kind == "links":
        node |= {"target": draw(st.sampled_from(["/etc/motd", "/a/c"])), "hard": draw(st.booleans())}
    elif (mode := draw(modes)) is not None:
        node["mode"] = mode
    if kind == "files":
        if draw(st.booleans()):
            node |= {"contents": {"source": draw(sources)}}
        node["append"] = [{"source": source} for source in draw(st.lists(sources, max_size=2))]
    return kind, node


@st.composite
def configs(draw: st.DrawFn) -> Config:
    """A config over a few paths, with accounts and units; nothing lies below a file or a link of it."""
    storage: dict[str, list[Config]] = {"files": [], "directories": [], "links": []}
    chosen: list[str] = []
    for path in sorted(draw(st.lists(st.sampled_from(PATHS), unique=True, max_size=6))):
        if not path.startswith(tuple(f"{each}/" for each in chosen) or ("\0",)):
            kind, node = draw(nodes(path))
            storage[kind].append(node)
            chosen += [] if kind == "directories" else [path]
    is_file = all(node["path"] != "/etc/motd" for kind in ("directories", "links") for node in storage[kind])
    for link in storage["links"]:
        if link["hard"]:
            link["target"] = "/etc/motd" if is_file else "/etc/login.defs"
    user: Config = {"name": "test", "uid": 1500}
    for key, values in USER.items():
        if (value := draw(st.sampled_from(values))) is not None:
            user[key] = value
    core = {"name": "core", "passwordHash": draw(st.sampled_from(["new", ""])), "shell": "/bin/zsh"}
    users = draw(st.lists(st.sampled_from([user, core]), unique_by=lambda row: str(row["name"]), max_size=2))
    groups = [{"name": "web", "gid": 800, "passwordHash": "hash"}] if draw(st.booleans()) else []
    units = draw(st.lists(st.sampled_from(UNITS), unique_by=lambda unit: str(unit["name"]), max_size=3))
    return {"storage": storage, "passwd": {"users": users, "groups": groups}, "systemd": {"units": units}}


USER: dict[str, list[Any]] = {
    "gecos": [None, "A Test"],
    "passwordHash": [None, "hash", ""],
    "groups": [None, ["wheel"]],
    "sshAuthorizedKeys": [None, ["one"], ["one", "two"]],
    "shell": [None, "/bin/zsh"],
}
INSTALL = "[Service]\n[Install]\nWantedBy=multi-user.target\nAlias=b.service\n"
UNITS: list[Config] = [
    {"name": "a.service", "contents": INSTALL, "enabled": True, "dropins": [{"name": "d.conf", "contents": ""}]},
    {"name": "a.service", "contents": INSTALL, "enabled": False},
    {"name": "a.service", "mask": True},
    {"name": "v.service", "enabled": True},
    {"name": "v.service", "enabled": False},
    {"name": "v.service", "mask": True},
    {"name": "t@x.service", "contents": "[Install]\nRequiredBy=%i.target\n", "enabled": True},
    {"name": "none.service", "enabled": True},
]


def turns_a_hard_link(first: Config, second: Config) -> bool:
    """Whether the second config names as a file what is a hard link in the first: that takes two changes."""
    hard = {link["path"] for link in first["storage"]["links"] if link["hard"]}
    return any(node["path"] in hard for rows in second["storage"].values() for node in rows)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(configs(), configs())
def test_a_second_run_plans_nothing(new_tree: MakeTree, first: Config, second: Config) -> None:
    assume(not turns_a_hard_link(first, second))
    with new_tree() as tree:
        tree.lay(BASE)
        before = contents(tree)
        for config in (first, second):
            outcome = settle(tree, config)
            assert outcome.succeeded, list(outcome.report)
            assert drift(tree, config) == []
        outcome = settle(tree, {})
        assert outcome.succeeded, list(outcome.report)
        assert drift(tree, {}) == []
        assert {path: row for path, row in contents(tree).items() if not path.startswith(STAYING)} == {
            path: row for path, row in before.items() if not path.startswith(STAYING)
        }


@settings(max_examples=60, deadline=None, derandomize=True)
@given(configs())
def test_both_readings_agree(new_tree: MakeTree, config: Config) -> None:
    for node in config["storage"]["directories"]:
        node["overwrite"] = False  # a first boot empties what it overwrites
    with new_tree() as tree:
        tree.lay(BASE)
        before = contents(tree)
        wanted, digest = read(copy.deepcopy(config)), str(config)
        make_plan = partial(plan, wanted, tree.system, tree.distribution)
        make_record = partial(record_to_come, wanted, tree.system, tree.distribution, digest=digest)
        outcome = carry_out_again(make_plan, tree.system, tree.log.append, config=digest, make_record=make_record)
        assume(outcome.succeeded)
        # Presets become links when the machine boots, which this tree never does.
        assert [step for step in drift(tree, config) if not step.startswith(("enabling", "disabling"))] == []
        outcome = settle(tree, {})
        assert outcome.succeeded, list(outcome.report)
        assume(all(entry.code != "not-kept" for entry in outcome.report))  # a full directory was replaced
        after = contents(tree)
        assert {path for path in before if not path.startswith(STAYING) and before[path] != after.get(path)} == set()


@settings(max_examples=30, deadline=None, derandomize=True)
@given(configs(), configs())
def test_undone_is_as_before(new_tree: MakeTree, first: Config, second: Config) -> None:
    assume(not turns_a_hard_link(first, second))
    with new_tree() as tree:
        tree.lay(BASE)
        settle(tree, first)
        before = contents(tree)
        outcome = settle(tree, second, confirmed=False)
        assert outcome.succeeded, list(outcome.report)
        undo(tree.system)
        assert contents(tree) == before
        if not any(link["hard"] for link in first["storage"]["links"]):  # what is put back shares no file
            assert drift(tree, first) == []
