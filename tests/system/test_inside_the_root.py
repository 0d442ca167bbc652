"""Links and `..` never lead out of the root: each trick ends inside it, or is refused, and nothing outside changes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from stoker.system import FileFault, RealSystem, ScratchSystem, System

Verb = Callable[[System], object]


def write(path: str, *, replace: bool = False) -> Verb:
    return lambda system: system.write_file(path, b"new", replace=replace)


# id -> (links in the tree: path to target, what is done, the path where it has to end; None when it is refused).
# OUTSIDE stands for a directory beside the root; it holds `file`, `directory/inner` and `home`.
CASES: dict[str, tuple[dict[str, str], Verb, str | None]] = {
    "plain": ({}, write("/etc/new"), "etc/new"),
    "dots in the path": ({}, write("/etc/../../../etc/new"), "etc/new"),
    "dots to the top": ({}, write("/../new"), "new"),
    "dots at the end": ({}, write("/etc/.."), None),
    "dots through nothing": ({}, write("/none/../etc/new"), "etc/new"),
    "doubled slashes": ({}, write("//etc///new"), "etc/new"),
    "absolute link": ({"link": "/etc"}, write("/link/new"), "etc/new"),
    "relative link": ({"link": "etc"}, write("/link/new"), "etc/new"),
    "link to the root": ({"link": "/"}, write("/link/etc/new"), "etc/new"),
    "link above the root": ({"link": "../../../etc"}, write("/link/new"), "etc/new"),
    "link out by its full path": ({"link": "OUTSIDE"}, write("/link/new"), "OUTSIDE/new"),
    "link out by dots": ({"link": "../outside"}, write("/link/new"), "outside/new"),
    "link to a link": ({"a": "/b", "b": "/etc"}, write("/a/new"), "etc/new"),
    "link to a link out": ({"a": "/b", "b": "../outside"}, write("/a/new"), "outside/new"),
    "link in the middle of a target": ({"a": "b/../etc", "b": "/var/deep"}, write("/a/new"), "var/etc/new"),
    "link and dots after it": ({"a": "/var/deep"}, write("/a/../new"), "var/new"),
    "link to itself": ({"loop": "loop"}, write("/loop/new"), None),
    "links in a circle": ({"a": "/b", "b": "/a"}, write("/a/new"), None),
    "link to a file as a directory": ({"link": "/etc/file"}, write("/link/new"), None),
    "file as a directory": ({}, write("/etc/file/new"), None),
    "last is a link to a file outside": ({"link": "../outside/file"}, write("/link"), None),
    "last is a link to a file outside, replaced": ({"link": "../outside/file"}, write("/link", replace=True), "link"),
    "last is a dangling link out": ({"link": "../outside/none"}, write("/link"), None),
    "append through a link": ({"link": "../outside/file"}, lambda s: s.append_file("/link", b"new"), None),
    "read through a link": ({"link": "../outside/file"}, lambda s: s.read("/link"), None),
    "mode through a link": ({"link": "../outside/file"}, lambda s: s.set_mode("/link", 0o777), None),
    "mode of a directory through a link": ({"link": "../outside"}, lambda s: s.set_mode("/link", 0o777), None),
    "owner of a link": ({"link": "../outside/file"}, lambda s: s.set_owner("/link", 1, 1), "link"),
    "directory over a link out": ({"link": "../outside"}, lambda s: s.make_directory("/link"), None),
    "directory below a link out": ({"link": "../outside"}, lambda s: s.make_directory("/link/new"), "outside/new"),
    "remove a link to a directory": ({"link": "../outside/directory"}, lambda s: s.remove_tree("/link"), None),
    "remove below a link": ({"link": "../outside"}, lambda s: s.remove_tree("/link/directory"), None),
    "remove a tree with a link in it": ({"var/link": "../../outside"}, lambda s: s.remove_tree("/var"), None),
    "remove the root": ({}, lambda s: s.remove_tree("/"), None),
    "remove above the root": ({}, lambda s: s.remove_tree("/../.."), None),
    "link below a link": ({"link": "../outside"}, lambda s: s.link("/link/new", "x"), "outside/new"),
    "hard link to a file outside": ({"link": "../outside"}, lambda s: s.hard_link("/new", "/link/file"), None),
    "hard link to a link": ({"link": "../outside/file"}, lambda s: s.hard_link("/new", "/link"), "new"),
    "rename into a link": ({"link": "../outside"}, lambda s: s.rename("/etc/file", "/link/new"), "outside/new"),
    "list through a link": ({"link": "../outside"}, lambda s: s.list("/link"), None),
    "lock through a link": ({"link": "../outside/file"}, lambda s: s.lock("/link").__enter__(), None),
    "relative path": ({}, write("etc/new"), None),
    "NUL in the path": ({}, write("/etc/new\0/x"), None),
    "path without end": ({}, write("/" + "x/" * 3000 + "y"), None),
    "name without end": ({}, write("/etc/" + "x" * 300), None),
    "empty path": ({}, write(""), None),
}


def snapshot(directory: Path) -> dict[str, tuple[object, ...]]:
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(directory.rglob("*")):
        look = path.lstat()
        found[str(path)] = (look.st_mode, look.st_uid, look.st_ino, look.st_nlink, look.st_mtime_ns)
    return found


@pytest.mark.parametrize("kind", [RealSystem, ScratchSystem])
@pytest.mark.parametrize(("links", "verb", "end"), CASES.values(), ids=CASES)
def test_nothing_leads_out(
    tmp_path: Path,
    kind: type[RealSystem | ScratchSystem],
    links: dict[str, str],
    verb: Verb,
    end: str | None,
    request: pytest.FixtureRequest,
) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    for directory in (outside / "directory", outside / "home", root / "etc", root / "var/deep"):
        directory.mkdir(parents=True)
    for file in (outside / "file", outside / "directory/inner", root / "etc/file"):
        file.write_text("old")
    for path, target in links.items():
        (root / path).symlink_to(target.replace("OUTSIDE", str(outside)))
    if kind is RealSystem and os.geteuid() != 0 and "owner" in request.node.name:
        pytest.skip("only root may give files away")
    before = snapshot(outside)
    system = kind(root)
    try:
        verb(system)
    except FileFault:
        assert end is None
    else:
        assert end is None or os.path.lexists(root / end.replace("OUTSIDE", str(outside)[1:]))
    finally:
        system.close()
    assert snapshot(outside) == before
    assert [path.name for path in sorted(tmp_path.iterdir()) if path.name != "root.rights.json"] == ["outside", "root"]


def test_a_link_that_changes_is_walked_again(tmp_path: Path) -> None:
    system = RealSystem(tmp_path)
    system.make_directory("/one")
    system.make_directory("/two")
    system.link("/link", "one")
    system.write_file("/link/file", b"1")
    system.remove_tree("/link")
    system.link("/link", "two")
    system.write_file("/link/file", b"2")
    assert (system.read("/one/file"), system.read("/two/file")) == (b"1", b"2")


def test_a_link_that_is_replaced_leads_nowhere(tmp_path: Path) -> None:
    system = RealSystem(tmp_path)
    system.make_directory("/one")
    system.link("/link", "one")
    assert system.resolve("/link/file") == "/one/file"
    system.write_file("/link", b"", replace=True)
    with pytest.raises(FileFault, match="not a directory"):
        system.write_file("/link/file", b"")


def test_a_directory_that_is_made_again_is_the_new_one(tmp_path: Path) -> None:
    system = RealSystem(tmp_path)
    system.write_file("/a/b/file", b"1")
    system.remove_tree("/a")
    system.write_file("/a/b/file", b"2")
    assert (tmp_path / "a/b/file").read_bytes() == b"2"


def test_many_directories_need_few_descriptors(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    system = RealSystem(tmp_path)
    paths = [f"/{number}/inner/file" for number in range(400)]
    for path in paths:
        system.write_file(path, b"x")
    assert all(system.read(path) == b"x" for path in paths)
    assert len(os.listdir("/proc/self/fd")) < before + 250
    system.close()
    assert len(os.listdir("/proc/self/fd")) == before
