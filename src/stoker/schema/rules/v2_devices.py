"""Rules of the `v2` family for disks, arrays and file systems. Source: Ignition's `config/v2_*/types`."""

from __future__ import annotations

from typing import Final

from stoker.report import Pointer
from stoker.schema import messages as m
from stoker.schema.marks import since
from stoker.schema.rules import Say, rule
from stoker.schema.rules.devices import GUID, LABELS, LEVELS, STRIPED
from stoker.schema.rules.v2 import check_absolute
from stoker.schema.unitfiles import go_quote
from stoker.schema.v2 import Disk, Filesystem, Mount, Partition, Raid

FORMATS: Final = {
    **dict.fromkeys(("ext4", "btrfs", "xfs"), since("2.0")),
    **dict.fromkeys(("swap", "vfat"), since("2.1")),
}
SECTORS_OF_A_MIB: Final = 2048


@rule(Disk, "2.0", row="device")
def device(disk: Disk, at: Pointer, say: Say) -> None:
    """A disk has a device."""
    if not disk.device:
        say.error(m.DEVICE_REQUIRED, (*at, "device"))
    else:
        check_absolute(disk.device, (*at, "device"), say)


@rule(Disk, "2.0", row="partitions")
def partitions(disk: Disk, at: Pointer, say: Say) -> None:
    """Partitions do not get into each other's way. Those in MiB are not looked at, as in the reference."""
    here = (*at, "partitions")
    numbers = [one.number for one in disk.partitions if one.number]
    if len(set(numbers)) != len(numbers):
        say.error(m.NUMBERS_COLLIDE, here)
    if _overlap(disk.partitions):
        say.error(m.PARTITIONS_OVERLAP, here)
    if any((one.start or 0) % SECTORS_OF_A_MIB for one in disk.partitions):
        say.error(m.PARTITIONS_MISALIGNED, here)


@rule(Disk, "2.3", row="partitions")
def partitions_of_one_kind(disk: Disk, at: Pointer, say: Say) -> None:
    """A disk is told in sectors or in MiB, and deletes by number."""
    here = (*at, "partitions")
    if any(not one.number for one in disk.partitions) and any(one.should_exist is False for one in disk.partitions):
        say.error(m.NUMBERLESS_WITH_ABSENT, here)
    if any(_is_in_mib(one) for one in disk.partitions) and any(_is_in_sectors(one) for one in disk.partitions):
        say.error(m.MIXED_UNITS, here)


def _is_in_mib(partition: Partition) -> bool:
    return partition.size_mib is not None or partition.start_mib is not None


def _is_in_sectors(partition: Partition) -> bool:
    return partition.size is not None or partition.start is not None


def _overlap(partitions: list[Partition]) -> bool:
    """Whether two partitions, both with a given start and size, share a sector.

    A size of 0 fills what is free, so only the start is known. Sorted first, so that a long list costs little.
    """
    end = -1
    for start, size in sorted((one.start, one.size) for one in partitions if one.start and one.size is not None):
        if start <= end:
            return True
        end = max(end, start + size - 1 if size else start)
    return False


@rule(Partition, "2.3")
def partition(partition: Partition, at: Pointer, say: Say) -> None:
    """A partition is told in sectors or in MiB; one that shall not exist has nothing but a number."""
    if _is_in_sectors(partition) and _is_in_mib(partition):
        say.error(m.MIXED_UNITS, at)
    others = (partition.label, partition.start, partition.size)
    if partition.should_exist is False and (
        any(value is not None for value in others) or partition.type_guid or partition.guid
    ):
        say.error(m.NOT_EXIST_WITH_OTHERS, at)


@rule(Partition, "2.1", row="guid")
def guid(partition: Partition, at: Pointer, say: Say) -> None:
    """What a GUID looks like."""
    if not GUID.fullmatch(partition.guid):
        say.error(m.NOT_A_GUID, (*at, "guid"))


@rule(Partition, "2.0", row="type_guid")
def type_guid(partition: Partition, at: Pointer, say: Say) -> None:
    """What a GUID looks like."""
    if not GUID.fullmatch(partition.type_guid):
        say.error(m.NOT_A_GUID, (*at, "typeGuid"))


