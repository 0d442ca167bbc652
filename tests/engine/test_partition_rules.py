"""What becomes of partitions: a disk as it is, what a config says of it, what is asked of sgdisk or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from stoker.engine import DISTRIBUTIONS, Plan, plan
from stoker.engine.operations import Heading
from stoker.schema.v3 import Config
from stoker.system import Partition, ScratchSystem, Signature, Table
from stoker.system.scratch_devices import Disk, Inventory, ScratchDevices

MEBIBYTE = 1 << 20
ROOT = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"
LINUX = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
ONE, TWO, THREE = (f"{number}0000000-0000-4000-8000-000000000000" for number in (1, 2, 3))

# Partitions of a disk of 1 GiB: number, start and size in MiB, label, GUID.
Row = tuple[int, int, int, str, str]
BOOT: Row = (1, 1, 100, "boot", ONE)
DATA: Row = (2, 101, 200, "data", TWO)


def disk(*rows: Row, sector_size: int = 512, **said: Any) -> Disk:
    unit = MEBIBYTE // sector_size
    partitions = tuple(
        Partition(number, start * unit, size * unit, label, guid, LINUX) for number, start, size, label, guid in rows
    )
    blank = Table.blank(1 << 30, sector_size)
    table = msgspec.structs.replace(blank, partitions=partitions, guid=THREE) if rows else None
    return Disk(size=1 << 30, sector_size=sector_size, table=table, **said)


def planned(root: Path, inventory: Inventory, storage: dict[str, Any]) -> tuple[Plan, ScratchDevices]:
    devices = ScratchDevices(inventory)
    config = msgspec.convert({"ignition": {"version": "3.6.0"}, "storage": storage}, Config)
    system = ScratchSystem(root, devices=devices)
    try:
        return plan(config, system, DISTRIBUTIONS["flatcar"]), devices
    finally:
        system.close()


def commands(plan: Plan, devices: ScratchDevices, root: Path) -> list[str]:
    """The command lines of the disks' operations, in order."""
    system = ScratchSystem(root, devices=devices)
    for heading in plan.steps:
        if isinstance(heading, Heading) and heading.trail.startswith("disks"):
            for step in heading.steps:
                step.operation.perform(system, lambda url: b"")
                assert step.operation.is_done(system, lambda url: b"") or "wip" in step.operation.describe()
    system.close()
    return [" ".join(command) for command in devices.commands]


WIPE = {"wipePartitionEntry": True}
GONE = {"shouldExist": False}

