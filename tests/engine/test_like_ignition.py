"""Beside Ignition itself: random configs carried out by both on equal trees end in equal trees, or both refuse.

Runs where Ignition is installed (Debian's package keeps it among dracut's modules) and the tests run as root. What
differs between its versions is not asked: presets of several units, group passwords by default, templates.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest

from stoker.engine import DISTRIBUTIONS, plan
from stoker.engine.resumption import carry_out_again
from stoker.schema.v3 import Config
from stoker.system import RealSystem

Values = dict[str, Any]

DRACUT = "/usr/lib/dracut/modules.d/30ignition/ignition"
IGNITION = os.environ.get("IGNITION") or shutil.which("ignition") or shutil.which(DRACUT)
EPOCH = 1_000_000_000
PATHS = [
    "/a",
    "/a/c",
    "/a/d",
    "/b",
    "/b/e/f",
    "/b/e/g",
    "/h",
    "/i",
    "/l/x",
    "/l/y",
    "/home/core/notes",
    "/home/test/.rc",
]

TREE = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\ncore:x:1000:1000::/home/core:/bin/bash\n",
    "etc/shadow": "root:*:15887:0:99999:7:::\ncore:*:15887:0:99999:7:::\n",
    "etc/group": "root:x:0:\nwheel:x:10:core\nusers:x:100:\ndocker:x:233:\ncore:x:1000:\n",
    "etc/gshadow": "root:*::\nwheel:*::core\nusers:*::\ndocker:*::\ncore:!::\n",
    "etc/login.defs": "UID_MIN 1000\nGID_MIN 1000\nUSERGROUPS_ENAB yes\nHOME_MODE 0700\nPASS_MAX_DAYS 99999\n",
    "etc/default/useradd": "SHELL=/bin/bash\nSKEL=/etc/skel\n",
    "etc/skel/.rc": "skeleton\n",
    "etc/selinux/config": "SELINUX=enforcing\nSELINUXTYPE=targeted\n",
    "etc/selinux/targeted/contexts/files/file_contexts": "",
    "home/core/notes": "mine\n",
}


def some(dice: random.Random, values: dict[str, list[Any]]) -> Values:
    """One of the values for each key; None leaves the key out."""
    chosen = {key: dice.choice(options) for key, options in values.items()}
    return {key: value for key, value in chosen.items() if value is not None}


def node(dice: random.Random, path: str) -> tuple[str, Values]:
    """An entry at a path: a list of the config and a row of it."""
    owner = some(dice, {"user": [None, None, {"id": 5}, {"name": "core"}], "group": [None, {"name": "wheel"}]})
    kind = dice.choice(["files", "files", "directories", "links"])
    row: Values = {"path": path, **owner}
    if kind == "links":
        target = dice.choice(["/h", "/b", "/a/c", "i", "../x"])
        return kind, row | {"target": target, "hard": target.startswith("/") and dice.random() < 0.4}
    row |= some(dice, {"mode": [None, 0o600, 0o711, 0]})
    if kind == "files":
        row |= some(dice, {"append": [None, [{"source": "data:,+1"}, {"source": "data:;base64,KzI="}]]})
        if dice.random() < 0.7:
            row |= {"contents": {"source": dice.choice(["data:,one", ""])}, "overwrite": dice.random() < 0.4}
    elif dice.random() < 0.25:
        row["overwrite"] = True
    return kind, row


def make_valid(storage: dict[str, list[Values]]) -> None:
    """Leave out what lies below a link of the same config, and hard links to its directories: both refuse them."""
    links = tuple(f"{row['path']}/" for row in storage["links"])
    directories = {row["path"] for row in storage["directories"]}
    for rows in storage.values():
        rows[:] = [row for row in rows if not row["path"].startswith(links)]
    for row in storage["links"]:
        row["hard"] = row["hard"] and row["target"] not in directories


def config(dice: random.Random) -> Values:
    """A config of a few entries, accounts and units."""
    storage: dict[str, list[Values]] = {"files": [], "directories": [], "links": []}
    for path in dice.sample(PATHS, dice.randint(0, 3)):
        kind, row = node(dice, path)
        storage[kind].append(row)
    make_valid(storage)
    user = {
        "uid": [None, None, 1500, 1000],
        "gecos": [None, "A Test"],
        "passwordHash": [None, "", "hash"],
        "groups": [None, ["wheel"], ["web"]],
        "sshAuthorizedKeys": [None, ["one", "two"]],
        "shell": [None, "/bin/zsh"],
        "system": [None, True],
        "noUserGroup": [None, True],
        "noCreateHome": [None, None, True],
        "homeDir": [None, "/srv/test"],
    }
    core = {"groups": [None, ["docker"]], "passwordHash": [None, "", "new"], "shouldExist": [None, None, None, False]}
    unit = {"contents": [None, "", "[Service]\nExecStart=/bin/true\n"], "mask": [None, None, True, False]}
    users = [
        *([{"name": "test", **some(dice, user)}] if dice.random() < 0.4 else []),
        *([{"name": "core", **some(dice, core)}] if dice.random() < 0.3 else []),
    ]
    groups = [{"name": "web", "passwordHash": "hash", **some(dice, {"gid": [None, 800, 10]})}]
    dropins = [{"name": "d.conf", "contents": dice.choice(["", "[Unit]\n"])}]
    return {
        "ignition": {"version": "3.3.0"},
        "storage": storage,
        "passwd": {"users": users, "groups": groups if dice.random() < 0.5 else []},
        "systemd": {
            "units": [
                {"name": "a.service", "enabled": True, "dropins": dropins, **some(dice, unit)},
                {"name": "m.service", **some(dice, unit)},
            ]
        },
    }


def lay(root: Path, dice: random.Random) -> None:
    """Lay the tree, and at times something in the way of the config."""
    for name, text in TREE.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    os.chown(root / "home/core", 1000, 1000)
    (root / "real").mkdir()
    (root / "l").symlink_to("/real")
    (root / "etc/systemd/system").mkdir(parents=True)
    (root / "etc/systemd/system/m.service").symlink_to("/dev/null")
    way = dice.choice(["a/c", "i", "a", "", "", ""])
    if way:
        (root / way).parent.mkdir(exist_ok=True)
        (root / way).write_text("old")


def snapshot(root: Path) -> dict[str, tuple[object, ...]]:
    """Every path with mode, owner, attributes, bytes and how many names it has.

    Locks, copies and the record of the run are left out.
    """
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if not name.endswith(("-", ".lock", ".ignition-result.json")):
            look = path.lstat()
            text = str(path.readlink()) if path.is_symlink() else path.read_text() if path.is_file() else ""
            names = os.listxattr(path, follow_symlinks=False)
            attributes = {name: os.getxattr(path, name, follow_symlinks=False) for name in names}
            names_of_it = path.is_dir() or look.st_nlink
            found[name] = (oct(look.st_mode), look.st_uid, look.st_gid, text, names_of_it, attributes)
    return found


def run_ignition(program: str, work: Path, root: Path) -> list[int]:
    """Status of its stages `fetch` and `files`."""
    setfiles = work / "setfiles"
    setfiles.write_text("#!/bin/sh\ncat >/dev/null\n")
    setfiles.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{work}:{os.environ['PATH']}",
        "IGNITION_CONFIG_FILE": str(work / "config.ign"),
        "IGNITION_SYSTEM_CONFIG_DIR": str(work / "none"),
        "IGNITION_KERNEL_CMDLINE_PATH": "/dev/null",
        "SOURCE_DATE_EPOCH": str(EPOCH),
    }
    paths = {"config-cache": "cache", "state-file": "state", "neednet": "neednet"}
    options = [f"-{option}={work / f'{root.name}-{name}'}" for option, name in paths.items()]
    status = []
    for stage in ("fetch", "files"):
        command = [program, "-platform=file", f"-stage={stage}", f"-root={root}", "-log-to-stdout", *options]
        status.append(subprocess.run(command, env=environment, capture_output=True, cwd=work, check=False).returncode)
    return status


@pytest.fixture
def work() -> Iterator[Path]:
    """A directory that users of the tree may enter: Ignition writes their keys as themselves."""
    with TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


def compare(work: Path, seed: int) -> None:
    """Carry out the config of a seed with both."""
    written = config(random.Random(seed))
    (work / "config.ign").write_text(json.dumps(written))
    ours, theirs = work / "ours", work / "theirs"
    for root in (ours, theirs):
        lay(root, random.Random(seed))
    fetched, done = run_ignition(str(IGNITION), work, theirs)
    assert fetched == 0, "the config is valid"
    system = RealSystem(ours, clock=lambda: EPOCH)
    make_plan = partial(plan, msgspec.convert(written, Config), system, DISTRIBUTIONS["fcos"])
    outcome = carry_out_again(make_plan, system, [].append, config="")
    system.close()
    assert outcome.succeeded == (done == 0), list(outcome.report)
    if outcome.succeeded:
        assert snapshot(ours) == snapshot(theirs)


@pytest.mark.skipif(not IGNITION, reason="Ignition is not installed")
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("seed", range(100, 112))
def test_stages_like_ignition(work: Path, seed: int) -> None:
    """The same commands under the same name, accounts by the same tools."""
    (work / "config.ign").write_text(json.dumps(config(random.Random(seed))))
    ours, theirs = work / "ours", work / "theirs"
    for root in (ours, theirs):
        lay(root, random.Random(seed))
    (work / "ignition").symlink_to(Path(sys.executable).parent / "stoker")
    status = run_ignition(str(work / "ignition"), work, ours)
    assert status == run_ignition(str(IGNITION), work, theirs)
    if not any(status):
        assert snapshot(ours) == snapshot(theirs)


@pytest.mark.skipif(not IGNITION, reason="Ignition is not installed")
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("seed", range(20))
def test_like_ignition(work: Path, seed: int) -> None:
    compare(work, seed)


@pytest.mark.soak
@pytest.mark.skipif(not IGNITION, reason="Ignition is not installed")
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("seed", range(20, 120))
def test_like_ignition_more_often(work: Path, seed: int) -> None:
    compare(work, seed)
