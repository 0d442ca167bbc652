"""Disks that are imagined for a config: which there are, how they are laid out, that the config fits on them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stoker.engine.imagined import BOOT_DISK, imagine
from stoker.schema.v3 import Config

GIBIBYTE = 1 << 30
COREOS = "BIOS-BOOT EFI-SYSTEM boot root"
FLATCAR = "EFI-SYSTEM BIOS-BOOT USR-A USR-B OEM OEM-CONFIG ROOT"

# id: (distribution, storage, disks: node -> links, labels of partitions, GiB)
CASES: dict[str, tuple[str, dict[str, Any], dict[str, tuple[list[str], str, int]]]] = {
    "nothing said": ("fcos", {}, {"/dev/vda": ([BOOT_DISK], COREOS, 10)}),
    "nothing said on Flatcar": ("flatcar", {}, {"/dev/vda": ([BOOT_DISK], FLATCAR, 10)}),
    "no layout known": ("debian", {}, {}),
    "a disk of its own": (
        "fcos",
        {"disks": [{"device": "/dev/vdb", "partitions": [{"label": "data"}]}]},
        {"/dev/vda": ([BOOT_DISK], COREOS, 10), "/dev/vdb": ([], "", 10)},
    ),
    "the first letter is taken": (
        "fcos",
        {"disks": [{"device": "/dev/vda", "wipeTable": True}]},
        {"/dev/vdb": ([BOOT_DISK], COREOS, 10), "/dev/vda": ([], "", 10)},
    ),
    "the boot disk by its name": (
        "fcos",
        {"disks": [{"device": BOOT_DISK, "partitions": [{"label": "var", "number": 5, "sizeMiB": 20_000}]}]},
        {"/dev/vda": ([BOOT_DISK], COREOS, 24)},
    ),
    "the boot disk by a partition of it": (
        "flatcar",
        {"disks": [{"device": "/dev/sda", "partitions": [{"label": "ROOT", "number": 9, "resize": True}]}]},
        {"/dev/sda": ([BOOT_DISK], FLATCAR, 10)},
    ),
    "a wiped disk is not the boot disk": (
        "fcos",
        {"disks": [{"device": "/dev/sda", "wipeTable": True, "partitions": [{"label": "root"}]}]},
        {"/dev/vda": ([BOOT_DISK], COREOS, 10), "/dev/sda": ([], "", 10)},
    ),
    "disks used whole": (
        "debian",
        {
            "raid": [{"name": "a", "level": "raid1", "devices": ["/dev/sda", "/dev/nvme0n1"]}],
            "luks": [{"name": "b", "device": "/dev/disk/by-id/x"}],
            "filesystems": [{"device": "/dev/sdb", "format": "ext4"}, {"device": "/dev/md/a", "format": "ext4"}],
        },
        {
            "/dev/sda": ([], "", 10),
            "/dev/nvme0n1": ([], "", 10),
            "/dev/vda": (["/dev/disk/by-id/x"], "", 10),
            "/dev/sdb": ([], "", 10),
        },
    ),
    "what could be no disk": (
        "debian",
        {
            "filesystems": [
                {"device": "/dev/disk/by-label/x", "format": "ext4"},
                {"device": "/dev/disk/by-id/x-part1", "format": "ext4"},
                {"device": "/dev/mapper/x", "format": "ext4"},
            ]
        },
        {},
    ),
    "partitions of disks that nothing is said of": (
        "debian",
        {
            "disks": [{"device": "/dev/sdb", "partitions": [{"number": 1}]}],
            "raid": [{"name": "a", "level": "raid1", "devices": ["/dev/sda2", "/dev/nvme0n1p1", "/dev/sdb1"]}],
            "filesystems": [{"device": "/dev/sda1", "format": "ext4"}],
        },
        {"/dev/sdb": ([], "", 10), "/dev/sda": ([], " ", 10), "/dev/nvme0n1": ([], "", 10)},
    ),
    "a late start": (
        "debian",
        {"disks": [{"device": "/dev/sda", "partitions": [{"number": 1, "startMiB": 100_000, "sizeMiB": 1}]}]},
        {"/dev/sda": ([], "", 99)},
    ),
}


@pytest.mark.parametrize(("distribution", "storage", "expected"), CASES.values(), ids=CASES)
def test_imagined_disks(
    distribution: str, storage: dict[str, Any], expected: dict[str, tuple[list[str], str, int]]
) -> None:
    config = msgspec.convert({"ignition": {"version": "3.5.0"}, "storage": storage}, Config)
    disks = imagine(config, distribution).disks
    found = {
        node: (
            disk.links,
            " ".join(partition.label for partition in disk.table.partitions) if disk.table else "",
            disk.size // GIBIBYTE,
        )
        for node, disk in disks.items()
    }
    assert found == expected
    for disk in disks.values():
        for partition in disk.table.partitions if disk.table else ():
            assert partition.start % 2048 == 0
            assert partition.last <= disk.size // 512
        assert all(start % (1 << 20) == 0 for start in disk.contents)


def test_more_disks_than_letters() -> None:
    named = [{"device": f"/dev/disk/by-id/{number}"} for number in range(40)]
    config = msgspec.convert({"ignition": {"version": "3.5.0"}, "storage": {"disks": named}}, Config)
    assert len(imagine(config, "debian").disks) == 26
