"""A change of a machine: what each part of the config comes to, confirmed, undone, cut off, refused."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stoker.engine import DISTRIBUTIONS, Outcome
from stoker.engine.change import change, confirm, undo
from stoker.engine.journal import STEADY, begin_journal, find_journal
from stoker.engine.operations.files import MakeDirectory, WriteFile
from stoker.engine.originals import Originals
from stoker.engine.steady import plan_steady
from stoker.fetch import Source
from stoker.schema.v3 import Config
from stoker.system import RealSystem, ScratchSystem, System
from tests.engine.crashes import everything, run_killed
from tests.engine.test_resumption import LINKS, ROOT, TREE, lay

NOON = 1_700_000_000.0
Values = dict[str, Any]


def make(system: System, written: Values, name: str = "") -> Outcome:
    """Change a machine; the digest is a name of the config."""
    config = msgspec.convert({"ignition": {"version": "3.4.0"}, **written}, Config)
    return change(config, system, DISTRIBUTIONS["fcos"], [].append, digest=name or str(written))


def files(*rows: Values) -> Values:
    return {"storage": {"files": list(rows)}}


def file(path: str, text: str = "", **more: Any) -> Values:
    return {"path": path, "contents": {"source": f"data:,{text}"}, **more}


def unit(**more: Any) -> Values:
    return {"systemd": {"units": [{"name": "a.service", **more}]}}


def user(**more: Any) -> Values:
    return {"passwd": {"users": [{"name": "core", **more}]}}


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[ScratchSystem]:
    """A small machine."""
    with closing(ScratchSystem(tmp_path / "root", clock=lambda: NOON)) as system:
        for path, text in TREE.items():
            system.write_file(f"/{path}", text.encode())
        for path, target in LINKS.items():
            system.link(f"/{path}", target)
        yield system


def state(system: System, path: str) -> str:
    """What is at a path, in a word or two."""
    found = system.look(path)
    if found is None:
        return "nothing"
    if found.kind == "link":
        return f"-> {system.read_link(path)}"
    text = "" if found.kind == "directory" else system.read(path).decode().replace("\n", "|")
    return f"{found.mode:o} {found.uid}:{found.gid} {text}".strip()


LINK_ELSEWHERE = {"path": "/l", "target": "/srv/other"}
WANTS = "/etc/systemd/system/multi-user.target.wants"
INSTALL = "[Install]\nWantedBy=multi-user.target\n"
MOTD = {"path": "/etc/motd", "append": [{"source": "data:,one%0A"}]}

# id -> (configs, each made and confirmed in turn; a path; what is there after each of them)
STEPS: dict[str, tuple[list[Values], str, list[str]]] = {
    "contents change": ([files(file("/a", "1")), files(file("/a", "2"))], "/a", ["644 0:0 1", "644 0:0 2"]),
    "mode and owner fall back": (
        [files(file("/a", mode=0o600, user={"id": 7})), files(file("/a"))],
        "/a",
        ["600 7:0", "644 0:0"],
    ),
    "dropped": ([files(file("/a", "1")), {}], "/a", ["644 0:0 1", "nothing"]),
    "dropped with its directory": ([files(file("/new/b", "1")), {}], "/new", ["755 0:0", "nothing"]),
    "dropped from a directory that stays": ([files(file("/etc/b", "1")), {}], "/etc", ["755 0:0", "755 0:0"]),
    "overwritten, then dropped": (
        [files(file("/etc/issue", "1", overwrite=True, mode=0o600)), {}],
        "/etc/issue",
        ["600 0:0 1", "644 0:0 old|"],
    ),
    "appended once": ([files(MOTD), files(MOTD, file("/x"))], "/etc/motd", ["644 0:0 old|one|"] * 2),
    "append changes": (
        [files(MOTD), files({"path": "/etc/motd", "append": [{"source": "data:,two"}]}), {}],
        "/etc/motd",
        ["644 0:0 old|one|", "644 0:0 old|two", "644 0:0 old|"],
    ),
    "kept with a mode": (
        [files({"path": "/etc/motd", "mode": 0o600}), {}],
        "/etc/motd",
        ["600 0:0 old|", "644 0:0 old|"],
    ),
    "file becomes directory": (
        [files(file("/a", "1")), files(file("/a/b", "2")), files(file("/a", "3"))],
        "/a",
        ["644 0:0 1", "755 0:0", "644 0:0 3"],
    ),
    "link turned": (
        [{"storage": {"links": [{"path": "/l", "target": target}]}} for target in ("/x", "/y")] + [{}],
        "/l",
        ["-> /x", "-> /y", "nothing"],
    ),
    "unit": (
        [unit(contents="1"), unit(contents="2"), {}],
        "/etc/systemd/system/a.service",
        ["644 0:0 1", "644 0:0 2", "nothing"],
    ),
    "unit masked, then not": (
        [unit(mask=True), unit(contents="1"), unit(mask=False)],
        "/etc/systemd/system/a.service",
        ["-> /dev/null", "644 0:0 1", "nothing"],
    ),
    "unit enabled, then not": (
        [unit(contents=INSTALL, enabled=True), unit(contents=INSTALL, enabled=False)],
        f"{WANTS}/a.service",
        ["-> /etc/systemd/system/a.service", "nothing"],
    ),
    "enabled unit dropped": (
        [unit(contents=INSTALL, enabled=True), {}],
        f"{WANTS}/a.service",
        ["-> /etc/systemd/system/a.service", "nothing"],
    ),
    "vendor unit disabled, then dropped": (
        [{"systemd": {"units": [{"name": "off.service", "enabled": False}]}}, {}],
        f"{WANTS}/off.service",
        ["nothing", "-> /usr/lib/systemd/system/off.service"],
    ),
    "presets": (
        [unit(contents=INSTALL, enabled=True), {}],
        "/etc/systemd/system-preset/20-ignition.preset",
        ["644 0:0 enable a.service|", "nothing"],
    ),
    "keys dropped": (
        [user(sshAuthorizedKeys=["one"]), user()],
        "/home/core/.ssh/authorized_keys.d/ignition",
        ["600 1000:1000 one|", "nothing"],
    ),
    "user dropped, home kept": (
        [{"passwd": {"users": [{"name": "new", "uid": 1500}]}}, {}],
        "/home/new/.rc",
        ["644 1500:1500 skeleton|"] * 2,
    ),
}


@pytest.mark.parametrize(("configs", "path", "states"), STEPS.values(), ids=STEPS)
def test_one_after_the_other(machine: ScratchSystem, configs: list[Values], path: str, states: list[str]) -> None:
    seen = []
    for config in configs:
        outcome = make(machine, config)
        assert outcome.succeeded, list(outcome.report)
        confirm(machine)
        seen.append(state(machine, path))
    assert seen == states


# id -> (the first config, the second one, lines of the account files that the second one makes)
ACCOUNTS: dict[str, tuple[Values, Values, list[str]]] = {
    "a group is left": (user(groups=["wheel"]), user(), ["wheel:x:10:"]),
    "a shell is as before": (user(shell="/bin/zsh"), {}, ["core:x:1000:1000::/home/core:/b"]),
    "a password is as before": (user(passwordHash="new"), user(), ["core:*:19675:0:99999:7:::"]),
    "a user goes": ({"passwd": {"users": [{"name": "new", "uid": 7}]}}, {}, []),
    "a group goes": ({"passwd": {"groups": [{"name": "new", "gid": 7}]}}, {}, []),
}


@pytest.mark.parametrize(("first", "second", "lines"), ACCOUNTS.values(), ids=ACCOUNTS)
def test_accounts_become_what_they_were(
    machine: ScratchSystem, first: Values, second: Values, lines: list[str]
) -> None:
    for config in (first, second):
        assert make(machine, config).succeeded
        confirm(machine)
    text = "".join(machine.read(f"/etc/{name}").decode() for name in ("passwd", "group", "shadow"))
    assert set(lines) <= set(text.split("\n"))
    assert "new" not in text


# id -> (the config, code of what is refused)
REFUSALS: dict[str, tuple[Values, str]] = {
    "file of somebody else": (files(file("/etc/motd", "1")), "file-exists"),
    "link for a file": (files(file("/srv/link", "1")), "not-a-file"),
    "file for a directory": ({"storage": {"directories": [{"path": "/etc/motd"}]}}, "not-a-directory"),
    "full directory": (files(file("/srv/real", "1", overwrite=True)), "full-directory"),
    "file for a link": ({"storage": {"links": [{"path": "/etc/motd", "target": "x"}]}}, "not-a-link"),
    "other link": ({"storage": {"links": [{"path": "/srv/link", "target": "x"}]}}, "link-exists"),
    "other hard link": (
        {"storage": {"links": [{"path": "/etc/motd", "target": "/etc/issue", "hard": True}]}},
        "not-the-target",
    ),
    "out of reach": (files({"path": "/a", "contents": {"source": "http://192.0.2.1/a"}}), "needs-fetch"),
    "append out of reach": (
        files({"path": "/etc/motd", "append": [{"source": "http://192.0.2.1/a"}]}),
        "needs-fetch",
    ),
    "unit elsewhere": ({"systemd": {"units": [{"name": "../a.service"}]}}, "unit-elsewhere"),
    "references": ({"ignition": {"version": "3.4.0", "config": {"merge": [{"source": "data:,"}]}}}, "not-merged"),
}


@pytest.mark.parametrize(("config", "code"), REFUSALS.values(), ids=REFUSALS)
def test_refused_as_a_whole(machine: ScratchSystem, config: Values, code: str) -> None:
    before = snapshot(machine)
    config.setdefault("storage", {}).setdefault("directories", []).append({"path": "/made"})
    outcome = make(machine, config)
    assert [entry.code for entry in outcome.report if entry.is_error] == [code]
    assert all(entry.pointer for entry in outcome.report if entry.is_error)
    assert snapshot(machine) == before
    assert find_journal(machine) is None


def snapshot(system: System, path: str = "/") -> dict[str, str]:
    """Everything below a path but what belongs to changes themselves."""
    found: dict[str, str] = {}
    for name in system.list(path):
        child = f"{path.rstrip('/')}/{name}"
        look = system.look(child)
        if child not in {"/var/lib/stoker", "/etc/.pwd.lock"} and look is not None:
            found[child] = state(system, child)
            found |= snapshot(system, child) if look.kind == "directory" else {}
    return found


def test_a_link_is_not_turned_under_what_leads_through_it(machine: ScratchSystem) -> None:
    first = {"storage": {"links": [{"path": "/l", "target": "/srv/real"}]}}
    assert make(machine, first).succeeded
    confirm(machine)
    for second in (
        files(file("/l/x", "1")),
        {"storage": {**files(file("/l/x"))["storage"], "links": [LINK_ELSEWHERE]}},
    ):
        outcome = make(machine, second)
        assert [(entry.code, entry.pointer) for entry in outcome.report] == [("link-turns", ("storage", "files", 0))]


def test_the_owner_of_a_link_counts(machine: ScratchSystem) -> None:
    row = {"path": "/l", "target": "x", "user": {"id": 7}}
    assert make(machine, {"storage": {"links": [row]}}).succeeded
    confirm(machine)
    machine.set_owner("/l", 0, 0)
    assert make(machine, {"storage": {"links": [row]}}).succeeded
    found = machine.look("/l")
    assert found is not None
    assert found.uid == 7


def test_a_file_that_is_gone_cannot_be_as_before(machine: ScratchSystem) -> None:
    assert make(machine, files({"path": "/etc/motd", "mode": 0o600})).succeeded
    confirm(machine)
    machine.remove_tree("/etc/motd")
    outcome = make(machine, {})
    assert [(entry.code, entry.message.split("`")[1]) for entry in outcome.report] == [("not-kept", "/etc/motd")]


def test_a_change_that_fails_is_undone(machine: ScratchSystem) -> None:
    before = snapshot(machine)
    config = files(file("/a", "1"), file("/b/c", "2"), file("/z", user={"name": "nobody-here"}))
    outcome = make(machine, config)
    assert [(entry.code, entry.pointer) for entry in outcome.report] == [("no-such-user", ("storage", "files", 2))]
    assert snapshot(machine) == before
    assert find_journal(machine) is None


def test_a_change_waits_to_be_confirmed(machine: ScratchSystem) -> None:
    assert make(machine, files(file("/a", "1"))).succeeded
    assert [entry.code for entry in make(machine, files(file("/a", "2"))).report] == ["unconfirmed"]
    assert confirm(machine)
    assert not confirm(machine)
    assert make(machine, files(file("/a", "2"))).succeeded
    undo(machine)
    assert state(machine, "/a") == "644 0:0 1"
    assert undo(machine) is None


def test_undo_says_what_it_leaves(machine: ScratchSystem) -> None:
    assert make(machine, {"storage": {"directories": [{"path": "/new"}]}}).succeeded
    machine.write_file("/new/data", b"precious")
    report = undo(machine)
    assert report is not None
    assert [(entry.code, entry.message.split("`")[1]) for entry in report] == [("not-empty", "/new")]
    assert state(machine, "/new/data") == "644 0:0 precious"


def test_undo_says_what_is_lost(machine: ScratchSystem) -> None:
    assert make(machine, files(file("/a", "1"), file("/b", "2"))).succeeded
    machine.append_file("/b", b"precious")
    report = undo(machine)
    assert report is not None
    assert [(entry.code, entry.message.split("`")[1]) for entry in report] == [("changed-since", "/b")]


def test_drift_is_a_plan_against_the_same_config(machine: ScratchSystem) -> None:
    config = {**files(file("/a", "1"), MOTD), **unit(contents=INSTALL, enabled=True), **user(groups=["wheel"])}
    assert make(machine, config).succeeded
    confirm(machine)
    machine.append_file("/a", b"2")
    machine.set_mode("/etc/motd", 0o600)
    machine.remove_tree(WANTS)
    machine.accounts.remove_group("wheel")
    machine.write_file("/etc/group", machine.read("/etc/group") + b"wheel:x:10:\n", replace=True)
    read = msgspec.convert({"ignition": {"version": "3.4.0"}, **config}, Config)
    planned = plan_steady(read, machine, DISTRIBUTIONS["fcos"], digest=str(config))
    assert [operation.describe() for operation in planned.operations()] == [
        'creating or modifying user "core"',
        'setting file "/a"',
        'setting file "/etc/motd"',
        'enabling unit "a.service"',
    ]


def test_what_a_first_boot_wrote_is_taken_as_it_is(machine: ScratchSystem) -> None:
    machine.write_file("/a", b"1")
    machine.append_file("/etc/motd", b"one\n")
    config = files(file("/a", "1"), MOTD)
    assert make(machine, config).events[0].text == 'writing file "/var/lib/stoker/applied.json"'
    confirm(machine)
    outcome = make(machine, {})
    assert [(entry.code, entry.message.split("`")[1]) for entry in outcome.report] == [
        ("not-kept", "/etc/motd"),
        ("not-kept", "/a"),
    ]


def test_a_base_that_nobody_knows(machine: ScratchSystem) -> None:
    machine.append_file("/etc/motd", b"one\n")
    assert make(machine, files(MOTD)).succeeded
    confirm(machine)
    outcome = make(machine, files({"path": "/etc/motd", "append": [{"source": "data:,two"}]}))
    assert [entry.code for entry in outcome.report] == ["base-unknown"]


def test_a_unit_that_nobody_brings(machine: ScratchSystem) -> None:
    outcome = make(machine, unit(enabled=True))
    assert [(entry.severity, entry.code) for entry in outcome.report] == [("warning", "no-such-unit")]


def test_half_done_work_is_noticed(machine: ScratchSystem) -> None:
    operation = WriteFile(path="/a", source=Source("data:,half"))
    machine.make_directory("/var/lib/stoker", 0o700)
    begin_journal(machine, [operation], config="", reading=STEADY)
    machine.write_file("/a", b"half")
    outcome = make(machine, files(file("/b")))
    assert [entry.code for entry in outcome.report] == ["half-done"]
    assert (state(machine, "/a"), state(machine, "/b")) == ("nothing", "644 0:0")


# id -> (text of the journal, code of the fault)
BROKEN = {
    "no head": ("[]\n", "broken-journal"),
    "bad line": ('{"stoker":1,"config":"","at":0,"reading":"steady"}\n[1]\n"dropped"\n', "broken-journal"),
    "empty": ("", "broken-journal"),
}


@pytest.mark.parametrize(("text", "code"), BROKEN.values(), ids=BROKEN)
def test_a_broken_journal_stops(machine: ScratchSystem, text: str, code: str) -> None:
    machine.write_file("/var/lib/stoker/journal", text.encode())
    assert [entry.code for entry in make(machine, files(file("/b"))).report] == [code]


def test_a_broken_record_stops(machine: ScratchSystem) -> None:
    machine.write_file("/var/lib/stoker/applied.json", b"[]")
    assert [entry.code for entry in make(machine, files(file("/b"))).report] == ["broken-record"]


def test_a_line_that_was_cut_off_belongs_to_nothing(machine: ScratchSystem) -> None:
    head = '{"stoker":1,"config":"","at":0,"reading":"steady"}\n["/a",{}]\n["/b'
    machine.write_file("/a", b"")
    machine.write_file("/b", b"")
    machine.write_file("/var/lib/stoker/journal", head.encode())
    undo(machine)
    assert (state(machine, "/a"), state(machine, "/b")) == ("nothing", "644 0:0")


def test_what_cannot_be_kept_is_not_changed(machine: ScratchSystem, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "root/etc/fifo")
    machine.make_directory("/etc/odd")
    with open(os.fsencode(tmp_path) + b"/root/etc/odd/\xff", "w"):
        pass
    for path, code in {"/etc/fifo": "cannot-be-kept", "/etc/odd": "odd-name"}.items():
        operation = WriteFile(path=path, overwrite=True)
        with pytest.raises(Exception, match="is not changed") as caught:
            begin_journal(machine, [operation], config="", reading=STEADY)
        assert getattr(caught.value, "code", "") == code


def test_old_bytes_are_bounded(machine: ScratchSystem) -> None:
    machine.write_file("/big", b"x" * 100)
    originals = Originals(machine, "/originals", 150)
    digest = originals.keep("/big")
    assert originals.keep("/big") == digest
    machine.write_file("/other", b"y" * 100)
    with pytest.raises(Exception, match="more than 150 bytes"):
        originals.keep("/other")


def test_somebody_who_writes_meanwhile_is_noticed(machine: ScratchSystem) -> None:
    class Restless(ScratchSystem):
        """A machine where a file changes whenever it has been read."""

        def chunks(self, path: str) -> Iterator[bytes]:
            yield from super().chunks(path)
            self.append_file(path, b"more")

    with closing(Restless(Path(machine.root))) as system, pytest.raises(Exception, match="somebody else writes"):
        Originals(system, "/originals").keep("/etc/motd")


def test_trees_that_are_kept_are_bounded(machine: ScratchSystem) -> None:
    machine.make_directory("/" + "/".join(["d"] * 110))
    operation = MakeDirectory(path="/d", overwrite=True)
    with pytest.raises(Exception, match="more below it than can be kept"):
        begin_journal(machine, [operation], config="", reading=STEADY)


FIRST: Values = {
    "passwd": {"users": [{"name": "new", "sshAuthorizedKeys": ["key"]}, {"name": "core", "shell": "/bin/zsh"}]},
    "storage": {
        "directories": [{"path": "/opt/a", "mode": 0o700}],
        "files": [
            MOTD,
            file("/etc/issue", "1", overwrite=True, mode=0o600),
            file("/opt/b/c", "2", user={"id": 1000}),
            {"path": "/home/core/notes", "mode": 0o600},
        ],
        "links": [{"path": "/opt/link", "target": "/srv"}],
    },
    "systemd": {
        "units": [
            {
                "name": "a.service",
                "contents": INSTALL,
                "enabled": True,
                "dropins": [{"name": "d.conf", "contents": ""}],
            },
            {"name": "off.service", "enabled": False},
        ]
    },
}
SECOND: Values = {
    "passwd": {"groups": [{"name": "ops"}], "users": [{"name": "core", "groups": ["wheel"]}]},
    "storage": {
        "directories": [{"path": "/opt/link"}],
        "files": [
            {"path": "/etc/motd", "append": [{"source": "data:,two"}]},
            file("/etc/issue", "2", overwrite=True),
            file("/opt/b/d/e", "3"),
        ],
    },
    "systemd": {"units": [{"name": "a.service", "mask": True}]},
}


def changed(root: Path, written: Values) -> None:
    """Change a real tree."""
    with closing(RealSystem(root, clock=lambda: NOON)) as system:
        outcome = make(system, written)
        assert outcome.succeeded, list(outcome.report)


def tree_of(root: Path) -> dict[str, tuple[object, ...]]:
    return {path: row for path, row in everything(root).items() if not path.startswith("var/lib/stoker")}


def cut_off(directory: Path, seed: int) -> None:
    """Kill a change at a call that the seed chooses, then undo; kill that at times, and undo again."""
    dice = random.Random(seed)
    calm, killed = directory / "calm", directory / "killed"
    for root in (calm, killed):
        lay(root)
        changed(root, FIRST)
        with closing(RealSystem(root)) as system:
            confirm(system)
    before = tree_of(killed)
    calls = run_killed(partial(changed, calm, SECOND))
    assert calls is not None
    at = dice.randrange(calls)
    assert run_killed(partial(changed, killed, SECOND), at) is None
    run_killed(partial(undone, killed), dice.randrange(200))
    undone(killed)
    assert tree_of(killed) == before, f"killed before call {at} of {calls}"


class PowerLost(BaseException):
    """The machine has no power any more."""


class Forgetful(RealSystem):
    """A machine whose disk has of each file only what was synced; the power goes at the `last` of its writes."""

    def __init__(self, root: Path, last: int | None = None) -> None:
        super().__init__(root, clock=lambda: NOON)
        self._last = last
        self._writes = 0
        self._in_memory: set[str] = set()

    def write_file(self, path: str, *arguments: Any, durable: bool = False, **more: Any) -> None:
        if self._writes == self._last:
            raise PowerLost
        self._writes += 1
        self._in_memory.add(self.resolve(path))
        super().write_file(path, *arguments, durable=durable, **more)
        if durable:
            self.settle(path)

    def append_file(self, path: str, *arguments: Any, durable: bool = False, **more: Any) -> None:
        self._in_memory.add(self.resolve(path))
        super().append_file(path, *arguments, durable=durable, **more)
        if durable:
            self.settle(path)

    def settle(self, path: str) -> None:
        super().settle(path)
        self._in_memory.discard(self.resolve(path))

    def lose_power(self) -> int:
        """What was only in memory is gone: such files are empty now. How much was written."""
        for path in self._in_memory:
            with suppress(OSError):
                os.truncate(Path(self.root) / path[1:], 0)
        self.close()
        return self._writes


@ROOT
def test_a_loss_of_power_is_undone(tmp_path: Path) -> None:
    root = tmp_path / "root"
    lay(root)
    changed(root, FIRST)
    with closing(RealSystem(root)) as system:
        confirm(system)
    before = tree_of(root)
    system = Forgetful(root)
    assert make(system, SECOND).succeeded
    after = tree_of(root)
    writes = system.lose_power()
    assert tree_of(root) == after
    for last in range(writes):
        undone(root)
        assert tree_of(root) == before, f"the power was lost at write {last - 1} of {writes}"
        system = Forgetful(root, last)
        with pytest.raises(PowerLost):
            make(system, SECOND)
        system.lose_power()


def undone(root: Path) -> None:
    with closing(RealSystem(root)) as system:
        undo(system)


@ROOT
@pytest.mark.parametrize("seed", range(20))
def test_cut_off_and_undone(tmp_path: Path, seed: int) -> None:
    cut_off(tmp_path, seed)


@ROOT
@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20, 220))
def test_cut_off_and_undone_more_often(tmp_path: Path, seed: int) -> None:
    cut_off(tmp_path, seed)
