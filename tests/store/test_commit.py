"""Commits into a directory of real files: what they leave, and what they refuse."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from stoker.store import (
    Append,
    Change,
    Condition,
    ConflictError,
    Delete,
    Directory,
    InvalidKeyError,
    LimitError,
    Put,
    StoreError,
    StoreUnavailableError,
)
from stoker.store.limits import MAX_BYTES, MAX_KEYS
from stoker.store.snapshots import digest


def directory(root: Path) -> Directory:
    (root / "a").mkdir()
    (root / "a/one").write_bytes(b"1")
    (root / "outside").mkdir()
    (root / "a/away").symlink_to(root / "outside")
    return Directory(root, ("a", "b"))


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


COMMITS: dict[str, tuple[list[Change], list[Condition], dict[str, bytes]]] = {
    "a file is new": ([Put("b/two", b"2")], [Condition("b/two", "")], {"a/one": b"1", "b/two": b"2"}),
    "folders are made": ([Put("b/c/d/e/two", b"2")], [], {"a/one": b"1", "b/c/d/e/two": b"2"}),
    "a file is replaced": ([Put("a/one", b"11")], [Condition("a/one", digest(b"1"))], {"a/one": b"11"}),
    "a file goes": ([Delete("a/one")], [], {}),
    "what is not there goes": ([Delete("a/none"), Delete("b/c/none")], [], {"a/one": b"1"}),
    "several": ([Delete("a/one"), Put("a/two", b"2"), Put("b/x", b"")], [], {"a/two": b"2", "b/x": b""}),
    "no changes": ([], [Condition("a/one", digest(b"1"))], {"a/one": b"1"}),
}


@pytest.mark.parametrize(("changes", "conditions", "left"), COMMITS.values(), ids=COMMITS)
def test_what_a_commit_leaves(
    changes: list[Change], conditions: list[Condition], left: dict[str, bytes], tmp_path: Path
) -> None:
    store = directory(tmp_path)
    revisions = store.commit(changes, conditions)
    assert files(tmp_path) == left
    assert revisions == {change.key: digest(change.data) for change in changes if isinstance(change, Put)}
    for key in revisions:
        item = store.get(key)
        assert item is not None
        assert (item.data, item.revision) == (left[key], revisions[key])


REFUSED: dict[str, tuple[list[Change], list[Condition], type[StoreError], str]] = {
    "a parent": ([Put("a/../x", b"")], [], InvalidKeyError, "key 'a/../x' has the part '..'; a key is `folder/name`"),
    "a part of dots": ([Put("a/.", b"")], [], InvalidKeyError, "has the part '.'"),
    "nothing between": ([Put("a//x", b"")], [], InvalidKeyError, "has the part ''"),
    "an absolute path": ([Put("/etc/x", b"")], [], InvalidKeyError, "has the part ''"),
    "a NUL": ([Put("a/x\0y", b"")], [], InvalidKeyError, "has a NUL in it"),
    "no folder": ([Put("loose", b"")], [], InvalidKeyError, "has 1 parts"),
    "too deep": ([Put("a/b/c/d/e/f", b"")], [], InvalidKeyError, "has 6 parts"),
    "too long": ([Put("a/" + "ä" * 128, b"")], [], InvalidKeyError, "has a part of 256 bytes"),
    "half a letter": ([Put("a/\udc80", b"")], [], InvalidKeyError, "is no text that UTF-8 can write"),
    "a temporary name": ([Put("a/.stoker-1", b"")], [], InvalidKeyError, "begins with `.stoker-`"),
    "another folder": ([Put("c/x", b"")], [], InvalidKeyError, "is in none of the folders a, b"),
    "a lease": ([Delete("leases/x")], [], InvalidKeyError, "belongs to a lease"),
    "a folder": ([Put("a/away", b"")], [], InvalidKeyError, "is a folder"),
    "through a link": ([Put("a/away/x", b"")], [], InvalidKeyError, "leads out of its folder"),
    "through a link, deeper": ([Put("a/away/b/x", b"")], [], InvalidKeyError, "leads out of its folder"),
    "through a file": ([Put("a/one/x", b"")], [], InvalidKeyError, "leads through a file"),
    "a ring": ([Append("a", (b"",), 1)], [], InvalidKeyError, "cannot be a ring"),
    "a ring of none": ([Append("a", (), 0)], [], LimitError, "a ring of 0 items"),
    "a key twice": ([Put("a/x", b""), Delete("a/x")], [], InvalidKeyError, "is changed twice"),
    "too many": ([Put(f"a/{n}", b"") for n in range(MAX_KEYS + 1)], [], LimitError, "a commit of 101 keys"),
    "too much": ([Put("a/x", bytes(MAX_BYTES)), Put("a/y", b"1")], [], LimitError, "a commit of 1048577 bytes"),
    "changed": ([Delete("a/one")], [Condition("a/one", digest(b"0"))], ConflictError, "`a/one` changed meanwhile"),
    "there already": ([Put("a/one", b"")], [Condition("a/one", "")], ConflictError, "`a/one` changed meanwhile"),
    "gone": ([Put("b/x", b"")], [Condition("b/x", digest(b""))], ConflictError, "`b/x` changed meanwhile"),
    "the last of several": ([Put("b/x", b""), Put("a/one/x", b"")], [], InvalidKeyError, "leads through a file"),
}


@pytest.mark.parametrize(("changes", "conditions", "fault", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_changes_nothing(
    changes: list[Change], conditions: list[Condition], fault: type[StoreError], words: str, tmp_path: Path
) -> None:
    store = directory(tmp_path)
    with pytest.raises(fault) as caught:
        store.commit(changes, conditions)
    assert words in str(caught.value)
    assert files(tmp_path) == {"a/one": b"1"}


def test_modes_are_those_of_files_that_others_read(tmp_path: Path) -> None:
    umask = os.umask(0o077)
    try:
        directory(tmp_path).commit([Put("b/c/x", b"")])
    finally:
        os.umask(umask)
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("b", "b/c", "b/c/x")}
    assert modes == {"b": 0o755, "b/c": 0o755, "b/c/x": 0o644}


def test_a_top_folder_may_be_a_link_to_anywhere(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "root/a").symlink_to(tmp_path / "elsewhere")
    Directory(tmp_path / "root", ("a",)).commit([Put("a/x", b"1"), Put("a/b/y", b"2")])
    assert files(tmp_path / "elsewhere") == {"b/y": b"2", "x": b"1"}


def test_a_root_that_cannot_be_written_to_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "root").write_bytes(b"")
    with pytest.raises(StoreUnavailableError, match="cannot write below"):
        Directory(tmp_path / "root", ("a",)).commit([Put("a/x", b"1")])


def test_what_is_not_in_place_yet_is_not_read(tmp_path: Path) -> None:
    store = directory(tmp_path)
    store.stage({"a/two": b"2"})
    store.refresh()
    assert list(store.snapshot.items) == ["a/one"]


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    store = directory(tmp_path)
    os.truncate(tmp_path / "a/one", MAX_BYTES + 1)
    with pytest.raises(LimitError, match="more than the 1048576 bytes"):
        store.get("a/one")
    os.mkfifo(tmp_path / "a/pipe")
    assert store.get("a/pipe") is None, "and nobody waits for a writer"
    assert store.get("a/none") is store.get("a/one/none") is store.get("a/away") is None


def test_a_folder_that_a_person_has_made_since_stays(tmp_path: Path) -> None:
    store = directory(tmp_path)
    steps = store.stage({"a/two": b"2", "a/one": None, "a/three": b"3"})
    (tmp_path / "a/one").unlink()
    for name in ("one", "two"):
        (tmp_path / "a" / name).mkdir()
        (tmp_path / "a" / name / "theirs").touch()
    store.land(steps)
    store.land(steps)
    assert files(tmp_path) == {"a/one/theirs": b"", "a/three": b"3", "a/two/theirs": b""}
