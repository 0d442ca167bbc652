"""A directory of real files, read as snapshots."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stoker.store import Directory, Snapshot, StoreUnavailableError
from stoker.store.directory import MAX_FILE


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def texts(snapshot: Snapshot) -> dict[str, str]:
    return {key: item.data.decode() for key, item in snapshot.items.items()}


def findings(directory: Directory) -> list[str]:
    return [f"{entry.place}: {entry.message}" for entry in directory.report]


def test_folders_are_read_as_one_snapshot(tmp_path: Path) -> None:
    write(tmp_path, {"a/one": "1", "a/sub/two": "2", "b/three": "3", "c/not-ours": "4", "loose": "5"})
    (tmp_path / "a" / "link").symlink_to("one")
    (tmp_path / "a" / "broken-link").symlink_to("nowhere")
    directory = Directory(tmp_path, ("a", "b", "missing"))
    assert directory.refresh()
    assert texts(directory.snapshot) == {"a/link": "1", "a/one": "1", "a/sub/two": "2", "b/three": "3"}
    assert [name for name, _ in directory.snapshot.under("a")] == ["link", "one"]
    assert directory.snapshot.items["a/one"].file == str(tmp_path / "a/one")
    assert findings(directory) == []


CHANGES = {
    "a file is written": {"a/one": "11"},
    "a file is new": {"a/two": "2"},
}


@pytest.mark.parametrize("files", CHANGES.values(), ids=list(CHANGES))
def test_a_change_makes_a_new_snapshot(tmp_path: Path, files: dict[str, str]) -> None:
    write(tmp_path, {"a/one": "1"})
    directory = Directory(tmp_path, ("a",))
    directory.refresh()
    before = directory.snapshot
    assert not directory.refresh()
    write(tmp_path, files)
    assert directory.refresh()
    assert directory.snapshot.revision != before.revision
    assert texts(directory.snapshot) == {"a/one": "1", **files}
    assert texts(before) == {"a/one": "1"}


def test_a_file_that_goes_is_gone(tmp_path: Path) -> None:
    write(tmp_path, {"a/one": "1", "a/two": "2"})
    directory = Directory(tmp_path, ("a",))
    directory.refresh()
    (tmp_path / "a/one").unlink()
    assert directory.refresh()
    assert texts(directory.snapshot) == {"a/two": "2"}


def test_a_file_that_came_and_went_at_once_is_gone(tmp_path: Path) -> None:
    write(tmp_path, {"a/one": "1"})
    directory = Directory(tmp_path, ("a",))
    directory.refresh()
    (tmp_path / "a/one").unlink()
    directory.refresh()
    assert texts(directory.snapshot) == {}


def test_equal_files_have_equal_revisions(tmp_path: Path) -> None:
    write(tmp_path, {"x/a/one": "1", "y/a/one": "1", "z/a/one": "2"})
    revisions = []
    for name in "xyz":
        directory = Directory(tmp_path / name, ("a",))
        directory.refresh()
        revisions.append(directory.snapshot.revision)
    assert revisions[0] == revisions[1] != revisions[2]


def test_a_file_that_grew_too_large_is_a_finding_and_its_last_version_stays(tmp_path: Path) -> None:
    write(tmp_path, {"a/one": "1", "a/two": "2"})
    directory = Directory(tmp_path, ("a",))
    directory.refresh()
    with (tmp_path / "a/one").open("wb") as file:
        os.truncate(file.fileno(), MAX_FILE + 1)
    assert directory.refresh()
    large = f"{tmp_path}/a/one:1:1: `a/one` has {MAX_FILE + 1} bytes, more than the {MAX_FILE} that are read"
    assert findings(directory) == [large]
    write(tmp_path, {"a/two": "22"})
    assert directory.refresh()
    assert findings(directory) == [large], "a finding stays as long as what it is about"
    assert texts(directory.snapshot) == {"a/one": "1", "a/two": "22"}


def test_a_root_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="create it with the folders `a`, `b`"):
        Directory(tmp_path / "none", ("a", "b")).refresh()
