"""Disks for real, on loop devices: partition, format, mount, write, and a second run that plans nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stoker.engine import DISTRIBUTIONS, Outcome, Plan, carry_out, lay_base, plan
from stoker.engine.operations import Heading, Step
from stoker.schema.v3 import Config
from stoker.system import RealSystem, ScratchSystem
from tests.loops import loops, run, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")


def errors(outcome: Outcome) -> list[str]:
    return [entry.code for entry in outcome.report if entry.is_error]


def supports(format_: str) -> bool:
    return f"\t{format_}\n" in Path("/proc/filesystems").read_text() and bool(shutil.which(f"mkfs.{format_}"))


@pytest.fixture
def new_loop(tmp_path: Path) -> Iterator[Callable[..., str]]:
    with loops(tmp_path) as make:
        yield make


class Machine:
    """A root on this machine, provisioned with its loop devices."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log: list[str] = []
        with closing(ScratchSystem(root)) as system:
            lay_base(system, DISTRIBUTIONS["flatcar"])

    def plan(self, storage: dict[str, Any]) -> Plan:
        config = msgspec.convert({"ignition": {"version": "3.6.0"}, "storage": storage}, Config)
        with closing(RealSystem(self.root, with_devices=True)) as system:
            return plan(config, system, DISTRIBUTIONS["flatcar"])

    def provision(self, storage: dict[str, Any], operations: int = 10_000) -> Outcome:
        """Provision; after that many operations, stop as if the machine had been switched off."""
        planned = self.plan(storage)
        kept: list[Step | Heading] = []
        for step in planned.steps:
            for inner in step.steps if isinstance(step, Heading) else (step,):
                if operations > 0:
                    kept.append(inner)
                operations -= 1
        whole = planned if operations >= 0 else msgspec.structs.replace(planned, steps=tuple(kept))
        with closing(RealSystem(self.root, with_devices=True)) as system:
            return carry_out(whole, system, self.log.append)

    def disk_steps(self, storage: dict[str, Any]) -> list[str]:
        """What a plan would do to disks."""
        planned = self.plan(storage)
        assert not planned.report.has_errors, [entry.message for entry in planned.report]
        steps = (inner for step in planned.steps for inner in (step.steps if isinstance(step, Heading) else (step,)))
        return [step.operation.describe() for step in steps if step.stage == "disks"]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "root")


def whole(loop: str) -> dict[str, Any]:
    return {
        "disks": [
            {
                "device": loop,
                "partitions": [
                    {"number": 1, "label": "data", "sizeMiB": 100},
                    {"label": "swap", "sizeMiB": 50},
                    {"label": "rest"},
                ],
            }
        ],
        "filesystems": [
            {"device": f"{loop}p1", "format": "ext4", "label": "data", "path": "/var/data"},
            {"device": "/dev/disk/by-partlabel/swap", "format": "swap", "uuid": "11111111-2222-4333-8444-555555555555"},
            {
                "device": "/dev/disk/by-partlabel/rest",
                "format": "xfs" if supports("xfs") else "ext4",
                "path": "/var",
                "mountOptions": ["noatime"],
            },
        ],
        "files": [
            {"path": "/var/data/file", "contents": {"source": "data:,inside"}, "overwrite": True, "user": {"id": 7}}
        ],
    }


@pytest.mark.parametrize("sector_size", [512, 4096])
def test_from_a_blank_disk_to_a_file_on_it(
    machine: Machine, new_loop: Callable[..., str], tmp_path: Path, sector_size: int
) -> None:
    loop = new_loop(sector_size=sector_size)
    storage = whole(loop)
    outcome = machine.provision(storage)
    assert outcome.succeeded, [entry.message for entry in outcome.report]
    assert {event.stage for event in outcome.events} == {"disks", "mount", "files", "umount"}
    assert f" {machine.root}" not in Path("/proc/self/mounts").read_text()
    assert [*(machine.root / "var").iterdir()] == []
    mount = tmp_path / "mount"
    mount.mkdir()
    run("mount", "-o", "ro", f"{loop}p1", mount)
    try:
        assert (mount / "file").read_text() == "inside"
        assert (mount / "file").stat().st_uid == 7
    finally:
        run("umount", mount)
    assert "LABEL=data" in run("blkid", "-p", "-o", "export", f"{loop}p1").splitlines()
    assert "UUID=11111111-2222-4333-8444-555555555555" in run("blkid", "-p", "-o", "export", f"{loop}p2").splitlines()
    assert machine.disk_steps(storage) == []


