"""A second run in the same tree: refused as a whole where first boot's rules say so, harmless where they do not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

PATHS = ["/a", "/b", "/a/c", "/a/d", "/b/e/f", "/b/e/g", "/h", "/i"]

sources = st.sampled_from(["data:,one", "data:,two", ""])
modes = st.sampled_from([None, 0o600, 0o755, 0o4711])
owners = st.sampled_from([{}, {"user": {"id": 5}}, {"group": {"name": "core"}}])


@st.composite
def nodes(draw: st.DrawFn, path: str) -> tuple[str, dict[str, Any]]:
    """An entry at a path: a list of the config and a row of it."""
    node: dict[str, Any] = {"path": path, **draw(owners)}
    kind = draw(st.sampled_from(["files", "directories", "links"]))
    if kind == "links":
        hard = draw(st.booleans())
        # A target that is overwritten is a new file, and its other name the old one: refused, unless overwritten too.
        node |= {"target": draw(st.sampled_from(["/h", "/i"])), "hard": hard, "overwrite": hard}
    elif (mode := draw(modes)) is not None:
        node["mode"] = mode
    if kind == "files":
        if draw(st.booleans()):
            node |= {"contents": {"source": draw(sources)}, "overwrite": draw(st.booleans())}
        node["append"] = [{"source": source} for source in draw(st.lists(sources, max_size=2))]
    elif not node.get("hard") and draw(st.integers(0, 3)) == 0:
        node["overwrite"] = True
    return kind, node


@st.composite
def configs(draw: st.DrawFn) -> dict[str, Any]:
    """A config over a few paths, with a user and a unit at times."""
    storage: dict[str, list[dict[str, Any]]] = {"files": [], "directories": [], "links": []}
    for path in draw(st.lists(st.sampled_from(PATHS), unique=True, max_size=6)):
        kind, node = draw(nodes(path))
        storage[kind].append(node)
    links = tuple(f"{link['path']}/" for link in storage["links"])
    assume(not any(node["path"].startswith(links or ("\0",)) for rows in storage.values() for node in rows))
    users = [{"name": "test", "sshAuthorizedKeys": ["key"]}] if draw(st.booleans()) else []
    units = [{"name": "a.service", "contents": "x"}] if draw(st.booleans()) else []
    return {"storage": storage, "passwd": {"users": users}, "systemd": {"units": units}}


def contents(tree: Any, path: str = "/") -> dict[str, tuple[object, ...]]:
    """Everything below a path but the record of the run: rights and text."""
    found: dict[str, tuple[object, ...]] = {}
    for name in tree.system.list(path):
        child = f"{path.rstrip('/')}/{name}"
        if child != "/etc/.ignition-result.json":
            text = tree.text(child)
            found[child] = (*tree.rights(child), text)
            found |= contents(tree, child) if text == "/" else {}
    return found


@settings(max_examples=100, deadline=None, derandomize=True)
@given(configs())
def test_a_second_run(new_tree: Callable[[], AbstractContextManager[Any]], config: dict[str, Any]) -> None:
    with new_tree() as tree:
        tree.lay({"/etc/passwd": "core:x:5:5::/:/bin/sh\n", "/etc/group": "core:x:5:\n"})
        empty = contents(tree)
        first = tree.provision(copy.deepcopy(config))
        if any(event.outcome == "refused" for event in first.events):
            assert contents(tree) == empty
        assume(first.succeeded)
        before = contents(tree)
        second = tree.provision(config)

        storage = config["storage"]
        cleared = tuple(f"{node['path']}/" for node in storage["directories"] if node.get("overwrite"))
        refused = {
            ("storage", "files", index)
            for index, node in enumerate(storage["files"])
            if "contents" in node and not node["overwrite"] and not node["path"].startswith(cleared or ("\0",))
        }
        assert {entry.pointer for entry in second.report if entry.is_error} == refused
        if refused:
            assert contents(tree) == before
            return
        grown = {
            node["path"]: "".join(piece["source"].removeprefix("data:,") for piece in node["append"])
            for node in storage["files"]
            if "contents" not in node and not node["path"].startswith(cleared or ("\0",))
        }
        for link in storage["links"]:
            if link["hard"]:
                grown[link["path"]] = grown.get(link["target"], "")
        expected = {path: (*row[:3], f"{row[3]}{grown.get(path, '')}") for path, row in before.items()}
        assert contents(tree) == expected
