"""The files stage, killed anywhere and run again, ends in the tree that it makes when nothing disturbs it."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stoker.engine import DISTRIBUTIONS, Outcome, plan
from stoker.engine.journal import FIRST_BOOT, begin_journal, find_journal
from stoker.engine.resumption import carry_out_again
from stoker.engine.steady import record_to_come
from stoker.fetch import Embedded, NotFound, Source, messages
from stoker.schema.v3 import Config
from stoker.system import RealSystem, ScratchSystem, System
from tests.engine.crashes import everything, run_killed

NOON = 1_700_000_000.0

TREE = {
    "etc/passwd": "root:x:0:0::/root:/b\ncore:x:1000:1000::/home/core:/b\nold:x:1001:1001::/home/old:/b\n",
    "etc/shadow": "root:*:15887:0:99999:7:::\ncore:*:15887:0:99999:7:::\nold:*:15887:0:99999:7:::\n",
    "etc/group": "root:x:0:\nwheel:x:10:\ncore:x:1000:\nold:x:1001:\n",
    "etc/gshadow": "root:*::\nwheel:*::\ncore:!::\nold:!::\n",
    "etc/login.defs": "UID_MIN 1000\nGID_MIN 1000\nUSERGROUPS_ENAB yes\nHOME_MODE 0700\n",
    "etc/default/useradd": "SHELL=/bin/bash\nSKEL=/etc/skel\n",
    "etc/skel/.rc": "skeleton\n",
    "etc/motd": "old\n",
    "etc/issue": "old\n",
    "etc/.ignition-result.json": '{"provisioningDate": "before"}\n',
    "etc/systemd/system/m.service": "[Service]\n",
    "usr/lib/systemd/system/off.service": "[Install]\nWantedBy=multi-user.target\n",
    "home/core/notes": "mine\n",
    "home/old/notes": "theirs\n",
    "srv/gone/deep/file": "old\n",
    "srv/real/file": "old\n",
    "var/lib/other/file": "other\n",
}
LINKS = {
    "etc/systemd/system/multi-user.target.wants/off.service": "/usr/lib/systemd/system/off.service",
    "srv/link": "real",
    "srv/turned": "real",
}
USERS: list[dict[str, Any]] = [
    {"name": "new", "groups": ["web", "wheel"], "passwordHash": "hash", "sshAuthorizedKeys": ["key"]},
    {"name": "core", "groups": ["wheel"], "passwordHash": "", "sshAuthorizedKeys": ["one", "two"]},
    {"name": "old", "shouldExist": False},
]
CONFIG: dict[str, Any] = {
    "ignition": {"version": "3.4.0"},
    "passwd": {"groups": [{"name": "web", "gid": 800}, {"name": "ops", "passwordHash": "hash"}], "users": USERS},
    "storage": {
        "directories": [
            {"path": "/srv/gone", "overwrite": True, "mode": 0o711},
            {"path": "/srv/real", "mode": 0o700, "user": {"id": 1000}},
            {"path": "/opt/a/b", "mode": 0o1777},
        ],
        "files": [
            {"path": "/etc/motd", "append": [{"source": "data:,one%0A"}, {"source": "data:,two%0A"}]},
            {"path": "/etc/issue", "overwrite": True, "contents": {"source": "data:,new"}, "mode": 0o600},
            {"path": "/etc/both", "contents": {"source": "data:,a"}, "append": [{"source": "data:,b"}]},
            {"path": "/home/core/notes", "mode": 0o4711},
            {"path": "/opt/a/empty", "group": {"name": "wheel"}},
            {"path": "/opt/c/d/file", "contents": {"source": "data:,x"}, "user": {"name": "new"}},
            {"path": "/opt/c/d/other", "contents": {"source": "data:,y"}, "overwrite": True},
            {"path": "/srv/gone/file", "contents": {"source": "data:,z"}},
            {"path": "/srv/link/through", "contents": {"source": "data:,z"}},
            {"path": "/srv/turned/elsewhere", "contents": {"source": "data:,z"}},
        ],
        "links": [
            {"path": "/opt/link", "target": "../srv", "user": {"id": 1000}},
            {"path": "/srv/turned", "target": "/opt/a", "overwrite": True},
            {"path": "/opt/hard", "target": "/etc/motd", "hard": True},
        ],
    },
    "systemd": {
        "units": [
            {
                "name": "a.service",
                "enabled": True,
                "contents": "[Service]\n",
                "dropins": [{"name": "d.conf", "contents": ""}],
            },
            {"name": "m.service", "mask": True},
            {"name": "off.service", "enabled": False},
        ]
    },
}

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it gives files to users")


def lay(root: Path) -> None:
    """The tree before anything is done."""
    for name, text in TREE.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for name, target in LINKS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(target)
    with suppress(OSError):  # not every file system has attributes
        os.setxattr(root / "etc/motd", "user.origin", b"image")
    for name, uid in {"home/core": 1000, "home/core/notes": 1000, "home/old": 1001}.items():
        os.chown(root / name, uid, uid)


def run(root: Path, keeps_record: bool) -> Outcome:
    """The files stage, which may keep a record of what was there before."""
    config = msgspec.convert(CONFIG, Config)
    with closing(RealSystem(root, clock=lambda: NOON)) as system:
        make = partial(plan, config, system, DISTRIBUTIONS["fcos"])
        record = partial(record_to_come, config, system, DISTRIBUTIONS["fcos"], digest="digest")
        return carry_out_again(make, system, [].append, config="digest", make_record=record if keeps_record else None)


def succeed(root: Path, keeps_record: bool) -> None:
    outcome = run(root, keeps_record)
    assert outcome.succeeded, list(outcome.report)


def converge(directory: Path, seed: int) -> None:
    """Kill a run at a call that the seed chooses, run again, and compare with an undisturbed run."""
    calm, killed = directory / "calm", directory / "killed"
    lay(calm)
    lay(killed)
    keeps_record = seed % 2 == 1
    calls = run_killed(partial(succeed, calm, keeps_record))
    assert calls is not None
    at = random.Random(seed).randrange(calls)
    assert run_killed(partial(succeed, killed, keeps_record), at) is None
    with closing(RealSystem(killed)) as system:
        begun = find_journal(system) is not None
    if begun or everything(killed) != everything(calm):
        run_killed(partial(succeed, killed, keeps_record))
    assert everything(killed) == everything(calm), f"killed before call {at} of {calls}"


SMALL: dict[str, Any] = {
    "ignition": {"version": "3.4.0"},
    "storage": {
        "files": [
            {"path": "/a", "contents": {"source": "data:,a"}},
            {"path": "/etc/motd", "append": [{"source": "data:,one"}]},
            {"path": "/z/y", "contents": {"source": "http://192.0.2.1/z"}},
        ]
    },
}


class Network(Embedded):
    """Gets everything, or nothing that is not embedded."""

    def __init__(self, *, is_up: bool) -> None:
        self._is_up = is_up

    def copy_to(self, source: Source, write: Callable[[bytes], object], limit: int = 1 << 30) -> int:
        if not self._is_up:
            raise NotFound(messages.NOT_FOUND, url=source.url, reason="404 Not Found", status=404)
        return len(b"z") if write(b"z") is None else 1


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[ScratchSystem]:
    with closing(ScratchSystem(tmp_path / "root", clock=lambda: NOON)) as system:
        system.write_file("/etc/motd", b"old")
        system.make_directory("/var/lib")
        yield system


def boot(system: System, *, is_up: bool = True, config: str = "digest") -> tuple[Outcome, list[str]]:
    """A run of the small config, and its log."""
    read, log = msgspec.convert(SMALL, Config), list[str]()
    make = partial(plan, read, system, DISTRIBUTIONS["fcos"], online=True)
    return carry_out_again(make, system, log.append, Network(is_up=is_up), config=config), log


def test_a_run_that_failed_is_noticed_and_begun_again(machine: ScratchSystem) -> None:
    failed, _ = boot(machine, is_up=False)
    assert [(entry.code, entry.pointer) for entry in failed.report] == [("not-found", ("storage", "files", 2))]
    assert machine.read("/etc/motd") == b"oldone"  # people may look at what was done
    again, log = boot(machine)
    assert again.succeeded
    assert [(entry.severity, entry.code) for entry in again.report] == [("warning", "half-done")]
    assert log[0].startswith("files: an earlier run was cut off")
    assert (machine.read("/etc/motd"), machine.read("/a"), machine.read("/z/y")) == (b"oldone", b"a", b"z")
    assert machine.list("/var/lib") == []


def test_a_run_that_succeeded_leaves_no_trace(machine: ScratchSystem) -> None:
    outcome, _ = boot(machine)
    assert outcome.succeeded
    assert (machine.list("/"), machine.list("/var/lib")) == (["a", "etc", "var", "z"], [])


def test_a_run_that_had_come_to_its_end_does_nothing_more(machine: ScratchSystem) -> None:
    begin_journal(machine, [], config="digest", reading=FIRST_BOOT).finish()
    outcome, _ = boot(machine)
    assert outcome.succeeded
    assert outcome.events == []
    assert machine.look("/a") is None
    begin_journal(machine, [], config="of another config", reading=FIRST_BOOT).finish()
    assert boot(machine)[0].succeeded
    assert machine.read("/a") == b"a"


def test_a_journal_that_cannot_be_read_stops_the_boot(machine: ScratchSystem) -> None:
    machine.write_file("/var/lib/.stoker-journal", b"{}\n")
    outcome, _ = boot(machine)
    assert [entry.code for entry in outcome.report] == ["broken-journal"]
    assert machine.look("/a") is None


def test_a_boot_goes_on_where_no_journal_can_be_kept(machine: ScratchSystem) -> None:
    machine.remove_tree("/var/lib")
    machine.write_file("/var/lib", b"a file")
    outcome, _ = boot(machine)
    assert outcome.succeeded
    assert [(entry.severity, entry.code) for entry in outcome.report] == [("warning", "no-journal")]
    assert machine.read("/a") == b"a"


def test_a_tree_without_var_keeps_its_journal_at_the_top(tmp_path: Path) -> None:
    with closing(ScratchSystem(tmp_path / "root")) as system:
        assert not boot(system, is_up=False)[0].succeeded
        assert ".stoker-journal" in system.list("/")
        assert boot(system)[0].succeeded
        assert system.list("/") == ["a", "etc", "z"]


@ROOT
@pytest.mark.parametrize("seed", range(20))
def test_killed_and_run_again(tmp_path: Path, seed: int) -> None:
    converge(tmp_path, seed)


@ROOT
@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20, 220))
def test_killed_and_run_again_more_often(tmp_path: Path, seed: int) -> None:
    converge(tmp_path, seed)
