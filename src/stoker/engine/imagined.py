"""The disks of a machine that nobody has yet: in go a config and a distribution, out comes an Inventory to plan on.

The boot disk is laid out as the distribution's image is. Every other disk that the config names is blank, but for
partitions that are used and not made. All are large enough. Sources: the image layouts of Fedora CoreOS (build.sh of
its assembler) and Flatcar (disk_layout.json).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import msgspec

from stoker.engine.free_space import FreeSpace
from stoker.schema.v3 import Config, Disk, Storage
from stoker.system import Partition, Signature, Table
from stoker.system.scratch_devices import Disk as DiskRecord
from stoker.system.scratch_devices import Inventory

BOOT_DISK: Final = "/dev/disk/by-id/coreos-boot-disk"
MEBIBYTE: Final = 1 << 20
GIBIBYTE: Final = 1 << 30
LEAST: Final = 10 * GIBIBYTE
SECTOR: Final = 512

_DISK: Final = re.compile(
    r"/dev/(?:[shv]d[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+|disk/by-(?:id|path)/(?!.*-part\d+$).+)"
)
_PARTITION: Final = re.compile(
    r"(?P<disk>/dev/(?:[shv]d[a-z]+|xvd[a-z]+|(?:nvme\d+n|mmcblk)\d+(?=p)))p?(?P<number>\d{1,2})"
)
_NODE: Final = re.compile(r"/dev/[^/]+")


class Slot(NamedTuple):
    """A partition of an image: its number, its label, its size in MiB, what is on it."""

    number: int
    label: str
    size: int
    content: Signature | None = None


_COREOS: Final = (
    Slot(1, "BIOS-BOOT", 1),
    Slot(2, "EFI-SYSTEM", 127, Signature("vfat", "EFI-SYSTEM")),
    Slot(3, "boot", 384, Signature("ext4", "boot")),
    Slot(4, "root", 2560, Signature("xfs", "root")),
)
_FLATCAR: Final = (
    Slot(1, "EFI-SYSTEM", 128, Signature("vfat", "EFI-SYSTEM")),
    Slot(2, "BIOS-BOOT", 2),
    Slot(3, "USR-A", 1024, Signature("btrfs", "USR-A")),
    Slot(4, "USR-B", 1024),
    Slot(6, "OEM", 128, Signature("btrfs", "OEM")),
    Slot(7, "OEM-CONFIG", 64),
    Slot(9, "ROOT", 2162, Signature("ext4", "ROOT")),
)
LAYOUTS: Final = {"fcos": _COREOS, "rhcos": _COREOS, "flatcar": _FLATCAR}


def imagine(config: Config, distribution: str) -> Inventory:
    """Disks for a config, by the name of a distribution. What it names and no disk could be stays unknown."""
    storage = config.storage or Storage()
    layout = LAYOUTS.get(distribution, ())
    said = {disk.device: disk for disk in storage.disks}
    boot = next((path for path, disk in said.items() if _is_boot_disk(disk, layout)), BOOT_DISK if layout else "")
    inventory = Inventory()
    free = (f"/dev/vd{chr(letter)}" for letter in range(ord("a"), ord("z") + 1))
    used = {path: slots for path, slots in _used_partitions(storage).items() if path not in said}
    paths = list(dict.fromkeys([*([boot] if boot else []), *said, *filter(_DISK.fullmatch, _devices(storage)), *used]))
    for path in paths:
        is_node = _NODE.fullmatch(path) is not None
        node = path if is_node else next((node for node in free if node not in {*paths, *inventory.disks}), "")
        if not node:
            break  # more disks than letters: the rest stays unknown
        slots = layout if path == boot else used.get(path, ())
        record = _record(said.get(path), slots)
        names = dict.fromkeys([path, *([BOOT_DISK] if path == boot else [])])
        record.links = [name for name in names if name != node]
        inventory.disks[node] = record
    return inventory


def named_devices(storage: Storage) -> list[str]:
    """The paths of all devices that a config names."""
    return [*(disk.device for disk in storage.disks), *_devices(storage)]


def _devices(storage: Storage) -> list[str]:
    """What arrays, volumes and file systems are made on."""
    members = [device for array in storage.raid for device in array.devices]
    volumes = [volume.device or "" for volume in storage.luks]
    return [*members, *volumes, *(made.device for made in storage.filesystems)]


def _used_partitions(storage: Storage) -> dict[str, tuple[Slot, ...]]:
    """Partitions by their nodes that something is made on, by disk."""
    numbers: dict[str, set[int]] = {}
    for found in filter(None, map(_PARTITION.fullmatch, _devices(storage))):
        numbers.setdefault(found["disk"], set()).add(int(found["number"]))
    return {disk: tuple(Slot(number, "", 1024) for number in sorted(one - {0})) for disk, one in numbers.items()}


def _is_boot_disk(disk: Disk, layout: tuple[Slot, ...]) -> bool:
    """Whether a disk of the config is the one with the system: it is called so, or has partitions of the image."""
    if disk.device == BOOT_DISK:
        return True
    labels = {slot.label for slot in layout}
    return not disk.wipe_table and any(partition.label in labels for partition in disk.partitions)


def _record(said: Disk | None, slots: tuple[Slot, ...]) -> DiskRecord:
    record = DiskRecord(size=_size(said, slots), sector_size=SECTOR)
    if not slots:
        return record
    table = Table.blank(record.size, SECTOR)
    space = FreeSpace(table)
    partitions = []
    for slot in slots:
        start, last, _ = space.add(slot.number, 0, slot.size * MEBIBYTE // SECTOR)
        guid = f"00000000-0000-4000-8000-{slot.number:012X}"
        partitions.append(Partition(slot.number, start, last - start + 1, slot.label, guid))
        if slot.content is not None:
            record.contents[start * SECTOR] = slot.content
    record.table = msgspec.structs.replace(table, partitions=tuple(partitions), guid=guid)
    return record


def _size(said: Disk | None, slots: tuple[Slot, ...]) -> int:
    """Room for the image and for all that the config wants, in whole GiB; a size that it leaves open is a GiB."""
    partitions = said.partitions if said is not None else []
    wanted = sum((partition.size_mib or 1024) * MEBIBYTE for partition in partitions)
    ends = [((partition.start_mib or 0) + (partition.size_mib or 1024)) * MEBIBYTE for partition in partitions]
    room = max([wanted, *ends]) + sum(slot.size for slot in slots) * MEBIBYTE
    return max(LEAST, (room // GIBIBYTE + 2) * GIBIBYTE)
