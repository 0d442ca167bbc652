"""Stages in this process: what the journal and the platform are told, and what a test cannot wait for outside."""

from __future__ import annotations

import hashlib
import json
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stoker.engine.first_boot import Boot, Ending, Log, Places, run_stage
from stoker.engine.first_boot.state import State
from stoker.engine.first_boot.surroundings import surroundings_of
from stoker.report import Level, Line
from stoker.system.log_sockets import Journal
from tests.engine.boots import embedded
from tests.platforms.doubles import World


class Booting:
    """A boot with a journal of the test's own; the log is kept with its levels."""

    def __init__(self, directory: Path) -> None:
        self.world = World(directory)
        self.root = directory / "new"
        self.root.mkdir()
        self.lines: list[tuple[Level, str]] = []
        self.ending = Ending()
        self.entries: list[dict[str, str]] = []
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._listener.bind(str(directory / "journal"))
        self._listener.setblocking(False)
        self.journal = Journal(str(directory / "journal"))
        self._places = Places(str(self.root), *(str(directory / name) for name in ("cache", "neednet", "state")))

    def close(self) -> None:
        self.journal.close()
        self._listener.close()

    def configure(self, config: dict[str, Any]) -> None:
        self.world.write("/run/config.ign", json.dumps({"ignition": {"version": "3.4.0"}} | config).encode())

    def run(self, *stages: str, kind: type[Boot] = Boot) -> str:
        """Run stages; the error of the last."""
        environment = {"IGNITION_SELINUX_RELABEL": "false", "IGNITION_USERMOD_CMD": "true"}
        log = Log(lambda level, text: self.lines.append((level, text)))
        boot = kind("file", self._places, 1.0, self.world.machine, surroundings_of(environment), log, self.journal, 0.0)
        for stage in stages:
            self.ending = run_stage(stage, boot)
        while True:
            try:
                text = self._listener.recv(1 << 16).decode()
            except BlockingIOError:
                return self.ending.error
            self.entries.append(dict(line.split("=", 1) for line in text.splitlines()))


@pytest.fixture
def booting(tmp_path: Path) -> Iterator[Booting]:
    with closing(Booting(tmp_path)) as found:
        yield found


def test_the_journal_knows_which_configs_were_found(booting: Booting) -> None:
    named = {"source": embedded('{"ignition": {"version": "3.0.0"}}')}
    booting.configure({"ignition": {"version": "3.4.0", "config": {"merge": [named]}}})
    assert booting.run("fetch") == ""
    assert [entry["MESSAGE"] for entry in booting.entries] == [
        'fetched base config from "system"',
        'fetched user config from "file"',
        'fetched referenced user config from ""',
    ]
    assert booting.entries[1] == {
        "MESSAGE": 'fetched user config from "file"',
        "PRIORITY": "6",
        "MESSAGE_ID": "57124006b5c94805b77ce473e92a8aeb",
        "IGNITION_CONFIG_TYPE": "user",
        "IGNITION_CONFIG_SRC": "file",
        "IGNITION_CONFIG_REFERENCED": "false",
    }
    assert booting.entries[2]["IGNITION_CONFIG_REFERENCED"] == "true"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_the_journal_knows_who_can_log_in(booting: Booting) -> None:
    (booting.root / "etc").mkdir()
    (booting.root / "home/core").mkdir(parents=True)
    (booting.root / "etc/passwd").write_text("core:x:1000:1000::/home/core:/bin/sh\n")
    booting.configure({"passwd": {"users": [{"name": "core", "sshAuthorizedKeys": ["one"]}]}})
    assert booting.run("fetch", "files") == ""
    assert booting.entries[-1] == {
        "MESSAGE": "wrote ssh authorized keys file for user: core",
        "PRIORITY": "6",
        "MESSAGE_ID": "225067b87bbd4a0cb6ab151f82fa364b",
        "IGNITION_USER_NAME": "core",
        "IGNITION_PATH": f"{booting.root}/home/core/.ssh/authorized_keys.d/ignition",
    }