# id: (rows on the disk, what the config says of each partition, arguments of sgdisk)
DONE: dict[str, tuple[tuple[Row, ...], list[dict[str, Any]], str]] = {
    "nothing is said": ((BOOT,), [], ""),
    "a blank disk": ((), [{"number": 1, "label": "boot", "sizeMiB": 100}], "--new=1:2048:+204800 --change-name=1:boot"),
    "starts and sizes in MiB": ((), [{"number": 3, "startMiB": 10, "sizeMiB": 5}], "--new=3:20480:+10240"),
    "all that is free": ((BOOT,), [{"number": 2}], "--new=2:206848:+1890271"),
    "zeros are as if they were not said": (
        (BOOT,),
        [{"number": 2, "startMiB": 0, "sizeMiB": 0}],
        "--new=2:206848:+1890271",
    ),
    "the largest stretch, not the first": (
        ((1, 100, 100, "", ONE),),
        [{"number": 2, "sizeMiB": 50}],
        "--new=2:409600:+102400",
    ),
    "type and GUID": (
        (),
        [{"number": 1, "sizeMiB": 1, "typeGuid": ROOT, "guid": ONE}],
        f"--new=1:2048:+2048 --typecode=1:{ROOT} --partition-guid=1:{ONE}",
    ),
    "number 0 is the next free one": (
        (BOOT,),
        [{"label": "x", "sizeMiB": 1}],
        "--new=2:206848:+2048 --change-name=2:x",
    ),
    "number 0 fills gaps": (
        (DATA,),
        [{"label": "x", "sizeMiB": 1}, {"label": "y", "sizeMiB": 1}],
        "--new=1:616448:+2048 --change-name=1:x --new=3:618496:+2048 --change-name=3:y",
    ),
    "number 0 comes last": (
        (),
        [{"label": "x", "sizeMiB": 1}, {"number": 1, "sizeMiB": 2}],
        "--new=1:2048:+4096 --new=2:6144:+2048 --change-name=2:x",
    ),
    "a label that is there, without a number": ((BOOT, DATA), [{"label": "data", "sizeMiB": 200}], ""),
    "a label that is there, with another size": (
        (BOOT, DATA),
        [{"label": "data", "sizeMiB": 1}],
        "--new=3:616448:+2048 --change-name=3:data",
    ),
    "all is as it is said": (
        (BOOT,),
        [{"number": 1, "label": "boot", "startMiB": 1, "sizeMiB": 100, "guid": ONE.lower(), "typeGuid": LINUX}],
        "",
    ),
    "what is not said may be anything": ((BOOT, DATA), [{"number": 2}, {"number": 1}], ""),
    "empty GUIDs may be anything": ((BOOT,), [{"number": 1, "guid": "", "typeGuid": ""}], ""),
    "the last one fills the disk": (((1, 1, 100, "", ONE), (2, 101, 0, "", TWO)), [], ""),
    "wiped and made again": (
        (BOOT, DATA),
        [{"number": 2, "label": "new", "startMiB": 101, "sizeMiB": 200, **WIPE}],
        "--delete=2 --new=2:206848:+409600 --change-name=2:new",
    ),
    "what may be wiped and matches stays": ((BOOT,), [{"number": 1, "label": "boot", "sizeMiB": 100, **WIPE}], ""),
    "what may be wiped takes all that is free then": (
        (BOOT,),
        [{"number": 1, "label": "boot", **WIPE}],
        "--delete=1 --new=1:2048:+2095071 --change-name=1:boot",
    ),
    "resized in its place": (
        (BOOT,),
        [{"number": 1, "label": "boot", "sizeMiB": 300, "resize": True}],
        f"--delete=1 --new=1:2048:+614400 --change-name=1:boot --typecode=1:{LINUX} --partition-guid=1:{ONE}",
    ),
    "resized to all that is free": (
        (BOOT,),
        [{"number": 1, "sizeMiB": 0, "resize": True}],
        f"--delete=1 --new=1:2048:+2095071 --change-name=1:boot --typecode=1:{LINUX} --partition-guid=1:{ONE}",
    ),
    "deleted": ((BOOT, DATA), [{"number": 2, **GONE, **WIPE}], "--delete=2"),
    "not there, and shall not be": ((BOOT,), [{"number": 2, **GONE}], ""),
    "a number given again": (
        (BOOT, DATA),
        [{"number": 2, **GONE, **WIPE}, {"label": "x", "sizeMiB": 1, **WIPE}],
        "--delete=2 --new=2:206848:+2048 --change-name=2:x",
    ),
}


@pytest.mark.parametrize(("rows", "partitions", "expected"), DONE.values(), ids=DONE)
def test_what_is_done(tmp_path: Path, rows: tuple[Row, ...], partitions: list[dict[str, Any]], expected: str) -> None:
    rows = tuple(row if row[2] else (*row[:2], 922, *row[3:]) for row in rows)
    inventory = Inventory(disks={"/dev/vda": disk(*rows)})
    storage = {"disks": [{"device": "/dev/vda", "partitions": partitions}]}
    made, devices = planned(tmp_path / "root", inventory, storage)
    assert list(made.report) == []
    assert commands(made, devices, tmp_path / "root") == ([f"sgdisk {expected} /dev/vda"] if expected else [])
    again, _ = planned(tmp_path / "root", inventory, storage)
    assert list(again.report) == []
    assert [step for step in again.steps if isinstance(step, Heading)] == []


PRETEND = "failed to pretend to create partitions: could not create partition"
HINT = "; ext4 `old` on it is lost then"

