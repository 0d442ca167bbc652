"""Verbs on files, on a real tree and on a scratch tree alike."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stoker.system import FileExists, FileFault, RealSystem, ScratchSystem, System
from stoker.system.protocol import DIRECTORY, FILE, LINK

Kind = type[RealSystem | ScratchSystem]


@pytest.fixture(params=[RealSystem, ScratchSystem])
def system(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[System]:
    (tmp_path / "root").mkdir()
    made: System = request.param(tmp_path / "root")
    yield made
    made.close()


def test_a_file_is_written_with_its_parents(system: System) -> None:
    system.write_file("/a/b/file", b"text", mode=0o640)
    found, parent = system.look("/a/b/file"), system.look("/a")
    assert found is not None
    assert (found.kind, found.mode, found.size) == (FILE, 0o640, 4)
    assert parent is not None
    assert (parent.kind, parent.mode) == (DIRECTORY, 0o755)
    assert system.read("/a/b/file") == b"text"


def test_modes_do_not_depend_on_the_umask(system: System) -> None:
    old = os.umask(0o077)
    try:
        system.write_file("/a/file", b"")
        system.make_directory("/b")
        system.append_file("/c/file", b"")
    finally:
        os.umask(old)
    modes = {path: system.look(path) for path in ("/a", "/a/file", "/b", "/c", "/c/file")}
    assert {path: look and look.mode for path, look in modes.items()} == {
        "/a": 0o755,
        "/a/file": 0o644,
        "/b": 0o755,
        "/c": 0o755,
        "/c/file": 0o644,
    }


def test_a_file_that_exists_is_kept_unless_replaced(system: System) -> None:
    system.write_file("/file", b"old")
    with pytest.raises(FileExists):
        system.write_file("/file", b"new")
    assert system.read("/file") == b"old"
    system.write_file("/file", b"new", replace=True)
    assert system.read("/file") == b"new"
    assert system.list("/") == ["file"]


def test_a_durable_write_is_a_write(system: System) -> None:
    system.write_file("/file", b"1", durable=True)
    system.write_file("/file", b"2", durable=True, replace=True)
    assert system.read("/file") == b"2"


def test_nothing_stays_of_a_write_that_fails(system: System) -> None:
    system.make_directory("/taken")
    with pytest.raises(FileFault, match=r"cannot write `/taken`: is a directory"):
        system.write_file("/taken", b"x", replace=True)
    assert system.list("/") == ["taken"]


def test_appending_makes_or_grows_a_file(system: System) -> None:
    system.append_file("/file", b"1", mode=0o600)
    system.append_file("/file", b"2")
    found = system.look("/file")
    assert found is not None
    assert found.mode == 0o600
    assert system.read("/file") == b"12"


FAULTS: dict[str, tuple[Callable[[System], object], str]] = {
    "append to a directory": (lambda s: s.append_file("/directory", b""), "is a directory"),
    "append to a link": (lambda s: s.append_file("/link", b""), "it is a link"),
    "append to a pipe": (lambda s: s.append_file("/pipe", b""), "no such device|not a regular file"),
    "read a directory": (lambda s: s.read("/directory"), "not a regular file|is a directory"),
    "read a pipe": (lambda s: s.read("/pipe"), "not a regular file"),
    "read nothing": (lambda s: s.read("/none"), "no such file"),
    "read too much": (lambda s: s.read("/file", 2), "larger than 2 bytes"),
    "read a link that is a file": (lambda s: s.read_link("/file"), "invalid argument"),
    "list a file": (lambda s: s.list("/file"), "no such directory"),
    "list nothing": (lambda s: s.list("/none"), "no such directory"),
    "make a directory twice": (lambda s: s.make_directory("/directory"), "file exists"),
    "make the root": (lambda s: s.make_directory("/"), "it is the root"),
    "link over a file": (lambda s: s.link("/file", "x"), "file exists"),
    "hard link to nothing": (lambda s: s.hard_link("/new", "/none/file"), "no such file"),
    "hard link to a directory": (lambda s: s.hard_link("/new", "/directory"), "operation not permitted"),
    "mode of nothing": (lambda s: s.set_mode("/none", 0), "no such file"),
    "owner of nothing": (lambda s: s.set_owner("/none", 0, 0), "no such file"),
}


@pytest.mark.parametrize(("verb", "reason"), FAULTS.values(), ids=FAULTS)
def test_a_refusal_says_why(system: System, verb: Callable[[System], object], reason: str) -> None:
    system.write_file("/file", b"text")
    system.make_directory("/directory")
    system.link("/link", "file")
    os.mkfifo(f"{system.root}/pipe")
    with pytest.raises(FileFault, match=reason):
        verb(system)


def test_links(system: System) -> None:
    system.write_file("/file", b"text")
    system.link("/link", "../anything at all")
    system.hard_link("/hard", "/file")
    link, file, hard = system.look("/link"), system.look("/file"), system.look("/hard")
    assert link is not None
    assert (link.kind, system.read_link("/link")) == (LINK, "../anything at all")
    assert file is not None
    assert hard is not None
    assert file.identity == hard.identity


def test_a_tree_is_removed_whole(system: System) -> None:
    system.write_file("/a/b/c", b"")
    system.link("/a/link", "/")
    system.remove_tree("/a")
    system.remove_tree("/a")
    assert system.list("/") == []


def test_a_tree_too_deep_is_refused(system: System) -> None:
    system.make_directory("/top" + "/d" * 450)
    with pytest.raises(FileFault, match="within each other"):
        system.remove_tree("/top")


def test_rename_takes_what_is_below_along(system: System) -> None:
    system.write_file("/old/file", b"text")
    system.rename("/old", "/deep/new")
    assert system.look("/old") is None
    assert system.read("/deep/new/file") == b"text"


HOLDER = """
import pathlib, sys
from stoker.system import RealSystem
with RealSystem(pathlib.Path(sys.argv[1])).lock("/etc/.pwd.lock"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    got = threading.Event()

    def wait() -> None:
        with RealSystem(tmp_path).lock("/etc/.pwd.lock"):
            got.set()

    holder = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(holder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        waiter = threading.Thread(target=wait)
        waiter.start()
        assert not got.is_set()
        process.stdin.close()
        waiter.join()
    assert got.is_set()
    assert (tmp_path / "etc/.pwd.lock").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o000, 0o200, 0o400, 0o644, 0o755, 0o1777, 0o2755, 0o4755, 0o7777])