def test_events_tell_which_config_asked_for_what(booting: Booting) -> None:
    """Each has the digest of the config as it was fetched, and the pointer into that one."""
    files = [{"path": path, "contents": {"source": "data:,x"}} for path in ("/one", "/two")]
    other = json.dumps({"ignition": {"version": "3.0.0"}, "storage": {"files": files[1:]}})
    named = {"merge": [{"source": embedded(other)}]}
    booting.configure({"ignition": {"version": "3.4.0", "config": named}, "storage": {"files": files[:1]}})
    assert booting.run("fetch", "files") == ""
    assert booting.ending.outcome is not None
    own = (booting.world.root / "run/config.ign").read_bytes()
    digests = {hashlib.sha512(text).hexdigest(): name for text, name in ((own, "own"), (other.encode(), "other"))}
    assert [(digests.get(event.digest, ""), event.pointer) for event in booting.ending.outcome.events] == [
        ("own", ("storage", "files", 0)),
        ("other", ("storage", "files", 0)),
        ("", ()),
    ]


def test_a_device_that_never_comes(booting: Booting) -> None:
    booting.configure({"storage": {"disks": [{"device": "/dev/none", "partitions": [{"number": 1}]}]}})
    reason = 'failed to wait on disks devs: there is no block device "/dev/none"'
    assert booting.run("fetch", "disks") == reason
    assert (Level.CRITICAL, f"error at $.storage.disks.0.device: {reason}") in booting.lines
    assert (Level.ERROR, "hint: check the path on the machine itself: `ls -l /dev/disk/by-*`") in booting.lines


def test_what_was_never_mounted_need_not_be_unmounted(booting: Booting) -> None:
    booting.configure({"storage": {"filesystems": [{"device": "/dev/none", "format": "ext4", "path": "/a"}]}})
    assert "no block device" in booting.run("fetch", "disks")
    assert booting.run("umount") == ""


KEYS = {"root": b"\0secret\n", "data": b"other"}


def test_keys_of_volumes_go_through_the_state() -> None:
    state = State()
    state.note_keys(KEYS)
    assert state.keys() == KEYS
    state.note_keys({})
    assert (state.luks_persist_key_files, state.keys()) == (None, {})


# what is logged, and the lines that come of it
LOGGED: dict[str, tuple[list[str], list[tuple[Level, str]]]] = {
    "plain": (["one"], [(Level.INFO, "one")]),
    "with its level": ([Line("one", Level.WARNING)], [(Level.WARNING, "one")]),
    "in an operation": (
        [Line("op(1): [started]  x", label="op(1): "), "GET", "op(1): [finished] x", "GET"],
        [
            (Level.INFO, "op(1): [started]  x"),
            (Level.INFO, "op(1): GET"),
            (Level.INFO, "op(1): [finished] x"),
            (Level.INFO, "GET"),
        ],
    ),
}


@pytest.mark.parametrize(("said", "expected"), LOGGED.values(), ids=LOGGED)
def test_lines_say_where_the_work_stands(said: list[str], expected: list[tuple[Level, str]]) -> None:
    lines: list[tuple[Level, str]] = []
    log = Log(lambda level, text: lines.append((level, str(text))))
    for line in said:
        (log.inform if line == "GET" else log)(line)
    assert lines == expected


class Mistaken(Boot):
    """A boot in which something is wrong with the program itself."""

    def open_system(self, *_: Any) -> Any:
        raise LookupError("nobody thought of it")


@pytest.mark.parametrize("stage", ["disks", "files"])
def test_a_mistake_of_the_program_fails_the_stage_and_is_told(booting: Booting, tmp_path: Path, stage: str) -> None:
    booting.configure({"storage": {"files": [{"path": "/a"}]}})
    reason = "a mistake in stoker itself: LookupError: nobody thought of it"
    assert booting.run("fetch", stage, kind=Mistaken) == reason
    assert any("in open_system" in text for level, text in booting.lines if level is Level.ERROR)
    record = json.loads((tmp_path / "state.reports/failure.json").read_text())
    assert (record["stage"], record["reason"]) == (stage, reason)