# id: (rows, partitions, message, where below the disk, hint begins with)
REFUSED: dict[str, tuple[tuple[Row, ...], list[dict[str, Any]], str, tuple[str | int, ...], str]] = {
    "exists and shall not": (
        (BOOT,),
        [{"number": 1, **GONE}],
        "partition 1 exists but is specified as nonexistant and wipePartitionEntry is false",
        ("partitions", 0),
        f"set `wipe_partition_entry: true` to delete it{HINT}",
    ),
    "another label": (
        (BOOT,),
        [{"number": 1, "label": "root"}],
        'partition 1 didn\'t match: label did not match (specified "root", got "boot")',
        ("partitions", 0, "label"),
        f"set `wipe_partition_entry: true` to replace it{HINT}",
    ),
    "an empty label is one": (
        (BOOT,),
        [{"number": 1, "label": ""}],
        'partition 1 didn\'t match: label did not match (specified "", got "boot")',
        ("partitions", 0, "label"),
        "set",
    ),
    "another start": (
        (BOOT,),
        [{"number": 1, "startMiB": 2}],
        "partition 1 didn't match: starting sector did not match (specified 4096, got 2048)",
        ("partitions", 0, "startMiB"),
        "set",
    ),
    "another size": (
        (BOOT,),
        [{"number": 1, "sizeMiB": 99}],
        "partition 1 didn't match: size did not match (specified 202752, got 204800)",
        ("partitions", 0, "sizeMiB"),
        "set",
    ),
    "a size of 0 that does not fill the disk": (
        (BOOT,),
        [{"number": 1, "sizeMiB": 0}],
        "partition 1 didn't match: size did not match (specified 2095071, got 204800)",
        ("partitions", 0, "sizeMiB"),
        "set",
    ),
    "another GUID": (
        (BOOT,),
        [{"number": 1, "guid": TWO}],
        f'partition 1 didn\'t match: GUID did not match (specified "{TWO}", got "{ONE}")',
        ("partitions", 0, "guid"),
        "set",
    ),
    "another type": (
        (BOOT,),
        [{"number": 1, "typeGuid": ROOT}],
        f'partition 1 didn\'t match: type GUID did not match (specified "{ROOT}", got "{LINUX}")',
        ("partitions", 0, "typeGuid"),
        "set",
    ),
    "resized, and another label": (
        (BOOT,),
        [{"number": 1, "label": "root", "sizeMiB": 300, "resize": True}],
        'partition 1 didn\'t match: label did not match (specified "root", got "boot")',
        ("partitions", 0, "label"),
        "set",
    ),
    "larger than the disk": (
        (BOOT,),
        [{"number": 2, "sizeMiB": 1024}],
        f"{PRETEND} 2 from 206848 to 2303999: the disk ends at sector 2097118",
        ("partitions", 0),
        "sizes",
    ),
    "where another one is": (
        (BOOT,),
        [{"number": 2, "startMiB": 50, "sizeMiB": 1}],
        f"{PRETEND} 2 from 102400 to 104447: that is not free",
        ("partitions", 0),
        "sizes",
    ),
    "a size of 0 outside the largest stretch": (
        ((1, 300, 100, "", ONE),),
        [{"number": 2, "startMiB": 1, "sizeMiB": 0}],
        f"{PRETEND} 2 from 2048 to 2097118: that is not free",
        ("partitions", 0),
        "sizes",
    ),
    "grown into the next one": (
        (BOOT, DATA),
        [{"number": 1, "sizeMiB": 150, "resize": True}],
        f"{PRETEND} 1 from 2048 to 309247: that is not free",
        ("partitions", 0),
        "sizes",
    ),
    "a full disk": (
        ((1, 1, 1023, "", ONE), (2, 0, 1, "", TWO)),
        [{"number": 3}],
        f"{PRETEND} 3 from 0 to 0: nothing is free",
        ("partitions", 0),
        "sizes",
    ),
    "more than the table holds": (
        (),
        [{"number": 129, "sizeMiB": 1}],
        f"{PRETEND} 129 from 2048 to 4095: the table has room for 128 entries",
        ("partitions", 0),
        "sizes",
    ),
}


