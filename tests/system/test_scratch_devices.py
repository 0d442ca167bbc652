"""Block devices on paper: an inventory as JSON, and what becomes of it."""

from __future__ import annotations

import msgspec
import pytest

from stoker.system import CommandFault, DeviceFault, Partition, Signature
from stoker.system.devices import Device, FilesystemFields, VolumeFields, partition_node, udev_name
from stoker.system.scratch_devices import Inventory, ScratchDevices

INVENTORY = b"""{
  "disks": {
    "/dev/nvme0n1": {
      "size": 1073741824,
      "links": ["/dev/disk/by-id/nvme-a"],
      "table": {
        "sector_size": 512, "sectors": 2097152, "first_usable": 34, "last_usable": 2097118,
        "partitions": [{"number": 1, "start": 2048, "size": 4096, "label": "a b", "guid": "AB"}]
      },
      "contents": {"1048576": {"type": "ext4", "label": "data"}}
    },
    "/dev/sda": {"size": 4096000, "sector_size": 4096}
  },
  "uses": {"/dev/sda": "held by `md0`"}
}"""


def devices() -> ScratchDevices:
    return ScratchDevices(msgspec.json.decode(INVENTORY, type=Inventory))


def test_an_inventory_is_json_there_and_back() -> None:
    inventory = msgspec.json.decode(INVENTORY, type=Inventory)
    assert msgspec.json.decode(msgspec.json.encode(inventory), type=Inventory) == inventory


def test_looking() -> None:
    paper = devices()
    partition = Device("/dev/nvme0n1p1", 4096 * 512, 512, "/dev/nvme0n1")
    for path in ("/dev/nvme0n1p1", "/dev/disk/by-id/nvme-a-part1", r"/dev/disk/by-partlabel/a\x20b"):
        assert paper.find(path) == partition
    assert paper.find("/dev/nvme0n1p2") is None
    assert paper.probe("/dev/nvme0n1p1") == Signature("ext4", "data")
    assert paper.probe("/dev/nvme0n1", 1 << 20, 1 << 20) == Signature("ext4", "data")
    assert paper.use("/dev/sda") == "held by `md0`"
    with pytest.raises(DeviceFault, match="`/dev/nvme0n1p1` is no disk"):
        paper.table(partition)


def test_changing() -> None:
    paper = devices()
    disk = paper.find("/dev/nvme0n1")
    assert disk is not None
    paper.change_table(disk, [1], [Partition(2, 8192, 2048, "new")])
    assert paper.find("/dev/nvme0n1p2") is None  # the kernel has not been told
    paper.tell_kernel(disk)
    assert paper.find("/dev/nvme0n1p1") is None
    paper.make_filesystem("/dev/nvme0n1p2", FilesystemFields("xfs", "x"))
    assert paper.probe("/dev/nvme0n1p2") == Signature("xfs", "x")
    assert paper.probe("/dev/nvme0n1", 8192 * 512, 1) == Signature("xfs", "x")
    paper.wipe("/dev/nvme0n1p2")
    assert paper.probe("/dev/nvme0n1p2") is None
    assert [command[0] for command in paper.commands] == ["sgdisk", "mkfs.xfs", "wipefs"]


def test_a_volume_opens_by_its_key_alone() -> None:
    paper = devices()
    fields = VolumeFields("vault")
    paper.format_volume("/dev/sda", fields, b"key")
    with pytest.raises(CommandFault, match="No key available"):
        paper.open_volume("/dev/sda", fields, b"other")
    paper.open_volume("/dev/sda", fields, b"key")
    assert paper.find("/dev/mapper/vault") is not None
    paper.close_volume("vault")
    assert paper.find("/dev/mapper/vault") is None


@pytest.mark.parametrize(
    ("disk", "number", "expected"),
    [
        ("/dev/vda", 1, "/dev/vda1"),
        ("/dev/nvme0n1", 2, "/dev/nvme0n1p2"),
        ("/dev/loop0", 10, "/dev/loop0p10"),
    ],
)
def test_nodes_of_partitions(disk: str, number: int, expected: str) -> None:
    assert partition_node(disk, number) == expected


@pytest.mark.parametrize(
    ("label", "expected"),
    [("plain-1.x_y", "plain-1.x_y"), ("a b", r"a\x20b"), ("a/b", r"a\x2fb"), ("ü", "ü"), ("\\", r"\x5c")],
)
def test_names_of_links(label: str, expected: str) -> None:
    assert udev_name(label) == expected