@rule(Partition, "2.0", row="label")
def label(partition: Partition, at: Pointer, say: Say) -> None:
    """Labels are at most 36 bytes long; sgdisk(8) cuts them at a colon."""
    if partition.label is None:
        return
    if len(partition.label.encode("utf-8", "replace")) > 36:
        say.error(m.PARTITION_LABEL_LONG, (*at, "label"))
    if ":" in partition.label:
        say.warn(m.PARTITION_LABEL_COLON, (*at, "label"))


@rule(Partition, "2.3", row="size")
def sectors_of_size(partition: Partition, at: Pointer, say: Say) -> None:
    """Sectors differ from disk to disk."""
    if partition.size is not None:
        say.warn(m.SIZE_DEPRECATED, (*at, "size"))


@rule(Partition, "2.3", row="start")
def sectors_of_start(partition: Partition, at: Pointer, say: Say) -> None:
    """Sectors differ from disk to disk."""
    if partition.start is not None:
        say.warn(m.START_DEPRECATED, (*at, "start"))


@rule(Raid, "2.0", row="devices")
def raid_devices(raid: Raid, at: Pointer, say: Say) -> None:
    """Each device is a path."""
    for index, path in enumerate(raid.devices):
        check_absolute(path, (*at, "devices", index), say)


@rule(Raid, "2.0", row="level")
def raid_level(raid: Raid, at: Pointer, say: Say) -> None:
    """The levels there are."""
    if raid.level in STRIPED and raid.spares:
        say.error(m.SPARES_IN_STRIPES, (*at, "level"))
    elif raid.level not in LEVELS:
        say.error(m.RAID_LEVEL_UNKNOWN, (*at, "level"))


@rule(Filesystem, "2.0")
def filesystem(filesystem: Filesystem, at: Pointer, say: Say) -> None:
    """A file system is on a device or mounted already, and not both."""
    if filesystem.mount is None and filesystem.path is None:
        say.error(m.NO_MOUNT_OR_PATH, at)
    if filesystem.mount is not None and filesystem.path is not None:
        say.error(m.MOUNT_AND_PATH, at)


@rule(Filesystem, "2.1")
def create_alone(filesystem: Filesystem, at: Pointer, say: Say) -> None:
    """What making a file system takes is said in one place."""
    mount = filesystem.mount
    if mount is None or mount.create is None:
        return
    if mount.wipe_filesystem:
        say.error(m.CREATE_AND_WIPE, at)
    if mount.options:
        say.error(m.CREATE_AND_OPTIONS, at)
    say.warn(m.MOUNT_CREATE_DEPRECATED, at)


@rule(Filesystem, "2.0", "2.3", row="path")
def old_filesystem_path(filesystem: Filesystem, at: Pointer, say: Say) -> None:
    """Where it is mounted."""
    if filesystem.path is not None:
        check_absolute(filesystem.path, (*at, "path"), say)


@rule(Filesystem, "2.3", row="path")
def filesystem_path(filesystem: Filesystem, at: Pointer, say: Say) -> None:
    """Where it is mounted, named in the message."""
    if filesystem.path is not None and not filesystem.path.startswith("/"):
        say.error(m.FILESYSTEM_PATH, (*at, "path"), name=go_quote(filesystem.name))


@rule(Mount, "2.0")
def mount_format(mount: Mount, at: Pointer, say: Say) -> None:
    """The formats there are."""
    dates = FORMATS.get(mount.format)
    if dates is None or not dates.has(say.spec):
        say.error(m.INVALID_FORMAT, (*at, "format"))


@rule(Mount, "2.0", row="device")
def mount_device(mount: Mount, at: Pointer, say: Say) -> None:
    """What it is on."""
    check_absolute(mount.device, (*at, "device"), say)


@rule(Mount, "2.1", row="label")
def mount_label(mount: Mount, at: Pointer, say: Say) -> None:
    """Labels are as long as their format takes."""
    limit = LABELS.get(mount.format)
    if mount.label is not None and limit is not None and len(mount.label.encode("utf-8", "replace")) > limit:
        say.error(m.LABEL_LONG, (*at, "label"), limit=limit, format=mount.format)
