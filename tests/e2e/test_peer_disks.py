"""Disks beside Debian's Ignition: the same configs on twin disks of a guest leave the same tables and file systems."""

from __future__ import annotations

import json
import random
import re
import uuid
from pathlib import Path
from typing import Any

import pytest

from stoker.installer import write_module
from tests.e2e.machines import do_job, pack

HERE = Path(__file__).parent
PEER = "/usr/lib/dracut/modules.d/30ignition/ignition"
OURS = "/run/job/ignition"
RUN = f"""#!/bin/sh
ln -s /run/job/tree/usr/lib/stoker /usr/lib/stoker
ln -s /usr/lib/stoker/stoker {OURS}
/usr/lib/stoker/stoker resident &
exec python3 inside.py peer={PEER} ours={OURS}
"""
SIZE = 1 << 30
FORMATS = ("ext4", "xfs", "btrfs", "vfat", "swap")
SMALLEST = {"ext4": 16, "xfs": 310, "btrfs": 120, "vfat": 40, "swap": 8}  # MiB
_HEX = "[0-9a-fA-F]"
GUID = re.compile(rf"{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}|[0-9A-F]{{4}}-[0-9A-F]{{4}}")


def some_uuid(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def some_start(chance: random.Random) -> list[str]:
    """Commands that leave a disk as it might be found: blank, with partitions, some with file systems."""
    commands = []
    for number in range(1, chance.choice((0, 1, 2, 3)) + 1):
        size = chance.choice((20, 64, 150))
        guid = some_uuid(chance)
        commands.append(f"sgdisk --new={number}:0:+{size}M -c {number}:old{number} -u {number}:{guid} /dev/DISK")
        if chance.random() < 0.5:
            commands.append(f"mkfs.ext4 -q -L old{number} -U {some_uuid(chance)} /dev/DISK{number}")
    return commands


def some_partition(chance: random.Random, number: int) -> dict[str, Any]:
    said: dict[str, Any] = {"number": number}
    if number and chance.random() < 0.15:
        return {**said, "shouldExist": False, "wipePartitionEntry": True}
    if not number or chance.random() < 0.7:
        said["label"] = chance.choice((f"old{number}", f"new-{chance.randint(1, 99)}"))
    if chance.random() < 0.7:
        said["sizeMiB"] = chance.choice((20, 64, 150, 250))
    if chance.random() < 0.15:
        said["startMiB"] = chance.choice((0, 400, 700))
    if chance.random() < 0.3:
        said["guid"] = some_uuid(chance)
    if chance.random() < 0.3:
        said["typeGuid"] = "933AC7E1-2EB4-4F13-B844-0E14E2AEF915"
    how = chance.random()
    if how < 0.75:
        said["wipePartitionEntry"] = True
    elif how < 0.9:
        said["resize"] = True
    return said


def some_filesystem(chance: random.Random, number: int) -> dict[str, Any]:
    format_ = chance.choice(FORMATS)
    said: dict[str, Any] = {"device": f"/dev/DISK{number}", "format": format_}
    if chance.random() < 0.6:
        said["label"] = f"FS{number}"
    if chance.random() < 0.6:
        said["uuid"] = f"{chance.getrandbits(32):08X}" if format_ == "vfat" else some_uuid(chance)
    if chance.random() < 0.8:
        said["wipeFilesystem"] = True
    return said


def case(seed: int) -> dict[str, Any]:
    """A disk as it is found and a config for it, the same for the same seed."""
    chance = random.Random(seed)
    numbers = [*chance.sample(range(1, 5), chance.randint(1, 3)), *([0] if chance.random() < 0.2 else [])]
    disk: dict[str, Any] = {"device": "/dev/DISK", "partitions": [some_partition(chance, n) for n in numbers]}
    if chance.random() < 0.3:
        disk["wipeTable"] = True
    there = [p["number"] for p in disk["partitions"] if p["number"] and p.get("shouldExist", True)]
    filesystems = [some_filesystem(chance, number) for number in there if chance.random() < 0.7]
    for said in filesystems:
        partition = next(p for p in disk["partitions"] if p["number"] == int(said["device"][9:]))
        if partition.get("sizeMiB", 9999) < SMALLEST[said["format"]]:
            partition["sizeMiB"] = SMALLEST[said["format"]] + 10
    config = {"ignition": {"version": "3.3.0"}, "storage": {"disks": [disk], "filesystems": filesystems}}
    return {"id": str(seed), "before": some_start(chance), "config": config}


def comparable(answer: dict[str, Any], known: str) -> Any:
    """What must be equal: GUIDs that neither config nor the state before had are made up, and differ."""

    def seen(found: re.Match[str]) -> str:
        return found[0].upper() if found[0].replace("-", "").upper() in known else "made up"

    return json.loads(GUID.sub(seen, json.dumps(answer["state"])))


def difference(one: dict[str, Any], peer: dict[str, Any], ours: dict[str, Any]) -> bool:
    """Whether the engines did not do the same. What the peer left of a disk when it failed halfway is its own."""
    known = json.dumps(one).replace("-", "").upper()
    if peer["code"] or ours["code"]:
        return bool(peer["code"]) != bool(ours["code"])
    return bool(comparable(peer, known) != comparable(ours, known))


def check(guest: Path, tmp_path: Path, seeds: range) -> None:
    cases = [case(seed) for seed in seeds]
    module = write_module(tmp_path / "module")
    disks = [tmp_path / "peer", tmp_path / "ours"]
    for disk in disks:
        with disk.open("wb") as file:
            file.truncate(SIZE)
    files = {
        "run": RUN.encode(),
        "inside.py": (HERE / "inside_peer_disks.py").read_bytes(),
        "cases.json": json.dumps(cases).encode(),
    }
    answers = do_job(guest, pack(files, [("tree", Path(module.directory) / "tree")]), tmp_path, disks=disks)
    by_engine = {(answer["id"], answer["engine"]): answer for answer in answers}
    runs = [(one, by_engine[one["id"], "peer"], by_engine[one["id"], "ours"]) for one in cases]
    differ = [run for run in runs if difference(*run)]
    assert differ == [], json.dumps(differ, indent=1)
    assert sum(not peer["code"] for _, peer, _ in runs) >= len(seeds) / 2  # two that refuse prove little


def test_the_same_disks_as_of_ignition(guest: Path, tmp_path: Path) -> None:
    check(guest, tmp_path, range(3))


@pytest.mark.soak
@pytest.mark.parametrize("first", range(3, 30, 9))
def test_the_same_disks_as_of_ignition_in_further_cases(guest: Path, tmp_path: Path, first: int) -> None:
    check(guest, tmp_path, range(first, first + 9))
