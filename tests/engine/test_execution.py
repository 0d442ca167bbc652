"""The log of a run as people see it, its events, the record it leaves, and how it stops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from stoker.engine import lay_base
from stoker.fetch import Embedded

Golden = Callable[[str, str], None]


def test_the_log(tree: Any, config: dict[str, Any], golden: Golden) -> None:
    lay_base(tree.system, tree.distribution)
    tree.provision(config)
    golden("files.log", "".join(f"{line}\n" for line in tree.log).replace(tree.system.root, "/sysroot"))


def test_the_log_of_a_failure(tree: Any, config: dict[str, Any], golden: Golden) -> None:
    lay_base(tree.system, tree.distribution)
    bad = {"path": "/etc/bad", "contents": {"source": "data:,x", "verification": {"hash": "sha256-" + "0" * 64}}}
    tree.lay({"/etc/systemd/system/nginx.service/in-the-way": ""})
    outcome = tree.provision(config)
    assert [event.outcome for event in outcome.events[-5:]] == ["done", "failed"] + ["not reached"] * 3
    assert outcome.report.entries[-1].pointer == ("systemd", "units", 0, "contents")
    golden("failed.log", "".join(f"{line}\n" for line in tree.log[-6:]).replace(tree.system.root, "/sysroot"))
    outcome = tree.provision({"storage": {"files": [bad]}})
    error = outcome.report.entries[-1]
    assert (error.code, error.pointer) == ("wrong-digest", ("storage", "files", 0))
    assert error.hint


def test_every_operation_has_an_event(tree: Any, config: dict[str, Any]) -> None:
    lay_base(tree.system, tree.distribution)
    outcome = tree.provision(config)
    assert [(event.outcome, event.pointer) for event in outcome.events] == [
        ("done", ("passwd", "groups", 0)),
        ("done", ("passwd", "users", 0)),
        ("done", ("passwd", "users", 0, "sshAuthorizedKeys")),
        ("done", ("storage", "directories", 0)),
        ("done", ("storage", "files", 0)),
        ("done", ("storage", "files", 1, "append", 0)),
        ("done", ("storage", "links", 0)),
        ("done", ("systemd", "units", 0, "dropins", 0)),
        ("done", ("systemd", "units", 0, "contents")),
        ("done", ("systemd", "units", 1)),
        ("done", ("systemd", "units", 0)),
        ("done", ()),
    ]
    assert {event.stage for event in outcome.events} == {"files"}
    assert {event.at for event in outcome.events} == {tree.system.now()}
    assert outcome.kernel_arguments.should_exist == ["selinux=0"]


def test_a_config_with_nothing_in_it(tree: Any) -> None:
    outcome = tree.provision({})
    assert outcome.succeeded
    assert [event.text for event in outcome.events] == ['writing file "/etc/.ignition-result.json"']


def test_the_record_keeps_that_of_an_earlier_run(tree: Any) -> None:
    tree.provision({})
    tree.provision({})
    outcome = tree.provision({})
    record = msgspec.json.decode(tree.text("/etc/.ignition-result.json"))
    assert list(record) == ["provisioningBootID", "provisioningDate", "userConfigProvided", "previousReport"]
    # Not that of the one before that: it would nest one deeper with every run.
    assert record["previousReport"] == {name: record[name] for name in list(record)[:3]}
    assert [entry.code for entry in outcome.report] == ["ran-before"]
    assert tree.rights("/etc/.ignition-result.json")[0] == "0o600"


def test_a_record_that_is_broken_stops_the_run(tree: Any) -> None:
    tree.lay({"/etc/.ignition-result.json": "{"})
    assert tree.provision({}).report.entries[-1].code == "system-fault"


@pytest.mark.parametrize("name", ["disks", "raid", "luks", "filesystems"])
def test_a_tree_refuses_what_needs_disks(tree: Any, name: str) -> None:
    row = {"device": "/dev/sda", "name": "x"}
    outcome = tree.provision({"storage": {name: [row]}})
    assert [(entry.code, entry.pointer) for entry in outcome.report] == [("no-devices", ("storage", name))]
    assert [(event.stage, event.outcome) for event in outcome.events[:1]] == [("disks", "refused")]


def test_a_path_cannot_forge_a_line_of_the_log(tree: Any) -> None:
    tree.provision({"storage": {"files": [{"path": '/a\nop(9): "x'}]}})
    assert len(tree.log) == 4
    assert all("\n" not in line for line in tree.log)


def test_what_is_done_is_known_to_be_done(tree: Any, config: dict[str, Any]) -> None:
    """Every operation that can tell says so after a run, and said the opposite before."""
    lay_base(tree.system, tree.distribution)
    planned = tree.plan(config)
    steps = [inner for step in planned.steps for inner in getattr(step, "steps", (step,))]
    never = {"AppendFile", "WriteResult"}
    fetch = Embedded()
    assert not any(step.operation.is_done(tree.system, fetch) for step in steps)
    tree.provision(config)
    done = {type(step.operation).__name__: step.operation.is_done(tree.system, fetch) for step in steps}
    assert {name for name, is_done in done.items() if not is_done} == never
