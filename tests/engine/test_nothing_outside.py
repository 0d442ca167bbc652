"""Configs and trees that try to lead out of the root: by links, by `..`, by names. Nothing outside ever changes.

Each trick ends inside the root, at the path where a chroot would have put it, or it is refused by one error that says
which part of the config is to blame.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stoker.engine import DISTRIBUTIONS, Outcome, plan
from stoker.engine.change import change
from stoker.engine.resumption import carry_out_again
from stoker.fetch import Embedded, Source
from stoker.schema.v3 import Config
from stoker.system import RealSystem, ScratchSystem, System

NOON = 1_700_000_000.0
Values = dict[str, Any]

OUT = "../outside"
UP = "../" * 12 + "outside"
UNITS = "etc/systemd/system"
PRESETS = "etc/systemd/system-preset"
RECORDS = (".stoker-journal", ".ignition-result.json")  # what no part of a config asks for
KEYS = ".ssh/authorized_keys.d/ignition"
ANYBODY = {"name": "core", "sshAuthorizedKeys": ["key"]}


def files(*paths: str, **more: Any) -> Values:
    rows = [{"path": path, "contents": {"source": "data:,new"}, **more} for path in paths]
    return {"storage": {"files": rows}}


def kept(path: str, **more: Any) -> Values:
    return {"storage": {"files": [{"path": path, **more}]}}


def directory(path: str, **more: Any) -> Values:
    return {"storage": {"directories": [{"path": path, **more}]}}


def link(path: str, target: str, **more: Any) -> Values:
    return {"storage": {"links": [{"path": path, "target": target, **more}]}}


def hard(path: str, target: str, **more: Any) -> Values:
    return link(path, target, hard=True, **more)


def user(**more: Any) -> Values:
    return {"passwd": {"users": [{"name": "new", **more}]}}


def unit(name: str = "a.service", **more: Any) -> Values:
    return {"systemd": {"units": [{"name": name, **more}]}}


APPEND = [{"source": "data:,new"}]
DROPIN = [{"name": "d.conf", "contents": "new"}]
HOME = {"home/core": f"../{OUT}/home"}
OTHERS = {"etc/passwd": "root:x:0:0::/root:/b\ncore:x:1000:1000::/../outside/home:/b\n"}

# id -> (links and files of the tree, a config, a path in the root where it ends; None when it is refused)
TRICKS: dict[str, tuple[Mapping[str, str], Values, str | None]] = {
    # `..` in the path of the config
    "file above the root": ({}, files("/../outside/file"), "outside/file"),
    "file far above the root": ({}, files(f"/{UP}/file"), "outside/file"),
    "file through nothing": ({}, files("/none/../../outside/file"), "outside/file"),
    "file at dots": ({}, files("/etc/.."), None),
    "file at the root": ({}, files("/"), None),
    "append above the root": ({}, kept("/../outside/file", append=APPEND), "outside/file"),
    "mode above the root": ({}, kept("/../outside/file", mode=0o777), "outside/file"),
    "directory above the root": ({}, directory("/../outside/new"), "outside/new"),
    "directory overwritten above the root": ({}, directory("/../outside", overwrite=True), "outside"),
    "root overwritten": ({}, directory("/", overwrite=True), None),
    "root overwritten by dots": ({}, directory("/etc/../..", overwrite=True), None),
    "link above the root": ({}, link("/../outside/new", "x"), "outside/new"),
    "hard link to above the root": ({}, hard("/new", "/../outside/file"), None),
    "hard link above the root": ({}, hard("/../outside/new", "/etc/file"), "outside/new"),
    # A link in the parents
    "file through a link": ({"link": OUT}, files("/link/file"), "outside/file"),
    "file through a link by its full path": ({"link": "OUTSIDE"}, files("/link/file"), "OUTSIDE/file"),
    "file through a link far up": ({"link": UP}, files("/link/file"), "outside/file"),
    "file through links to links": ({"a": "/b", "b": "c", "c": OUT}, files("/a/file"), "outside/file"),
    "file through a link and dots": ({"etc/link": f"../{OUT}/home"}, files("/etc/link/../file"), "outside/file"),
    "file through a loop": ({"a": "/b", "b": "/a"}, files("/a/file"), None),
    "file below a link to a file": ({"link": f"{OUT}/file"}, files("/link/x"), "outside/file/x"),
    "overwritten through a link": ({"link": OUT}, files("/link/file", overwrite=True), "outside/file"),
    "append through a link": ({"link": OUT}, kept("/link/file", append=APPEND), "outside/file"),
    "owner through a link": ({"link": OUT}, kept("/link/file", user={"id": 0}), "outside/file"),
    "directory through a link": ({"link": OUT}, directory("/link/new"), "outside/new"),
    "directory overwritten through a link": ({"link": OUT}, directory("/link/home", overwrite=True), "outside/home"),
    "link through a link": ({"link": OUT}, link("/link/new", "x"), "outside/new"),
    "hard link through a link": ({"link": OUT}, hard("/link/new", "/etc/file"), "outside/new"),
    "hard link to a file through a link": ({"link": OUT}, hard("/new", "/link/file"), None),
    # A link as the last component
    "file over a link": ({"link": f"{OUT}/file"}, files("/link"), None),
    "file overwrites a link": ({"link": f"{OUT}/file"}, files("/link", overwrite=True), "link"),
    "file over a dangling link": ({"link": f"{OUT}/none"}, files("/link"), None),
    "append to a link": ({"link": f"{OUT}/file"}, kept("/link", append=APPEND), None),
    "mode of a link": ({"link": f"{OUT}/file"}, kept("/link", mode=0o777), None),
    "directory over a link": ({"link": OUT}, directory("/link", mode=0o777), None),
    "directory overwrites a link": ({"link": OUT}, directory("/link", overwrite=True), "link"),
    "link over a link": ({"link": OUT}, link("/link", "x"), None),
    "link overwrites a link": ({"link": OUT}, link("/link", "x", overwrite=True), "link"),
    "hard link to a link": ({"link": f"{OUT}/file"}, hard("/new", "/link"), "new"),
    "directory with links overwritten": ({"etc/d/a": f"../../{OUT}"}, directory("/etc/d", overwrite=True), "etc/d"),
    # A link that the config itself makes
    "through a link of its own": ({}, {"storage": {**link("/l", OUT)["storage"], **files("/l/file")["storage"]}}, "l"),
    # Accounts
    "home is a link": (HOME, {"passwd": {"users": [ANYBODY]}}, None),
    "keys in a link": ({"home/core/.ssh": f"../../{OUT}"}, {"passwd": {"users": [ANYBODY]}}, None),
    "keys in a link to a directory": (
        {"home/core/.ssh/authorized_keys.d": f"../../../{OUT}"},
        {"passwd": {"users": [ANYBODY]}},
        None,
    ),
    "keys are a link": (
        {f"home/core/{KEYS}": f"../../../../{OUT}/file"},
        {"passwd": {"users": [ANYBODY]}},
        f"home/core/{KEYS}",
    ),
    "home outside": (OTHERS, {"passwd": {"users": [ANYBODY]}}, None),
    "new home through a link": ({"link": OUT}, user(homeDir="/link/new"), "outside/new"),
    "new home above the root": ({}, user(homeDir="/../outside/new"), "outside/new"),
    "homes are a link": ({"home": OUT}, user(), "outside/new"),
    "skeleton is a link": ({"etc/skel": f"../{OUT}"}, user(), "home/new"),
    "skeleton holds a link": ({"etc/skel/x": f"../../{OUT}/file"}, user(), "home/new/x"),
    "name with dots": ({}, {"passwd": {"users": [{"name": "../../outside/new"}]}}, None),
    "group with dots": ({}, {"passwd": {"groups": [{"name": "../x"}]}}, None),
    "user removed, its home outside": (OTHERS, {"passwd": {"users": [{"name": "core", "shouldExist": False}]}}, "etc"),
    "user removed, its home a link": (HOME, {"passwd": {"users": [{"name": "core", "shouldExist": False}]}}, "etc"),
    "accounts are links": ({"etc/passwd": f"../{OUT}/passwd"}, user(), "outside/passwd"),
    "lock is a link": ({"etc/.pwd.lock": f"../{OUT}/file"}, user(), None),
    # Units
    "units are a link": ({UNITS: f"../../{OUT}"}, unit(contents="new"), "outside/a.service"),
    "drop-ins are a link": ({f"{UNITS}/a.service.d": f"../../../{OUT}"}, unit(dropins=DROPIN), "outside/d.conf"),
    "unit is a link": ({f"{UNITS}/a.service": f"../../../{OUT}/file"}, unit(contents="new"), f"{UNITS}/a.service"),
    "unit masked where a link is": ({f"{UNITS}/a.service": f"../../../{OUT}"}, unit(mask=True), f"{UNITS}/a.service"),
    "unit with dots": ({}, unit("../../../../outside/a.service", contents="new"), None),
    "drop-in with dots": ({}, unit(dropins=[{"name": "../../../../../outside/x", "contents": "new"}]), None),
    "drop-in that is dots": ({}, unit(dropins=[{"name": "..", "contents": "new"}]), None),
    "presets are a link": ({PRESETS: f"../../{OUT}"}, unit(enabled=True), "outside/20-ignition.preset"),
    "preset is a link": ({f"{PRESETS}/20-ignition.preset": f"../../../{OUT}/file"}, unit(enabled=True), None),
    # The records that are left
    "result is a link": ({"etc/.ignition-result.json": f"../{OUT}/file"}, files("/new"), None),
    "journal's place is a link": ({"var/lib": f"../{OUT}"}, files("/new"), "new"),
    "journal is a link": ({"var/lib/.stoker-journal": f"../../{OUT}/file"}, files("/new"), None),
}


def snapshot(directory: Path) -> dict[str, tuple[object, ...]]:
    found: dict[str, tuple[object, ...]] = {}
    for path in [directory, *sorted(directory.rglob("*"))]:
        look = path.lstat()
        found[str(path)] = (look.st_mode, look.st_uid, look.st_gid, look.st_ino, look.st_nlink, look.st_mtime_ns)
    return found


def lay(directory: Path, tree: Mapping[str, str]) -> Path:
    """The root and what is outside of it, with the same names inside the root where a chroot would find them."""
    root = directory / "root"
    for place in (directory / "outside", root / "etc", root / "var/lib"):
        place.mkdir(parents=True)
    for name in ("file", "home/file", "passwd"):
        (directory / "outside" / name).parent.mkdir(exist_ok=True)
        (directory / "outside" / name).write_text("old\n")
    texts = {
        "etc/passwd": "root:x:0:0::/root:/b\ncore:x:1000:1000::/home/core:/b\n",
        "etc/group": "root:x:0:\ncore:x:1000:\n",
        "etc/login.defs": "UID_MIN 1000\nGID_MIN 1000\nUSERGROUPS_ENAB yes\n",
        "etc/default/useradd": "SKEL=/etc/skel\n",
        "etc/file": "old\n",
    }
    for name, text in texts.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    for name, text in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name == "var/lib":
            path.rmdir()
        elif name in texts:
            path.unlink()
        if text.count("\n"):
            path.write_text(text)
        else:
            path.symlink_to(text.replace("OUTSIDE", str(directory / "outside")))
    if not any(name.startswith("home") for name in tree):
        (root / "home/core").mkdir(parents=True)
    return root


@contextmanager
def opened(kind: type[RealSystem | ScratchSystem], root: Path) -> Iterator[System]:
    system = kind(root, clock=lambda: NOON)
    try:
        yield system
    finally:
        system.close()


def read(written: Values) -> Config:
    return msgspec.convert({"ignition": {"version": "3.4.0"}, **written}, Config)


def boot(config: Config, system: System) -> Outcome:
    """The reading of first boot."""
    make_plan = partial(plan, config, system, DISTRIBUTIONS["fcos"])
    return carry_out_again(make_plan, system, [].append, config="digest")


def settle(config: Config, system: System) -> Outcome:
    """The steady reading."""
    return change(config, system, DISTRIBUTIONS["fcos"], [].append, digest="digest")


@pytest.mark.parametrize("kind", [RealSystem, ScratchSystem])
@pytest.mark.parametrize(("tree", "written", "end"), TRICKS.values(), ids=TRICKS)
def test_nothing_outside_changes(
    tmp_path: Path, kind: type[RealSystem | ScratchSystem], tree: Mapping[str, str], written: Values, end: str | None
) -> None:
    if kind is RealSystem and os.geteuid() != 0:
        pytest.skip("only root gives files away")
    root = lay(tmp_path, tree)
    before = snapshot(tmp_path / "outside")
    with opened(kind, root) as system:
        outcome = boot(read(written), system)
    errors = [entry for entry in outcome.report if entry.is_error]
    assert len(errors) == (end is None), errors
    assert all(entry.pointer for entry in errors if not any(name in entry.message for name in RECORDS))
    if end is not None:
        assert os.path.lexists(root / end.replace("OUTSIDE", str(tmp_path / "outside")[1:]))
    assert snapshot(tmp_path / "outside") == before
    assert {path.name for path in tmp_path.iterdir()} - {"root.rights.json"} == {"outside", "root"}


@pytest.mark.parametrize("kind", [RealSystem, ScratchSystem])
@pytest.mark.parametrize(("tree", "written"), [row[:2] for row in TRICKS.values()], ids=TRICKS)
def test_nor_on_a_machine_that_runs(
    tmp_path: Path, kind: type[RealSystem | ScratchSystem], tree: Mapping[str, str], written: Values
) -> None:
    if kind is RealSystem and os.geteuid() != 0:
        pytest.skip("only root gives files away")
    root = lay(tmp_path, tree)
    before = snapshot(tmp_path / "outside")
    with opened(kind, root) as system:
        settle(read(written), system)
    assert snapshot(tmp_path / "outside") == before
    assert {path.name for path in tmp_path.iterdir()} - {"root.rights.json"} == {"outside", "root"}


class Swapping(Embedded):
    """Gets contents, and meanwhile somebody puts a link to the outside in the place of a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, source: Source, limit: int = 1 << 20) -> bytes:
        if not self._directory.is_symlink():
            self._directory.rename(self._directory.with_name("moved"))
            self._directory.symlink_to("../outside")
        return super().read(source, limit)


def test_a_link_that_comes_meanwhile_leads_nowhere(tmp_path: Path) -> None:
    root = lay(tmp_path, {})
    (root / "data").mkdir()
    before = snapshot(tmp_path / "outside")
    with opened(ScratchSystem, root) as system:
        config = read(files("/data/one", "/data/file"))
        make_plan = partial(plan, config, system, DISTRIBUTIONS["fcos"])
        carry_out_again(make_plan, system, [].append, Swapping(root / "data"), config="digest")
    assert snapshot(tmp_path / "outside") == before