def test_every_mode_is_kept(system: System, mode: int) -> None:
    if isinstance(system, RealSystem) and os.geteuid() != 0:
        pytest.skip("only root may work with every mode for real")
    system.write_file("/file", b"text", mode=mode)
    system.make_directory("/directory", mode)
    system.write_file("/directory/inner", b"text")
    file, directory = system.look("/file"), system.look("/directory")
    assert file is not None
    assert directory is not None
    assert (file.mode, directory.mode) == (mode, mode)
    assert system.read("/file") == b"text"


class TestScratch:
    """What only a scratch tree does."""

    def test_owners_are_kept_in_the_manifest(self, tmp_path: Path) -> None:
        with_owner = ScratchSystem(tmp_path / "root")
        with_owner.write_file("/file", b"", owner=(1000, 2000))
        with_owner.make_directory("/directory", 0o1777, (3, 4))
        with_owner.write_file("/directory/plain", b"")
        with_owner.link("/link", "file")
        with_owner.set_owner("/link", 5, -1)
        with_owner.hard_link("/hard", "/file")
        with_owner.close()
        again = ScratchSystem(tmp_path / "root")
        rights = {
            path: (look.uid, look.gid, oct(look.mode))
            for path in ("/file", "/hard", "/directory", "/directory/plain", "/link")
            if (look := again.look(path))
        }
        assert rights == {
            "/file": (1000, 2000, "0o644"),
            "/hard": (1000, 2000, "0o644"),
            "/directory": (3, 4, "0o1777"),
            "/directory/plain": (0, 0, "0o644"),
            "/link": (5, 0, "0o777"),
        }
        assert (tmp_path / "root/file").stat().st_uid == os.geteuid()

    def test_the_manifest_follows_what_happens_to_a_path(self, tmp_path: Path) -> None:
        system = ScratchSystem(tmp_path / "root")
        for name in ("replaced", "removed", "moved"):
            system.write_file(f"/{name}/file", b"", owner=(7, 7), mode=0o4755)
        system.write_file("/replaced/file", b"", replace=True)
        system.remove_tree("/removed")
        system.write_file("/removed/file", b"")
        system.rename("/moved", "/there")
        looks = {path: system.look(f"/{path}/file") for path in ("replaced", "removed", "there")}
        assert {path: look and (look.uid, look.mode) for path, look in looks.items()} == {
            "replaced": (0, 0o644),
            "removed": (0, 0o644),
            "there": (7, 0o4755),
        }

    def test_no_file_of_the_tree_runs_as_its_owner(self, tmp_path: Path) -> None:
        ScratchSystem(tmp_path / "root").write_file("/file", b"", mode=0o6755)
        assert (tmp_path / "root/file").stat().st_mode & 0o7777 == 0o755

    def test_the_manifest_of_a_tree_that_is_gone_means_nothing(self, tmp_path: Path) -> None:
        system = ScratchSystem(tmp_path / "root")
        system.write_file("/file", b"", owner=(7, 7))
        system.remove_tree("/file")
        system.write_file("/file", b"", owner=(7, 7))
        system.close()
        (tmp_path / "root/file").unlink()
        again = ScratchSystem(tmp_path / "root")
        again.write_file("/other", b"")
        again.append_file("/file", b"")
        found = again.look("/file")
        assert found is not None
        assert (found.uid, found.gid) == (0, 0)

    def test_a_root_that_cannot_be_made_is_a_fault(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(FileFault, match="cannot make"):
            ScratchSystem(tmp_path / "file/root")

    def test_a_manifest_that_cannot_be_written_leaves_nothing_beside_it(self, tmp_path: Path) -> None:
        system = ScratchSystem(tmp_path / "root")
        (tmp_path / "root.rights.json").mkdir()
        with pytest.raises(FileFault, match="write the manifest"):
            system.close()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["root", "root.rights.json"]

    def test_a_broken_manifest_is_a_fault(self, tmp_path: Path) -> None:
        (tmp_path / "root.rights.json").write_text("{")
        (tmp_path / "root").mkdir()
        (tmp_path / "root/file").write_text("")
        with pytest.raises(FileFault, match="read the manifest"):
            ScratchSystem(tmp_path / "root")


def test_owners_are_set_for_real(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    system = RealSystem(tmp_path)
    system.write_file("/file", b"", owner=(1000, 2000), mode=0o4755)
    look = (tmp_path / "file").stat()
    assert (look.st_uid, look.st_gid, look.st_mode & 0o7777) == (1000, 2000, 0o4755)