@pytest.mark.parametrize("operations", range(10))
def test_a_run_that_is_cut_short_is_taken_up(machine: Machine, new_loop: Callable[..., str], operations: int) -> None:
    """Whatever was done before, the second run ends where an undisturbed one does."""
    loop = new_loop()
    storage = whole(loop)
    machine.provision(storage, operations)
    for mounted in [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()][::-1]:
        if mounted.startswith(str(machine.root)):
            run("umount", mounted)
    outcome = machine.provision(storage)
    assert outcome.succeeded, [entry.message for entry in outcome.report]
    assert machine.disk_steps(storage) == []


def test_what_is_mounted_is_not_touched(machine: Machine, new_loop: Callable[..., str], tmp_path: Path) -> None:
    loop = new_loop()
    storage: dict[str, Any] = {"disks": [{"device": loop, "partitions": [{"number": 1, "sizeMiB": 100}]}]}
    assert machine.provision(storage).succeeded
    run("mkfs.ext4", "-q", "-L", "old", f"{loop}p1")
    mount = tmp_path / "mount"
    mount.mkdir()
    run("mount", f"{loop}p1", mount)
    try:
        storage["disks"][0]["partitions"] = [{"number": 1}, {"number": 2, "sizeMiB": 10}]
        outcome = machine.provision(storage)  # a partition beside the one in use
        assert outcome.succeeded, [entry.message for entry in outcome.report]
        assert Path(f"{loop}p2").exists()
        storage["disks"][0]["wipeTable"] = True
        outcome = machine.provision(storage)
        assert errors(outcome) == ["wipe-active-disk"]
        assert outcome.report.entries[0].hint == f"{loop}p1 is mounted at `{mount}`: release it first"
    finally:
        run("umount", mount)
    storage["filesystems"] = [{"device": f"{loop}p1", "format": "xfs"}]
    del storage["disks"][0]["wipeTable"]
    outcome = machine.provision(storage)
    assert errors(outcome) == ["bad-filesystem"]
    assert '(found ext4, "old", ' in outcome.report.entries[0].message


def test_a_partition_grows_while_another_one_is_mounted(
    machine: Machine, new_loop: Callable[..., str], tmp_path: Path
) -> None:
    loop = new_loop()
    rows = [{"number": 1, "label": "a", "sizeMiB": 50}, {"number": 2, "label": "b", "sizeMiB": 50}]
    storage: dict[str, Any] = {"disks": [{"device": loop, "partitions": rows}]}
    assert machine.provision(storage).succeeded
    run("mkfs.ext4", "-q", f"{loop}p1")
    mount = tmp_path / "mount"
    mount.mkdir()
    run("mount", f"{loop}p1", mount)
    try:
        rows[1] = {"number": 2, "sizeMiB": 200, "resize": True}
        outcome = machine.provision(storage)
        assert outcome.succeeded, [entry.message for entry in outcome.report]
        assert Path(f"/sys/class/block/{Path(loop).name}p2/size").read_text() == f"{200 * 2048}\n"
    finally:
        run("umount", mount)


@pytest.mark.parametrize(
    ("format_", "label", "uuid", "options"),
    [
        ("ext4", "label", "11111111-2222-4333-8444-555555555555", ["-b", "1024"]),
        ("xfs", "label", "11111111-2222-4333-8444-555555555555", []),
        ("btrfs", "a label, über", "11111111-2222-4333-8444-555555555555", []),
        ("swap", "label", "11111111-2222-4333-8444-555555555555", []),
        ("vfat", "LABEL", "1234-ABCD", ["-F", "32"]),
    ],
)
def test_file_systems(
    machine: Machine, new_loop: Callable[..., str], format_: str, label: str, uuid: str, options: list[str]
) -> None:
    tool = "mkswap" if format_ == "swap" else f"mkfs.{format_}"
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed")
    loop = new_loop()
    said: dict[str, Any] = {"device": loop, "format": format_, "label": label, "uuid": uuid, "options": options}
    outcome = machine.provision({"filesystems": [said]})
    assert outcome.succeeded, [entry.message for entry in outcome.report]
    assert machine.disk_steps({"filesystems": [said]}) == []
    outcome = machine.provision({"filesystems": [{**said, "label": "OTHER"}]})
    assert errors(outcome) == ["bad-filesystem"]
    outcome = machine.provision({"filesystems": [{"device": loop, "format": "none", "wipeFilesystem": True}]})
    assert outcome.succeeded
    assert machine.disk_steps({"filesystems": [{"device": loop, "format": "none"}]}) == []
