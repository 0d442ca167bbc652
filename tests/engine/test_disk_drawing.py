"""Disks as a person sees them, and what each step means for the data on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stoker.engine import DISTRIBUTIONS, plan
from stoker.engine.disk_drawing import draw_disk, size_text
from stoker.engine.disks import draft_disks
from stoker.engine.impact import judge, refuse_losses
from stoker.engine.outlook import Outlook
from stoker.fetch import Embedded
from stoker.report import Report
from stoker.schema.v3 import Config, Storage
from stoker.system import Partition, ScratchSystem, Signature, Table
from stoker.system.scratch_devices import Disk, Inventory, ScratchDevices

MEBIBYTE = 1 << 20
UNIT = MEBIBYTE // 512
GUID = "30000000-0000-4000-8000-000000000000"


def machine() -> ScratchDevices:
    rows = ((1, 1, 127, "EFI"), (3, 128, 384, "boot"), (4, 512, 2048, "root"), (9, 6000, 1000, "data"))
    partitions = tuple(
        Partition(number, start * UNIT, size * UNIT, label, GUID[:-1] + str(number), GUID)
        for number, start, size, label in rows
    )
    table = msgspec.structs.replace(Table.blank(10 << 30, 512), partitions=partitions, guid=GUID)
    contents = {512 * MEBIBYTE: Signature("xfs", "root"), 6000 * MEBIBYTE: Signature("ext4", "pictures")}
    disks = {
        "/dev/vda": Disk(size=10 << 30, table=table, contents=contents),
        "/dev/vdb": Disk(size=1 << 40, contents={0: Signature("ext4", "backup")}),
        "/dev/vdc": Disk(size=1 << 30, sector_size=4096),
    }
    return ScratchDevices(Inventory(disks=disks))


STORAGE: dict[str, Any] = {
    "disks": [
        {
            "device": "/dev/vda",
            "partitions": [
                {"number": 4, "sizeMiB": 4096, "resize": True},
                {"number": 9, "label": "var", "startMiB": 6000, "sizeMiB": 500, "wipePartitionEntry": True},
                {"label": "swap", "sizeMiB": 100},
            ],
        },
        {"device": "/dev/vdb", "partitions": [{"number": 1, "label": "a\nb"}]},
        {"device": "/dev/vdc", "wipeTable": True},
    ],
    "filesystems": [
        {"device": "/dev/vda4", "format": "xfs", "label": "root", "path": "/"},
        {"device": "/dev/vda9", "format": "xfs", "wipeFilesystem": True},
        {"device": "/dev/vdc", "format": "ext4"},
    ],
}


def test_the_drawing(golden: Callable[[str, str], None]) -> None:
    report = Report()
    plans = draft_disks(msgspec.convert(STORAGE, Storage), Outlook(machine()), report)
    assert list(report) == []
    golden("disks.txt", "\n".join("".join(f"{line}\n" for line in draw_disk(one)) for one in plans))


def test_what_each_step_means(tmp_path: Path) -> None:
    config = msgspec.convert({"ignition": {"version": "3.6.0"}, "storage": STORAGE}, Config)
    system = ScratchSystem(tmp_path / "root", devices=machine())
    planned = plan(config, system, DISTRIBUTIONS["flatcar"], stages=("disks", "mount", "umount"))
    assert list(planned.report) == []
    judged = list(judge(planned.steps, system, Embedded(), {}))
    refused = refuse_losses(planned, system, {"data", "pictures"}).report
    system.close()
    assert [
        (type(row.step.operation).__name__, str(row.impact), [str(loss) for loss in row.losses]) for row in judged
    ] == [
        ("ChangeTable", "data loss", ["partition 9 of /dev/vda `data` with ext4 `pictures`"]),
        ("TellKernel", "none", []),
        ("ChangeTable", "data loss", ["the whole of /dev/vdb with ext4 `backup`"]),
        ("TellKernel", "none", []),
        ("WipeTable", "none", []),
        ("TellKernel", "none", []),
        ("MakeFilesystem", "data loss", ["/dev/vda9 with ext4 `pictures`"]),
        ("MakeFilesystem", "reprovision", []),
        ("Mount", "none", []),
        ("Unmount", "none", []),
    ]
    assert [(entry.code, entry.message, entry.hint) for entry in refused] == [
        (
            "data-loss",
            "data would be lost: the whole of /dev/vdb with ext4 `backup`",
            "allow it by `--allow-wipe backup`",
        )
    ]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.5 KiB"),
        (1 << 30, "1 GiB"),
        ((1 << 40) - 1, "1 TiB"),
        (1 << 60, "1024 PiB"),
    ],
)
def test_sizes(size: int, expected: str) -> None:
    assert size_text(size) == expected
