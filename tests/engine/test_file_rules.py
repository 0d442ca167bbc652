"""First boot's rules for files, directories and links: what was there, what is asked, what is there afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from stoker.engine.operations.files import MakeLink
from stoker.engine.operations.operation import Owner
from stoker.fetch import Embedded

Node = dict[str, Any]

DATA = {"source": "data:,new"}
MORE = {"source": "data:,+more"}
PASSWD = "root:x:0:0::/root:/bin/sh\ntest:x:1000:1000::/home/test:/bin/sh\n"
GROUP = "root:x:0:\ntest:x:1000:\nweb:x:33:\n"

# id -> (what was there, files, directories, links, what is there afterwards or the code of the error)
CASES: dict[str, tuple[dict[str, str | None], dict[str, list[Node]], dict[str, str] | str]] = {
    "new file": ({}, {"files": [{"path": "/a/b", "contents": DATA}]}, {"/a/b": "new"}),
    "new file without contents": ({}, {"files": [{"path": "/a"}]}, {"/a": ""}),
    "new file with an empty source": ({}, {"files": [{"path": "/a", "contents": {"source": ""}}]}, {"/a": ""}),
    "file exists": ({"/a": "old"}, {"files": [{"path": "/a", "contents": DATA}]}, "file-exists"),
    "file exists, same bytes": ({"/a": "new"}, {"files": [{"path": "/a", "contents": DATA}]}, "file-exists"),
    "file exists, no contents": ({"/a": "old"}, {"files": [{"path": "/a", "mode": 0o600}]}, {"/a": "old"}),
    "file exists, overwrite": (
        {"/a": "old"},
        {"files": [{"path": "/a", "contents": DATA, "overwrite": True}]},
        {"/a": "new"},
    ),
    "directory in place of a file": ({"/a": None}, {"files": [{"path": "/a", "contents": DATA}]}, "not-a-file"),
    "directory overwritten by a file": (
        {"/a/b": "x"},
        {"files": [{"path": "/a", "contents": DATA, "overwrite": True}]},
        {"/a": "new"},
    ),
    "link in place of a file": ({"/a": "-> b"}, {"files": [{"path": "/a"}]}, "not-a-file"),
    "link overwritten by a file": (
        {"/a": "-> /b", "/b": "kept"},
        {"files": [{"path": "/a", "contents": DATA, "overwrite": True}]},
        {"/a": "new", "/b": "kept"},
    ),
    "append to nothing": ({}, {"files": [{"path": "/a", "append": [DATA, MORE]}]}, {"/a": "new+more"}),
    "append to a file": ({"/a": "old"}, {"files": [{"path": "/a", "append": [MORE]}]}, {"/a": "old+more"}),
    "contents and append": (
        {},
        {"files": [{"path": "/a", "contents": DATA, "append": [MORE, MORE]}]},
        {"/a": "new+more+more"},
    ),
    "append to a directory": ({"/a": None}, {"files": [{"path": "/a", "append": [MORE]}]}, "not-a-file"),
    "parent is a file": ({"/a": "old"}, {"files": [{"path": "/a/b", "contents": DATA}]}, "barred-by-a-file"),
    "parent is a file that becomes a directory": (
        {"/a": "old"},
        {"directories": [{"path": "/a", "overwrite": True}], "files": [{"path": "/a/b", "contents": DATA}]},
        {"/a/b": "new"},
    ),
    "links in a circle": ({"/a": "-> b", "/b": "-> a"}, {"files": [{"path": "/a/c"}]}, "system-fault"),
    "hard link to a circle": (
        {"/a": "-> b", "/b": "-> a"},
        {"links": [{"path": "/h", "target": "/a/c", "hard": True}]},
        "system-fault",
    ),
    "parent is a link": (
        {"/a": "-> b", "/b": None},
        {"files": [{"path": "/a/c", "contents": DATA}]},
        {"/b/c": "new"},
    ),
    "new directory": ({}, {"directories": [{"path": "/a/b"}]}, {"/a/b": "/"}),
    "directory exists": ({"/a/b": "kept"}, {"directories": [{"path": "/a"}]}, {"/a/b": "kept"}),
    "directory exists, overwrite": (
        {"/a/b": "x"},
        {"directories": [{"path": "/a", "overwrite": True}]},
        {"/a": "/", "/a/b": ""},
    ),
    "file in a directory that is overwritten": (
        {"/a/b": "old", "/a/c": "old"},
        {"directories": [{"path": "/a", "overwrite": True}], "files": [{"path": "/a/b", "contents": DATA}]},
        {"/a/b": "new", "/a/c": ""},
    ),
    "file in place of a directory": ({"/a": "old"}, {"directories": [{"path": "/a"}]}, "not-a-directory"),
    "link in place of a directory": ({"/a": "-> b", "/b": None}, {"directories": [{"path": "/a"}]}, "not-a-directory"),
    "the root as a directory": ({}, {"directories": [{"path": "/", "mode": 0o755}]}, {"/": "/"}),
    "the root overwritten": ({}, {"directories": [{"path": "/", "overwrite": True}]}, "root-overwritten"),
    "new link": ({}, {"links": [{"path": "/a/b", "target": "../c"}]}, {"/a/b": "-> ../c"}),
    "same link exists": ({"/a": "-> /b/./c/"}, {"links": [{"path": "/a", "target": "/b/c"}]}, {"/a": "-> /b/./c/"}),
    "other link exists": ({"/a": "-> b"}, {"links": [{"path": "/a", "target": "c"}]}, "link-exists"),
    "other link exists, overwrite": (
        {"/a": "-> b"},
        {"links": [{"path": "/a", "target": "c", "overwrite": True}]},
        {"/a": "-> c"},
    ),
    "file in place of a link": ({"/a": "old"}, {"links": [{"path": "/a", "target": "c"}]}, "not-a-link"),
    "hard link to what is deeper": (
        {},
        {
            "files": [{"path": "/a/b/c", "contents": DATA}],
            "links": [{"path": "/h", "target": "/a/b/c", "hard": True}],
        },
        {"/h": "new"},
    ),
    "hard link to nothing": ({}, {"links": [{"path": "/h", "target": "/a", "hard": True}]}, "no-link-target"),
    "hard link over a file": (
        {"/h": "old", "/a": "x"},
        {"links": [{"path": "/h", "target": "/a", "hard": True}]},
        "not-the-target",
    ),
    "hard link over a file, overwrite": (
        {"/h": "old", "/a": "x"},
        {"links": [{"path": "/h", "target": "/a", "hard": True, "overwrite": True}]},
        {"/h": "x"},
    ),
    "hard link to a target behind a link": (
        {"/l": "-> d", "/d/a": "x"},
        {"links": [{"path": "/h", "target": "/l/a", "hard": True}]},
        {"/h": "x"},
    ),
    "two files with one path": ({}, {"files": [{"path": "/a"}, {"path": "/a"}]}, "same-place"),
    "two files in one place": (
        {"/l": "-> d", "/d": None},
        {"files": [{"path": "/l/a", "contents": DATA}, {"path": "/d/a", "contents": DATA}]},
        "same-place",
    ),
    "a file and a directory in one place": (
        {"/l": "-> d", "/d": None},
        {"files": [{"path": "/l/a"}], "directories": [{"path": "/d/a"}]},
        "same-place",
    ),
    "a link and its target are two places": (
        {},
        {"files": [{"path": "/a", "contents": DATA}], "links": [{"path": "/b", "target": "/a"}]},
        {"/a": "new", "/b": "-> /a"},
    ),
    "unknown user": ({}, {"files": [{"path": "/a", "user": {"name": "none"}}]}, "no-such-user"),
    "unknown group": ({}, {"directories": [{"path": "/a", "group": {"name": "none"}}]}, "no-such-group"),
    "id out of range": ({}, {"files": [{"path": "/a", "user": {"id": -1}}]}, "bad-id"),
    "needs the network": ({}, {"files": [{"path": "/a", "contents": {"source": "http://h/f"}}]}, "needs-fetch"),
    "append needs the network": ({}, {"files": [{"path": "/a", "append": [{"source": "http://h/f"}]}]}, "needs-fetch"),
}


@pytest.mark.parametrize(("before", "storage", "expected"), CASES.values(), ids=CASES)
def test_rules(
    tree: Any, before: dict[str, str | None], storage: dict[str, list[Node]], expected: dict[str, str] | str
) -> None:
    tree.lay(before)
    outcome = tree.provision({"storage": storage})
    if isinstance(expected, str):
        errors = [entry for entry in outcome.report if entry.is_error]
        assert [entry.code for entry in errors] == [expected]
        assert errors[0].pointer[0] == "storage"
        assert not outcome.succeeded
        assert {path: tree.text(path) for path in before} == {path: text or "/" for path, text in before.items()}
    else:
        assert outcome.succeeded, list(outcome.report)
        assert {path: tree.text(path) for path in expected} == expected


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if isinstance(case[2], str)])
def test_what_is_refused_is_known_to_the_plan(tree: Any, name: str) -> None:
    """A first boot that would fail is not begun."""
    before, storage, code = CASES[name]
    tree.lay({"/etc/passwd": "root:x:0:0::/:/bin/sh\n", "/etc/group": "root:x:0:\n"} | before)
    planned = tree.plan({"storage": storage})
    assert [entry.code for entry in planned.report] == [code]


# id -> (the entry, what was there, rights afterwards)
RIGHTS: dict[str, tuple[str, Node, str | None, tuple[str, int, int]]] = {
    "default of a file": ("files", {}, None, ("0o644", 0, 0)),
    "default of a directory": ("directories", {}, None, ("0o755", 0, 0)),
    "mode of a file": ("files", {"mode": 0o4711}, None, ("0o4711", 0, 0)),
    "mode zero": ("files", {"mode": 0}, None, ("0o0", 0, 0)),
    "mode of a directory": ("directories", {"mode": 0o1777}, None, ("0o1777", 0, 0)),
    "owner by id": ("files", {"user": {"id": 5}, "group": {"id": 6}}, None, ("0o644", 5, 6)),
    "owner by name": ("files", {"user": {"name": "test"}, "group": {"name": "web"}}, None, ("0o644", 1000, 33)),
    "user alone": ("files", {"user": {"name": "test"}}, None, ("0o644", 1000, 0)),
    "group alone": ("directories", {"group": {"id": 33}}, None, ("0o755", 0, 33)),
    "id goes before the name": ("files", {"user": {"id": 5, "name": "test"}}, None, ("0o644", 5, 0)),
    "empty name says nothing": ("files", {"user": {"name": ""}}, None, ("0o644", 0, 0)),
    "rights of a file that stays": ("files", {"mode": 0o600, "user": {"id": 5}}, "old", ("0o600", 5, 0)),
    "owner of a file that stays": ("files", {"user": {"id": 5}}, "old", ("0o644", 5, 0)),
    "an append keeps the mode": ("files", {"append": [MORE]}, "old", ("0o644", 0, 0)),
    "an append sets the mode": ("files", {"append": [MORE], "mode": 0o640}, "old", ("0o640", 0, 0)),
    "an append makes with a mode": ("files", {"append": [MORE], "mode": 0o600}, None, ("0o600", 0, 0)),
    "owner of a link": ("links", {"target": "x", "user": {"id": 5}, "group": {"id": 6}}, None, ("0o777", 5, 6)),
    "owner of a link that is there": ("links", {"target": "x", "user": {"id": 5}}, "-> x", ("0o777", 5, 0)),
}


@pytest.mark.parametrize(("kind", "node", "before", "expected"), RIGHTS.values(), ids=RIGHTS)
def test_rights(tree: Any, kind: str, node: Node, before: str | None, expected: tuple[str, int, int]) -> None:
    tree.lay({"/etc/passwd": PASSWD, "/etc/group": GROUP})
    if before is not None:
        tree.lay({"/a/b": before})
    outcome = tree.provision({"storage": {kind: [{"path": "/a/b", **node}]}})
    assert outcome.succeeded, list(outcome.report)
    assert tree.rights("/a/b") == expected


def test_a_link_of_somebody_else_is_not_yet_as_it_shall_be(tree: Any) -> None:
    tree.lay({"/a": "-> x"})
    link = MakeLink(path="/a", target="x", owner=Owner(5))
    assert not link.is_done(tree.system, Embedded())
    link.perform(tree.system, Embedded())
    assert link.is_done(tree.system, Embedded())


HOME = {
    "/etc/passwd": "test:x:1000:1000::/home/test:/bin/sh\n",
    "/etc/group": "users:x:100:\ntest:x:1000:\n",
    "/home/test/notes": "old",
}
NOTES = {"path": "/home/test/notes", "contents": DATA}


@pytest.mark.parametrize(
    ("user", "files", "expected"),
    [
        ({"shouldExist": False}, [NOTES], {"/home/test/notes": "new"}),
        ({"homeDir": "/home/there"}, [NOTES], {"/home/test/notes": "new", "/home/there/notes": "old"}),
        ({"homeDir": "/home/test"}, [{**NOTES, "overwrite": True}], {"/home/test/notes": "new"}),
        ({"name": "new"}, [{"path": "/home/new/.rc", "mode": 0o600}], {"/home/new/.rc": "skeleton"}),
        ({"name": "new"}, [{"path": "/home/new/.rc", "append": [MORE]}], {"/home/new/.rc": "skeleton+more"}),
        ({"name": "new"}, [{"path": "/home/new/.rc", "contents": DATA}], "file-exists"),
    ],
    ids=["removed", "moved", "kept", "from the skeleton", "added to the skeleton", "in place of the skeleton"],
)
def test_homes_change_before_files(tree: Any, user: Node, files: list[Node], expected: dict[str, str] | str) -> None:
    tree.lay({**HOME, "/etc/skel/.rc": "skeleton"})
    tree.system.set_owner("/home/test", 1000, 1000)
    outcome = tree.provision({"passwd": {"users": [{"name": "test", **user}]}, "storage": {"files": files}})
    if isinstance(expected, str):
        assert [entry.code for entry in outcome.report] == [expected]
    else:
        assert outcome.succeeded, list(outcome.report)
        assert {path: tree.text(path) for path in expected} == expected


def test_parents_are_0755(tree: Any) -> None:
    tree.provision({"storage": {"files": [{"path": "/a/b/c", "mode": 0o600}]}})
    assert tree.rights("/a") == tree.rights("/a/b") == ("0o755", 0, 0)


def test_the_shallow_come_first_and_hard_links_last(tree: Any) -> None:
    planned = tree.plan(
        {
            "storage": {
                "directories": [{"path": "/x/y/z"}, {"path": "/x"}],
                "files": [{"path": "/b/c"}, {"path": "/a"}],
                "links": [
                    {"path": "/h", "target": "/a", "hard": True},
                    {"path": "/l", "target": "/a"},
                ],
            }
        }
    )
    assert [step.operation.path for step in planned.steps[:-1]] == ["/x", "/a", "/l", "/b/c", "/x/y/z", "/h"]
    assert [step.pointer for step in planned.steps[:-1]] == [
        ("storage", "directories", 1),
        ("storage", "files", 1),
        ("storage", "links", 1),
        ("storage", "files", 0),
        ("storage", "directories", 0),
        ("storage", "links", 0),
    ]


def test_a_plan_touches_nothing(tree: Any) -> None:
    tree.lay({"/etc/passwd": PASSWD, "/d": None})
    before = sorted(tree.system.list("/")), tree.system.look("/")
    tree.plan({"storage": {"files": [{"path": "/new/file"}]}, "passwd": {"users": [{"name": "x"}]}})
    assert (sorted(tree.system.list("/")), tree.system.look("/")) == before


def test_what_is_known_to_fail_stops_all(tree: Any) -> None:
    tree.lay({"/z": "old"})
    files = [{"path": "/a", "contents": DATA}, {"path": "/z", "contents": DATA}, {"path": "/y/y"}]
    outcome = tree.provision({"storage": {"files": files}})
    assert [event.outcome for event in outcome.events] == ["refused", *["not reached"] * 3]
    assert tree.system.list("/") == ["z"]
    assert tree.log == []
