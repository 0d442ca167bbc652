"""Planned tables against real ones: sgdisk makes of a disk image what the plan said, and nothing is left to do."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stoker.engine.disks import draft_disks
from stoker.engine.outlook import Outlook
from stoker.report import Report
from stoker.schema.v3 import Storage
from stoker.system import Partition, Table, disk_commands
from stoker.system.gpt import read_table
from stoker.system.scratch_devices import Disk, Inventory, ScratchDevices

PATH = {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
SIZE = 256 << 20
GUIDS = [f"{number:08X}-0000-4000-8000-000000000000" for number in range(1, 20)]


def table_of(image: Path) -> Table | None:
    with image.open("rb") as file:
        return read_table(file, SIZE, 512)


def some_partition(chance: random.Random, number: int) -> dict[str, Any]:
    """What a config may say of a partition."""
    said: dict[str, Any] = {"number": number}
    if not number or chance.random() < 0.7:
        said["label"] = f"p{chance.randint(1, 99)} ü"
    if chance.random() < 0.8:
        said["sizeMiB"] = chance.randint(1, 40)
    if chance.random() < 0.2:
        said["startMiB"] = chance.choice((0, 10, 100, 150))
    if chance.random() < 0.3:
        said["guid"] = GUIDS[chance.randint(0, 18)]
    if chance.random() < 0.3:
        said["typeGuid"] = GUIDS[chance.randint(0, 18)].lower()
    if number and chance.random() < 0.2:
        return {"number": number, "shouldExist": False, "wipePartitionEntry": True}
    if chance.random() < 0.6:
        said["wipePartitionEntry"] = True
    elif chance.random() < 0.6:
        said["resize"] = True
    return said


@pytest.mark.skipif(not shutil.which("sgdisk", path=PATH["PATH"]), reason="sgdisk is not installed")
@pytest.mark.parametrize("seed", range(5))
def test_a_table_becomes_what_was_planned(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    image = tmp_path / "disk"
    image.write_bytes(b"")
    os.truncate(image, SIZE)
    done = 0
    while done < 3:
        table = table_of(image)
        numbers = [*chance.sample(range(1, 9), chance.randint(1, 3)), *([0] if chance.random() < 0.4 else [])]
        disk = {"device": "/dev/vda", "partitions": [some_partition(chance, number) for number in numbers]}
        storage = msgspec.convert({"disks": [disk]}, Storage)
        report = Report()
        drafts = draft_disks(storage, Outlook(paper(table)), report)
        if not drafts:
            assert report.has_errors
            done += 1
            continue
        (draft,) = drafts
        if draft.delete or draft.create:
            command = disk_commands.change_table(str(image), draft.delete, draft.create)
            subprocess.run(command, check=True, capture_output=True, env=PATH)
        found = table_of(image)
        assert found is not None or not draft.after.partitions
        assert [*map(bare, found.partitions if found else ())] == [*map(bare, draft.after.partitions)]
        (again,) = draft_disks(storage, Outlook(paper(found)), report)
        assert (again.delete, again.create, list(report)) == ((), (), [])
        done += 1


def paper(table: Table | None) -> ScratchDevices:
    return ScratchDevices(Inventory(disks={"/dev/vda": Disk(size=SIZE, table=table)}))


def bare(partition: Partition) -> tuple[int, int, int, str]:
    return partition.number, partition.start, partition.size, partition.label