@pytest.mark.parametrize(("rows", "partitions", "message", "place", "hint"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(
    tmp_path: Path,
    rows: tuple[Row, ...],
    partitions: list[dict[str, Any]],
    message: str,
    place: tuple[str | int, ...],
    hint: str,
) -> None:
    inventory = Inventory(disks={"/dev/vda": disk(*rows, contents={MEBIBYTE: Signature("ext4", "old")})})
    storage = {"disks": [{"device": "/dev/vda", "partitions": partitions}]}
    made, _ = planned(tmp_path / "root", inventory, storage)
    assert [(entry.message, entry.pointer) for entry in made.report] == [(message, ("storage", "disks", 0, *place))]
    assert made.report.entries[0].hint is not None
    assert made.report.entries[0].hint.startswith(hint)
    assert not any(isinstance(step, Heading) for step in made.steps)


# id: (disk, what keeps devices busy, what the config says of the disk, message or "" when it is done)
BUSY: dict[str, tuple[Disk, dict[str, str], dict[str, Any], str]] = {
    "the disk itself": (
        disk(),
        {"/dev/vda": "held by `md0`"},
        {},
        'refusing to operate on directly active disk "/dev/vda"',
    ),
    "a partition, and the table is wiped": (
        disk(BOOT),
        {"/dev/vda1": "mounted at `/`"},
        {"wipeTable": True},
        'refusing to wipe active disk "/dev/vda"',
    ),
    "a partition that changes": (
        disk(BOOT),
        {"/dev/vda1": "mounted at `/`"},
        {"partitions": [{"number": 1, "sizeMiB": 0, "resize": True}]},
        'refusing to modify active partition 1 on "/dev/vda"',
    ),
    "a partition that goes": (
        disk(BOOT),
        {"/dev/vda1": "mounted at `/`"},
        {"partitions": [{"number": 1, **GONE, **WIPE}]},
        'refusing to modify active partition 1 on "/dev/vda"',
    ),
    "a partition beside": (
        disk(BOOT),
        {"/dev/vda1": "mounted at `/`"},
        {"partitions": [{"number": 1}, {"number": 2, "sizeMiB": 1}]},
        "",
    ),
    "no GPT": (
        disk(fault="disk does not have a GPT"),
        {},
        {},
        'getting partition count of "/dev/vda": disk does not have a GPT',
    ),
    "no GPT, and it is wiped": (disk(fault="disk does not have a GPT"), {}, {"wipeTable": True}, ""),
}


@pytest.mark.parametrize(("given", "uses", "said", "message"), BUSY.values(), ids=BUSY)
def test_busy_disks_and_strange_ones(
    tmp_path: Path, given: Disk, uses: dict[str, str], said: dict[str, Any], message: str
) -> None:
    inventory = Inventory(disks={"/dev/vda": msgspec.structs.replace(given)}, uses=uses)
    made, _ = planned(tmp_path / "root", inventory, {"disks": [{"device": "/dev/vda", **said}]})
    assert [entry.message for entry in made.report] == ([message] if message else [])


@pytest.mark.parametrize(
    ("devices", "code", "pointer"),
    [
        pytest.param(["/dev/vdb"], "no-device", (0, "device"), id="missing"),
        pytest.param(["/dev/vda1"], "not-a-disk", (0, "device"), id="a partition"),
        pytest.param(["/dev/vda", "/dev/disk/by-id/x"], "same-disk", (1, "device"), id="twice"),
    ],
)
def test_which_disk(tmp_path: Path, devices: list[str], code: str, pointer: tuple[str | int, ...]) -> None:
    inventory = Inventory(disks={"/dev/vda": disk(BOOT, links=["/dev/disk/by-id/x"])})
    made, _ = planned(tmp_path / "root", inventory, {"disks": [{"device": device} for device in devices]})
    assert [(entry.code, entry.pointer) for entry in made.report] == [(code, ("storage", "disks", *pointer))]


def test_large_sectors(tmp_path: Path) -> None:
    inventory = Inventory(disks={"/dev/nvme0n1": disk(BOOT, sector_size=4096)})
    partitions = [{"number": 1, "startMiB": 1, "sizeMiB": 100}, {"number": 2, "sizeMiB": 1}]
    storage = {"disks": [{"device": "/dev/nvme0n1", "partitions": partitions}]}
    made, devices = planned(tmp_path / "root", inventory, storage)
    assert commands(made, devices, tmp_path / "root") == ["sgdisk --new=2:25856:+256 /dev/nvme0n1"]
    assert devices.find("/dev/nvme0n1p2") is not None


def test_a_table_is_wiped_first(tmp_path: Path) -> None:
    inventory = Inventory(disks={"/dev/vda": disk(BOOT, DATA)})
    said = {"device": "/dev/vda", "wipeTable": True, "partitions": [{"number": 1, "label": "new", "sizeMiB": 1}]}
    made, devices = planned(tmp_path / "root", inventory, {"disks": [said]})
    assert commands(made, devices, tmp_path / "root") == [
        "sgdisk --zap-all /dev/vda",
        "sgdisk --new=1:2048:+2048 --change-name=1:new /dev/vda",
    ]
    assert devices.known_partitions(devices.find("/dev/vda")) == {1: (2048, 2048)}  # type: ignore[arg-type]


def test_a_kernel_that_does_not_know_is_told(tmp_path: Path) -> None:
    """After a run that ended between the table and the kernel."""
    inventory = Inventory(disks={"/dev/vda": disk(BOOT, DATA, known={1: (2048, 204800)})})
    made, devices = planned(tmp_path / "root", inventory, {"disks": [{"device": "/dev/vda", "partitions": []}]})
    assert commands(made, devices, tmp_path / "root") == []
    assert devices.find("/dev/disk/by-partlabel/data") is not None
