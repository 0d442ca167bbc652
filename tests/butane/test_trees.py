"""Trees with what git does not keep: modes, pipes, links that lead nowhere, names of any bytes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stoker.butane import Compilation, compile_text
from stoker.report.render import as_lines

TREE = b"variant: fcos\nversion: 1.7.0\nstorage:\n  trees:\n    - local: tree\n      path: /srv\n"


def embed(files_dir: Path, text: bytes = TREE) -> Compilation:
    return compile_text(text, file="f.bu", files_dir=str(files_dir))


def storage(done: Compilation) -> dict[str, Any]:
    assert done.config is not None, as_lines(done.report)
    found: dict[str, Any] = msgspec.to_builtins(done.config.storage)
    return found


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    return root


MODES = {0o644: 0o644, 0o600: 0o644, 0o755: 0o755, 0o744: 0o755, 0o611: 0o755, 0o4755: 0o755}


@pytest.mark.parametrize("mode, expected", MODES.items(), ids=oct)
def test_a_file_is_executable_or_not(mode: int, expected: int, tree: Path) -> None:
    (tree / "file").write_text("x")
    (tree / "file").chmod(mode)
    assert storage(embed(tree.parent))["files"][0]["mode"] == expected


def test_names_are_in_byte_order_below_each_directory(tree: Path) -> None:
    for name in ["b", "B", "a-b", "a/z", "a/b", "é", "_"]:
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text("")
    paths = [file["path"] for file in storage(embed(tree.parent))["files"]]
    assert paths == ["/srv/B", "/srv/_", "/srv/a/b", "/srv/a/z", "/srv/a-b", "/srv/b", "/srv/é"]


def test_links_are_not_followed(tree: Path) -> None:
    (tree / "nowhere").symlink_to("does/not/exist")
    (tree / "loop").symlink_to("loop")
    (tree / "up").symlink_to("..")
    found = storage(embed(tree.parent))
    assert found == {
        "links": [
            {"path": "/srv/loop", "target": "loop"},
            {"path": "/srv/nowhere", "target": "does/not/exist"},
            {"path": "/srv/up", "target": ".."},
        ]
    }


def test_a_tree_that_is_a_link_is_that_link(tree: Path) -> None:
    """As in the reference, which looks through the link only to see whether a directory is there."""
    (tree / "file").write_text("x")
    tree.rename(tree.parent / "elsewhere")
    tree.symlink_to("elsewhere")
    assert storage(embed(tree.parent)) == {"links": [{"path": "/srv", "target": "elsewhere"}]}


def test_other_things_are_refused_one_by_one(tree: Path) -> None:
    os.mkfifo(tree / "pipe")
    os.mkfifo(tree / "other")
    (tree / "file").write_text("x")
    done = embed(tree.parent)
    line = "error at $.storage.trees.0, line 5 col 7: trees may only contain files, directories, and symlinks\n"
    assert as_lines(done.report) == line * 2
    assert done.config is None


def test_a_pipe_is_not_waited_for(tree: Path) -> None:
    os.mkfifo(tree / "pipe")
    text = b"variant: fcos\nversion: 1.7.0\nstorage: {files: [{path: /a, contents: {local: tree/pipe}}]}\n"
    assert "not a regular file" in as_lines(embed(tree.parent, text).report)


def test_an_empty_tree_is_nothing(tree: Path) -> None:
    assert storage(embed(tree.parent)) is None


def test_names_that_are_no_text_stay_bytes(tree: Path) -> None:
    Path(os.fsdecode(os.fsencode(tree) + b"/\xff")).write_text("x")
    done = embed(tree.parent)
    assert done.config is not None
    assert done.config.storage is not None
    assert [file.path for file in done.config.storage.files] == ["/srv/\udcff"]


def test_every_part_of_a_tree_comes_from_it(tree: Path) -> None:
    (tree / "directory").mkdir()
    (tree / "directory" / "file").write_text("x")
    (tree / "link").symlink_to("directory")
    done = embed(tree.parent, TREE + b"      dir_mode: 0700\n")
    parts = [
        ("directories", 1, "mode"),
        ("files", 0, "contents", "source"),
        ("files", 0, "mode"),
        ("links", 0, "target"),
    ]
    for part in parts:
        assert done.origins.trace(("storage", *part)) == [("storage", "trees", 0)]


NO_NAME = rb"""
variant: fcos
version: 1.7.0
passwd: {users: [{name: core, ssh_authorized_keys_local: ["a\0b"]}]}
storage: {files: [{path: /a, contents: {local: "a\0b"}}], trees: [{local: "a\0b"}]}
systemd: {units: [{name: a.service, contents_local: "a\0b"}]}
"""


def test_a_name_that_no_file_can_have_is_of_no_file(tree: Path) -> None:
    found = [entry.message.replace(str(tree.parent), "files") for entry in embed(tree.parent, NO_NAME).report]
    opened, looked_at = "open files/a\0b: invalid argument", "stat files/a\0b: invalid argument"
    assert found == [opened, opened, opened, looked_at]
